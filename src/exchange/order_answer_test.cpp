// exchange/order_answer_test.cpp: orders answered order by order, and answers of that kind taken.
#include "exchange/order_answer.h"

#include "exchange/test_delivery.h"
#include "exchange/test_intake.h"

namespace holdfast::exchange {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Time now{1'709'288'100'000};
const Ourselves us{"HOLDFAST", "QE2"};
constexpr std::string_view orders =
    "PID|1||K1^^^QE2^MR||SMITH^JOHN\rPV1|1|I\r"
    "ORC|NW|P1^EPR|F1^LAB|G1^EPR|||||20240301100000\rOBR|1|P1^EPR||FBC^Full blood count^L|||x\r"
    "ORC|CA|P2^EPR\rOBR|2|P2^EPR||UE^Urea^L\r";

std::string answer(std::string_view type, std::string_view rest, Disposition disposition,
                   std::string_view modes = "", AnswerOrders how = AnswerOrders::order) {
  Bytes sent = "MSH|^~\\&|EPR|QE2|LAB|QE2|20240301||";
  sent.append(type).append("|M1|P|2.5.1|||").append(modes).append("\r").append(rest);
  const auto message = hl7v2::Message::parse(sent);
  const Verdict verdict{disposition, Fault::unknown_key, "why", {}};
  std::string all;
  for (const Bytes& one : acknowledge(&*message, verdict, us, now, "7", how)) {
    all += one;
  }
  return all;
}

TEST(OrderAnswer, HasAnOrcForEachOrderWithItsNumbers) {
  EXPECT_EQ(answer("OML^O21^OML_O21", orders, Disposition::applied),
            "MSH|^~\\&|LAB|QE2|EPR|QE2|20240301101500.000+0000||ORL^O22^ORL_O22|7|P|2.5.1||||||"
            "UNICODE UTF-8\r"
            "MSA|AA|M1\r"
            "PID|1||K1^^^QE2^MR||SMITH^JOHN\r"
            "ORC|OK|P1^EPR|F1^LAB|G1^EPR\r"
            "OBR|1|P1^EPR||FBC^Full blood count^L\r"
            "ORC|RR|P2^EPR\r"
            "OBR|2|P2^EPR||UE^Urea^L\r");
}

TEST(OrderAnswer, EachOrderMessageHasItsOwn) {
  for (const auto& [order, said] :
       {std::pair("ORM^O01", "|ORR^O02^ORR_O02|"), std::pair("OMG^O19", "|ORG^O20^ORG_O20|"),
        std::pair("OML^O33", "|ORL^O34^ORL_O34|"), std::pair("OML^O35", "|ORL^O36^ORL_O36|"),
        std::pair("OMI^O23", "|ORI^O24^ORI_O24|"), std::pair("ADT^A01", "|ACK^A01^ACK|"),
        std::pair("ORR^O02", "|ACK^O02^ACK|")}) {
    EXPECT_THAT(answer(order, orders, Disposition::applied), HasSubstr(said)) << order;
  }
  EXPECT_THAT(answer("ORM^O01", orders, Disposition::applied, "", AnswerOrders::acknowledge),
              HasSubstr("|ACK^O01^ACK|"));
}

TEST(OrderAnswer, WhatCouldNotBeTakenSaysWhatIsNotDone) {
  const std::string said = answer("ORM^O01", orders, Disposition::faulty);
  EXPECT_THAT(said, HasSubstr("MSA|AE|M1|why\rERR|"));
  EXPECT_THAT(said, HasSubstr("ORC|UA|P1^EPR|F1^LAB|G1^EPR\r"));
  EXPECT_THAT(said, HasSubstr("ORC|UC|P2^EPR\r"));
  // Nobody has looked into what was refused.
  EXPECT_THAT(answer("ORM^O01", orders, Disposition::refused), Not(HasSubstr("ORC")));
  EXPECT_THAT(answer("ORM^O01", "PID|1||K1\r", Disposition::applied), Not(HasSubstr("PID")));
}

TEST(OrderAnswer, TheAcceptAcknowledgementSaysNothingOfOrders) {
  const std::string said = answer("ORM^O01", orders, Disposition::applied, "AL|AL");
  const std::size_t second = said.find("MSH|", 4);
  EXPECT_THAT(said.substr(0, second), HasSubstr("|ACK^O01^ACK|"));
  EXPECT_THAT(said.substr(0, second), Not(HasSubstr("ORC")));
  EXPECT_THAT(said.substr(second), HasSubstr("|ORR^O02^ORR_O02|"));
  EXPECT_THAT(said.substr(second), HasSubstr("ORC|OK|P1^EPR"));
}

TEST(OrderAnswer, SpecimensStandWhereTheyStood) {
  const std::string said =
      answer("OML^O33", "PID|1||K1\rSPM|1|S1^EPR||BLD\rORC|NW|P1^EPR\rOBR|1|P1^EPR||FBC\r",
             Disposition::applied);
  EXPECT_THAT(said, HasSubstr("PID|1||K1\rSPM|1|S1^EPR||BLD\rORC|OK|P1^EPR\rOBR|1|P1^EPR||FBC\r"));
}

TEST(OrderAnswer, ControlsFollowTable0119) {
  struct Row {
    std::string_view asked;
    std::string_view applied;
    std::string_view faulty;
  };
  for (const Row& row :
       {Row{"NW", "OK", "UA"}, Row{"CA", "RR", "UC"}, Row{"DC", "RR", "UD"}, Row{"HD", "RR", "UH"},
        Row{"RL", "RR", "UR"}, Row{"RP", "RR", "UM"}, Row{"RO", "RR", "UA"}, Row{"XO", "RR", "UX"},
        Row{"SN", "RR", "UA"}, Row{"SC", "OK", "UA"}, Row{"", "OK", "UA"}}) {
    EXPECT_EQ(order_control_for(row.asked, Disposition::applied), row.applied) << row.asked;
    EXPECT_EQ(order_control_for(row.asked, Disposition::faulty), row.faulty) << row.asked;
  }
}

TEST_F(IntakeTest, AnAnswerOfTheFillerChangesTheOrder) {
  start();
  const auto status = [&] {
    const auto found = find("ServiceRequest", "identifier=P1");
    const std::string text = found.size() == 1 ? body("ServiceRequest", found[0]) : "";
    const std::size_t at = text.find("\"status\":\"") + 10;
    return text.substr(at, text.find('"', at) - at);
  };
  const auto send = [&](std::string_view type, const std::string& id, std::string_view control) {
    return said(take(message(type, id,
                             Bytes(pid) + "ORC|" + std::string(control) +
                                 "|P1^EPR|F1^LAB\rOBR|1|P1^EPR|F1^LAB|FBC^FBC^L\r")));
  };
  EXPECT_EQ(send("OML^O21", "M1", "NW"), "AA");
  EXPECT_EQ(status(), "active");
  EXPECT_EQ(send("ORL^O22", "M2", "OK"), "AA");
  EXPECT_EQ(status(), "active");
  EXPECT_EQ(send("ORR^O02", "M3", "UC"), "AA");  // unable to cancel: it stays, somebody is told
  EXPECT_EQ(status(), "active");
  EXPECT_EQ(items(), "order-request");
  EXPECT_EQ(send("ORR^O02", "M4", "HR"), "AA");
  EXPECT_EQ(status(), "on-hold");
  EXPECT_EQ(send("ORR^O02", "M5", "OR"), "AA");
  EXPECT_EQ(status(), "active");
  EXPECT_EQ(send("ORL^O22", "M6", "CR"), "AA");
  EXPECT_EQ(status(), "revoked");
  for (const auto& [control, became] : {std::pair("NW", "active"), std::pair("UA", "revoked"),
                                        std::pair("NW", "active"), std::pair("OC", "revoked")}) {
    const std::string id = std::string("N") + control + became + std::to_string(count("Binary"));
    EXPECT_EQ(send(control == std::string("NW") ? "OML^O21" : "ORL^O22", id, control), "AA");
    EXPECT_EQ(status(), became) << control;
  }
}

TEST_F(IntakeTest, AnOrderIsAnsweredAsItsNeighbourExpects) {
  start();
  Neighbour lab = neighbours_.all().front();
  lab.answer_orders = AnswerOrders::order;
  neighbours_ = *Neighbours::of({lab});
  const Bytes order = message("OML^O21", "M1", Bytes(pid) + "ORC|NW|P1^EPR\rOBR|1|P1^EPR||FBC\r");
  const Reply first = take(order);
  EXPECT_THAT(first.messages.at(0), HasSubstr("|ORL^O22^ORL_O22|"));
  EXPECT_THAT(first.messages.at(0), HasSubstr("ORC|OK|P1^EPR\r"));
  EXPECT_THAT(take(order).messages.at(0), HasSubstr("ORC|OK|P1^EPR\r")) << "a duplicate, too";
}

class AnswerTest : public DeliveryTest {
 protected:
  /// A channel whose neighbour answers with orders, and somebody who takes those.
  void begin() {
    take_answer_ = [this](Executor&, const Neighbour& neighbour, Bytes answer) {
      return note(neighbour, std::move(answer));
    };
    start();
  }
  Task<Result<void>> note(const Neighbour& neighbour, Bytes given) {
    taken_.push_back(neighbour.name + " " + given);
    owed_then_ = counts().owed;
    if (taken_.size() <= failures_) {
      co_return fail(Code::unavailable, "cannot be written now");
    }
    co_return ok();
  }
  static Treatment orr(const std::string& id, const Bytes&) {
    Treatment treatment;
    treatment.reply = "MSH|^~\\&|GP|G|H|H|20240301||ORR^O02|R" + id + "|P|2.4\rMSA|AA|" + id +
                      "\rORC|UA|P1^EPR\r";
    return treatment;
  }

