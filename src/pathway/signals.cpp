#include "pathway/signals.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/check.h"
#include "base/time.h"
#include "clinical/blood_record.h"
#include "fhir/member.h"
#include "fhir/path/evaluate.h"
#include "fhir/patient_link.h"
#include "pathway/judgement.h"
#include "pathway/shipped.h"

namespace holdfast::pathway {
namespace {

fhir::path::Evaluator& evaluator() {
  thread_local fhir::path::Evaluator one;  // tidy: nothing but its working memory is kept
  return one;
}

enum class IfItFails : std::uint8_t { holds, does_not };

bool holds(const Condition& condition, fhir::JsonValue resource, IfItFails otherwise) {
  if (!condition.program) {
    return true;
  }
  fhir::path::TypeResolver resolver;
  fhir::path::Surroundings surroundings;
  surroundings.resolver = &resolver;
  const auto answer =
      evaluator().holds(*condition.program, fhir::path::resource_value(resource), surroundings);
  return answer ? *answer : otherwise == IfItFails::holds;
}

/// Every value at "a.b|c": lists are walked through, alternatives in their order.
void collect(fhir::JsonValue from, std::string_view path, std::vector<fhir::JsonValue>& to) {
  if (from.is_array()) {
    for (const fhir::JsonValue one : from.children()) {
      collect(one, path, to);
    }
    return;
  }
  if (path.empty()) {
    to.push_back(from);
    return;
  }
  const std::size_t dot = path.find('.');
  if (const auto next = from.find(path.substr(0, dot))) {
    collect(*next, dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1), to);
  }
}

std::vector<fhir::JsonValue> values_at(fhir::JsonValue resource, std::string_view paths) {
  std::vector<fhir::JsonValue> found;
  while (!paths.empty()) {
    const std::size_t bar = paths.find('|');
    collect(resource, paths.substr(0, bar), found);
    paths = bar == std::string_view::npos ? std::string_view() : paths.substr(bar + 1);
  }
  return found;
}

/// One resource being looked at.
class Look {
 public:
  Look(fhir::JsonValue resource, const fhir::Sites& sites) : resource_(resource), sites_(sites) {}

  [[nodiscard]] std::optional<std::uint32_t> site_of(fhir::JsonValue reference) const {
    const auto text = reference.find("reference");
    if (!text || !text->is_string()) {
      return {};
    }
    const std::uint32_t begin = text->begin() + 1 - resource_.begin();
    const auto at = std::ranges::lower_bound(
        sites_.sites, begin, {}, [](const fhir::Site& site) { return site.text.begin; });
    if (at == sites_.sites.end() || at->text.begin != begin) {
      return {};
    }
    return static_cast<std::uint32_t>(at - sites_.sites.begin());
  }

  [[nodiscard]] std::vector<std::uint32_t> sites_at(const std::vector<std::string>& paths) const {
    std::vector<std::uint32_t> found;
    for (const std::string& path : paths) {
      for (const fhir::JsonValue value : values_at(resource_, path)) {
        if (const auto site = site_of(value)) {
          found.push_back(*site);
        }
      }
    }
    return found;
  }

  /// What others may know the resource by.
  [[nodiscard]] std::vector<NamedLink> numbers() const {
    std::vector<NamedLink> all;
    for (const fhir::JsonValue one : values_at(resource_, "identifier")) {
      NamedLink number;
      number.system = fhir::text_member(one, "system");
      number.value = fhir::text_member(one, "value");
      if (!number.value.empty()) {
        all.push_back(std::move(number));
      }
    }
    return all;
  }

  [[nodiscard]] std::vector<NamedLink> named_at(const std::vector<std::string>& paths) const {
    std::vector<NamedLink> found;
    for (const std::string& path : paths) {
      for (const fhir::JsonValue value : values_at(resource_, path)) {
        const auto identifier = value.is_object() ? value.find("identifier") : std::nullopt;
        if (!identifier || site_of(value)) {
          continue;
        }
        NamedLink named;
        named.type = fhir::type_id(fhir::text_member(value, "type"));
        named.system = fhir::text_member(*identifier, "system");
        named.value = fhir::text_member(*identifier, "value");
        if (!named.value.empty() && std::ranges::find(found, named) == found.end()) {
          found.push_back(std::move(named));
        }
      }
    }
    return found;
  }

  [[nodiscard]] std::optional<Time> time_at(std::string_view paths) const {
    if (paths.empty()) {
      return {};
    }
    for (const fhir::JsonValue value : values_at(resource_, paths)) {
      if (const auto range = value.is_string() ? parse_date_time(value.text()) : std::nullopt) {
        return range->from;
      }
    }
    return {};
  }

