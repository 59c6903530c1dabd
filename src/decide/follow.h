// decide/follow.h: what pathways make of a Command, once it is known what its operations do
// (docs/adr/0020): items that open, move, change hands or are late. Each comes with the entry that
// causes it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/planted.h"
#include "base/result.h"
#include "decide/decide.h"
#include "decide/prepared.h"
#include "model/outcome.h"
#include "views/body.h"
#include "views/kv.h"

namespace holdfast::decide {

/// Owners with more open items than this hand them over first: all of them would move in one entry.
inline constexpr std::size_t items_of_owner_max = 10'000;
/// Items about one resource that a change of it can move.
inline constexpr std::size_t items_about_max = 256;

/// What an item says that went to its pathway's fallback because its owner ended.
[[nodiscard]] std::string owner_has_ended(std::string_view owner);

/// Adds to `outcome` what its results bring about. Code::invariant where an item's Task is changed
/// in a way that its pathway does not know (Error::what says which are), by somebody who did not
/// say which version he means, or without what the change needs; and where something is removed
/// that an open item rests on. Code::too_large as above.
[[nodiscard]] Result<void> follow(const views::Reader& view, const views::BodyCodec& codec,
                                  const fhir::SearchParams& params, const Rules& rules,
                                  const Prepared& prepared, Bug planted, Outcome& outcome);

}  // namespace holdfast::decide
