// api/reconcile.cpp: $reconcile: a neighbour's own list against ours (docs/PATHWAYS.md). Each
// difference becomes one finding, in one entry with the item that a pathway makes of it; what is
// known already is written no second time, after a restart and from two at once neither.
#include <utility>

#include "api/channels.h"
#include "api/interactions.h"
#include "api/reconciling.h"

namespace holdfast::api {

Task<Reply> reconcile_list(const Parts& parts, Call& call, Executor& on) {
  const auto asked = read_asked_list(parts, call);
  if (!asked) {
    co_return refusal(asked.error(), call.request.body.empty() ? Origin::request : Origin::content);
  }
  const auto deed = read_deed(parts, call);
  if (!deed) {
    co_return refusal(deed.error(), Origin::request);
  }
  Run run;
  const MakeCommand make =
      [&](const node::Moment& moment) -> Result<std::optional<decide::Prepared>> {
    decide::Prepared prepared;
    prepared.command = deed->command;
    TRY(run, make_run(parts, *asked, moment, asked->is_dry_run ? nullptr : &prepared));
    if (prepared.command.operations.empty()) {
      return std::optional<decide::Prepared>();
    }
    return std::optional(std::move(prepared));
  };
  const auto committed = co_await submit_made(parts, on, deed->command, make);
  if (!committed) {
    co_return refusal(committed.error(), Origin::content);
  }
  const node::Moment after = parts.node.view();
  if (!run.is_made) {  // an Idempotency-Key that was used: what was written then is known now
    auto again = make_run(parts, *asked, after, nullptr);
    if (!again) {
      co_return refusal(again.error(), Origin::content);
    }
    run = *std::move(again);
  }
  auto reply = show_run(parts, *asked, run, after);
  if (!reply) {
    co_return refusal(reply.error(), Origin::content);
  }
  add_position(*reply, *committed ? (*committed)->position : after.state.position);
  co_return *std::move(reply);
}

}  // namespace holdfast::api
