// api/bars_for_test.h: for tests: a referral as a message of the NHS Booking and Referral Standard,
// to be changed by the test. Included by tests only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/items_for_test.h"

namespace holdfast::api {

/// Members that a test wants otherwise; what is empty is left out of the message.
struct Letter {
  std::string id = "m-1";
  std::string event = "servicerequest-request";
  std::string reason = "new";
  std::string sender = "https://oldmill.example/fhir";
  std::string focus = "urn:uuid:r";
  std::string request =
      R"("identifier":[{"system":"urn:oldmill","value":"R-1"}],"status":"active","intent":"plan",)"
      R"("category":[{"coding":[{"system":)"
      R"("https://fhir.nhs.uk/CodeSystem/message-category-servicerequest","code":"referral"}]}])";
  std::string subject = "urn:uuid:p";
  std::string number = "9434765919";
  std::string patient = R"("name":[{"family":"Sheard"}])";
  std::vector<std::string> more;  ///< entries

  [[nodiscard]] static std::string entry(std::string_view url, std::string_view resource) {
    return fmt::format(R"({{"fullUrl":"{}","resource":{}}})", url, resource);
  }
  [[nodiscard]] std::string header() const {
    return fmt::format(
        R"({{"resourceType":"MessageHeader","id":"{}","eventCoding":{{"system":)"
        R"("https://fhir.nhs.uk/CodeSystem/message-events-bars","code":"{}"}},)"
        R"("source":{{"name":"Old Mill","endpoint":"{}"}},)"
        R"("destination":[{{"endpoint":"https://eyes.example/fhir"}}]{}{}}})",
        id, event, sender,
        reason.empty() ? std::string()
                       : fmt::format(R"(,"reason":{{"coding":[{{"system":)"
                                     R"("https://fhir.nhs.uk/CodeSystem/message-reason-bars",)"
                                     R"("code":"{}"}}]}})",
                                     reason),
        focus.empty() ? std::string() : fmt::format(R"(,"focus":[{{"reference":"{}"}}])", focus));
  }
  [[nodiscard]] std::string patient_entry() const {
    return entry("urn:uuid:p",
                 fmt::format(R"({{"resourceType":"Patient","identifier":[{{"system":)"
                             R"("https://fhir.nhs.uk/Id/nhs-number","value":"{}"}}],{}}})",
                             number, patient));
  }
  [[nodiscard]] std::string request_entry() const {
    return entry("urn:uuid:r", fmt::format(R"({{"resourceType":"ServiceRequest",{},)"
                                           R"("subject":{{"reference":"{}"}}}})",
                                           request, subject));
  }
  [[nodiscard]] static std::string message(const std::vector<std::string>& entries) {
    std::string all;
    for (const std::string& one : entries) {
      all += fmt::format("{}{}", all.empty() ? "" : ",", one);
    }
    return fmt::format(R"({{"resourceType":"Bundle","type":"message","entry":[{}]}})", all);
  }
  [[nodiscard]] std::string text() const {
    std::vector<std::string> entries{entry("urn:uuid:h", header())};
    if (!request.empty()) {
      entries.push_back(request_entry());
    }
    if (!number.empty()) {
      entries.push_back(patient_entry());
    }
    entries.insert(entries.end(), more.begin(), more.end());
    return message(entries);
  }

  /// An Appointment for the referral, and it as the focus.
  Letter& books(std::string_view status, std::string_view based_on = "urn:uuid:r") {
    event = "booking-request";
    focus = "urn:uuid:a";
    more.push_back(entry(
        "urn:uuid:a",
        fmt::format(
            R"({{"resourceType":"Appointment","identifier":[{{"system":"urn:oldmill","value":)"
            R"("A-1"}}],"status":"{}","basedOn":[{{"reference":"{}"}}],)"
            R"("start":"2026-02-02T10:00:00Z","end":"2026-02-02T10:20:00Z","participant":[)"
            R"({{"status":"accepted","actor":{{"reference":"urn:uuid:p"}}}}]}})",
            status, based_on)));
    return *this;
  }
  /// Another status of the ServiceRequest.
  Letter& becomes(std::string_view status) {
    const std::string_view old = R"("status":"active")";
    request.replace(request.find(old), old.size(), fmt::format(R"("status":"{}")", status));
    return *this;
  }
};

/// A server with pathways, messages that are sent to it, and what it says.
class ProcessMessage : public testing::Test {
 protected:
  Answered send(const std::string& message) {
    return server_.post("/fhir/$process-message", message);
  }
  Answered send(const Letter& letter) { return send(letter.text()); }
  /// The answer says that it was taken.
  Answered take(const Letter& letter) {
    Answered answered = send(letter);
    EXPECT_EQ(answered.status, 200) << answered.body;
    EXPECT_EQ(answered.json().at("entry.0.resource.response.code"), "ok");
    return answered;
  }
  /// "422 not-supported: what is wrong", of an OperationOutcome or of an answer with one.
  std::string refusal(const std::string& message) {
    const Answered answered = send(message);
    const Document json = answered.json();
    const bool plain = json.at("resourceType") == "OperationOutcome";
    const std::string at = plain ? "issue.0" : "entry.1.resource.issue.0";
    if (!plain) {
      EXPECT_EQ(json.at("entry.0.resource.response.code"), "fatal-error") << answered.body;
    }
    return fmt::format("{} {}: {}", answered.status, json.at(at + ".code"),
                       json.at(at + ".diagnostics"));
  }
  std::string refusal(const Letter& letter) { return refusal(letter.text()); }

  std::string count(const std::string& search) {
    return server_
        .get(fmt::format("/fhir/{}{}_summary=count", search,
                         search.find('?') == std::string::npos ? "?" : "&"))
        .json()
        .at("total");
  }
  /// Of the only item: state and patient's name.
  std::string state() {
    const Document json = server_.get("/fhir/Task?code=urn:holdfast:pathway|referral").json();
    EXPECT_EQ(json.size("entry"), 1U);
    return json.at("entry.0.resource.businessStatus.coding.0.code");
  }

  ItemServer server_;
};

}  // namespace holdfast::api
