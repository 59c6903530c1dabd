// clinical/document.h: a table file as values that know their lines, and typed ways to take them.
// What is wrong is told as "FILE:LINE: what is wrong", and nothing is left over in silence: a key
// that nobody asked for is a mistake. The only place that knows toml++.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fhir/decimal.h"

namespace holdfast::clinical {

/// Longest table file that is read.
constexpr std::size_t table_bytes_max = 1 << 20;

struct Value {
  enum class Kind : std::uint8_t { text, whole, flag, list, table, unfit };
  Kind kind = Kind::unfit;
  std::uint32_t line = 1;
  bool flag = false;
  std::int64_t whole = 0;
  std::string name;            ///< of a member of a table
  std::string text;            ///< a text; of what is unfit: why
  std::vector<Value> items;    ///< of a list
  std::vector<Value> members;  ///< of a table, in the order of their names
};

/// The document as one table. Code::syntax for what is no TOML, Code::too_large.
[[nodiscard]] Result<Value> parse_document(std::string_view bytes, std::string_view file);

/// The members of one table, each taken by name and kind. Refers to the value and the file's name.
class Fields {
 public:
  Fields(const Value& table, std::string_view file) : table_(table), file_(file) {}

  [[nodiscard]] std::uint32_t line() const { return table_.line; }
  [[nodiscard]] std::string_view file() const { return file_; }
  /// Not asked for with any of the functions below it, a member counts as unknown.
  [[nodiscard]] const Value* find(std::string_view key);

  // Required: missing, empty or of another kind is Code::value.
  [[nodiscard]] Result<std::string> text(std::string_view key);
  [[nodiscard]] Result<std::int64_t> whole(std::string_view key, std::int64_t least,
                                           std::int64_t most);
  [[nodiscard]] Result<fhir::Decimal> figure(std::string_view key);
  [[nodiscard]] Result<std::vector<std::string>> texts(std::string_view key);
  /// [[key]]: at least one.
  [[nodiscard]] Result<std::span<const Value>> tables(std::string_view key);
  [[nodiscard]] Result<std::span<const Value>> list(std::string_view key);
  /// [key]
  [[nodiscard]] Result<const Value*> table(std::string_view key);

  // May be missing.
  [[nodiscard]] Result<std::optional<std::string>> text_if(std::string_view key);
  [[nodiscard]] Result<std::optional<std::int64_t>> whole_if(std::string_view key,
                                                             std::int64_t least, std::int64_t most);
  [[nodiscard]] Result<std::optional<fhir::Decimal>> figure_if(std::string_view key);
  [[nodiscard]] Result<bool> flag_if(std::string_view key);

  /// Refuses what nobody asked for, with the name that was probably meant.
  [[nodiscard]] Result<void> done() const;

  /// "FILE:LINE: what", of a value or of this table.
  [[nodiscard]] std::unexpected<Error> wrong(const Value& at, std::string_view what) const;
  [[nodiscard]] std::unexpected<Error> wrong(std::string_view what) const;

 private:
  [[nodiscard]] Result<const Value*> need(std::string_view key);
  [[nodiscard]] Result<fhir::Decimal> figure_of(std::string_view key, const Value& value) const;

  const Value& table_;
  std::string_view file_;
  std::vector<std::string_view> asked_;
};

/// A figure of a list: a whole number, or a decimal in quotes.
[[nodiscard]] std::optional<fhir::Decimal> figure_in(const Value& value);

}  // namespace holdfast::clinical
