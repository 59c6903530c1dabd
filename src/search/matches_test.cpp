#include "search/matches.h"

#include <gtest/gtest.h>

#include "search/test_oracle.h"

namespace holdfast::search {
namespace {

using test::ask_identifier;
using test::Fact;
using test::observation;
using test::patient;
using test::Question;
using test::Record;
using test::truth;

TEST(Matches, FindsOnlyWhatIsCurrent) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Record record(seed);
    for (int i = 0; i < 40; ++i) {
      record.change();
      Question question;
      question.scope.type = record.random()() % 2 == 0 ? patient : observation;
      question.all.emplace_back([t = *question.scope.type](const Fact& f) { return f.type == t; });
      ask_identifier(question, record.random());
      const auto wanted = truth(record, question, snapshot_of(record.state()));
      const auto view = record.view();
      const auto found = matches({*view, record.codec(), fhir::standard_search_params()},
                                 *question.scope.type, "?" + question.query);
      ASSERT_TRUE(found.has_value()) << found.error().what;
      ASSERT_EQ(found->size(), std::min<std::size_t>(wanted.size(), 2));
      for (std::size_t n = 0; n < found->size(); ++n) {
        ASSERT_EQ((*found)[n], record.facts()[wanted[n].value - 1].id);
      }
    }
  }
}

// Decisions write into what they asked for: it is not kept for the next time.
TEST(Matches, KeepsNoKeysOfWhatItReads) {
  Record record(3);
  for (int i = 0; i < 40; ++i) {
    record.change();
  }
  for (int i = 0; i < 10; ++i) {
    const auto view = record.view();
    for (const std::string_view query : {"identifier=1", "birthdate=ge1950", "name=smith"}) {
      ASSERT_TRUE(matches({*view, record.codec(), fhir::standard_search_params()}, patient, query)
                      .has_value());
    }
  }
  EXPECT_EQ(record.runs().size(), 0U);
}

TEST(Matches, RefusesConditionsThatWouldSelectAnything) {
  const Record record(1);
  const auto code = [&](std::string_view query) {
    const auto view = record.view();
    const auto found =
        matches({*view, record.codec(), fhir::standard_search_params()}, patient, query);
    return found ? std::optional<Code>() : found.error().code;
  };
  EXPECT_EQ(code(""), Code::unsupported);
  EXPECT_EQ(code("Patient?"), Code::unsupported);
  EXPECT_EQ(code("identifer=1"), Code::unsupported);
  EXPECT_EQ(code("name=smith"), std::nullopt);
  EXPECT_EQ(code("birthdate:missing=true"), std::nullopt);
  EXPECT_EQ(code("identifier=1&_count=1"), Code::unsupported);
  EXPECT_EQ(code("Observation?identifier=1"), Code::value);
  EXPECT_EQ(code("identifier="), Code::value);
  EXPECT_EQ(code("Patient?identifier=1"), std::nullopt);
  EXPECT_EQ(code("identifier=http://a?b|1"), std::nullopt);
}

}  // namespace
}  // namespace holdfast::search
