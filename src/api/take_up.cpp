// api/take_up.cpp: Binary/[id]/$take-up: a neighbour's message mapped once more, after its mapping
// or the record was mended. Shown first; done where dryRun is false.
#include "api/interactions.h"
#include "api/message_taker.h"
#include "api/operation_input.h"

namespace holdfast::api {
namespace {

Reply show(const MessageTaker::Taken& taken) {
  ParametersWriter out;
  out.boolean("done", taken.done);
  out.raw("attempt", "PositiveInt", std::to_string(taken.attempt));
  const auto list = [&](std::string_view name, const std::vector<std::string>& references) {
    for (const std::string& one : references) {
      out.text(name, "Uri", one);
    }
  };
  list("created", taken.created);
  list("updated", taken.updated);
  list("leftToNewerEvidence", taken.outdated);
  return out.reply();
}

Result<MessageTaker::Carry> read_carry(const Parts& parts, const Call& call) {
  if (parts.taker == nullptr) {
    return fail(Code::unsupported, "this server takes no messages");
  }
  TRY(const auto input, OperationInput::read(parts, call, {"$take-up", {"dryRun"}, {}, {}}));
  TRY(const bool dry, input.flag("dryRun", true));
  return dry ? MessageTaker::Carry::out_not : MessageTaker::Carry::out;
}

}  // namespace

Task<Reply> take_up(const Parts& parts, Call& call, Executor& on) {
  const auto carry = read_carry(parts, call);
  if (!carry) {
    co_return refusal(carry.error(), Origin::request);
  }
  const auto taken =
      co_await parts.taker->take_up(on, call.match.id, parts.options.principal, *carry);
  co_return taken ? show(*taken) : refusal(taken.error(), Origin::content);
}

}  // namespace holdfast::api
