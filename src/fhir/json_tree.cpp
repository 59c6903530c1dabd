#include "fhir/json_tree.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "fhir/json_patch.h"
#include "fhir/json_text.h"

namespace holdfast::fhir {

namespace {

/// A JSON number as sign, digits without zeros at either end, and the power of ten of the first.
struct Decimal {
  bool is_negative = false;
  std::string digits;  // empty is zero
  std::int64_t power = 0;
  bool operator==(const Decimal&) const = default;
};

Decimal decimal_of(std::string_view text) {
  Decimal number;
  number.is_negative = text.starts_with('-');
  text.remove_prefix(number.is_negative ? 1 : 0);
  const std::size_t mark = text.find_first_of("eE");
  std::int64_t exponent = 0;
  if (mark != std::string_view::npos) {  // at most json_exponent_max, so it cannot overflow
    const bool is_down = text[mark + 1] == '-';
    for (const char c : text.substr(mark + 1)) {
      exponent = c >= '0' && c <= '9' ? exponent * 10 + (c - '0') : exponent;
    }
    exponent = is_down ? -exponent : exponent;
    text = text.substr(0, mark);
  }
  const std::size_t point = std::min(text.find('.'), text.size());
  number.digits = text.substr(0, point);
  number.power = exponent + static_cast<std::int64_t>(point);
  number.digits += text.substr(std::min(point + 1, text.size()));
  const std::size_t leading = std::min(number.digits.find_first_not_of('0'), number.digits.size());
  number.digits.erase(0, leading);
  number.power -= static_cast<std::int64_t>(leading);
  number.digits.erase(number.digits.find_last_not_of('0') + 1);
  return number.digits.empty() ? Decimal{} : number;
}

std::string unescaped(std::string_view inside) {
  std::string text;
  append_unescaped(text, inside);
  return text;
}

/// A member of either side of a comparison.
struct Named {
  std::string key;
  JsonValue value;
};

std::vector<Named> sorted_members(JsonValue object) {
  std::vector<Named> members;
  members.reserve(object.size());
  std::string scratch;
  for (const JsonValue member : object.children()) {
    members.push_back({std::string(member.key(scratch)), member});
  }
  std::ranges::sort(members, {}, &Named::key);
  return members;
}

Result<bool> equal_values(JsonValue a, JsonValue b, PatchBudget& budget) {
  TRY_OK(budget.spend(1));
  if (a.kind() != b.kind() || a.size() != b.size()) {
    return false;
  }
  switch (a.kind()) {
    case JsonKind::null: return true;
    case JsonKind::boolean: return a.raw() == b.raw();
    case JsonKind::number: return same_number(a.raw(), b.raw());
    case JsonKind::string: return a.text() == b.text();
    case JsonKind::array: {
      auto other = b.children().begin();
      for (const JsonValue element : a.children()) {
        TRY(const bool same, equal_values(element, *other, budget));
        if (!same) {
          return false;
        }
        ++other;
      }
      return true;
    }
    case JsonKind::object: break;
  }
  const std::vector<Named> ours = sorted_members(a);
  const std::vector<Named> theirs = sorted_members(b);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (ours[i].key != theirs[i].key) {
      return false;
    }
    TRY(const bool same, equal_values(ours[i].value, theirs[i].value, budget));
    if (!same) {
      return false;
    }
  }
  return true;
}

/// Of a value as it was written.
std::size_t written_height(JsonValue value) {
  std::vector<std::uint32_t> ends;
  std::size_t height = 0;
  for (std::uint32_t i = value.index(); i < value.next_index(); ++i) {
    while (!ends.empty() && ends.back() <= i) {
      ends.pop_back();
    }
    const JsonValue at = value.document().at(i);
    if (at.is_array() || at.is_object()) {
      ends.push_back(at.next_index());
      height = std::max(height, ends.size());
    }
  }
  return height;
}

}  // namespace

JsonPart::JsonPart(JsonValue text) : written(text) {}
JsonPart::JsonPart(JsonPart&&) noexcept = default;
JsonPart& JsonPart::operator=(JsonPart&&) noexcept = default;
JsonPart::~JsonPart() = default;

Result<void> PatchBudget::spend(std::size_t steps) {
  if (steps > steps_) {
    return fail(Code::too_costly,
                fmt::format("the patch costs more than {} steps so far", patch_steps_max));
  }
  steps_ -= steps;
  return ok();
}

