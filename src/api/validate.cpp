// api/validate.cpp: https://hl7.org/fhir/R4/resource-operation-validate.html, at a type or at a
// stored resource. What can be judged is answered with 200, whatever was found; other statuses mean
// that nothing could be judged.
#include <algorithm>

#include <fmt/format.h>

#include "api/format.h"
#include "api/interactions.h"
#include "api/judging.h"
#include "api/operation_input.h"
#include "api/stored.h"
#include "fhir/subset.h"
#include "fhir/walk.h"

namespace holdfast::api {
namespace {

using fhir::JsonValue;
using validation::Issue;
using validation::IssueType;
using validation::Severity;

enum class Mode : std::uint8_t { none, create, update, remove };

/// What is asked: by address, and by Parameters in the body.
struct Asked {
  std::optional<JsonValue> resource;
  std::vector<std::string> profiles;
  Mode mode = Mode::none;
};

std::string text_of(JsonValue object, std::string_view key) {
  const auto value = object.find(key);
  return value && value->is_string() ? value->text() : std::string();
}

// https://hl7.org/fhir/R4/valueset-resource-validation-mode.html
Result<void> take_mode(Asked& asked, std::string_view text) {
  if (text == "create") {
    asked.mode = Mode::create;
  } else if (text == "update") {
    asked.mode = Mode::update;
  } else if (text == "delete") {
    asked.mode = Mode::remove;
  } else {
    return fail(Code::value, fmt::format("mode is create, update or delete here, not '{}'", text),
                "http.mode");
  }
  return ok();
}

// The parameters of the operation: resource, mode, profile.
Result<void> take_parameters(Asked& asked, JsonValue list, Handling handling) {
  for (const JsonValue parameter : list.children()) {
    const std::string name = text_of(parameter, "name");
    if (name == "resource") {
      asked.resource = parameter.find("resource");
    } else if (name == "mode") {
      TRY_OK(take_mode(asked, text_of(parameter, "valueCode")));
    } else if (name == "profile") {
      std::string profile = text_of(parameter, "valueUri") + text_of(parameter, "valueCanonical");
      asked.profiles.push_back(std::move(profile));
    } else if (handling != Handling::lenient) {
      return fail(Code::unsupported,
                  fmt::format("$validate takes no parameter '{}', only resource, mode and profile",
                              name.substr(0, 100)),
                  "Parameters.parameter");
    }
  }
  return ok();
}

// A Parameters that holds what is to be validated; one may also be validated itself.
bool is_input(JsonValue root, const Match& match) {
  const auto list = root.find("parameter");
  if (text_of(root, "resourceType") != "Parameters" || !list || !list->is_array()) {
    return text_of(root, "resourceType") == "Parameters" && fhir::name(match.type) != "Parameters";
  }
  const auto parameters = list->children();
  return fhir::name(match.type) != "Parameters" ||
         std::any_of(parameters.begin(), parameters.end(), [](JsonValue parameter) {
           return text_of(parameter, "name") == "resource" && parameter.find("resource");
         });
}

Result<Asked> read_asked(const Call& call, const std::optional<fhir::Json>& body) {
  TRY_OK(check_parameters(call, {"mode", "profile"}));
  Asked asked;
  for (const Parameter& parameter : call.parameters) {
    if (parameter.name == "mode") {
      TRY_OK(take_mode(asked, parameter.value));
    } else if (parameter.name == "profile") {
      asked.profiles.push_back(parameter.value);
    }
  }
  if (!body) {
    return asked;
  }
  const JsonValue root = body->root();
  if (!is_input(root, call.match)) {
    asked.resource = root;
  } else if (const auto list = root.find("parameter"); list && list->is_array()) {
    TRY_OK(take_parameters(asked, *list, call.prefer.handling));
  }
  return asked;
}

// Without the parameters and conditions of the operation.
Call plain_read(const Call& call) {
  Call reading;
  reading.match = call.match;
  return reading;
}

// The version that is current, or what is wrong with asking for it.
Result<fhir::Json> read_stored(const Parts& parts, const Call& call, const node::Moment& moment) {
  if (!moment.behind.empty()) {
    return fail(Code::unavailable, std::string(moment.behind));
  }
  TRY(Reply stored, read(parts, plain_read(call), moment));
  fhir::ReaderPool::Lease reader = parts.readers.take();
  return reader->read(stored.body.joined());
}

// Places as the sender of the resource knows them: within it, not within what it came in.
void place_within(Issues& issues, JsonValue resource, bool has_lines) {
  const std::string prefix = fhir::element_path(resource.document(), resource.index());
  const std::string type = text_of(resource, "resourceType");
  for (Issue& issue : issues) {
    const fhir::Where where = fhir::split_where(issue.where);
    std::string expression(where.expression);
    if (resource.index() != 0 && expression.starts_with(prefix)) {
      expression.replace(0, prefix.size(), type);
    }
    issue.where = !has_lines || where.place.empty()
                      ? expression
                      : fmt::format("{} ({})", expression, where.place);
  }
}

void add_error(Issues& issues, IssueType type, std::string text, std::string where) {
  issues.insert(issues.begin(),
                {Severity::error, type, std::move(text), std::move(where), std::string()});
}

// What the address and the mode ask of the resource.
void check_purpose(const Call& call, const Asked& asked, JsonValue resource, Issues& issues) {
  const std::string type = text_of(resource, "resourceType");
  const std::string id = text_of(resource, "id");
  if (type != fhir::name(call.match.type)) {
    add_error(issues, IssueType::structure,
              fmt::format("a {} was sent to be validated as a {}", type.substr(0, 64),
                          fhir::name(call.match.type)),
              type);
    return;
  }
  const bool updates = asked.mode == Mode::update || !call.match.id.empty();
  if (updates && asked.mode != Mode::create && id.empty()) {
    add_error(issues, IssueType::required, "an update names the id of what it updates",
              type + ".id");
  } else if (asked.mode != Mode::create && !call.match.id.empty() && id != call.match.id) {
    add_error(issues, IssueType::value,
              fmt::format("the content names the id {}, its address {}", id, call.match.id),
              type + ".id");
  }
  if (const auto whole = fhir::check_whole(resource); !whole) {
    add_error(issues, IssueType::value, whole.error().what, whole.error().where);
  }
}

Reply show(const Issues& issues) {
  Reply reply;
  reply.headers.add("Content-Type", fhir_json);
  reply.body = issues.empty() ? success_outcome("the resource is valid") : issues_outcome(issues);
  return reply;
}

// https://hl7.org/fhir/R4/resource-operation-validate.html: whether the resource could be deleted.
Result<Reply> validate_delete(const Parts& parts, const Call& call, const node::Moment& moment) {
  if (call.match.id.empty()) {
    return fail(Code::required,
                "mode delete means one resource: POST to its own address, "
                "[type]/[id]/$validate",
                "http.mode");
  }
  TRY_OK(read(parts, plain_read(call), moment));
  Reply reply;
  reply.headers.add("Content-Type", fhir_json);
  reply.body = success_outcome(
      fmt::format("{}/{} can be deleted", fhir::name(call.match.type), call.match.id));
  return reply;
}

Result<Reply> answer(const Parts& parts, const Call& call, const node::Moment& moment) {
  std::optional<fhir::Json> body;
  if (!call.request.body.empty()) {
    TRY(body, read_content(parts, call));
  }
  TRY(Asked asked, read_asked(call, body));
  if (asked.mode == Mode::remove) {
    return validate_delete(parts, call, moment);
  }
  std::optional<fhir::Json> stored;
  const bool is_sent = asked.resource.has_value();
  if (!is_sent && call.match.id.empty()) {
    return fail(Code::required,
                "there is nothing to validate: send the resource, or Parameters with it as the "
                "parameter `resource`");
  }
  if (!is_sent) {
    TRY(stored, read_stored(parts, call, moment));
    asked.resource = stored->root();
  }
  Issues issues = parts.judge.examine(*asked.resource, asked.profiles);
  const bool has_lines =
      is_sent && !call.is_entry &&
      content_format(call.request.headers).value_or(Format::json) == Format::json;
  place_within(issues, *asked.resource, has_lines);
  if (is_sent) {
    check_purpose(call, asked, *asked.resource, issues);
  }
  return show(issues);
}

}  // namespace

// What comes in a body is content; what comes in the address is the request.
Reply validate(const Parts& parts, const Call& call, const node::Moment& moment) {
  auto reply = answer(parts, call, moment);
  if (reply) {
    return *std::move(reply);
  }
  const Error& error = reply.error();
  const bool is_parameter = error.where.starts_with("http.") && error.code != Code::media_type;
  const bool is_of_address = call.request.body.empty() || is_parameter;
  return refusal(error, is_of_address ? Origin::request : Origin::content);
}

}  // namespace holdfast::api
