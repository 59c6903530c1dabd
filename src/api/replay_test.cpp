// Endpoint/[id]/$replay: what a neighbour was sent, again, as it is now
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/channels_for_test.h"

namespace holdfast::api {
namespace {

using testing::HasSubstr;

constexpr const char* replay = "/fhir/Endpoint/channel-gp/$replay";

std::string from(std::string_view time, bool dry_run, const std::vector<std::string>& more = {}) {
  const std::string_view type = time.size() == 10   ? "Date"
                                : time.size() == 20 ? "Instant"
                                                    : "String";
  std::vector<std::string> all{fmt::format(R"("name":"from","value{}":"{}")", type, time),
                               fmt::format(R"("name":"dryRun","valueBoolean":{})", dry_run)};
  all.insert(all.end(), more.begin(), more.end());
  return input(all);
}
constexpr const char* begin = "2026-01-01T00:00:00Z";

std::string references(ChannelServer& server) {
  return values(server.get("/fhir/Endpoint/channel-gp/$queue?_count=200").json(), "resource",
                "valueReference.reference");
}

TEST(Replay, SaysWhatItWouldDoUnlessItIsToldToDoIt) {
  ChannelServer server;
  server.deliver(server.owe_patient("a", "A"));
  const Position head = server.head();
  const Answered asked =
      server.post(replay, input({R"("name":"from","valueInstant":"2026-01-01T00:00:00Z")"}));
  ASSERT_EQ(asked.status, 200) << asked.body;
  EXPECT_EQ(values(asked.json(), "dryRun", "valueBoolean"), "true ");
  EXPECT_EQ(values(asked.json(), "count", "valueUnsignedInt"), "1 1 ");
  EXPECT_EQ(values(asked.json(), "code", "valueCode"), "Patient ");
  EXPECT_EQ(server.head(), head);
  EXPECT_EQ(server.owed().size(), 0U);
}

TEST(Replay, SendsEachResourceOnceAsItIsNowInTheOrderOfTheJournal) {
  ChannelServer server;
  server.deliver(server.owe_patient("a", "A"));
  server.deliver(server.owe_patient("b", "B"));
  server.deliver(server.owe_patient("a", "A2"));
  server.deliver(server.owe_patient("c", "C"));
  // Changed meanwhile, and the channel was not told of it.
  ASSERT_EQ(
      server.put("/fhir/Patient/b", R"({"resourceType":"Patient","id":"b","active":true})").status,
      200);
  const Answered dry = server.post(replay, from(begin, true));
  EXPECT_EQ(values(dry.json(), "sent", "valueReference.reference"),
            "Patient/a/_history/2 Patient/c/_history/1 Patient/b/_history/1 ");
  EXPECT_EQ(values(dry.json(), "now", "valueReference.reference"),
            "Patient/a/_history/2 Patient/c/_history/1 Patient/b/_history/2 ");
  const Position before = server.head();
  const Answered done = server.post(replay, from(begin, false));
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(server.head().value, before.value + 1);
  EXPECT_EQ(server.last().first.principal.name, "anonymous");
  EXPECT_EQ(done.header("Holdfast-Position"), fmt::format("{}", server.head().value));
  EXPECT_EQ(references(server), "Patient/a/_history/2 Patient/c/_history/1 Patient/b/_history/2 ");
  EXPECT_EQ(server.owed()[0].duty.lane, "a");
  // What waits now is not owed twice, whoever asks again.
  const Answered again = server.post(replay, from(begin, false));
  EXPECT_EQ(values(again.json(), "count", "valueUnsignedInt"), "0 ");
  EXPECT_EQ(values(again.json(), "waiting", "valueUnsignedInt"), "3 ");
  EXPECT_EQ(server.owed().size(), 3U);
}

TEST(Replay, IsOfTheTimeThatIsAskedFor) {
  ChannelServer server;
  server.deliver(server.owe_patient("a", "A"));
  server.advance(seconds(3600));
  server.deliver(server.owe_patient("b", "B"));
  server.advance(seconds(3600));
  server.deliver(server.owe_patient("c", "C"));
  const auto sent = [&](const std::string& body) {
    return values(server.post(replay, body).json(), "sent", "valueReference.reference");
  };
  EXPECT_EQ(sent(from("2026-01-01T00:30:00Z", true)), "Patient/b/_history/1 Patient/c/_history/1 ");
  EXPECT_EQ(sent(from("2026-01-01T00:30:00Z", true,
                      {R"("name":"to","valueInstant":"2026-01-01T01:30:00Z")"})),
            "Patient/b/_history/1 ");
  EXPECT_EQ(sent(from("2026-01-02T00:00:00Z", true)), "");
  EXPECT_EQ(sent(from("2025-01-01", true)),
            "Patient/a/_history/1 Patient/b/_history/1 Patient/c/_history/1 ");
}

TEST(Replay, LeavesOutWhatIsGoneWhatWasNeverSentAndTests) {
  ChannelServer server;
  server.deliver(server.owe_patient("a", "A"));
  server.deliver(server.owe_patient("b", "B"));
  server.settle(server.owe_patient("c", "C"), Settled::dead);
  server.settle(server.owe_patient("d", "D"), Settled::needless);
  ASSERT_EQ(server.post("/fhir/Endpoint/channel-gp/$test", "").status, 200);
  server.deliver(server.owed()[0].name);
  ASSERT_EQ(server.remove("/fhir/Patient/a").status, 204);
  const Answered done = server.post(replay, from(begin, false));
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(values(done.json(), "deleted", "valueUnsignedInt"), "1 ");
  EXPECT_EQ(values(done.json(), "why", "valueString"), "it was deleted meanwhile ");
  EXPECT_EQ(references(server), "Patient/b/_history/1 ");
}

TEST(Replay, SendsMessagesAsTheyCameInTheirOrderAndLane) {
  ChannelServer server;
  for (const char* id : {"m1", "m2"}) {
    const Bytes message = fmt::format("MSH|^~\\&|LAB||||||ADT^A08|{}|P|2.4\r", id);
    const DutyName duty = server.owe_message(id, message, "PID-3 1|X");
    Command command;
    command.settlements.push_back(
        {"gp", duty, Settled::delivered, false, sha256(message), {}, "MSH|^~\\&|GP\rMSA|AA|1\r"});
    server.commit(std::move(command));
  }
  // Labelled later, it is newer in the journal; it came first all the same.
  ASSERT_EQ(server
                .post("/fhir/Binary/m1/$meta-add",
                      input({R"("name":"meta","valueMeta":{"tag":[{"code":"x"}]})"}))
                .status,
            200);
  ASSERT_EQ(server.post(replay, from(begin, false)).status, 200);
  EXPECT_EQ(references(server), "Binary/m1/_history/2 Binary/m2/_history/1 ");
  EXPECT_EQ(server.owed()[1].duty.lane, "PID-3 1|X");
}

TEST(Replay, OfMoreThanOneCommandTakesSaysWhereToGoOn) {
  ChannelServer server;
  constexpr std::size_t all = 10'050;
  for (std::size_t done = 0; done < all; done += 1050) {
    Command command;
    const std::size_t until = std::min(all, done + 1050);
    for (std::size_t i = done; i < until; ++i) {
      command.operations.push_back(
          ChannelServer::operation("Basic", fmt::format("b{:05}", i), R"("code":{"text":"x"})"));
      command.deliveries.push_back({"gp", "", static_cast<std::uint32_t>(i - done), {}, {}});
    }
    const Position position = server.commit(std::move(command)).position;
    Command settle;
    for (std::uint32_t i = 0; i < until - done; ++i) {
      settle.settlements.push_back({"gp", {position, i}, Settled::delivered, false, {}, {}, "x"});
    }
    server.commit(std::move(settle));
  }
  const Answered first = server.post(replay, from(begin, false));
  ASSERT_EQ(first.status, 200) << first.body.substr(0, 300);
  EXPECT_THAT(values(first.json(), "count", "valueUnsignedInt"), HasSubstr("10000"));
  EXPECT_EQ(first.json().size("parameter") > 100, true);
  std::string after = values(first.json(), "after", "valueString");
  ASSERT_EQ(after, "Basic/b09999/_history/1 ");
  after.pop_back();
  EXPECT_EQ(server.owed("gp").size(), 1000U);  // as many as the test reads
  EXPECT_EQ(server.counts().owed, 10'000U);
  const Answered second = server.post(
      replay, from(begin, false, {fmt::format(R"("name":"after","valueString":"{}")", after)}));
  EXPECT_THAT(values(second.json(), "count", "valueUnsignedInt"), HasSubstr("50"));
  EXPECT_EQ(values(second.json(), "after", "valueString"), "");
  EXPECT_EQ(server.counts().owed, all);
}

TEST(Replay, RefusesWhatItCannotMean) {
  ChannelServer server;
  EXPECT_EQ(server.post(replay, "").refusal(), "400 required");
  EXPECT_EQ(server.post(replay, from("yesterday", true)).refusal(), "422 value");
  EXPECT_EQ(server.post(replay, from("2026-01-01T00:00", true)).refusal(), "422 value")
      << "no zone";
  EXPECT_EQ(
      server
          .post(replay, from(begin, true, {R"("name":"to","valueInstant":"2025-01-01T00:00:00Z")"}))
          .refusal(),
      "422 value");
  EXPECT_EQ(server.post(replay, from(begin, true, {R"("name":"after","valueString":"Patient/x"})"}))
                    .status /
                100,
            4);
  EXPECT_EQ(server
                .post(replay,
                      from(begin, true, {R"("name":"after","valueString":"Patient/x/_history/1")"}))
                .refusal(),
            "422 value");
  EXPECT_EQ(server.post("/fhir/Endpoint/x/$replay", from(begin, true)).refusal(), "404 not-found");
}

TEST(Replay, UnderOneKeyHappensOnce) {
  ChannelServer server;
  server.deliver(server.owe_patient("a", "A"));
  const std::vector<Field> key{{"Idempotency-Key", "k"}};
  ASSERT_EQ(server.post(replay, from(begin, false), key).status, 200);
  server.deliver(server.owed()[0].name);
  const Answered again = server.post(replay, from(begin, false), key);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(values(again.json(), "repeated", "valueBoolean"), "true ");
  EXPECT_EQ(values(again.json(), "count", "valueUnsignedInt"), "1 ");
  EXPECT_EQ(server.owed().size(), 0U);
}

}  // namespace
}  // namespace holdfast::api
