// Composites that many rows match: pages come in the order of the keys, and each row once.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "search/test_record.h"

namespace holdfast::search {
namespace {

using test::observation;
using test::Record;

constexpr int observations = 700;  // more than are read at once rather than in their order

// Each has one code in two systems, and a value of its own.
void put_with_two_codings(Record& record) {
  for (int i = 0; i < observations; ++i) {
    record.put(observation, fmt::format("o{}", i),
               fmt::format(R"({{"resourceType":"Observation","id":"o{}","status":"final",)"
                           R"("code":{{"coding":[{{"system":"urn:a","code":"x"}},)"
                           R"({{"system":"urn:b","code":"x"}}]}},"valueQuantity":{{"value":{},)"
                           R"("system":"http://unitsofmeasure.org","code":"{}"}}}})",
                           i, i, i % 2 == 0 ? "mg" : "g"));
  }
}

struct Answer {
  std::map<RowId, int> times;  // that each row came
  PageCursor::Order order = PageCursor::Order::rows;
  std::uint64_t spent = 0;  // on the first page
};

Answer all_pages(const Record& record, const std::string& query) {
  const Snapshot at = snapshot_of(record.state());
  const auto criteria = parse(fhir::standard_search_params(), {observation, {}},
                              query + "&_count=20", Handling::strict, at.time);
  EXPECT_TRUE(criteria.has_value()) << criteria.error().what;
  const auto view = record.view();
  Answer answer;
  std::optional<PageCursor> after;
  for (bool more = true; more;) {
    const auto page =
        run({*view, record.codec(), fhir::standard_search_params()}, *criteria, at, after);
    EXPECT_TRUE(page.has_value()) << page.error().what;
    answer.order = page->order;
    answer.spent = after ? answer.spent : page->spent;
    for (const Found& one : page->found) {
      ++answer.times[one.row];
    }
    more = page->more;
    after = more ? std::optional(page->cursor_after(page->found.size() - 1)) : std::nullopt;
  }
  return answer;
}

void expect_each_once(const Answer& answer, int rows) {
  EXPECT_EQ(answer.times.size(), static_cast<std::size_t>(rows));
  EXPECT_TRUE(std::ranges::all_of(answer.times, [](const auto& one) { return one.second == 1; }));
}

// One code, so a row has one key in the range: no body is read, and nothing past the page.
TEST(Composite, OfOneCodeIsReadInTheOrderOfItsValues) {
  Record record(1);
  put_with_two_codings(record);
  const Answer answer = all_pages(record, "code-value-quantity=urn:a%7Cx$ge0");
  expect_each_once(answer, observations);
  EXPECT_EQ(answer.order, PageCursor::Order::values);
  EXPECT_LT(answer.spent, 150U);
}

// Two units of one code: still one key a row.
TEST(Composite, OfOneCodeInTwoUnitsHasEachRowOnce) {
  Record record(1);
  put_with_two_codings(record);
  const Answer answer =
      all_pages(record, "code-value-quantity=urn:a%7Cx$ge0%7Chttp://unitsofmeasure.org%7Cmg");
  expect_each_once(answer, observations);
}

// Whatever the system is, or one of two codes: a row has a key under each, and comes once.
TEST(Composite, OfSeveralCodesHasEachRowOnce) {
  Record record(1);
  put_with_two_codings(record);
  expect_each_once(all_pages(record, "code-value-quantity=x$ge0"), observations);
  expect_each_once(all_pages(record, "code-value-quantity=urn:a%7Cx$ge9,urn:b%7Cx$le680"),
                   observations);
}

// A value for each component: the composite itself repeats.
TEST(Composite, OfComponentsHasEachRowOnce) {
  Record record(2);
  for (int i = 0; i < observations; ++i) {
    const auto component = [&](int value) {
      return fmt::format(R"({{"code":{{"coding":[{{"system":"urn:a","code":"x"}}]}},)"
                         R"("valueQuantity":{{"value":{}}}}})",
                         value);
    };
    record.put(observation, fmt::format("o{}", i),
               fmt::format(R"({{"resourceType":"Observation","id":"o{}","status":"final",)"
                           R"("code":{{"text":"t"}},"component":[{},{}]}})",
                           i, component(i), component(3 + i)));
  }
  expect_each_once(all_pages(record, "component-code-value-quantity=urn:a%7Cx$ge0"), observations);
}

}  // namespace
}  // namespace holdfast::search
