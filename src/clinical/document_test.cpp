// clinical/document_test.cpp: a table says where it is wrong, by line, and leaves nothing unsaid.
#include "clinical/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clinical/edition.h"
#include "clinical/shipped.h"
#include "clinical/table_testing.h"

namespace holdfast::clinical {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* head =
    "table = \"t\"\nversion = \"3\"\nsource = \"a book\"\neffective = \"2026-11-30\"\n";

std::string edition_refused(std::string_view text) {
  const auto document = parse_document(text, "t.toml");
  if (!document) {
    return document.error().what;
  }
  Fields fields(*document, "t.toml");
  const auto edition = read_edition(fields, "t");
  if (!edition) {
    return edition.error().what;
  }
  const auto done = fields.done();
  return done ? "" : done.error().what;
}

TEST(Document, IsRefusedWithItsLine) {
  EXPECT_THAT(parse_document("a = 1\nb = \n", "t.toml").error().what, HasSubstr("t.toml:2: "));
  EXPECT_EQ(parse_document(std::string(table_bytes_max + 1, ' '), "t.toml").error().code,
            Code::too_large);
}

TEST(Document, KindsAreNotMixedUp) {
  const auto document =
      parse_document("text = \"x\"\nwhole = 3\npoint = 0.5\nquoted = \"0.50\"\nlist = [\"a\"]\n",
                     "t.toml")
          .value();
  Fields fields(document, "t.toml");
  EXPECT_EQ(fields.whole("text", 0, 9).error().what,
            "t.toml:1: text is no whole number from 0 to 9");
  EXPECT_EQ(fields.whole("whole", 0, 2).error().what,
            "t.toml:2: whole is no whole number from 0 to 2");
  EXPECT_EQ(fields.text("whole").error().what, "t.toml:2: whole is no text");
  EXPECT_EQ(fields.figure("point").error().what,
            "t.toml:3: point is a number with a point outside quotes: in quotes it stays exact");
  EXPECT_EQ(fields.figure("quoted")->text(), "0.50");
  EXPECT_EQ(fields.figure("whole")->text(), "3");
  EXPECT_EQ(fields.figure("text").error().what, "t.toml:1: text is 'x', no number");
  EXPECT_EQ(fields.tables("list").error().what, "t.toml:5: list is written as [[list]]");
  EXPECT_EQ(fields.text("gone").error().what, "t.toml:1: gone is missing");
  EXPECT_TRUE(fields.done());
}

TEST(Document, EveryShippedTableIsADraftOfTheSameForm) {
  std::vector<std::string_view> names;
  for (const TableText& table : shipped_tables()) {
    const auto document = parse_document(table.text, table.file);
    ASSERT_TRUE(document) << document.error().what;
    Fields fields(*document, table.file);
    const auto edition = read_edition(fields, table.name);
    ASSERT_TRUE(edition) << edition.error().what;
    EXPECT_TRUE(edition->is_draft()) << table.file;
    names.push_back(table.name);
  }
  EXPECT_THAT(names, ElementsAre("blood", "news2", "phone", "results", "rtt"));
}

TEST(Edition, IsADraftOrHasTwoApproversOneOfThemClinical) {
  const std::string with = std::string(head) + "approved_by = ";
  EXPECT_EQ(edition_refused(with + "[]"), "");
  EXPECT_EQ(
      edition_refused(with + R"([{name = "A", clinical = true}, {name = "B", clinical = false}])"),
      "");
  EXPECT_EQ(edition_refused(with + R"([{name = "A", clinical = true}])"),
            "t.toml:5: approved_by names two people, or nobody for a draft");
  EXPECT_EQ(edition_refused(with + R"([{name = "A"}, {name = "B"}])"),
            "t.toml:5: approved_by names no clinician");
  EXPECT_EQ(edition_refused(with + R"([{name = "A", clinical = true}, {name = "A"}])"),
            "t.toml:5: approved_by names A twice");
  EXPECT_EQ(edition_refused(with + R"([{name = " ", clinical = true}, {name = "A"}])"),
            "t.toml:5: name is no text");
  EXPECT_EQ(edition_refused(with + R"(["A", "B"])"),
            "t.toml:5: approved_by names people as { name = \"…\", clinical = true }");
  EXPECT_EQ(edition_refused(head),
            "t.toml:1: approved_by is no list: [] for a draft, else two people");
}

TEST(Edition, NamesItsTableVersionSourceAndDay) {
  EXPECT_EQ(edition_refused("table = \"u\""), "t.toml:1: it is the table 'u', not 't'");
  EXPECT_EQ(edition_refused("table = \"t\""), "t.toml:1: version is missing");
  EXPECT_EQ(edition_refused("table = \"t\"\nversion = \"1\""), "t.toml:1: source is missing");
  EXPECT_EQ(
      edition_refused("table = \"t\"\nversion = \"1\"\nsource = \"s\"\neffective = \"2026-02-30\""),
      "t.toml:4: effective is '2026-02-30', no day such as 2026-11-30");
  EXPECT_EQ(
      edition_refused("table = \"t\"\nversion = \"1\"\nsource = \"s\"\neffective = 2026-11-30"),
      "t.toml:4: effective is no text");
  EXPECT_EQ(edition_refused(std::string(head) + "approved_by = []\nversoin = 2"),
            "t.toml:6: there is no key 'versoin'; did you mean 'version'?");
}

TEST(Day, IsADayThatExists) {
  EXPECT_EQ(parse_day("1970-01-01"), Day{0});
  EXPECT_EQ(parse_day("1969-12-31"), Day{-1});
  EXPECT_EQ(to_text(*parse_day("2024-02-29")), "2024-02-29");
  EXPECT_EQ(to_text(*parse_day("2026-01-05") + 126), "2026-05-11");
  EXPECT_EQ(to_text(Day{-1}), "1969-12-31");
  for (const char* text :
       {"2023-02-29", "2026-1-5", "2026-01", "2026", "", "2026-01-05T00:00:00Z"}) {
    EXPECT_FALSE(parse_day(text)) << text;
  }
}

}  // namespace
}  // namespace holdfast::clinical
