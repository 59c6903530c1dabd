// hl7v2/time.h: dates and times of HL7 v2 (DTM, TS, DT, TM) and what they are in FHIR.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::hl7v2 {

/// An offset from UTC as FHIR writes it, "+01:00" or "Z", for times that name none.
/// https://hl7.org/fhir/R4/datatypes.html#dateTime: with a time there must be an offset.
class Zone {
 public:
  /// "Z", "+01:00", "-05:00", or "Europe/London": GMT, and from the last Sunday of March to the
  /// last of October, changing at 01:00 UTC, one hour ahead (The Summer Time Order 2002).
  [[nodiscard]] static Result<Zone> named(std::string_view name);
  [[nodiscard]] const std::string& name() const { return name_; }
  /// Its offset at that local time. In the hour that comes twice the first is meant; the hour that
  /// does not exist is read in the offset before it.
  [[nodiscard]] std::string offset(int year, int month, int day, int hour) const;

 private:
  std::string name_ = "Z";
};

/// YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ] (HL7 v2.8 section 2A.3.22) as a FHIR dateTime of
/// the same precision. FHIR has no hours without minutes: they are added as :00, and `widened` says
/// so. Code::value for what is no date: 20240230, 25 o'clock, letters. "2024-03-01T10:00" and its
/// like, which are not HL7 but come, are taken as well.
struct FhirTime {
  std::string text;
  bool widened = false;
  /// The offset was not there and is the zone's.
  bool assumed_zone = false;
};
[[nodiscard]] Result<FhirTime> to_fhir_date_time(std::string_view dtm, const Zone& zone);
/// Its day, month or year alone.
[[nodiscard]] Result<std::string> to_fhir_date(std::string_view dtm);
/// HH[MM[SS[.SSSS]]] as "10:30:00".
[[nodiscard]] Result<std::string> to_fhir_time(std::string_view tm);
/// An instant of FHIR ("2024-03-01T10:00:00.123Z") or dateTime as a DTM of the same precision.
[[nodiscard]] Result<std::string> from_fhir_date_time(std::string_view text);

}  // namespace holdfast::hl7v2