  [[nodiscard]] bool has_code(const Open& open) const {
    if (open.codes.empty()) {
      return true;
    }
    for (const std::string& path : open.in) {
      for (const fhir::JsonValue value : values_at(resource_, path + ".coding")) {
        const Coded code{fhir::text_member(value, "system"), fhir::text_member(value, "code")};
        if (std::ranges::find(open.codes, code) != open.codes.end()) {
          return true;
        }
      }
    }
    return false;
  }

  [[nodiscard]] std::vector<NamedOwner> owners(const Open& open) const {
    std::vector<NamedOwner> all;
    for (const std::string& one : open.owner) {
      if (one.starts_with("team:") || one.find('/') != std::string::npos) {
        all.push_back({{}, one});
        continue;
      }
      for (const fhir::JsonValue value : values_at(resource_, one)) {
        if (const auto site = site_of(value)) {
          all.push_back({site, {}});
        } else if (views::Owner name = views::owner_of(value); !name.empty()) {
          all.push_back({{}, std::move(name)});
        }
      }
    }
    return all;
  }

  [[nodiscard]] std::optional<std::uint32_t> patient() const {
    constexpr std::array<std::string_view, 3> elements{"subject", "patient", "for"};
    static const auto type = fhir::type_id("Patient");
    for (const std::string_view element : elements) {
      const auto value = resource_.find(element);
      const auto site = value ? site_of(*value) : std::nullopt;
      if (site && (!sites_.sites[*site].type || sites_.sites[*site].type == type)) {
        return site;
      }
    }
    return {};
  }

  /// What the resource is about, as its sender calls it.
  [[nodiscard]] std::string title() const {
    constexpr std::array<std::string_view, 4> texts{"code.text", "code.coding.display", "type.text",
                                                    "type.coding.display"};
    for (const std::string_view path : texts) {
      for (const fhir::JsonValue value : values_at(resource_, path)) {
        if (value.is_string()) {
          return value.text();
        }
      }
    }
    return fhir::text_member(resource_, "description");
  }

  void note_requester(Signal& signal) const {
    const auto value = resource_.find("requester");
    if (!value || !value->is_object()) {
      return;
    }
    signal.requester_site = site_of(*value);
    if (!signal.requester_site) {
      signal.requester = value->raw();
    }
  }

 private:
  fhir::JsonValue resource_;
  const fhir::Sites& sites_;
};

bool may_say_of_clock(fhir::TypeId type) {
  constexpr std::array<std::string_view, 4> types{"Appointment", "Encounter", "Procedure",
                                                  "ServiceRequest"};
  return std::ranges::find(types, fhir::name(type)) != types.end();
}

/// Code of a valueCode, valueCoding or valueCodeableConcept.
std::string code_in(fhir::JsonValue extension) {
  std::string code = fhir::text_member(extension, "valueCode");
  for (const std::string_view path : {"valueCoding.code", "valueCodeableConcept.coding.code"}) {
    const auto found = code.empty() ? values_at(extension, path) : std::vector<fhir::JsonValue>();
    if (!found.empty() && found.front().is_string()) {
      code = found.front().text();
    }
  }
  return code;
}

/// A resource that was entered in error says nothing, and takes back what it said.
ClockSaid clock_said(fhir::TypeId type, fhir::JsonValue resource, const Look& look) {
  ClockSaid said;
  if (fhir::name(type) != "ServiceRequest") {
    said.links = look.sites_at({"basedOn"});
    said.named = look.named_at({"basedOn"});
  }
  const std::string status = fhir::text_member(resource, "status");
  if (status == "entered-in-error") {
    return said;
  }
  if (const auto start = fhir::extension_of(resource, clock_start_extension)) {
    said.from = clinical::parse_day(fhir::text_member(*start, "valueDate"));
  }
  const auto rtt = fhir::extension_of(resource, rtt_extension);
  clinical::RttEvent event;
  event.code = rtt ? code_in(*rtt) : std::string();
  if (event.code.empty()) {
    return said;
  }
  if (const auto time = look.time_at(
          "start|period.start|performedDateTime|performedPeriod.start|authoredOn|created")) {
    event.day = {to_local(*time).day.value};
    if (const auto told = fhir::extension_of(resource, communicated_extension)) {
      const auto value = told->find("valueBoolean");
      event.communicated = !value                   ? clinical::Communicated::unknown
                           : value->raw() == "true" ? clinical::Communicated::yes
                                                    : clinical::Communicated::no;
    }
    said.events.push_back(std::move(event));
  }
  return said;
}

bool may_speak_of_blood(fhir::TypeId type) {
  constexpr std::array<std::string_view, 5> types{"Condition", "Flag", "Observation", "Procedure",
                                                  "Specimen"};
  return std::ranges::find(types, fhir::name(type)) != types.end();
}

/// https://hl7.org/fhir/R4/patient-definitions.html#Patient.link.type
void note_itself(const clinical::BloodTable& blood, fhir::TypeId type, fhir::JsonValue resource,
                 const Look& look, Signals& signals) {
  if (is_owner_type(type)) {
    const auto active = resource.find("active");
    const std::string status = fhir::text_member(resource, "status");
    signals.ends_owner = (active && active->raw() == "false") || status == "inactive" ||
                         status == "suspended" || status == "entered-in-error";
  }
  if (fhir::name(type) == "Observation") {
    if (auto read = clinical::read_observation(resource)) {
      signals.observation = std::make_shared<const clinical::Observation>(*std::move(read));
    }
  }
  if (may_speak_of_blood(type) && clinical::speaks_of_blood(blood, resource)) {
    signals.blood_of = look.patient();
  }
  if (may_say_of_clock(type)) {
    signals.clock = clock_said(type, resource, look);
  }
  if (fhir::name(type) != "Patient") {
    return;
  }
  if (const auto other = fhir::replaced_by(resource)) {
    signals.replaced_by = look.site_of(*other);
  }
}

Signal opening(const Definitions::OpenRule& rule, const Look& look, fhir::JsonValue resource) {
  Signal signal;
  signal.definition = rule.definition;
  signal.open = rule.open;
  signal.links = look.sites_at(rule.open->unless_linked);
  signal.named = look.named_at(rule.open->unless_linked);
  signal.whole = look.sites_at(rule.open->part_of);
  signal.whole_named = look.named_at(rule.open->part_of);
  if (!rule.open->came_before.empty()) {
    signal.numbers = look.numbers();
  }
  if (rule.open->judge || rule.open->unless_vitals) {
    signal.results = look.sites_at({"result"});
  }
  signal.due_from = look.time_at(rule.open->due_from);
  signal.dated = look.time_at(rule.open->dated);
  signal.owners = look.owners(*rule.open);
  signal.patient = look.patient();
  signal.priority = fhir::text_member(resource, "priority");
  signal.title = look.title();
  look.note_requester(signal);
  const auto& urgencies = rule.definition->urgencies;
  const auto urgency = std::ranges::find_if(urgencies, [&](const Urgency& one) {
    return holds(one.when, resource, IfItFails::does_not);
  });
  signal.urgency = static_cast<std::uint16_t>(urgency - urgencies.begin());
  return signal;
}

}  // namespace

