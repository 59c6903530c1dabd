#include "hl7v2/rendering/selector.h"

#include <algorithm>

#include "base/check.h"
#include "fhir/type.h"

namespace holdfast::hl7v2 {

using out::text;

/// A value, or each value of an array; null says nothing.
void Selector::add_values(const Item& from, std::uint32_t value, Items& to) const {
  const Item found{from.document, value, from.via};
  const fhir::JsonValue at = documents_.at(found);
  if (at.is_array()) {
    for (const fhir::JsonValue one : at.children()) {
      if (!one.is_null()) {
        to.push_back({from.document, one.index(), from.via});
      }
    }
  } else if (!at.is_null()) {
    to.push_back(found);
  }
}

void Selector::members(std::string_view name, Items& items) {
  if (items.size() == 1) {  // nearly always
    const Item from = items.front();
    items.clear();
    const std::uint32_t found = documents_.find(from, name);
    if (found != Documents::no_member) {
      add_values(from, found, items);
    }
    return;
  }
  Items next;
  for (const Item& from : items) {
    const std::uint32_t found = documents_.find(from, name);
    if (found != Documents::no_member) {
      add_values(from, found, next);
    }
  }
  items = std::move(next);
}

Selector::Names Selector::names_in(const Item& item) const {
  const fhir::JsonValue of = documents_.at(item);
  Names names = 0;
  if (of.is_object()) {
    for (const fhir::JsonValue one : of.children()) {
      names |= name_bit(one.raw_key());
    }
  }
  return names;
}

void Selector::step(const out::StepRow& row, Items& items) {
  switch (row.kind) {
    case out::StepKind::member: members(text(row.text), items); break;
    case out::StepKind::extension:
      members("extension", items);
      items.keep_if([&](const Item& one) {
        const auto url = documents_.member(one, "url");
        return url && documents_.at(*url).equals(text(row.text));
      });
      break;
    case out::StepKind::item:
      items = row.number < items.size() ? Items{items[row.number]} : Items{};
      break;
    case out::StepKind::skip:
      items.keep_if([left = row.number](const Item&) mutable { return left == 0 || left-- == 0; });
      break;
    case out::StepKind::where:
      items.keep_if([&](const Item& one) { return holds(row.number, one); });
      break;
    case out::StepKind::resolve: {
      Items next;
      for (const Item& one : items) {
        if (const auto found = documents_.resolve(one)) {
          next.push_back(*found);
        }
      }
      items = std::move(next);
      break;
    }
    case out::StepKind::of_type:
      items.keep_if([&](const Item& one) {
        const auto type = documents_.member(one, "resourceType");
        return type && documents_.at(*type).equals(
                           fhir::name(fhir::TypeId{static_cast<std::uint8_t>(row.number)}));
      });
      break;
  }
}

Items Selector::all(std::uint16_t path, const Item& here) {
  const out::PathRow& row = out::paths[path];
  check(!is_text(path), "a text has no items");
  Items items;
  if (row.start == out::this_item) {
    items.push_back(here);
  } else {
    items = variables_[row.start];
  }
  for (std::uint32_t i = 0; i < row.steps && !items.empty(); ++i) {
    step(out::steps[row.first_step + i], items);
  }
  return items;
}

bool Selector::compare(const out::OpRow& op, std::string_view value) const {
  const auto is_one = [&](auto&& like) {
    for (std::uint32_t i = 0; i < op.texts; ++i) {
      if (like(text(out::texts[op.first_text + i]))) {
        return true;
      }
    }
    return false;
  };
  switch (op.kind) {
    case out::OpKind::equals: return is_one([&](std::string_view one) { return value == one; });
    case out::OpKind::differs: return is_one([&](std::string_view one) { return value != one; });
    case out::OpKind::at_least: return is_one([&](std::string_view one) { return value >= one; });
    case out::OpKind::below: return is_one([&](std::string_view one) { return value < one; });
    case out::OpKind::starts:
      return is_one([&](std::string_view one) { return value.starts_with(one); });
    case out::OpKind::contains:
      return is_one(
          [&](std::string_view one) { return value.find(one) != std::string_view::npos; });
    default: check(false, "an operation that compares with a literal"); return false;
  }
}

/// Equivalence, as far as these tables need it: the same bytes of JSON, in the same order.
bool Selector::is_like(const out::OpRow& op, const Item& here) {
  const Items one = all(op.path, here);
  const Items other = all(op.other, here);
  return std::ranges::equal(one, other, [&](const Item& a, const Item& b) {
    return documents_.at(a).raw() == documents_.at(b).raw();
  });
}

bool Selector::test(const out::OpRow& op, const Item& here) {
  if (op.kind == out::OpKind::same || op.kind == out::OpKind::unlike) {
    return is_like(op, here) == (op.kind == out::OpKind::same);
  }
  if (is_text(op.path)) {
    const std::string_view value = said(op.path);
    return op.kind == out::OpKind::exists  ? !value.empty()
           : op.kind == out::OpKind::empty ? value.empty()
                                           : !value.empty() && compare(op, value);
  }
  const Items items = all(op.path, here);
  if (op.kind == out::OpKind::exists || op.kind == out::OpKind::empty) {
    return items.empty() == (op.kind == out::OpKind::empty);
  }
  // A literal is one item: several are never equal to it, and always another thing.
  return items.size() == 1 ? compare(op, documents_.text(items.front()))
                           : !items.empty() && op.kind == out::OpKind::differs;
}

bool Selector::holds(std::uint16_t condition, const Item& here) {
  if (condition == out::none) {
    return true;
  }
  const out::ConditionRow& row = out::conditions[condition];
  std::uint64_t stack = 0;  // one bit each, the newest is the lowest
  for (std::uint32_t i = 0; i < row.ops; ++i) {
    const out::OpRow& op = out::ops[row.first + i];
    if (op.kind == out::OpKind::and_ || op.kind == out::OpKind::or_) {
      const bool right = (stack & 1U) != 0;
      const bool left = (stack >> 1U & 1U) != 0;
      const bool both = op.kind == out::OpKind::and_ ? left && right : left || right;
      stack = stack >> 2U << 1U | (both ? 1U : 0U);
    } else {
      stack = stack << 1U | (test(op, here) ? 1U : 0U);
    }
  }
  return (stack & 1U) != 0;
}

}  // namespace holdfast::hl7v2
