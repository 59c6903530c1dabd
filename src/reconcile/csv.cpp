// reconcile/csv.cpp: RFC 4180, strictly: a list that was cut off, or saved in another encoding, is
// refused whole. Read in part it would say that the neighbour lacks what it has.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "reconcile/list.h"

namespace holdfast::reconcile {
namespace {

constexpr std::size_t columns_max = 256;
constexpr std::size_t field_bytes_max = 4096;

struct Column {
  std::string_view name;
  std::string& (*in)(Row&);
};
constexpr std::array<Column, 7> columns{
    Column{"identifier_system", [](Row& row) -> std::string& { return row.number.system; }},
    Column{"identifier", [](Row& row) -> std::string& { return row.number.value; }},
    Column{"nhs_number", [](Row& row) -> std::string& { return row.nhs_number; }},
    Column{"state", [](Row& row) -> std::string& { return row.state; }},
    Column{"kind", [](Row& row) -> std::string& { return row.kind; }},
    Column{"authored", [](Row& row) -> std::string& { return row.authored; }},
    Column{"type", [](Row& row) -> std::string& { return row.type; }},
};

/// "Identifier System", "identifier-system": identifier_system.
std::string normal(std::string_view name) {
  std::string text(trimmed(name));
  for (char& c : text) {
    c = c == ' ' || c == '-' ? '_' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return text;
}

class Csv {
 public:
  explicit Csv(BytesView bytes) : rest_(bytes) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  /// Of the record that next() gave.
  [[nodiscard]] std::string place() const { return fmt::format("line {}", began_); }

  Result<std::vector<std::string>> next() {
    began_ = line_;
    std::vector<std::string> fields;
    for (bool more = true; more;) {
      TRY(std::string field, next_field());
      fields.push_back(std::move(field));
      if (fields.size() > columns_max) {
        return wrong(Code::too_large, fmt::format("more than {} columns", columns_max));
      }
      TRY(more, next_separator());
    }
    return fields;
  }

 private:
  [[nodiscard]] std::unexpected<Error> wrong(Code code, std::string what) const {
    return fail(code, std::move(what), place());
  }

  Result<std::string> next_field() {
    if (!rest_.starts_with('"')) {
      const std::size_t end = std::min(rest_.find_first_of(",\r\n"), rest_.size());
      std::string field(rest_.substr(0, end));
      rest_.remove_prefix(end);
      if (field.find('"') != std::string::npos) {
        return wrong(Code::syntax, "a quote inside a field that is not quoted");
      }
      return bounded(std::move(field));
    }
    rest_.remove_prefix(1);
    std::string field;
    while (true) {
      const std::size_t quote = rest_.find('"');
      if (quote == BytesView::npos) {
        return wrong(Code::syntax, "a quote is opened here and never closed: is the file cut off?");
      }
      line_ += static_cast<std::size_t>(std::ranges::count(rest_.substr(0, quote), '\n'));
      field.append(rest_.substr(0, quote));
      rest_.remove_prefix(quote + 1);
      if (!rest_.starts_with('"')) {
        return bounded(std::move(field));
      }
      field.push_back('"');
      rest_.remove_prefix(1);
    }
  }

  Result<std::string> bounded(std::string field) const {
    if (field.size() > field_bytes_max) {
      return wrong(Code::too_large, fmt::format("a field of more than {} bytes", field_bytes_max));
    }
    return field;
  }

  /// Whether another field follows in this record.
  Result<bool> next_separator() {
    if (rest_.starts_with(',')) {
      rest_.remove_prefix(1);
      return true;
    }
    if (rest_.starts_with("\r\n") || rest_.starts_with('\n')) {
      rest_.remove_prefix(rest_.starts_with('\r') ? 2 : 1);
      ++line_;
      return false;
    }
    if (rest_.empty()) {
      return false;
    }
    return wrong(Code::syntax,
                 "something stands between a closing quote and the next comma, or a "
                 "line ends in CR alone");
  }

  BytesView rest_;
  std::size_t line_ = 1;
  std::size_t began_ = 1;
};

Result<BytesView> readable(BytesView bytes) {
  if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff")) {
    return fail(Code::syntax, "the file is UTF-16: save it as UTF-8");
  }
  if (bytes.starts_with("\xef\xbb\xbf")) {
    bytes.remove_prefix(3);
  }
  std::optional<std::size_t> bad = find_bad_utf8(bytes);
  if (const std::size_t zero = bytes.find('\0'); !bad && zero != BytesView::npos) {
    bad = zero;
  }
  if (bad) {
    const auto line = 1 + std::ranges::count(bytes.substr(0, *bad), '\n');
    return fail(Code::syntax, "the file is not UTF-8 text: save it as UTF-8",
                fmt::format("line {}", line));
  }
  if (bytes.empty()) {
    return fail(Code::required, "the file is empty: it has a header line at least", "line 1");
  }
  return bytes;
}

/// Which column of ours each of theirs is; null for one that is not known.
Result<std::vector<const Column*>> read_header(Csv& csv, Notes& notes) {
  TRY(const std::vector<std::string> names, csv.next());
  std::vector<const Column*> all;
  for (const std::string& name : names) {
    const auto at = std::ranges::find(columns, normal(name), &Column::name);
    if (at == columns.end()) {
      notes.add(note_column, name.empty() ? "(no name)" : name);
      all.push_back(nullptr);
      continue;
    }
    if (std::ranges::find(all, &*at) != all.end()) {
      return fail(Code::structure, fmt::format("column '{}' is there twice", at->name), "line 1");
    }
    all.push_back(&*at);
  }
  const bool has_identifier = std::ranges::any_of(
      all, [](const Column* one) { return one != nullptr && one->name == "identifier"; });
  if (!has_identifier) {
    const bool other = names.size() == 1 && names[0].find_first_of(";\t|") != std::string::npos;
    return fail(Code::required,
                other ? "the header line has no commas: columns are separated by commas (RFC 4180)"
                      : "there is no column `identifier`; known are identifier_system, identifier, "
                        "nhs_number, state, kind, authored and type",
                "line 1");
  }
  return all;
}

}  // namespace

Result<List> read_csv(BytesView bytes, const std::string& default_system) {
  TRY(const BytesView text, readable(bytes));
  Csv csv(text);
  ListMaker maker(default_system);
  TRY(const std::vector<const Column*> header, read_header(csv, maker.list().notes));
  while (!csv.at_end()) {
    TRY(std::vector<std::string> fields, csv.next());
    if (fields.size() == 1 && trimmed(fields[0]).empty() && header.size() > 1) {
      continue;  // a blank line
    }
    if (fields.size() != header.size()) {
      return fail(Code::syntax,
                  fmt::format("this line has {} columns, the header {}: is the file cut off?",
                              fields.size(), header.size()),
                  csv.place());
    }
    Row row;
    row.place = csv.place();
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (header[i] != nullptr) {
        header[i]->in(row) = trimmed(fields[i]);
      }
    }
    if (row.type.empty()) {
      row.type = "ServiceRequest";
    }
    TRY_OK(maker.add(std::move(row)));
  }
  return std::move(maker.list());
}

}  // namespace holdfast::reconcile
