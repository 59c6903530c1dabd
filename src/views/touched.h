// views/touched.h: which entries touched a patient: one row for each patient and entry, written by
// apply with the entry and never changed (docs/adr/0021). What a patient once had and has no more
// is found by it: deleted, moved to somebody else, merged.
//
// A version is about a patient in whose compartment it lies, and about one whom the standard's
// parameter `patient` or `subject` of its type names: a Task lies in no compartment. An entry
// touches a patient (1) whom a version is about that it makes, or the version before that one, also
// where it deletes; or (2) whom a duty is about that it makes or settles: the patients of the
// version that is owed, or of the message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "views/body.h"
#include "views/kv.h"
#include "views/outbox.h"
#include "views/overlay.h"
#include "views/postings.h"
#include "views/stored_postings.h"

namespace holdfast::views {

/// Why an entry is a patient's; bits. Numbers are on disk.
enum class Touch : std::uint8_t { version = 1, delivery = 2 };

/// What one entry touches. Not copied: it points into itself.
class Touched {
 public:
  Touched() = default;
  Touched(const Touched&) = delete;
  Touched& operator=(const Touched&) = delete;
  ~Touched() = default;

  /// By a version that is found by these postings, or was until now.
  void note(const Postings& postings, const fhir::SearchParams& params);
  /// By a duty that it makes or settles.
  void note(const Duty& duty);
  /// The ids of all noted so far, in the order of their keys.
  [[nodiscard]] std::vector<std::string> patients() const;
  void write(WorkLayer& layer, Position position) const;

 private:
  void add(BytesView id, Touch why);
  std::map<Bytes, std::uint8_t, std::less<>> patients_;   ///< id as append_id() writes it, why
  std::pair<const Bytes, std::uint8_t>* last_ = nullptr;  ///< of patients_
};

/// Puts the patients that `postings` name into `duty.others`, but for its lane.
void name_others(Duty& duty, const Postings& postings, const fhir::SearchParams& params);

/// Positions of entries that touched the patient, (after, through], ascending, at most `limit`.
[[nodiscard]] Result<std::vector<Position>> read_touched(const Reader& reader,
                                                         std::string_view patient, Position after,
                                                         Position through, std::size_t limit);

/// What versions touch, by their bodies and by the table: equal in a sound view. Reads every
/// version, and the one before it. Touches by deliveries alone are not compared. Code::corrupt for
/// a row that nobody can have written.
struct TouchedSums {
  PostingSum computed;
  PostingSum stored;
};
[[nodiscard]] Result<TouchedSums> sum_touched(const Reader& reader, const BodyCodec& codec,
                                              const fhir::SearchParams& params);

}  // namespace holdfast::views
