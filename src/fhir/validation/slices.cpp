// Slices: which items of a list are which, by discriminators; how many of each there are; and what
// becomes of the others. https://hl7.org/fhir/R4/profiling.html#slicing
//
// An item is of a slice if it has, at the path of each discriminator, what the slice fixes there:
// by fixed values, patterns, required bindings, at the element, above or below it, or in the
// profile that the element must conform to.
#include <algorithm>

#include <fmt/format.h>

#include "fhir/validation/equal.h"
#include "fhir/validation/inspection.h"
#include "fhir/validation/profile_reader.h"

namespace holdfast::fhir::validation {
namespace {

using terminology::Truth;
using StepKind = Discriminator::Step::Kind;

/// no wins; yes where something was asked for and found.
class Verdict {
 public:
  void add(Truth truth) {
    if (truth == Truth::unknown) {
      return;
    }
    is_no_ = is_no_ || truth == Truth::no;
    is_yes_ = is_yes_ || truth == Truth::yes;
  }
  [[nodiscard]] Truth truth() const {
    return is_no_ ? Truth::no : is_yes_ ? Truth::yes : Truth::unknown;
  }

 private:
  bool is_no_ = false;
  bool is_yes_ = false;
};

/// The node at the end of the steps, from a slice down; no_node where the profile says nothing
/// there, or goes into another profile.
NodeId node_at(const Profile& profile, NodeId from, std::span<const Discriminator::Step> steps) {
  for (const Discriminator::Step& step : steps) {
    if (step.kind == StepKind::of_type || step.kind == StepKind::resolve) {
      continue;
    }
    const auto& children = profile.nodes[from].children;
    const std::string_view wanted =
        step.kind == StepKind::extension ? std::string_view("extension") : step.name;
    const auto child =
        std::ranges::find_if(children, [&](NodeId id) { return profile.nodes[id].name == wanted; });
    if (child == children.end()) {
      return no_node;
    }
    from = *child;
  }
  return from;
}

}  // namespace

void Inspection::check_slices(const Profile& profile, NodeId id, const path::Value& parent,
                              const Items& items) {
  const ProfileNode& node = profile.nodes[id];
  const Slicing* const slicing = node.slicing ? &*node.slicing : nullptr;
  if (slicing == nullptr || (slicing->discriminators.empty() && !node.slices.empty())) {
    if (unknown_.insert(profile.url + node.id).second && wants(Severity::information)) {
      note(Severity::information, IssueType::not_supported, place_of(parent),
           fmt::format(
               "the slices of {} in {} have no discriminator that can be followed here; they "
               "are not checked",
               node.id, profile.url),
           profile.url);
    }
    return;
  }
  std::vector<std::size_t> counts(node.slices.size());
  bool is_undecided = false;
  bool had_others = false;
  std::size_t latest = 0;
  for (const path::Value& item : items) {
    std::optional<std::size_t> found;
    bool unsure = false;
    for (std::size_t i = 0; i < node.slices.size() && !found; ++i) {
      const Truth truth = is_of_slice(profile, node.slices[i], *slicing, item);
      if (truth == Truth::yes) {
        found = i;
      }
      unsure = unsure || truth == Truth::unknown;
    }
    if (!found && unsure) {
      is_undecided = true;
      if (wants(Severity::information)) {
        note(Severity::information, IssueType::not_supported, place_of(item),
             fmt::format("which slice of {} in {} this is cannot be told here", node.id,
                         profile.url),
             profile.url);
      }
      continue;
    }
    if (!found) {
      had_others = true;
      if (slicing->rules == Slicing::Rules::closed && wants(Severity::error)) {
        note(Severity::error, IssueType::structure, place_of(item),
             fmt::format("this is none of the slices of {}, and {} allows no others", node.id,
                         profile.url),
             profile.url);
      }
      continue;
    }
    const bool is_out_of_order = (slicing->ordered && *found < latest) ||
                                 (slicing->rules == Slicing::Rules::open_at_end && had_others);
    if (is_out_of_order && wants(Severity::error)) {
      note(Severity::error, IssueType::structure, place_of(item),
           fmt::format("{} stands behind what it must stand before, as {} orders its slices",
                       profile.nodes[node.slices[*found]].id, profile.url),
           profile.url);
    }
    latest = std::max(latest, *found);
    ++counts[*found];
    check_node(profile, node.slices[*found], item);
  }
  for (std::size_t i = 0; i < node.slices.size(); ++i) {
    const ProfileNode& slice = profile.nodes[node.slices[i]];
    if (!is_undecided || (slice.max && counts[i] > *slice.max)) {
      check_count(profile, slice, parent, counts[i]);
    }
  }
}

Inspection::Truth Inspection::is_of_slice(const Profile& profile, NodeId slice,
                                          const Slicing& slicing, const path::Value& item) {
  bool unsure = false;
  for (const Discriminator& discriminator : slicing.discriminators) {
    Truth truth = Truth::unknown;
    switch (discriminator.kind) {
      case Discriminator::Kind::value:
        truth = has_value(profile, slice, discriminator.steps, {item});
        break;
      case Discriminator::Kind::exists:
        truth = does_exist(profile, slice, discriminator, item);
        break;
      case Discriminator::Kind::type:
        truth = is_of_type(profile, slice, discriminator, item);
        break;
      case Discriminator::Kind::profile:
        truth = has_profile(profile, slice, discriminator, item);
        break;
    }
    if (truth == Truth::no) {
      return truth;
    }
    unsure = unsure || truth == Truth::unknown;
  }
  return unsure ? Truth::unknown : Truth::yes;
}

/// Whether some of the values is what the node itself fixes.
Inspection::Truth Inspection::has_own_value(const Profile& profile, NodeId id,
                                            const Items& values) {
  const ProfileNode& node = profile.nodes[id];
  const auto some = [&](const auto& is_it) {
    return std::ranges::any_of(values, [&](const path::Value& value) {
      return value.is_node() && value.has_value() && is_it(value.value());
    });
  };
  Verdict verdict;
  if (node.fixed) {
    const JsonValue wanted = profile.value(*node.fixed);
    verdict.add(some([&](JsonValue v) { return is_same(v, wanted); }) ? Truth::yes : Truth::no);
  }
  if (node.pattern) {
    const JsonValue wanted = profile.value(*node.pattern);
    verdict.add(some([&](JsonValue v) { return fits(v, wanted); }) ? Truth::yes : Truth::no);
  }
  if (node.binding && node.binding->strength == terminology::Strength::required) {
    const auto set = known_.terminology.value_set(node.binding->value_set);
    bool unsure = false;
    const bool is_in = some([&](JsonValue v) {
      const Truth truth = truth_of(v, set ? std::optional(*set) : std::nullopt);
      unsure = unsure || truth == Truth::unknown;
      return truth == Truth::yes;
    });
    verdict.add(is_in ? Truth::yes : unsure ? Truth::unknown : Truth::no);
  }
  return verdict.truth();
}

/// `values` are what stands at the node; the rest of the discriminator's path follows.
Inspection::Truth Inspection::has_value(const Profile& profile, NodeId id, Steps steps,
                                        const Items& values) {
  const ProfileNode& node = profile.nodes[id];
  Verdict verdict;
  verdict.add(has_own_value(profile, id, values));
  const auto follow = [&](NodeId child, Steps rest, const path::Program& step) {
    Items below;
    for (const path::Value& value : values) {
      if (!select(step, value, below)) {
        return;
      }
    }
    if (!steps.empty() && steps.front().kind == StepKind::extension) {
      std::erase_if(below, [&](const path::Value& value) {
        const auto url = value.has_value() ? value.value().find("url") : std::nullopt;
        return !url || !url->equals(steps.front().name);
      });
    }
    verdict.add(has_value(profile, child, rest, below));
    for (const NodeId slice : profile.nodes[child].slices) {
      if (profile.nodes[slice].min > 0) {
        verdict.add(has_value(profile, slice, rest, below));
      }
    }
  };
  if (steps.empty()) {
    for (const NodeId child : node.children) {
      follow(child, {}, profile.nodes[child].step);
    }
  } else if (steps.front().kind == StepKind::child || steps.front().kind == StepKind::extension) {
    const bool is_child = steps.front().kind == StepKind::child;
    const std::string_view wanted = is_child ? std::string_view(steps.front().name) : "extension";
    for (const NodeId child : node.children) {
      if (profile.nodes[child].name == wanted) {
        follow(child, steps.subspan(1), profile.nodes[child].step);
      }
    }
  } else if (steps.front().kind == StepKind::of_type) {
    verdict.add(has_value(profile, id, steps.subspan(1), values));
  }
  if (verdict.truth() == Truth::unknown && !values.empty()) {
    return has_value_elsewhere(node, steps, values);
  }
  return verdict.truth();
}

/// The same, where the profile that the element or its target must conform to says it. It goes from
/// item to item, so profiles that name each other end with the document.
Inspection::Truth Inspection::has_value_elsewhere(const ProfileNode& node, Steps steps,
                                                  const Items& values) {
  const bool resolves = !steps.empty() && steps.front().kind == StepKind::resolve;
  for (const TypeRule& type : node.types) {
    const std::vector<std::string>& elsewhere = resolves ? type.targets : type.profiles;
    if (elsewhere.size() != 1) {
      continue;
    }
    const FoundProfile found = known_.library.find(elsewhere.front());
    const bool is_by_url = !resolves && !steps.empty() && steps.front().name == "url";
    if (found.profile == nullptr && is_by_url) {
      // An extension's url is that of its definition, whether that is known or not.
      const std::string_view wanted = without_version(elsewhere.front());
      const bool is_it = std::ranges::any_of(values, [&](const path::Value& value) {
        const auto url = value.has_value() ? value.value().find("url") : std::nullopt;
        return url && url->equals(wanted);
      });
      return is_it ? Truth::yes : Truth::no;
    }
    if (found.profile == nullptr) {
      continue;
    }
    if (!resolves) {
      return has_value(*found.profile, 0, steps, values);
    }
    Items there;
    for (const path::Value& value : values) {
      const auto target =
          value.has_value() ? target_of(value.value(), Depth::resource) : std::nullopt;
      if (target && target->document() != nullptr) {
        there.push_back(*target);
      }
    }
    if (!there.empty()) {
      return has_value(*found.profile, 0, steps.subspan(1), there);
    }
  }
  return Truth::unknown;
}

Inspection::Truth Inspection::is_of_type(const Profile& profile, NodeId slice,
                                         const Discriminator& discriminator,
                                         const path::Value& item) {
  const NodeId at = node_at(profile, slice, discriminator.steps);
  if (at == no_node || profile.nodes[at].types.empty()) {
    return Truth::unknown;
  }
  const bool resolves =
      !discriminator.steps.empty() && discriminator.steps.back().kind == StepKind::resolve;
  Items values;
  if (!select(discriminator.program, item, values)) {
    return Truth::unknown;
  }
  if (values.empty()) {
    return resolves ? Truth::unknown : Truth::no;
  }
  const auto fits_type = [&](const path::Value& value) {
    return std::ranges::any_of(profile.nodes[at].types, [&](const TypeRule& rule) {
      if (!resolves) {
        return path::is_a(value.type(), rule.type);
      }
      return std::ranges::any_of(rule.targets, [&](const std::string& target) {
        const FoundProfile found = known_.library.find(target);
        return path::is_a(value.type(),
                          found.profile != nullptr ? found.profile->type : found.type);
      });
    });
  };
  return std::ranges::any_of(values, fits_type) ? Truth::yes : Truth::no;
}

Inspection::Truth Inspection::has_profile(const Profile& profile, NodeId slice,
                                          const Discriminator& discriminator,
                                          const path::Value& item) {
  const NodeId at = node_at(profile, slice, discriminator.steps);
  if (at == no_node) {
    return Truth::unknown;
  }
  const bool resolves =
      !discriminator.steps.empty() && discriminator.steps.back().kind == StepKind::resolve;
  Items values;
  if (!select(discriminator.program, item, values)) {
    return Truth::unknown;
  }
  if (values.empty()) {
    return resolves ? Truth::unknown : Truth::no;
  }
  bool unsure = false;
  for (const TypeRule& rule : profile.nodes[at].types) {
    for (const std::string& canonical : resolves ? rule.targets : rule.profiles) {
      const FoundProfile found = known_.library.find(canonical);
      for (const path::Value& value : values) {
        const bool is_here = value.is_node() && value.document() != nullptr;
        if (found.profile == nullptr || !is_here) {
          const path::TypeRef type = found.profile != nullptr ? found.profile->type : found.type;
          const bool is_of_type = type.is_known() && path::is_a(value.type(), type);
          if (is_of_type && found.profile == nullptr) {
            return Truth::yes;
          }
          unsure = unsure || is_of_type || !type.is_known();
        } else if (conforms_quietly(*found.profile, value)) {
          return Truth::yes;
        }
      }
    }
  }
  return unsure ? Truth::unknown : Truth::no;
}

Inspection::Truth Inspection::does_exist(const Profile& profile, NodeId slice,
                                         const Discriminator& discriminator,
                                         const path::Value& item) {
  const NodeId at = node_at(profile, slice, discriminator.steps);
  Items values;
  if (at == no_node || !select(discriminator.program, item, values)) {
    return Truth::unknown;
  }
  const ProfileNode& node = profile.nodes[at];
  if (node.max == 0U) {
    return values.empty() ? Truth::yes : Truth::no;
  }
  if (node.min > 0) {
    return values.empty() ? Truth::no : Truth::yes;
  }
  return Truth::unknown;
}

}  // namespace holdfast::fhir::validation
