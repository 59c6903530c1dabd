// cli/bench_record.h: a record of which every fact is known: so many patients, each with the same
// number of encounters, conditions and observations, all made from their numbers alone. Whoever
// asks about it can tell which answer is right.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "cli/bench_load.h"

namespace holdfast::cli {

enum class RecordType : std::uint8_t { practitioner, patient, encounter, condition, observation };
constexpr std::uint64_t encounters_each = 3;
constexpr std::uint64_t conditions_each = 2;
constexpr std::uint64_t observations_each_patient = 12;
constexpr std::uint64_t patients_a_practitioner = 50;

/// "Observation".
[[nodiscard]] std::string_view name_of(RecordType type);
/// How many of them a record of so many patients has.
[[nodiscard]] std::uint64_t count_of(RecordType type, std::uint64_t patients);
/// A UUID whose beginning is as good as random, so that nothing is written in the order of ids.
[[nodiscard]] std::string id_of(RecordType type, std::uint64_t number);
/// The number of which `id` is the id, if it is one of ours.
[[nodiscard]] std::optional<std::uint64_t> number_of(RecordType type, std::string_view id);

/// A code of one of the tables below.
struct KnownCode {
  std::string_view code;
  std::string_view display;
  std::string_view unit;  ///< UCUM; observations only
  unsigned least = 0;     ///< of the value, in hundredths
  unsigned span = 0;
};
constexpr unsigned measures_count = 24;
constexpr unsigned problems_count = 16;
constexpr unsigned families_count = 256;
[[nodiscard]] const KnownCode& measure(unsigned index);  ///< LOINC
[[nodiscard]] const KnownCode& problem(unsigned index);  ///< SNOMED CT
[[nodiscard]] std::string family_name(unsigned index);

/// A day as 20240229; every month has 28, so all months hold as much.
using Day = std::uint32_t;
constexpr Day first_year = 1990;
constexpr Day years_count = 34;
[[nodiscard]] std::string text_of_day(Day day);

struct PatientFacts {
  unsigned family = 0;
  bool is_female = false;
  Day born = 0;
  std::uint64_t practitioner = 0;
};
struct ConditionFacts {
  std::uint64_t patient = 0;
  unsigned problem = 0;
  Day began = 0;
};
struct ObservationFacts {
  std::uint64_t patient = 0;
  std::uint64_t encounter = 0;
  unsigned measure = 0;
  Day day = 0;
  unsigned minute = 0;      ///< of the day
  unsigned hundredths = 0;  ///< of the value's unit
};
[[nodiscard]] PatientFacts patient_facts(std::uint64_t number);
[[nodiscard]] ConditionFacts condition_facts(std::uint64_t number);
[[nodiscard]] ObservationFacts observation_facts(std::uint64_t number);

[[nodiscard]] Bytes make_record_patient(std::uint64_t number);
/// A patient beside the record of `patients`, without an id, for a create. What it refers to is in
/// the record: other servers ask for that.
[[nodiscard]] Bytes make_new_patient(std::uint64_t number, std::uint64_t patients);

/// A server, ours or another's, whose resources of the types above are those of the record of so
/// many patients. It is asked by FHIR alone.
class KnownRecord {
 public:
  /// Code::usage where other resources of these types are there already, as far as counts tell.
  static Result<KnownRecord> on(const std::string& url);
  /// Code::usage where any is there.
  static Result<KnownRecord> on_empty(const std::string& url);
  /// Sends what is missing up to so many patients, and waits until the server has moved it from
  /// memory into its store. Resources sent a second.
  Result<double> grow_to(std::uint64_t patients);
  /// Code::corrupt unless the server still counts what it should hold.
  [[nodiscard]] Result<void> check() const;
  [[nodiscard]] std::uint64_t patients() const { return patients_; }
  [[nodiscard]] std::uint64_t resources() const;

 private:
  explicit KnownRecord(std::string url) : url_(std::move(url)) {}
  std::string url_;
  std::uint64_t patients_ = 0;
};

}  // namespace holdfast::cli
