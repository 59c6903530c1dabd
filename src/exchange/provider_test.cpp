// exchange/provider_test.cpp: orders reach whoever does them, and nobody else has them
// (docs/adr/0026): laboratories that go away and come back, orders that pass from one to the other,
// a process that is killed.
#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/parcel.h"
#include "exchange/test_delivery.h"
#include "fhir/member.h"
#include "views/providers.h"

namespace holdfast::exchange {
namespace {

using apply::command;
using apply::update;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A laboratory: what it received, each message once, as "NW r1"; and what it has to do now.
struct Laboratory {
  Laboratory(Network& network, Executor& on, const std::string& address)
      : receiver(network, on, address) {}

  void listen() {
    receiver.listen([](const std::string&, const Bytes&) { return Treatment{}; });
  }
  [[nodiscard]] std::vector<std::string> heard() const {
    std::vector<std::string> all;
    std::set<std::string> seen;
    for (std::size_t i = 0; i < receiver.received.size(); ++i) {
      if (!seen.insert(receiver.received_ids[i]).second) {
        continue;  // sent again since its answer was lost
      }
      const auto message = hl7v2::Message::parse(receiver.received[i]);
      const auto order = message->find("ORC");
      all.push_back(
          fmt::format("{} {}", order->field(1).text(), order->field(2).component(1).text()));
    }
    return all;
  }
  /// The orders that it has to do. What it is told of others is named.
  [[nodiscard]] std::set<std::string> has(std::vector<std::string>& wrong) const {
    std::set<std::string> orders;
    for (const std::string& one : heard()) {
      const std::string control = one.substr(0, 2);
      const std::string id = one.substr(3);
      const bool known = orders.contains(id);
      if (known == (control == "NW")) {
        wrong.push_back(one);
      }
      if (control == "NW") {
        orders.insert(id);
      } else if (control == "CA") {
        orders.erase(id);
      }
    }
    return orders;
  }

  TestReceiver receiver;
};

class ProviderTest : public DeliveryTest {
 protected:
  static Channel laboratory(const std::string& name, int port) {
    Channel channel = gp_channel();
    channel.name = name;
    channel.neighbour = name;
    channel.to = fmt::format("10.0.0.9:{}", port);
    channel.provider = true;
    channel.routes = {{.type = "ServiceRequest",
                       .when = fmt::format("performer.reference = 'Organization/{}'", name),
                       .message = {},
                       .from = {}}};
    return channel;
  }
  void begin() {
    std::vector<Neighbour> all;
    for (const char* const name : {"a", "b", "c"}) {
      Neighbour one;
      one.name = name;
      one.senders = {{name, ""}};
      all.push_back(one);
    }
    neighbours_ = *Neighbours::of(all);
    again();
    run(seconds(2));  // the Endpoints are written
    for (const char* const id : {"p0", "p1"}) {
      ASSERT_TRUE(submit(command(update("Patient", id))));
    }
  }
  void again() { boot({laboratory("a", 1), laboratory("b", 2), laboratory("c", 3)}); }

  node::Committed order(const std::string& id, const std::string& performer,
                        const std::string& status = "active", const std::string& by = "somebody") {
    Command given = command(update(
        "ServiceRequest", id,
        fmt::format(R"("status":"{}","intent":"order","code":{{"text":"FBC"}},)"
                    R"("subject":{{"reference":"Patient/p{}"}},)"
                    R"("note":[{{"text":"{}"}}],"performer":[{{"reference":"Organization/{}"}}])",
                    status, id.size() % 2, ++changes_, performer)));
    given.principal.name = by;
    const auto committed = submit(std::move(given));
    EXPECT_TRUE(committed) << committed.error().what;
    return committed ? *committed : node::Committed{};
  }
  void divert(const std::string& from, const std::string& to) {
    fhir::JsonReader reader;
    const auto json = *reader.read(body("Endpoint", endpoint_id(from)));
    std::string extensions = "[";
    for (const fhir::JsonValue one : json.root().find("extension")->children()) {
      if (fhir::text_member(one, "url") != channel_diverted_url) {
        extensions += std::string(one.raw()) + ",";
      }
    }
    if (to.empty()) {
      extensions.back() = ']';
    } else {
      extensions +=
          fmt::format(R"({{"url":"{}","valueReference":{{"reference":"Endpoint/channel-{}"}}}}])",
                      channel_diverted_url, to);
    }
    Operation operation = update("Endpoint", endpoint_id(from));
    operation.body = fhir::with_member(json.root(), "extension", extensions);
    ASSERT_TRUE(submit(command(operation)));
  }
  void pass_on(const std::string& id, const std::string& to) {
    Command given = command();
    Delivery delivery;
    delivery.channel = to;
    delivery.type = "ServiceRequest";
    delivery.id = id;
    delivery.provision.emplace();
    given.deliveries.push_back(std::move(delivery));
    ASSERT_TRUE(submit(std::move(given)));
  }
  std::string provider(const std::string& id) {
    const auto found = *views::read_provider(*node->view().reader, id);
    return found ? found->channel : "undecided";
  }
  void settle_all(Duration longest = seconds(600)) {
    const Instant until = outside_.now() + longest;
    scheduler.run_until([&] {
      return (counts("a").owed + counts("b").owed + counts("c").owed == 0) ||
             outside_.now() >= until;
    });
  }

