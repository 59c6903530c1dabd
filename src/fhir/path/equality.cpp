// fhir/path/equality.cpp: when two values, elements or collections are the same.
// https://hl7.org/fhirpath/N1/#equality, https://hl7.org/fhirpath/N1/#equivalent
#include <algorithm>

#include "fhir/path/letters.h"
#include "fhir/path/machine.h"
#include "fhir/path/measure.h"

namespace holdfast::fhir::path {
namespace {

bool is_number(const Value& value) {
  return value.kind() == ValueKind::integer || value.kind() == ValueKind::decimal;
}

Decimal number_of(const Value& value) {
  return value.kind() == ValueKind::integer ? Decimal(value.integer()) : value.decimal();
}

/// To the digits of the less precise one, without the zeros at their ends.
bool are_equivalent(const Decimal& a, const Decimal& b) {
  const std::uint32_t places = std::min(a.stripped().places(), b.stripped().places());
  return a.rounded(places) == b.rounded(places);
}

bool are_same_texts(std::string_view a, std::string_view b, bool exact) {
  return a == b || (!exact && normalized(a) == normalized(b));
}

}  // namespace

Truth Machine::same_quantity(const PathQuantity& a, const PathQuantity& b, Sameness how) {
  const bool exact = how == Sameness::equal;
  const Calendar calendar = exact ? Calendar::distinct : Calendar::as_ucum;
  const auto order = compare(a, b, calendar);
  if (!order) {
    return exact ? Truth::unknown : Truth::no;
  }
  if (exact || *order == 0) {
    return truth(*order == 0);
  }
  if (a.unit == b.unit) {
    return truth(are_equivalent(a.value, b.value));
  }
  const auto unit_a = unit_of(a, calendar);
  const auto unit_b = unit_of(b, calendar);
  const auto moved = unit_a && unit_b ? fhir::convert(b.value, *unit_b, *unit_a) : std::nullopt;
  return truth(moved && are_equivalent(a.value, *moved));
}

Truth Machine::same_system(const Value& a, const Value& b, Sameness how) {
  const bool exact = how == Sameness::equal;
  if (is_number(a) && is_number(b)) {
    if (a.kind() == ValueKind::integer && b.kind() == ValueKind::integer) {
      return truth(a.integer() == b.integer());
    }
    return truth(exact ? number_of(a) == number_of(b) : are_equivalent(number_of(a), number_of(b)));
  }
  const bool days = a.kind() != ValueKind::time && b.kind() != ValueKind::time;
  if (a.is_moment() && b.is_moment() && (a.kind() == b.kind() || days)) {
    const auto order =
        compare(a.moment(), b.moment(), days ? MomentKind::date_time : MomentKind::time,
                surroundings_->offset_minutes);
    return order ? truth(*order == 0) : (exact ? Truth::unknown : Truth::no);
  }
  if (a.kind() == ValueKind::quantity && is_number(b)) {
    return same_quantity(a.quantity(), PathQuantity{number_of(b), "1", false, false}, how);
  }
  if (b.kind() == ValueKind::quantity && is_number(a)) {
    return same_system(b, a, how);
  }
  if (a.kind() != b.kind()) {
    return Truth::no;
  }
  switch (a.kind()) {
    case ValueKind::boolean: return truth(a.boolean() == b.boolean());
    case ValueKind::string:
      if (!exact) {
        spend((a.string().size() + b.string().size()) / 64);  // what refuses is seen by the caller
      }
      return truth(are_same_texts(a.string(), b.string(), exact));
    case ValueKind::quantity: return same_quantity(a.quantity(), b.quantity(), how);
    case ValueKind::type_info: return truth(a.described_type() == b.described_type());
    default: return Truth::no;
  }
}

Truth Machine::same(const Value& a, const Value& b, Sameness how) {
  if (a.is_same_node(b)) {
    return Truth::yes;
  }
  const auto left = system_value(a, arena_);
  const auto right = system_value(b, arena_);
  if (left && right && !left->is_node() && !right->is_node()) {
    return same_system(*left, *right, how);
  }
  // Elements with children, or without a value.
  if (!a.is_node() || !b.is_node() || a.document() == nullptr || b.document() == nullptr ||
      a.has_value() != b.has_value() || a.type() != b.type()) {
    return Truth::no;
  }
  return truth(a.has_value() ? same_json(a.value(), b.value(), how)
                             : same_json(a.sibling(), b.sibling(), how));
}

/// Members in any order, elements of lists in theirs.
bool Machine::same_json(JsonValue a, JsonValue b, Sameness how) {
  if (!spend(1) || a.kind() != b.kind() || a.size() != b.size()) {
    return false;
  }
  switch (a.kind()) {
    case JsonKind::null: return true;
    case JsonKind::boolean: return a.raw() == b.raw();
    case JsonKind::string: {
      std::string other;
      return are_same_texts(a.text(scratch_), b.text(other), how == Sameness::equal);
    }
    case JsonKind::number: {
      const auto left = Decimal::parse(a.raw());
      const auto right = Decimal::parse(b.raw());
      return left && right ? *left == *right : a.raw() == b.raw();
    }
    case JsonKind::array: {
      auto at = b.children().begin();
      for (const JsonValue item : a.children()) {
        if (!same_json(item, *at, how)) {
          return false;
        }
        ++at;
      }
      return true;
    }
    case JsonKind::object:
      for (const JsonValue member : a.children()) {
        const auto other = b.children();
        const auto found = std::find_if(other.begin(), other.end(), [&](JsonValue candidate) {
          return candidate.raw_key() == member.raw_key();
        });
        if (!spend(b.size()) || found == other.end() || !same_json(member, *found, how)) {
          return false;
        }
      }
      return true;
  }
  return false;
}

/// The collections [a, b) and [b, end of the stack).
bool Machine::same_collections(std::size_t a, std::size_t b, Sameness how, Truth& to) {
  const std::size_t count = b - a;
  if (stack_.size() - b != count) {
    to = Truth::no;
    return true;
  }
  to = Truth::yes;
  if (how == Sameness::equal || count == 1) {
    for (std::size_t i = 0; i < count; ++i) {
      const Truth item = same(stack_[a + i], stack_[b + i], how);
      if (!spend(1)) {
        return false;
      }
      if (item == Truth::no) {
        to = Truth::no;
        return true;
      }
      to = item == Truth::unknown ? item : to;
    }
    return true;
  }
  std::size_t left = stack_.size();  // of the second; what was matched is moved behind it
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t at = b;
    while (at < left && same(stack_[a + i], stack_[at], how) != Truth::yes) {
      ++at;
      if (!spend(1)) {
        return false;
      }
    }
    if (at == left) {
      to = Truth::no;
      return true;
    }
    std::swap(stack_[at], stack_[--left]);
  }
  return true;
}

