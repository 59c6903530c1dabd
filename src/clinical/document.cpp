#include "clinical/document.h"

#include <algorithm>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "base/text.h"

namespace holdfast::clinical {
namespace {

std::unexpected<Error> fail_at(std::string_view file, std::uint32_t line, std::string_view what) {
  return fail(Code::value, fmt::format("{}:{}: {}", file, line, what));
}

// Bounded: toml++ refuses values inside each other beyond 256 levels.
Value value_of(const toml::node& node) {
  Value value;
  value.line = node.source().begin.line;
  if (const auto* table = node.as_table()) {
    value.kind = Value::Kind::table;
    for (const auto& [name, member] : *table) {
      value.members.push_back(value_of(member));
      value.members.back().name = name.str();
    }
  } else if (const auto* array = node.as_array()) {
    value.kind = Value::Kind::list;
    for (const toml::node& one : *array) {
      value.items.push_back(value_of(one));
    }
    if (!value.items.empty() && node.is_array_of_tables()) {
      value.line = value.items.front().line;
    }
  } else if (const auto text = node.value_exact<std::string>()) {
    value.kind = Value::Kind::text;
    value.text = *text;
  } else if (const auto whole = node.value_exact<std::int64_t>()) {
    value.kind = Value::Kind::whole;
    value.whole = *whole;
  } else if (const auto flag = node.value_exact<bool>()) {
    value.kind = Value::Kind::flag;
    value.flag = *flag;
  } else {
    value.text = node.is_floating_point()
                     ? "is a number with a point outside quotes: in quotes it stays exact"
                     : "is a date or time outside quotes";
  }
  return value;
}

}  // namespace

Result<Value> parse_document(std::string_view bytes, std::string_view file) {
  if (bytes.size() > table_bytes_max) {
    return fail(Code::too_large,
                fmt::format("{}: a table has at most {} bytes", file, table_bytes_max));
  }
  try {
    return value_of(toml::parse(bytes, file));
  } catch (const toml::parse_error& error) {  // the library's only way to say it
    return fail(Code::syntax,
                fmt::format("{}:{}: {}", file, error.source().begin.line, error.description()));
  }
}

std::optional<fhir::Decimal> figure_in(const Value& value) {
  if (value.kind == Value::Kind::whole) {
    return fhir::Decimal(value.whole);
  }
  return value.kind == Value::Kind::text ? fhir::Decimal::parse(value.text) : std::nullopt;
}

const Value* Fields::find(std::string_view key) {
  asked_.push_back(key);
  const auto found = std::ranges::find(table_.members, key, &Value::name);
  return found == table_.members.end() ? nullptr : &*found;
}

Result<const Value*> Fields::need(std::string_view key) {
  const Value* const value = find(key);
  if (value == nullptr) {
    return wrong(fmt::format("{} is missing", key));
  }
  return value;
}

Result<std::string> Fields::text(std::string_view key) {
  TRY(const Value* const value, need(key));
  if (value->kind != Value::Kind::text || trimmed(value->text).empty()) {
    return wrong(*value, fmt::format("{} is no text", key));
  }
  return value->text;
}

Result<std::optional<std::string>> Fields::text_if(std::string_view key) {
  if (find(key) == nullptr) {
    return std::nullopt;
  }
  TRY(std::string found, text(key));
  return found;
}

Result<std::int64_t> Fields::whole(std::string_view key, std::int64_t least, std::int64_t most) {
  TRY(const Value* const value, need(key));
  if (value->kind != Value::Kind::whole || value->whole < least || value->whole > most) {
    return wrong(*value, fmt::format("{} is no whole number from {} to {}", key, least, most));
  }
  return value->whole;
}

Result<std::optional<std::int64_t>> Fields::whole_if(std::string_view key, std::int64_t least,
                                                     std::int64_t most) {
  if (find(key) == nullptr) {
    return std::nullopt;
  }
  TRY(const std::int64_t found, whole(key, least, most));
  return found;
}

Result<fhir::Decimal> Fields::figure_of(std::string_view key, const Value& value) const {
  if (const auto figure = figure_in(value)) {
    return *figure;
  }
  if (value.kind == Value::Kind::unfit) {
    return wrong(value, fmt::format("{} {}", key, value.text));
  }
  return wrong(value, value.kind == Value::Kind::text
                          ? fmt::format("{} is '{}', no number", key, value.text)
                          : fmt::format("{} is no number", key));
}

Result<fhir::Decimal> Fields::figure(std::string_view key) {
  TRY(const Value* const value, need(key));
  return figure_of(key, *value);
}

Result<std::optional<fhir::Decimal>> Fields::figure_if(std::string_view key) {
  const Value* const value = find(key);
  if (value == nullptr) {
    return std::nullopt;
  }
  TRY(const fhir::Decimal found, figure_of(key, *value));
  return found;
}

Result<bool> Fields::flag_if(std::string_view key) {
  const Value* const value = find(key);
  if (value == nullptr) {
    return false;
  }
  if (value->kind != Value::Kind::flag) {
    return wrong(*value, fmt::format("{} is neither true nor false", key));
  }
  return value->flag;
}

Result<std::vector<std::string>> Fields::texts(std::string_view key) {
  TRY(const auto values, list(key));
  std::vector<std::string> texts;
  for (const Value& one : values) {
    if (one.kind != Value::Kind::text) {
      return wrong(one, fmt::format("{} is no list of texts", key));
    }
    if (std::ranges::find(texts, one.text) != texts.end()) {
      return wrong(one, fmt::format("{} names '{}' twice", key, one.text));
    }
    texts.push_back(one.text);
  }
  return texts;
}

Result<std::span<const Value>> Fields::list(std::string_view key) {
  TRY(const Value* const value, need(key));
  if (value->kind != Value::Kind::list || value->items.empty()) {
    return wrong(*value, fmt::format("{} is no list", key));
  }
  return std::span<const Value>(value->items);
}

Result<std::span<const Value>> Fields::tables(std::string_view key) {
  TRY(const auto values, list(key));
  for (const Value& one : values) {
    if (one.kind != Value::Kind::table) {
      return wrong(one, fmt::format("{} is written as [[{}]]", key, key));
    }
  }
  return values;
}

Result<const Value*> Fields::table(std::string_view key) {
  TRY(const Value* const value, need(key));
  if (value->kind != Value::Kind::table) {
    return wrong(*value, fmt::format("{} is written as [{}]", key, key));
  }
  return value;
}

Result<void> Fields::done() const {
  for (const Value& value : table_.members) {
    if (std::ranges::find(asked_, value.name) == asked_.end()) {
      const auto meant = nearest(value.name, asked_);
      return wrong(value, fmt::format("there is no key '{}'{}", value.name,
                                      meant ? fmt::format("; did you mean '{}'?", *meant) : ""));
    }
  }
  return ok();
}

std::unexpected<Error> Fields::wrong(const Value& at, std::string_view what) const {
  return fail_at(file_, at.line, what);
}

std::unexpected<Error> Fields::wrong(std::string_view what) const {
  return fail_at(file_, table_.line, what);
}

}  // namespace holdfast::clinical
