// api/value_sets.cpp: https://hl7.org/fhir/R4/valueset-operation-expand.html and
// -validate-code.html, and https://hl7.org/fhir/R4/codesystem-operation-validate-code.html.
//
// Expansions are flat and in one version of each system, so that excludeNested and
// excludePostCoordinated change nothing. Left out, and refused by name: context, date, and choosing
// versions of systems. What is unknown, because its code system is not bundled, is refused rather
// than answered with false.
#include <fmt/format.h>

#include "api/terminology.h"
#include "base/time.h"
#include "world/clock.h"

namespace holdfast::api {
namespace {

using namespace fhir::terminology;

struct Shown {
  ExpansionTerms terms;
  bool designations = false;
  std::vector<std::string_view> chosen_designations;  ///< languages or uses; empty is all
};

Result<Shown> read_shown(const OperationInput& input) {
  Shown shown;
  ExpansionTerms& terms = shown.terms;
  terms.filter = input.text("filter");
  TRY(const auto offset, input.number("offset"));
  TRY(const auto count, input.number("count"));
  terms.offset = offset.value_or(0);
  terms.count = count;
  TRY(terms.active_only, input.flag("activeOnly", false));
  TRY(const bool for_ui, input.flag("excludeNotForUI", true));
  terms.abstract_concepts = for_ui ? Abstract::refused : Abstract::allowed;
  terms.language = input.text("displayLanguage");
  TRY(shown.designations, input.flag("includeDesignations", false));
  shown.chosen_designations = input.texts("designation");
  TRY(const bool definition, input.flag("includeDefinition", false));
  if (definition) {
    return fail(Code::unsupported, "expansions come without the definition of the value set here",
                "http.includeDefinition");
  }
  return shown;
}

// A token, as designations are chosen: "cy", "urn:ietf:bcp:47|cy", "http://snomed.info/sct|9000".
bool is_chosen(const Shown& shown, const Designation& designation) {
  if (shown.chosen_designations.empty()) {
    return true;
  }
  const std::string use = fmt::format("{}|{}", designation.use_system, designation.use_code);
  for (const std::string_view token : shown.chosen_designations) {
    const std::string_view code = token.substr(token.rfind('|') + 1);
    const bool plain = code.size() == token.size() || token.starts_with("urn:ietf:bcp:47|");
    if ((plain && code == designation.language) || token == use) {
      return true;
    }
  }
  return false;
}

void write_designations(fhir::JsonWriter& json, const Terminology& in, const Shown& shown,
                        ConceptId id) {
  std::vector<Designation> chosen = in.designations(id);
  std::erase_if(chosen, [&](const Designation& one) { return !is_chosen(shown, one); });
  if (chosen.empty()) {
    return;
  }
  json.open("designation", '[');
  for (const Designation& one : chosen) {
    json.open('{');
    if (!one.language.empty()) {
      json.text("language", one.language);
    }
    if (!one.use_code.empty()) {
      json.open("use", '{');
      if (!one.use_system.empty()) {
        json.text("system", one.use_system);
      }
      json.text("code", one.use_code);
      json.close('}');
    }
    json.text("value", one.value);
    json.close('}');
  }
  json.close(']');
}

void write_entry(fhir::JsonWriter& json, const Terminology& in, const Shown& shown,
                 const Entry& entry) {
  json.open('{');
  json.text("system", entry.system);
  if (entry.is_abstract) {
    json.boolean("abstract", true);
  }
  if (entry.is_inactive) {
    json.boolean("inactive", true);
  }
  if (!entry.version.empty()) {
    json.text("version", entry.version);
  }
  json.text("code", entry.code);
  if (!entry.display.empty()) {
    json.text("display", entry.display);
  }
  if (shown.designations || !shown.chosen_designations.empty()) {
    write_designations(json, in, shown, entry.id);
  }
  json.close('}');
}

void write_parameter(fhir::JsonWriter& json, std::string_view name, std::string_view type,
                     std::string_view value, bool quoted) {
  json.open('{');
  json.text("name", name);
  if (quoted) {
    json.text(type, value);
  } else {
    json.raw(type, value);
  }
  json.close('}');
}

// What steered the expansion, and which versions it was made of.
void write_parameters(fhir::JsonWriter& json, const Terminology& in, const Shown& shown,
                      const Expansion& expansion) {
  json.open("parameter", '[');
  const ExpansionTerms& terms = shown.terms;
  if (!terms.filter.empty()) {
    write_parameter(json, "filter", "valueString", terms.filter, true);
  }
  if (terms.offset != 0) {
    write_parameter(json, "offset", "valueInteger", std::to_string(terms.offset), false);
  }
  if (terms.count) {
    write_parameter(json, "count", "valueInteger", std::to_string(*terms.count), false);
  }
  write_parameter(json, "activeOnly", "valueBoolean", terms.active_only ? "true" : "false", false);
  write_parameter(json, "excludeNested", "valueBoolean", "true", false);
  write_parameter(json, "excludeNotForUI", "valueBoolean",
                  terms.abstract_concepts == Abstract::refused ? "true" : "false", false);
  if (!terms.language.empty()) {
    write_parameter(json, "displayLanguage", "valueCode", terms.language, true);
  }
  for (const SystemId system : expansion.systems) {
    if (const auto version = in.text(system.layer, in.row(system).version); !version.empty()) {
      write_parameter(json, "version", "valueUri", fmt::format("{}|{}", in.url(system), version),
                      true);
    }
  }
  json.close(']');
}

// https://hl7.org/fhir/R4/valueset.html#expansion
Bytes expanded(const Parts& parts, const Terminology& in, ValueSetId set, const Shown& shown,
               const Expansion& expansion) {
  fhir::JsonWriter json(1024 + expansion.entries.size() * 160);
  json.open('{');
  json.text("resourceType", "ValueSet");
  const ValueSetRow& row = in.row(set);
  for (const auto& [key, at] : {std::pair{"url", row.url}, std::pair{"version", row.version},
                                std::pair{"name", row.name}, std::pair{"title", row.title}}) {
    if (const std::string_view text = in.text(set.layer, at); !text.empty()) {
      json.text(key, text);
    }
  }
  json.text("status", name(row.status));
  json.open("expansion", '{');
  json.text("identifier", "urn:uuid:" + new_uuid(parts.random));
  json.text("timestamp", to_instant(parts.clock.wall()));
  json.number("total", expansion.total);
  json.number("offset", shown.terms.offset);
  write_parameters(json, in, shown, expansion);
  if (!expansion.entries.empty()) {  // an empty array is no FHIR
    json.open("contains", '[');
    for (const Entry& entry : expansion.entries) {
      write_entry(json, in, shown, entry);
    }
    json.close(']');
  }
  json.close('}');
  json.close('}');
  return json.take();
}

Result<ValueSetId> chosen_set(const Vocabulary& vocabulary, const OperationInput& input) {
  if (vocabulary.is_laid_over) {
    return ValueSetId{vocabulary.top(), 0};
  }
  return vocabulary.terminology.value_set(canonical(input, "valueSetVersion"));
}

// One answer of several codings: yes if one is, unknown if none is and one may be.
struct Answer {
  Verdict verdict{Truth::no, {}, {}};
  bool first = true;

