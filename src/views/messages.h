// views/messages.h: which messages there have been, and what became of each at each attempt. One
// row an attempt, never changed, kept for ever (docs/adr/0016).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/ids.h"
#include "base/result.h"
#include "model/message.h"
#include "views/kv.h"
#include "views/overlay.h"
#include "views/state.h"

namespace holdfast::views {

/// A message: another sender, control id or content is another message.
struct MessageName {
  std::string_view neighbour;
  std::string_view control_id;
  const Hash& hash;  ///< SHA-256 of its bytes
};

struct MessageRow {
  std::uint32_t attempt = 1;
  Disposition disposition{};
  Position position;     ///< the entry of this attempt
  std::string evidence;  ///< id of the Binary that the first attempt made
  bool operator==(const MessageRow&) const = default;
};

void write_message(WorkLayer& layer, const MessageName& name, const MessageRow& row);

struct KnownMessage {
  std::optional<MessageRow> newest;  ///< what became of it as of today. Nothing: it never came
  /// Messages of other content with the same sender and control id; counted up to others_max, and
  /// not at all where there is no control id.
  std::uint32_t others = 0;
};
/// A sender that gives all its messages one id must not make each cost as much as all before.
constexpr std::uint32_t others_max = 100;
[[nodiscard]] Result<KnownMessage> read_message(const Reader& reader, const MessageName& name);

/// One fact of the state digest: this became of this message at this attempt, by this entry.
[[nodiscard]] Hash message_fact(const MessageName& name, const MessageRow& row);
/// The facts of all rows. Code::corrupt for one that nobody can have written.
[[nodiscard]] Result<Digest> digest_of_messages(const Reader& reader);

}  // namespace holdfast::views
