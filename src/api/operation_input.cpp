#include "api/operation_input.h"

#include <algorithm>

#include <fmt/format.h>

#include "api/format.h"
#include "fhir/check.h"

namespace holdfast::api {
namespace {

std::string place_of(std::string_view name) { return fmt::format("http.{}", name); }

bool is_one_of(std::initializer_list<std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string text_of(fhir::JsonValue object, std::string_view key) {
  const auto value = object.find(key);
  return value && value->is_string() ? value->text() : std::string();
}

}  // namespace

Result<OperationInput> OperationInput::read(const Parts& parts, const Call& call,
                                            const Names& names) {
  OperationInput input;
  for (const Parameter& parameter : call.parameters) {
    if (parameter.name != "_format" && parameter.name != "_pretty") {
      input.given_.push_back(Given{parameter.name, parameter.value, {}, std::nullopt});
    }
  }
  if (!call.request.body.empty()) {
    TRY_OK(input.read_body(parts, call, names));
  }
  TRY_OK(input.check_names(call, names));
  return input;
}

Result<fhir::Json> read_content(const Parts& parts, const Call& call) {
  TRY(const Format format, content_format(call.request.headers));
  Bytes copy;
  copy.reserve(call.request.body.size() + body_spare_bytes);
  copy.append(call.request.body);
  TRY(Bytes text, json_content(format, std::move(copy)));
  fhir::ReaderPool::Lease reader = parts.readers.take();
  auto json = reader->read(std::move(text));
  if (!json) {
    return fail(placed_in(format, std::move(json).error()));
  }
  return json;
}

Result<void> OperationInput::read_body(const Parts& parts, const Call& call, const Names& names) {
  TRY(const Format format, content_format(call.request.headers));
  TRY(body_, read_content(parts, call));
  if (auto good = fhir::check_resource(body_.root()); !good) {
    return fail(placed_in(format, std::move(good).error()));
  }
  const std::string type = text_of(body_.root(), "resourceType");
  if (type != "Parameters") {
    if (names.whole.empty() || type == "OperationOutcome") {
      return fail(Code::structure,
                  fmt::format("{} takes a Parameters resource, not a {}", names.operation, type));
    }
    given_.push_back(Given{std::string(names.whole), {}, {}, 0});
    return ok();
  }
  if (const auto listed = body_.root().find("parameter")) {
    for (const fhir::JsonValue parameter : listed->children()) {
      TRY_OK(add_parameter(parameter, names));
    }
  }
  return ok();
}

Result<void> OperationInput::add_parameter(fhir::JsonValue parameter, const Names& names) {
  Given given;
  given.name = text_of(parameter, "name");
  if (is_one_of(names.grouped, given.name)) {
    given.object = parameter.index();
    given_.push_back(std::move(given));
    return ok();
  }
  for (const fhir::JsonValue member : parameter.children()) {
    const BytesView key = member.raw_key();
    if (!key.starts_with("value") && key != "resource") {
      continue;
    }
    if (key.starts_with("value")) {
      given.type = key.substr(std::string_view("value").size());
    }
    if (member.is_object()) {
      given.object = member.index();
    } else {
      given.text = member.is_string() ? member.text() : std::string(member.raw());
    }
    given_.push_back(std::move(given));
    return ok();
  }
  return fail(Code::structure, fmt::format("parameter '{}' has no value", given.name),
              body_.path(parameter.index()));
}

Result<void> OperationInput::check_names(const Call& call, const Names& names) const {
  for (const Given& given : given_) {
    const bool known = is_one_of(names.once, given.name) || is_one_of(names.several, given.name) ||
                       is_one_of(names.grouped, given.name);
    if (!known && call.prefer.handling != Handling::lenient) {
      return fail(Code::unsupported,
                  fmt::format("{} takes no parameter '{}' here; leave it out, or send Prefer: "
                              "handling=lenient",
                              names.operation, given.name),
                  place_of(given.name));
    }
    const auto same = [&given](const Given& other) { return other.name == given.name; };
    if (is_one_of(names.once, given.name) &&
        std::count_if(given_.begin(), given_.end(), same) > 1) {
      return fail(Code::value, fmt::format("parameter '{}' is given more than once", given.name),
                  place_of(given.name));
    }
  }
  return ok();
}

const OperationInput::Given* OperationInput::find(std::string_view name) const {
  const auto found = std::find_if(given_.begin(), given_.end(),
                                  [name](const Given& given) { return given.name == name; });
  return found == given_.end() ? nullptr : &*found;
}

std::string_view OperationInput::type(std::string_view name) const {
  const Given* given = find(name);
  return given == nullptr ? std::string_view() : std::string_view(given->type);
}

std::string_view OperationInput::text(std::string_view name) const {
  const Given* given = find(name);
  return given == nullptr ? std::string_view() : std::string_view(given->text);
}

std::vector<std::string_view> OperationInput::texts(std::string_view name) const {
  std::vector<std::string_view> all;
  for (const Given& given : given_) {
    if (given.name == name) {
      all.push_back(given.text);
    }
  }
  return all;
}

Result<bool> OperationInput::flag(std::string_view name, bool otherwise) const {
  const Given* given = find(name);
  if (given == nullptr) {
    return otherwise;
  }
  if (given->text != "true" && given->text != "false") {
    return fail(Code::value, fmt::format("{} is true or false, not '{}'", name, given->text),
                place_of(name));
  }
  return given->text == "true";
}

Result<std::optional<std::uint64_t>> OperationInput::number(std::string_view name) const {
  const Given* given = find(name);
  if (given == nullptr) {
    return std::optional<std::uint64_t>();
  }
  const auto value = parse_count(given->text);
  if (!value) {
    return fail(Code::value, fmt::format("{} is a number from 0, not '{}'", name, given->text),
                place_of(name));
  }
  return value;
}

Result<std::optional<fhir::JsonValue>> OperationInput::object(std::string_view name) const {
  const Given* given = find(name);
  if (given == nullptr) {
    return std::optional<fhir::JsonValue>();
  }
  if (!given->object) {
    return fail(
        Code::value,
        fmt::format("{} is not a simple value: send it in a Parameters resource, by POST", name),
        place_of(name));
  }
  return std::optional(body_.at(*given->object));
}

Result<std::vector<fhir::JsonValue>> OperationInput::objects(std::string_view name) const {
  std::vector<fhir::JsonValue> all;
  for (const Given& given : given_) {
    if (given.name != name) {
      continue;
    }
    if (!given.object) {
      return fail(Code::value,
                  fmt::format("{} is not a simple value: send it in a Parameters resource", name),
                  place_of(name));
    }
    all.push_back(body_.at(*given.object));
  }
  return all;
}

ParametersWriter::ParametersWriter() {
  json_.open('{');
  json_.text("resourceType", "Parameters");
  json_.open("parameter", '[');
}

void ParametersWriter::start(std::string_view name) {
  json_.open('{');
  json_.text("name", name);
}

void ParametersWriter::boolean(std::string_view name, bool value) {
  start(name);
  json_.boolean("valueBoolean", value);
  json_.close('}');
}

void ParametersWriter::text(std::string_view name, std::string_view type, std::string_view value) {
  start(name);
  json_.text(fmt::format("value{}", type), value);
  json_.close('}');
}

void ParametersWriter::raw(std::string_view name, std::string_view type, BytesView json) {
  start(name);
  json_.raw(fmt::format("value{}", type), json);
  json_.close('}');
}

void ParametersWriter::number(std::string_view name, std::uint64_t value) {
  raw(name, "UnsignedInt", std::to_string(value));
}

void ParametersWriter::reference(std::string_view name, std::string_view reference) {
  start(name);
  json_.open("valueReference", '{');
  json_.text("reference", reference);
  json_.close('}');
  json_.close('}');
}

void ParametersWriter::resource(std::string_view name, BytesView resource) {
  start(name);
  json_.raw("resource", resource);
  json_.close('}');
}

void ParametersWriter::coding(std::string_view name, std::string_view system,
                              std::string_view version, std::string_view code,
                              std::string_view display) {
  start(name);
  json_.open("valueCoding", '{');
  for (const auto& [key, value] : {std::pair{"system", system}, std::pair{"version", version},
                                   std::pair{"code", code}, std::pair{"display", display}}) {
    if (!value.empty()) {
      json_.text(key, value);
    }
  }
  json_.close('}');
  json_.close('}');
}

void ParametersWriter::open(std::string_view name) {
  start(name);
  json_.open("part", '[');
}

void ParametersWriter::close() {
  json_.close(']');
  json_.close('}');
}

Reply ParametersWriter::reply() {
  json_.close(']');
  json_.close('}');
  Reply reply;
  reply.headers.add("Content-Type", fhir_json);
  reply.body = json_.take();
  return reply;
}

}  // namespace holdfast::api
