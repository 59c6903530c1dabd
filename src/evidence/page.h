// evidence/page.h: the same entries as a page for people: who, when, what, in plain words. It holds
// no script and nothing from outside, everything that others wrote is escaped, and it prints. It is
// a reading aid: what proves anything is the document (evidence/document.h).
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "evidence/document.h"
#include "evidence/entry.h"

namespace holdfast::evidence {

/// Operations of one entry that are shown; what is more is counted.
inline constexpr std::size_t operations_shown_max = 200;

/// The version before the one that an entry made.
struct Before {
  Position position;  ///< of the entry that made it
  std::string state;  ///< what it said of itself (`status`); may be empty
};

/// What the page asks the record that an entry does not say itself. Code as the record fails.
struct Looks {
  std::function<Result<std::optional<Before>>(const Operation&, const OperationResult&)> before;
  /// How a duty stands today, in words: "delivered, says entry 12".
  std::function<Result<std::string>(const std::string& channel, DutyName)> duty;
};

/// What stands above the entries.
struct Title {
  std::string name;      ///< of the patient or the item, as it is known now; may be empty
  std::string base;      ///< what addresses of versions begin with: "http://…/fhir"
  std::string document;  ///< address of the document with the same entries
  std::vector<std::string> see_also;  ///< "Patient/9": whose record was joined with this one
};

class PageWriter {
 public:
  PageWriter(Title title, Looks looks) : title_(std::move(title)), looks_(std::move(looks)) {}

  [[nodiscard]] Result<void> add(const Entry& entry);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// The whole page.
  [[nodiscard]] Bytes page(const Head& head, const journal::Checkpoint& checkpoint) const;

 private:
  void add_origin(const Said& said);
  Result<void> add_operations(const Said& said);
  Result<void> add_operation(const Operation& operation, const OperationResult& result);
  Result<void> add_duties(const Said& said, Position position);
  [[nodiscard]] std::string entry_link(Position position) const;
  [[nodiscard]] std::string version_link(std::string_view type,
                                         const OperationResult& result) const;

  const Title title_;
  const Looks looks_;
  Bytes entries_;
  std::set<Position> shown_;
};

}  // namespace holdfast::evidence
