// cli/documents.h: what lies at the paths that a person gave, as documents to send: whole JSON
// files, and NDJSON in portions. Files, folders, tar archives; plain or zstd. In a fixed order, so
// that a document has the same number in every pass; one document in memory at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/byte_source.h"
#include "cli/tar.h"

namespace holdfast::cli {

/// No document is larger: it would be no request body either.
inline constexpr std::uint64_t document_bytes_max = std::uint64_t{32} << 20U;
/// NDJSON goes in portions of so many lines or, before that, bytes.
inline constexpr std::size_t portion_lines_max = 100;
inline constexpr std::size_t portion_bytes_max = std::size_t{1} << 20U;

enum class DocumentKind : std::uint8_t {
  whole,  ///< one JSON document
  lines,  ///< NDJSON: one resource a line
};

struct Document {
  std::uint64_t number = 0;  ///< from 0
  std::string name;          ///< "data.tar.zst: folder/patient.json"
  DocumentKind kind = DocumentKind::whole;
  std::uint64_t first_line = 1;  ///< of a portion, within its file
  Bytes bytes;                   ///< empty if it was not wanted
  /// Why it cannot be read: too large, a broken archive. The documents after it still come.
  std::optional<Error> unreadable;
};

class Documents {
 public:
  /// Looks at the paths: folders with all below them, by name. Code::usage for one that is not
  /// there, or a file that was named and is none that we know.
  static Result<Documents> at(const std::vector<std::string>& paths);

  using Wanted = std::function<bool(std::uint64_t number)>;
  /// The next document, nothing at the end. The bytes of those that are not wanted are passed over.
  std::optional<Document> next(const Wanted& wanted);
  /// From the first one again.
  void rewind();

  /// Files in folders and archives that are no documents. Grows while next() finds them, in the
  /// first pass.
  [[nodiscard]] const std::vector<std::string>& passed_over() const { return passed_over_; }
  /// Bytes of all files as they lie there, and how many of them were taken in this pass.
  [[nodiscard]] std::uint64_t packed_bytes() const { return packed_bytes_; }
  [[nodiscard]] std::uint64_t packed_bytes_taken() const;

 private:
  struct File {
    std::string path;
    std::uint64_t bytes = 0;
  };
  enum class Shape : std::uint8_t { json, ndjson, tar, other };
  static Shape shape_of(std::string_view name);

  Documents() = default;
  Result<void> add_path(const std::string& path);
  void add_file(const std::string& path, std::uint64_t bytes);
  void pass_over(const std::string& name);
  /// Opens the next file; false at the end.
  bool enter(std::optional<Document>& broken);
  void leave();
  std::optional<Document> next_whole(const Wanted& wanted);
  std::optional<Document> next_member(const Wanted& wanted);
  std::optional<Document> next_portion(const Wanted& wanted);
  std::optional<Document> read_portion(const Wanted& wanted);
  Document begin_document(std::string name, DocumentKind kind);
  Document unreadable(std::string name, Error why);
  template <class Read>
  Document fill(Document document, const Read& read);

  std::vector<File> files_;
  std::vector<std::string> passed_over_;
  std::uint64_t packed_bytes_ = 0;

  std::size_t index_ = 0;  ///< of the next file
  std::uint64_t number_ = 0;
  std::uint64_t taken_before_ = 0;
  bool first_pass_ = true;
  std::unique_ptr<ByteSource> source_;  ///< of the file that is open
  Shape shape_ = Shape::other;
  std::unique_ptr<TarReader> tar_;
  /// NDJSON: what was read and not yet given, and how to read more of it.
  struct Lines {
    std::string name;
    std::function<Result<std::size_t>(std::span<char>)> read;
    Bytes rest;
    std::uint64_t line = 1;
    bool at_end = false;
  };
  std::optional<Lines> lines_;
};

}  // namespace holdfast::cli
