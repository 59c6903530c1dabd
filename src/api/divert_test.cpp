// Endpoint/[id]/$divert, $end-diversion, $pass-on: another neighbour does what one was to do
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/channels_for_test.h"
#include "pathway/shipped.h"
#include "views/providers.h"

namespace holdfast::api {
namespace {

using testing::HasSubstr;

constexpr const char* lab = "/fhir/Endpoint/channel-lab";

/// Two laboratories that do orders, and a practice that does none; orders as a router sends them.
class Laboratories : public ChannelServer {
 public:
  Laboratories() {
    const auto defined = run_task(io(), node().define_pathways(io(), pathway::shipped_files()));
    check(defined.has_value() && defined->has_value(), "what ships is sound");
    for (const char* const name : {"lab", "county", "third"}) {
      put_endpoint(name, "hl7v2-mllp");
      add_extension(name, R"({"url":"urn:holdfast:channel-provider","valueBoolean":true})");
    }
    put("/fhir/Patient/p", R"({"resourceType":"Patient","id":"p"})");
  }
  void add_extension(const std::string& channel, const std::string& extension) {
    const std::string at = "/fhir/Endpoint/" + endpoint_id(channel);
    std::string endpoint = get(at).body;
    endpoint.insert(endpoint.find(R"("extension":[)") + 13, extension + ",");
    EXPECT_EQ(put(at, endpoint).status, 200);
  }
  void order(const std::string& id, const std::string& channel = "lab") {
    Command command;
    command.operations.push_back(operation(
        "ServiceRequest", id,
        R"("status":"active","intent":"order","subject":{"reference":"Patient/p"},"category":)"
        R"([{"coding":[{"system":"http://snomed.info/sct","code":"108252007"}]}])"));
    Delivery delivery;
    delivery.channel = channel;
    delivery.operation = 0;
    delivery.provision.emplace();
    command.deliveries.push_back(std::move(delivery));
    commit(std::move(command));
  }
  std::string provider(const std::string& id) {
    const auto found = *views::read_provider(*node().view().reader, id);
    return found ? found->channel : "undecided";
  }
  void collect(const std::string& order) {
    const Answered done =
        put("/fhir/Specimen/s-" + order,
            fmt::format(R"({{"resourceType":"Specimen","id":"s-{}","status":"available",)"
                        R"("subject":{{"reference":"Patient/p"}},"collection":)"
                        R"({{"collectedDateTime":"2026-12-01T08:00:00Z"}},)"
                        R"("request":[{{"reference":"ServiceRequest/{}"}}]}})",
                        order, order));
    EXPECT_EQ(done.status, 201) << done.body;
  }
};

std::string to(std::string_view channel, const std::vector<std::string>& more = {}) {
  std::vector<std::string> all{fmt::format(R"("name":"to","valueString":"{}")", channel),
                               R"("name":"reason","valueString":"ransomware at the laboratory")"};
  all.insert(all.end(), more.begin(), more.end());
  return input(all);
}
const std::vector<std::string> really{R"("name":"dryRun","valueBoolean":false)"};

TEST(Divert, NewOrdersGoToTheOtherUntilThatEnds) {
  Laboratories server;
  server.order("r1");
  const Answered done = server.post(std::string(lab) + "/$divert", to("Endpoint/channel-county"));
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_THAT(done.body, HasSubstr(R"("reference":"Endpoint/channel-county")"));
  EXPECT_THAT(done.body, HasSubstr("ransomware at the laboratory"));
  EXPECT_EQ(server.post(std::string(lab) + "/$divert", to("county")).status, 200) << "it is so";
  server.order("r2");
  EXPECT_EQ(server.provider("r1"), "lab");
  EXPECT_EQ(server.provider("r2"), "county");
  const Answered ended = server.post(std::string(lab) + "/$end-diversion", reason("they are back"));
  ASSERT_EQ(ended.status, 200) << ended.body;
  EXPECT_THAT(ended.body, testing::Not(HasSubstr("channel-county")));
  EXPECT_THAT(ended.body, HasSubstr("they are back"));
  server.order("r3");
  EXPECT_EQ(server.provider("r2"), "county") << "they have it";
  EXPECT_EQ(server.provider("r3"), "lab");
}

TEST(Divert, RefusesWhatWouldLoseOrders) {
  Laboratories server;
  const std::string at = std::string(lab) + "/$divert";
  EXPECT_EQ(server.post(at, to("lab")).refusal(), "422 value");
  EXPECT_EQ(server.post(at, to("nothing")).refusal(), "404 not-found");
  EXPECT_EQ(server.post(at, to("gp")).refusal(), "422 not-supported") << "does no orders";
  EXPECT_EQ(server.post(at, reason("x")).refusal(), "422 required") << "where to?";
  EXPECT_EQ(server.post(at, input({R"("name":"to","valueString":"county")"})).refusal(),
            "422 required")
      << "why?";
  EXPECT_EQ(server.post("/fhir/Endpoint/channel-gp/$divert", to("lab")).refusal(),
            "422 not-supported");
  ASSERT_EQ(server.post("/fhir/Endpoint/channel-county/$pause", reason("x")).status, 200);
  const Answered paused = server.post(at, to("county"));
  EXPECT_EQ(paused.status, 422);
  EXPECT_THAT(paused.body, HasSubstr("$resume it first"));
  ASSERT_EQ(server.post("/fhir/Endpoint/channel-third/$divert", to("lab")).status, 200);
  EXPECT_THAT(server.post(at, to("third")).body, HasSubstr("diverted to 'lab' itself"));
  ASSERT_EQ(server.post("/fhir/Endpoint/channel-third/$end-diversion", reason("x")).status, 200);
  server.add_extension("third", R"({"url":"urn:holdfast:channel-diverted-to","valueReference":)"
                                R"({"reference":"Endpoint/channel-county"}})");
  EXPECT_THAT(server.post(at, to("third")).body, HasSubstr("channel 'county' sends nothing"))
      << "that is where they would begin";
}

TEST(PassOn, ShowsFirstAndMovesWhatNobodyHasBegun) {
  Laboratories server;
  for (const char* const id : {"r1", "r2", "r3"}) {
    server.order(id);
  }
  server.order("theirs", "county");
  server.collect("r3");
  const std::string at = std::string(lab) + "/$pass-on";
  const Position head = server.head();
  const Answered shown = server.post(at, to("county"));
  ASSERT_EQ(shown.status, 200) << shown.body;
  EXPECT_EQ(values(shown.json(), "dryRun", "valueBoolean"), "true ");
  EXPECT_EQ(values(shown.json(), "order", "valueReference.reference"),
            "ServiceRequest/r1 ServiceRequest/r2 ");
  EXPECT_EQ(values(shown.json(), "state", "valueCode"), "collected ") << "its sample is there";
  EXPECT_EQ(server.head(), head);
  EXPECT_EQ(server.provider("r1"), "lab");
  const Answered done = server.post(at, to("county", really), {{"Idempotency-Key", "pass-1"}});
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(server.provider("r1"), "county");
  EXPECT_EQ(server.provider("r2"), "county");
  EXPECT_EQ(server.provider("r3"), "lab");
  EXPECT_EQ(server.counts("county").owed, 3U);
  EXPECT_EQ(server.counts("lab").owed, 5U);
  const Answered provenance = server.get("/fhir/Provenance?target=ServiceRequest/r1");
  EXPECT_THAT(provenance.body, HasSubstr("passed on from channel lab to channel county"));
  EXPECT_THAT(provenance.body, HasSubstr("ransomware at the laboratory"));
  const Answered again = server.post(at, to("county", really), {{"Idempotency-Key", "pass-1"}});
  EXPECT_EQ(values(again.json(), "repeated", "valueBoolean"), "true ");
  EXPECT_EQ(values(again.json(), "count", "valueUnsignedInt"), "2 ");
  // Asked for by its state, the other goes, too.
  const Answered rest =
      server.post(at, to("county", {really[0], R"("name":"state","valueCode":"collected")"}));
  EXPECT_EQ(values(rest.json(), "order", "valueReference.reference"), "ServiceRequest/r3 ");
  EXPECT_EQ(server.provider("r3"), "county");
  const Answered nothing = server.post(at, to("county", really));
  EXPECT_EQ(values(nothing.json(), "count", "valueUnsignedInt"), "0 ");
}

TEST(PassOn, SaysWhereOrdersGoInTheEnd) {
  Laboratories server;
  server.order("r1");
  ASSERT_EQ(server.post("/fhir/Endpoint/channel-third/$divert", to("county")).status, 200);
  const Answered done = server.post(std::string(lab) + "/$pass-on", to("third", really));
  EXPECT_EQ(values(done.json(), "to", "valueReference.reference"), "Endpoint/channel-county ");
  EXPECT_EQ(server.provider("r1"), "county");
}

TEST(PassOn, GoesWhereTheChannelIsDivertedTo) {
  Laboratories server;
  server.order("r1");
  const std::string at = std::string(lab) + "/$pass-on";
  const std::string now =
      input({really[0], R"("name":"reason","valueString":"ransomware at the laboratory")"});
  EXPECT_EQ(server.post(at, now).refusal(), "422 required");
  ASSERT_EQ(server.post(std::string(lab) + "/$divert", to("county")).status, 200);
  ASSERT_EQ(server.post(at, now).status, 200);
  EXPECT_EQ(server.provider("r1"), "county");
}

}  // namespace
}  // namespace holdfast::api
