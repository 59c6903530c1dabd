// What a profile asks for, led by its tree: only elements that it says something about are visited.
// https://hl7.org/fhir/R4/profiling.html
#include <algorithm>

#include <fmt/format.h>

#include "fhir/decimal.h"
#include "fhir/path/moment.h"
#include "fhir/validation/equal.h"
#include "fhir/validation/inspection.h"
#include "fhir/validation/profile_reader.h"

namespace holdfast::fhir::validation {
namespace {

std::string_view shown(BytesView raw) { return raw.substr(0, 200); }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

}  // namespace

void Inspection::check_named(std::string_view canonical, const path::Value& value,
                             Severity if_unknown) {
  const FoundProfile found = known_.library.find(canonical);
  if (found.profile != nullptr) {
    return check_profile(*found.profile, value);
  }
  if (found.type.is_known()) {
    if (!path::is_a(value.type(), found.type) && wants(Severity::error)) {
      note(Severity::error, IssueType::structure, place_of(value),
           fmt::format("this is a {}, not a {}", path::name(value.type()), path::name(found.type)),
           canonical);
    }
    return;
  }
  if (!unknown_.insert(std::string(canonical)).second) {
    return;  // said once
  }
  if (wants(if_unknown)) {
    note(if_unknown, IssueType::not_found, place_of(value),
         found.fault.empty()
             ? fmt::format("the profile {} is not known here, and was not checked; put the package "
                           "that has it into the folder of packages",
                           canonical)
             : fmt::format("the profile {} cannot be checked here: {}", canonical, found.fault),
         canonical);
  }
}

void Inspection::check_profile(const Profile& profile, const path::Value& value) {
  if (is_spent() || !checked_.emplace(&profile, place_of(value).index()).second) {
    return;
  }
  for (const std::string& what : profile.unchecked) {
    if (unknown_.insert(profile.url + ' ' + what).second && wants(Severity::information)) {
      note(Severity::information, IssueType::not_supported, place_of(value),
           fmt::format("{} asks for something that is not checked here: {}", profile.url, what),
           profile.url);
    }
  }
  if (!path::is_a(value.type(), profile.type)) {
    if (wants(Severity::error)) {
      note(Severity::error, IssueType::structure, place_of(value),
           fmt::format("{} is a profile of {}, and this is a {}", profile.url,
                       path::name(profile.type), path::name(value.type())),
           profile.url);
    }
    return;
  }
  check_node(profile, 0, value);
}

bool Inspection::conforms_quietly(const Profile& profile, const path::Value& value) {
  const std::pair<const Profile*, std::uint32_t> pair(&profile, place_of(value).index());
  if (!active_.insert(pair).second) {
    return true;  // it is being asked already: profiles that refer to each other
  }
  Report quiet(Detail::counts);
  Report* const loud = std::exchange(report_, &quiet);
  auto checked = std::exchange(checked_, {});
  auto unknown = std::exchange(unknown_, {});
  const Around before = around_;
  if (path::is_a(value.type(), path::resource_type)) {
    const JsonValue root = place_of(around_.root);
    const bool is_inside = pair.second >= root.index() && pair.second < root.next_index();
    around_ = {value, is_inside ? around_.root : value};
  }
  check_profile(profile, value);
  around_ = before;
  unknown_ = std::move(unknown);
  checked_ = std::move(checked);
  report_ = loud;
  active_.erase(pair);
  if (is_spent() && quiet.has_errors()) {
    report_->count_one(Severity::error);
  }
  return !quiet.has_errors();
}

void Inspection::check_node(const Profile& profile, NodeId id, const path::Value& item) {
  const ProfileNode& node = profile.nodes[id];
  if (!spend(1)) {
    return;
  }
  check_types(profile, node, item);
  check_values(profile, node, item);
  if (node.binding && terms_.bindings) {
    check_node_binding(profile, node, item);
  }
  for (const ProfileRule& rule : node.rules) {
    if (decide(rule.program, item, rule.key).value_or(true)) {
      continue;
    }
    const Severity severity = rule.is_error ? Severity::error : Severity::warning;
    if (wants(severity)) {
      note(severity, IssueType::invariant, place_of(item),
           fmt::format("{}: {} ({})", rule.key, rule.human, profile.url), rule.key);
    }
  }
  check_children(profile, id, item);
  if (node.same_as != no_node) {
    check_children(profile, node.same_as, item);
  }
}

void Inspection::check_children(const Profile& profile, NodeId id, const path::Value& item) {
  for (const NodeId child : profile.nodes[id].children) {
    Items items;
    if (!select(profile.nodes[child].step, item, items)) {
      continue;
    }
    check_count(profile, profile.nodes[child], item, items.size());
    for (const path::Value& value : items) {
      check_node(profile, child, value);
    }
    if (profile.nodes[child].slicing || !profile.nodes[child].slices.empty()) {
      check_slices(profile, child, item, items);
    }
  }
}

void Inspection::check_count(const Profile& profile, const ProfileNode& node,
                             const path::Value& parent, std::size_t count) {
  const bool is_short = count < node.min;
  if (!is_short && (!node.max || count <= *node.max)) {
    return;
  }
  if (!wants(Severity::error)) {
    return;
  }
  const std::string bound = is_short         ? fmt::format("at least {}", node.min)
                            : *node.max == 0 ? std::string("none")
                                             : fmt::format("at most {}", *node.max);
  note(Severity::error, is_short ? IssueType::required : IssueType::structure, place_of(parent),
       fmt::format("{} has {} of {}, and {} asks for {}", path::name(parent.type()), count, node.id,
                   profile.url, bound),
       profile.url, node.name);
}

void Inspection::check_types(const Profile& profile, const ProfileNode& node,
                             const path::Value& item) {
  if (node.types.empty()) {
    return;
  }
  const auto rule = std::ranges::find_if(
      node.types, [&](const TypeRule& of) { return path::is_a(item.type(), of.type); });
  if (rule == node.types.end()) {
    if (wants(Severity::error)) {
      std::string list;
      for (const TypeRule& of : node.types) {
        list += fmt::format("{}{}", list.empty() ? "" : ", ", path::name(of.type));
      }
      note(Severity::error, IssueType::structure, place_of(item),
           fmt::format("{} is of type {}, and {} asks for {}", node.id, path::name(item.type()),
                       profile.url, list),
           profile.url);
    }
    return;
  }
  if (!rule->profiles.empty()) {
    check_type_profiles(profile, node, *rule, item);
  }
  if (!rule->targets.empty()) {
    check_profile_targets(profile, node, *rule, item);
  }
}

void Inspection::check_type_profiles(const Profile& profile, const ProfileNode& node,
                                     const TypeRule& rule, const path::Value& item) {
  if (rule.profiles.size() == 1) {
    // What it lacks is told where it lacks it. One that is not known is not the sender's fault.
    return check_named(rule.profiles.front(), item, Severity::warning);
  }
  std::string list;
  for (const std::string& canonical : rule.profiles) {
    const FoundProfile found = known_.library.find(canonical);
    if (!found.is_known()) {
      return check_named(canonical, item, Severity::warning);
    }
    if (found.profile == nullptr ? path::is_a(item.type(), found.type)
                                 : conforms_quietly(*found.profile, item)) {
      return;
    }
    list += fmt::format("{}{}", list.empty() ? "" : ", ", canonical);
  }
  if (wants(Severity::error)) {
    note(Severity::error, IssueType::value, place_of(item),
         fmt::format("{} conforms to none of {}, as {} asks", node.id, list, profile.url),
         profile.url);
  }
}

void Inspection::check_values(const Profile& profile, const ProfileNode& node,
                              const path::Value& item) {
  const auto note_value = [&](std::string_view asks, JsonValue wanted) {
    if (wants(Severity::error)) {
      note(Severity::error, IssueType::value, place_of(item),
           fmt::format("{} is {}, and {} asks for {} {}", node.id,
                       item.has_value() ? shown(item.value().raw()) : "without a value",
                       profile.url, asks, shown(wanted.raw())),
           profile.url);
    }
  };
  if (node.fixed) {
    const JsonValue wanted = profile.value(*node.fixed);
    if (!item.has_value() || !is_same(item.value(), wanted)) {
      note_value("exactly", wanted);
    }
  }
  if (node.pattern) {
    const JsonValue wanted = profile.value(*node.pattern);
    if (!item.has_value() || !fits(item.value(), wanted)) {
      note_value("at least", wanted);
    }
  }
  if (item.has_value()) {
    check_bounds(profile, node, item.value());
  }
}

// https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.minValue_x_
void Inspection::check_bounds(const Profile& profile, const ProfileNode& node, JsonValue value) {
  if (node.max_length && value.is_string()) {
    const std::size_t length = characters(value.text(scratch_));
    if (length > *node.max_length && wants(Severity::error)) {
      note(Severity::error, IssueType::value, value,
           fmt::format("{} has {} characters, and {} allows {}", node.id, length, profile.url,
                       *node.max_length),
           profile.url);
    }
  }
  const auto compare = [&](std::uint32_t bound, bool is_least) {
    const JsonValue limit = profile.value(bound);
    std::optional<std::partial_ordering> order;
    if (value.kind() == JsonKind::number && limit.kind() == JsonKind::number) {
      const auto left = Decimal::parse(value.raw());
      const auto right = Decimal::parse(limit.raw());
      order = left && right ? std::optional<std::partial_ordering>(*left <=> *right) : std::nullopt;
    } else if (value.is_string() && limit.is_string()) {
      const auto left = path::parse_moment(value.text(), path::MomentKind::date_time);
      const auto right = path::parse_moment(limit.text(), path::MomentKind::date_time);
      const auto found = left && right
                             ? path::compare(*left, *right, path::MomentKind::date_time, 0)
                             : std::nullopt;
      order = found ? std::optional<std::partial_ordering>(*found) : std::nullopt;
    }
    if (!order) {
      if (wants(Severity::information)) {
        note(Severity::information, IssueType::not_supported, value,
             fmt::format("whether {} is within the bound {} that {} sets cannot be told here",
                         node.id, shown(limit.raw()), profile.url),
             profile.url);
      }
      return;
    }
    if ((is_least ? *order < 0 : *order > 0) && wants(Severity::error)) {
      note(Severity::error, IssueType::value, value,
           fmt::format("{} is {}, and {} asks for {} {}", node.id, shown(value.raw()), profile.url,
                       is_least ? "at least" : "at most", shown(limit.raw())),
           profile.url);
    }
  };
  if (node.min_value) {
    compare(*node.min_value, true);
  }
  if (node.max_value) {
    compare(*node.max_value, false);
  }
}

void Inspection::check_node_binding(const Profile& profile, const ProfileNode& node,
                                    const path::Value& item) {
  if (!item.has_value()) {
    return;
  }
  const auto set_of = [&](const std::string& canonical) {
    const auto found = known_.terminology.value_set(canonical);
    return found ? std::optional(*found) : std::nullopt;
  };
  const ProfileBinding& binding = *node.binding;
  check_binding(item.value(), {binding.strength, binding.value_set, set_of(binding.value_set),
                               binding.widest, set_of(binding.widest), profile.url});
}

}  // namespace holdfast::fhir::validation
