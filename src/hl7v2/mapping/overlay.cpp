#include "hl7v2/mapping/overlay.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/text.h"
#include "fhir/primitive.h"
#include "fhir/ucum.h"
#include "hl7v2/path.h"

namespace holdfast::hl7v2 {
namespace {

/// RFC 4180, with LF or CRLF; blanks around cells that have no quotes are left out.
class Csv {
 public:
  explicit Csv(std::string_view text) : text_(text) {
    if (text_.starts_with("\xef\xbb\xbf")) {
      text_.remove_prefix(3);
    }
  }
  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] std::uint32_t line() const { return line_; }

  /// The cells of the next line.
  Result<std::vector<std::string>> row() {
    std::vector<std::string> cells;
    line_ = next_line_++;
    for (;;) {
      TRY(std::string cell, this->cell());
      cells.push_back(std::move(cell));
      if (at_end()) {
        return cells;
      }
      const char c = text_[at_++];
      if (c == '\r' && !at_end() && text_[at_] == '\n') {
        ++at_;
      }
      if (c != ',') {
        return cells;
      }
    }
  }

 private:
  Result<std::string> cell() {
    while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\t')) {
      ++at_;
    }
    if (at_end() || text_[at_] != '"') {
      const std::size_t end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
      const std::string_view cell = trimmed(text_.substr(at_, end - at_));
      at_ = end;
      return std::string(cell);
    }
    std::string cell;
    for (++at_; !at_end(); ++at_) {
      const char c = text_[at_];
      if (c == '\n') {
        ++next_line_;
      }
      if (c == '"') {
        if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') {
          ++at_;
          if (!at_end() && text_.substr(at_, 1).find_first_of(",\r\n") != 0) {
            return fail(Code::syntax, fmt::format("line {}: text behind a quoted cell", line_));
          }
          return cell;
        }
        ++at_;
      }
      cell.push_back(c);
    }
    return fail(Code::syntax, fmt::format("line {}: a quote is not closed", line_));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 0;
  std::uint32_t next_line_ = 1;
};

/// Rows with the columns that are asked for, in that order.
struct Rows {
  struct Row {
    std::uint32_t line;
    std::vector<std::string> cells;
    std::string owner;  ///< of a column of that name
  };
  std::vector<Row> rows;
};

Result<Rows> read_rows(std::string_view text, std::initializer_list<std::string_view> columns) {
  Csv csv(text);
  if (csv.at_end()) {
    return fail(Code::syntax, "line 1: the names of the columns are missing");
  }
  TRY(const std::vector<std::string> head, csv.row());
  std::vector<std::size_t> places;
  for (const std::string_view column : columns) {
    const auto found = std::ranges::find(head, column);
    if (found == head.end()) {
      return fail(Code::syntax, fmt::format("line 1: the column {} is missing", column));
    }
    places.push_back(static_cast<std::size_t>(found - head.begin()));
  }
  const auto owner = static_cast<std::size_t>(std::ranges::find(head, "owner") - head.begin());
  Rows rows;
  while (!csv.at_end()) {
    TRY(const std::vector<std::string> cells, csv.row());
    if (cells.size() == 1 && cells[0].empty()) {
      continue;
    }
    Rows::Row row{csv.line(), {}, owner < cells.size() ? cells[owner] : std::string()};
    for (const std::size_t place : places) {
      if (place >= cells.size()) {
        return fail(Code::syntax, fmt::format("line {}: {} cells, {} columns", csv.line(),
                                              cells.size(), head.size()));
      }
      row.cells.push_back(cells[place]);
    }
    if (row.cells[0].empty()) {
      return fail(Code::syntax, fmt::format("line {}: {} is empty", csv.line(), *columns.begin()));
    }
    rows.rows.push_back(std::move(row));
  }
  return rows;
}

