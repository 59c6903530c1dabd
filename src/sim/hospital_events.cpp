#include "sim/hospital_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/time.h"
#include "fhir/member.h"

namespace holdfast::sim {
namespace {

constexpr std::string_view flags_system =
    "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";
constexpr std::string_view sct = "http://snomed.info/sct";
constexpr std::int64_t day_ms = 86'400'000;

struct Kind {
  std::string_view name;
  std::string_view code;  ///< category; empty: none
};
constexpr std::array<Kind, 7> kinds{{{"referral", "3457005"},
                                     {"laboratory", "108252007"},
                                     {"imaging", "363679005"},
                                     {"procedure", "387713003"},
                                     {"blood", "116859006"},
                                     {"follow-up", "390906007"},
                                     {"unknown", ""}}};
constexpr std::array<std::string_view, 4> priorities{"routine", "urgent", "asap", "stat"};

Operation put(std::string type, std::string id, std::string_view rest) {
  Operation operation;
  operation.verb = Verb::update;
  operation.body = fmt::format(R"({{"resourceType":"{}",{}}})", type, rest);
  operation.type = std::move(type);
  operation.id = std::move(id);
  return operation;
}

std::string reference(std::string_view key, std::string_view to) {
  return fmt::format(R"("{}":{{"reference":"{}"}})", key, to);
}
std::string references(std::string_view key, std::string_view to) {
  return fmt::format(R"("{}":[{{"reference":"{}"}}])", key, to);
}

template <std::size_t count>
std::string_view one_of(Random& random, const std::array<std::string_view, count>& all) {
  return all[random.below(count)];
}

bool is_diagnostic(const Request& request) {
  return request.kind == "laboratory" || request.kind == "imaging";
}

}  // namespace

Command HospitalEvents::begin() {
  Command command;
  for (int i = 0; i < 6; ++i) {
    patients_.push_back(fmt::format("Patient/p{}", i));
    command.operations.push_back(put("Patient", fmt::format("p{}", i), R"("active":true)"));
  }
  for (int i = 0; i < 4; ++i) {
    teams_.insert(fmt::format("CareTeam/t{}", i));
    command.operations.push_back(put("CareTeam", fmt::format("t{}", i), R"("status":"active")"));
  }
  std::ranges::move(HospitalRotas::people(), std::back_inserter(command.operations));
  return command;
}

std::string HospitalEvents::fresh(std::string_view prefix) {
  return fmt::format("{}{}", prefix, ++ids_);
}

std::string HospitalEvents::somebody() {
  return random_.chance(1, 3) ? HospitalRotas::anybody(random_)
                              : fmt::format("CareTeam/t{}", random_.below(teams_max));
}

std::string HospitalEvents::patient() { return patients_[random_.below(patients_.size())]; }

const views::Item& HospitalEvents::any(const std::map<std::string, views::Item>& items) {
  return std::next(items.begin(), static_cast<std::ptrdiff_t>(random_.below(items.size())))->second;
}

Operation HospitalEvents::request_body(const Request& request) {
  const auto kind = std::ranges::find(kinds, std::string_view(request.kind), &Kind::name);
  std::string rest =
      fmt::format(R"("status":"{}","intent":"order",{})", request.active ? "active" : "revoked",
                  reference("subject", request.patient));
  if (!kind->code.empty()) {
    rest += fmt::format(R"(,"category":[{{"coding":[{{"system":"{}","code":"{}"}}]}}])", sct,
                        kind->code);
  }
  rest += fmt::format(R"(,"priority":"{}")", one_of(random_, priorities));
  if (random_.chance(2, 3)) {
    rest += "," + references("performer", somebody());
  }
  return put("ServiceRequest", request.id, rest);
}

Event HospitalEvents::new_request(Time) {
  Request request{fresh("r"), std::string(kinds[random_.below(kinds.size())].name), patient(),
                  true};
  if (is_diagnostic(request) && random_.chance(1, 8)) {
    request.followed = false;
    Event event = report(request);
    requests_.push_back(std::move(request));
    return event;
  }
  Event event;
  event.command.operations.push_back(request_body(request));
  event.fate = Fate::accepted;
  event.owed = "ServiceRequest/" + request.id;
  requests_.push_back(std::move(request));
  return event;
}

Event HospitalEvents::again(Request& request) {
  Event event;
  event.fate = Fate::accepted;
  event.command.operations.push_back(request_body(request));
  if (!request.followed && request.active) {
    event.owed = "ServiceRequest/" + request.id;
    event.cause.closes = {"diagnostic-order"};  // the item of its result: the order's goes on
    request.followed = true;
  }
  return event;
}

Event HospitalEvents::encounter(Time now) {
  Event event;
  if (!encounters_.empty() && random_.chance(1, 2)) {
    const std::string about = encounters_[random_.below(encounters_.size())];
    constexpr std::array<std::string_view, 2> statuses{"preliminary", "final"};
    event.command.operations.push_back(put(
        "DocumentReference", fresh("d"),
        fmt::format(
            R"("status":"current","docStatus":"{}","content":[{{"attachment":{{"title":"x"}}}}],"context":{{{}}})",
            one_of(random_, statuses), references("encounter", "Encounter/" + about))));
    event.fate = Fate::accepted;
    return event;
  }
  const std::string id = fresh("e");
  constexpr std::array<std::string_view, 3> classes{"IMP", "AMB", "EMER"};
  const std::string_view of = one_of(random_, classes);
  const std::string whose = patient();
  event.command.operations.push_back(
      put("Encounter", id,
          fmt::format(R"("status":"finished","class":{{"code":"{}"}},{},"period":{{"end":"{}"}})",
                      of, reference("subject", whose), to_instant(now))));
  event.fate = Fate::accepted;
  event.owed = "Encounter/" + id;
  encounters_.push_back(id);
  return event;
}

Event HospitalEvents::report(const Request& request) {
  constexpr std::array<std::string_view, 6> flags{"N", "N", "H", "HH", "A", ""};
  constexpr std::array<std::string_view, 4> statuses{"preliminary", "final", "final", "corrected"};
  const std::string_view flag = one_of(random_, flags);
  const std::string_view status = one_of(random_, statuses);
  const std::string value = fresh("o");
  const std::string id = fresh("dr");
  Event event;
  event.command.operations.push_back(put(
      "Observation", value,
      fmt::format(
          R"("status":"final","code":{{"text":"x"}},{}{})", reference("subject", request.patient),
          flag.empty()
              ? std::string()
              : fmt::format(
                    R"(,"valueQuantity":{{"value":1}},"interpretation":[{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"{}"}}]}}])",
                    flag))));
  event.command.operations.push_back(
      put("DiagnosticReport", id,
          fmt::format(R"("status":"{}","code":{{"text":"x"}},{},{},{})", status,
                      reference("subject", request.patient),
                      references("basedOn", "ServiceRequest/" + request.id),
                      references("result", "Observation/" + value))));
  event.fate = Fate::accepted;
  // Of an order that is not followed the result is somebody's all the same.
  if (!request.followed || (is_diagnostic(request) && status != "preliminary")) {
    event.owed = request.followed ? "ServiceRequest/" + request.id : "DiagnosticReport/" + id;
    event.not_normal = flag != "N";
    event.critical = flag == "HH";
  }
  return event;
}

Event HospitalEvents::on_request(Time now) {
  if (requests_.empty()) {
    return new_request(now);
  }
  Request& request = requests_[random_.below(requests_.size())];
  const std::string about = "ServiceRequest/" + request.id;
  Event event;
  event.fate = Fate::accepted;
  switch (random_.below(6)) {
    case 0: {
      constexpr std::array<std::string_view, 5> statuses{"booked", "booked", "fulfilled", "noshow",
                                                         "cancelled"};
      const std::string_view status = one_of(random_, statuses);
      const Time start{now.ms + static_cast<std::int64_t>(random_.below(60)) * day_ms};
      event.command.operations.push_back(put(
          "Appointment", fresh("a"),
          fmt::format(R"("status":"{}","start":"{}",{}{},"participant":[{{"status":"accepted"}}])",
                      status, to_instant(start), references("basedOn", about),
                      status == "cancelled" && random_.chance(1, 2)
                          ? R"(,"cancelationReason":{"coding":[{"code":"prov"}]})"
                          : "")));
      if (status == "fulfilled") {
        event.cause.closes = {"follow-up"};
      }
      return event;
    }
    case 1: {
      constexpr std::array<std::string_view, 2> statuses{"available", "unsatisfactory"};
      event.command.operations.push_back(
          put("Specimen", fresh("s"),
              fmt::format(R"("status":"{}",{})", one_of(random_, statuses),
                          references("request", about))));
      return event;
    }
    case 2:
      event.command.operations.push_back(
          put("Procedure", fresh("pr"),
              fmt::format(R"("status":"{}",{},{})", random_.chance(1, 2) ? "completed" : "not-done",
                          reference("subject", request.patient), references("basedOn", about))));
      event.cause.closes = {"procedure"};
      return event;
    case 3: request.active = !request.active; return again(request);
    case 4: return again(request);
    default: return report(request);
  }
}

Event HospitalEvents::act(const views::Item& item, const TaskNow& task) {
  Event event;
  const pathway::Definition& definition = *definitions_.find(item.pathway);
  const pathway::Act& drawn = definition.acts[random_.below(definition.acts.size())];
  // A Task says only where to: the act that leads there from here, if there is one.
  const auto leads = std::ranges::find_if(definition.acts, [&](const pathway::Act& one) {
    return one.to == drawn.to && std::ranges::find(one.from, item.state) != one.from.end();
  });
  const bool legal = leads != definition.acts.end();
  const pathway::Act& act = legal ? *leads : drawn;
  const bool complete = act.needs.empty() || random_.chance(4, 5);
  const auto json = reader_.read(task.body);
  check(json.has_value(), "a Task of the record can be read");
  Bytes body = fhir::with_member(
      json->root(), "businessStatus",
      fmt::format(R"({{"coding":[{{"system":"urn:holdfast:pathway:{}","code":"{}"}}]}})",
                  item.pathway, act.to));
  const auto change = [&](std::string_view key, const std::optional<Bytes>& value) {
    const auto read = reader_.read(body);
    check(read.has_value(), "it was just written");
    body = fhir::with_member(read->root(), key, value);
  };
  change("output", std::nullopt);
  change("statusReason", std::nullopt);
  std::string outputs;
  for (const std::string& need : act.needs) {
    if (!complete) {
      break;
    }
    if (need == "reason") {
      // Of this act: what stood there is none.
      change("statusReason",
             act.reasons.empty()
                 ? fmt::format(R"({{"text":"because, at version {}"}})", task.version.value)
                 : fmt::format(R"({{"coding":[{{"code":"{}"}}]}})", act.reasons.front()));
      continue;
    }
    outputs += fmt::format(R"({}{{"id":"v{}","type":{{"text":"{}"}},{}}})",
                           outputs.empty() ? "" : ",", task.version.value, need,
                           need == "evidence" ? reference("valueReference", patients_.front())
                                              : std::string(R"("valueString":"said")"));
  }
  if (!outputs.empty()) {
    change("output", "[" + outputs + "]");
  }
  Operation operation = put("Task", item.id, "");
  operation.body = std::move(body);
  operation.if_match = random_.chance(19, 20) ? std::optional(task.version) : std::nullopt;
  const bool stands = act.to == item.state;
  event.fate = operation.if_match && legal && complete ? Fate::accepted
               : stands && operation.if_match          ? Fate::either
                                                       : Fate::refused;
  event.command.operations.push_back(std::move(operation));
  event.cause.acted_on = item.id;
  return event;
}

Event HospitalEvents::hand_over(const views::Item& item, const TaskNow& task) {
  const bool answers = !item.offered.empty() && random_.chance(1, 2);
  const bool accepts = answers && random_.chance(2, 3);
  const bool to_name = random_.chance(1, 4);
  const std::string other = somebody();
  const std::string to = answers ? item.offered : to_name ? "team:night" : other;
  const std::string inside = to.starts_with("team:")
                                 ? fmt::format(R"("identifier":{{"system":"{}","value":"{}"}})",
                                               views::team_system, to.substr(5))
                                 : fmt::format(R"("reference":"{}")", to);
  const auto json = reader_.read(task.body);
  check(json.has_value(), "a Task of the record can be read");
  Operation operation = put("Task", item.id, "");
  operation.if_match = task.version;
  operation.body =
      accepts ? fhir::with_member(json->root(), "owner", "{" + inside + "}")
              : fhir::with_member(
                    json->root(), "extension",
                    fmt::format(R"([{{"url":"{}","extension":[{{"url":"definition",)"
                                R"("valueUnsignedInt":{}}},{{"url":"organisation",)"
                                R"("valueString":"{}"}}{}]}}])",
                                views::item_extension, item.definition, item.organisation,
                                answers ? std::string()
                                        : fmt::format(R"(,{{"url":"offered","valueReference":)"
                                                      R"({{{}}}}})",
                                                      inside)));
  Event event;
  const bool can_take =
      to != item.owner && (to.starts_with("team:") || is_person(to) || teams_.contains(to));
  event.fate = answers || (item.is_open() && can_take) ? Fate::accepted : Fate::refused;
  event.command.operations.push_back(std::move(operation));
  event.cause.acted_on = item.id;
  return event;
}

Event HospitalEvents::remove_something(const std::map<std::string, views::Item>& items) {
  const views::Item& item = any(items);
  Event event;
  Operation operation;
  operation.verb = Verb::remove;
  const bool task = random_.chance(1, 2);
  const std::string what = task ? "Task/" + item.id : item.focus;
  const std::size_t slash = what.find('/');
  operation.type = what.substr(0, slash);
  operation.id = what.substr(slash + 1);
  event.fate = task || item.is_open() ? Fate::refused : Fate::either;
  if (event.fate == Fate::either) {
    operation.type = "Basic";  // nothing that something closed rests on is taken away here
  }
  event.command.operations.push_back(std::move(operation));
  return event;
}

Event HospitalEvents::rota(Time now) {
  Event event;
  event.fate = Fate::accepted;
  event.command.operations.push_back(HospitalRotas::change(random_, now, teams_max));
  return event;
}

Event HospitalEvents::team() {
  Event event;
  event.fate = Fate::accepted;
  if (teams_.size() > 1 && random_.chance(1, 2)) {
    const std::string leaves =
        *std::next(teams_.begin(), static_cast<std::ptrdiff_t>(random_.below(teams_.size())));
    teams_.erase(leaves);
    event.command.operations.push_back(put("CareTeam", leaves.substr(9), R"("status":"inactive")"));
    return event;
  }
  const std::string id = fmt::format("t{}", random_.below(teams_max));
  teams_.insert("CareTeam/" + id);
  event.command.operations.push_back(put("CareTeam", id, R"("status":"active")"));
  return event;
}

Event HospitalEvents::merge() {
  Event event;
  event.fate = Fate::accepted;
  const std::string old = patients_[1 + random_.below(patients_.size() - 1)];
  event.command.operations.push_back(
      put("Patient", old.substr(8),
          fmt::format(R"("active":false,"link":[{{{},"type":"replaced-by"}}])",
                      reference("other", patients_.front()))));
  return event;
}

}  // namespace holdfast::sim
