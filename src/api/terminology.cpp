// api/terminology.cpp: https://hl7.org/fhir/R4/terminology-service.html: the operations' common
// part.
#include "api/terminology.h"

#include <fmt/format.h>

#include "api/interactions.h"
#include "api/stored.h"

namespace holdfast::api {
namespace {

using fhir::terminology::Terminology;

std::string text_of(fhir::JsonValue object, std::string_view key) {
  const auto value = object.find(key);
  return value && value->is_string() ? value->text() : std::string();
}

// The stored resource that the address names.
Result<Bytes> stored_body(const Parts& parts, const Call& call, const node::Moment& moment,
                          std::string_view type) {
  if (!moment.behind.empty()) {
    return fail(Code::unavailable, std::string(moment.behind));
  }
  const std::string& id = call.match.id;
  TRY(const auto current, views::read_current(*moment.reader, *fhir::type_id(type), id));
  if (!current) {
    return fail(Code::not_found, fmt::format("there is no {}/{}", type, id));
  }
  TRY(views::Body body, stored_row(parts, moment, current->row));
  if (body.header.presence == views::Presence::deleted) {
    return fail(Code::deleted, fmt::format("{}/{} was deleted", type, id));
  }
  return std::move(body.bytes);
}

Result<Reply> answer(const Parts& parts, const Call& call, const node::Moment& moment) {
  switch (call.match.interaction) {
    case Interaction::expand: return expand(parts, call, moment);
    case Interaction::validate_in_set: return validate_in_set(parts, call, moment);
    case Interaction::validate_in_system: return validate_in_system(parts, call, moment);
    case Interaction::lookup: return lookup(parts, call);
    case Interaction::subsumes: return subsumes(parts, call, moment);
    default: return translate(parts, call, moment);
  }
}

}  // namespace

// What comes in a body is content; what comes in the address is the request.
Reply terminology_operation(const Parts& parts, const Call& call, const node::Moment& moment) {
  auto reply = answer(parts, call, moment);
  if (reply) {
    return *std::move(reply);
  }
  return refusal(reply.error(), call.request.body.empty() ? Origin::request : Origin::content);
}

Result<Vocabulary> vocabulary(const Parts& parts, const Call& call, const node::Moment& moment,
                              const OperationInput& input, std::string_view type,
                              std::string_view resource) {
  if (!call.match.id.empty()) {
    TRY(Bytes stored, stored_body(parts, call, moment, type));
    fhir::ReaderPool::Lease reader = parts.readers.take();
    TRY(const fhir::Json json, reader->read(std::move(stored)));
    const fhir::JsonValue root = json.root();
    TRY(Terminology made, Terminology::over(parts.terminology, {&root, 1}));
    return Vocabulary{std::move(made), true};
  }
  TRY(const auto given, input.object(resource));
  if (!given) {
    return Vocabulary{parts.terminology, false};
  }
  if (text_of(*given, "resourceType") != type) {
    return fail(Code::structure, fmt::format("{} is a {}", resource, type),
                given->document().path(given->index()));
  }
  TRY(Terminology made, Terminology::over(parts.terminology, {&*given, 1}));
  return Vocabulary{std::move(made), true};
}

Result<void> check_source(const Call& call, const OperationInput& input,
                          std::string_view resource) {
  const int sources =
      int{!call.match.id.empty()} + int{input.has("url")} + int{input.has(resource)};
  if (sources != 1) {
    return fail(Code::required,
                fmt::format("say what is meant by exactly one of: the id in the address, the "
                            "parameter url, the parameter {}",
                            resource));
  }
  return ok();
}

std::string canonical(const OperationInput& input, std::string_view version) {
  const std::string_view said = input.text(version);
  return fmt::format("{}{}{}", input.text("url"), said.empty() ? "" : "|", said);
}

Result<AskedCoding> read_coding(fhir::JsonValue coding) {
  AskedCoding asked{text_of(coding, "system"), text_of(coding, "version"), text_of(coding, "code"),
                    text_of(coding, "display")};
  if (asked.code.empty()) {
    return fail(Code::required, "a Coding without a code", coding.document().path(coding.index()));
  }
  return asked;
}

Result<std::vector<AskedCoding>> asked_codings(const OperationInput& input,
                                               std::string_view version_name) {
  const int ways =
      int{input.has("code")} + int{input.has("coding")} + int{input.has("codeableConcept")};
  if (ways != 1) {
    return fail(Code::required, "give exactly one of code, coding and codeableConcept");
  }
  std::vector<AskedCoding> asked;
  if (input.has("code")) {
    asked.push_back(
        AskedCoding{std::string(input.text("system")), std::string(input.text(version_name)),
                    std::string(input.text("code")), std::string(input.text("display"))});
    if (asked.front().code.empty()) {
      return fail(Code::value, "the code is empty", "http.code");
    }
    return asked;
  }
  TRY(const auto coding, input.object("coding"));
  if (coding) {
    TRY(AskedCoding one, read_coding(*coding));
    asked.push_back(std::move(one));
    return asked;
  }
  TRY(const auto several, input.object("codeableConcept"));
  if (const auto codings = several ? several->find("coding") : std::nullopt) {
    for (const fhir::JsonValue one : codings->children()) {
      TRY(AskedCoding read, read_coding(one));
      asked.push_back(std::move(read));
    }
  }
  if (asked.empty()) {
    return fail(Code::required, "the codeableConcept has no coding");
  }
  return asked;
}

std::string_view display_in(const Terminology& in, fhir::terminology::ConceptId id,
                            std::string_view language) {
  for (const fhir::terminology::Designation& one : in.designations(id)) {
    if (!language.empty() && one.language == language && one.use_code != "definition") {
      return one.value;
    }
  }
  return in.display(id);
}

}  // namespace holdfast::api
