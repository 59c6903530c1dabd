// api/item_changes.cpp: Task/[id]/$advance, $assign, $close, $reopen, $hand-over, $accept, $decline
// and $withdraw-offer of an item: shorthand for reading its Task, changing it, and sending it back
// with If-Match. What is asked for becomes the body of that update, and decide judges it as any
// other; only which act is meant, and whether there is an offer to answer, is found here.
#include <fmt/format.h>

#include <utility>

#include "api/channels.h"
#include "api/interactions.h"
#include "api/item_change.h"
#include "api/writing.h"

namespace holdfast::api {
namespace {

Result<std::optional<decide::Prepared>> make_change(const Parts& parts, const Call& call,
                                                    const AskedChange& asked, const Deed& deed,
                                                    const node::Moment& moment, Issues& issues) {
  TRY(const ItemTask task, read_item_task(parts, call.match.id, moment));
  if (deed.if_match && *deed.if_match != task.version) {
    return fail(Code::conflict,
                fmt::format("If-Match names version {} of Task/{}, but version {} is current",
                            deed.if_match->value, call.match.id, task.version.value));
  }
  TRY(Bytes body, changed_task(parts, task, asked));
  TRY(Content content, read_content(parts, Format::json, std::move(body), telling(call)));
  issues = std::move(content.issues);
  drop_lines(issues);
  decide::Prepared prepared;
  prepared.command = deed.command;
  Operation operation;
  operation.verb = Verb::update;
  operation.type = "Task";
  operation.id = call.match.id;
  operation.if_match = task.version;
  operation.body = std::move(content.body);
  prepared.command.operations.push_back(std::move(operation));
  prepared.operations.push_back(std::move(content.prepared));
  return prepared;
}

}  // namespace

Task<Reply> change_item(const Parts& parts, Call& call, Executor& on) {
  const auto asked = read_asked_change(parts, call);
  if (!asked) {
    co_return refusal(asked.error(), call.request.body.empty() ? Origin::request : Origin::content);
  }
  const auto deed = read_deed(parts, call);
  if (!deed) {
    co_return refusal(deed.error(), Origin::request);
  }
  Issues issues;
  const MakeCommand make = [&](const node::Moment& moment) {
    return make_change(parts, call, *asked, *deed, moment, issues);
  };
  const auto committed = co_await submit_made(parts, on, deed->command, make);
  if (!committed) {
    co_return refusal(committed.error(), Origin::content);
  }
  check(committed->has_value(), "a change of an item is always a version of it");
  co_return show_written(parts, call, **committed, issues);
}

}  // namespace holdfast::api