  Laboratory a_{network, outside_, "10.0.0.9:1"};
  Laboratory b_{network, outside_, "10.0.0.9:2"};
  Laboratory c_{network, outside_, "10.0.0.9:3"};
  int changes_ = 0;
};

TEST_F(ProviderTest, OneLaboratoryHasAnOrderAndHearsOfItUntilAnotherHasIt) {
  begin();
  a_.listen();
  b_.listen();
  order("r1", "a");
  order("r1", "a");
  order("r1", "b");
  order("r1", "b", "revoked");
  settle_all();
  EXPECT_THAT(a_.heard(), ElementsAre("NW r1", "XO r1", "CA r1"));
  EXPECT_THAT(b_.heard(), ElementsAre("NW r1", "CA r1"));
  EXPECT_THAT(c_.heard(), IsEmpty());
}

TEST_F(ProviderTest, WhatALaboratoryNeverGotItIsNeverSentOnceAnotherHasIt) {
  begin();
  b_.listen();
  order("r1", "a");
  order("r2", "a");
  order("r2", "a");
  run(seconds(100));  // a is away
  pass_on("r1", "b");
  pass_on("r2", "b");
  settle_all(seconds(100));
  EXPECT_THAT(b_.heard(), testing::UnorderedElementsAre("NW r1", "NW r2"));
  EXPECT_EQ(counts("a").owed, 0U) << "nothing of it waits any more";
  a_.listen();
  settle_all();
  EXPECT_THAT(a_.heard(), IsEmpty());
  EXPECT_EQ(counts("a"), (views::OutboxCounts{.needless = 5}));
}

TEST_F(ProviderTest, WhatMayHaveArrivedIsSentUntilItIsAcknowledgedAndThenTakenBack) {
  begin();
  bool answers = false;
  a_.receiver.listen([&](const std::string&, const Bytes&) {
    return Treatment{.code = answers ? "AA" : "", .of = {}, .after = {}};
  });
  b_.listen();
  order("r1", "a");
  run(seconds(20));
  ASSERT_THAT(a_.heard(), ElementsAre("NW r1")) << "it has it, and its answer is lost";
  crash(Crash::process, 0);
  again();
  order("r1", "b");
  settle_all(seconds(100));
  answers = true;
  settle_all();
  EXPECT_THAT(a_.heard(), ElementsAre("NW r1", "CA r1"));
  EXPECT_THAT(b_.heard(), ElementsAre("NW r1"));
}

TEST_F(ProviderTest, WhatALaboratoryHasIsTakenBackWhenItIsThereAgain) {
  begin();
  a_.listen();
  b_.listen();
  order("r1", "a");
  settle_all();
  a_.receiver.leave();
  divert("a", "b");
  pass_on("r1", "b");
  order("r2", "a");
  settle_all(seconds(100));
  EXPECT_THAT(b_.heard(), ElementsAre("NW r1", "NW r2"));
  a_.listen();
  settle_all();
  EXPECT_THAT(a_.heard(), ElementsAre("NW r1", "CA r1"));
  divert("a", "");
  order("r1", "a");
  order("r3", "a");
  settle_all();
  EXPECT_THAT(b_.heard(), ElementsAre("NW r1", "NW r2", "XO r1")) << "they have it";
  EXPECT_THAT(a_.heard(), ElementsAre("NW r1", "CA r1", "NW r3"));
}

TEST_F(ProviderTest, ADraftIsNobodysAndWhatComesFromALaboratoryIsNotSentBack) {
  begin();
  a_.listen();
  order("r1", "a", "draft");
  EXPECT_EQ(provider("r1"), "");
  order("r1", "a");
  order("r3", "a");
  settle_all();
  order("r3", "a", "draft");
  order("r2", "a", "active", "neighbour:a");
  EXPECT_EQ(provider("r2"), "a");
  order("r2", "a");
  settle_all();
  EXPECT_THAT(a_.heard(), testing::UnorderedElementsAre("NW r1", "XO r2", "NW r3", "CA r3"));
}

TEST_F(ProviderTest, ALaboratoryWithTwoLinesKnowsWhatItSaysItself) {
  begin();
  Channel second = laboratory("b", 2);
  second.neighbour = "a";
  boot({laboratory("a", 1), second});
  b_.listen();
  order("r1", "b");
  order("r1", "b", "active", "neighbour:a");
  settle_all();
  EXPECT_THAT(b_.heard(), ElementsAre("NW r1"));
}

TEST_F(ProviderTest, OfSeveralThatTakeAnOrderTheFirstHasIt) {
  begin();
  Channel all = laboratory("c", 3);
  all.routes[0].when = "";
  boot({laboratory("b", 2), all, laboratory("a", 1)});
  order("r1", "b");
  order("r2", "a");
  EXPECT_EQ(provider("r1"), "b");
  EXPECT_EQ(provider("r2"), "c") << "it comes before a";
}

TEST_F(ProviderTest, AnEarlierStateIsNotSentAgainToWhomTheOrderHasLeft) {
  begin();
  a_.listen();
  b_.listen();
  order("r1", "a");
  order("r1", "b");
  settle_all();
  Command again = command();
  again.deliveries = {{"a", "", {}, "ServiceRequest", "r1"}, {"b", "", {}, "ServiceRequest", "r1"}};
  ASSERT_TRUE(submit(std::move(again)));
  settle_all();
  EXPECT_THAT(a_.heard(), ElementsAre("NW r1", "CA r1"));
  EXPECT_EQ(b_.heard().size(), 2U);
}

TEST_F(ProviderTest, AFaultThatTellsNobodyIsSeenByWhoLooks) {
  planted_ = Bug::keep_old_provider;
  begin();
  a_.listen();
  b_.listen();
  order("r1", "a");
  order("r1", "b");
  settle_all();
  std::vector<std::string> wrong;
  EXPECT_TRUE(a_.has(wrong).contains("r1") && b_.has(wrong).contains("r1"));
}

TEST_F(ProviderTest, AFhirServerHearsThatAnOrderIsTakenBack) {
  begin();
  order("r1", "a");
  order("r1", "b");
  Channel channel = laboratory("a", 1);
  channel.kind = ChannelKind::fhir;
  const node::Moment moment = node->view();
  const auto duties = *views::read_duties(*moment.reader, "a", {}, 10);
  ASSERT_EQ(duties.size(), 2U);
  fhir::JsonReader reader;
  EXPECT_EQ(make_parcel(channel, *node, moment, duties[1], reader).error().code, Code::unsupported)
      << "it was never sent";
  Command tried = command();
  tried.settlements = {{"a", duties[0].name, Settled::tried, false, {}, {}, {}}};
  ASSERT_TRUE(submit(tried));
  EXPECT_FALSE(submit(tried)) << "it was said";
  const auto parcel = make_parcel(channel, *node, node->view(), duties[1], reader);
  ASSERT_TRUE(parcel) << parcel.error().what;
  EXPECT_THAT(parcel->bytes, HasSubstr(R"("status":"revoked")"));
  EXPECT_FALSE(parcel->as_it_came);
}

/// Whatever happens, in the end each order is with one laboratory, the one that the record names,
/// and no laboratory is told of an order that it does not have.
class AnyDay : public ProviderTest, public testing::WithParamInterface<std::uint64_t> {
 protected:
  void AnyThing(SimRandom& random) {
    const std::array names{"a", "b", "c"};
    const auto any = [&] { return std::string(names[random.below(names.size())]); };
    const std::string id(1 + random.below(6), 'r');
    Laboratory* const one = std::array{&a_, &b_, &c_}[random.below(3)];
    switch (random.below(10)) {
      case 0: one->receiver.leave(); break;
      case 1:
        one->receiver.leave();
        one->listen();
        break;
      case 2: divert(any(), random.below(3) == 0 ? "" : any()); break;
      case 3:
      case 4:
        if (known_.contains(id)) {
          pass_on(id, any());
        }
        break;
      case 5: run(seconds(static_cast<std::int64_t>(random.below(90)))); break;
      case 6:
        if (random.below(4) == 0) {
          crash(Crash::process, 0);
          again();
        }
        break;
      default: {
        const bool ends = known_.contains(id) && !known_[id] && random.below(6) == 0;
        const std::string status = ends ? "revoked" : random.below(8) == 0 ? "draft" : "active";
        order(id, any(), status);
        known_[id] = ends;
      }
    }
  }
  std::map<std::string, bool> known_;  ///< whether it has ended
};

TEST_P(AnyDay, OneLaboratoryHasEachOrder) {
  begin();
  SimRandom random(GetParam());
  for (int i = 0; i < 60; ++i) {
    AnyThing(random);
  }
  std::array<Laboratory*, 3> all{&a_, &b_, &c_};
  for (Laboratory* const one : all) {
    one->receiver.leave();
    one->listen();
  }
  settle_all(seconds(1200));
  ASSERT_EQ(counts("a").owed + counts("b").owed + counts("c").owed, 0U);
  std::vector<std::string> wrong;
  const std::array names{"a", "b", "c"};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::set<std::string> has = all[i]->has(wrong);
    for (const auto& [id, ended] : known_) {
      if (!ended) {
        EXPECT_EQ(has.contains(id), provider(id) == names[i]) << id << " and " << names[i];
      } else {
        EXPECT_FALSE(has.contains(id)) << id << " has ended, and " << names[i] << " has it";
      }
    }
  }
  EXPECT_THAT(wrong, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, AnyDay, testing::Range<std::uint64_t>(1, 201));

}  // namespace
}  // namespace holdfast::exchange
