// What one ElementDefinition says beyond the base.
// https://hl7.org/fhir/R4/elementdefinition.html
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "fhir/path/compile.h"
#include "fhir/terminology/bindings.h"
#include "fhir/validation/profile_reader.h"
#include "fhir/validation/tables.h"

namespace holdfast::fhir::validation {
namespace {

constexpr std::string_view fhir_type_url =
    "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";
constexpr std::string_view max_value_set_url =
    "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet";

std::string text_of(JsonValue in, std::string_view member) {
  const auto found = in.find(member);
  return found && found->is_string() ? found->text() : std::string();
}

std::optional<std::uint32_t> number_of(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc{} && end == text.data() + text.size() ? std::optional(value)
                                                                  : std::nullopt;
}

std::vector<std::string> texts_of(JsonValue in, std::string_view member) {
  std::vector<std::string> all;
  if (const auto list = in.find(member); list && list->is_array()) {
    for (const JsonValue item : list->children()) {
      if (item.is_string()) {
        all.push_back(item.text());
      }
    }
  }
  return all;
}

/// Of types that the definitions write as those of FHIRPath: ids, urls, values of primitives.
std::string type_code(JsonValue type) {
  std::string code = text_of(type, "code");
  if (code.starts_with("http://hl7.org/fhirpath/System.")) {
    code = "string";
    if (const auto extensions = type.find("extension")) {
      for (const JsonValue extension : extensions->children()) {
        if (text_of(extension, "url") == fhir_type_url) {
          code = text_of(extension, "valueUrl");
        }
      }
    }
  }
  return code;
}

/// The targets that the base allows, as urls; empty: any.
std::set<std::string> base_targets(const ElementRow& row) {
  std::set<std::string> urls;
  for (const std::uint8_t type : target_types(row.targets)) {
    urls.insert(fmt::format("{}{}", base_definition_url, name(TypeId{type})));
  }
  return urls;
}

}  // namespace

void ProfileReader::read_counts(JsonValue element, NodeId id) {
  ProfileNode& node = profile_.nodes[id];
  if (id == 0) {
    return;  // of the thing itself: there is one
  }
  const bool is_slice = !node.slice.empty();
  const ElementRow* const row = grounds_[id].rows.empty() ? nullptr : grounds_[id].rows.front();
  const bool is_required = row != nullptr && row->required != not_required;
  const bool repeats = row == nullptr || (row->flags & row_repeats) != 0;
  if (const auto min = element.find("min")) {
    const std::uint32_t least = number_of(min->raw()).value_or(0);
    node.min = !is_slice && least <= (is_required ? 1U : 0U) ? 0 : least;
  }
  if (const std::string max = text_of(element, "max"); !max.empty()) {
    node.max = max == "*" ? std::nullopt : number_of(max);
    if (!is_slice && node.max == 1U && !repeats) {
      node.max.reset();
    }
  }
}

bool ProfileReader::adds_nothing(const std::vector<TypeRule>& types, const Grounds& grounds) const {
  for (const TypeRule& rule : types) {
    const auto at = std::ranges::find(grounds.types, rule.type);
    if (!rule.profiles.empty() || at == grounds.types.end()) {
      return false;
    }
    const ElementRow& row = *grounds.rows[static_cast<std::size_t>(at - grounds.types.begin())];
    const std::set<std::string> targets(rule.targets.begin(), rule.targets.end());
    if (!targets.empty() && targets != base_targets(row)) {
      return false;
    }
  }
  return types.size() == grounds.types.size();
}

// https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.type
void ProfileReader::read_types(JsonValue element, NodeId id) {
  const auto list = element.find("type");
  if (!list || !list->is_array() || id == 0) {
    return;
  }
  std::vector<TypeRule> types;
  for (const JsonValue item : list->children()) {
    const std::string code = type_code(item);
    const auto type = path::fhir_type(code);
    if (!type) {
      leave(profile_.nodes[id].id, fmt::format("{} is no type of FHIR R4", code));
      return;
    }
    TypeRule rule{*type, texts_of(item, "profile"), {}};
    if (code == "Reference") {
      rule.targets = texts_of(item, "targetProfile");
      if (std::ranges::find(rule.targets, std::string(base_definition_url) + "Resource") !=
          rule.targets.end()) {
        rule.targets.clear();
      }
    }
    types.push_back(std::move(rule));
  }
  Grounds& grounds = grounds_[id];
  const bool is_narrow = std::ranges::all_of(types, [](const TypeRule& rule) {
    return rule.type != path::resource_type && rule.type != path::backbone_type &&
           rule.type != path::element_type;
  });
  if (!is_narrow || types.empty() ||
      (profile_.nodes[id].slice.empty() && adds_nothing(types, grounds))) {
    return;
  }
  // Rows of the types that are left, where the base has them as such.
  Grounds left;
  for (const TypeRule& rule : types) {
    for (std::size_t i = 0; i < grounds.types.size(); ++i) {
      if (grounds.types[i] == rule.type ||
          (grounds.types[i] == path::resource_type && path::is_a(rule.type, path::resource_type))) {
        left.rows.push_back(grounds.rows[i]);
        left.types.push_back(rule.type);
      }
    }
  }
  if (!left.rows.empty()) {
    grounds = std::move(left);
  }
  profile_.nodes[id].types = std::move(types);
}

std::uint32_t ProfileReader::keep(JsonValue value) {
  values_.append(value_count_ == 0 ? "" : ",").append(value.raw());
  return value_count_++;
}

void ProfileReader::read_values(JsonValue element, NodeId id) {
  ProfileNode& node = profile_.nodes[id];
  for (const JsonValue member : element.children()) {
    const BytesView key = member.raw_key();
    if (key.starts_with("fixed")) {
      node.fixed = keep(member);
    } else if (key.starts_with("pattern")) {
      node.pattern = keep(member);
    } else if (key.starts_with("minValue")) {
      node.min_value = keep(member);
    } else if (key.starts_with("maxValue") && key != "maxValueSet") {
      node.max_value = keep(member);
    } else if (key == "maxLength") {
      node.max_length = number_of(member.raw());
    }
  }
}

void ProfileReader::read_binding(JsonValue element, NodeId id) {
  const auto binding = element.find("binding");
  if (!binding) {
    return;
  }
  ProfileBinding read;
  const std::string strength = text_of(*binding, "strength");
  read.value_set = text_of(*binding, "valueSet");
  if (const auto extensions = binding->find("extension")) {
    for (const JsonValue extension : extensions->children()) {
      if (text_of(extension, "url") == max_value_set_url) {
        read.widest = text_of(extension, "valueCanonical");
        read.widest += text_of(extension, "valueUri");
      }
    }
  }
  const bool required = strength == "required";
  const bool counts = required || strength == "extensible";
  if (!counts) {
    read.value_set.clear();
  }
  read.strength = required ? terminology::Strength::required : terminology::Strength::extensible;
  if (read.value_set.empty() && read.widest.empty()) {
    return;
  }
  for (const ElementRow* row : grounds_[id].rows) {
    const auto base = terminology::binding_of(*row);
    if (base && base->url == without_version(read.value_set) && base->strength == read.strength &&
        base->widest_url == without_version(read.widest)) {
      return;
    }
  }
  profile_.nodes[id].binding = std::move(read);
}

// Whether the base definitions have it: a snapshot repeats theirs.
bool ProfileReader::is_of_base(JsonValue constraint) const {
  const std::string key = text_of(constraint, "key");
  const std::string source = text_of(constraint, "source");
  const std::string_view type = std::string_view(source).substr(
      source.starts_with(base_definition_url) ? base_definition_url.size() : 0);
  if (key == "ele-1" || key == "ext-1" || (!source.empty() && path::fhir_type(type))) {
    return true;
  }
  const std::string expression = text_of(constraint, "expression");
  const auto same = [&](const InvariantRow& row) {
    return text(row.key) == key && text(row.expression) == expression;
  };
  const std::span structures(tables::structure_invariants, tables::structure_invariant_count);
  const std::span elements(tables::element_invariants, tables::element_invariant_count);
  return std::ranges::any_of(structures, same) || std::ranges::any_of(elements, same);
}

void ProfileReader::read_rules(JsonValue element, NodeId id) {
  const auto list = element.find("constraint");
  if (!list || !list->is_array()) {
    return;
  }
  const auto has = [this](NodeId node, const std::string& key) {
    return std::ranges::any_of(profile_.nodes[node].rules,
                               [&](const ProfileRule& rule) { return rule.key == key; });
  };
  for (const JsonValue constraint : list->children()) {
    ProfileRule rule;
    rule.key = text_of(constraint, "key");
    rule.human = text_of(constraint, "human");
    rule.is_error = text_of(constraint, "severity") != "warning";
    // A snapshot repeats in a slice what counts for the whole element.
    const bool is_inherited = !profile_.nodes[id].slice.empty() && has(parents_[id], rule.key);
    if (is_of_base(constraint) || has(id, rule.key) || is_inherited) {
      continue;
    }
    const std::string expression = text_of(constraint, "expression");
    path::CompileOptions options;
    options.rigor = path::Rigor::lenient;
    options.type = grounds_[id].types.size() == 1 ? grounds_[id].types.front() : path::unknown_type;
    auto program = path::compile(expression, options);
    if (expression.empty() || !program) {
      leave(profile_.nodes[id].id,
            fmt::format("the rule {} is not checked: {}", rule.key,
                        expression.empty() ? "it has no expression" : program.error().what));
      continue;
    }
    rule.program = *std::move(program);
    profile_.nodes[id].rules.push_back(std::move(rule));
  }
}

// ---- slicing ----------------------------------------------------------------------------------

Result<std::vector<Discriminator::Step>> read_steps(std::string_view path) {
  using Step = Discriminator::Step;
  std::vector<Step> steps;
  while (!path.empty()) {
    std::size_t end = path.find_first_of(".(");
    if (end != std::string_view::npos && path[end] == '(') {
      end = path.find(')', end);
      end = end == std::string_view::npos ? path.size() : end + 1;
    }
    std::string_view step = path.substr(0, end);
    path.remove_prefix(std::min(step.size() + 1, path.size()));
    const auto inside = [&](std::string_view head, std::string_view tail) {
      return step.starts_with(head) && step.ends_with(tail)
                 ? std::optional(step.substr(head.size(), step.size() - head.size() - tail.size()))
                 : std::nullopt;
    };
    if (step == "$this") {
      continue;
    }
    if (step == "resolve()") {
      steps.push_back({Step::Kind::resolve, {}});
    } else if (const auto url = inside("extension('", "')")) {
      steps.push_back({Step::Kind::extension, std::string(*url)});
    } else if (const auto type = inside("ofType(", ")")) {
      steps.push_back({Step::Kind::of_type, std::string(*type)});
    } else if (step.find('(') != std::string_view::npos || step.empty()) {
      return fail(Code::unsupported, fmt::format("'{}' is no step of a discriminator", step));
    } else {
      step = step.ends_with("[x]") ? step.substr(0, step.size() - 3) : step;
      steps.push_back({Step::Kind::child, std::string(step)});
    }
  }
  return steps;
}

void ProfileReader::read_slicing(JsonValue element, NodeId id) {
  const auto raw = element.find("slicing");
  if (!raw) {
    return;
  }
  Slicing slicing;
  const std::string rules = text_of(*raw, "rules");
  slicing.rules = rules == "closed"      ? Slicing::Rules::closed
                  : rules == "openAtEnd" ? Slicing::Rules::open_at_end
                                         : Slicing::Rules::open;
  const auto ordered = raw->find("ordered");
  slicing.ordered = ordered && ordered->raw() == "true";
  const auto list = raw->find("discriminator");
  for (std::uint32_t i = 0; list && i < list->size(); ++i) {
    auto at = list->children().begin();
    std::advance(at, i);
    Discriminator read;
    const std::string kind = text_of(*at, "type");
    read.path = text_of(*at, "path");
    read.kind = kind == "exists"    ? Discriminator::Kind::exists
                : kind == "type"    ? Discriminator::Kind::type
                : kind == "profile" ? Discriminator::Kind::profile
                                    : Discriminator::Kind::value;  // a pattern is one
    auto steps = read_steps(read.path);
    std::string expression;
    for (std::size_t step = 0; steps && step < steps->size(); ++step) {
      using Kind = Discriminator::Step::Kind;
      const auto& [what, name] = (*steps)[step];
      expression += expression.empty() ? "" : ".";
      expression += what == Kind::child       ? fmt::format("`{}`", name)
                    : what == Kind::resolve   ? std::string("resolve()")
                    : what == Kind::extension ? fmt::format("extension('{}')", name)
                                              : fmt::format("ofType({})", name);
    }
    auto program = path::compile(expression.empty() ? "$this" : expression, {});
    if (!steps || !program) {
      leave(profile_.nodes[id].id, fmt::format("its slices by '{}' are not checked: {}", read.path,
                                               steps ? program.error().what : steps.error().what));
      slicing.discriminators.clear();
      break;
    }
    read.steps = *std::move(steps);
    read.program = *std::move(program);
    slicing.discriminators.push_back(std::move(read));
  }
  profile_.nodes[id].slicing = std::move(slicing);
}

}  // namespace holdfast::fhir::validation
