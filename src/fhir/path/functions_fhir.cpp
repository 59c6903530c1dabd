// fhir/path/functions_fhir.cpp: what FHIR adds to FHIRPath.
// https://hl7.org/fhir/R4/fhirpath.html#functions
#include <algorithm>

#include <fmt/format.h>

#include "fhir/check.h"
#include "fhir/path/html.h"
#include "fhir/path/machine.h"
#include "fhir/path/references.h"

namespace holdfast::fhir::path {
namespace {

constexpr std::string_view base_definition = "http://hl7.org/fhir/StructureDefinition/";

std::string_view member_text(JsonValue object, std::string_view name) {
  const auto found = object.find(name);
  return found && found->is_string() ? found->raw_text() : std::string_view();
}

}  // namespace

bool Machine::extension(const Step& step, const Frame& frame, std::size_t base) {
  std::optional<std::string_view> url;
  if (!text_argument(step, 0, frame, url)) {
    return false;
  }
  const std::size_t end = stack_.size();
  for (std::size_t i = base; url && i < end; ++i) {
    const Value parent = stack_[i];
    const std::size_t first = stack_.size();
    if (!push_named(parent, "extension")) {
      return false;
    }
    std::size_t kept = first;
    for (std::size_t k = first; k < stack_.size(); ++k) {
      const auto has = stack_[k].value().find("url");
      if (has && has->equals(*url)) {
        stack_[kept++] = stack_[k];
      }
    }
    drop(kept);
  }
  erase(base, end);
  return true;
}

bool Machine::has_value(std::size_t base) {
  const bool single = stack_.size() - base == 1;
  const Value item = single ? stack_[base] : Value();
  const bool has = single && (!item.is_node() ? item.kind() != ValueKind::type_info
                                              : item.type().is_primitive() && item.has_value());
  return answer(base, Value::of(has));
}

std::optional<Value> Machine::resolve_one(const Value& item) {
  const auto text = item.is_node() && item.type().is_structure() && item.has_value()
                        ? item.value().find("reference")
                        : std::nullopt;
  std::string reference;
  if (text && text->is_string()) {
    reference = text->text();
  } else if (!item.is_node() || item.type().is_primitive()) {
    reference = text_of(item).value_or("");
  }
  if (reference.empty()) {
    return std::nullopt;
  }
  const Value from = item.is_node() ? item : context_;
  if (auto found = find_in_document(from, reference)) {
    return found;
  }
  if (reference.starts_with('#') || surroundings_->resolver == nullptr) {
    return std::nullopt;
  }
  return surroundings_->resolver->resolve(reference);
}

bool Machine::resolve(std::size_t base) {
  std::size_t kept = base;
  for (std::size_t i = base; i < stack_.size(); ++i) {
    // The way down to the element, and the entries of its Bundle, are walked each time.
    const Json* json = stack_[i].is_node() ? stack_[i].document() : context_.document();
    if (!spend(16 + (json != nullptr ? json->value_count() / 64 : 0))) {
      return false;
    }
    const auto found = resolve_one(stack_[i]);
    if (found) {
      stack_[kept++] = *found;
    }
  }
  drop(kept);
  return true;
}

// "Verifies there are no modifying extensions defined other than the ones given."
bool Machine::check_modifiers(const Step& step, const Frame& frame, std::size_t base) {
  std::vector<std::string_view> allowed;
  for (std::size_t i = 0; i < step.count; ++i) {
    std::optional<std::string_view> url;
    if (!text_argument(step, i, frame, url)) {
      return false;
    }
    if (url) {
      allowed.push_back(*url);
    }
  }
  const std::size_t end = stack_.size();
  for (std::size_t i = base; i < end; ++i) {
    const Value parent = stack_[i];
    if (!push_named(parent, "modifierExtension")) {
      return false;
    }
    for (std::size_t k = end; k < stack_.size(); ++k) {
      const std::string_view url = member_text(stack_[k].value(), "url");
      if (std::ranges::find(allowed, url) == allowed.end()) {
        return fail(step, Code::value, fmt::format("the modifier extension {} is not known", url));
      }
    }
    drop(end);
  }
  return true;
}

// A base definition: the type, and the structure of check.h. Any other profile is somebody else's.
bool Machine::conforms_to(const Step& step, const Frame& frame, std::size_t base) {
  std::optional<std::string_view> profile;
  if (!text_argument(step, 0, frame, profile)) {
    return false;
  }
  if (!profile || stack_.size() == base) {
    drop(base);
    return true;
  }
  if (stack_.size() - base > 1) {
    return fail(step, Code::value, "conformsTo() asks about one value, there are several");
  }
  const Value item = stack_[base];
  const auto type = profile->starts_with(base_definition)
                        ? fhir_type(profile->substr(base_definition.size()))
                        : std::nullopt;
  if (type) {
    if (!is_a(item.type(), *type)) {
      return answer(base, Truth::no);
    }
    const bool resource = item.is_node() && item.document() != nullptr && item.has_value() &&
                          is_a(item.type(), resource_type);
    if (!resource) {
      return fail(step, Code::unsupported, "conformsTo() judges resources, not parts of them");
    }
    return answer(base, Value::of(check_resource(item.value()).has_value()));
  }
  const auto conforms = surroundings_->profiles != nullptr
                            ? surroundings_->profiles->conforms(item, *profile)
                            : std::nullopt;
  if (!conforms) {
    return fail(step, Code::value, fmt::format("the profile {} is not known here", *profile));
  }
  return answer(base, Value::of(*conforms));
}

/// The codes of a code, Coding or CodeableConcept.
bool Machine::codes_of(const Step& step, const Value& value, std::vector<PathCode>& to) {
  const auto add_coding = [&to](JsonValue coding) {
    to.push_back({member_text(coding, "system"), member_text(coding, "code")});
  };
  const auto text = system_value(value, arena_);
  if (text && text->kind() == ValueKind::string) {
    to.push_back({{}, text->string()});
    return true;
  }
  if (value.is_node() && value.has_value() && value.value().is_object()) {
    if (name(value.type()) == "Coding") {
      add_coding(value.value());
      return true;
    }
    if (name(value.type()) == "CodeableConcept") {
      if (const auto codings = value.value().find("coding")) {
        for (const JsonValue coding : codings->children()) {
          add_coding(coding);
        }
      }
      return true;
    }
  }
  return fail(
      step, Code::value,
      fmt::format("a code, Coding or CodeableConcept is needed, not {}", type_text(value.type())));
}

bool Machine::member_of(const Step& step, const Frame& frame, std::size_t base) {
  std::optional<std::string_view> value_set;
  if (!text_argument(step, 0, frame, value_set)) {
    return false;
  }
  if (stack_.size() - base > 1) {
    return fail(step, Code::value, "memberOf() asks about one value, there are several");
  }
  if (!value_set || stack_.size() == base) {
    drop(base);
    return true;
  }
  if (surroundings_->terminology == nullptr) {
    return fail(step, Code::unsupported,
                "memberOf() needs a terminology, which is not at hand here");
  }
  std::vector<PathCode> codes;
  if (!codes_of(step, stack_[base], codes)) {
    return false;
  }
  Truth result = Truth::no;
  for (const PathCode& code : codes) {
    const auto member = surroundings_->terminology->is_member(code, *value_set);
    if (member && *member) {
      return answer(base, Truth::yes);
    }
    result = member ? result : Truth::unknown;
  }
  return answer(base, result);
}

// https://hl7.org/fhir/R4/fhirpath.html#txapi: A subsumes B if any coding of A does any of B.
bool Machine::subsumption(const Step& step, const Frame& frame, std::size_t base) {
  const std::size_t middle = stack_.size();
  if (!eval(program_->operands(step)[0], frame)) {
    return false;
  }
  if (middle - base > 1 || stack_.size() - middle > 1) {
    return fail(step, Code::value, "subsumption is between two values, there are more");
  }
  if (middle == base || stack_.size() == middle) {
    drop(base);
    return true;
  }
  if (surroundings_->terminology == nullptr) {
    return fail(step, Code::unsupported,
                "subsumption needs a terminology, which is not at hand here");
  }
  std::vector<PathCode> above;
  std::vector<PathCode> below;
  const bool forward = step.op == Op::subsumes;
  if (!codes_of(step, stack_[forward ? base : middle], above) ||
      !codes_of(step, stack_[forward ? middle : base], below)) {
    return false;
  }
  Truth result = Truth::no;
  for (const PathCode& ancestor : above) {
    for (const PathCode& descendant : below) {
      const auto does = surroundings_->terminology->subsumes(ancestor, descendant);
      if (does && *does) {
        return answer(base, Truth::yes);
      }
      result = does ? result : Truth::unknown;
    }
  }
  return answer(base, result);
}

bool Machine::html_checks(std::size_t base) {
  bool good = true;
  for (std::size_t i = base; good && i < stack_.size(); ++i) {
    Value item = stack_[i];
    if (name(item.type()) == "Narrative" && item.has_value()) {
      const auto div = item.value().find("div");
      good = div && div->is_string() && !find_narrative_fault(div->text(scratch_));
      continue;
    }
    const auto text = system_value(item, arena_);
    good = text && text->kind() == ValueKind::string && !find_narrative_fault(text->string());
    if (text && text->kind() == ValueKind::string && !spend(text->string().size() / 16)) {
      return false;
    }
  }
  return answer(base, Value::of(good));
}

}  // namespace holdfast::fhir::path
