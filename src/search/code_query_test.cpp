// :in, :not-in, :above and :below over value sets and code systems that the record itself holds.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "search/test_record.h"

namespace holdfast::search {
namespace {

using test::observation;
using test::Record;

const fhir::TypeId value_set = *fhir::type_id("ValueSet");
const fhir::TypeId code_system = *fhir::type_id("CodeSystem");

void put_observation(Record& record, const std::string& id, const std::string& system,
                     const std::string& code) {
  record.put(observation, id,
             fmt::format(R"({{"resourceType":"Observation","id":"{}","status":"final",)"
                         R"("code":{{"coding":[{{"system":"{}","code":"{}"}}]}}}})",
                         id, system, code));
}
void put_set(Record& record, const std::string& id, const std::string& url,
             const std::string& compose) {
  record.put(value_set, id,
             fmt::format(R"({{"resourceType":"ValueSet","id":"{}","url":"{}","status":"active",)"
                         R"("compose":{{{}}}}})",
                         id, url, compose));
}
// a has b and c below it, b has d; e stands alone.
void put_system(Record& record) {
  record.put(code_system, "letters",
             R"({"resourceType":"CodeSystem","id":"letters","url":"urn:letters","status":"active",)"
             R"("caseSensitive":true,"content":"complete","concept":[{"code":"a","concept":[)"
             R"({"code":"b","concept":[{"code":"d"}]},{"code":"c"}]},{"code":"e"}]})");
}

Result<Page> ask(const Record& record, const std::string& query, const Snapshot& at) {
  const auto criteria = parse(fhir::standard_search_params(), {observation, {}},
                              query + "&_count=1000", Handling::strict, at.time);
  EXPECT_TRUE(criteria.has_value()) << criteria.error().what;
  const auto view = record.view();
  return run({*view, record.codec(), fhir::standard_search_params()}, *criteria, at, std::nullopt);
}
// The ids that are found, in one text; or the refusal.
std::string found(const Record& record, const std::string& query, const Snapshot& at) {
  const auto page = ask(record, query, at);
  if (!page) {
    return std::string(name(page.error().code)) + ": " + page.error().what;
  }
  std::string ids;
  for (const Found& one : page->found) {
    ids += record.facts()[one.row.value - 1].id;
  }
  return ids;
}
std::string found(const Record& record, const std::string& query) {
  return found(record, query, snapshot_of(record.state()));
}

class CodeQueries : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* const code : {"a", "b", "c", "d", "e"}) {
      put_observation(record, code, "urn:letters", code);
    }
  }
  Record record{1};
};

TEST_F(CodeQueries, GoByTheValueSetThatIsStoredThen) {
  put_set(record, "vowels", "urn:vowels",
          R"("include":[{"system":"urn:letters","concept":[{"code":"a"},{"code":"e"}]}])");
  const Snapshot before = snapshot_of(record.state());
  EXPECT_EQ(found(record, "code:in=urn:vowels"), "ae");
  EXPECT_EQ(found(record, "code:in=ValueSet/vowels"), "ae");
  EXPECT_EQ(found(record, "code:not-in=urn:vowels"), "bcd");
  put_set(record, "vowels", "urn:vowels",
          R"("include":[{"system":"urn:letters","concept":[{"code":"e"}]}])");
  EXPECT_EQ(found(record, "code:in=urn:vowels"), "e");
  EXPECT_EQ(found(record, "code:not-in=ValueSet/vowels"), "abcd");
  EXPECT_EQ(found(record, "code:in=urn:vowels", before), "ae") << "pages show their moment";
}

TEST_F(CodeQueries, FollowWhatAValueSetIncludesAndExcludes) {
  put_system(record);
  put_set(record, "below-b", "urn:below-b",
          R"("include":[{"system":"urn:letters","filter":[{"property":"concept","op":"is-a",)"
          R"("value":"b"}]}])");
  put_set(record, "rest", "urn:rest",
          R"("include":[{"system":"urn:letters"}],"exclude":[{"valueSet":["urn:below-b"]}])");
  EXPECT_EQ(found(record, "code:in=urn:below-b"), "bd");
  EXPECT_EQ(found(record, "code:in=urn:rest"), "ace");
  EXPECT_EQ(found(record, "code:in=urn:rest,urn:below-b"), "abcde");
}

