#include "cli/bench_life.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/bench_record.h"

namespace holdfast::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

http::Incoming reply_of(int status, Bytes body = "") {
  http::Incoming reply;
  reply.status = status;
  reply.body = std::move(body);
  return reply;
}

http::Incoming created(std::string_view location, std::string_view etag) {
  http::Incoming reply = reply_of(201);
  reply.headers.add("Location", location);
  reply.headers.add("ETag", etag);
  return reply;
}

http::Incoming with_etag(http::Incoming reply, std::string_view etag) {
  reply.headers.add("ETag", etag);
  return reply;
}

class LifeOfAPatient : public testing::Test {
 protected:
  /// What was wrong with the reply to the next request.
  std::string answer(const http::Incoming& reply) {
    exchange_ = life_.next(lives_);
    return exchange_ ? exchange_->wrong(reply) : std::string("no request");
  }
  [[nodiscard]] const http::Outgoing& request() const { return exchange_->request; }

  Lives lives_{0, 1, 1000};
  Life life_;
  std::optional<Exchange> exchange_;
  const Bytes patient_ = make_new_patient(1000, 1000);
};

TEST_F(LifeOfAPatient, GoesByTheIdsAndVersionsOfTheServer) {
  EXPECT_EQ(answer(created("http://other.example:8080/r4/Patient/77/_history/1041", R"(W/"1041")")),
            "");
  EXPECT_EQ(request().method, "POST");
  EXPECT_EQ(request().target, "/fhir/Patient");
  EXPECT_EQ(answer(with_etag(reply_of(200, patient_), R"(W/"1041")")), "");
  EXPECT_EQ(request().target, "/fhir/Patient/77");
  EXPECT_EQ(answer(with_etag(reply_of(200), R"(W/"1042")")), "");
  EXPECT_EQ(request().method, "PUT");
  EXPECT_EQ(request().target, "/fhir/Patient/77");
  EXPECT_EQ(answer(reply_of(204)), "");
  EXPECT_EQ(request().method, "DELETE");
  EXPECT_EQ(answer(reply_of(410)), "");
  EXPECT_EQ(request().method, "GET");
  EXPECT_FALSE(life_.next(lives_));
  EXPECT_EQ(lives_.led, 1U);
}

TEST_F(LifeOfAPatient, TakesALocationWithoutAVersion) {
  EXPECT_EQ(answer(created("Patient/a-1", R"(W/"1")")), "");
  static_cast<void>(life_.next(lives_));
  EXPECT_EQ(answer(with_etag(reply_of(200), R"(W/"2")")), "");
  EXPECT_EQ(request().target, "/fhir/Patient/a-1");
}

TEST_F(LifeOfAPatient, ADeleteMaySayWhatItDid) {
  answer(created("Patient/1/_history/1", R"(W/"1")"));
  static_cast<void>(life_.next(lives_));
  static_cast<void>(life_.next(lives_));
  EXPECT_EQ(answer(reply_of(200, R"({"resourceType":"OperationOutcome"})")), "");
}

TEST_F(LifeOfAPatient, ACreateThatNamesNoIdIsWrong) {
  EXPECT_THAT(answer(with_etag(reply_of(201), R"(W/"1")")), HasSubstr("Location"));
}

TEST_F(LifeOfAPatient, ACreateWithoutAVersionIsWrong) {
  http::Incoming reply = reply_of(201);
  reply.headers.add("Location", "Patient/1");
  EXPECT_THAT(answer(reply), HasSubstr("ETag"));
}

TEST_F(LifeOfAPatient, AReadOfAnotherVersionOrAnotherPatientIsWrong) {
  answer(created("Patient/1/_history/1", R"(W/"1")"));
  exchange_ = life_.next(lives_);
  EXPECT_NE(exchange_->wrong(with_etag(reply_of(200, patient_), R"(W/"2")")), "");
  EXPECT_NE(exchange_->wrong(with_etag(reply_of(200, "{}"), R"(W/"1")")), "");
  EXPECT_EQ(exchange_->wrong(with_etag(reply_of(200, patient_), R"(W/"1")")), "");
}

TEST_F(LifeOfAPatient, AnUpdateThatKeepsTheVersionIsWrong) {
  answer(created("Patient/1/_history/1", R"(W/"1")"));
  static_cast<void>(life_.next(lives_));
  EXPECT_THAT(answer(with_etag(reply_of(200), R"(W/"1")")), HasSubstr("update"));
}

TEST_F(LifeOfAPatient, WhatWasDeletedMustBeGone) {
  answer(created("Patient/1/_history/1", R"(W/"1")"));
  static_cast<void>(life_.next(lives_));
  static_cast<void>(life_.next(lives_));
  static_cast<void>(life_.next(lives_));
  EXPECT_THAT(answer(reply_of(404, "x")), HasSubstr("404 and not 410: x"));
}

TEST(NewPatient, RefersOnlyToThePractitionersOfTheRecord) {
  std::string known;
  for (std::uint64_t i = 0; i < count_of(RecordType::practitioner, 60); ++i) {
    known += id_of(RecordType::practitioner, i) + " ";
  }
  for (std::uint64_t number = 60; number < 400; ++number) {
    const Bytes patient = make_new_patient(number, 60);
    EXPECT_THAT(patient, Not(HasSubstr(R"("id":)")));
    constexpr std::string_view type = "Practitioner/";
    const std::size_t at = patient.find(type);
    ASSERT_NE(at, Bytes::npos);
    EXPECT_THAT(known, HasSubstr(patient.substr(at + type.size(), 36)));
  }
}

TEST(GetBundle, SaysWhatIsWrongAndWhere) {
  const Exchange ask = get_bundle("/fhir/Patient?_summary=count", [](fhir::JsonValue bundle) {
    return std::string(total_of(bundle) == 3 ? "" : "not three");
  });
  EXPECT_EQ(ask.wrong(reply_of(200, R"({"resourceType":"Bundle","total":3})")), "");
  EXPECT_THAT(ask.wrong(reply_of(200, R"({"resourceType":"Bundle","total":4})")),
              HasSubstr("count: not three"));
  EXPECT_THAT(ask.wrong(reply_of(200, "<Bundle/>")), HasSubstr("count: "));
  EXPECT_THAT(ask.wrong(reply_of(500)), HasSubstr("500"));
}

TEST(GetBundle, NoTotalIsNoNumber) {
  fhir::JsonReader reader;
  const auto json = reader.read("{}");
  ASSERT_TRUE(json);
  EXPECT_EQ(total_of(json->root()), UINT64_MAX);
}

}  // namespace
}  // namespace holdfast::cli