bool Machine::holds_item(std::size_t from, std::size_t to, const Value& item, bool& found) {
  found = false;
  for (std::size_t i = from; i < to; ++i) {
    if (!spend(1)) {
      return false;
    }
    if (same(stack_[i], item, Sameness::equal) == Truth::yes) {
      found = true;
      return true;
    }
  }
  return !error_;
}

/// distinct() for texts: in n log n, since Bundles ask it of thousands. False if other values are
/// among them.
bool Machine::distinct_texts(std::size_t base) {
  texts_.clear();
  for (std::size_t i = base; i < stack_.size(); ++i) {
    const auto value = system_value(stack_[i], arena_);
    if (!value || value->kind() != ValueKind::string) {
      return false;
    }
    texts_.push_back({value->string(), i});
  }
  std::ranges::sort(texts_);
  for (std::size_t i = 0; i + 1 < texts_.size(); ++i) {
    if (texts_[i].first == texts_[i + 1].first) {
      stack_[texts_[i + 1].second] = Value();
    }
  }
  const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(base);
  stack_.erase(std::remove_if(
                   begin, stack_.end(),
                   [](const Value& item) { return item.is_node() && item.document() == nullptr; }),
               stack_.end());
  return true;
}

/// Removes what equals an earlier item above `base`.
bool Machine::distinct(std::size_t base) {
  constexpr std::size_t few = 16;
  const std::size_t count = stack_.size() - base;
  if (count > few && distinct_texts(base)) {
    return spend(4 * count);
  }
  std::size_t kept = base;
  for (std::size_t i = base; i < stack_.size(); ++i) {
    bool known = false;
    const Value item = stack_[i];
    if (!holds_item(base, kept, item, known)) {
      return false;
    }
    if (!known) {
      stack_[kept++] = item;
    }
  }
  drop(kept);
  return true;
}

}  // namespace holdfast::fhir::path