  std::vector<std::string> taken_;
  std::size_t failures_ = 0;
  std::uint64_t owed_then_ = 0;
};

TEST_F(AnswerTest, IsTakenBeforeTheMessageCountsAsDelivered) {
  begin();
  peer_.listen(orr);
  send("m1", "a");
  settle();
  ASSERT_EQ(taken_.size(), 1U);
  EXPECT_THAT(taken_[0], HasSubstr("gp MSH|^~\\&|GP|G|H|H|20240301||ORR^O02|Rm1|"));
  EXPECT_EQ(owed_then_, 1U);
  EXPECT_EQ(counts().delivered, 1U);
}

TEST_F(AnswerTest, ThatCannotBeWrittenLeavesTheMessageOwed) {
  begin();
  failures_ = 2;
  peer_.listen(orr);
  send("m1", "a");
  settle();
  EXPECT_EQ(taken_.size(), 3U);
  EXPECT_EQ(peer_.received_ids, (std::vector<std::string>{"m1", "m1", "m1"}));
  EXPECT_EQ(counts().delivered, 1U);
}

TEST_F(AnswerTest, AnAcknowledgementIsNoMessage) {
  begin();
  peer_.listen(accept);
  send("m1", "a");
  settle();
  EXPECT_TRUE(taken_.empty());
  EXPECT_EQ(counts().delivered, 1U);
}

}  // namespace
}  // namespace holdfast::exchange
