#include "api/bars_lookup.h"

#include <utility>

#include <fmt/format.h>

#include "api/stored.h"
#include "fhir/sites.h"
#include "search/matches.h"
#include "views/versions.h"

namespace holdfast::api::bars {
namespace {

std::string operation_place(std::size_t operation) {
  return fmt::format("Bundle.entry[{}]", operation);
}

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
    // reads the ServiceRequest or Appointment here, and sends it back as it is called here.
    const std::string_view type = fhir::name(entry.type);
    if (!entry.id.empty() && (type == "ServiceRequest" || type == "Appointment")) {
      TRY(auto known, read(entry.type, entry.id));
      if (known && !known->deleted) {
        return known;
      }
    }
    return entry.identifiers.empty() ? read(entry.type, derived_id(message_, index))
                                     : std::optional<Known>();
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
      known.identifiers = identifiers_of(json.root());
    }
    return std::optional(std::move(known));
  }

 private:
  Result<std::optional<std::string>> by_identifiers(std::size_t index) const {
    const Entry& entry = message_.entries[index];
    const std::string_view type = fhir::name(entry.type);
    std::optional<std::string> found;
    for (const Identifier& one : entry.identifiers) {
      TRY(const auto ids,
          search::matches({*moment_.reader, parts_.node.codec(), *moment_.params}, entry.type,
                          search::identifier_condition(one.system, one.value)));
      if (ids.size() > 1) {
        return fail(Code::multiple_matches,
                    fmt::format("{}/{} and {}/{} both have the identifier {}|{} here", type, ids[0],
                                type, ids[1], one.system, one.value),
                    operation_place(index));
      }
      if (ids.empty()) {
        continue;
      }
      if (found && *found != ids[0]) {
        return fail(Code::invariant,
                    fmt::format("the identifiers of this {} lead to two here, {}/{} and {}/{}",
                                type, type, *found, type, ids[0]),
                    operation_place(index));
      }
      found = ids[0];
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
    if (is_patient ? !patient || patient->id != one.id
                   : !is_theirs(*there, message.entries[message.patient], patient)) {
      return fail(Code::invariant, fmt::format("{} is another patient's here", name),
                  operation_place(one.entry));
    }
  }
  return ok();
}

}  // namespace holdfast::api::bars
