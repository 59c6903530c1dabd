// day/v2_orders.h: what must become of a request that comes as HL7 v2. THE place to change when the
// server's mapping of orders changes: nothing else of the day knows it.
//
// Today only REF^I12 says what it is. An order of any other message carries no category: the
// catch-all takes it (docs/PATHWAYS.md, `unclassified`), its result is kept and moves nothing, and
// somebody at the request desk sees to it. With a category it is what an order by FHIR is: then the
// row reads as opening_of(kind).
#pragma once

#include <array>

#include "day/rules.h"

namespace holdfast::day {

struct V2Order {
  std::string_view message;
  Kind kind;
  Opening opens;
};

inline constexpr Opening by_catch_all{"unclassified", "received", "team:request-desk"};

inline constexpr std::array v2_orders{
    V2Order{"ORM^O01", Kind::laboratory, by_catch_all},
    V2Order{"OML^O21", Kind::laboratory, by_catch_all},
    V2Order{"OMG^O19", Kind::imaging, by_catch_all},
    V2Order{"OMI^O23", Kind::imaging, by_catch_all},
    V2Order{"OMB^O27", Kind::blood, by_catch_all},
    V2Order{"REF^I12", Kind::referral, {"referral", "received", "team:referrals"}},
};

/// Whether an appointment by SIU moves the request that it names in SCH-26. Today it does not.
inline constexpr bool siu_moves_request = false;

}  // namespace holdfast::day
