// clinical/tables.h: all clinical tables together: a hospital's own where it gives some, else as
// shipped.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "clinical/blood.h"
#include "clinical/judging.h"
#include "clinical/news2.h"
#include "clinical/phone.h"
#include "clinical/rtt.h"
#include "clinical/shipped.h"

namespace holdfast::clinical {

struct Tables {
  BloodTable blood;
  News2Table news2;
  PhoneTable phone;
  FlagTable results;
  RttTable rtt;
};

/// Each table that `own` names instead of the one that is shipped. Refuses, with FILE:LINE, the
/// first that is bad, and one whose name is none or is given twice.
[[nodiscard]] Result<Tables> read_tables(std::span<const TableText> own);

/// Which editions these are, for logs and for the head of what rests on them.
[[nodiscard]] std::vector<Edition> editions(const Tables& tables);

}  // namespace holdfast::clinical
