#include "api/findings.h"

#include <fmt/format.h>

#include "api/stored.h"
#include "base/time.h"
#include "fhir/json_writer.h"
#include "fhir/member.h"
#include "search/matches.h"

namespace holdfast::api {
namespace {

using reconcile::Difference;
using reconcile::Kind;

constexpr std::string_view type_name = "DetectedIssue";

std::string_view severity(Kind kind) { return kind == Kind::state_differs ? "moderate" : "high"; }

std::string_view display(Kind kind) {
  switch (kind) {
    case Kind::missing_here: return "On the neighbour's list, missing here";
    case Kind::missing_there: return "Open here, missing on the neighbour's list";
    case Kind::state_differs: return "The state differs";
    case Kind::identity_conflict: return "One number, two identities";
    case Kind::count_differs: return "The list does not add up";
  }
  return "";
}

void write_identifier(fhir::JsonWriter& to, std::string_view system, std::string_view value) {
  to.open('{');
  to.text("system", system);
  to.text("value", value);
  to.close('}');
}

void write_part(fhir::JsonWriter& to, std::string_view url, std::string_view value) {
  if (!value.empty()) {
    to.open('{');
    to.text("url", url);
    to.text("valueString", value);
    to.close('}');
  }
}

/// What a later list is held against, and what a person wants to search for.
void write_extension(fhir::JsonWriter& to, const Difference& one, const Found& found) {
  to.open("extension", '[');
  to.open('{');
  to.text("url", finding_system);
  to.open("extension", '[');
  write_part(to, "type", one.type);
  write_part(to, "system", one.number.system);
  write_part(to, "value", one.number.value);
  write_part(to, "pathway", one.pathway);
  write_part(to, "authored", one.authored);
  write_part(to, "organisation", found.organisation);
  write_part(to, "theirs", one.theirs);
  to.close(']');
  to.close('}');
  to.close(']');
}

void write_references(fhir::JsonWriter& to, const Difference& one) {
  if (!one.patient.empty()) {
    to.open("patient", '{');
    to.text("reference", one.patient);
    to.close('}');
  }
  if (!one.reference.empty()) {
    to.open("implicated", '[');
    to.open('{');
    to.text("reference", one.reference);
    to.close('}');
    to.close(']');
  }
  if (!one.item.empty()) {
    to.open("evidence", '[');
    to.open('{');
    to.open("detail", '[');
    to.open('{');
    to.text("reference", one.item);
    to.close('}');
    to.close(']');
    to.close('}');
    to.close(']');
  }
}

void read_standing(fhir::JsonValue root, reconcile::Standing& to) {
  const auto outer = root.find("extension");
  if (!outer) {
    return;
  }
  for (const fhir::JsonValue one : outer->children()) {
    const auto inner = one.find("extension");
    if (fhir::text_member(one, "url") != finding_system || !inner) {
      continue;
    }
    for (const fhir::JsonValue part : inner->children()) {
      const std::string url = fhir::text_member(part, "url");
      std::string value = fhir::text_member(part, "valueString");
      std::string* const place = url == "type"           ? &to.type
                                 : url == "system"       ? &to.number.system
                                 : url == "value"        ? &to.number.value
                                 : url == "pathway"      ? &to.pathway
                                 : url == "authored"     ? &to.authored
                                 : url == "organisation" ? &to.organisation
                                                         : nullptr;
      if (place != nullptr) {
        *place = std::move(value);
      }
    }
  }
  if (const auto implicated = root.find("implicated"); implicated && implicated->size() > 0) {
    to.reference = fhir::text_member(*implicated->children().begin(), "reference");
  }
}

}  // namespace

Result<std::optional<Finding>> read_finding(const Parts& parts, const node::Moment& moment,
                                            const std::string& id) {
  TRY(const auto current, views::read_current(*moment.reader, *fhir::type_id(type_name), id));
  if (!current) {
    return std::optional<Finding>();
  }
  Finding finding;
  finding.version = current->version;
  finding.is_deleted = current->presence != views::Presence::present;
  if (finding.is_deleted) {
    return std::optional(std::move(finding));
  }
  TRY(views::Body stored, stored_row(parts, moment, current->row));
  finding.body = stored.bytes;
  fhir::ReaderPool::Lease reader = parts.readers.take();
  TRY(const fhir::Json json, reader->read(std::move(stored.bytes)));
  finding.is_gone = fhir::text_member(json.root(), "status") == "final";
  finding.text = fhir::text_member(json.root(), "detail");
  finding.standing.id = id;
  read_standing(json.root(), finding.standing);
  return std::optional(std::move(finding));
}

Result<std::vector<std::string>> standing_findings(const Parts& parts, const node::Moment& moment,
                                                   std::string_view source) {
  return search::matches({*moment.reader, parts.node.codec(), *moment.params},
                         *fhir::type_id(type_name),
                         search::identifier_condition(differs_system, source), standing_max);
}

Bytes finding_body(const Difference& difference, const Found& found) {
  fhir::JsonWriter to(1024);
  to.open('{');
  to.text("resourceType", type_name);
  to.text("id", difference.id);
  write_extension(to, difference, found);
  to.open("identifier", '[');
  write_identifier(to, finding_system, difference.id);
  write_identifier(to, differs_system, found.source);
  to.close(']');
  to.text("status", found.status);
  to.open("code", '{');
  to.open("coding", '[');
  to.open('{');
  to.text("system", finding_system);
  to.text("code", name(difference.kind));
  to.text("display", display(difference.kind));
  to.close('}');
  to.close(']');
  to.text("text", fmt::format("{}: {} {}", display(difference.kind), difference.type,
                              difference.number.value));
  to.close('}');
  to.text("severity", severity(difference.kind));
  write_references(to, difference);
  to.text("identifiedDateTime", to_instant(found.at));
  to.open("author", '{');
  to.open("identifier", '{');
  to.text("system", neighbour_system);
  to.text("value", found.source);
  to.close('}');
  to.text("display", found.source);
  to.close('}');
  to.text("detail", difference.text);
  to.close('}');
  return to.take();
}

Result<Bytes> gone_body(const Parts& parts, const Finding& finding, Time at) {
  fhir::ReaderPool::Lease reader = parts.readers.take();
  TRY(const fhir::Json json, reader->read(Bytes(finding.body)));
  fhir::JsonWriter to(finding.body.size() + 512);
  std::string scratch;
  to.open('{');
  for (const fhir::JsonValue member : json.root().children()) {
    const std::string_view key = member.key(scratch);
    if (key == "status") {
      to.text("status", "final");
    } else if (key == "identifier") {
      to.open("identifier", '[');
      write_identifier(to, finding_system, finding.standing.id);
      to.close(']');
    } else if (key != "mitigation") {
      to.raw(key, member.raw());
    }
  }
  to.open("mitigation", '[');
  to.open('{');
  to.open("action", '{');
  to.text("text", "A later list no longer has this difference. Nothing was done here for that");
  to.close('}');
  to.text("date", to_instant(at));
  to.close('}');
  to.close(']');
  to.close('}');
  return to.take();
}

}  // namespace holdfast::api
