// search/candidate.h: one version while criteria are asked about it. Its body is read and taken
// apart at the first question that needs it. Inside search/ only.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "fhir/extract.h"
#include "fhir/json.h"
#include "search/moment.h"
#include "views/body.h"
#include "views/forms.h"

namespace holdfast::search {

class Candidate {
 public:
  explicit Candidate(const Moment& moment) : moment_(moment) {}

  void set(RowId row) {
    row_ = row;
    loaded_ = false;
  }
  [[nodiscard]] RowId row() const { return row_; }

  /// Of the body, without taking that apart.
  Result<views::BodyHeader> read_header();

  // From here on the body is read.
  Result<void> load();
  [[nodiscard]] const views::BodyHeader& header() const { return header_; }
  [[nodiscard]] fhir::JsonValue resource() const { return parsed_->json.root(); }
  /// Values that lie in the index.
  [[nodiscard]] std::span<const fhir::ExtractedValue> values() const {
    return parsed_->extraction.values;
  }
  /// Forms of one of them; valid until the next call.
  const views::Forms& forms(const fhir::ExtractedValue& value);
  [[nodiscard]] const Moment& moment() const { return moment_; }
  /// The version, if it was read and has at most that many bytes.
  [[nodiscard]] std::shared_ptr<const views::Body> body(std::size_t bytes_max) const;

 private:
  Result<BytesView> find_body();

  const Moment& moment_;
  RowId row_;
  std::unique_ptr<views::Cursor> bodies_;  // from first_ on
  RowId first_;
  Bytes before_;  // the last that lay before it
  bool loaded_ = false;
  views::BodyHeader header_;
  struct Parsed {
    fhir::JsonReader reader;
    fhir::Json json;
    fhir::Sites sites;
    fhir::Extraction extraction;
  };
  std::unique_ptr<Parsed> parsed_;  // most searches need none
  views::Forms forms_;
};

/// Where a form of a reference leads, if to a resource of this server.
struct Target {
  fhir::TypeId type;
  std::string id;
  auto operator<=>(const Target&) const = default;
};
[[nodiscard]] std::optional<Target> target_in(BytesView form);

}  // namespace holdfast::search
