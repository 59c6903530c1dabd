// day/messages.h: the HL7 v2 messages of a day (2.4, as most hospitals send them). Each has its own
// MSH-10, which its place in the plan decides.
#pragma once

#include <string_view>

#include "day/record.h"

namespace holdfast::day {

class Messages {
 public:
  explicit Messages(std::string prefix) : prefix_(std::move(prefix)) {}

  /// A28 and the like: about the person alone.
  Message person(std::string_view trigger, const Person& person, Time now);
  /// A01, A03, A04, A11, A13; `until` of those that end it.
  Message visit(std::string_view trigger, const Visit& visit, Time now, const Time* until);
  Message merge(const Person& stays, const Person& gone, Time now);
  /// `type` is one of v2_orders.
  Message order(std::string_view type, std::string_view control, const Request& request, Time now);
  /// `request.number` empty: nobody ordered it.
  Message result(const Request& request, std::string_view filler, Stage stage, Judgement judged,
                 Time now);
  /// ORU^R01 with the visit: vital signs, as a ward's monitor sends them.
  Message vitals(const Visit& visit, std::string_view filler, const std::vector<Reading>& readings,
                 Time now);
  /// OML^O21: the laboratory has the sample of it.
  Message sample(const Request& request, std::string_view filler, Time now);
  /// BPS^O29: a unit is RS reserved, DS issued, RA back unused.
  Message unit(const Request& request, std::string_view unit, std::string_view status, Time now);
  /// BTS^O31: it was transfused.
  Message transfused(const Request& request, std::string_view unit, Time now);
  /// T02 of a draft (DO), T04 of the signed one (LA).
  Message letter(std::string_view trigger, std::string_view completion, const Visit& visit,
                 std::string_view number, Time now);
  /// S12 booked, S15 cancelled, S26 not attended.
  Message appointment(std::string_view trigger, const Request& request, std::string_view number,
                      Time start, Time now);

 private:
  std::string head(std::string_view type, Time now);

  std::string prefix_;
  std::uint64_t count_ = 0;
};

}  // namespace holdfast::day
