#include "day/messages.h"

#include <initializer_list>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/time.h"

namespace holdfast::day {
namespace {

constexpr std::int64_t half_hour_ms = 1'800'000;

/// "20261130081500"; the offset is UTC's, said by its neighbour's zone or none.
std::string stamp(Time time) {
  std::string text;
  for (const char c : to_instant(time).substr(0, 19)) {
    if (c >= '0' && c <= '9') {
      text.push_back(c);
    }
  }
  return text + "+0000";
}

using Fields = std::initializer_list<std::pair<std::size_t, std::string>>;
/// By number: nobody counts bars.
std::string segment(std::string_view name, Fields fields) {
  std::vector<std::string> all;
  for (const auto& [number, value] : fields) {
    all.resize(std::max(all.size(), number));
    all[number - 1] = value;
  }
  while (!all.empty() && all.back().empty()) {
    all.pop_back();
  }
  std::string text(name);
  for (const std::string& value : all) {
    text += '|';
    text += value;
  }
  return text + '\r';
}

std::string ours(std::string_view number) { return fmt::format("{}^{}", number, authority); }
std::string number_of(std::string_view number, std::string_view type) {
  return fmt::format("{}^^^{}^{}", number, authority, type);
}

std::string pid(const Person& person) {
  std::string birth = person.birth;
  std::erase(birth, '-');
  return segment("PID", {{1, "1"},
                         {3, number_of(person.number, "MR")},
                         {5, person.family + "^" + person.given},
                         {7, birth},
                         {8, person.gender == "female" ? "F" : "M"},
                         {29, person.died == Time{} ? "" : stamp(person.died)}});
}

std::string pv1(const Visit& visit, const Time* until) {
  return segment("PV1", {{1, "1"},
                         {2, visit.of == "IMP" ? "I" : "O"},
                         {3, visit.of == "IMP" ? "WARD5^1^2" : "CLINIC2"},
                         {19, number_of(visit.number, "VN")},
                         {44, stamp(visit.from)},
                         {45, until ? stamp(*until) : ""}});
}

std::string doctor(const Clinician& clinician) {
  return fmt::format("{}^{}^^^^Dr^^^{}", clinician.number, clinician.family, authority);
}

std::string_view priority_of(const Request& request) {
  return request.priority == "stat" ? "S" : request.priority == "urgent" ? "A" : "R";
}

struct Service {
  std::string code;
  std::string section;
};
Service service_of(const Request& request) {
  if (request.kind == Kind::laboratory) {
    const LabTest& test = lab_tests[request.test];
    return {fmt::format("{}^{}^L", test.code, test.name), std::string(test.section)};
  }
  const Examination& one = examinations[request.test];
  return {fmt::format("{}^{}^L", one.code, one.name), "RAD"};
}

std::string referral_segments(const Request& request, Time now) {
  return segment("RF1", {{1, "P^Pending^HL70283"},
                         {2, request.priority == "urgent" ? "A^Asap^HL70280" : "R^Routine^HL70280"},
                         {5, "O"},
                         {6, ours(request.number)},
                         {7, stamp(now)},
                         {10, request.name}}) +
         segment("PRD", {{1, "RP^Referring provider^HL70286"}, {2, request.by.family + "^^^^Dr"}}) +
         segment("PRD", {{1, "RT^Referred to provider^HL70286"}, {2, request.name}}) +
         pid(request.person);
}

std::string order_segments(std::string_view control, const Request& request, Time now) {
  std::string text = segment("ORC", {{1, std::string(control)},
                                     {2, ours(request.number)},
                                     {7, fmt::format("^^^^^{}", priority_of(request))},
                                     {9, stamp(now)},
                                     {12, doctor(request.by)}});
  if (request.kind == Kind::blood) {
    return text + segment("BPO", {{1, "1"}, {2, "RBC^Red cells^L"}, {4, "2"}});
  }
  const Service service = service_of(request);
  return text + segment("OBR", {{1, "1"},
                                {2, ours(request.number)},
                                {4, service.code},
                                {16, doctor(request.by)},
                                {24, request.names_section ? service.section : ""},
                                {27, fmt::format("^^^^^{}", priority_of(request))}});
}

std::string unit_order(const Request& request) {
  return segment("ORC", {{1, "SC"}, {2, ours(request.number)}}) +
         segment("BPO", {{1, "1"}, {2, "RBC^Red cells^L"}, {4, "2"}});
}

std::string_view letter_of(Stage stage) {
  return stage == Stage::preliminary ? "P" : stage == Stage::final_one ? "F" : "C";
}

std::string value_segment(const Request& request, Stage stage, Judgement judged) {
  const std::string status(letter_of(stage));
  if (request.kind != Kind::laboratory) {
    return segment(
        "OBX",
        {{1, "1"}, {2, "TX"}, {3, "RPT^Report^L"}, {5, "As described in the text."}, {11, status}});
  }
  const LabTest& test = lab_tests[request.test];
  const auto which = static_cast<std::size_t>(judged);
  return segment("OBX", {{1, "1"},
                         {2, "NM"},
                         {3, fmt::format("{}^{}^LN", test.loinc, test.analyte)},
                         {5, std::string(test.values[which])},
                         {6, std::string(test.unit)},
                         {7, std::string(test.range)},
                         {8, std::string(test.flags[which])},
                         {11, status}});
}

}  // namespace

std::string Messages::head(std::string_view type, Time now) {
  return fmt::format("MSH|^~\\&|{}|{}|HOLDFAST|{}|{}||{}|{}M{}|P|2.4|||||GBR|UNICODE UTF-8\r",
                     sender, authority, authority, stamp(now), type, prefix_, ++count_);
}

Message Messages::person(std::string_view trigger, const Person& person, Time now) {
  return {head(fmt::format("ADT^{}", trigger), now) +
          segment("EVN", {{1, std::string(trigger)}, {2, stamp(now)}}) + pid(person)};
}

Message Messages::visit(std::string_view trigger, const Visit& visit, Time now, const Time* until) {
  return {head(fmt::format("ADT^{}", trigger), now) +
          segment("EVN", {{1, std::string(trigger)}, {2, stamp(now)}}) + pid(visit.person) +
          pv1(visit, until)};
}

Message Messages::merge(const Person& stays, const Person& gone, Time now) {
  return {head("ADT^A40", now) + segment("EVN", {{1, "A40"}, {2, stamp(now)}}) + pid(stays) +
          segment("MRG", {{1, number_of(gone.number, "MR")}})};
}

Message Messages::order(std::string_view type, std::string_view control, const Request& request,
                        Time now) {
  const std::string start = head(type, now);
  if (request.kind == Kind::referral) {
    return {start + referral_segments(request, now)};
  }
  return {start + pid(request.person) + segment("PV1", {{1, "1"}, {2, "I"}}) +
          order_segments(control, request, now)};
}

Message Messages::result(const Request& request, std::string_view filler, Stage stage,
                         Judgement judged, Time now) {
  const std::string placer = request.number.empty() ? std::string() : ours(request.number);
  const Service service = service_of(request);
  return {head("ORU^R01", now) + pid(request.person) + segment("PV1", {{1, "1"}, {2, "I"}}) +
          segment("ORC", {{1, "RE"}, {2, placer}, {3, ours(filler)}}) +
          segment("OBR", {{1, "1"},
                          {2, placer},
                          {3, ours(filler)},
                          {4, service.code},
                          {7, stamp(now)},
                          {22, stamp(now)},
                          {24, service.section},
                          {25, std::string(letter_of(stage))}}) +
          value_segment(request, stage, judged)};
}

Message Messages::vitals(const Visit& visit, std::string_view filler,
                         const std::vector<Reading>& readings, Time now) {
  std::string text = head("ORU^R01", now) + pid(visit.person) + pv1(visit, nullptr) +
                     segment("OBR", {{1, "1"},
                                     {3, ours(filler)},
                                     {4, "OBS^Observations^L"},
                                     {7, stamp(now)},
                                     {22, stamp(now)},
                                     {25, "F"}});
  std::size_t count = 0;
  for (const Reading& one : readings) {
    const bool code = one.unit.empty();
    text += segment(
        "OBX", {{1, std::to_string(++count)},
                {2, code ? "CE" : "NM"},
                {3, fmt::format("{}^{}^LN", one.loinc, one.name)},
                {5, code ? fmt::format("{}^{}^SCT", one.value, one.words) : std::string(one.value)},
                {6, code ? "" : fmt::format("{}^^UCUM", one.unit)},
                {11, "F"},
                {14, stamp(now)}});
  }
  return {std::move(text)};
}

Message Messages::sample(const Request& request, std::string_view filler, Time now) {
  const Service service = service_of(request);
  return {head("OML^O21", now) + pid(request.person) +
          segment("ORC", {{1, "SC"}, {2, ours(request.number)}, {3, ours(filler)}, {5, "IP"}}) +
          segment("OBR", {{1, "1"},
                          {2, ours(request.number)},
                          {3, ours(filler)},
                          {4, service.code},
                          {14, stamp(now)},
                          {15, "BLD"},
                          {24, request.names_section ? service.section : ""}})};
}

Message Messages::unit(const Request& request, std::string_view unit, std::string_view status,
                       Time now) {
  return {head("BPS^O29", now) + pid(request.person) + unit_order(request) +
          segment("BPX", {{1, "1"},
                          {2, std::string(status)},
                          {3, "P"},
                          {4, stamp(now)},
                          {5, ours(unit)},
                          {6, "E0382^Red cells^ISBT"}})};
}

Message Messages::transfused(const Request& request, std::string_view unit, Time now) {
  return {head("BTS^O31", now) + pid(request.person) + unit_order(request) +
          segment("BTX", {{1, "1"},
                          {2, ours(unit)},
                          {3, "E0382^Red cells^ISBT"},
                          {11, "TX"},
                          {12, stamp(now)},
                          {15, stamp(now)},
                          {16, stamp(now)}})};
}

Message Messages::letter(std::string_view trigger, std::string_view completion, const Visit& visit,
                         std::string_view number, Time now) {
  return {head(fmt::format("MDM^{}", trigger), now) +
          segment("EVN", {{1, std::string(trigger)}, {2, stamp(now)}}) + pid(visit.person) +
          pv1(visit, nullptr) +
          segment("TXA", {{1, "1"},
                          {2, "DS"},
                          {3, "TX"},
                          {4, stamp(now)},
                          {12, ours(number)},
                          {17, std::string(completion)}}) +
          segment("OBX",
                  {{1, "1"}, {2, "TX"}, {3, "LETTER^Letter^L"}, {5, "Dear colleague"}, {11, "F"}})};
}

Message Messages::appointment(std::string_view trigger, const Request& request,
                              std::string_view number, Time start, Time now) {
  return {head(fmt::format("SIU^{}", trigger), now) +
          segment("SCH", {{1, ours(number)},
                          {6, "ROUTINE"},
                          {9, "30"},
                          {10, "min"},
                          {11, fmt::format("^^30^{}^{}", stamp(start),
                                           stamp(Time{start.ms + half_hour_ms}))},
                          {25, trigger == "S26"   ? "Noshow"
                               : trigger == "S15" ? "Cancelled"
                                                  : "Booked"},
                          {26, ours(request.number)}}) +
          pid(request.person) + segment("RGS", {{1, "1"}}) +
          segment("AIG", {{1, "1"}, {3, doctor(request.by)}})};
}

}  // namespace holdfast::day
