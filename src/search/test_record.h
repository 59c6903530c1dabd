// search/test_record.h: for tests: a record of patients and observations that changes at random,
// with a real view of it, and the truth as plain fields.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/planted.h"
#include "fhir/extract.h"
#include "fhir/params/compile.h"
#include "search/hot_lists.h"
#include "search/page.h"
#include "views/extracted.h"
#include "views/hot_kv.h"
#include "views/mem_kv.h"
#include "views/undo.h"
#include "views/values.h"
#include "views/versions.h"
#include "views/view.h"

namespace holdfast::search::test {

inline const fhir::TypeId patient = *fhir::type_id("Patient");
inline const fhir::TypeId observation = *fhir::type_id("Observation");
inline const fhir::TypeId list = *fhir::type_id("List");

/// A date as it is written, with what it stands for. All are in January 2024 but for the year.
struct Day {
  std::string text;
  std::int64_t from = 0;  ///< milliseconds since 2024-01-01T00:00:00Z
  std::int64_t until = 0;
};
constexpr std::int64_t base_ms = 1'704'067'200'000;  // 2024-01-01T00:00:00Z
constexpr std::int64_t day_ms = 86'400'000;

inline Day random_day(std::mt19937_64& random) {
  const auto day = static_cast<std::int64_t>(random() % 28);
  const std::string date =
      "2024-01-" + std::string(day + 1 < 10 ? "0" : "") + std::to_string(day + 1);
  switch (random() % 8) {
    case 0: return {"2024-01", 0, 31 * day_ms};
    case 1: return {"2024", 0, 366 * day_ms};
    case 2: {
      const auto hour = static_cast<std::int64_t>(random() % 10);
      const std::int64_t from = day * day_ms + hour * 3'600'000;
      return {date + "T0" + std::to_string(hour) + ":00:00Z", from, from + 1000};
    }
    default: return {date, day * day_ms, (day + 1) * day_ms};
  }
}

/// A number with its unit. `scaled` is 10^4 times the number as given, `micrograms` 10^4 times the
/// mass, of those that are a mass.
struct Amount {
  std::string number;
  std::string unit;  // of UCUM; empty: none
  std::int64_t scaled = 0;
  std::optional<std::int64_t> micrograms;
};
inline const std::vector<Amount>& amounts() {
  static const std::vector<Amount> all{
      {"5", "mg", 50'000, 50'000'000},      {"0.005", "g", 50, 50'000'000},
      {"5.4", "mg", 54'000, 54'000'000},    {"-2.5", "mg", -25'000, -25'000'000},
      {"7", "g", 70'000, 70'000'000'000},   {"5.0", "/min", 50'000, std::nullopt},
      {"12.25", "", 122'500, std::nullopt}, {"0", "mg", 0, 0},
  };
  return all;
}

/// A code system that is built in: active has recurrence and relapse below it, inactive remission
/// and resolved.
inline const std::string clinical_system =
    "http://terminology.hl7.org/CodeSystem/condition-clinical";

/// One version, as somebody would describe it who has no index.
struct Fact {
  fhir::TypeId type;
  std::string id;
  Version version;
  RowId row;
  Position position;
  Time time;
  bool deleted = false;
  std::vector<std::pair<std::string, std::string>> identifiers;
  std::vector<std::string> families;  // of a patient, one name each
  std::string gender;
  std::optional<Day> born;
  std::string deceased;        // of a patient: true, false or a date, as JSON; or empty
  std::string subject;         // of an observation: id of a Patient, or empty
  std::string code;            // "urn:l|x", always there
  std::vector<Day> effective;  // none, one date, or the ends of a period
  bool open_end = false;       // of a period with one end
  std::string clinical;        // of an observation: a code of `clinical_system`, or empty
  std::optional<Amount> value;
  std::vector<std::pair<fhir::TypeId, std::string>> listed;  // of a list
  std::string body;  // of what was put as it is; the fields above say nothing then
};

inline std::string json_of(const Fact& fact) {
  if (!fact.body.empty()) {
    return fact.body;
  }
  std::string json =
      R"({"resourceType":")" + std::string(fhir::name(fact.type)) + R"(","id":")" + fact.id + '"';
  if (!fact.identifiers.empty()) {
    json += R"(,"identifier":[)";
    for (const auto& [system, value] : fact.identifiers) {
      json += json.back() == '[' ? "{" : ",{";
      json += system.empty() ? "" : R"("system":")" + system + '"';
      json += !system.empty() && !value.empty() ? "," : "";
      json += value.empty() ? "" : R"("value":")" + value + '"';
      json += system.empty() && value.empty() ? R"("use":"old"})" : "}";
    }
    json += ']';
  }
  if (!fact.families.empty()) {
    json += R"(,"name":[)";
    for (const std::string& family : fact.families) {
      json += (json.back() == '[' ? "" : ",") + (R"({"family":")" + family) + "\"}";
    }
    json += ']';
  }
  json += fact.gender.empty() ? "" : R"(,"gender":")" + fact.gender + '"';
  json += fact.born ? R"(,"birthDate":")" + fact.born->text + '"' : "";
  if (!fact.deceased.empty()) {
    json += fact.deceased[0] == '"' ? R"(,"deceasedDateTime":)" : R"(,"deceasedBoolean":)";
    json += fact.deceased;
  }
  if (fact.type == list) {
    json += R"(,"status":"current","mode":"working","entry":[)";
    for (const auto& [type, id] : fact.listed) {
      json += json.back() == '[' ? "" : ",";
      json += R"({"item":{"reference":")" + std::string(fhir::name(type)) + '/' + id + "\"}}";
    }
    json += ']';
  }
  if (fact.type == observation) {
    const std::size_t bar = fact.code.find('|');
    json += R"(,"status":"final","code":{"coding":[{"system":")" + fact.code.substr(0, bar) +
            R"(","code":")" + fact.code.substr(bar + 1) + "\"}]}";
    json += fact.clinical.empty() ? ""
                                  : R"(,"category":[{"coding":[{"system":")" + clinical_system +
                                        R"(","code":")" + fact.clinical + "\"}]}]";
  }
  json += fact.subject.empty() ? "" : R"(,"subject":{"reference":"Patient/)" + fact.subject + "\"}";
  if (fact.effective.size() == 1 && !fact.open_end) {
    json += R"(,"effectiveDateTime":")" + fact.effective[0].text + '"';
  } else if (!fact.effective.empty()) {
    json += R"(,"effectivePeriod":{"start":")" + fact.effective[0].text + '"';
    json += fact.open_end ? "}" : R"(,"end":")" + fact.effective[1].text + "\"}";
  }
  if (fact.value) {
    json += R"(,"valueQuantity":{"value":)" + fact.value->number;
    json += fact.value->unit.empty()
                ? "}"
                : R"(,"system":"http://unitsofmeasure.org","code":")" + fact.value->unit + "\"}";
  }
  return json + '}';
}

