// api/proposal.h: items that one person wants to close together, as the List that a second person
// confirms (docs/adr/0023): which versions of which Tasks, by which act, why, and which of them
// cannot be closed so. A List that is a snapshot says just that in R4, and it is no duty itself.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "api/asked_change.h"
#include "api/call.h"
#include "api/channels.h"
#include "base/ids.h"
#include "node/node.h"
#include "views/item.h"

namespace holdfast::api {

/// Of one proposal: they are shown to a person, and close in one entry.
inline constexpr std::size_t proposed_items_max = 1000;

/// What becomes, or became, of an item. The code of List.entry.flag.
enum class Fate : std::uint8_t { close, cannot, closed, left };
[[nodiscard]] std::string_view name(Fate fate);

struct ProposedItem {
  std::string id;   ///< of the Task
  Version version;  ///< that was shown
  Fate fate{};
  std::string why;  ///< it cannot be closed so, or was left; empty otherwise
};

struct Proposal {
  std::string by;  ///< "Practitioner/7" or "PractitionerRole/7"
  AskedChange asked;
  std::vector<ProposedItem> items;
  std::string confirmed_by;  ///< empty: nobody has
  std::string provenance;    ///< "Provenance/…", once it is confirmed
};

[[nodiscard]] Bytes list_of(const Proposal& proposal, std::string_view id, Time now);
/// Code::unsupported for a List that is no proposal; structure for one that cannot be read.
[[nodiscard]] Result<Proposal> read_proposal(fhir::JsonValue list, std::string_view id);

/// "Practitioner/7" of one who is there and active, or in an active role. Code::invariant for
/// anybody else.
[[nodiscard]] Result<std::string> person_of(const Parts& parts, const node::Moment& moment,
                                            const std::string& who);

/// The update that closes an item as it is at `moment`, decided against that alone: a refusal is
/// what decide says of it.
[[nodiscard]] Result<decide::Prepared> try_to_close(const Parts& parts, const node::Moment& moment,
                                                    const std::string& id,
                                                    const AskedChange& asked);

/// A parameter that is a Reference, or the text of one. Code::required without it.
[[nodiscard]] Result<std::string> read_reference_of(const OperationInput& input,
                                                    std::string_view name);
/// Code::not_found where it is not there.
[[nodiscard]] Result<Version> version_of_task(const node::Moment& moment, const std::string& id);

/// How many items of each kind are shown: `_count`. Code::value for what is no number.
[[nodiscard]] Result<std::uint64_t> read_shown_max(const OperationInput& input);
/// What a version of a List that is a proposal says, for programs and in words: how many items of
/// which pathway, state and owner, the first of them, and those that are not closed, with why.
[[nodiscard]] Result<Reply> show_proposal(const Parts& parts, const node::Moment& moment,
                                          const std::string& id, Version version,
                                          std::uint64_t shown_max);
/// The same as the reply to what was written: also under a key that was used before.
[[nodiscard]] Reply show_written_proposal(const Parts& parts, const std::string& id,
                                          Version version, const node::Committed& committed,
                                          std::uint64_t shown_max);

}  // namespace holdfast::api
