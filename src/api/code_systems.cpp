// api/code_systems.cpp: https://hl7.org/fhir/R4/codesystem-operation-lookup.html and
// -subsumes.html, and https://hl7.org/fhir/R4/conceptmap-operation-translate.html. Left out, and
// refused by name: date, and $translate with dependency.
#include <algorithm>

#include <fmt/format.h>

#include "api/terminology.h"

namespace holdfast::api {
namespace {

using namespace fhir::terminology;

// A version that is not the one here is not there.
Result<void> check_version(const Terminology& in, std::string_view url, std::string_view version) {
  const auto system = in.system(url);
  if (version.empty() || !system) {
    return ok();
  }
  const std::string_view here = in.text(system->layer, in.row(*system).version);
  if (here != version) {
    return fail(Code::not_found, fmt::format("version {} of {} is not here{}{}", version, url,
                                             here.empty() ? "" : ", only ", here));
  }
  return ok();
}

void write_property(ParametersWriter& out, const Property& property) {
  out.open("property");
  out.text("code", "Code", property.code);
  switch (property.kind) {
    case PropertyKind::code: out.text("value", "Code", property.value); break;
    case PropertyKind::string: out.text("value", "String", property.value); break;
    case PropertyKind::date_time: out.text("value", "DateTime", property.value); break;
    case PropertyKind::boolean: out.raw("value", "Boolean", property.value); break;
    case PropertyKind::integer: out.raw("value", "Integer", property.value); break;
    case PropertyKind::decimal: out.raw("value", "Decimal", property.value); break;
  }
  if (!property.description.empty()) {
    out.text("description", "String", property.description);
  }
  out.close();
}

void write_designation(ParametersWriter& out, const Designation& designation) {
  out.open("designation");
  if (!designation.language.empty()) {
    out.text("language", "Code", designation.language);
  }
  if (!designation.use_code.empty()) {
    out.coding("use", designation.use_system, {}, designation.use_code, designation.use_display);
  }
  out.text("value", "String", designation.value);
  out.close();
}

Reply show_concept(const Terminology& in, ConceptId id, const OperationInput& input) {
  const Description found = in.describe(id);
  const auto wanted = input.texts("property");
  const auto asked = [&wanted](std::string_view code) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), code) != wanted.end();
  };
  ParametersWriter out;
  out.text("name", "String",
           found.system_name.empty() ? in.url(in.system_of(id)) : found.system_name);
  if (!found.version.empty()) {
    out.text("version", "String", found.version);
  }
  const std::string_view display = display_in(in, id, input.text("displayLanguage"));
  out.text("display", "String", display.empty() ? in.code(id) : display);
  if (asked("designation")) {
    for (const Designation& designation : found.designations) {
      write_designation(out, designation);
    }
  }
  if (!found.definition.empty() && asked("definition")) {
    write_property(out, Property{"definition", found.definition, PropertyKind::string, {}});
  }
  for (const Property& property : found.properties) {
    if (asked(property.code)) {
      write_property(out, property);
    }
  }
  return out.reply();
}

// The two codes of $subsumes, of one system.
struct Pair {
  std::string system;
  std::string a;
  std::string b;
};
Result<Pair> read_pair(const OperationInput& input) {
  TRY(const auto coding_a, input.object("codingA"));
  TRY(const auto coding_b, input.object("codingB"));
  const bool by_coding = coding_a && coding_b && !input.has("codeA") && !input.has("codeB");
  const bool by_code = input.has("codeA") && input.has("codeB") && !coding_a && !coding_b;
  if (!by_coding && !by_code) {
    return fail(Code::required, "give codeA and codeB with system, or codingA and codingB");
  }
  if (by_code) {
    return Pair{std::string(input.text("system")), std::string(input.text("codeA")),
                std::string(input.text("codeB"))};
  }
  TRY(const AskedCoding a, read_coding(*coding_a));
  TRY(const AskedCoding b, read_coding(*coding_b));
  if (a.system != b.system) {
    return fail(Code::value,
                fmt::format("codes of two systems cannot subsume each other: {} and {}", a.system,
                            b.system));
  }
  return Pair{a.system, a.code, b.code};
}

