#include "hl7v2/rendering/fields.h"

#include <algorithm>
#include <span>
#include <tuple>
#include <utility>

namespace holdfast::hl7v2 {
namespace {

using out::text;

/// Types within types: a reference to a role of a person of …
constexpr std::uint32_t type_depth_max = 8;
/// Of one field, by one rule: each is compared with those before it.
constexpr std::size_t repetitions_max = 1'000;

auto order(const Cell& cell) {
  return std::tuple(cell.place.field, cell.place.repetition, cell.place.component,
                    cell.place.subcomponent);
}

bool lies_in(const FieldPlace& cell, const FieldPlace& place) {
  return cell.field == place.field && cell.repetition == place.repetition &&
         (place.component == 0 || cell.component == place.component) &&
         (place.subcomponent == 0 || cell.subcomponent == place.subcomponent);
}

}  // namespace

FieldPlace FieldPlace::part(std::uint16_t n) const {
  FieldPlace made = *this;
  (component == 0 ? made.component : made.subcomponent) = n;
  return made;
}

bool Fields::put(const FieldPlace& place, std::string_view value) {
  if (value.empty()) {
    return false;
  }
  Cell& cell = cells_.emplace_back(place, value);
  cell.place.component = std::max<std::uint16_t>(place.component, 1);
  cell.place.subcomponent = std::max<std::uint16_t>(place.subcomponent, 1);
  return true;
}

bool Fields::is_free(const FieldPlace& place, std::size_t from) const {
  return std::none_of(cells_.begin() + static_cast<std::ptrdiff_t>(from), cells_.end(),
                      [&](const Cell& one) { return lies_in(one.place, place); });
}

void Fields::undo(const Before& before) {
  cells_.resize(before.cells);
  pending_.resize(before.pending);
}

bool Fields::says_same(const FieldPlace& place, std::size_t from, std::size_t to) const {
  std::size_t there = 0;
  for (std::size_t i = from; i < to; ++i) {
    if (!lies_in(cells_[i].place, place)) {
      continue;
    }
    ++there;
    const bool again = std::any_of(
        cells_.begin() + static_cast<std::ptrdiff_t>(to), cells_.end(), [&](const Cell& one) {
          return one.text == cells_[i].text && one.place.component == cells_[i].place.component &&
                 one.place.subcomponent == cells_[i].place.subcomponent;
        });
    if (!again) {
      return false;
    }
  }
  return there == cells_.size() - to;
}

bool Fields::keep(const FieldPlace& place, const Before& before, std::size_t from, Fills fills) {
  const std::span there = std::span(cells_).subspan(from, before.cells - from);
  const std::span made = std::span(cells_).subspan(before.cells);
  const bool is_taken = std::ranges::any_of(there, [&](const Cell& one) {
    return fills == Fills::parts
               ? std::ranges::any_of(made,
                                     [&](const Cell& other) { return order(one) == order(other); })
               : lies_in(one.place, place);
  });
  if (!is_taken) {
    return true;
  }
  if (says_same(place, from, before.cells)) {
    cells_.resize(before.cells);  // said already: what it came from is carried all the same
    return true;
  }
  undo(before);
  return false;
}

Items Fields::items_of(const out::RuleRow& rule, const Item& context) {
  return rule.path == out::none ? Items{context} : selector_.all(rule.path, context);
}

void Fields::imply(const out::RuleRow& rule, const Item& item) {
  for (std::uint32_t i = 0; i < rule.implied; ++i) {
    for (const Item& one : selector_.all(out::implied[rule.first_implied + i], item)) {
      will_carry(one);
    }
  }
}

bool Fields::put_fixed(const out::RuleRow& rule, const FieldPlace& place, const Items& items,
                       const Item& context) {
  if (items.empty() || !put(place, text(rule.value))) {
    return false;
  }
  imply(rule, rule.path == out::none ? context : items.front());
  return true;
}

bool Fields::put_joined(const out::RuleRow& rule, const FieldPlace& place, const Items& items) {
  std::string all;
  for (const Item& one : items) {
    all.append(all.empty() ? "" : " ").append(documents_.text(one));
    will_carry(one);
    imply(rule, one);
  }
  return put(place,
             items.size() == 1 ? documents_.text(items.front()) : documents_.keep(std::move(all)));
}

bool Fields::convert(const out::RuleRow& rule, const Item& item, const FieldPlace& place) {
  const Before before = now();
  const bool done = rule.conversion == out::Conversion::map_
                        ? apply_type(rule, item, place)
                        : say_value({*this, rule, item, place});
  if (!done) {
    undo(before);
    return false;
  }
  imply(rule, item);
  return true;
}

bool Fields::apply_type(const out::RuleRow& rule, const Item& item, const FieldPlace& place) {
  if (depth_ == type_depth_max) {
    return false;
  }
  ++depth_;
  Items& context = selector_.variable(out::Variable::context);
  const Items outer = std::exchange(context, Items{item});
  const out::TypeRow& type = out::types[rule.type];
  const std::size_t from = cells_.size();
  const Selector::Names names = selector_.names_in(item);
  for (std::uint32_t i = 0; i < type.rules; ++i) {
    const out::RuleRow& part = out::rules[type.first_rule + i];
    if (part.path == out::none || Selector::may_lead(part.path, names)) {
      apply_part(part, item, place, from);
    }
  }
  selector_.variable(out::Variable::context) = outer;
  --depth_;
  return cells_.size() > from;
}

bool Fields::apply_part(const out::RuleRow& rule, const Item& context, const FieldPlace& base,
                        std::size_t from) {
  FieldPlace place = base;
  for (const std::uint16_t part : {rule.place.component, rule.place.subcomponent}) {
    if (part != 0) {
      if (!place.has_parts()) {
        return false;
      }
      place = place.part(part);
    }
  }
  if (!selector_.holds(rule.condition, context)) {
    return false;
  }
  const Items items = items_of(rule, context);
  const Before before = now();
  if (rule.conversion == out::Conversion::fixed) {
    return put_fixed(rule, place, items, context) && keep(place, before, from, Fills::all);
  }
  if ((rule.flags & out::rule_joined) != 0) {
    return put_joined(rule, place, items) && keep(place, before, from, Fills::all);
  }
  // A rule for the whole value, such as an identity, fills some of its parts.
  const bool is_whole = rule.place.component == 0 && rule.conversion != out::Conversion::map_;
  return std::any_of(items.begin(), items.end(), [&](const Item& one) {
    return convert(rule, one, place) &&
           keep(place, before, from, is_whole ? Fills::parts : Fills::all);
  });
}

/// Whether the resource said something.
bool Fields::apply_field(const out::RuleRow& rule, const Item& context) {
  FieldPlace place{rule.place.field, 1, rule.place.component, rule.place.subcomponent};
  if (!selector_.holds(rule.condition, context)) {
    return false;
  }
  if (rule.conversion == out::Conversion::count ||
      (rule.path != out::none && Selector::is_text(rule.path))) {
    if (say_value({*this, rule, context, place})) {
      imply(rule, context);
    }
    return false;
  }
  const Items items = items_of(rule, context);
  const Before before = now();
  if (rule.conversion == out::Conversion::fixed) {
    const bool is_free_field = is_free({place.field, 1, 0, 0}, 0);
    const bool of_itself = rule.path == out::none;
    return (!of_itself || is_free_field) && put_fixed(rule, place, items, context) &&
           keep(place, before, 0, Fills::all) && !of_itself;
  }
  if ((rule.flags & out::rule_each) != 0) {
    return apply_each(rule, items, place);
  }
  return std::any_of(items.begin(), items.end(), [&](const Item& one) {
    return convert(rule, one, place) && keep(place, before, 0, Fills::all);
  });
}

/// Every item is a repetition behind those that are there; one that says the same as another is
/// said already.
bool Fields::apply_each(const out::RuleRow& rule, const Items& items, FieldPlace place) {
  std::uint16_t first = 1;
  for (const Cell& cell : cells_) {
    if (cell.place.field == place.field) {
      first = std::max<std::uint16_t>(first, cell.place.repetition + 1);
    }
  }
  std::vector<std::size_t> begins;  // cells of each repetition that this rule has put down
  bool said = false;
  for (const Item& one : items) {
    if (begins.size() == repetitions_max) {
      break;  // the rest is left
    }
    const std::size_t begin = cells_.size();
    place.repetition = static_cast<std::uint16_t>(first + begins.size());
    if (!convert(rule, one, place)) {
      continue;
    }
    said = true;
    begins.push_back(begin);
    if (is_repeated(begins, {place.field, first, place.component, place.subcomponent})) {
      cells_.resize(begin);
      begins.pop_back();
    }
  }
  return said;
}

/// Whether the newest repetition says what one before it says.
bool Fields::is_repeated(const std::vector<std::size_t>& begins, FieldPlace first) const {
  const std::span all(cells_);
  const std::span newest = all.subspan(begins.back());
  for (std::size_t i = 0; i + 1 < begins.size(); ++i) {
    const std::span other = all.subspan(begins[i], begins[i + 1] - begins[i]);
    if (std::ranges::equal(newest, other, [](const Cell& a, const Cell& b) {
          return a.text == b.text && a.place.component == b.place.component &&
                 a.place.subcomponent == b.place.subcomponent;
        })) {
      return true;
    }
  }
  while (--first.repetition > 0) {  // of rules before this one
    if (says_same(first, 0, begins.back())) {
      return true;
    }
  }
  return false;
}

bool Fields::fill(const out::SegmentRow& row, const Item& context, std::uint32_t number) {
  cells_.clear();
  pending_.clear();
  number_ = number;
  selector_.variable(out::Variable::context) = {context};
  bool said = false;
  bool could_say = false;
  const Selector::Names names = selector_.names_in(context);
  for (std::uint32_t i = 0; i < row.rules; ++i) {
    const out::RuleRow& rule = out::rules[row.first_rule + i];
    could_say = could_say || (rule.conversion != out::Conversion::fixed &&
                              (rule.path == out::none || !Selector::is_text(rule.path)));
    if (rule.path == out::none || Selector::is_text(rule.path) ||
        Selector::may_lead(rule.path, names)) {
      said = apply_field(rule, context) || said;
    }
  }
  if (!said && could_say) {
    return false;
  }
  if (said) {
    pending_.push_back({{context.document, context.value, context.via}, Mark::none});
  }
  for (const Pending& one : pending_) {
    one.mark == Mark::carried ? documents_.carry(one.item)
    : one.mark == Mark::aside ? documents_.set_aside(one.item)
                              : documents_.follow(one.item);
  }
  return true;
}

std::uint16_t Fields::missing(const out::SegmentRow& row) const {
  for (std::uint32_t i = 0; i < row.rules; ++i) {
    const out::RuleRow& rule = out::rules[row.first_rule + i];
    if ((rule.flags & out::rule_needed) != 0 && is_free({rule.place.field, 1, 0, 0}, 0)) {
      return rule.place.field;
    }
  }
  return 0;
}

const std::vector<Cell>& Fields::sorted() {
  // The tables are in the order of the fields, but for a few.
  for (std::size_t i = 1; i < cells_.size(); ++i) {
    if (order(cells_[i]) < order(cells_[i - 1])) {
      const auto at = cells_.begin() + static_cast<std::ptrdiff_t>(i);
      const auto behind = std::ranges::upper_bound(cells_.begin(), at, order(*at), {}, order);
      std::rotate(behind, at, at + 1);
    }
  }
  const auto again = std::ranges::unique(cells_, {}, order);
  cells_.erase(again.begin(), again.end());
  return cells_;
}

}  // namespace holdfast::hl7v2
