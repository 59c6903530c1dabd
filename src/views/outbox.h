// views/outbox.h: what is owed to each channel, in the order of the journal, and what became of
// what was owed before (docs/adr/0017). Rows change only by what an Outcome says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "model/delivery.h"
#include "views/kv.h"
#include "views/overlay.h"
#include "views/state.h"

namespace holdfast::views {

/// A duty that is not settled.
struct Duty {
  RowId row;         ///< the version that is to be sent
  RowId as_of;       ///< what that version refers to is meant as it was with this row as the newest
  std::string lane;  ///< a patient's id, or words with a blank in them; empty: of nobody
  bool held = false;
  std::vector<std::string> others = {};  ///< ids of the patients it is about, but for the lane's
  /// Of an order's provider: what it is told.
  std::optional<Provided> provided = {};
  DutyName since = {};  ///< of that: as OrderProvider says (views/providers.h)
  bool operator==(const Duty&) const = default;
};
/// Whether a lane is a patient's id, rather than the words of somebody who had none.
[[nodiscard]] inline bool is_patient_lane(std::string_view lane) {
  return !lane.empty() && lane.find(' ') == std::string_view::npos;
}

struct NamedDuty {
  DutyName name;
  Duty duty;
};

/// A duty that is settled.
struct Past {
  DutyName name;
  RowId row;
  RowId as_of;
  std::string lane;
  Settled settled{};  ///< delivered, dead or needless
  Position by;        ///< the entry that says so, with what was sent and answered
  std::optional<Provided> provided = {};  ///< as of Duty
  DutyName since = {};
};

/// Of one channel.
struct OutboxCounts {
  std::uint64_t owed = 0;  ///< not settled, the held ones too
  std::uint64_t held = 0;
  std::uint64_t delivered = 0;
  std::uint64_t dead = 0;
  std::uint64_t needless = 0;
  std::uint64_t released = 0;  ///< times that a held one was: whoever sends looks again
  bool operator==(const OutboxCounts&) const = default;
};

/// Changes the outbox with an entry. Keeps rows, counts and digest together.
class OutboxWriter {
 public:
  OutboxWriter(WorkLayer& layer, Digest& digest) : layer_(layer), digest_(digest) {}

  Result<void> owe(std::string_view channel, DutyName name, const Duty& duty);
  /// As a Settlement of the entry at `by` says: the duty as it was until then. Code::corrupt where
  /// nothing of that kind is owed.
  Result<Duty> settle(const Settlement& settlement, Position by);

 private:
  Result<void> count(std::string_view channel, const OutboxCounts& add, const OutboxCounts& take);

  WorkLayer& layer_;
  Digest& digest_;
};

/// What is owed, if it is.
[[nodiscard]] Result<std::optional<Duty>> read_duty(const Reader& reader, std::string_view channel,
                                                    DutyName name);
/// At most `limit` duties behind `after` (nothing: from the oldest on), oldest first.
[[nodiscard]] Result<std::vector<NamedDuty>> read_duties(const Reader& reader,
                                                         std::string_view channel,
                                                         std::optional<DutyName> after,
                                                         std::size_t limit);
/// At most `limit` settled ones behind `after`, oldest duty first.
[[nodiscard]] Result<std::vector<Past>> read_past(const Reader& reader, std::string_view channel,
                                                  std::optional<DutyName> after, std::size_t limit);
/// How that duty ended, if it has.
[[nodiscard]] Result<std::optional<Past>> read_settled(const Reader& reader,
                                                       std::string_view channel, DutyName name);
/// At most `limit` settled ones before `before` (nothing: from the newest duty on), newest first.
[[nodiscard]] Result<std::vector<Past>> read_past_before(const Reader& reader,
                                                         std::string_view channel,
                                                         std::optional<DutyName> before,
                                                         std::size_t limit);
[[nodiscard]] Result<OutboxCounts> read_outbox_counts(const Reader& reader,
                                                      std::string_view channel);
/// Every channel that anything was ever owed to.
[[nodiscard]] Result<std::vector<std::string>> read_channels(const Reader& reader);

/// Facts of the state digest: that this was owed once, that it is held now, how it ended, and who
/// was to do an order when. Lanes and counts are none: they follow from the rest.
[[nodiscard]] Hash duty_fact(std::string_view channel, DutyName name, RowId row, RowId as_of,
                             std::optional<Provided> provided = {});
[[nodiscard]] Hash held_fact(std::string_view channel, DutyName name);
[[nodiscard]] Hash past_fact(std::string_view channel, DutyName name, Settled settled, Position by);
/// What a Settlement adds to the digest, and takes out of it.
void add_settlement(Digest& digest, const Settlement& settlement, Position by);
/// The facts of all rows. Code::corrupt for one that nobody can have written, and for counts that
/// are not those of the rows.
[[nodiscard]] Result<Digest> digest_of_outbox(const Reader& reader);

}  // namespace holdfast::views
