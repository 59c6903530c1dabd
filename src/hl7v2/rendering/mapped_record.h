// hl7v2/rendering/mapped_record.h: what a message was mapped to, as a record that it can be
// rendered from again. For tests and tools.
#pragma once

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hl7v2/mapping/map.h"
#include "hl7v2/rendering/render.h"

namespace holdfast::hl7v2 {

/// Each draft under "Patient/d1", by its number.
class MappedRecord : public RecordReader {
 public:
  explicit MappedRecord(const Mapped& mapped) {
    for (const Draft& draft : mapped.drafts) {
      std::string body;
      std::size_t done = 0;
      for (const LocalReference& one : draft.references) {
        body += draft.body.substr(done, one.offset - done);
        body += name(mapped, one.to);
        done = one.offset + one.bytes;
      }
      body += draft.body.substr(done);
      const std::string own = name(mapped, draft.local);
      const std::size_t behind_type = body.find('"', body.find(':') + 2) + 1;
      body.insert(behind_type, fmt::format(R"(,"id":"{}")", own.substr(own.find('/') + 1)));
      resources[own] = body;
      names.push_back(own);
    }
  }
  static std::string name(const Mapped& mapped, Local local) {
    return fmt::format("{}/d{}", fhir::name(mapped.drafts[local.value - 1].type), local.value);
  }
  Result<std::optional<Bytes>> read(std::string_view type, std::string_view id) override {
    const auto found = resources.find(fmt::format("{}/{}", type, id));
    return found == resources.end() ? std::optional<Bytes>() : std::optional(found->second);
  }

  std::map<std::string, Bytes> resources;
  std::vector<std::string> names;
};

/// The type of the resources that a message of that kind is about.
inline std::string_view focus_type(std::string_view trigger, const Mapped& mapped) {
  const std::string_view kind = trigger.substr(0, 3);
  if (kind == "ADT") {
    return mapped.encounter.value != 0 ? "Encounter" : "Patient";
  }
  return kind == "ORU" || kind == "OUL"                                     ? "DiagnosticReport"
         : kind == "MDM"                                                    ? "DocumentReference"
         : kind == "SIU"                                                    ? "Appointment"
         : kind == "ORM" || kind == "OML" || kind == "OMG" || kind == "REF" ? "ServiceRequest"
                                                                            : "";
}

/// The message that a resource would have made: as new, else as one whose status has just changed,
/// else as one that was changed otherwise. Nothing: it makes none.
inline std::optional<Rendered> render_mapped(const Envelope& envelope, MappedRecord& record,
                                             const std::string& focus, fhir::JsonReader& reader) {
  const Bytes body = record.resources.at(focus);
  std::vector<std::optional<Bytes>> before{std::nullopt};
  const std::size_t status = body.find(R"("status":")");
  if (status != Bytes::npos) {
    const std::size_t end = body.find('"', status + 10);
    for (const std::string_view was : {"booked", "active", "in-progress", "current"}) {
      Bytes other = body;
      before.emplace_back(other.replace(status + 10, end - status - 10, was));
    }
  }
  before.emplace_back(body);
  for (const std::optional<Bytes>& one : before) {
    Result<Rendered> made =
        render(envelope, body, one ? std::optional<BytesView>(*one) : std::nullopt, record, reader);
    if (made || made.error().code != Code::unsupported) {
      return made ? std::optional(*std::move(made)) : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace holdfast::hl7v2