/// A record that changes at random, with a view of it, and the truth.
class Record {
 public:
  explicit Record(std::uint64_t seed, Bug bug = Bug::none)
      : random_(seed), bug_(bug), published_(hot_, codec_) {}

  /// One entry with some operations.
  void change() {
    views::WorkLayer work(published_.current(), random_());
    state_.position = state_.position.next();
    state_.time = Time{state_.time.ms + static_cast<std::int64_t>(random_() % (4 * 60'000))};
    std::set<std::pair<fhir::TypeId, std::string>> touched;
    const std::size_t operations = 1 + random_() % 5;
    for (std::size_t i = 0; i < operations; ++i) {
      const fhir::TypeId type = random_() % 2 == 0 ? patient : observation;
      std::string id = "r" + std::to_string(random_() % ids_);
      if (touched.insert({type, id}).second) {
        change_one(work, type, id);
      }
    }
    if (random_() % 8 == 0) {
      change_list(work);
    }
    ASSERT_TRUE(views::prune_undo(work, state_, state_.time).has_value());
    views::write_state(work, state_);
    published_.add(std::move(work).freeze(state_.position, state_.position));
    if (random_() % 5 == 0) {
      ASSERT_TRUE(published_.drain().has_value());
    }
  }

  /// An entry that stores this resource, be it new or not.
  void put(fhir::TypeId type, const std::string& id, std::string body) {
    views::WorkLayer work(published_.current(), random_());
    state_.position = state_.position.next();
    state_.time = Time{state_.time.ms + 1000};
    Fact fact = next_fact(type, id);
    fact.body = std::move(body);
    store(work, std::move(fact));
    views::write_state(work, state_);
    published_.add(std::move(work).freeze(state_.position, state_.position));
  }

  /// So many resources of a type at most, from now on: 12 unless said.
  void set_ids(std::size_t ids) { ids_ = ids; }
  [[nodiscard]] std::shared_ptr<const views::View> view() const { return published_.current(); }
  /// Made of few looks, so that there are many.
  [[nodiscard]] HotLists& lists() const { return *lists_; }
  /// As if others had been asked meanwhile.
  void forget_lists() { lists_ = make_lists(); }
  [[nodiscard]] const views::BodyCodec& codec() const { return codec_; }
  [[nodiscard]] const views::KeyRuns& runs() const { return hot_.runs(); }
  [[nodiscard]] const views::State& state() const { return state_; }
  [[nodiscard]] const std::vector<Fact>& facts() const { return facts_; }
  std::mt19937_64& random() { return random_; }

 private:
  [[nodiscard]] std::unique_ptr<HotLists> make_lists() const {
    return std::make_unique<HotLists>(
        HotListsLimits{.keys_a_miss = 4, .misses_a_reading = 1, .planted = bug_});
  }
  views::Postings postings_of(const Fact& fact) {
    const Bytes body = json_of(fact);
    fhir::Json json;
    EXPECT_TRUE(reader_.read(Bytes(body), json).has_value()) << body;
    fhir::Sites sites;
    fhir::Extraction extraction;
    fhir::examine(json.root(), fhir::standard_search_params(), sites, extraction);
    views::PreparedPostings prepared;
    views::prepare_postings(prepared, json.root(), fhir::standard_search_params(), sites,
                            extraction);
    views::Postings postings;
    views::fill_postings(postings, fact.type, fact.id, prepared, fhir::standard_search_params(),
                         {body, sites, {}, {}});
    return postings;
  }

  void describe(Fact& fact) {
    // Long values that begin alike, among them one that ends where the others go on.
    static const std::string longest(views::value_text_bytes_max, 'l');
    static const std::vector<std::string> values{"1",     "2",           "1,5",        "a|b",
                                                 longest, longest + "x", longest + "y"};
    static const std::vector<std::string> systems{"", "urn:a", "urn:b", longest + "s"};
    for (std::size_t n = random_() % 4; n > 0; --n) {
      std::string system = systems[random_() % systems.size()];
      std::string value = random_() % 9 == 0 ? "" : values[random_() % values.size()];
      fact.identifiers.emplace_back(std::move(system), std::move(value));
    }
    if (fact.type == patient) {
      static const std::vector<std::string> families{"Meier", "M\u00fcller", "MULLER",
                                                     "Mu",    "Zo\u00eb",    longest + "a"};
      for (std::size_t n = random_() % 3; n > 0; --n) {
        fact.families.push_back(families[random_() % families.size()]);
      }
      static const std::vector<std::string> deceased{"", "true", "false", R"("2024-01-07")"};
      fact.deceased = deceased[random_() % deceased.size()];
      static const std::vector<std::string> genders{"male", "female", ""};
      fact.gender = genders[random_() % genders.size()];
      if (random_() % 4 != 0) {
        do {
          fact.born = random_day(random_);
        } while (fact.born->text.size() > 10);  // a date has no time
      }
      return;
    }
    static const std::vector<std::string> codes{"urn:l|x", "urn:l|y", "urn:s|x"};
    fact.code = codes[random_() % codes.size()];
    if (random_() % 4 != 0) {
      fact.subject = "r" + std::to_string(random_() % 4);
    }
    describe_observation(fact);
  }

  void describe_observation(Fact& fact) {
    const std::size_t shape = random_() % 4;
    if (shape > 0) {
      fact.effective.push_back(random_day(random_));
      fact.open_end = shape == 3;
    }
    if (shape == 2) {
      fact.effective.push_back(random_day(random_));
      if (fact.effective[1].until < fact.effective[0].from) {
        std::swap(fact.effective[0], fact.effective[1]);
      }
    }
    static const std::vector<std::string> clinical{"",         "active",    "recurrence", "relapse",
                                                   "inactive", "remission", "resolved"};
    fact.clinical = clinical[random_() % clinical.size()];
    if (random_() % 4 != 0) {
      fact.value = amounts()[random_() % amounts().size()];
    }
  }

  [[nodiscard]] Fact next_fact(fhir::TypeId type, const std::string& id) const {
    Fact fact;
    fact.type = type;
    fact.id = id;
    fact.version = Version{1};
    fact.row = RowId{state_.last_row.value + 1};
    fact.position = state_.position;
    fact.time = state_.time;
    return fact;
  }

  void change_one(views::WorkLayer& work, fhir::TypeId type, const std::string& id) {
    const auto before = views::read_current(work, type, id);
    ASSERT_TRUE(before.has_value());
    Fact fact = next_fact(type, id);
    if (*before) {
      fact.deleted = !facts_[(*before)->row.value - 1].deleted && random_() % 4 == 0;
    }
    if (!fact.deleted) {
      describe(fact);
    }
    store(work, std::move(fact));
  }

  void change_list(views::WorkLayer& work) {
    Fact fact = next_fact(list, random_() % 2 == 0 ? "a" : "b");
    for (std::size_t n = 1 + random_() % 8; n > 0; --n) {
      const fhir::TypeId type = random_() % 2 == 0 ? patient : observation;
      fact.listed.emplace_back(type, "r" + std::to_string(random_() % ids_));
    }
    store(work, std::move(fact));
  }

  void store(views::WorkLayer& work, Fact fact) {
    const auto before = views::read_current(work, fact.type, fact.id);
    ASSERT_TRUE(before.has_value());
    if (*before) {
      fact.version = Version{(*before)->version.value + 1};
      const Fact& old = facts_[(*before)->row.value - 1];
      if (!old.deleted) {
        views::supersede(work, state_, old.row, postings_of(old), bug_);
      }
    }
    state_.last_row = fact.row;
    views::VersionRow row;
    row.type = fact.type;
    row.id = fact.id;
    row.version = fact.version;
    row.row = fact.row;
    row.position = fact.position;
    row.time = fact.time;
    row.presence = fact.deleted ? views::Presence::deleted : views::Presence::present;
    const Bytes body = fact.deleted ? Bytes() : json_of(fact);
    row.body = body;
    views::write_version(work, row, *before);
    if (!fact.deleted) {
      views::write_postings(work, fact.row, postings_of(fact));
    }
    facts_.push_back(std::move(fact));
  }

  std::mt19937_64 random_;
  Bug bug_;
  std::size_t ids_ = 12;
  fhir::JsonReader reader_;
  views::MemKv kv_;
  views::HotKv hot_{kv_, std::size_t{1} << 20U};
  views::BodyCodec codec_;
  views::Published published_;
  views::State state_ = [] {
    views::State start;
    start.time = Time{1'700'000'000'000};
    return start;
  }();
  std::vector<Fact> facts_;  // facts_[n] has row n + 1
  std::unique_ptr<HotLists> lists_ = make_lists();
};

}  // namespace holdfast::search::test
