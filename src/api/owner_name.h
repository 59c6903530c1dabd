// api/owner_name.h: what people call whoever an item lies with.
#pragma once

#include <string>

#include "api/call.h"
#include "views/item.h"

namespace holdfast::api {

struct NamedOwner {
  std::string name;      ///< "Eye clinic", "pathology", "Dr Ada Sheard"; never empty
  bool is_team = false;  ///< a CareTeam, or one that is known by its name only
  bool is_gone = false;  ///< it is a reference, and there is no such resource now
};
/// The reference itself where the resource says no name.
[[nodiscard]] Result<NamedOwner> name_owner(const Parts& parts, const node::Moment& moment,
                                            const views::Owner& owner);

}  // namespace holdfast::api
