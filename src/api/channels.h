// api/channels.h: ways out to neighbours, as a person runs them: what their Endpoints say, and
// Commands that are made from what is current (docs/adr/0017). What a channel is called in the
// record is model/channel_words.h.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "api/call.h"
#include "api/operation_input.h"
#include "decide/prepared.h"
#include "model/channel_words.h"
#include "model/command.h"
#include "node/node.h"

namespace holdfast::api {

/// A channel, and what its Endpoint says; without one only its name.
struct ShownChannel {
  std::string name;
  Version version;
  Time time;           ///< of that version
  std::string status;  ///< "active", "error", "suspended", "off"; empty: there is no Endpoint now
  std::string connection;   ///< code of Endpoint.connectionType
  std::string header;       ///< MSH of its messages; empty where it does not say
  std::string reason;       ///< why somebody paused or fenced it
  std::string why;          ///< why it does not send, or did not
  bool provider = false;    ///< its neighbour does what orders ask for
  std::string diverted_to;  ///< the channel that new orders begin at instead; empty: none
  Bytes body;
};
/// The channel whose Endpoint the address names, or that anything was ever owed to. Code::not_found
/// for anything else.
[[nodiscard]] Result<ShownChannel> read_channel(const Parts& parts, const Call& call,
                                                const node::Moment& moment);
/// The same of an Endpoint's id.
[[nodiscard]] Result<ShownChannel> read_channel(const Parts& parts, const std::string& endpoint,
                                                const node::Moment& moment);
/// Code::deleted or not_found where it has no Endpoint now.
[[nodiscard]] Result<void> check_shown(const ShownChannel& channel);

/// A request that changes channels or duties, as its head says.
struct Deed {
  Command command;  ///< without operations
  std::optional<Version> if_match;
};
/// Refuses conditions that would not be looked at.
[[nodiscard]] Result<Deed> read_deed(const Parts& parts, const Call& call);
/// Code::conflict unless If-Match names the version that is current, or is not given.
[[nodiscard]] Result<void> check_if_match(const Deed& deed, const ShownChannel& channel);
/// The channel's Endpoint as it is.
[[nodiscard]] Reply show_endpoint(const Parts& parts, const Call& call);
/// What the operation is given; `names` as OperationInput takes them. A reason has words that can
/// be kept: Code::value.
[[nodiscard]] Result<std::string> read_reason(const OperationInput& input, bool required);

/// Makes what is to be written from a moment; nothing where all is as it should be already.
using MakeCommand = std::function<Result<std::optional<decide::Prepared>>(const node::Moment&)>;
/// Submits what `make` makes, made anew as long as others change the same meanwhile. Nothing where
/// there was nothing to write. Under an Idempotency-Key that was used before, the Outcome of then.
[[nodiscard]] Task<Result<std::optional<node::Committed>>> submit_made(const Parts& parts,
                                                                       Executor& on,
                                                                       Command command,
                                                                       const MakeCommand& make);

/// Adds an operation with that body.
[[nodiscard]] Result<void> add_operation(const Parts& parts, decide::Prepared& prepared,
                                         Operation operation, Bytes body);
enum class IsTest : bool { no, yes };
/// A Binary with that message as its data. `tag`: its type, "ORU^R01"; empty: nothing that a tag
/// can say.
[[nodiscard]] Bytes message_binary(std::string_view id, std::string_view channel,
                                   std::string_view tag, BytesView message, IsTest is_test);
/// The duty that one of a Command's own deliveries became: of its operation, or of none.
[[nodiscard]] Result<std::optional<DutyName>> duty_made(const Parts& parts, Position position,
                                                        std::optional<std::uint32_t> operation,
                                                        std::string_view channel);

/// "POSITION.INDEX" of that parameter, if it is given.
[[nodiscard]] Result<std::optional<DutyName>> duty_of(const OperationInput& input,
                                                      std::string_view name);

}  // namespace holdfast::api
