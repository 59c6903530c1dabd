#include "exchange/intake.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "views/sequence.h"

namespace holdfast::exchange {
namespace {

/// Made again so often when the record moves on under it: each time another message got its way,
/// so that this one will. Beyond, somebody has to look.
constexpr unsigned tries_max = 50;

/// Whether the node could not write, rather than would not.
bool is_unwritten(Code code) {
  switch (code) {
    case Code::unavailable:
    case Code::no_space:
    case Code::overloaded:
    case Code::io:
    case Code::closed:
    case Code::timeout:
    case Code::corrupt: return true;
    default: return false;
  }
}

/// A second MSH: what stands behind it is another message, whatever its sender wrapped it in.
bool has_several(BytesView frame) {
  return frame.find("\rMSH") != BytesView::npos || frame.find("\nMSH") != BytesView::npos;
}

}  // namespace

Intake::Intake(World& world, node::Node& node, const Neighbours& neighbours, IntakeOptions options,
               Counts& counts)
    : world_(world),
      node_(node),
      neighbours_(neighbours),
      options_(std::move(options)),
      counts_(counts),
      maker_(node, world.clock, world.random, options_.strangers_owner) {}

std::string Intake::answer_id() { return fmt::format("{:016x}", world_.random.next()); }

Executor& Intake::executor_for(Executor& on, std::size_t bytes) {
  if (bytes < large_message_bytes) {
    return on;
  }
  return *world_.bulk[bulk_turn_.fetch_add(1, std::memory_order_relaxed) % world_.bulk.size()];
}

Task<Reply> Intake::take(Executor& on, const Caller& caller, Manners& manners, Bytes frame) {
  Executor& at = executor_for(on, frame.size());
  if (&at != &on) {
    co_await at.turn();
  }
  Reply reply;
  if (frame.starts_with("FHS") || frame.starts_with("BHS") || has_several(frame)) {
    reply = co_await take_batch(at, caller, manners, std::move(frame));
  } else {
    const Incoming incoming(neighbours_, caller, std::move(frame));
    const Ended ended = co_await settle(at, incoming, manners);
    const hl7v2::Message* const theirs = incoming.message ? &*incoming.message : nullptr;
    if (ended.unwritten) {
      Counts::add(counts_.unanswered);
      reply.close = true;
      reply.why = ended.why;
      if (options_.reject_unwritten && theirs != nullptr && !ended.fenced) {
        const Verdict later{Disposition::refused,
                            Fault::internal,
                            "it cannot be written now; send it again later",
                            {}};
        reply.messages = acknowledge(theirs, later, options_.us, world_.clock.wall(), answer_id());
      }
    } else {
      reply.messages = acknowledge(theirs, ended.verdict, options_.us, world_.clock.wall(),
                                   answer_id(), incoming.answer_orders());
    }
  }
  if (manners.refused > bad_frames_max) {
    reply.close = true;
    reply.why = "too many messages that must not be taken";
  }
  if (&at != &on) {
    co_await on.turn();
  }
  co_return reply;
}

Result<Intake::Looked> Intake::look_at(const Incoming& incoming, const node::Moment& moment) {
  const views::MessageName name{incoming.neighbour_name(), incoming.control_id, incoming.hash};
  Looked looked;
  TRY(looked.known, views::read_message(*moment.reader, name));
  Standing& standing = looked.standing;
  standing.others = looked.known.others;
  if (!incoming.sequence) {
    return looked;
  }
  TRY(const auto last, views::read_sequence(*moment.reader, name.neighbour));
  standing.turn = turn_of(*incoming.sequence, last);
  if (!incoming.refusal && standing.turn.number > 0) {
    standing.kept = looked.known.newest;
  }
  return looked;
}

Verdict Intake::verdict_of(const Incoming& incoming, const views::MessageRow& row,
                           const Turn& turn) {
  const std::optional<Refusal>& why = incoming.refusal ? incoming.refusal : turn.refusal;
  if (row.disposition == Disposition::refused && why) {
    return {row.disposition, why->fault, why->what, why->where, turn.expected};
  }
  Verdict verdict = verdict_on(row.disposition);
  verdict.expected = turn.expected;
  return verdict;
}

Task<Intake::Ended> Intake::settle(Executor& on, const Incoming& incoming, Manners& manners) {
  NeighbourCounts& counts = counts_.of(incoming.neighbour_name());
  if (incoming.neighbour != nullptr && options_.fenced &&
      options_.fenced(incoming.neighbour->name)) {
    Ended fenced;
    fenced.unwritten = true;
    fenced.fenced = true;
    fenced.why = fmt::format("{} is fenced: nothing of it is taken", incoming.neighbour->title);
    co_return fenced;
  }
  std::optional<Error> failed;
  Ended ended;
  for (unsigned tries = 1; tries <= 2 * tries_max; ++tries) {
    const node::Moment moment = node_.view();
    const auto looked = look_at(incoming, moment);
    if (!looked || !moment.behind.empty()) {
      ended.why = looked ? std::string(moment.behind) : looked.error().what;
      break;
    }
    const Standing& standing = looked->standing;
    const auto& newest = looked->known.newest;
    if (newest && !standing.kept && options_.planted != Bug::take_message_twice) {
      Counts::add(counts.duplicates);
      ended.verdict = verdict_of(incoming, *newest, standing.turn);
      co_return ended;
    }
    Made made = maker_.make(incoming, moment, standing, failed, manners);
    // Section 2.10.1 c: what is taken is acknowledged by its own number.
    const std::int64_t taken = made.prepared.command.message->sequence;
    made.verdict.expected = taken != 0 ? taken : standing.turn.expected;
    if (options_.planted == Bug::acknowledge_first) {
      on.spawn(submit_later(on, std::move(made.prepared)));
      ended.verdict = std::move(made.verdict);
      co_return ended;
    }
    const auto committed = co_await node_.submit(on, std::move(made.prepared));
    if (committed && committed->repeated) {
      continue;  // it came over another connection as well: the answer is what is there
    }
    if (committed) {
      if (standing.kept && standing.kept->disposition != Disposition::refused) {
        Counts::add(counts.duplicates);
      } else {
        count(made, incoming, standing.others, counts, manners);
      }
      ended.verdict = std::move(made.verdict);
      co_return ended;
    }
    const Error& error = committed.error();
    if (is_unwritten(error.code)) {
      ended.why = error.what;
      break;
    }
    Counts::add(counts.conflicts);
    if (!is_stale(error.code) || tries >= tries_max) {
      failed = error;
    }
    ended.why = error.what;
  }
  ended.unwritten = true;
  co_return ended;
}

void Intake::count(const Made& made, const Incoming& incoming, std::uint32_t others,
                   NeighbourCounts& counts, Manners& manners) {
  switch (made.verdict.disposition) {
    case Disposition::applied: Counts::add(counts.applied); break;
    case Disposition::faulty: Counts::add(counts.faulty); break;
    case Disposition::refused:
      Counts::add(counts.refused);
      ++manners.refused;
      break;
  }
  Counts::add(counts.same_id, others > 0 ? 1 : 0);
  Counts::add(counts.doubtful, incoming.decoded.doubt ? 1 : 0);
  Counts::add(counts.leaves, made.leaves);
  Counts::add(counts.unmapped, made.unmapped);
}

Task<void> Intake::submit_later(Executor& on, decide::Prepared prepared) {
  static_cast<void>(co_await node_.submit(on, std::move(prepared)));
}

Task<Reply> Intake::take_batch(Executor& on, const Caller& caller, Manners& manners, Bytes frame) {
  Reply reply;
  const auto batch = hl7v2::split_batch(frame);
  if (!batch || !batch->faults.empty()) {
    // The whole of it is evidence of what does not add up; its messages count all the same.
    const Incoming whole(neighbours_, caller, frame);
    hl7v2::Batch nothing;
    const hl7v2::Batch& faults = batch ? *batch : nothing;
    const Ended kept = co_await keep_batch_faults(on, whole, faults);
    if (kept.unwritten) {
      reply.close = true;
      reply.why = kept.why;
      co_return reply;
    }
  }
  std::vector<Bytes> answers;
  for (std::size_t i = 0; batch && i < batch->messages.size(); ++i) {
    const Incoming incoming(neighbours_, caller, Bytes(batch->messages[i]));
    const Ended ended = co_await settle(on, incoming, manners);
    if (ended.unwritten) {
      Counts::add(counts_.unanswered);
      reply.close = true;
      reply.why = ended.why;
      co_return reply;
    }
    const hl7v2::Message* const theirs = incoming.message ? &*incoming.message : nullptr;
    for (Bytes& answer : acknowledge(theirs, ended.verdict, options_.us, world_.clock.wall(),
                                     answer_id(), incoming.answer_orders())) {
      answers.push_back(std::move(answer));
    }
  }
  if (batch && !batch->wrapped) {
    reply.messages = std::move(answers);
  } else if (const auto header = hl7v2::Message::parse(frame)) {
    reply.messages.push_back(
        as_batch(*header, answers, options_.us, world_.clock.wall(), answer_id()));
  }
  co_return reply;
}

Task<Intake::Ended> Intake::keep_batch_faults(Executor& on, const Incoming& whole,
                                              const hl7v2::Batch& batch) {
  std::string faults;
  for (const Error& fault : batch.faults) {
    faults += (faults.empty() ? "" : "; ") + fault.what;
  }
  if (faults.empty()) {
    faults = "it cannot be taken apart";
  }
  const Verdict verdict{Disposition::faulty, Fault::segment_sequence, faults, {}};
  const Item item{ItemKind::batch,
                  fmt::format("a batch from {} does not add up: {}. Its messages were taken one by "
                              "one; ask the sender for what is missing.",
                              whole.peer, faults),
                  {}};
  co_return co_await keep(on, whole, verdict, item);
}

Task<Intake::Ended> Intake::keep(Executor& on, const Incoming& incoming, Verdict verdict,
                                 std::optional<Item> item) {
  const views::MessageName name{incoming.neighbour_name(), incoming.control_id, incoming.hash};
  Ended ended;
  for (unsigned tries = 1; tries <= tries_max; ++tries) {
    const node::Moment moment = node_.view();
    const auto known = views::read_message(*moment.reader, name);
    if (!known) {
      ended.why = known.error().what;
      break;
    }
    if (known->newest) {
      co_return ended;
    }
    Made made = maker_.make_kept(incoming, Standing{known->others, {}, {}}, verdict.disposition,
                                 verdict, item);
    const auto committed = co_await node_.submit(on, std::move(made.prepared));
    if (committed) {
      co_return ended;
    }
    ended.why = committed.error().what;
    if (!is_stale(committed.error().code)) {
      break;
    }
  }
  ended.unwritten = true;
  co_return ended;
}

Task<Result<Disposition>> Intake::take_file(Executor& on, const Neighbour& neighbour, Bytes file) {
  CO_TRY(const auto batch, hl7v2::split_batch(file));
  Manners manners;
  Disposition worst = Disposition::applied;
  const auto note = [&](Disposition one) {
    worst = static_cast<std::uint8_t>(one) > static_cast<std::uint8_t>(worst) ? one : worst;
  };
  if (!batch.faults.empty()) {
    const Incoming whole(neighbour, file);
    const Ended kept = co_await keep_batch_faults(on, whole, batch);
    if (kept.unwritten) {
      co_return fail(Code::unavailable, kept.why);
    }
    note(Disposition::faulty);
  }
  for (const BytesView one : batch.messages) {
    const Incoming incoming(neighbour, Bytes(one));
    const Ended ended = co_await settle(on, incoming, manners);
    if (ended.unwritten) {
      co_return fail(Code::unavailable, ended.why);
    }
    note(ended.verdict.disposition);
  }
  co_return worst;
}

Task<Result<void>> Intake::take_answer(Executor& on, const Neighbour& neighbour, Bytes answer) {
  const Incoming incoming(neighbour, std::move(answer));
  Manners manners;
  const Ended ended = co_await settle(on, incoming, manners);
  if (ended.unwritten) {
    co_return fail(Code::unavailable, ended.why);
  }
  co_return ok();
}

Task<void> Intake::keep_broken(Executor& on, const Caller& caller, Manners& manners, Bytes bytes) {
  bytes.resize(std::min(bytes.size(), broken_bytes_max));
  Incoming incoming(neighbours_, caller, std::move(bytes));
  Counts::add(counts_.of(incoming.neighbour_name()).broken);
  incoming.control_id.clear();  // the whole message, when it comes, is the one with that id
  const Verdict verdict{Disposition::refused, Fault::segment_sequence, "the frame was cut off", {}};
  std::optional<Item> item;
  if (++manners.broken == 1) {
    item = Item{ItemKind::broken_frame,
                fmt::format("{} was cut off on its way from {}; what came of it is kept. It was "
                            "not acknowledged, so its sender should send it again. Further ones "
                            "over the same connection are counted only.",
                            incoming.named(), incoming.peer),
                {}};
  }
  // There is nobody to answer: what cannot be written goes with the connection, unacknowledged.
  const Ended kept = co_await keep(on, incoming, verdict, std::move(item));
  Counts::add(counts_.unanswered, kept.unwritten ? 1 : 0);
}

}  // namespace holdfast::exchange
