// api/confirm.cpp: List/[id]/$confirm: a second person confirms a proposal to close items
// (docs/adr/0023). Of what was shown, whatever is still that version is closed in one entry, each
// by the rules of its pathway; what has moved meanwhile is left, and named.
#include <fmt/format.h>

#include <utility>

#include "api/interactions.h"
#include "api/proposal.h"
#include "api/stored.h"
#include "base/check.h"
#include "base/time.h"
#include "fhir/json_writer.h"
#include "views/versions.h"

namespace holdfast::api {
namespace {

/// https://hl7.org/fhir/R4/valueset-provenance-agent-type.html
void write_agent(fhir::JsonWriter& to, std::string_view type, std::string_view who) {
  to.open('{');
  to.open("type", '{');
  to.open("coding", '[');
  to.open('{');
  to.text("system", "http://terminology.hl7.org/CodeSystem/provenance-participant-type");
  to.text("code", type);
  to.close('}');
  to.close(']');
  to.close('}');
  to.open("who", '{');
  to.text("reference", who);
  to.close('}');
  to.close('}');
}

Bytes provenance_of(const Proposal& proposal, const std::string& list, Time now) {
  fhir::JsonWriter to(proposal.items.size() * 64 + 1024);
  to.open('{');
  to.text("resourceType", "Provenance");
  to.open("target", '[');
  for (const ProposedItem& item : proposal.items) {
    if (item.fate == Fate::closed) {
      to.open('{');
      to.text("reference", fmt::format("Task/{}/_history/{}", item.id, item.version.value + 1));
      to.close('}');
    }
  }
  to.close(']');
  to.text("recorded", to_instant(now));
  to.open("reason", '[');
  to.raw(proposal.asked.reason);
  to.close(']');
  to.open("agent", '[');
  write_agent(to, "author", proposal.by);
  write_agent(to, "verifier", proposal.confirmed_by);
  to.close(']');
  to.open("entity", '[');
  to.open('{');
  to.text("role", "source");
  to.open("what", '{');
  to.text("reference", fmt::format("List/{}/_history/1", list));
  to.close('}');
  to.close('}');
  to.close(']');
  to.close('}');
  return to.take();
}

/// As it was proposed, unchanged; Code::invariant where it is not.
Result<Proposal> waiting_proposal(const Parts& parts, const node::Moment& moment,
                                  const std::string& id) {
  static const fhir::TypeId list = *fhir::type_id("List");
  TRY(const auto current, views::read_current(*moment.reader, list, id));
  if (!current) {
    return fail(Code::not_found, fmt::format("there is no List/{}", id));
  }
  if (current->presence == views::Presence::deleted) {
    return fail(Code::deleted, fmt::format("List/{} was deleted", id));
  }
  TRY(const views::Body body, stored_row(parts, moment, current->row));
  fhir::ReaderPool::Lease reader = parts.readers.take();
  TRY(const fhir::Json json, reader->read(body.bytes));
  TRY(Proposal proposal, read_proposal(json.root(), id));
  if (!proposal.confirmed_by.empty()) {
    return fail(Code::invariant,
                fmt::format("List/{} was confirmed already, by {}", id, proposal.confirmed_by));
  }
  if (current->version != Version{1}) {
    return fail(Code::invariant,
                fmt::format("List/{} was changed after it was proposed: propose it again", id));
  }
  return proposal;
}

/// Closes what is as it was shown, and says of the rest why it is left. How many are closed.
Result<std::size_t> add_closes(const Parts& parts, const node::Moment& moment, Proposal& proposal,
                               decide::Prepared& prepared) {
  std::size_t closed = 0;
  for (ProposedItem& item : proposal.items) {
    if (item.fate != Fate::close) {
      item.fate = Fate::left;
      continue;
    }
    item.fate = Fate::left;
    TRY(const Version version, version_of_task(moment, item.id));
    if (version != item.version) {
      item.why = fmt::format("it has moved meanwhile: version {} was shown, {} is current",
                             item.version.value, version.value);
      continue;
    }
    auto one = try_to_close(parts, moment, item.id, proposal.asked);
    if (!one && (one.error().code == Code::corrupt || one.error().code == Code::io)) {
      return fail(one.error());  // of the record, not of the item: nothing is confirmed
    }
    if (!one) {
      item.why = one.error().what;
      continue;
    }
    item.fate = Fate::closed;
    ++closed;
    prepared.command.operations.push_back(std::move(one->command.operations.front()));
    prepared.operations.push_back(std::move(one->operations.front()));
  }
  return closed;
}

Result<std::optional<decide::Prepared>> make_confirmed(const Parts& parts, const std::string& id,
                                                       const std::string& by, const Deed& deed,
                                                       const std::string& provenance,
                                                       const node::Moment& moment) {
  TRY(Proposal proposal, waiting_proposal(parts, moment, id));
  TRY(const std::string second, person_of(parts, moment, by));
  TRY(const std::string first, person_of(parts, moment, proposal.by));
  if (first == second) {
    return fail(Code::invariant,
                fmt::format("{} proposed it and does not confirm it: that is for another person",
                            proposal.by));
  }
  decide::Prepared prepared;
  prepared.command = deed.command;
  TRY(const std::size_t closed, add_closes(parts, moment, proposal, prepared));
  if (closed == 0) {
    return fail(Code::invariant,
                fmt::format("nothing of List/{} can be closed any more; of the first: {}", id,
                            proposal.items.front().why));
  }
  proposal.confirmed_by = by;
  proposal.provenance = "Provenance/" + provenance;
  const Time now = parts.clock.wall();
  Operation list;
  list.verb = Verb::update;
  list.id = id;
  list.if_match = Version{1};
  TRY_OK(add_operation(parts, prepared, std::move(list), list_of(proposal, id, now)));
  Operation who;
  who.verb = Verb::create;
  who.id = provenance;
  TRY_OK(add_operation(parts, prepared, std::move(who), provenance_of(proposal, id, now)));
  return prepared;
}

}  // namespace

Task<Reply> confirm(const Parts& parts, Call& call, Executor& on) {
  const auto input = OperationInput::read(
      parts, call, OperationInput::Names{"$confirm", {"by", "_count"}, {}, {}});
  if (!input) {
    co_return refusal(input.error(), call.request.body.empty() ? Origin::request : Origin::content);
  }
  const auto by = read_reference_of(*input, "by");
  if (!by) {
    co_return refusal(by.error(), call.request.body.empty() ? Origin::request : Origin::content);
  }
  const auto shown_max = read_shown_max(*input);
  if (!shown_max) {
    co_return refusal(shown_max.error(), Origin::request);
  }
  const auto deed = read_deed(parts, call);
  if (!deed) {
    co_return refusal(deed.error(), Origin::request);
  }
  if (deed->if_match && *deed->if_match != Version{1}) {
    co_return refusal(
        Error{Code::conflict, "a proposal is confirmed as it was made: its version 1", {}, {}},
        Origin::request);
  }
  const std::string provenance = new_uuid(parts.random);
  const MakeCommand make = [&](const node::Moment& moment) {
    return make_confirmed(parts, call.match.id, *by, *deed, provenance, moment);
  };
  const auto committed = co_await submit_made(parts, on, deed->command, make);
  if (!committed) {
    co_return refusal(committed.error(), Origin::content);
  }
  check(committed->has_value(), "what is confirmed is always written");
  co_return show_written_proposal(parts, call.match.id, Version{2}, **committed, *shown_max);
}

}  // namespace holdfast::api
