#include "api/openapi.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "api/interactions.h"
#include "api/openapi_parts.h"
#include "api/openapi_tables.h"
#include "base/hash.h"
#include "fhir/json_writer.h"
#include "search/criteria.h"

namespace holdfast::api {
namespace {

void write_reference(fhir::JsonWriter& json, std::string_view kind, std::string_view name) {
  json.open('{');
  json.text("$ref", fmt::format("#/components/{}/{}", kind, name));
  json.close('}');
}

// ---- operations -------------------------------------------------------------------------------

void write_path_parameters(fhir::JsonWriter& json, std::string_view path) {
  for (std::size_t at = path.find('{'); at != std::string_view::npos; at = path.find('{', at + 1)) {
    write_reference(json, "parameters", path.substr(at + 1, path.find('}', at) - at - 1));
  }
}

void write_taken(fhir::JsonWriter& json, std::string_view names) {
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(' '));
    names.remove_prefix(std::min(names.size(), name.size() + 1));
    write_reference(json, "parameters", name);
  }
}

void write_request(fhir::JsonWriter& json, Brings brings) {
  if (brings == Brings::nothing) {
    return;
  }
  json.open("requestBody", '{');
  json.boolean("required", brings != Brings::parameters && brings != Brings::form);
  switch (brings) {
    case Brings::patch:
      write_content(json, {patch_types[0], patch_types[1], patch_types[2], patch_types[3]},
                    "Patch");
      break;
    case Brings::form: write_content(json, {"application/x-www-form-urlencoded"}, "Form"); break;
    case Brings::bundle: write_content(json, {media_json, media_xml}, "Bundle"); break;
    case Brings::parameters: write_content(json, {media_json, media_xml}, "Parameters"); break;
    default: write_content(json, {media_json, media_xml}, "Resource");
  }
  json.close('}');
}

std::string_view response_of(Answers answers) {
  switch (answers) {
    case Answers::bundle: return "Bundle";
    case Answers::parameters: return "Parameters";
    case Answers::nothing: return "Nothing";
    case Answers::text: return "Text";
    case Answers::json: return "Json";
    case Answers::evidence: return "Evidence";
    default: return "Resource";
  }
}

void write_responses(fhir::JsonWriter& json, const InteractionText& row) {
  json.open("responses", '{');
  const auto write = [&](std::string_view status, std::string_view name) {
    json.open(status, '{');
    json.text("$ref", fmt::format("#/components/responses/{}", name));
    json.close('}');
  };
  if (row.answers == Answers::nothing) {
    write("204", "Nothing");
  } else {
    write("200", response_of(row.answers));
  }
  if (row.brings == Brings::resource) {
    write("201", "Resource");
  }
  if (row.takes.find("If-None-Match") != std::string_view::npos) {
    write("304", "Nothing");
  }
  write("default", "Refusal");
  json.close('}');
}

/// "get", "patch".
std::string key_of(Method method) {
  std::string key(name(method));
  std::ranges::transform(key, key.begin(), [](char c) { return static_cast<char>(c - 'A' + 'a'); });
  return key;
}

void open_operation(fhir::JsonWriter& json, const Route& route, std::string_view id) {
  const InteractionText& row = row_of(route.interaction);
  json.open(key_of(route.method), '{');
  json.text("operationId", id);
  json.text("summary", row.summary);
  json.open("tags", '[');
  json.text(route.pattern.starts_with("/fhir") ? "FHIR" : "Holdfast");
  json.close(']');
}

void write_operation(fhir::JsonWriter& json, const Route& route, std::string_view id) {
  const InteractionText& row = row_of(route.interaction);
  open_operation(json, route, id);
  json.open("parameters", '[');
  write_path_parameters(json, route.pattern);
  const bool brings_input = row.brings == Brings::parameters && route.method == Method::post;
  write_taken(json, brings_input ? std::string_view() : row.takes);
  if (route.pattern.starts_with("/fhir")) {
    write_taken(json, "_format _pretty");
  }
  json.close(']');
  if (route.method != Method::get) {
    write_request(json, row.brings);
  }
  write_responses(json, row);
  json.close('}');
}

/// Search of one type, with the parameters of that type.
void write_type_search(fhir::JsonWriter& json, const Route& route, fhir::TypeId type,
                       const fhir::SearchParams& params) {
  json.open(fmt::format("/fhir/{}", fhir::name(type)), '{');
  open_operation(json, route, fmt::format("search_{}", fhir::name(type)));
  json.open("parameters", '[');
  write_taken(json, search_takes);
  write_taken(json, "_format _pretty");
  for (const search::SearchParameter& parameter : search::parameters_of(params, type)) {
    write_reference(json, "parameters", component_of(parameter));
  }
  json.close(']');
  write_responses(json, row_of(route.interaction));
  json.close('}');
  json.close('}');
}

void write_paths(fhir::JsonWriter& json, const fhir::SearchParams& params) {
  std::set<std::string_view> written;
  std::set<std::string> ids;
  const auto id_of = [&](const Route& route) {
    const std::string_view name = row_of(route.interaction).name;
    std::string id(name);
    for (int i = 2; !ids.insert(id).second; ++i) {
      id = fmt::format("{}_{}", name, i);
    }
    return id;
  };
  json.open("paths", '{');
  for (const Route& route : routes) {
    if (!written.insert(route.pattern).second) {
      continue;
    }
    json.open(route.pattern, '{');
    for (const Route& same : routes) {
      if (same.pattern == route.pattern) {
        write_operation(json, same, id_of(same));
      }
    }
    json.close('}');
  }
  const auto* search = std::ranges::find(routes, Interaction::search, &Route::interaction);
  for (std::uint8_t i = 0; i < fhir::type_count; ++i) {
    write_type_search(json, *search, {i}, params);
  }
  json.close('}');
}

}  // namespace

Bytes openapi_document(std::string_view software_version, const fhir::SearchParams& params) {
  fhir::JsonWriter json(std::size_t{1} << 20U);
  json.open('{');
  json.text("openapi", "3.0.3");
  json.open("info", '{');
  json.text("title", "Holdfast");
  json.text("version", software_version);
  json.text("description", "FHIR R4 (4.0.1) record server; /fhir/metadata says more");
  json.open("license", '{');
  json.text("name", "Apache License 2.0");
  json.text("url", "https://www.apache.org/licenses/LICENSE-2.0");
  json.close('}');
  json.close('}');
  json.open("servers", '[');
  json.open('{');
  json.text("url", "/");
  json.close('}');
  json.close(']');
  write_paths(json, params);
  write_components(json, params);
  json.close('}');
  return json.take();
}

OpenApi::Document OpenApi::of(std::string_view software_version, const fhir::SearchParams& params) {
  const std::scoped_lock lock(mutex_);
  if (params_ != &params) {
    document_.text = std::make_shared<const Bytes>(openapi_document(software_version, params));
    document_.tag = fmt::format("\"{}\"", to_hex(sha256(*document_.text).view().substr(0, 16)));
    params_ = &params;
  }
  return document_;
}

Result<Reply> openapi(const Parts& parts, const Call& call) {
  TRY_OK(check_parameters(call, {}));
  const OpenApi::Document document =
      parts.openapi.of(parts.options.software_version, *parts.node.view().params);
  Reply reply;
  reply.headers.add("ETag", document.tag);
  const auto known = call.request.headers.find("If-None-Match");
  if (known && (*known == "*" || known->find(document.tag) != std::string_view::npos)) {
    reply.status = 304;
    return reply;
  }
  reply.headers.add("Content-Type", "application/json");
  reply.body = document.text;
  return reply;
}

}  // namespace holdfast::api
