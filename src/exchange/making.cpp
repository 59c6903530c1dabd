#include "exchange/making.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "exchange/actions.h"
#include "exchange/resolve.h"

namespace holdfast::exchange {
namespace {

std::string sentence(const Error& error) {
  return error.where.empty() ? error.what : fmt::format("{} ({})", error.what, error.where);
}

Verdict faulty(const Error& error) {
  return {Disposition::faulty, fault_of(error.code), error.what, error.where};
}

ItemKind kind_of(Code code) {
  switch (code) {
    case Code::mismatch:
    case Code::multiple_matches: return ItemKind::identity_conflict;
    case Code::structure:
    case Code::value:
    case Code::syntax:
    case Code::required:
    case Code::unsupported: return ItemKind::not_mapped;
    default: return ItemKind::not_applied;
  }
}

/// Says in the report that nothing of a draft was taken: the tables map its values all the same.
void tell_left_out(const hl7v2::Message& message, const hl7v2::Draft& draft, std::string_view why,
                   hl7v2::Report& report) {
  hl7v2::Finding finding;
  finding.kind = hl7v2::Finding::Kind::unmapped;
  finding.place.segment = message.segment(draft.segment).name();
  for (std::uint32_t i = 0; i <= draft.segment; ++i) {
    if (message.segment(i).name() == finding.place.segment) {
      ++finding.place.number;
    }
  }
  finding.what = fmt::format("nothing of the {} was taken: {}", fhir::name(draft.type), why);
  report.findings.push_back(std::move(finding));
}

/// A sender that gives its messages one id makes so many items, not one a message.
constexpr std::uint32_t same_id_items_max = 5;

}  // namespace

bool is_stale(Code code) {
  return code == Code::conflict || code == Code::precondition || code == Code::multiple_matches;
}

Verdict verdict_on(Disposition before) {
  return {before,
          Fault::internal,
          before == Disposition::faulty
              ? "this message was received before and waits for somebody to see to it"
              : "this message was received before and refused",
          {}};
}

bool is_mapped(const Neighbour& neighbour, const hl7v2::Message& message) {
  return neighbour.take == Take::map && (!neighbour.filter || neighbour.filter->accepts(message));
}

/// What a Command has beside the operations of its message.
struct Maker::Extra {
  decide::Prepared prepared;         ///< operations of the message
  std::vector<std::string> written;  ///< what Provenance is about
  std::string occurred;
  std::string patient;
  std::vector<Item> items;
  Bytes report;
};

Made Maker::make(const Incoming& incoming, const node::Moment& moment, const Standing& standing,
                 const std::optional<Error>& failed, const Manners& manners) {
  if (incoming.refusal || standing.turn.refusal) {
    return make_refused(incoming, standing, manners);
  }
  if (standing.kept && standing.kept->disposition != Disposition::refused) {
    return make_numbered(incoming, standing);
  }
  if (failed) {
    const Item item{kind_of(failed->code),
                    fmt::format("{} was understood, but the record does not take it: {}. It is "
                                "kept; settle the cause, then take it up again.",
                                incoming.named(), sentence(*failed)),
                    {}};
    return make_kept(incoming, standing, Disposition::faulty, faulty(*failed), item);
  }
  if (incoming.is_about_link() || !is_mapped(*incoming.neighbour, *incoming.message)) {
    return make_kept(incoming, standing, Disposition::applied, {Disposition::applied, {}, {}, {}},
                     std::nullopt);
  }
  return make_mapped(incoming, moment, standing);
}

Made Maker::make_numbered(const Incoming& incoming, const Standing& standing) {
  return make_kept(incoming, standing, standing.kept->disposition,
                   verdict_on(standing.kept->disposition), std::nullopt);
}

Made Maker::make_refused(const Incoming& incoming, const Standing& standing,
                         const Manners& manners) {
  const Refusal& refusal = incoming.refusal ? *incoming.refusal : *standing.turn.refusal;
  std::optional<Item> item;
  if (manners.refused == 0) {
    item = Item{incoming.refusal ? ItemKind::refused : ItemKind::out_of_sequence,
                fmt::format("{} was refused: {}. It is kept; its sender was told. {}Further ones "
                            "over the same connection are counted only.",
                            incoming.named(), refusal.what,
                            incoming.refusal ? ""
                                             : "Ask the sender for what is missing: it sends that, "
                                               "or lets its numbers begin anew (MSH-13 -1). "),
                {}};
  }
  return make_kept(incoming, standing, Disposition::refused,
                   {Disposition::refused, refusal.fault, refusal.what, refusal.where}, item);
}

Made Maker::make_mapped(const Incoming& incoming, const node::Moment& moment,
                        const Standing& standing) {
  auto made = map_and_resolve(incoming, moment, standing, nullptr);
  if (made) {
    return *std::move(made);
  }
  const Error& error = made.error();
  const Item item{kind_of(error.code),
                  fmt::format("{} could not be taken: {}. It is kept; mend the mapping or the "
                              "record, then take it up again.",
                              incoming.named(), sentence(error)),
                  {}};
  return make_kept(incoming, standing, Disposition::faulty, faulty(error), item);
}

Result<Made> Maker::make_again(const Incoming& incoming, const node::Moment& moment,
                               const Standing& standing, const Again& again) {
  check(!incoming.refusal && incoming.neighbour != nullptr, "it was taken when it came");
  return map_and_resolve(incoming, moment, standing, &again);
}

Result<Made> Maker::map_and_resolve(const Incoming& incoming, const node::Moment& moment,
                                    const Standing& standing, const Again* again) {
  const hl7v2::MapInput input{incoming.neighbour->overlay, incoming.neighbour->identifiers};
  TRY(auto mapped, hl7v2::map(*incoming.message, input));
  if (again != nullptr && again->before == Disposition::applied && !mapped.actions.empty()) {
    return fail(Code::unsupported,
                fmt::format("{} was applied, and asks for a link, a merge, a move or a correction: "
                            "that is not done twice",
                            incoming.named()));
  }
  look_for_old_numbers(mapped);
  auto reader = readers_.take();
  std::optional<Taken> taken;
  if (again != nullptr) {
    taken = {incoming.neighbour->name, again->evidence, mapped.event.at, again->came};
  }
  const Ground ground{moment,  node_.codec(), node_.extracting(),       *reader,
                      random_, paths_,        taken ? &*taken : nullptr};
  TRY(auto resolved, resolve(mapped, ground));
  TRY_OK(act(mapped, ground, resolved));
  Extra extra;
  extra.prepared = std::move(resolved.prepared);
  extra.written = std::move(resolved.written);
  extra.items = std::move(resolved.items);
  extra.occurred = mapped.event.at;
  if (mapped.patient.value != 0) {
    extra.patient = resolved.names[mapped.patient.value - 1];
  }
  for (const hl7v2::Local local : resolved.left_out) {
    tell_left_out(*incoming.message, mapped.drafts[local.value - 1],
                  "the message names no visit, and the patient is on none here", mapped.report);
  }
  std::vector<std::string> outdated;
  for (const hl7v2::Local local : resolved.outdated) {
    tell_left_out(*incoming.message, mapped.drafts[local.value - 1],
                  "a later message of the same neighbour has spoken of it", mapped.report);
    outdated.push_back(resolved.names[local.value - 1]);
  }
  extra.report = hl7v2::encode(mapped.report);
  Made made =
      finish(incoming, standing, {Disposition::applied, {}, {}, {}}, std::move(extra), again);
  made.leaves = mapped.report.leaves;
  made.unmapped = mapped.report.unmapped();
  made.outdated = std::move(outdated);
  return made;
}

Made Maker::make_kept(const Incoming& incoming, const Standing& standing, Disposition disposition,
                      const Verdict& verdict, const std::optional<Item>& item) {
  check(verdict.disposition == disposition, "what is told is what is kept");
  Extra extra;
  if (item) {
    extra.items.push_back(*item);
  }
  return finish(incoming, standing, verdict, std::move(extra));
}

Made Maker::finish(const Incoming& incoming, const Standing& standing, Verdict verdict, Extra extra,
                   const Again* again) {
  const std::uint32_t others = standing.others;
  const bool first = again == nullptr && !standing.kept;
  if (first && others > 0 && others < same_id_items_max) {
    extra.items.push_back(
        {ItemKind::same_id,
         fmt::format("{} has the id of {} other message(s) of other content. It was taken all the "
                     "same; ask the sender which of them counts.",
                     incoming.named(), others),
         {}});
  }
  Made made;
  made.prepared = std::move(extra.prepared);
  const std::string evidence = again != nullptr ? again->evidence
                               : standing.kept  ? standing.kept->evidence
                                                : new_uuid(random_);
  const About about{incoming.neighbour_name(),
                    incoming.neighbour == nullptr ? std::string_view(strangers_owner_)
                                                  : std::string_view(incoming.neighbour->owner),
                    incoming.type,
                    incoming.control_id,
                    evidence,
                    clock_.wall()};
  auto reader = readers_.take();
  const auto add = [&](std::string_view id, Bytes body) {
    const auto added = add_new(made.prepared, id, std::move(body), *reader, node_.extracting());
    check(added.has_value(), added ? "" : added.error().what.c_str());
  };
  if (first) {
    add(evidence, binary_body(about));
  }
  if (!extra.written.empty()) {
    add(new_uuid(random_), provenance_body(about, extra.written, extra.occurred));
  }
  for (Item& item : extra.items) {
    if (item.patient.empty()) {
      item.patient = extra.patient;
    }
    add(new_uuid(random_), task_body(about, item));
  }
  Command& command = made.prepared.command;
  random_.fill(command.key.bytes);
  command.request_hash = incoming.hash;
  command.principal.name = fmt::format(
      "neighbour:{}", incoming.neighbour == nullptr ? "unknown" : incoming.neighbour->name);
  command.channel = "mllp";
  Message& message = command.message.emplace();
  message.neighbour = incoming.neighbour_name();
  message.control_id = incoming.control_id;
  message.disposition = verdict.disposition;
  message.others = others;
  message.evidence = evidence;
  if (again != nullptr) {
    message.attempt = again->attempt;
    command.principal = again->author;
    command.channel = "operation";
  } else if (standing.kept) {
    message.attempt = standing.kept->attempt + 1;
  } else {
    message.bytes = incoming.bytes;
  }
  if (verdict.disposition != Disposition::refused) {
    message.sequence = standing.turn.number;
  }
  message.report = std::move(extra.report);
  made.verdict = std::move(verdict);
  return made;
}

}  // namespace holdfast::exchange