bool same_number(std::string_view a, std::string_view b) {
  return a == b || decimal_of(a) == decimal_of(b);
}

Result<void> take_apart(JsonPart& part, PatchBudget& budget) {
  if (part.parts != nullptr) {
    return ok();
  }
  check(part.written.is_array() || part.written.is_object(), "only these have parts");
  TRY_OK(budget.spend(part.written.size()));
  auto parts = std::make_unique<JsonParts>();
  parts->values.reserve(part.written.size());
  for (const JsonValue child : part.written.children()) {
    if (part.written.is_object()) {
      parts->keys.emplace_back(child.raw_key());
    }
    parts->values.emplace_back(child);
  }
  part.parts = std::move(parts);
  return ok();
}

Result<std::optional<std::size_t>> find_key(const JsonParts& object, std::string_view key,
                                            PatchBudget& budget) {
  TRY_OK(budget.spend(object.keys.size()));
  const auto found = std::ranges::find_if(object.keys, [&](const Bytes& written) {
    return written.find('\\') == Bytes::npos ? written == key : unescaped(written) == key;
  });
  return found == object.keys.end()
             ? std::nullopt
             : std::optional(static_cast<std::size_t>(found - object.keys.begin()));
}

// The functions below go as deep as parts were taken apart: json_depth_max, which height_of() and
// whoever puts parts together see to.

Result<JsonPart> copy_of(const JsonPart& part, PatchBudget& budget) {
  JsonPart copy(part.written);
  if (part.parts != nullptr) {
    TRY_OK(budget.spend(part.parts->values.size()));
    copy.parts = std::make_unique<JsonParts>();
    copy.parts->keys = part.parts->keys;
    copy.parts->values.reserve(part.parts->values.size());
    for (const JsonPart& value : part.parts->values) {
      TRY(JsonPart inner, copy_of(value, budget));
      copy.parts->values.push_back(std::move(inner));
    }
  }
  return copy;
}

std::size_t bytes_of(const JsonPart& part) {
  if (part.parts == nullptr) {
    return part.written.raw().size();
  }
  const JsonParts& parts = *part.parts;
  std::size_t bytes = 2 + (parts.values.empty() ? 0 : parts.values.size() - 1);
  for (const Bytes& key : parts.keys) {
    bytes += key.size() + 3;
  }
  for (const JsonPart& value : parts.values) {
    bytes += bytes_of(value);
  }
  return bytes;
}

Result<std::size_t> height_of(const JsonPart& part, PatchBudget& budget) {
  if (part.parts == nullptr) {
    TRY_OK(budget.spend(part.written.next_index() - part.written.index()));
    return written_height(part.written);
  }
  std::size_t height = 0;
  for (const JsonPart& value : part.parts->values) {
    TRY(const std::size_t inner, height_of(value, budget));
    height = std::max(height, inner);
  }
  return height + 1;
}

void append_part(Bytes& to, const JsonPart& part) {
  if (part.parts == nullptr) {
    to += part.written.raw();
    return;
  }
  const bool is_object = part.kind() == JsonKind::object;
  const JsonParts& parts = *part.parts;
  to += is_object ? '{' : '[';
  for (std::size_t i = 0; i < parts.values.size(); ++i) {
    to += i == 0 ? "" : ",";
    if (is_object) {
      to += '"';
      to += parts.keys[i];
      to += "\":";
    }
    append_part(to, parts.values[i]);
  }
  to += is_object ? '}' : ']';
}

Result<bool> equal_parts(const JsonPart& part, JsonValue other, PatchBudget& budget) {
  if (part.parts == nullptr) {
    return equal_values(part.written, other, budget);
  }
  const JsonParts& parts = *part.parts;
  TRY_OK(budget.spend(parts.values.size() + 1));
  if (part.kind() != other.kind() || parts.values.size() != other.size()) {
    return false;
  }
  std::string scratch;
  std::size_t position = 0;
  for (const JsonValue child : other.children()) {
    std::size_t at = position++;
    if (other.is_object()) {
      TRY(const auto found, find_key(parts, child.key(scratch), budget));
      if (!found) {
        return false;
      }
      at = *found;
    }
    TRY(const bool same, equal_parts(parts.values[at], child, budget));
    if (!same) {
      return false;
    }
  }
  return true;
}

}  // namespace holdfast::fhir
