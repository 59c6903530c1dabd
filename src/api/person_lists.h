// api/person_lists.h: the work-lists that are somebody's business: their own, and those of the
// roles, teams and organisations that they are in now.
#pragma once

#include <cstddef>
#include <vector>

#include "api/call.h"
#include "node/node.h"
#include "views/item.h"

namespace holdfast::api {

/// Lists of one person; whoever is in more asks for them one by one.
inline constexpr std::size_t person_lists_max = 64;

/// `person` first: a Practitioner or a PractitionerRole. Of a Practitioner, each active
/// PractitionerRole that says so and whose period has not passed, its organization, and each active
/// CareTeam of which either is a participant now; a CareTeam with an identifier in
/// urn:holdfast:team also stands for the team of that name. Code::value for anybody else,
/// too_costly behind the bound.
[[nodiscard]] Result<std::vector<views::Owner>> lists_of_person(const Parts& parts,
                                                                const node::Moment& moment,
                                                                const views::Owner& person);

}  // namespace holdfast::api
