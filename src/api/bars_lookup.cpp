#include "api/bars_lookup.h"

#include <utility>

#include <fmt/format.h>

#include "api/stored.h"
#include "fhir/patient_link.h"
#include "fhir/sites.h"
#include "search/matches.h"
#include "views/versions.h"

namespace holdfast::api::bars {
namespace {

std::string operation_place(std::size_t operation) {
  return fmt::format("Bundle.entry[{}]", operation);
}

/// Patients with the same number, most of them replaced by one of them.
constexpr std::size_t same_number_max = 16;
constexpr std::size_t merges_max = 16;

class Lookup {
 public:
  Lookup(const Parts& parts, const node::Moment& moment, const Message& message)
      : parts_(parts), moment_(moment), message_(message) {}

  Result<std::optional<Known>> find(std::size_t index) const {
    const Entry& entry = message_.entries[index];
    TRY(auto named, by_identifiers(index));
    if (named) {
      return read(entry.type, *named);
    }
    // https://simplifier.net/guide/nhsbookingandreferralstandard: to change or cancel, a sender
    // reads the ServiceRequest or Appointment here, and sends it back as it is called here. What is
    // new has its sender's id, which may be anybody's here.
    const std::string_view type = fhir::name(entry.type);
    const bool is_new = index == message_.focus && message_.head.reason == Reason::fresh;
    if (!entry.id.empty() && !is_new && (type == "ServiceRequest" || type == "Appointment")) {
      TRY(auto known, read(entry.type, entry.id));
      if (known && !known->deleted) {
        return known;
      }
    }
    return read(entry.type, derived_id(message_, index));
  }

  // The resource with that identifier; of a Patient who was replaced, the other one.
  Result<std::optional<std::string>> find_by(fhir::TypeId type, const Identifier& by,
                                             std::size_t index) const {
    TRY(const auto ids,
        search::matches({*moment_.reader, parts_.node.codec(), *moment_.params}, type,
                        search::identifier_condition(by.system, by.value), same_number_max));
    std::optional<std::string> found;
    for (const std::string& id : ids) {
      TRY(std::string meant,
          fhir::name(type) == "Patient" ? survivor(id) : Result<std::string>(id));
      if (found && *found != meant) {
        return fail(Code::multiple_matches,
                    fmt::format("{0}/{1} and {0}/{2} both have the identifier {3}|{4} here",
                                fhir::name(type), *found, meant, by.system, by.value),
                    operation_place(index));
      }
      found = std::move(meant);
    }
    return found;
  }

  Result<std::optional<Known>> read(fhir::TypeId type, std::string_view id) const {
    TRY(const auto current, views::read_current(*moment_.reader, type, id));
    if (!current) {
      return std::optional<Known>();
    }
    Known known;
    known.id = id;
    known.version = current->version;
    known.deleted = current->presence == views::Presence::deleted;
    if (!known.deleted) {
      TRY(views::Body body, stored_row(parts_, moment_, current->row));
      known.body = std::move(body.bytes);
      fhir::ReaderPool::Lease reader = parts_.readers.take();
      TRY(const fhir::Json json, reader->read(known.body));
      known.subjects = subjects_of(json.root());
      TRY_OK(follow_merges(known.subjects));
      known.identifiers = identifiers_of(json.root());
    }
    return std::optional(std::move(known));
  }

  // https://hl7.org/fhir/R4/patient.html#links: who a Patient was replaced by, in the end.
  Result<std::string> survivor(std::string id) const {
    const fhir::TypeId type = *fhir::type_id("Patient");
    for (std::size_t links = 0; links < merges_max; ++links) {
      TRY(const auto current, views::read_current(*moment_.reader, type, id));
      if (!current || current->presence == views::Presence::deleted) {
        return id;
      }
      TRY(views::Body body, stored_row(parts_, moment_, current->row));
      fhir::ReaderPool::Lease reader = parts_.readers.take();
      TRY(const fhir::Json json, reader->read(std::move(body.bytes)));
      std::string next = fhir::replacing_id(json.root());
      if (next.empty()) {
        return id;
      }
      id = std::move(next);
    }
    return id;
  }

