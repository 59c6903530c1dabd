#include "api/asked_change.h"

#include <fmt/format.h>

#include <tuple>
#include <utility>

#include "api/channels.h"
#include "api/operation_input.h"
#include "fhir/json_writer.h"
#include "fhir/member.h"
#include "fhir/sites.h"
#include "views/item.h"

namespace holdfast::api {
namespace {

Result<Bytes> read_why(const OperationInput& input, bool required) {
  fhir::JsonWriter to;
  to.open('{');
  const std::string_view type = input.type("reason");
  if (type == "CodeableConcept") {
    TRY(const auto given, input.object("reason"));
    return Bytes(given->raw());
  }
  if (type == "Coding") {
    TRY(const auto given, input.object("reason"));
    to.open("coding", '[');
    to.raw(given->raw());
    to.close(']');
  } else if (!type.empty() && type != "String") {
    return fail(
        Code::value,
        fmt::format("a reason is a string, a Coding or a CodeableConcept, not value{}", type),
        "http.reason");
  } else {
    TRY(const std::string text, read_reason(input, required));
    if (text.empty()) {
      return Bytes();
    }
    to.text("text", text);
  }
  to.close('}');
  return to.take();
}

Result<Bytes> read_owner(const OperationInput& input, std::string_view name) {
  if (input.type(name) == "Reference") {
    TRY(const auto given, input.object(name));
    return Bytes(given->raw());
  }
  if (!input.type(name).empty() && input.type(name) != "String") {
    return fail(Code::value, "an owner is a Reference, or the name of a team as a string",
                fmt::format("http.{}", name));
  }
  const std::string_view text = input.text(name);
  if (text.empty() || text == "team:") {
    return fail(
        Code::required,
        fmt::format("it needs `{}`, an owner: a Reference, or the name of a team as a string",
                    name),
        fmt::format("http.{}", name));
  }
  return owner_reference(text);
}

/// `type` is a string, a code, a Coding or a CodeableConcept.
Result<std::pair<std::string, Bytes>> read_output_type(fhir::JsonValue part) {
  fhir::JsonWriter to;
  if (const auto coded = part.find("valueCodeableConcept")) {
    const auto coding = coded->find("coding");
    std::string name = fhir::text_member(*coded, "text");
    if (name.empty() && coding && coding->size() > 0) {
      name = fhir::text_member(*coding->children().begin(), "code");
    }
    return std::pair(std::move(name), Bytes(coded->raw()));
  }
  to.open('{');
  std::string name;
  if (const auto coding = part.find("valueCoding")) {
    name = fhir::text_member(*coding, "code");
    to.open("coding", '[');
    to.raw(coding->raw());
    to.close(']');
  } else {
    name = fhir::text_member(part, part.find("valueCode") ? "valueCode" : "valueString");
    to.text("text", name);
  }
  to.close('}');
  return std::pair(std::move(name), to.take());
}

// https://hl7.org/fhir/R4/task-definitions.html#Task.output: a type and one value of any kind.
Result<Output> read_output(fhir::JsonValue group) {
  std::string name;
  Bytes type;
  Bytes value;
  const auto parts = group.find("part");
  if (parts) {
    for (const fhir::JsonValue part : parts->children()) {
      if (const std::string of = fhir::text_member(part, "name"); of == "type") {
        TRY(std::tie(name, type), read_output_type(part));
      } else if (of != "value") {
        return fail(Code::unsupported,
                    fmt::format("an output has the parts `type` and `value`, not '{}'", of));
      } else {
        for (const fhir::JsonValue member : part.children()) {
          if (member.raw_key().starts_with("value")) {
            value = fmt::format(R"("{}":{})", member.raw_key(), member.raw());
          }
        }
      }
    }
  }
  if (name.empty() || value.empty()) {
    return fail(Code::required, "an output needs the parts `type` and `value`");
  }
  return Output{std::move(name), fmt::format(R"({{"type":{},{}}})", type, value)};
}

Result<void> add_evidence(const OperationInput& input, std::vector<Output>& outputs) {
  const auto add = [&](BytesView reference) {
    outputs.push_back(
        {"evidence",
         fmt::format(R"({{"type":{{"text":"evidence"}},"valueReference":{}}})", reference)});
  };
  if (input.type("evidence") == "Reference") {
    TRY(const auto given, input.objects("evidence"));
    for (const fhir::JsonValue one : given) {
      add(one.raw());
    }
    return ok();
  }
  for (const std::string_view text : input.texts("evidence")) {
    if (!fhir::parse_literal(text)) {
      return fail(Code::value, fmt::format("evidence is a reference to a resource, not '{}'", text),
                  "http.evidence");
    }
    add(owner_reference(text));
  }
  return ok();
}

Result<OperationInput> read_input(const Parts& parts, const Call& call) {
  using Names = OperationInput::Names;
  const std::string_view name = operation_name(call.match.interaction);
  switch (call.match.interaction) {
    case Interaction::item_assign:
      return OperationInput::read(parts, call, Names{name, {"owner", "reason"}, {}, {}, {}});
    case Interaction::item_hand_over:
      return OperationInput::read(parts, call, Names{name, {"to", "reason"}, {}, {}, {}});
    case Interaction::item_accept:
    case Interaction::item_decline:
      return OperationInput::read(parts, call, Names{name, {"owner", "reason"}, {}, {}, {}});
    case Interaction::item_withdraw_offer:
      return OperationInput::read(parts, call, Names{name, {"reason"}, {}, {}, {}});
    case Interaction::item_close:
      return OperationInput::read(
          parts, call, Names{name, {"to", "act", "reason"}, {"evidence"}, {}, {"output"}});
    case Interaction::item_reopen:
      return OperationInput::read(parts, call,
                                  Names{name, {"to", "act", "reason"}, {}, {}, {"output"}});
    default:
      return OperationInput::read(parts, call,
                                  Names{name, {"to", "act", "reason"}, {}, {}, {"output"}});
  }
}

Result<AskedChange> read_about_offer(const OperationInput& input, AskedChange asked) {
  if (asked.interaction == Interaction::item_hand_over) {
    TRY(asked.owner, read_owner(input, "to"));
  } else if (input.type("owner") == "Reference") {
    TRY(const auto given, input.object("owner"));
    asked.by = views::owner_of(*given);
  } else if (const std::string_view by = input.text("owner"); !by.empty()) {
    const bool is_whole = by.starts_with("team:") || by.find('/') != std::string_view::npos;
    asked.by = is_whole ? views::Owner(by) : fmt::format("team:{}", by);
  }
  if (input.has("owner") && asked.by.empty()) {
    return fail(Code::value, "`owner` names nobody: it is a Reference, or the name of a team",
                "http.owner");
  }
  return asked;
}

/// State or act, and what is given with it.
Result<AskedChange> read_act(const OperationInput& input, AskedChange asked) {
  asked.to = input.text("to");
  asked.act = input.text("act");
  if (!asked.to.empty() && !asked.act.empty()) {
    return fail(Code::value, "`to` and `act` say the same: give one of them", "http.act");
  }
  if (asked.interaction == Interaction::item_advance && asked.to.empty() && asked.act.empty()) {
    return fail(Code::required, "$advance needs `to`, a state, or `act`, the name of an act",
                "http.to");
  }
  TRY_OK(add_evidence(input, asked.outputs));
  TRY(const auto outputs, input.objects("output"));
  for (const fhir::JsonValue one : outputs) {
    TRY(Output output, read_output(one));
    asked.outputs.push_back(std::move(output));
  }
  return asked;
}

}  // namespace

bool is_about_offer(Interaction interaction) {
  return interaction == Interaction::item_hand_over || interaction == Interaction::item_accept ||
         interaction == Interaction::item_decline ||
         interaction == Interaction::item_withdraw_offer;
}

Bytes owner_reference(std::string_view text) {
  fhir::JsonWriter to;
  to.open('{');
  if (text.find('/') != std::string_view::npos) {
    to.text("reference", text);
  } else {
    to.open("identifier", '{');
    to.text("system", views::team_system);
    to.text("value", text.starts_with("team:") ? text.substr(5) : text);
    to.close('}');
  }
  to.close('}');
  return to.take();
}

std::string_view operation_name(Interaction interaction) {
  switch (interaction) {
    case Interaction::item_assign: return "$assign";
    case Interaction::item_close: return "$close";
    case Interaction::item_reopen: return "$reopen";
    case Interaction::item_hand_over: return "$hand-over";
    case Interaction::item_accept: return "$accept";
    case Interaction::item_decline: return "$decline";
    case Interaction::item_withdraw_offer: return "$withdraw-offer";
    default: return "$advance";
  }
}

Result<AskedChange> read_asked_change(const Parts& parts, const Call& call) {
  AskedChange asked;
  asked.interaction = call.match.interaction;
  TRY(const OperationInput input, read_input(parts, call));
  TRY(asked.reason, read_why(input, asked.interaction == Interaction::item_decline));
  if (asked.interaction == Interaction::item_assign) {
    TRY(asked.owner, read_owner(input, "owner"));
    return asked;
  }
  if (is_about_offer(asked.interaction)) {
    return read_about_offer(input, std::move(asked));
  }
  return read_act(input, std::move(asked));
}

Result<AskedChange> read_asked_close(const OperationInput& input) {
  AskedChange asked;
  asked.interaction = Interaction::item_close;
  TRY(asked.reason, read_why(input, true));
  return read_act(input, std::move(asked));
}

}  // namespace holdfast::api
