// api/channels_for_test.h: for tests: a record in which a channel owes, has sent and was refused
// messages, as the sender writes it. Included by tests only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/server_for_test.h"
#include "base/hash.h"
#include "decide/prepared.h"
#include "model/channel_words.h"
#include "views/outbox.h"

namespace holdfast::api {

/// A Server whose channel "gp" has its Endpoint; channel "fhir" sends resources.
class ChannelServer : public Server {
 public:
  ChannelServer() {
    put_endpoint("gp", "hl7v2-mllp");
    put_endpoint("fhir", "hl7-fhir-rest");
  }

  void put_endpoint(const std::string& channel, const std::string& connection,
                    const std::string& status = "active") {
    const std::string body = fmt::format(
        R"({{"resourceType":"Endpoint","id":"channel-{}","extension":[)"
        R"({{"url":"urn:holdfast:channel-state","valueCode":"up"}},)"
        R"({{"url":"urn:holdfast:channel-header","valueString":"MSH|^~\\&|H|RXH|GP||||NMD^N02^NMD_N02||T|2.4"}}],)"
        R"("identifier":[{{"system":"urn:holdfast:channel","value":"{}"}}],"status":"{}",)"
        R"("connectionType":{{"code":"{}"}},"payloadType":[{{"text":"x"}}],"address":"mllp://x:1"}})",
        channel, channel, status, connection);
    EXPECT_LT(put("/fhir/Endpoint/channel-" + channel, body).status, 300);
  }

  node::Committed commit(Command command) {
    static_cast<void>(handler());
    const std::string key = fmt::format("{:016}", ++commands_);
    std::copy(key.begin(), key.end(), command.key.bytes.begin());
    command.principal.name = "holdfast:delivery";
    command.channel = "delivery";
    fhir::JsonReader reader;
    auto prepared = decide::prepare(std::move(command), reader, node().extracting());
    check(prepared.has_value(), "the test's bodies are resources");
    auto committed = run_task(io(), node().submit(io(), *std::move(prepared)));
    check(committed.has_value(), "the task ends");
    EXPECT_TRUE(committed->has_value()) << committed->error().what;
    check(committed->has_value(), "the test's command is taken");
    return **committed;
  }

  static Operation operation(std::string type, std::string id, const std::string& members) {
    Operation one;
    one.verb = Verb::update;
    one.body = fmt::format(R"({{"resourceType":"{}","id":"{}",{}}})", type, id, members);
    one.type = std::move(type);
    one.id = std::move(id);
    return one;
  }

  /// Writes the resource, and owes it.
  DutyName owe(std::string type, std::string id, const std::string& members,
               const std::string& lane = "", const std::string& channel = "gp") {
    Command command;
    command.operations.push_back(operation(std::move(type), std::move(id), members));
    command.deliveries.push_back({channel, lane, 0, {}, {}});
    return {commit(std::move(command)).position, 0};
  }
  DutyName owe_patient(const std::string& id, const std::string& family) {
    return owe("Patient", id, fmt::format(R"("name":[{{"family":"{}"}}])", family));
  }
  /// A message that is passed on as it came.
  DutyName owe_message(const std::string& id, const Bytes& message, const std::string& lane) {
    return owe(
        "Binary", id,
        fmt::format(R"("contentType":"x-application/hl7-v2+er7","data":"{}")", to_base64(message)),
        lane);
  }

  void settle(DutyName duty, Settled settled, Bytes bytes = {}, Bytes answer = {},
              bool was_held = false, const std::string& channel = "gp") {
    Command command;
    command.settlements.push_back({channel, duty, settled, was_held,
                                   bytes.empty() ? Hash{} : sha256(bytes), bytes,
                                   std::move(answer)});
    commit(std::move(command));
  }
  void deliver(DutyName duty, const std::string& channel = "gp") {
    settle(duty, Settled::delivered, "MSH|^~\\&|H||||||ADT^A31|7|T|2.4\rPID|1\r",
           "MSH|^~\\&|GP\rMSA|AA|7|fine\r", false, channel);
  }

  /// The neighbour does not take it: held or dead, and an item about it.
  std::string refuse(DutyName duty, const std::string& task, Settled settled = Settled::held,
                     const std::string& channel = "gp") {
    const Bytes message = "MSH|^~\\&|H||||||ADT^A31|7|T|2.4\rPID|1||bad\r";
    Command command;
    command.operations.push_back(operation(
        "Task", task,
        fmt::format(
            R"("identifier":[{{"system":"urn:holdfast:duty:{}","value":"{}"}}],"status":"requested",)"
            R"("intent":"order","code":{{"coding":[{{"system":"urn:holdfast:message-item","code":"{}"}}]}})",
            channel, text_of(duty), settled == Settled::held ? "undelivered" : "not-sent")));
    command.settlements.push_back(
        {channel, duty, settled, false, sha256(message), message,
         "MSH|^~\\&|GP\rMSA|AE|7|no such patient\rERR||PID^1^3|101^Required field missing|E\r"});
    commit(std::move(command));
    return "/fhir/Task/" + task;
  }

  views::OutboxCounts counts(const std::string& channel = "gp") {
    return *views::read_outbox_counts(*node().view().reader, channel);
  }
  std::vector<views::NamedDuty> owed(const std::string& channel = "gp") {
    return *views::read_duties(*node().view().reader, channel, {}, 1000);
  }
  Position head() { return node().view().state.position; }
  std::pair<Command, Outcome> last() { return *node().read_entry(head()); }

 private:
  std::size_t commands_ = 0;
};

/// Parameters as a body: `members` of one parameter each.
inline std::string input(const std::vector<std::string>& members) {
  std::string all;
  for (const std::string& one : members) {
    all += (all.empty() ? "{" : ",{") + one + "}";
  }
  return fmt::format(R"({{"resourceType":"Parameters","parameter":[{}]}})", all);
}
inline std::string reason(std::string_view text) {
  return input({fmt::format(R"("name":"reason","valueString":"{}")", text)});
}

/// The text of each parameter of that name, parts too: "12.0 13.0 ". `value` is its member.
inline std::string values(const Document& json, std::string_view name, std::string_view value,
                          const std::string& list = "parameter") {
  std::string all;
  for (std::size_t i = 0; i < json.size(list); ++i) {
    const std::string one = fmt::format("{}.{}", list, i);
    if (const std::string path = fmt::format("{}.{}", one, value);
        json.at(one + ".name") == name && json.has(path)) {
      all += json.at(path) + " ";
    }
    all += values(json, name, value, one + ".part");
  }
  return all;
}

}  // namespace holdfast::api
