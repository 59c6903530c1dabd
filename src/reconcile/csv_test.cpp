// A CSV is read whole, or refused with its line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "reconcile/list.h"

namespace holdfast::reconcile {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

List read(std::string_view text, const std::string& system = "") {
  auto list = read_csv(text, system);
  EXPECT_TRUE(list.has_value()) << list.error().what;
  return list ? *std::move(list) : List{};
}

std::string refusal(std::string_view text) {
  const auto list = read_csv(text, "");
  return list ? std::string() : fmt::format("{}: {}", list.error().where, list.error().what);
}

TEST(Csv, ColumnsGoByTheirNames) {
  const List list = read(
      "\xef\xbb\xbfState,Identifier,colour,identifier-system,NHS number,kind,authored\r\n"
      "\"in \"\"our\"\" hands,\nstill\",A1,red,urn:x,943 476 5919,referral,2026-11-01\r\n"
      "open,A2,,,,,\r\n",
      "urn:default");
  ASSERT_EQ(list.rows.size(), 2U);
  EXPECT_EQ(list.rows[0].state, "in \"our\" hands, still");
  EXPECT_EQ(list.rows[0].number, (Number{"urn:x", "A1"}));
  EXPECT_EQ(list.rows[0].nhs_number, "9434765919");
  EXPECT_EQ(list.rows[0].kind, "referral");
  EXPECT_EQ(list.rows[1].number, (Number{"urn:default", "A2"}));
  EXPECT_EQ(list.rows[1].place, "line 4") << "the field before it has two lines";
  EXPECT_THAT(list.notes.all().at(std::string(note_column)).named, ElementsAre("colour"));
}

TEST(Csv, WhatWasCutOffIsRefusedWithItsLine) {
  EXPECT_THAT(refusal("identifier,state\nA1,open\nA2"), HasSubstr("line 3: this line has 1"));
  EXPECT_THAT(refusal("identifier,state\nA1,\"op"), HasSubstr("line 2: a quote is opened"));
  EXPECT_THAT(refusal("identifier,state\nA1,open,more\n"), HasSubstr("line 2"));
  EXPECT_THAT(refusal("identifier,state\nA\"1,open\n"), HasSubstr("line 2: a quote inside"));
  EXPECT_THAT(refusal("identifier\rA1\r"), HasSubstr("CR alone"));
}

TEST(Csv, OtherEncodingsAndSeparatorsAreNamed) {
  EXPECT_THAT(refusal("identifier\nM\xfcller\n"), HasSubstr("line 2: the file is not UTF-8"));
  EXPECT_THAT(refusal(std::string_view("\xff\xfei\0", 4)), HasSubstr("UTF-16"));
  EXPECT_THAT(refusal("identifier;state\nA1;open\n"), HasSubstr("separated by commas"));
  EXPECT_THAT(refusal("number,state\nA1,open\n"), HasSubstr("no column `identifier`"));
  EXPECT_THAT(refusal("identifier,identifier\n"), HasSubstr("there twice"));
  EXPECT_THAT(refusal(""), HasSubstr("empty"));
}

TEST(Csv, WhatCannotBeComparedIsCountedAndNamed) {
  const List list = read(
      "identifier,nhs_number,state,type\nA1,9434765918,open,\nA1,,closed,\n,,open,\n"
      "A2,,open,Basic\n\nA3,,open,Appointment\n");
  ASSERT_EQ(list.rows.size(), 2U);
  EXPECT_EQ(list.lines, 5U);
  EXPECT_EQ(list.rows[0].nhs_number, "") << "its last digit does not fit";
  EXPECT_EQ(list.notes.count(note_nhs_number), 1U);
  EXPECT_EQ(list.notes.count(note_duplicate), 1U);
  EXPECT_THAT(list.notes.all().at(std::string(note_duplicate)).named[0], HasSubstr("contradict"));
  EXPECT_EQ(list.notes.count(note_no_number), 1U);
  EXPECT_EQ(list.notes.count(note_other_type), 1U);
}

TEST(Csv, TooManyLinesAreRefusedAndTheMostAreNot) {
  std::string text = "identifier\n";
  for (std::size_t i = 0; i < rows_max; ++i) {
    text += fmt::format("N{}\n", i);
  }
  EXPECT_EQ(read(text).rows.size(), rows_max);
  EXPECT_THAT(refusal(text + "one more\n"), HasSubstr("more than 100000 lines"));
}

}  // namespace
}  // namespace holdfast::reconcile
