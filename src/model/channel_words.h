// model/channel_words.h: what ways out to neighbours are called in the record (docs/adr/0017): for
// those that deliver and write it, and for the operations by which people run them.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "model/delivery.h"

namespace holdfast {

inline constexpr std::string_view channel_endpoint_prefix = "channel-";
/// The id of the Endpoint that shows a channel, and says whether it may send.
[[nodiscard]] inline std::string endpoint_id(std::string_view channel) {
  return std::string(channel_endpoint_prefix).append(channel);
}
/// The channel whose Endpoint that is; nothing where it is none.
[[nodiscard]] inline std::optional<std::string_view> channel_of_endpoint(std::string_view id) {
  if (!id.starts_with(channel_endpoint_prefix) || id.size() == channel_endpoint_prefix.size()) {
    return std::nullopt;
  }
  return id.substr(channel_endpoint_prefix.size());
}

/// Extensions of that Endpoint. The sender writes the first four, a person's operation the others.
inline constexpr std::string_view channel_state_url = "urn:holdfast:channel-state";
inline constexpr std::string_view channel_why_url = "urn:holdfast:channel-why";
inline constexpr std::string_view channel_episode_url = "urn:holdfast:channel-episode";
/// The MSH of its messages, as hl7v2::probe_header() makes it: for a test of it.
inline constexpr std::string_view channel_header_url = "urn:holdfast:channel-header";
/// Why somebody paused or fenced it.
inline constexpr std::string_view channel_reason_url = "urn:holdfast:channel-reason";
/// Why its numbers (MSH-13) are to begin anew; the sender takes it away when they have.
inline constexpr std::string_view channel_anew_url = "urn:holdfast:channel-numbers-anew";

/// Where new orders go instead, as a Reference to that channel's Endpoint (docs/adr/0026).
inline constexpr std::string_view channel_diverted_url = "urn:holdfast:channel-diverted-to";
/// Why; and why it is not any more.
inline constexpr std::string_view channel_diverted_reason_url =
    "urn:holdfast:channel-diverted-reason";
/// That the neighbour does what orders ask for, by the configuration.
inline constexpr std::string_view channel_provider_url = "urn:holdfast:channel-provider";

/// Items are Tasks with a code of this system; one about a duty has it as an identifier.
inline constexpr std::string_view item_system = "urn:holdfast:message-item";
inline constexpr std::string_view item_undelivered = "undelivered";  ///< held: it waits
inline constexpr std::string_view item_not_sent = "not-sent";  ///< dead, by the channel's rule
inline constexpr std::string_view item_state_system = "urn:holdfast:message-item-state";
inline constexpr std::string_view duty_system_prefix = "urn:holdfast:duty:";

/// "12.0": the entry's position, and the number within it.
[[nodiscard]] inline std::string text_of(DutyName name) {
  return std::to_string(name.position.value) + "." + std::to_string(name.index);
}
/// Nothing for what text_of() never writes.
[[nodiscard]] inline std::optional<DutyName> duty_named(std::string_view text) {
  DutyName name;
  const char* const end = text.data() + text.size();
  const auto position = std::from_chars(text.data(), end, name.position.value);
  if (position.ec != std::errc() || position.ptr == end || *position.ptr != '.') {
    return std::nullopt;
  }
  const auto index = std::from_chars(position.ptr + 1, end, name.index);
  if (index.ec != std::errc() || index.ptr != end || text_of(name) != text) {
    return std::nullopt;
  }
  return name;
}

/// The lane of test messages. With a blank, so that it is nobody's id, and waits for nobody.
inline constexpr std::string_view test_lane = "channel test";
inline constexpr std::string_view message_type_system = "urn:holdfast:message-type";

}  // namespace holdfast
