// api/writing.h: what create, update, delete and Bundles share: a resource read from a request, the
// Command around it, and the reply to what became of it.
#pragma once

#include <optional>
#include <string>

#include "api/call.h"
#include "decide/prepared.h"
#include "model/command.h"
#include "node/node.h"

namespace holdfast::api {

/// A resource that is checked, minified and prepared for decide.
struct Content {
  fhir::TypeId type{};
  std::optional<std::string> id;  ///< the id that it names itself
  Bytes body;
  decide::PreparedOperation prepared;
  Issues issues;  ///< what validation found, where it is to be told
};

/// Reads, checks, judges and prepares a body of that form. Failures are of the content: syntax,
/// too_large, what fhir::check_resource finds, and what the channel refuses.
[[nodiscard]] Result<Content> read_content(const Parts& parts, Format format, Bytes body,
                                           Telling telling);
/// Whether somebody will read what validation found, though nothing is refused.
[[nodiscard]] Telling telling(const Call& call);

/// What the same Idempotency-Key must stand for: method, target, conditions and content.
[[nodiscard]] Hash request_hash(const Request& request);

/// A Command without operations: key, principal, channel and hash. Code::value for a bad key.
[[nodiscard]] Result<Command> start_command(const Parts& parts, const Request& request);

/// Whether its Idempotency-Key was used before: the same Command is never decided twice, so nothing
/// need be made of it; the node answers with the Outcome of then.
[[nodiscard]] Result<bool> was_used(const Command& command, const node::Moment& moment);

/// The version that an operation wrote or matched.
struct Written {
  Status status{};
  fhir::TypeId type{};
  std::string id;
  Version version;
  Time time;  ///< when that version was made
};
/// Time is the entry's, unless the version was there before.
[[nodiscard]] Result<Written> written(const Parts& parts, const node::Committed& committed,
                                      std::size_t operation, fhir::TypeId type);

/// 201, 200 or 204.
[[nodiscard]] int http_status(Status status);
/// "Patient/7/_history/2"
[[nodiscard]] std::string local_version_url(const Written& written);

/// The reply to the only operation of a Command, with the content that `Prefer` asks for.
[[nodiscard]] Reply show_written(const Parts& parts, const Call& call,
                                 const node::Committed& committed, const Issues& issues);

/// Submits one create, update or delete, and replies with the content that `Prefer` asks for (by
/// default the resource). The same Outcome gives the same reply, however often it is asked for.
/// What is refused is refused as a fault of `origin`. `issues` are told with it, if asked for.
[[nodiscard]] Task<Reply> write_one(const Parts& parts, const Call& call, Executor& on,
                                    decide::Prepared prepared, Origin origin, Issues issues);

/// What the head of a create or an update asks for.
struct Terms {
  Command command;      ///< without operations
  Operation operation;  ///< without type and body
};
/// A create or an update from its request to its reply. Refusals come in this order: for the media
/// type, the terms, the content, and where the content is not that of the address.
[[nodiscard]] Task<Reply> write_content(const Parts& parts, Call& call, Executor& on,
                                        Result<Terms> (*read_terms)(const Parts&, const Call&),
                                        Result<void> (*check_address)(const Content&,
                                                                      const Match&));

}  // namespace holdfast::api
