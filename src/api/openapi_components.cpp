// api/openapi_components.cpp: schemas, parameters and responses of the OpenAPI document, each once.
#include "api/openapi_parts.h"

#include <set>

#include <fmt/format.h>

#include "api/openapi_tables.h"

namespace holdfast::api {
namespace {

void write_schema_reference(fhir::JsonWriter& json, std::string_view name) {
  json.open("schema", '{');
  json.text("$ref", fmt::format("#/components/schemas/{}", name));
  json.close('}');
}

// ---- components -------------------------------------------------------------------------------

void write_parameter(fhir::JsonWriter& json, std::string_view key,
                     const SharedParameter& parameter) {
  json.open(key, '{');
  json.text("name", parameter.name);
  json.text("in", parameter.in);
  json.text("description", parameter.what);
  if (parameter.in == "path") {
    json.boolean("required", true);
  }
  json.open("schema", '{');
  json.text("type", parameter.type);
  json.close('}');
  json.close('}');
}

void write_type_parameter(fhir::JsonWriter& json, std::string_view name, std::string_view schema) {
  json.open(name, '{');
  json.text("name", name);
  json.text("in", "path");
  json.boolean("required", true);
  write_schema_reference(json, schema);
  json.close('}');
}

/// Any parameters: those of a search, with their modifiers, or the input of an operation.
void write_free_parameter(fhir::JsonWriter& json, std::string_view key, std::string_view what) {
  json.open(key, '{');
  json.text("name", fmt::format("[{}]", key));  // of an exploded object it is not sent
  json.text("in", "query");
  json.text("description", what);
  json.text("style", "form");
  json.boolean("explode", true);
  json.open("schema", '{');
  json.text("type", "object");
  json.open("additionalProperties", '{');
  json.text("type", "string");
  json.close('}');
  json.close('}');
  json.close('}');
}

void write_search_parameter(fhir::JsonWriter& json, std::string_view component,
                            const search::SearchParameter& parameter) {
  json.open(component, '{');
  json.text("name", parameter.name);
  json.text("in", "query");
  json.text("description",
            fmt::format("A {}; /fhir/metadata names its definition for each type", parameter.kind));
  json.open("schema", '{');
  json.text("type", "array");
  json.open("items", '{');
  json.text("type", "string");
  json.close('}');
  json.close('}');
  json.close('}');
}

void write_parameters(fhir::JsonWriter& json, const fhir::SearchParams& params) {
  json.open("parameters", '{');
  write_type_parameter(json, "type", "ResourceType");
  write_type_parameter(json, "other", "ResourceTypeOrAll");
  for (const SharedParameter& parameter : shared_parameters) {
    write_parameter(json, parameter.name, parameter);
  }
  write_free_parameter(json, "criteria",
                       "Search parameters with their modifiers, chains and _has, as /fhir/metadata "
                       "names them for each type");
  write_free_parameter(json, "input", "What the operation is given, as its definition names it");
  std::set<std::string> written;
  for (std::uint8_t i = 0; i < fhir::type_count; ++i) {
    for (const search::SearchParameter& parameter : search::parameters_of(params, {i})) {
      const auto [component, is_new] = written.insert(component_of(parameter));
      if (is_new) {
        write_search_parameter(json, *component, parameter);
      }
    }
  }
  json.close('}');
}

void write_type_names(fhir::JsonWriter& json, std::string_view key, bool with_all) {
  json.open(key, '{');
  json.text("type", "string");
  json.open("enum", '[');
  for (std::uint8_t i = 0; i < fhir::type_count; ++i) {
    json.text(fhir::name(fhir::TypeId{i}));
  }
  if (with_all) {
    json.text("*");
  }
  json.close(']');
  json.close('}');
}

/// A resource, of the type `only` if that is given.
void write_resource_schema(fhir::JsonWriter& json, std::string_view key, std::string_view only) {
  json.open(key, '{');
  json.text("type", "object");
  json.text("description",
            only.empty()
                ? std::string("A resource of FHIR R4: https://hl7.org/fhir/R4/resourcelist.html")
                : fmt::format("https://hl7.org/fhir/R4/{}.html", key));
  json.open("required", '[');
  json.text("resourceType");
  json.close(']');
  json.open("properties", '{');
  json.open("resourceType", '{');
  if (only.empty()) {
    json.text("$ref", "#/components/schemas/ResourceType");
  } else {
    json.text("type", "string");
    json.open("enum", '[');
    json.text(only);
    json.close(']');
  }
  json.close('}');
  json.close('}');
  json.boolean("additionalProperties", true);
  json.close('}');
}

void write_schemas(fhir::JsonWriter& json) {
  json.open("schemas", '{');
  write_type_names(json, "ResourceType", false);
  write_type_names(json, "ResourceTypeOrAll", true);
  write_resource_schema(json, "Resource", "");
  for (const std::string_view type : {"Bundle", "Parameters", "OperationOutcome"}) {
    write_resource_schema(json, type, type);
  }
  json.open("Patch", '{');
  json.text("description",
            "JSON Patch (RFC 6902), XML Patch (RFC 5261), or the Parameters of a FHIRPath Patch");
  json.close('}');
  json.open("Form", '{');
  json.text("type", "object");
  json.open("additionalProperties", '{');
  json.text("type", "string");
  json.close('}');
  json.close('}');
  json.close('}');
}

void write_responses_shared(fhir::JsonWriter& json) {
  json.open("responses", '{');
  const auto write = [&](std::string_view name, std::string_view what,
                         std::initializer_list<std::string_view> types, std::string_view schema) {
    json.open(name, '{');
    json.text("description", what);
    if (types.size() > 0) {
      write_content(json, types, schema);
    }
    json.close('}');
  };
  write("Resource", "The resource, or nothing where Prefer asks for that", {media_json, media_xml},
        "Resource");
  write("Bundle", "A Bundle; its next link leads on", {media_json, media_xml}, "Bundle");
  write("Parameters", "Parameters", {media_json, media_xml}, "Parameters");
  write("Refusal", "What is wrong, where, and what to do", {media_json, media_xml},
        "OperationOutcome");
  write("Nothing", "Nothing to show", {}, "");
  json.open("Text", '{');
  json.text("description", "Text");
  json.raw("content", R"({"text/plain":{"schema":{"type":"string"}}})");
  json.close('}');
  json.open("Json", '{');
  json.text("description", "JSON");
  json.raw("content", R"({"application/json":{"schema":{"type":"object"}}})");
  json.close('}');
  json.open("Evidence", '{');
  json.text("description", "Entries with their proofs (docs/EVIDENCE.md), or the same as a page");
  json.raw("content", R"({"application/json":{"schema":{"type":"object"}},)"
                      R"("text/html":{"schema":{"type":"string"}}})");
  json.close('}');
  json.close('}');
}

}  // namespace

void write_content(fhir::JsonWriter& json, std::initializer_list<std::string_view> types,
                   std::string_view schema) {
  json.open("content", '{');
  for (const std::string_view type : types) {
    json.open(type, '{');
    write_schema_reference(json, schema);
    json.close('}');
  }
  json.close('}');
}

std::string component_of(const search::SearchParameter& parameter) {
  return fmt::format("search.{}.{}", parameter.name, parameter.kind);
}

void write_components(fhir::JsonWriter& json, const fhir::SearchParams& params) {
  json.open("components", '{');
  write_schemas(json);
  write_parameters(json, params);
  write_responses_shared(json);
  json.close('}');
}

}  // namespace holdfast::api