TEST_F(CodeQueries, GoByTheHierarchyThatIsStored) {
  EXPECT_EQ(found(record, "code:below=urn:letters|b").substr(0, 11), "unsupported")
      << "nothing is known of the system yet";
  put_system(record);
  EXPECT_EQ(found(record, "code:below=urn:letters|b"), "bd");
  EXPECT_EQ(found(record, "code:below=urn:letters|a"), "abcd");
  EXPECT_EQ(found(record, "code:above=urn:letters|d"), "abd");
  EXPECT_EQ(found(record, "code:above=urn:letters|d,urn:letters|e"), "abde");
  EXPECT_EQ(found(record, "code:below=urn:letters|x").substr(0, 5), "value");
}

TEST_F(CodeQueries, AreRefusedWhereAnAnswerCannotBeKnown) {
  put_set(record, "all", "urn:all", R"("include":[{"system":"urn:letters"}])");
  for (const char* const query : {"code:in=urn:all", "code:not-in=urn:all"}) {
    const std::string said = found(record, query);
    EXPECT_EQ(said.substr(0, 11), "unsupported") << said;
    EXPECT_NE(said.find("the code system urn:letters"), std::string::npos) << said;
  }
  put_system(record);
  EXPECT_EQ(found(record, "code:in=urn:all"), "abcde");
  EXPECT_EQ(found(record, "code:in=urn:nowhere").substr(0, 5), "value");
  EXPECT_EQ(found(record, "code:in=ValueSet/nowhere").substr(0, 5), "value");
}

TEST_F(CodeQueries, TakeACodeThatIsLongerThanAKey) {
  const std::string longest(views::value_text_bytes_max + 5, 'x');
  put_observation(record, "1", "urn:letters", longest);
  put_observation(record, "2", "urn:letters", longest + "y");
  put_set(record, "long", "urn:long",
          R"("include":[{"system":"urn:letters","concept":[{"code":")" + longest + R"("}]}])");
  EXPECT_EQ(found(record, "code:in=urn:long"), "1");
  EXPECT_EQ(found(record, "code:not-in=urn:long"), "abcde2");
}

// A set of thousands over an index of few codes, and a few codes over an index of thousands: what
// it costs goes by the smaller of the two.
TEST_F(CodeQueries, CostWhatTheSmallerSideCosts) {
  const auto listed = [](int count) {
    std::string concepts;
    for (int i = 0; i < count; ++i) {
      concepts += fmt::format(R"({}{{"code":"{}"}})", i == 0 ? "" : ",", i);
    }
    return R"("include":[{"system":"urn:numbers","concept":[)" + concepts + "]}]";
  };
  put_set(record, "many", "urn:many", listed(8000));
  put_observation(record, "7", "urn:numbers", "7");
  // The set is read once: a key for 64 bytes of it.
  const auto few_in_use = ask(record, "code:in=urn:many", snapshot_of(record.state()));
  ASSERT_TRUE(few_in_use.has_value()) << few_in_use.error().what;
  EXPECT_EQ(few_in_use->found.size(), 1U);
  EXPECT_LT(few_in_use->spent, 3000U);

  for (int i = 0; i < 3000; ++i) {
    put_observation(record, fmt::format("n{}", i), "urn:numbers", std::to_string(i + 5000));
  }
  put_set(record, "few", "urn:few", listed(5008));
  const auto many_in_use = ask(record, "code:in=urn:few", snapshot_of(record.state()));
  ASSERT_TRUE(many_in_use.has_value()) << many_in_use.error().what;
  EXPECT_EQ(many_in_use->found.size(), 9U);
  put_set(record, "few", "urn:few", listed(8));
  const auto one = ask(record, "code:in=urn:few", snapshot_of(record.state()));
  ASSERT_TRUE(one.has_value()) << one.error().what;
  EXPECT_EQ(one->found.size(), 1U);
  EXPECT_LT(one->spent, 700U) << "it does not go through all codes of the index";
}

}  // namespace
}  // namespace holdfast::search
