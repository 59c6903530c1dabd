#include "evidence/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "evidence/test_journal.h"
#include "evidence/words.h"

namespace holdfast::evidence {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class EvidencePage : public ::testing::Test {
 protected:
  Bytes page(const Title& title, Head head) {
    Looks looks;
    looks.before = [](const Operation&, const OperationResult& result) {
      return Result<std::optional<Before>>(
          Before{Position{result.version.value - 1}, "<i>requested</i>"});
    };
    looks.duty = [](const std::string&, DutyName) {
      return Result<std::string>("delivered, says entry 9");
    };
    PageWriter writer(title, std::move(looks));
    for (std::uint64_t i = 1; i <= journal.checkpoint().size; ++i) {
      EXPECT_TRUE(writer.add(journal.entry(i)));
    }
    head.count = journal.checkpoint().size;
    return writer.page(head, journal.checkpoint());
  }
  Bytes page() {
    return page({"Sheard, Ada", "http://h/fhir", "http://h/doc", {}}, journal.head());
  }

  TestJournal journal;
};

TEST_F(EvidencePage, NothingThatOthersWroteIsMarkup) {
  const std::string evil = R"(<script>alert('1')</script>"&)";
  const std::string body = R"({"resourceType":"Task","status":"<b>x</b>","description":)"
                           R"("<img src=x onerror=alert(1)>","code":{"text":"</li><script>"}})";
  journal.add(Verb::create, "Task", "t", 1, body, evil);
  Command message;
  message.principal.name = evil;
  message.purpose = evil;
  message.channel = evil;
  message.message =
      Message{evil, evil, Disposition::faulty, 1,
              0,    0,    "b\"onload=",        "MSH|^~\\&|LAB|Q|H|Q|2024||<script>|17|P|2.4\r",
              {}};
  message.settlements = {{evil, {Position{1}, 0}, Settled::held, false, {}, {}, evil}};
  message.deliveries = {{evil, {}, {}, "Task", "t"}};
  Outcome outcome;
  outcome.owed = {{0, RowId{1}}};
  outcome.settles = true;
  journal.add(message, outcome);
  Head head = journal.head("Task/t");
  head.next = "http://h/\"><script>";
  head.verifier = evil;
  const Bytes shown = page({evil, evil, evil, {evil}}, head);
  EXPECT_THAT(shown,
              AllOf(Not(HasSubstr("<script")), Not(HasSubstr("<img")), Not(HasSubstr("<b>x")),
                    Not(HasSubstr("\"onload")), Not(HasSubstr("<i>"))));
  EXPECT_THAT(shown, HasSubstr("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;"));
}

TEST_F(EvidencePage, HoldsNothingThatRunsOrIsFetched) {
  journal.add(Verb::create, "Patient", "7", 1, R"({"resourceType":"Patient"})");
  const Bytes shown = page();
  for (const std::string_view outside :
       {"<script", "src=", "@import", "url(", "<link", "<iframe"}) {
    EXPECT_THAT(shown, Not(HasSubstr(outside)));
  }
  EXPECT_THAT(shown, AllOf(HasSubstr("@media print"), HasSubstr("<html lang=\"en-GB\">")));
}

TEST_F(EvidencePage, SaysWhoWhenAndWhatInWordsAndLinksStates) {
  journal.add(Verb::create, "Task", "t", 1, R"({"resourceType":"Task","status":"requested"})");
  journal.add(Verb::update, "Task", "t", 2,
              R"({"resourceType":"Task","status":"accepted","description":"See the result"})");
  EXPECT_THAT(page(),
              AllOf(HasSubstr("Thursday 1 January 2026, 00:00:01.000 +00:00"),
                    HasSubstr("2026-01-01T00:00:01.000Z UTC, entry 2 of the journal"),
                    HasSubstr("<th>Who</th><td><bdi>anonymous</bdi>"), HasSubstr("not stated"),
                    HasSubstr("Changed: item to be done “<bdi>See the result</bdi>”"),
                    HasSubstr("<a href=\"http://h/fhir/Task/t/_history/2\">"),
                    HasSubstr("state <b><bdi>accepted</bdi></b>"),
                    HasSubstr("<a href=\"#entry-1\">entry 1</a>"),
                    HasSubstr("reading is not recorded yet")));
}

TEST_F(EvidencePage, OfManyOperationsShowsSomeAndCountsTheRest) {
  Command many;
  Outcome outcome;
  for (std::size_t i = 0; i < operations_shown_max + 5; ++i) {
    Operation operation;
    operation.verb = Verb::create;
    operation.type = "Observation";
    operation.id = fmt::format("o{}", i);
    many.operations.push_back(operation);
    outcome.results.push_back({Status::created, operation.id, Version{1}, {}});
  }
  journal.add(many, outcome);
  EXPECT_THAT(page(), AllOf(HasSubstr("and 5 further operations"), Not(HasSubstr("/o200/"))));
}

TEST_F(EvidencePage, APartSaysSoAboveAll) {
  journal.add(Verb::create, "Patient", "7", 1, R"({"resourceType":"Patient"})");
  Head head = journal.head();
  EXPECT_THAT(page({}, head), Not(HasSubstr("This is a part")));
  head.next = "http://h/next";
  EXPECT_THAT(page({}, head),
              AllOf(HasSubstr("<b>This is a part.</b>"), HasSubstr("http://h/next")));
  head.next.clear();
  head.after = Position{5};
  EXPECT_THAT(page({}, head), HasSubstr("It is the last part."));
}

TEST(Words, ATitleIsWhatTheBodySaysShort) {
  EXPECT_EQ(
      title_of(R"({"name":[{"family":"Sheard","given":["Ada","B"]}],"birthDate":"1980-01-02"})"),
      "Sheard, Ada B, born 1980-01-02");
  EXPECT_EQ(title_of(R"({"code":{"coding":[{"code":"K","display":"Potassium"}]},)"
                     R"("valueQuantity":{"value":6.10,"unit":"mmol/L"}})"),
            "Potassium, 6.10 mmol/L");
  EXPECT_EQ(title_of(R"({"description":"Look","owner":{"reference":"Organization/x"}})"),
            "Look, owned by Organization/x");
  EXPECT_EQ(title_of(R"({"name":7,"code":[],"type":"x","owner":[1],"valueQuantity":"x"})"), "");
  EXPECT_EQ(title_of("no json"), "");
  const std::string longest = title_of(R"({"description":")" + std::string(400, 'x') + "\"}");
  EXPECT_EQ(longest, std::string(300, 'x') + "…");
}

TEST(Words, HtmlKeepsNoControlCharacter) {
  EXPECT_EQ(html(std::string_view("a\0b\x1b\x7f\tc\xff", 8)),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd\xef\xbf\xbd c\xef\xbf\xbd");
}

}  // namespace
}  // namespace holdfast::evidence
