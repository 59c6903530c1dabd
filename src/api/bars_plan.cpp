#include "api/bars_plan.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "fhir/member.h"
#include "fhir/sites.h"
#include "search/matches.h"

namespace holdfast::api::bars {
namespace {

using fhir::JsonValue;

/// Who and where: a message tells them, and never changes what the record says of them.
bool is_kept(std::string_view type) {
  constexpr std::array kept{"Patient",  "Organization",      "Practitioner", "PractitionerRole",
                            "Location", "HealthcareService", "Endpoint",     "Device",
                            "Slot",     "Schedule"};
  return std::ranges::find(kept, type) != kept.end();
}

// As decide counts: operations. Who submits them says which entries those are.
std::string operation_place(std::size_t operation) {
  return fmt::format("Bundle.entry[{}]", operation);
}

std::string name_of(const Message& message, std::size_t entry, std::string_view id) {
  return fmt::format("{}/{}", fhir::name(message.entries[entry].type), id);
}

std::string number_of(const std::vector<Identifier>& identifiers) {
  const auto found = std::ranges::find(identifiers, nhs_number_system, &Identifier::system);
  return found == identifiers.end() ? std::string() : found->value;
}

/// There is one.
const Identifier& number_to_find_by(const std::vector<Identifier>& identifiers) {
  const auto number = std::ranges::find(identifiers, nhs_number_system, &Identifier::system);
  return number == identifiers.end() ? identifiers.front() : *number;
}

class Planner {
 public:
  Planner(const Message& message, const std::vector<std::optional<Known>>& known,
          fhir::JsonReader& reader)
      : message_(message), known_(known), reader_(reader) {}

  Result<std::vector<Planned>> run() {
    TRY_OK(check_patient());
    TRY_OK(check_request());
    std::vector<Planned> all;
    for (std::size_t i = 0; i < message_.entries.size(); ++i) {
      TRY_OK(check_owner(i));
      TRY(Planned planned, entry(i));
      all.push_back(std::move(planned));
    }
    return all;
  }

 private:
  [[nodiscard]] std::string_view type(std::size_t i) const {
    return fhir::name(message_.entries[i].type);
  }
  [[nodiscard]] bool is_there(std::size_t i) const { return known_[i] && !known_[i]->deleted; }

  // Found by another identifier, but known under another NHS number: somebody is mistaken.
  [[nodiscard]] Result<void> check_patient() const {
    const std::size_t at = message_.patient;
    if (!is_there(at)) {
      return ok();
    }
    const std::string theirs = number_of(message_.entries[at].identifiers);
    const std::string ours = number_of(known_[at]->identifiers);
    if (theirs.empty() || ours.empty() || theirs == ours) {
      return ok();
    }
    return fail(Code::invariant,
                fmt::format("an identifier of the Patient belongs to another one here: {} has the "
                            "NHS number {}, not {}",
                            name_of(message_, at, known_[at]->id), ours, theirs),
                operation_place(at));
  }

  [[nodiscard]] Result<void> check_owner(std::size_t i) const {
    if (!is_there(i) || i == message_.patient || is_kept(type(i)) ||
        is_theirs(*known_[i], message_.entries[message_.patient], known_[message_.patient])) {
      return ok();
    }
    return fail(Code::invariant,
                fmt::format("{} is another patient's here: nothing of the message was taken; look "
                            "whose {} this is, and send it again",
                            name_of(message_, i, known_[i]->id), type(i)),
                operation_place(i));
  }

  // An update is of something that is here.
  [[nodiscard]] Result<void> check_request() const {
    const Head& head = message_.head;
    const bool changes = head.reason == Reason::update || head.reason == Reason::cancel;
    const bool asks = head.event == Event::referral || head.event == Event::booking;
    if (asks && changes && !is_there(message_.focus)) {
      return unknown(message_.focus);
    }
    if (head.event == Event::referral_answer) {
      for (std::size_t i = 0; i < message_.entries.size(); ++i) {
        if (type(i) == "ServiceRequest" && !is_there(i)) {
          return unknown(i);
        }
      }
    }
    return ok();
  }

