// day/record.h: the FHIR resources of a day. They name each other by the numbers that the hospital
// gives, in conditional references: whether the other one came as FHIR or as HL7 v2 is not known
// here.
#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "day/people.h"
#include "day/plan.h"
#include "day/rules.h"
#include "day/tests_asked.h"
#include "day/vitals.h"

namespace holdfast::day {

/// What was asked for, however it came.
struct Request {
  Kind kind = Kind::laboratory;
  std::string number;
  std::string name;
  std::string priority = "routine";
  std::size_t test = 0;  ///< of lab_tests or examinations
  Person person;
  Clinician by;
  std::string pathway;        ///< of its item
  std::string team;           ///< who is to do it; empty: the pathway says
  std::string message;        ///< that it came as; empty: FHIR
  bool names_section = true;  ///< whether its message says by OBR-24 what it is
};
struct Visit {
  std::string number;
  Person person;
  std::string_view of;  ///< "IMP", "AMB"
  Time from;
};
enum class Stage : std::uint8_t { preliminary, final_one, corrected };

[[nodiscard]] Put put_person(const Person& person);
/// Merged: the one who went points at the one who stays.
[[nodiscard]] Put put_replaced(const Person& gone, const Person& stays);
[[nodiscard]] Put put_clinician(const Clinician& clinician, bool active);
[[nodiscard]] Put put_request(const Request& request, std::string_view status, Time authored);
[[nodiscard]] Put put_appointment(const Request& request, std::string_view number,
                                  std::string_view status, Time start);
[[nodiscard]] Put put_specimen(const Request& request, std::string_view number,
                               std::string_view status, const Time* received);
/// A report, and of a laboratory its value. `request.number` empty: nobody ordered it.
[[nodiscard]] Puts put_report(const Request& request, std::string_view number, Stage stage,
                              Judgement judged, Time issued);
[[nodiscard]] Put put_visit(const Visit& visit, const Time* until);
/// Vital signs taken at a stay: one panel with all of them, or each by itself.
[[nodiscard]] Put put_panel(const Visit& visit, std::string_view number,
                            const std::vector<Reading>& readings, Time at);
[[nodiscard]] Puts put_vitals(const Visit& visit, std::string_view number,
                              const std::vector<Reading>& readings, Time at);
[[nodiscard]] Put put_team(std::string_view number, std::string_view status);
/// A letter that somebody has dictated, about no visit.
[[nodiscard]] Put put_dictated(const Person& person, std::string_view number,
                               const Clinician& author, std::string_view doc_status);
/// A letter about a visit; without one (empty) it is what was written of an outcome.
[[nodiscard]] Put put_letter(const Person& person, std::string_view number, std::string_view visit,
                             std::string_view doc_status);
[[nodiscard]] Put put_unit(const Request& request, std::string_view number,
                           std::string_view status);
/// A group of blood that the laboratory has found in a sample of that time.
[[nodiscard]] Put put_group(const Person& person, std::string_view number, Time at);
[[nodiscard]] Put put_operation(const Request& request, std::string_view number);

}  // namespace holdfast::day
