// evidence/document.h: entries with their proofs under one signed checkpoint, and a signed
// statement over the whole: a file that anybody can check without the server (docs/EVIDENCE.md).
//
// It is JSON, and it is lines: the head, one line for each entry, the end. There is one way to
// write it: whoever has what it says writes the same bytes, and check_document() does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/result.h"
#include "journal/checkpoint.h"
#include "journal/options.h"

namespace holdfast::evidence {

inline constexpr std::string_view format_name = "holdfast-evidence";
inline constexpr std::uint64_t format_version = 1;
/// No document is longer: bounds what a checker reads.
inline constexpr std::size_t document_bytes_max = std::size_t{256} << 20U;

/// What a document says before its entries: the server's own statements, but for the checkpoint.
struct Head {
  std::string subject;  ///< "Patient/7"
  journal::Community community;
  std::string verifier;     ///< text of the key that signed (journal/checkpoint.h)
  std::string checkpoint;   ///< a note
  Time made;                ///< by the clock of the server
  Position after;           ///< the document holds all of the subject's entries behind this one
  Position through;         ///< up to and with this one
  std::uint64_t count = 0;  ///< of its entries
  std::string next;         ///< address of the next part; empty: this one reaches the checkpoint
};

/// The first line, with its end.
[[nodiscard]] Bytes head_line(const Head& head);

/// All lines of a document but the last one. Reads as JSON when statement_line() follows.
class DocumentWriter {
 public:
  explicit DocumentWriter(std::size_t expected_bytes = 0) { lines_.reserve(expected_bytes); }
  /// A line as entry_line() gives it.
  void add(BytesView line);
  [[nodiscard]] std::size_t size() const { return lines_.size(); }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// Head and entries. `head.count` is that of the entries added.
  [[nodiscard]] Bytes body(Head& head) const;

 private:
  Bytes lines_;
  std::uint64_t count_ = 0;
};

/// What the server signs: that these are all entries of the subject in that range, and the hash of
/// `body`, all that stands before the last line.
[[nodiscard]] std::string statement_text(const Head& head, const std::string& origin,
                                         const journal::Checkpoint& checkpoint, BytesView body);
/// The last line, with its end.
[[nodiscard]] Bytes statement_line(std::string_view note);

/// What check_document() found.
struct Findings {
  Head head;
  journal::Checkpoint checkpoint;
  std::string key_name;
  std::uint64_t entries = 0;        ///< that are there
  std::vector<std::string> faults;  ///< sentences; none: the document is sound
};
/// Says at most that many faults, and then that there are more.
inline constexpr std::size_t faults_max = 20;

/// Checks a document against `key`; without one, against the key that it names itself: then all
/// that is known is that it agrees with itself.
[[nodiscard]] Findings check_document(BytesView document,
                                      const std::optional<journal::VerifierKey>& key);

}  // namespace holdfast::evidence
