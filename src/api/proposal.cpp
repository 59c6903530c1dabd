#include "api/proposal.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "base/time.h"
#include "fhir/json_writer.h"
#include "fhir/member.h"
#include "fhir/sites.h"

namespace holdfast::api {
namespace {

constexpr std::string_view proposal_system = "urn:holdfast:proposal";
constexpr std::string_view close_many_code = "close-many";
constexpr std::array<std::string_view, 4> fates{"close", "cannot", "closed", "left"};

// ---- as a List ----------------------------------------------------------------------------------

void write_coded(fhir::JsonWriter& to, std::string_view key, std::string_view code,
                 std::string_view text) {
  to.open(key, '{');
  to.open("coding", '[');
  to.open('{');
  to.text("system", proposal_system);
  to.text("code", code);
  to.close('}');
  to.close(']');
  if (!text.empty()) {
    to.text("text", text);
  }
  to.close('}');
}

void write_part(fhir::JsonWriter& to, std::string_view url, std::string_view key, BytesView value) {
  if (value.empty()) {
    return;
  }
  to.open('{');
  to.text("url", url);
  to.raw(key, value);
  to.close('}');
}

void write_text(fhir::JsonWriter& to, std::string_view url, std::string_view value) {
  if (value.empty()) {
    return;
  }
  to.open('{');
  to.text("url", url);
  to.text("valueString", value);
  to.close('}');
}

void write_reference(fhir::JsonWriter& to, std::string_view key, std::string_view reference) {
  to.open(key, '{');
  to.text("reference", reference);
  to.close('}');
}

void write_person(fhir::JsonWriter& to, std::string_view url, std::string_view reference) {
  if (reference.empty()) {
    return;
  }
  to.open('{');
  to.text("url", url);
  write_reference(to, "valueReference", reference);
  to.close('}');
}

/// An output of a Task, {"type":…,"valueX":…}: both are types that an extension may have.
void write_output(fhir::JsonWriter& to, fhir::JsonValue output) {
  to.open('{');
  to.text("url", "output");
  to.open("extension", '[');
  for (const fhir::JsonValue member : output.children()) {
    const BytesView key = member.raw_key();
    write_part(to, key == "type" ? "type" : "value",
               key == "type" ? std::string_view("valueCodeableConcept") : key, member.raw());
  }
  to.close(']');
  to.close('}');
}

void write_extension(fhir::JsonWriter& to, const Proposal& proposal) {
  fhir::JsonReader reader;
  to.open("extension", '[');
  to.open('{');
  to.text("url", proposal_system);
  to.open("extension", '[');
  write_text(to, "act", proposal.asked.act);
  write_text(to, "to", proposal.asked.to);
  write_part(to, "reason", "valueCodeableConcept", proposal.asked.reason);
  for (const Output& output : proposal.asked.outputs) {
    const auto json = reader.read(output.json);
    check(json.has_value(), "an output that was read is JSON");
    write_output(to, json->root());
  }
  write_person(to, "confirmed-by", proposal.confirmed_by);
  write_person(to, "provenance", proposal.provenance);
  to.close(']');
  to.close('}');
  to.close(']');
}

// ---- and back -----------------------------------------------------------------------------------

std::string reference_in(fhir::JsonValue object, std::string_view key) {
  const auto value = object.find(key);
  return value ? fhir::text_member(*value, "reference") : std::string();
}

bool is_proposal(fhir::JsonValue list) {
  const auto code = list.find("code");
  const auto coding = code ? code->find("coding") : std::nullopt;
  bool is_one = false;
  if (coding) {
    for (const fhir::JsonValue one : coding->children()) {
      is_one = is_one || (fhir::text_member(one, "system") == proposal_system &&
                          fhir::text_member(one, "code") == close_many_code);
    }
  }
  return is_one;
}

/// The first code of a concept; empty where there is none.
std::string first_code(fhir::JsonValue concept_value) {
  const auto coding = concept_value.find("coding");
  return coding && coding->size() > 0 ? fhir::text_member(*coding->children().begin(), "code")
                                      : std::string();
}

/// Output of an extension; nothing where a part is missing.
std::optional<Output> output_in(fhir::JsonValue part) {
  Output output;
  Bytes type;
  Bytes value;
  const auto parts = part.find("extension");
  if (!parts) {
    return std::nullopt;
  }
  for (const fhir::JsonValue one : parts->children()) {
    const bool is_type = fhir::text_member(one, "url") == "type";
    for (const fhir::JsonValue member : one.children()) {
      if (!member.raw_key().starts_with("value")) {
        continue;
      }
      if (is_type) {
        type = member.raw();
        const std::string text = fhir::text_member(member, "text");
        output.type = text.empty() ? first_code(member) : text;
      } else {
        value = fmt::format(R"("{}":{})", member.raw_key(), member.raw());
      }
    }
  }
  if (output.type.empty() || value.empty()) {
    return std::nullopt;
  }
  output.json = fmt::format(R"({{"type":{},{}}})", type, value);
  return output;
}

bool read_extension(fhir::JsonValue list, Proposal& proposal) {
  const auto extensions = list.find("extension");
  if (!extensions) {
    return false;
  }
  for (const fhir::JsonValue extension : extensions->children()) {
    const auto parts = extension.find("extension");
    if (fhir::text_member(extension, "url") != proposal_system || !parts) {
      continue;
    }
    for (const fhir::JsonValue part : parts->children()) {
      const std::string url = fhir::text_member(part, "url");
      if (url == "act") {
        proposal.asked.act = fhir::text_member(part, "valueString");
      } else if (url == "to") {
        proposal.asked.to = fhir::text_member(part, "valueString");
      } else if (const auto reason = part.find("valueCodeableConcept"); reason && url == "reason") {
        proposal.asked.reason = reason->raw();
      } else if (url == "confirmed-by") {
        proposal.confirmed_by = reference_in(part, "valueReference");
      } else if (url == "provenance") {
        proposal.provenance = reference_in(part, "valueReference");
      } else if (url == "output") {
        auto output = output_in(part);
        if (!output) {
          return false;
        }
        proposal.asked.outputs.push_back(*std::move(output));
      }
    }
    return !proposal.asked.reason.empty();
  }
  return false;
}

std::optional<ProposedItem> item_in(fhir::JsonValue entry) {
  const std::string reference = reference_in(entry, "item");
  const auto literal = fhir::parse_literal(reference);
  const auto flag = entry.find("flag");
  if (!literal || fhir::name(literal->type) != "Task" || !flag) {
    return std::nullopt;
  }
  const auto version = parse_count(literal->version);
  const auto* const fate = std::ranges::find(fates, first_code(*flag));
  if (!version || fate == fates.end()) {
    return std::nullopt;
  }
  return ProposedItem{std::string(literal->id), Version{*version},
                      static_cast<Fate>(fate - fates.begin()), fhir::text_member(*flag, "text")};
}

}  // namespace

std::string_view name(Fate fate) { return fates[static_cast<std::size_t>(fate)]; }

Bytes list_of(const Proposal& proposal, std::string_view id, Time now) {
  const bool waits = proposal.confirmed_by.empty();
  fhir::JsonWriter to(proposal.items.size() * 192 + 1024);
  to.open('{');
  to.text("resourceType", "List");
  to.text("id", id);
  write_extension(to, proposal);
  to.text("status", waits ? "current" : "retired");
  to.text("mode", "snapshot");
  to.text("title", fmt::format("Close {} items together", proposal.items.size()));
  write_coded(to, "code", close_many_code, {});
  to.text("date", to_instant(now));
  write_reference(to, "source", proposal.by);
  to.open("entry", '[');
  for (const ProposedItem& item : proposal.items) {
    to.open('{');
    write_coded(to, "flag", name(item.fate), item.why);
    write_reference(to, "item", fmt::format("Task/{}/_history/{}", item.id, item.version.value));
    to.close('}');
  }
  to.close(']');
  to.close('}');
  return to.take();
}

Result<Proposal> read_proposal(fhir::JsonValue list, std::string_view id) {
  if (!is_proposal(list)) {
    return fail(Code::unsupported,
                fmt::format("List/{} is no proposal to close items: it has no code {}|{}", id,
                            proposal_system, close_many_code));
  }
  Proposal proposal;
  proposal.by = reference_in(list, "source");
  proposal.asked.interaction = Interaction::item_close;
  bool is_whole = !proposal.by.empty() && read_extension(list, proposal);
  if (const auto entries = list.find("entry"); entries && is_whole) {
    for (const fhir::JsonValue entry : entries->children()) {
      auto item = item_in(entry);
      is_whole = is_whole && item && proposal.items.size() < proposed_items_max;
      if (is_whole) {
        proposal.items.push_back(*std::move(item));
      }
    }
  }
  if (!is_whole || proposal.items.empty()) {
    return fail(Code::structure,
                fmt::format("List/{} was not made by $close-many: source, reason, or an entry of "
                            "it cannot be read; propose it again",
                            id));
  }
  return proposal;
}

}  // namespace holdfast::api