  void add(Verdict one) {
    const bool better =
        one.truth == Truth::yes || (one.truth == Truth::unknown && verdict.truth == Truth::no);
    if (first || (better && verdict.truth != Truth::yes)) {
      verdict = std::move(one);
    } else if (verdict.truth == Truth::no) {
      verdict.message.append("; ").append(one.message);
    }
    first = false;
  }
};

Result<Reply> show_verdict(const Terminology& in, const Verdict& verdict,
                           std::string_view language) {
  if (verdict.truth == Truth::unknown) {
    return fail(Code::unsupported, verdict.message);
  }
  ParametersWriter out;
  out.boolean("result", verdict.truth == Truth::yes);
  if (!verdict.message.empty()) {
    out.text("message", "String", verdict.message);
  }
  if (verdict.found) {
    if (const auto display = display_in(in, *verdict.found, language); !display.empty()) {
      out.text("display", "String", display);
    }
  }
  return out.reply();
}

Result<Abstract> read_abstract(const OperationInput& input) {
  TRY(const bool allowed, input.flag("abstract", false));
  return allowed ? Abstract::allowed : Abstract::refused;
}

}  // namespace

Result<Reply> expand(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY(const OperationInput input,
      OperationInput::read(
          parts, call,
          {"$expand",
           {"url", "valueSet", "valueSetVersion", "filter", "offset", "count",
            "includeDesignations", "includeDefinition", "activeOnly", "excludeNested",
            "excludeNotForUI", "excludePostCoordinated", "displayLanguage"},
           {"designation"},
           "valueSet"}));
  TRY_OK(check_source(call, input, "valueSet"));
  TRY(const Shown shown, read_shown(input));
  TRY(const Vocabulary with, vocabulary(parts, call, moment, input, "ValueSet", "valueSet"));
  TRY(const ValueSetId set, chosen_set(with, input));
  TRY(const Expansion expansion, with.terminology.expand(set, shown.terms));
  Reply reply;
  reply.headers.add("Content-Type", fhir_json);
  reply.body = expanded(parts, with.terminology, set, shown, expansion);
  return reply;
}

Result<Reply> validate_in_set(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY(const OperationInput input,
      OperationInput::read(
          parts, call,
          {"$validate-code",
           {"url", "valueSet", "valueSetVersion", "code", "system", "systemVersion", "display",
            "coding", "codeableConcept", "abstract", "displayLanguage"},
           {},
           {}}));
  TRY_OK(check_source(call, input, "valueSet"));
  TRY(const auto codings, asked_codings(input, "systemVersion"));
  TRY(const Abstract abstract_concepts, read_abstract(input));
  TRY(const Vocabulary with, vocabulary(parts, call, moment, input, "ValueSet", "valueSet"));
  TRY(const ValueSetId set, chosen_set(with, input));
  Answer answer;
  for (const AskedCoding& coding : codings) {
    if (coding.system.empty()) {
      return fail(Code::required, "a code means nothing without its system: give system as well");
    }
    answer.add(with.terminology.contains(set, coding.view(), abstract_concepts));
  }
  return show_verdict(with.terminology, answer.verdict, input.text("displayLanguage"));
}

Result<Reply> validate_in_system(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY(const OperationInput input,
      OperationInput::read(parts, call,
                           {"$validate-code",
                            {"url", "codeSystem", "code", "version", "display", "coding",
                             "codeableConcept", "abstract", "displayLanguage"},
                            {},
                            {}}));
  const bool says_system = !call.match.id.empty() || input.has("codeSystem") || input.has("url");
  if (says_system || input.has("code")) {
    TRY_OK(check_source(call, input, "codeSystem"));
  }
  TRY(auto codings, asked_codings(input, "version"));
  TRY(const Abstract abstract_concepts, read_abstract(input));
  TRY(const Vocabulary with, vocabulary(parts, call, moment, input, "CodeSystem", "codeSystem"));
  std::string url(input.text("url"));
  if (with.is_laid_over) {
    const auto systems = with.terminology.tables(with.top()).systems;
    if (systems.empty()) {
      return fail(Code::unsupported, "a supplement has no codes of its own");
    }
    url = with.terminology.text(with.top(), systems[0].url);
  }
  Answer answer;
  for (AskedCoding& coding : codings) {
    if (coding.system.empty()) {
      coding.system = url;
    }
    if (!url.empty() && coding.system != url) {
      answer.add(Verdict{
          Truth::no, {}, fmt::format("'{}' is of {}, not of {}", coding.code, coding.system, url)});
    } else if (coding.system.empty()) {
      return fail(Code::required, "a code means nothing without its system: give url as well");
    } else {
      answer.add(with.terminology.has(coding.view(), abstract_concepts));
    }
  }
  return show_verdict(with.terminology, answer.verdict, input.text("displayLanguage"));
}

}  // namespace holdfast::api
