// exchange/test_intake.h: for tests: an intake over a node on a simulated machine, and what its
// record holds.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/intake.h"
#include "node/test_node.h"
#include "search/matches.h"
#include "views/versions.h"

namespace holdfast::exchange {

inline constexpr BytesView pid =
    "PID|1||9434765919^^^NHS^NH~123^^^QE2^MR||O'Hara^Ann||19800102|F\r";

inline Bytes message(std::string_view type, std::string_view id, BytesView rest = pid,
                     std::string_view modes = "", std::string_view processing = "P") {
  Bytes bytes = "MSH|^~\\&|LAB|QE2|HOLDFAST|QE2|20240301101500||";
  bytes += type;
  bytes += "|";
  bytes += id;
  bytes += "|";
  bytes += processing;
  bytes += "|2.5|||";
  bytes += modes;
  bytes += "\r";
  bytes += "EVN||20240301101500\r";
  bytes += rest;
  bytes += "PV1|1|I|W1\r";
  return bytes;
}

class IntakeTest : public node::NodeTest {
 protected:
  void start(Take take = Take::map) {
    ASSERT_TRUE(open());
    Neighbour lab;
    lab.name = "lab";
    lab.senders = {{"LAB", "QE2"}};
    lab.take = take;
    neighbours_ = *Neighbours::of({lab});
    counts_ = std::make_unique<Counts>(neighbours_);
    intake_ =
        std::make_unique<Intake>(machine.world(), *node, neighbours_, IntakeOptions{}, *counts_);
  }
  Reply take(Bytes frame) {
    auto& io = static_cast<SimExecutor&>(*machine.world().io[0]);
    const Caller caller{"10.1.2.3:4711", certificate_};
    auto reply = run_task(io, intake_->take(io, caller, manners_, std::move(frame)));
    EXPECT_TRUE(reply.has_value());
    return reply ? *std::move(reply) : Reply();
  }
  /// MSA-1 of each answer: "AA", "CA AA".
  std::string said(const Reply& reply) {
    std::string codes;
    for (const Bytes& answer : reply.messages) {
      const auto parsed = hl7v2::Message::parse(answer);
      codes += (codes.empty() ? "" : " ") + parsed->find("MSA")->field(1).text();
    }
    return reply.close ? codes + "closed" : codes;
  }
  std::vector<std::string> find(std::string_view type, std::string_view query) {
    const node::Moment moment = node->view();
    const search::Source source{*moment.reader, node->codec(), *moment.params};
    const auto ids = search::matches(source, *fhir::type_id(type), query, 100);
    EXPECT_TRUE(ids) << ids.error().what;
    return ids ? *ids : std::vector<std::string>();
  }
  std::string body(std::string_view type, const std::string& id) {
    const node::Moment moment = node->view();
    const auto current = views::read_current(*moment.reader, *fhir::type_id(type), id);
    return views::read_body(*moment.reader, node->codec(), (*current)->row)->bytes;
  }
  std::size_t count(std::string_view type) { return find(type, "_lastUpdated=gt2000").size(); }
  /// Codes of all items: "refused same-id".
  std::string items() {
    std::string codes;
    for (const std::string& id : find("Task", "_lastUpdated=gt2000")) {
      const std::string text = body("Task", id);
      const std::size_t at = text.find("urn:holdfast:message-item\",\"code\":\"");
      const std::size_t begin = at + 35;
      codes += (codes.empty() ? "" : " ") + text.substr(begin, text.find('"', begin) - begin);
    }
    return codes;
  }

  Neighbours neighbours_;
  std::unique_ptr<Counts> counts_;
  std::unique_ptr<Intake> intake_;
  Manners manners_;
  std::shared_ptr<const PeerCertificate> certificate_;
};

}  // namespace holdfast::exchange
