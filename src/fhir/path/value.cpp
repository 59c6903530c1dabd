#include "fhir/path/value.h"

#include <charconv>
#include <cstring>

#include <fmt/format.h>

namespace holdfast::fhir::path {
namespace {

constexpr std::string_view ucum_system = "http://unitsofmeasure.org";

std::optional<Value> moment_value(std::string_view text, MomentKind kind) {
  const auto moment = parse_moment(text, kind);
  return moment ? std::optional(Value::of(*moment, kind)) : std::nullopt;
}

/// The text of a string node; escapes are undone in the arena.
std::string_view node_text(JsonValue value, Arena& arena) {
  if (!value.has_escapes()) {
    return value.raw_text();
  }
  std::string scratch;
  return arena.keep(value.text(scratch));
}

std::optional<Value> primitive_value(const Value& of, Arena& arena) {
  const JsonValue json = of.value();
  switch (json.kind()) {
    case JsonKind::boolean: return Value::of(json.raw() == "true");
    case JsonKind::string: {
      const std::string_view text = node_text(json, arena);
      std::optional<Value> made;
      switch (system_type(of.type().primitive())) {
        case SystemType::date: made = moment_value(text, MomentKind::date); break;
        case SystemType::date_time: made = moment_value(text, MomentKind::date_time); break;
        case SystemType::time: made = moment_value(text, MomentKind::time); break;
        default: break;
      }
      return made ? made : Value::of(text);
    }
    case JsonKind::number: {
      const BytesView raw = json.raw();
      if (system_type(of.type().primitive()) == SystemType::integer) {
        std::int64_t number = 0;
        const auto read = std::from_chars(raw.data(), raw.data() + raw.size(), number);
        if (read.ec == std::errc() && read.ptr == raw.data() + raw.size()) {
          return Value::of(number);
        }
      }
      const auto number = Decimal::parse(raw);
      return number && number->is_in_range() ? Value::of(arena.keep(*number)) : Value::of(raw);
    }
    default: return std::nullopt;
  }
}

// https://hl7.org/fhir/R4/fhirpath.html#quantity
std::optional<Value> quantity_value(const Value& of, Arena& arena) {
  PathQuantity quantity;
  quantity.unit = "1";
  bool has_value = false;
  std::string_view unit;
  std::string_view code;
  std::string_view system;
  for (const JsonValue member : of.value().children()) {
    const BytesView key = member.raw_key();
    if (key == "value" && member.kind() == JsonKind::number) {
      const auto number = Decimal::parse(member.raw());
      if (!number || !number->is_in_range()) {
        return std::nullopt;
      }
      quantity.value = *number;
      has_value = true;
    } else if (key == "comparator") {
      return std::nullopt;
    } else if (member.is_string()) {
      std::string_view* to = key == "unit"     ? &unit
                             : key == "code"   ? &code
                             : key == "system" ? &system
                                               : nullptr;
      if (to != nullptr) {
        *to = node_text(member, arena);
      }
    }
  }
  if (!has_value) {
    return std::nullopt;
  }
  if (!code.empty() || !unit.empty()) {
    quantity.unit = code.empty() ? unit : code;
    quantity.is_foreign = system != ucum_system;
  }
  return Value::of(arena.keep(quantity));
}

}  // namespace

char* Arena::allot(std::size_t bytes) {
  bytes = (bytes + 7) & ~std::size_t{7};
  bytes_ += bytes;
  if (bytes > block_bytes) {
    large_.push_back(std::make_unique_for_overwrite<char[]>(bytes));
    return large_.back().get();
  }
  if (blocks_.empty() || used_ + bytes > block_bytes) {
    block_ += blocks_.empty() ? 0U : 1U;
    if (block_ == blocks_.size()) {
      blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_bytes));
    }
    used_ = 0;
  }
  char* const at = blocks_[block_].get() + used_;
  used_ += bytes;
  return at;
}

std::string_view Arena::keep(std::string_view text) {
  if (text.empty()) {
    return std::string_view("");
  }
  char* const to = allot(text.size());
  std::memcpy(to, text.data(), text.size());
  return {to, text.size()};
}

