// api/work_list_link.h: which work-list is asked for: whose, what narrows it, and behind which
// place a page begins. A `next` link carries just that, signed: the server keeps nothing for it, so
// it survives a restart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/call.h"
#include "base/bytes.h"
#include "base/result.h"
#include "views/items.h"

namespace holdfast::api {

/// One list, and where a page of it begins.
struct WorkListLink {
  views::List list = views::List::owned;
  views::Owner owner;
  std::string pathway;   ///< empty: of all
  std::string state;     ///< empty: in any
  bool teams = false;    ///< of a person: with the lists of their roles, teams and organisations
  bool pending = false;  ///< only what was open when its patient was discharged
  std::uint64_t count = 0;
  std::optional<views::Place> after;  ///< nothing: the first page

  [[nodiscard]] bool is_narrowed() const { return !pathway.empty() || !state.empty() || pending; }
  bool operator==(const WorkListLink&) const = default;
};

/// As the address says it. Code::required without an owner; value for what cannot be one, and for a
/// pathway or a state that there is not.
[[nodiscard]] Result<WorkListLink> read_work_list_link(const Parts& parts, const Call& call,
                                                       const node::Moment& moment);

[[nodiscard]] std::string seal(const WorkListLink& link, BytesView secret);
/// Code::value for anything that seal() did not make under this secret; expired for what another
/// version of the server made.
[[nodiscard]] Result<WorkListLink> open_work_list_link(std::string_view text, BytesView secret);

}  // namespace holdfast::api