  [[nodiscard]] Result<void> unknown(std::size_t i) const {
    return fail(Code::not_found,
                fmt::format("this {} is not known here, by its identifier or its id: send it as "
                            "new first",
                            type(i)),
                operation_place(i));
  }

  // What a message is about; in an answer, our own referral; and what its sender has sent before.
  // The record's own is never overwritten by a copy that comes along.
  [[nodiscard]] bool may_change(std::size_t i) const {
    if (is_kept(type(i))) {
      return false;
    }
    if (type(i) == "ServiceRequest" && i != message_.focus) {
      return message_.head.event == Event::referral_answer;
    }
    return i == message_.focus || known_[i]->id == derived_id(message_, i);
  }

  Result<Planned> entry(std::size_t i) {
    const Entry& given = message_.entries[i];
    Planned planned;
    planned.operation.full_url = given.full_url;
    planned.body = given.body;
    TRY_OK(claim(i));
    if (known_[i] && !is_there(i)) {  // deleted: it begins again, under the same id
      planned.operation.verb = Verb::update;
      planned.operation.id = known_[i]->id;
      return planned;
    }
    if (!known_[i]) {
      planned.operation.verb = Verb::create;
      planned.operation.id = derived_id(message_, i);
      planned.operation.condition = condition_of(i);
      planned.operation.if_match = Version{0};
      return planned;
    }
    if (!may_change(i)) {
      planned.operation.verb = Verb::create;
      planned.operation.id = derived_id(message_, i);
      planned.operation.condition = fmt::format("_id={}", known_[i]->id);
      return planned;
    }
    planned.operation.verb = Verb::update;
    planned.operation.id = known_[i]->id;
    planned.operation.if_match = known_[i]->version;
    TRY(planned.body, changed(i));
    return planned;
  }

  // What an update makes of what is there. Of our own referral an answer changes the status alone;
  // identifiers stay what they were where an update has none: by them it is found again.
  Result<Bytes> changed(std::size_t i) {
    const Entry& given = message_.entries[i];
    if (type(i) == "ServiceRequest" && message_.head.event == Event::referral_answer) {
      TRY(const fhir::Json json, reader_.read(known_[i]->body));
      return fhir::with_member(json.root(), "status", fmt::format("\"{}\"", given.status));
    }
    if (!given.identifiers.empty() || known_[i]->identifiers.empty()) {
      return given.body;
    }
    Bytes kept;
    {
      TRY(const fhir::Json json, reader_.read(known_[i]->body));
      kept = json.root().find("identifier")->raw();
    }
    TRY(const fhir::Json json, reader_.read(given.body));
    return fhir::with_member(json.root(), "identifier", kept);
  }

  [[nodiscard]] std::string condition_of(std::size_t i) const {
    const Entry& given = message_.entries[i];
    if (given.identifiers.empty()) {
      return fmt::format("_id={}", derived_id(message_, i));
    }
    const Identifier& by = number_to_find_by(given.identifiers);
    return search::identifier_condition(by.system, by.value);
  }

  Result<void> claim(std::size_t i) {
    const std::string what =
        known_[i] ? name_of(message_, i, known_[i]->id) : name_of(message_, i, condition_of(i));
    if (!claimed_.insert(what).second) {
      return fail(Code::structure,
                  fmt::format("two entries of the message are the same {}", type(i)),
                  operation_place(i));
    }
    return ok();
  }

