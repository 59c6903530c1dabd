#include "cli/bench_questions.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace holdfast::cli {
namespace {

constexpr std::array<std::string_view, question_kinds> kind_names{
    "token",      "date",      "date_between", "quantity", "string",  "code_date",
    "code_value", "composite", "chained",      "has",      "include", "sorted"};
constexpr std::string_view loinc = "http://loinc.org";
constexpr std::string_view snomed = "http://snomed.info/sct";
constexpr std::string_view ucum = "http://unitsofmeasure.org";

std::string parameter(std::string_view name, const std::string& value) {
  return fmt::format("{}={}", name, percent_encode(value));
}

std::string code_parameter(unsigned index) {
  return parameter("code", fmt::format("{}|{}", loinc, measure(index).code));
}

Day month_of(unsigned n) { return (first_year + n * 7 % years_count) * 100 + 1 + n * 5 % 12; }

std::string text_of_month(Day month) { return fmt::format("{}-{:02}", month / 100, month % 100); }

/// The tenth part of the values of a measure, or as good as that, lies above.
unsigned high(unsigned index) {
  const KnownCode& of = measure(index);
  return of.least + of.span - of.span / 10;
}

std::string value_text(unsigned hundredths) {
  return fmt::format("{}.{:02}", hundredths / 100, hundredths % 100);
}

std::string high_quantity(unsigned index) {
  return fmt::format("gt{}|{}|{}", value_text(high(index)), ucum, measure(index).unit);
}

/// Of two units of mass a volume the record has both; all others stand alone.
bool is_above(const ObservationFacts& facts, unsigned index) {
  const auto in_mg = [](std::string_view unit, std::uint64_t value) {
    return unit == "g/dL" ? value * 1000 : value;
  };
  const auto dimension = [](std::string_view unit) { return unit == "g/dL" ? "mg/dL" : unit; };
  const std::string_view asked = measure(index).unit;
  const std::string_view has = measure(facts.measure).unit;
  return dimension(asked) == dimension(has) &&
         in_mg(has, facts.hundredths) > in_mg(asked, high(index));
}

bool is_of(const ObservationFacts& facts, unsigned index) {
  return facts.measure == index % measures_count;
}

Question ask(QuestionKind kind, RecordType type, std::string query,
             std::function<bool(std::uint64_t)> matches) {
  return {kind, type, std::move(query), std::move(matches)};
}

template <class Holds>
Question ask_observations(QuestionKind kind, std::string query, Holds holds) {
  return ask(kind, RecordType::observation, std::move(query),
             [holds](std::uint64_t number) { return holds(observation_facts(number)); });
}

Question ask_month(QuestionKind kind, unsigned n) {
  const Day month = month_of(n);
  const Day after = month % 100 == 12 ? month + 89 : month + 1;
  return ask_observations(
      kind,
      kind == QuestionKind::date
          ? parameter("date", text_of_month(month))
          : fmt::format("date=ge{}-01&date=lt{}-01", text_of_month(month), text_of_month(after)),
      [month](const ObservationFacts& o) { return o.day / 100 == month; });
}

Question ask_code(QuestionKind kind, unsigned n, std::string_view more) {
  return ask_observations(kind, code_parameter(n) + std::string(more),
                          [n](const ObservationFacts& o) { return is_of(o, n); });
}

Question ask_code_and_year(QuestionKind kind, unsigned n) {
  const Day year = first_year + n * 5 % years_count;
  return ask_observations(
      kind, fmt::format("{}&date=ge{}-01-01&date=lt{}-01-01", code_parameter(n), year, year + 1),
      [n, year](const ObservationFacts& o) { return is_of(o, n) && o.day / 10'000 == year; });
}

Question ask_code_and_value(QuestionKind kind, unsigned n) {
  const std::string query =
      kind == QuestionKind::composite
          ? parameter("code-value-quantity",
                      fmt::format("{}|{}${}", loinc, measure(n).code, high_quantity(n)))
          : code_parameter(n) + "&" + parameter("value-quantity", high_quantity(n));
  return ask_observations(kind, query,
                          [n](const ObservationFacts& o) { return is_of(o, n) && is_above(o, n); });
}

Question ask_family(unsigned n) {
  const std::string name = family_name(n * 11);
  const std::string start = name.substr(0, name.size() - 1);
  return ask(QuestionKind::string, RecordType::patient, parameter("family", start),
             [start](std::uint64_t number) {
               return family_name(patient_facts(number).family).starts_with(start);
             });
}

Question ask_code_of_family(unsigned n) {
  const std::string name = family_name(n * 13 + 5);
  return ask_observations(
      QuestionKind::chained, code_parameter(n) + "&" + parameter("subject:Patient.family", name),
      [n, name](const ObservationFacts& o) {
        return is_of(o, n) && family_name(patient_facts(o.patient).family).starts_with(name);
      });
}

Question ask_who_has(unsigned n) {
  return ask(QuestionKind::has, RecordType::patient,
             "gender=female&" + parameter("_has:Condition:patient:code",
                                          fmt::format("{}|{}", snomed, problem(n).code)),
             [n](std::uint64_t number) {
               if (!patient_facts(number).is_female) {
                 return false;
               }
               for (std::uint64_t i = 0; i < conditions_each; ++i) {
                 if (condition_facts(number * conditions_each + i).problem == n % problems_count) {
                   return true;
                 }
               }
               return false;
             });
}

/// A number that grows as time does.
std::uint64_t time_of(std::uint64_t observation) {
  const ObservationFacts facts = observation_facts(observation);
  return std::uint64_t{facts.day} * 10'000 + facts.minute;
}

bool is_match(fhir::JsonValue entry) {
  const auto search = entry.find("search");
  const auto mode = search ? search->find("mode") : std::nullopt;
  return mode && mode->equals("match");
}

}  // namespace

std::string_view name_of(QuestionKind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

std::string Question::target(std::string_view more) const {
  return fmt::format("/fhir/{}?{}&{}", name_of(type), query, more);
}

Question make_question(QuestionKind kind, unsigned n) {
  switch (kind) {
    case QuestionKind::token: return ask_code(kind, n, "");
    case QuestionKind::date:
    case QuestionKind::date_between: return ask_month(kind, n);
    case QuestionKind::quantity:
      return ask_observations(kind, parameter("value-quantity", high_quantity(n)),
                              [n](const ObservationFacts& o) { return is_above(o, n); });
    case QuestionKind::string: return ask_family(n);
    case QuestionKind::code_date: return ask_code_and_year(kind, n);
    case QuestionKind::code_value:
    case QuestionKind::composite: return ask_code_and_value(kind, n);
    case QuestionKind::chained: return ask_code_of_family(n);
    case QuestionKind::has: return ask_who_has(n);
    case QuestionKind::include:
      return ask_code(kind, n, "&_include=Observation%3Asubject&_include=Observation%3Aencounter");
    case QuestionKind::sorted: return ask_code(kind, n, "&_sort=-date");
  }
  return {};
}

KnownAnswer::KnownAnswer(Question question, std::uint64_t patients)
    : question_(std::move(question)) {
  const std::uint64_t all = count_of(question_.type, patients);
  for (std::uint64_t number = 0; number < all; ++number) {
    if (question_.matches(number)) {
      numbers_.push_back(number);
    }
  }
}

Result<std::vector<std::uint64_t>> KnownAnswer::matches_on(fhir::JsonValue bundle) const {
  std::vector<std::uint64_t> page;
  const auto entries = bundle.find("entry");
  if (!entries) {
    return page;
  }
  for (const fhir::JsonValue entry : entries->children()) {
    if (!is_match(entry)) {
      continue;
    }
    const auto resource = entry.find("resource");
    const auto id = resource ? resource->find("id") : std::nullopt;
    const std::string text = id ? id->text() : std::string();
    const auto number = number_of(question_.type, text);
    if (!number || !std::ranges::binary_search(numbers_, *number)) {
      return fail(Code::corrupt, fmt::format("'{}' does not match", text));
    }
    page.push_back(*number);
  }
  return page;
}

std::string KnownAnswer::wrong_first_page(fhir::JsonValue bundle, std::size_t count) const {
  const auto page = matches_on(bundle);
  if (!page) {
    return page.error().what;
  }
  const std::set<std::uint64_t> different(page->begin(), page->end());
  const std::size_t expected = std::min(count, numbers_.size());
  if (page->size() != expected || different.size() != expected) {
    return fmt::format("{} matches, {} different, and not {}", page->size(), different.size(),
                       expected);
  }
  if (link_of(bundle, "next").empty() == (numbers_.size() > count)) {
    return fmt::format("{} match, and {} next link", numbers_.size(),
                       numbers_.size() > count ? "there is no" : "there is a");
  }
  std::string wrong = question_.kind == QuestionKind::sorted ? wrong_order(*page) : std::string();
  return wrong.empty() ? wrong_includes(bundle, *page) : wrong;
}

// Which of those with the same time come first is nobody's to say.
std::string KnownAnswer::wrong_order(const std::vector<std::uint64_t>& page) const {
  std::vector<std::uint64_t> times;
  for (const std::uint64_t number : numbers_) {
    times.push_back(time_of(number));
  }
  const auto newest = times.begin() + static_cast<std::ptrdiff_t>(page.size());
  std::partial_sort(times.begin(), newest, times.end(), std::greater<>());
  for (std::size_t i = 0; i < page.size(); ++i) {
    if (time_of(page[i]) != times[i]) {
      return fmt::format("number {} of the newest is another", i);
    }
  }
  return {};
}

std::string KnownAnswer::wrong_includes(fhir::JsonValue bundle,
                                        const std::vector<std::uint64_t>& page) const {
  std::set<std::string> expected;
  if (question_.kind == QuestionKind::include) {
    for (const std::uint64_t number : page) {
      const ObservationFacts facts = observation_facts(number);
      expected.insert(id_of(RecordType::patient, facts.patient));
      expected.insert(id_of(RecordType::encounter, facts.encounter));
    }
  }
  const auto entries = bundle.find("entry");
  if (entries) {
    for (const fhir::JsonValue entry : entries->children()) {
      const auto resource = entry.find("resource");
      const auto id = resource ? resource->find("id") : std::nullopt;
      if (!is_match(entry) && (!id || expected.erase(id->text()) == 0)) {
        return fmt::format("'{}' is included and should not be", id ? id->text() : "");
      }
    }
  }
  return expected.empty() ? std::string() : fmt::format("'{}' is not included", *expected.begin());
}

std::string link_of(fhir::JsonValue bundle, std::string_view relation) {
  const auto links = bundle.find("link");
  if (links) {
    for (const fhir::JsonValue link : links->children()) {
      const auto name = link.find("relation");
      const auto url = link.find("url");
      if (name && url && name->equals(relation)) {
        return url->text();
      }
    }
  }
  return {};
}

}  // namespace holdfast::cli
