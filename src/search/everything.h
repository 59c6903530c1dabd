// search/everything.h: all that belongs to one patient or one encounter, as $everything shows it:
// its compartment, and what that refers to outside of it. As of one moment, in an order that does
// not change, so that a page is a part of a list that comes out the same each time.
//
// https://hl7.org/fhir/R4/operation-patient-everything.html, operation-encounter-everything.html
//
// Another patient's record is never part of it: what is referred to counts only if its type lies in
// no patient's compartment (Practitioner, Organization, Medication …), or if it lies in this
// patient's. From the former, references are followed on.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "fhir/type.h"
#include "search/page.h"

namespace holdfast::search {

/// Resources that a compartment may refer to outside of it.
inline constexpr std::size_t referred_max = 10'000;
/// Bodies that one page may look through for references: about a second's work.
inline constexpr std::size_t referring_max = 500'000;

/// Whose everything.
struct Subject {
  fhir::TypeId type;  ///< Patient or Encounter
  std::string id;
};

/// Care dates, as search writes them; empty is open. For patients only.
struct CareDates {
  std::string start;
  std::string end;
  [[nodiscard]] bool any() const { return !start.empty() || !end.empty(); }
};

/// The search parameter by which resources of a type have a date of care; null where they have
/// none, and so belong to a patient at any time.
[[nodiscard]] const fhir::SearchParam* care_date_of(const fhir::SearchParams& params,
                                                    fhir::TypeId type);

struct TypedRow {
  RowId row;
  fhir::TypeId type;
};

/// The subject and its compartment at the snapshot: the subject first, then by row. Of types with a
/// date of care only what has none, or one within `dates`. Code::not_found, deleted, as a read; and
/// what run() says.
[[nodiscard]] Result<std::vector<TypedRow>> compartment_rows(const Source& source,
                                                             const Snapshot& snapshot,
                                                             const Subject& subject,
                                                             const CareDates& dates);

/// The patients that there are at the snapshot, by row, after `after`; at most `count`.
[[nodiscard]] Result<std::vector<TypedRow>> patient_rows(const Source& source,
                                                         const Snapshot& snapshot, RowId after,
                                                         std::size_t count);

/// What a compartment refers to outside of it. Bodies go in, rows come out.
class Referred {
 public:
  /// Borrows all of them.
  Referred(const Source& source, const Snapshot& snapshot, const Subject& subject);
  ~Referred();
  Referred(const Referred&) = delete;
  Referred& operator=(const Referred&) = delete;

  /// A resource of the compartment, as it is stored. Code::too_costly over referred_max.
  [[nodiscard]] Result<void> add(BytesView resource);
  /// The bodies of these rows. Also Code::too_costly over referring_max.
  [[nodiscard]] Result<void> add_rows(const std::vector<TypedRow>& rows);
  /// What was referred to, and what that refers to: by row, each once, none of `compartment`.
  [[nodiscard]] Result<std::vector<TypedRow>> rows(const std::vector<TypedRow>& compartment);

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace holdfast::search