 private:
  Result<void> follow_merges(std::vector<Subject>& subjects) const {
    for (Subject& one : subjects) {
      const auto literal = fhir::parse_literal(one.reference);
      if (literal && fhir::name(literal->type) == "Patient") {
        TRY(const std::string now, survivor(std::string(literal->id)));
        one.reference = fmt::format("Patient/{}", now);
      }
    }
    return ok();
  }

  Result<std::optional<std::string>> by_identifiers(std::size_t index) const {
    const Entry& entry = message_.entries[index];
    const std::string_view type = fhir::name(entry.type);
    std::optional<std::string> found;
    for (const Identifier& one : entry.identifiers) {
      TRY(auto id, find_by(entry.type, one, index));
      if (found && id && *found != *id) {
        return fail(Code::invariant,
                    fmt::format("the identifiers of this {} lead to two here, {}/{} and {}/{}",
                                type, type, *found, type, *id),
                    operation_place(index));
      }
      if (id) {
        found = std::move(id);
      }
    }
    return found;
  }

  const Parts& parts_;
  const node::Moment& moment_;
  const Message& message_;
};

}  // namespace

Result<std::vector<std::optional<Known>>> look_up(const Parts& parts, const node::Moment& moment,
                                                  Message& message) {
  const Lookup lookup(parts, moment, message);
  std::vector<std::optional<Known>> known(message.entries.size());
  TRY(known[message.focus], lookup.find(message.focus));
  message.focus_key = focus_key(message, known[message.focus]);
  for (std::size_t i = 0; i < message.entries.size(); ++i) {
    if (i != message.focus) {
      TRY(known[i], lookup.find(i));
    }
  }
  return known;
}

Result<void> check_outside(const Parts& parts, const node::Moment& moment, const Message& message,
                           const std::vector<Outside>& outside,
                           const std::vector<std::optional<Known>>& known) {
  const Lookup lookup(parts, moment, message);
  const std::optional<Known>& patient = known[message.patient];
  for (const Outside& one : outside) {
    const std::string name = fmt::format("{}/{}", fhir::name(one.type), one.id);
    TRY(const auto there, lookup.read(one.type, one.id));
    if (!there || there->deleted) {
      return fail(Code::unmatched,
                  fmt::format("{} is no entry of the message, and is not here", name),
                  operation_place(one.entry));
    }
    const bool is_patient = fhir::name(one.type) == "Patient";
    TRY(const std::string meant, is_patient ? lookup.survivor(one.id) : Result<std::string>(""));
    if (is_patient ? !patient || patient->id != meant
                   : !is_theirs(*there, message.entries[message.patient], patient)) {
      return fail(Code::invariant, fmt::format("{} is another patient's here", name),
                  operation_place(one.entry));
    }
  }
  for (const Subject& one : message.entries[message.focus].based_on) {
    if (!one.reference.empty() || one.identifier.value.empty()) {
      continue;
    }
    TRY(const auto id,
        lookup.find_by(*fhir::type_id("ServiceRequest"), one.identifier, message.focus));
    const std::string number = fmt::format("{}|{}", one.identifier.system, one.identifier.value);
    if (!id) {
      return fail(Code::unmatched, fmt::format("no referral here has the number {}", number),
                  operation_place(message.focus));
    }
    TRY(const auto there, lookup.read(*fhir::type_id("ServiceRequest"), *id));
    if (there && !is_theirs(*there, message.entries[message.patient], patient)) {
      return fail(Code::invariant, fmt::format("the referral {} is another patient's here", number),
                  operation_place(message.focus));
    }
  }
  return ok();
}

}  // namespace holdfast::api::bars