// Both are plain values: nothing has to be destroyed.
const Decimal* Arena::keep(const Decimal& number) {
  static_assert(std::is_trivially_destructible_v<Decimal> && alignof(Decimal) <= 8);
  return new (allot(sizeof number)) Decimal(number);
}
const PathQuantity* Arena::keep(const PathQuantity& quantity) {
  static_assert(std::is_trivially_destructible_v<PathQuantity> && alignof(PathQuantity) <= 8);
  return new (allot(sizeof quantity)) PathQuantity(quantity);
}

void Arena::clear() {
  constexpr std::size_t kept_max = 64;
  if (blocks_.size() > kept_max) {
    blocks_.resize(kept_max);
  }
  large_.clear();
  block_ = 0;
  used_ = 0;
  bytes_ = 0;
}

Value resource_value(JsonValue resource) {
  TypeRef type = unknown_type;
  const auto named = resource.find("resourceType");
  if (named && named->is_string() && !named->has_escapes()) {
    if (const auto id = type_id(named->raw_text())) {
      type = type_of(structure_of(*id));
    }
  }
  return Value::of_node(resource.document(), resource.index(), no_json, type);
}

Value resource_around(const Value& element) {
  if (!element.is_node() || element.document() == nullptr) {
    return element;
  }
  const Json& json = *element.document();
  const std::uint32_t target =
      element.has_value() ? element.value().index() : element.sibling().index();
  std::uint32_t resource = 0;
  for (std::uint32_t at = 0; at < target;) {  // down to the element, past what ends before it
    const JsonValue value = json.at(at);
    if (value.next_index() <= target) {
      at = value.next_index();
      continue;
    }
    if (value.is_object() && value.find("resourceType")) {
      resource = at;
    }
    ++at;
  }
  if (element.has_value() && element.value().is_object() && element.value().find("resourceType")) {
    resource = target;
  }
  return resource_value(json.at(resource));
}

std::optional<Value> system_value(const Value& of, Arena& arena) {
  if (!of.is_node()) {
    return of;
  }
  if (of.type().is_primitive()) {
    return of.has_value() ? primitive_value(of, arena) : std::nullopt;
  }
  if (is_quantity(of.type()) && of.has_value() && of.value().is_object()) {
    return quantity_value(of, arena);
  }
  return of;
}

std::optional<std::string> text_of(const Value& of) {
  switch (of.kind()) {
    case ValueKind::boolean: return of.boolean() ? "true" : "false";
    case ValueKind::integer: return fmt::format("{}", of.integer());
    case ValueKind::decimal: return of.decimal().text();
    case ValueKind::string: return std::string(of.string());
    case ValueKind::date:
    case ValueKind::date_time:
    case ValueKind::time: return text(of.moment(), of.moment_kind());
    case ValueKind::quantity:
      return of.quantity().calendar
                 ? fmt::format("{} {}", of.quantity().value.text(), of.quantity().unit)
                 : fmt::format("{} '{}'", of.quantity().value.text(), of.quantity().unit);
    case ValueKind::node:
      if (of.has_value()) {
        const JsonValue json = of.value();
        if (json.is_string()) {
          return json.text();
        }
        if (json.kind() == JsonKind::number || json.kind() == JsonKind::boolean) {
          return std::string(json.raw());
        }
      }
      return std::nullopt;
    case ValueKind::type_info: break;
  }
  return std::nullopt;
}

std::string type_text(TypeRef type) {
  return type.is_system() ? fmt::format("System.{}", name(type)) : std::string(name(type));
}

void append_json(Bytes& to, const Value& value) {
  const auto append_text = [&to](std::string_view text) {
    to.push_back('"');
    append_json_escaped(to, text);
    to.push_back('"');
  };
  switch (value.kind()) {
    case ValueKind::node: to += value.has_value() ? value.value().raw() : BytesView("null"); return;
    case ValueKind::quantity:
      to += R"({"value":)" + value.quantity().value.json_text() + R"(,"unit":)";
      append_text(value.quantity().unit);
      to += '}';
      return;
    case ValueKind::type_info:
      to += R"({"namespace":)";
      append_text(space(value.described_type()));
      to += R"(,"name":)";
      append_text(name(value.described_type()));
      to += '}';
      return;
    case ValueKind::decimal: to += value.decimal().json_text(); return;
    case ValueKind::boolean:
    case ValueKind::integer: to += *text_of(value); return;
    default: append_text(*text_of(value)); return;
  }
}

}  // namespace holdfast::fhir::path
