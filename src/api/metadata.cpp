// api/metadata.cpp: https://hl7.org/fhir/R4/http.html#capabilities. Says what is really there: the
// interactions come from the table of routes, the types and search parameters from the definitions
// that search was built with.
#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/interactions.h"
#include "base/time.h"
#include "fhir/json_writer.h"
#include "search/criteria.h"

namespace holdfast::api {
namespace {

using namespace std::string_view_literals;

// Operations that the standard does not define.
constexpr bool is_our_own(std::string_view operation) {
  constexpr std::array own{
      "chronology"sv,  "explain"sv,        "mapping-report"sv, "take-up"sv,
      "queue"sv,       "sent"sv,           "pause"sv,          "resume"sv,
      "fence"sv,       "test"sv,           "replay"sv,         "retry"sv,
      "skip"sv,        "resend"sv,         "advance"sv,        "assign"sv,
      "close"sv,       "reopen"sv,         "hand-over"sv,      "accept"sv,
      "decline"sv,     "withdraw-offer"sv, "close-many"sv,     "check-pathways"sv,
      "open-duties"sv, "pending"sv,        "confirm"sv,        "where-is-my-referral"sv,
      "reconcile"sv,   "oversight"sv,      "ledger"sv,         "work-list"sv,
      "divert"sv,      "end-diversion"sv,  "pass-on"sv};
  return std::ranges::find(own, operation) != own.end();
}

/// `of`: "Resource", or the one type that has it.
std::string definition_url(std::string_view of, std::string_view operation) {
  if (operation == "process-message") {
    of = "MessageHeader";  // of the system, but named for what it is about
  }
  return is_our_own(operation)
             ? fmt::format("urn:holdfast:OperationDefinition:{}", operation)
             : fmt::format("http://hl7.org/fhir/OperationDefinition/{}-{}", of, operation);
}

void write_interactions(fhir::JsonWriter& json, Level level) {
  json.open("interaction", '[');
  for (const Route& route : routes) {
    if (route.level == level) {
      json.open('{');
      json.text("code", route.code);
      json.close('}');
      // One address takes both. https://hl7.org/fhir/R4/http.html#transaction
      if (route.interaction == Interaction::bundle) {
        json.open('{');
        json.text("code", "batch");
        json.close('}');
      }
    }
  }
  json.close(']');
}

constexpr bool is_answered(Interaction interaction) {
  return std::ranges::any_of(
      routes, [interaction](const Route& route) { return route.interaction == interaction; });
}

// https://hl7.org/fhir/R4/resource-operations.html: those of one type beside those of Resource.
void write_operations(fhir::JsonWriter& json, Level level, std::string_view type = {}) {
  std::string_view before;
  json.open("operation", '[');
  const std::string own = fmt::format("/fhir/{}/", type);
  std::set<std::string_view> named;
  for (const Route& route : routes) {
    if (route.level == level && route.code != before) {
      before = route.code;
      json.open('{');
      json.text("name", route.code);
      json.text("definition", definition_url("Resource", route.code));
      json.close('}');
    } else if (route.level == Level::own_operation && route.pattern.starts_with(own) &&
               named.insert(route.code).second) {
      json.open('{');
      json.text("name", route.code);
      json.text("definition", definition_url(type, route.code));
      json.close('}');
    }
  }
  json.close(']');
}

/// Search parameters that this server does not do, each with the reason: "near: …".
std::vector<std::string> left_out(const fhir::SearchParams& params, fhir::TypeId type) {
  std::vector<std::string> lines;
  for (const fhir::SearchParam& param : params.of(type)) {
    if (!param.unsupported.empty()) {
      lines.push_back(fmt::format("{}: {}", param.code, param.unsupported));
    }
  }
  return lines;
}

/// What `_include` follows from a type, and `_revinclude` to it: every reference that is searched
/// by.
bool is_followed(const fhir::SearchParam& param) {
  return param.kind == fhir::ParamKind::reference && param.unsupported.empty();
}

bool may_lead_to(const fhir::SearchParam& param, fhir::TypeId type) {
  return param.targets.empty() ||
         std::ranges::find(param.targets, type.value) != param.targets.end();
}

void write_includes(fhir::JsonWriter& json, fhir::TypeId type, const fhir::SearchParams& params) {
  json.open("searchInclude", '[');
  json.text(fmt::format("{}:*", fhir::name(type)));
  for (const fhir::SearchParam& param : params.of(type)) {
    if (is_followed(param)) {
      json.text(fmt::format("{}:{}", fhir::name(type), param.code));
    }
  }
  json.close(']');
  json.open("searchRevInclude", '[');
  for (std::uint8_t i = 0; i < fhir::type_count; ++i) {
    const fhir::TypeId source{i};
    for (const fhir::SearchParam& param : params.of(source)) {
      if (is_followed(param) && may_lead_to(param, type)) {
        json.text(fmt::format("{}:{}", fhir::name(source), param.code));
      }
    }
  }
  json.close(']');
}

// Profiles of packages: https://hl7.org/fhir/R4/capabilitystatement-definitions.html
void write_profiles(fhir::JsonWriter& json, fhir::TypeId type, const validation::Library& library) {
  const auto is_of_type = [type](const auto& profile) { return profile.type == type; };
  if (std::ranges::none_of(library.supported(), is_of_type)) {
    return;
  }
  json.open("supportedProfile", '[');
  for (const validation::Library::Supported& profile : library.supported()) {
    if (profile.type == type) {
      json.text(profile.url);
    }
  }
  json.close(']');
}

void append_html_escaped(std::string& to, std::string_view text) {
  for (const char c : text) {
    to += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string_view(&c, 1);
  }
}

/// What a person has to know who looks for a search parameter in vain.
void write_narrative(fhir::JsonWriter& json, const fhir::SearchParams& params) {
  std::string div =
      R"(<div xmlns="http://www.w3.org/1999/xhtml"><p>Holdfast, a FHIR R4 record server. Every search )"
      R"(parameter of its definitions can be used, but for these:</p><ul>)";
  for (std::uint8_t i = 0; i < fhir::type_count; ++i) {
    for (const std::string& line : left_out(params, {i})) {
      div += fmt::format("<li>{} ", fhir::name(fhir::TypeId{i}));
      append_html_escaped(div, line);
      div += "</li>";
    }
  }
  div += "</ul></div>";
  json.open("text", '{');
  json.text("status", "generated");
  json.text("div", div);
  json.close('}');
}

void write_type(fhir::JsonWriter& json, fhir::TypeId type, const Options& options,
                const fhir::SearchParams& params, const validation::Library& library) {
  json.open('{');
  json.text("type", fhir::name(type));
  write_profiles(json, type, library);
  write_interactions(json, Level::type);
  json.text("versioning", "versioned-update");
  json.boolean("readHistory", true);
  json.boolean("updateCreate", true);
  json.boolean("conditionalCreate", true);
  json.text("conditionalRead", "full-support");
  json.boolean("conditionalUpdate", is_answered(Interaction::update_selected));
  json.text("conditionalDelete", options.conditional_delete_max > 1 ? "multiple" : "single");
  if (const std::vector<std::string> lines = left_out(params, type); !lines.empty()) {
    json.text("documentation",
              fmt::format("Search parameters that cannot be used: {}", fmt::join(lines, "; ")));
  }
  write_includes(json, type, params);
  json.open("searchParam", '[');
  for (const search::SearchParameter& parameter : search::parameters_of(params, type)) {
    json.open('{');
    json.text("name", parameter.name);
    json.text("definition", parameter.url);
    json.text("type", parameter.kind);
    json.close('}');
  }
  json.close(']');
  write_operations(json, Level::type_operation, fhir::name(type));
  json.close('}');
}

}  // namespace

Bytes capability_statement(const Options& options, Time built, const fhir::SearchParams& params,
                           const validation::Library& library) {
  fhir::JsonWriter json(std::size_t{512} << 10U);
  json.open('{');
  json.text("resourceType", "CapabilityStatement");
  write_narrative(json, params);
  json.text("status", "active");
  json.text("date", to_instant(built));
  json.text("kind", "instance");
  json.open("software", '{');
  json.text("name", "Holdfast");
  json.text("version", options.software_version);
  json.close('}');
  json.open("implementation", '{');
  json.text("description", "Holdfast FHIR R4 record server");
  if (!options.base_url.empty()) {
    json.text("url", options.base_url);
  }
  json.close('}');
  json.text("fhirVersion", "4.0.1");
  json.open("format", '[');
  json.text("json");
  json.text("application/fhir+json");
  json.text("xml");
  json.text("application/fhir+xml");
  json.close(']');
  json.open("patchFormat", '[');
  for (const std::string_view type : patch_types) {
    json.text(type);
  }
  json.close(']');
  json.open("rest", '[');
  json.open('{');
  json.text("mode", "server");
  json.open("resource", '[');
  for (std::size_t i = 0; i < fhir::type_count; ++i) {
    write_type(json, fhir::TypeId{static_cast<std::uint8_t>(i)}, options, params, library);
  }
  json.close(']');
  write_interactions(json, Level::system);
  write_operations(json, Level::system_operation);
  // Those of patients can be searched: [base]/Patient/[id]/[type].
  json.open("compartment", '[');
  json.text("http://hl7.org/fhir/CompartmentDefinition/patient");
  json.close(']');
  json.close('}');
  json.close(']');
  json.close('}');
  return json.take();
}

std::shared_ptr<const Bytes> CapabilityStatements::of(const Options& options,
                                                      const fhir::SearchParams& params,
                                                      const validation::Library& library) {
  const std::scoped_lock lock(mutex_);
  if (params_ != &params) {
    text_ = std::make_shared<const Bytes>(capability_statement(options, built_, params, library));
    params_ = &params;
  }
  return text_;
}

Result<Reply> capabilities(const Parts& parts, const Call& call) {
  // https://hl7.org/fhir/R4/http.html#capabilities: mode full, normative or terminology.
  TRY_OK(check_parameters(call, {"mode"}));
  const auto mode = parameter(call, "mode");
  if (mode == "terminology") {
    return terminology_capabilities(parts);
  }
  if (mode && *mode != "full") {
    return fail(Code::unsupported,
                fmt::format("mode '{}' is not answered here, only full and terminology", *mode),
                "http.mode");
  }
  Reply reply;
  reply.headers.add("Content-Type", fhir_json);
  reply.body = parts.capabilities.of(parts.options, *parts.node.view().params,
                                     parts.judge.definitions().validator().library());
  return reply;
}

}  // namespace holdfast::api
