// api/evidence.h: a neighbour's message as the Binary that stands for it (docs/adr/0016): its data
// is in the journal, and its mapping report beside it.
#pragma once

#include "api/call.h"
#include "views/body.h"

namespace holdfast::api {

/// The entry's message, if that Binary stands for one; nothing for any other Binary.
/// Code::corrupt where view and journal do not agree.
[[nodiscard]] Result<std::optional<Message>> message_of(const Parts& parts,
                                                        const node::Moment& moment,
                                                        const views::Body& binary);
/// Puts `data` into a Binary that stands for a message; leaves any other resource as it is.
[[nodiscard]] Result<void> fill_data(const Parts& parts, const node::Moment& moment,
                                     views::Body& body);

}  // namespace holdfast::api