void write_match(ParametersWriter& out, const Translation& match) {
  out.open("match");
  out.text("equivalence", "Code", name(match.equivalence));
  if (!match.code.empty()) {
    out.coding("concept", match.system, {}, match.code, match.display);
  }
  for (const Translation::Product& product : match.products) {
    out.open("product");
    out.text("element", "Uri", product.element);
    out.coding("concept", product.system, {}, product.code, product.display);
    out.close();
  }
  if (!match.map.empty()) {
    out.text("source", "Uri", match.map);
  }
  out.close();
}

bool is_good(const Translation& match) {
  return match.equivalence != Equivalence::unmatched && match.equivalence != Equivalence::disjoint;
}

}  // namespace

Result<Reply> lookup(const Parts& parts, const Call& call) {
  TRY(const OperationInput input,
      OperationInput::read(parts, call,
                           {"$lookup",
                            {"code", "system", "version", "coding", "displayLanguage"},
                            {"property"},
                            {}}));
  TRY(const auto codings, asked_codings(input, "version"));
  const AskedCoding& coding = codings.front();
  if (coding.system.empty()) {
    return fail(Code::required, "a code means nothing without its system: give system as well");
  }
  TRY_OK(check_version(parts.terminology, coding.system, coding.version));
  TRY(const ConceptId id, parts.terminology.concept_of(coding.system, coding.code));
  return show_concept(parts.terminology, id, input);
}

Result<Reply> subsumes(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY(const OperationInput input,
      OperationInput::read(
          parts, call,
          {"$subsumes", {"codeA", "codeB", "system", "version", "codingA", "codingB"}, {}, {}}));
  TRY(Pair pair, read_pair(input));
  TRY(const Vocabulary with, vocabulary(parts, call, moment, input, "CodeSystem", ""));
  if (with.is_laid_over) {
    const auto systems = with.terminology.tables(with.top()).systems;
    const std::string_view url =
        systems.empty() ? std::string_view() : with.terminology.text(with.top(), systems[0].url);
    if (!pair.system.empty() && pair.system != url) {
      return fail(Code::value, fmt::format("this CodeSystem is {}, not {}", url, pair.system),
                  "http.system");
    }
    pair.system = url;
  }
  if (pair.system.empty()) {
    return fail(Code::required, "codes mean nothing without their system: give system as well");
  }
  TRY_OK(check_version(with.terminology, pair.system, input.text("version")));
  TRY(const Subsumption outcome, with.terminology.subsumes(pair.system, pair.a, pair.b));
  ParametersWriter out;
  out.text("outcome", "Code", name(outcome));
  return out.reply();
}

Result<Reply> translate(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY(const OperationInput input,
      OperationInput::read(
          parts, call,
          {"$translate",
           {"url", "conceptMap", "conceptMapVersion", "code", "system", "version", "source",
            "coding", "codeableConcept", "target", "targetsystem", "reverse"},
           {},
           {}}));
  const bool says_map = !call.match.id.empty() || input.has("url") || input.has("conceptMap");
  if (says_map) {
    TRY_OK(check_source(call, input, "conceptMap"));
  }
  TRY(const auto codings, asked_codings(input, "version"));
  TRY(const Vocabulary with, vocabulary(parts, call, moment, input, "ConceptMap", "conceptMap"));
  TranslateTerms terms;
  const std::string map = canonical(input, "conceptMapVersion");
  terms.map = map;
  if (with.is_laid_over) {
    terms.only = ConceptMapId{with.top(), 0};
    terms.map = {};
  }
  terms.source = input.text("source");
  terms.target = input.text("target");
  terms.target_system = input.text("targetsystem");
  TRY(terms.reverse, input.flag("reverse", false));
  std::vector<Translation> matches;
  for (const AskedCoding& coding : codings) {
    TRY(const auto found, with.terminology.translate(coding.view(), terms));
    matches.insert(matches.end(), found.begin(), found.end());
  }
  ParametersWriter out;
  const bool good = std::any_of(matches.begin(), matches.end(), is_good);
  out.boolean("result", good);
  if (!good) {
    out.text("message", "String",
             fmt::format("no map {}has a translation of '{}'",
                         says_map ? "that was named " : "here ", codings.front().code));
  }
  for (const Translation& match : matches) {
    write_match(out, match);
  }
  return out.reply();
}

}  // namespace holdfast::api
