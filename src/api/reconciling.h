// api/reconciling.h: one run of $reconcile, from what was asked to what is to be written and said.
// Made from one moment; made anew where others changed the same meanwhile.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "api/call.h"
#include "api/findings.h"
#include "api/our_side.h"
#include "decide/prepared.h"
#include "reconcile/compare.h"

namespace holdfast::api {

/// Differences that one run may write, in one entry. More than that is a wrong list, or a wrong
/// scope, before it is so many duties.
inline constexpr std::size_t written_max = 5000;

struct AskedList {
  std::string source;
  reconcile::List list;
  reconcile::States states;
  reconcile::Scope scope;
  std::string identifier_system;
  bool is_dry_run = false;
  bool is_incomplete = false;  ///< it does not add up: its scope is not believed
};
/// Reads parameters and list. Code::required, value, syntax, too_large.
[[nodiscard]] Result<AskedList> read_asked_list(const Parts& parts, const Call& call);

/// How a difference stands to what was found before.
enum class News : std::uint8_t {
  opened,   ///< found for the first time
  known,    ///< as it was
  changed,  ///< it differs otherwise than before
  again,    ///< it had gone, and is back
};
[[nodiscard]] std::string_view name(News news);

struct Run {
  reconcile::Comparison comparison;
  std::vector<News> news;  ///< one for each difference
  std::vector<Finding> gone;
  std::size_t not_said = 0;  ///< of those that stand, this list says nothing of so many
  bool is_made = false;
};
/// Compares, and adds to `prepared` what is to be written: nothing where all is known.
/// Code::too_large behind written_max, Code::unsupported where no pathway would make items of it.
[[nodiscard]] Result<Run> make_run(const Parts& parts, const AskedList& asked,
                                   const node::Moment& moment, decide::Prepared* prepared);

/// The reply: counts, a summary in words, and each difference with its item as of `moment`.
[[nodiscard]] Result<Reply> show_run(const Parts& parts, const AskedList& asked, const Run& run,
                                     const node::Moment& moment);

}  // namespace holdfast::api
