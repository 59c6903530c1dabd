// api/items_for_test.h: for tests: a server with the pathways that ship, a patient, two teams, and
// referrals that are items. Included by tests only.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/channels_for_test.h"
#include "api/server_for_test.h"
#include "base/time.h"
#include "decide/prepared.h"
#include "pathway/shipped.h"
#include "views/items.h"

namespace holdfast::api {

/// Its time begins on Thursday, 1 January 2026, a holiday.
class ItemServer : public Server {
 public:
  explicit ItemServer(Options options = {}) : Server(std::move(options)) {
    const auto defined = run_task(io(), node().define_pathways(io(), pathway::shipped_files()));
    check(defined.has_value() && defined->has_value(), "what ships is sound");
    write("Patient/p1", R"("name":[{"family":"Sheard"}])");
    write("Patient/p2", R"("name":[{"family":"Okafor"}])");
    write("CareTeam/eyes", R"("status":"active","name":"Eye clinic")");
    write("CareTeam/hearts", R"("status":"active","name":"Heart clinic")");
  }

  /// PUT of `Patient/p1` with these members.
  void write(std::string_view name, std::string_view members) {
    const std::size_t slash = name.find('/');
    const Answered done = put(fmt::format("/fhir/{}", name),
                              fmt::format(R"({{"resourceType":"{}","id":"{}",{}}})",
                                          name.substr(0, slash), name.substr(slash + 1), members));
    EXPECT_LT(done.status, 300) << done.body;
  }
  /// A referral, and the id of its item.
  std::string refer(std::string_view id, std::string_view more = "",
                    std::string_view to = "CareTeam/eyes", std::string_view patient = "p1") {
    write(
        fmt::format("ServiceRequest/{}", id),
        fmt::format(
            R"("status":"active","intent":"order","subject":{{"reference":"Patient/{}"}},)"
            R"("category":[{{"coding":[{{"system":"http://snomed.info/sct","code":"3457005"}}]}}],)"
            R"("performer":[{{"reference":"{}"}}]{})",
            patient, to, more));
    return item_about(fmt::format("ServiceRequest/{}", id));
  }
  void appoint(std::string_view id, std::string_view request, std::string_view status,
               std::string_view start) {
    write(fmt::format("Appointment/{}", id),
          fmt::format(
              R"("status":"{}","basedOn":[{{"reference":"ServiceRequest/{}"}}],"start":"{}",)"
              R"("end":"{}",)"
              R"("participant":[{{"status":"accepted","actor":{{"reference":"Patient/p1"}}}}])",
              status, request, start, start));
  }
  std::string item_about(std::string_view focus) {
    const auto ids = views::items_about(*node().view().reader, focus, views::Which::all, 10);
    EXPECT_TRUE(ids && !ids->empty()) << focus;
    return ids && !ids->empty() ? ids->front() : std::string();
  }
  views::Item item(const std::string& id) {
    const auto found = views::find_item(*node().view().reader, id);
    EXPECT_TRUE(found && *found) << id;
    return found && *found ? **found : views::Item{};
  }
  /// $advance and its like on an item.
  Answered act(const std::string& id, std::string_view operation,
               const std::vector<std::string>& members, const std::vector<Field>& headers = {}) {
    return post(fmt::format("/fhir/Task/{}/${}", id, operation),
                members.empty() ? R"({"resourceType":"Parameters"})" : input(members), headers);
  }
  /// Time passes, and what is due by then happens.
  void pass(std::int64_t days) {
    advance(seconds(days * 86'400));
    Command tick;
    tick.key.bytes[0] = static_cast<char>(++ticks_);
    tick.key.bytes[1] = 't';
    tick.principal.name = "holdfast:time";
    tick.channel = "time";
    tick.tick = Tick{Time{INT64_MAX / 2}, 10'000};  // its entry's own time is the bound
    fhir::JsonReader reader;
    auto prepared = decide::prepare(std::move(tick), reader, node().extracting());
    check(prepared.has_value(), "a tick has no body");
    const auto done = run_task(io(), node().submit(io(), *std::move(prepared)));
    check(done.has_value(), "the task ends");
    EXPECT_TRUE(done->has_value()) << done->error().what;
  }
  Position head() { return node().view().state.position; }

 private:
  unsigned ticks_ = 0;
};

inline std::string text_parameter(std::string_view name, std::string_view text) {
  return fmt::format(R"("name":"{}","valueString":"{}")", name, text);
}
inline std::string reference_parameter(std::string_view name, std::string_view to) {
  return fmt::format(R"("name":"{}","valueReference":{{"reference":"{}"}})", name, to);
}

/// The parts of each group of that name: "pathway=referral opened=2 …".
inline std::vector<std::string> groups(const Document& json, std::string_view name,
                                       const std::vector<std::string_view>& parts) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < json.size("parameter"); ++i) {
    const std::string at = fmt::format("parameter.{}", i);
    if (json.at(at + ".name") != name) {
      continue;
    }
    std::string line;
    for (const std::string_view part : parts) {
      std::string value;
      for (const char* kind : {"valueUnsignedInt", "valueCode", "valueString", "valueDate",
                               "valueBoolean", "valueUri"}) {
        for (std::size_t k = 0; k < json.size(at + ".part"); ++k) {
          const std::string one = fmt::format("{}.part.{}", at, k);
          if (json.at(one + ".name") == part && json.has(fmt::format("{}.{}", one, kind))) {
            value = json.at(fmt::format("{}.{}", one, kind));
          }
        }
      }
      line += fmt::format("{}{}", line.empty() ? "" : " ", value);
    }
    all.push_back(line);
  }
  return all;
}

}  // namespace holdfast::api