bool is_owner_type(fhir::TypeId type) {
  constexpr std::array<std::string_view, 4> types{"CareTeam", "Organization", "Practitioner",
                                                  "PractitionerRole"};
  return std::ranges::find(types, fhir::name(type)) != types.end();
}

bool is_heard(const Definitions& definitions, fhir::TypeId type) {
  return !definitions.opens(type).empty() || !definitions.moves(type).empty() ||
         is_owner_type(type) || fhir::name(type) == "Patient" || may_speak_of_blood(type);
}

Signals find_signals(const Definitions& definitions, fhir::TypeId type, fhir::JsonValue resource,
                     const fhir::Sites& sites) {
  Signals signals;
  const Look look(resource, sites);
  note_itself(definitions.clinical().blood, type, resource, look, signals);
  bool taken = false;
  for (const auto& rule : definitions.opens(type)) {
    const bool may_take = rule.open->beside || !taken;
    if (may_take && look.has_code(*rule.open) &&
        holds(rule.open->when, resource, IfItFails::holds)) {
      signals.all.push_back(opening(rule, look, resource));
      taken = taken || !rule.open->beside;
    }
  }
  for (const auto& rule : definitions.moves(type)) {
    if (rule.move->news2 &&
        !(signals.observation && has_vital(definitions.clinical().news2, *signals.observation))) {
      continue;
    }
    if (!holds(rule.move->when, resource, IfItFails::does_not)) {
      continue;
    }
    Signal signal;
    signal.definition = rule.definition;
    signal.move = rule.move;
    signal.links = look.sites_at(rule.move->link);
    signal.named = look.named_at(rule.move->link);
    signal.due_from = look.time_at(rule.move->due_from);
    if (rule.move->judge) {
      signal.patient = look.patient();
      signal.results = look.sites_at({"result"});
    }
    if (rule.move->link.empty() || !signal.links.empty() || !signal.named.empty()) {
      signals.all.push_back(std::move(signal));
    }
  }
  return signals;
}

std::vector<File> shipped_from(Time today) {
  std::vector<File> files = shipped_files();
  for (File& file : files) {
    if (file.name == "settings.toml") {
      file.text += fmt::format("cut_over = \"{}\"\n", to_instant(today).substr(0, 10));
    }
  }
  return files;
}

const std::shared_ptr<const Definitions>& shipped() {
  static const std::shared_ptr<const Definitions> one = [] {
    auto read = Definitions::read(shipped_files());
    check(read.has_value(), read ? "" : read.error().what.c_str());
    return *std::move(read);
  }();
  return one;
}

}  // namespace holdfast::pathway
