// exchange/endpoint.h: a channel as the FHIR resource that shows it: whether it may send, whether
// its neighbour answers, and since when. https://hl7.org/fhir/R4/endpoint.html
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "exchange/channel.h"
#include "exchange/circuit.h"
#include "fhir/json.h"
#include "node/node.h"

namespace holdfast::exchange {

/// Endpoint.status. The first two are what an operator decides, and errors come and go under
/// `active` alone.
enum class ChannelStatus : std::uint8_t {
  active,
  error,      ///< active, and its neighbour does not answer
  suspended,  ///< paused: what is owed waits
  off,        ///< fenced: what is owed waits, and nothing of its neighbour is taken
};
[[nodiscard]] std::string_view code_of(ChannelStatus status);

/// What the record says of a channel.
struct ChannelRecord {
  Version version;  ///< of its Endpoint; 0: there is none
  ChannelStatus status = ChannelStatus::active;
  CircuitState state = CircuitState::up;
  std::string episode;       ///< id of the Task of the newest time that it was down; empty: never
  bool begins_anew = false;  ///< somebody asks that its numbers (MSH-13) begin anew
  Bytes body;
  [[nodiscard]] bool may_send() const {
    return status == ChannelStatus::active || status == ChannelStatus::error;
  }
};
/// A status that is none of the four counts as suspended: nothing goes out by mistake.
[[nodiscard]] Result<ChannelRecord> read_channel_record(const node::Moment& moment,
                                                        const views::BodyCodec& codec,
                                                        std::string_view channel,
                                                        fhir::JsonReader& reader);

/// What the Endpoint is to say.
struct ChannelSays {
  ChannelStatus status = ChannelStatus::active;
  CircuitState state = CircuitState::up;
  std::string_view why;      ///< in words; empty where all is well
  std::string_view episode;  ///< id of a Task; empty: none
  bool begun_anew = false;   ///< numbers have, and nobody asks for it any more
};
/// The whole Endpoint where there was none (`before` empty); else `before` with what is ours in it
/// said anew, and all that others have written as it is. Code::syntax where that is no JSON.
[[nodiscard]] Result<Bytes> endpoint_body(const Channel& channel, const ChannelSays& says,
                                          const Bytes& before, fhir::JsonReader& reader);
/// Whether the Endpoint says of the channel what the configuration does.
[[nodiscard]] Result<bool> is_described(const Channel& channel, const ChannelRecord& record,
                                        fhir::JsonReader& reader);
/// A neighbour as an Organization, found by its identifier urn:holdfast:neighbour|NAME.
[[nodiscard]] Bytes organization_body(const Neighbour& neighbour,
                                      const std::vector<std::string>& channels);

}  // namespace holdfast::exchange