  const Message& message_;
  const std::vector<std::optional<Known>>& known_;
  fhir::JsonReader& reader_;
  std::set<std::string> claimed_;
};

using Names = std::map<std::string, std::size_t, std::less<>>;

struct Linking {
  const Names& full_urls;
  const Names& names;  ///< "Patient/7"
  std::string_view base;
  fhir::JsonReader& reader;
};

// "Patient/7", also of an address below our own base; nothing for others.
std::optional<std::string> local_name(std::string_view reference, std::string_view base) {
  if (!base.empty() && reference.starts_with(base) &&
      reference.substr(base.size()).starts_with('/')) {
    reference.remove_prefix(base.size() + 1);
  }
  const auto literal = fhir::parse_literal(reference);
  return literal ? std::optional(fmt::format("{}/{}", fhir::name(literal->type), literal->id))
                 : std::nullopt;
}

Result<void> link_entry(Message& message, std::size_t index, const Linking& linking,
                        std::vector<Outside>& outside) {
  Bytes& body = message.entries[index].body;
  TRY(fhir::Json json, linking.reader.read(std::move(body)));
  json.minify();
  const fhir::Sites sites = fhir::find_sites(json.root());
  const BytesView text = json.root().raw();
  Bytes linked;
  std::size_t copied = 0;
  std::string scratch;
  for (const fhir::Site& site : sites.sites) {
    const std::string_view reference = fhir::site_value(text, site, scratch);
    if (site.element != fhir::SiteElement::reference || linking.full_urls.contains(reference)) {
      continue;  // by fullUrl: decide resolves it
    }
    const auto local = local_name(reference, linking.base);
    if (!local) {
      continue;
    }
    const auto named = linking.names.find(*local);
    if (named == linking.names.end()) {
      const auto literal = fhir::parse_literal(*local);
      outside.push_back({index, literal->type, std::string(literal->id)});
    }
    linked.append(text.substr(copied, site.text.begin - copied));
    fhir::append_json_escaped(
        linked, named == linking.names.end() ? *local : message.entries[named->second].full_url);
    copied = site.text.end;
  }
  linked.append(text.substr(copied));
  body = std::move(linked);
  return ok();
}

}  // namespace

bool is_theirs(const Known& known, const Entry& patient, const std::optional<Known>& in_record) {
  for (const Subject& one : known.subjects) {
    const auto literal = fhir::parse_literal(one.reference);
    if (literal && fhir::name(literal->type) == "Patient" &&
        (!in_record || literal->id != in_record->id)) {
      return false;
    }
    const std::string number = number_of(patient.identifiers);
    if (one.reference.empty() && one.identifier.system == nhs_number_system &&
        one.identifier.value != number) {
      return false;
    }
  }
  return true;
}

std::string derived_id(const Message& message, std::size_t entry) {
  const Entry& given = message.entries[entry];
  std::string_view about;
  std::string own = given.id.empty() ? given.full_url : given.id;
  if (!given.identifiers.empty()) {
    const Identifier& by = number_to_find_by(given.identifiers);
    own = fmt::format("{}|{}", by.system, by.value);
  } else if (entry != message.focus) {
    about = message.focus_key;
  }
  const BytesView end("\0", 1);  // which cannot be in any of the parts
  const Hash hash =
      sha256({message.head.sender, end, about, end, fhir::name(given.type), end, own});
  return fmt::format("bars-{}", to_hex(hash.view().substr(0, 16)));
}

std::string focus_key(const Message& message, const std::optional<Known>& known) {
  const Entry& given = message.entries[message.focus];
  const std::vector<Identifier>& numbers =
      known && !known->identifiers.empty() ? known->identifiers : given.identifiers;
  if (!numbers.empty()) {
    return fmt::format("{}|{}", numbers.front().system, numbers.front().value);
  }
  return known ? known->id : derived_id(message, message.focus);
}

Result<std::vector<Outside>> link_entries(Message& message, std::string_view base,
                                          fhir::JsonReader& reader) {
  Names full_urls;
  Names names;
  for (std::size_t i = 0; i < message.entries.size(); ++i) {
    const Entry& entry = message.entries[i];
    full_urls.emplace(entry.full_url, i);
    if (!entry.id.empty()) {
      names.emplace(name_of(message, i, entry.id), i);
    }
  }
  std::vector<Outside> outside;
  for (std::size_t i = 0; i < message.entries.size(); ++i) {
    TRY_OK(link_entry(message, i, {full_urls, names, base, reader}, outside));
  }
  return outside;
}

Result<std::vector<Planned>> plan(const Message& message,
                                  const std::vector<std::optional<Known>>& known,
                                  fhir::JsonReader& reader) {
  return Planner(message, known, reader).run();
}

}  // namespace holdfast::api::bars