/// Once, or again with the same meaning.
template <class Value>
Result<void> add(Overlay::Names<Value>& to, const Rows::Row& row, const std::string& name,
                 Value value) {
  const auto [at, is_new] = to.try_emplace(name, value);
  if (!is_new && at->second != value) {
    return fail(Code::syntax,
                fmt::format("line {}: {} is there with another meaning", row.line, name));
  }
  return ok();
}

void own(Overlay& overlay, const Rows::Row& row, OverlayLine line) {
  if (!row.owner.empty()) {
    overlay.owners[std::move(line)] = row.owner;
  }
}

Result<void> add_systems(Overlay& overlay, std::string_view kind, Overlay::Names<std::string>& to,
                         std::string_view csv) {
  TRY(const Rows rows, read_rows(csv, {"name", "system"}));
  for (const Rows::Row& row : rows.rows) {
    if (row.cells[1].empty() || !fhir::is_uri(row.cells[1])) {
      return fail(Code::syntax, fmt::format("line {}: '{}' is no URI", row.line, row.cells[1]));
    }
    TRY_OK(add(to, row, row.cells[0], row.cells[1]));
    own(overlay, row, {std::string(kind), {}, row.cells[0]});
  }
  return ok();
}

Result<void> add_codes(Overlay& overlay, std::string_view csv) {
  TRY(const Rows rows, read_rows(csv, {"table", "from", "code", "system", "display"}));
  for (const Rows::Row& row : rows.rows) {
    if (row.cells[1].empty() || !fhir::is_code(row.cells[2])) {
      return fail(Code::syntax, fmt::format("line {}: '{}' to '{}' is no pair of codes", row.line,
                                            row.cells[1], row.cells[2]));
    }
    if (!row.cells[3].empty() && !fhir::is_uri(row.cells[3])) {
      return fail(Code::syntax, fmt::format("line {}: '{}' is no URI", row.line, row.cells[3]));
    }
    TRY_OK(add(overlay.codes[row.cells[0]], row, row.cells[1],
               Coding{row.cells[3], row.cells[2], row.cells[4]}));
    own(overlay, row, {"codes", row.cells[0], row.cells[1]});
  }
  return ok();
}

Result<void> add_units(Overlay& overlay, std::string_view csv) {
  TRY(const Rows rows, read_rows(csv, {"from", "ucum"}));
  for (const Rows::Row& row : rows.rows) {
    if (!fhir::parse_unit(row.cells[1])) {
      return fail(Code::syntax,
                  fmt::format("line {}: '{}' is no unit of UCUM", row.line, row.cells[1]));
    }
    TRY_OK(add(overlay.units, row, row.cells[0], row.cells[1]));
    own(overlay, row, {"units", {}, row.cells[0]});
  }
  return ok();
}

Result<void> add_defaults(Overlay& overlay, std::string_view csv) {
  TRY(const Rows rows, read_rows(csv, {"path", "value"}));
  for (const Rows::Row& row : rows.rows) {
    const Result<Path> path = Path::parse(row.cells[0]);
    if (!path || path->field == 0 || path->subcomponent != 0 || path->segment_number != 1 ||
        path->repetition != 1) {
      return fail(Code::syntax, fmt::format("line {}: '{}' is no path such as PID-3 or PID-3.4",
                                            row.line, row.cells[0]));
    }
    TRY_OK(add(overlay.defaults, row, path->text(), row.cells[1]));
    own(overlay, row, {"defaults", {}, path->text()});
  }
  return ok();
}

}  // namespace

Result<void> add_overlay(Overlay& overlay, std::string_view kind, std::string_view csv) {
  if (kind == "authorities") {
    return add_systems(overlay, kind, overlay.authorities, csv);
  }
  if (kind == "coding-systems") {
    return add_systems(overlay, kind, overlay.coding_systems, csv);
  }
  if (kind == "codes") {
    return add_codes(overlay, csv);
  }
  if (kind == "units") {
    return add_units(overlay, csv);
  }
  if (kind == "defaults") {
    return add_defaults(overlay, csv);
  }
  return fail(Code::usage, fmt::format("no kind of overlay '{}'", kind));
}

}  // namespace holdfast::hl7v2
