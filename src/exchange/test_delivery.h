// exchange/test_delivery.h: for tests: channels of a node on a simulated machine, and a neighbour
// that receives.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/dispatcher.h"
#include "exchange/receiver_testing.h"
#include "exchange/router.h"
#include "node/test_node.h"
#include "search/matches.h"
#include "views/versions.h"

namespace holdfast::exchange {

inline constexpr const char* peer_address = "10.0.0.9:2576";

/// Over the machine's network.
class PlainCarriers final : public Carriers {
 public:
  PlainCarriers(Network& network, Bug planted) : network_(network), planted_(planted) {}
  std::unique_ptr<Carrier> make(const Channel& channel, Executor& on) override {
    return std::make_unique<MllpCarrier>(channel, network_, on, planted_);
  }

 private:
  Network& network_;
  Bug planted_;
};

inline Channel gp_channel() {
  Channel channel;
  channel.name = "gp";
  channel.to = peer_address;
  channel.neighbour = "gp";
  channel.answer_time_max = seconds(5);
  channel.routes = {{.type = "Schedule", .when = "", .message = {}, .from = {}}};  // none is made
  return channel;
}

class DeliveryTest : public node::NodeTest {
 protected:
  ~DeliveryTest() override {
    machine.crash(Crash::process);
    dispatcher_.reset();
  }

  void start(const Channel& channel = gp_channel(), Bug planted = Bug::none) {
    channel_ = channel;
    planted_ = planted;
    Neighbour gp;
    gp.name = "gp";
    gp.senders = {{"GP", ""}};
    neighbours_ = *Neighbours::of({gp});
    boot({channel_});
  }
  void boot(std::vector<Channel> all) {
    dispatcher_.reset();
    channels_ = *Channels::of(std::move(all), neighbours_);
    router_ = std::make_unique<Router>(channels_);
    options.routes = router_.get();
    options.planted = planted_;
    const auto opened = open();
    ASSERT_TRUE(opened) << opened.error().what;
    carriers_ = std::make_unique<PlainCarriers>(machine.world().network, planted_);
    dispatcher_ = std::make_unique<Dispatcher>(Dispatcher::Parts{
        machine.world(), *node, neighbours_, channels_, *carriers_, planted_, take_answer_});
    dispatcher_->start();
  }
  void kill() {
    crash(Crash::process, 0);
    boot({channel_});
  }
  void run(Duration longest) { scheduler.run_for(longest, 5'000'000); }
  /// Until nothing is owed, or `longest` is over.
  void settle(Duration longest = seconds(120)) {
    const Instant until = outside_.now() + longest;
    scheduler.run_until([&] { return counts().owed == 0 || outside_.now() >= until; });
  }
  views::OutboxCounts counts(const std::string& channel = "gp") {
    return *views::read_outbox_counts(*node->view().reader, channel);
  }

  /// A message of HL7 v2 for a patient, as a Binary that is routed as it is.
  Operation message(const std::string& id, const std::string& patient,
                    const std::string& control_id = "") {
    const Bytes text = "MSH|^~\\&|H|H|GP|GP|20240301||ADT^A31|" +
                       (control_id.empty() ? id : control_id) + "|P|2.4\rPID|1||" + patient +
                       "^^^QE2^MR\r";
    return apply::create("Binary", id,
                         R"("contentType":"x-application/hl7-v2+er7","securityContext":)"
                         R"({"reference":"Patient/)" +
                             patient + R"("},"data":")" + to_base64(text) + "\"");
  }
  /// Sent in the lane of that patient.
  void send(const std::string& id, const std::string& patient) {
    Command given = apply::command(message(id, patient));
    given.deliveries = {{"gp", patient, 0, {}, {}}};
    const auto committed = submit(std::move(given));
    ASSERT_TRUE(committed) << committed.error().what;
  }

  std::string body(std::string_view type, const std::string& id) {
    const node::Moment moment = node->view();
    const auto current = views::read_current(*moment.reader, *fhir::type_id(type), id);
    if (!current || !*current || (*current)->presence == views::Presence::deleted) {
      return "none";
    }
    return views::read_body(*moment.reader, node->codec(), (*current)->row)->bytes;
  }
  std::vector<std::string> tasks(const std::string& query) {
    const node::Moment moment = node->view();
    const search::Source source{*moment.reader, node->codec(), *moment.params};
    return *search::matches(source, *fhir::type_id("Task"), query, 100);
  }
  std::vector<std::string> items(const std::string& kind) {
    return tasks("code=urn:holdfast:message-item%7C" + kind);
  }
  void set_status(const std::string& status) {
    std::string endpoint = body("Endpoint", "channel-gp");
    const std::size_t at = endpoint.find(R"("status":")") + 10;
    endpoint.replace(at, endpoint.find('"', at) - at, status);
    Operation operation = apply::update("Endpoint", "channel-gp");
    operation.body = endpoint;
    ASSERT_TRUE(submit(apply::command(operation)));
  }

  Neighbours neighbours_;
  Channel channel_;
  Channels channels_;
  Bug planted_ = Bug::none;
  TakeAnswer take_answer_{};
  std::unique_ptr<Router> router_;
  std::unique_ptr<PlainCarriers> carriers_;
  std::unique_ptr<Dispatcher> dispatcher_;
  SimExecutor outside_{scheduler};
  TestReceiver peer_{network, outside_, peer_address};
};

inline Treatment accept(const std::string& /*id*/, const Bytes& /*message*/) { return {}; }

}  // namespace holdfast::exchange
