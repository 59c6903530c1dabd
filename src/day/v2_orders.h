// day/v2_orders.h: what must become of a request that comes as HL7 v2. THE place to change when the
// server's mapping of orders changes: nothing else of the day knows it.
//
// OML, OMI and OMB say by their type what they ask for, ORM and OMG by OBR-24 only: without it
// nobody can tell, the catch-all takes it (docs/PATHWAYS.md, `unclassified`), its result is kept
// and moves nothing, and somebody at the request desk sees to it.
#pragma once

#include <array>
#include <cstdint>

#include "day/rules.h"

namespace holdfast::day {

enum class Section : std::uint8_t { said, left_out };  ///< OBR-24

struct V2Order {
  std::string_view message;
  Kind kind;
  Section section;
  Opening opens;
};

inline constexpr Opening a_test{"diagnostic-order", "ordered", "requester"};
inline constexpr Opening by_catch_all{"unclassified", "received", "team:request-desk"};

inline constexpr std::array v2_orders{
    V2Order{"ORM^O01", Kind::laboratory, Section::said, a_test},
    V2Order{"ORM^O01", Kind::laboratory, Section::left_out, by_catch_all},
    V2Order{"OML^O21", Kind::laboratory, Section::said, a_test},
    V2Order{"OML^O21", Kind::laboratory, Section::left_out, a_test},
    V2Order{"ORM^O01", Kind::imaging, Section::said, a_test},
    V2Order{"OMG^O19", Kind::imaging, Section::said, a_test},
    V2Order{"OMG^O19", Kind::imaging, Section::left_out, by_catch_all},
    V2Order{"OMI^O23", Kind::imaging, Section::left_out, a_test},
    V2Order{"OMB^O27", Kind::blood, Section::left_out, {"blood", "requested", "team:transfusion"}},
    V2Order{
        "REF^I12", Kind::referral, Section::left_out, {"referral", "received", "team:referrals"}},
};

}  // namespace holdfast::day
