// clinical/edition.h: which edition of a table it is, where its figures come from, and who answers
// for it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "clinical/day.h"
#include "clinical/document.h"

namespace holdfast::clinical {

struct Approver {
  std::string name;
  bool clinical = false;
};

struct Edition {
  std::string table;
  std::string version;
  std::string source;
  Day effective;
  /// None, or two different people of whom at least one is a clinician.
  std::vector<Approver> approved_by;

  [[nodiscard]] bool is_draft() const { return approved_by.empty(); }
  /// "phone 1 (2026-11-30)" or "phone 1 (2026-11-30), a draft": said with what rests on it.
  [[nodiscard]] std::string text() const;
};

/// The five keys that every table has. `table` must be the one that is expected.
[[nodiscard]] Result<Edition> read_edition(Fields& fields, std::string_view table);

}  // namespace holdfast::clinical
