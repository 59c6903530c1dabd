#include "apply/owing.h"

#include <fmt/format.h>

#include <utility>

#include "views/versions.h"

namespace holdfast::apply {
namespace {

/// `name`: of the duty by which the order begins there, if it is Provided::begins.
views::OrderProvider provider_now(const Provider& one, const Delivery& due, DutyName name,
                                  const std::optional<views::OrderProvider>& before) {
  views::OrderProvider now{one.what, one.channel, {}, {}};
  // Somebody's word and the end of an order change nothing of what its routes said.
  const bool routed = due.operation && !due.provision->ended;
  now.meant = routed || !before ? due.channel : before->meant;
  if (one.what == Provided::begins) {
    now.since = name;
  } else if (before && before->channel == one.channel) {
    now.since = before->since;
  }
  return now;
}

}  // namespace

Owing::Owing(const decide::Prepared& prepared, const Outcome& outcome, const EntryFacts& facts,
             const Tools& tools)
    : prepared_(prepared),
      outcome_(outcome),
      facts_(facts),
      tools_(tools),
      provided_(outcome.owed.size()) {
  const auto& deliveries = prepared.command.deliveries;
  dues_.reserve(outcome.owed.size() + outcome.providers.size());
  for (const Owed& one : outcome.owed) {
    dues_.push_back({&deliveries[one.delivery], one.row, nullptr, {}});
  }
  for (const Provider& one : outcome.providers) {
    dues_.push_back({&deliveries[one.delivery], one.row, &one, {}});
  }
}

std::string Owing::lane_of(std::size_t index, const views::Postings& postings) const {
  return prepared_.command.operations[index].type == "Patient" ? outcome_.results[index].id
                                                               : postings.patient();
}

void Owing::note(std::size_t index, RowId row, const views::Postings& postings) {
  const auto note_from = [&](std::size_t& at, std::size_t end) {
    for (; at < end && dues_[at].delivery->operation == index; ++at) {
      const std::string& lane = dues_[at].delivery->lane;
      views::Duty duty{row, {}, lane.empty() ? lane_of(index, postings) : lane, false};
      views::name_others(duty, postings, tools_.params);
      dues_[at].duty = std::move(duty);
    }
  };
  note_from(owed_, outcome_.owed.size());
  note_from(provided_, dues_.size());
}

Result<views::Duty> Owing::named(const Due& due, const views::WorkLayer& work,
                                 const views::State& state, views::StoredPostings& stored) const {
  if (due.delivery->operation || due.row.value == 0 || due.row > state.last_row) {
    return fail(Code::corrupt, fmt::format("entry {} owes what it does not write: run "
                                           "`holdfast verify`, then `holdfast rebuild`",
                                           facts_.position.value));
  }
  views::Duty duty{due.row, {}, due.delivery->lane, false};
  if (duty.lane.empty()) {
    TRY(const views::Body body, views::read_body(work, tools_.codec, due.row));
    views::Postings postings;
    TRY_OK(stored.fill(postings, body.header.type, due.delivery->id, body.bytes, tools_.params,
                       tools_.reader));
    duty.lane = due.delivery->type == "Patient" ? due.delivery->id : postings.patient();
  }
  return duty;
}

Result<void> Owing::write(views::WorkLayer& work, views::State& state, views::Touched& touched,
                          views::StoredPostings& stored) {
  for (Due& due : dues_) {
    if (!due.duty) {
      TRY(due.duty, named(due, work, state, stored));
    }
    // What is nobody's by itself, a message passed on, is about those whom its entry touches.
    if (due.duty->others.empty() && !views::is_patient_lane(due.duty->lane) &&
        (prepared_.command.message || !due.delivery->operation)) {
      due.duty->others = touched.patients();
    }
    TRY_OK(due.provider != nullptr
               ? provide(due, work, state, touched)
               : owe(due.delivery->channel, *std::move(due.duty), work, state, touched));
  }
  return ok();
}

Result<void> Owing::owe(const std::string& channel, views::Duty duty, views::WorkLayer& work,
                        views::State& state, views::Touched& touched) {
  duty.as_of = state.last_row;
  touched.note(duty);
  return views::OutboxWriter(work, state.digest).owe(channel, {facts_.position, made_++}, duty);
}

Result<void> Owing::provide(Due& due, views::WorkLayer& work, views::State& state,
                            views::Touched& touched) {
  const Provider& one = *due.provider;
  const auto& operation = due.delivery->operation;
  const std::string& order = operation ? outcome_.results[*operation].id : due.delivery->id;
  std::optional<views::OrderProvider> before;
  if (!operation || outcome_.results[*operation].version.value > 1) {
    TRY(before, views::read_provider(work, order));
  }
  const DutyName name{facts_.position, made_};
  if (is_sent(one.what)) {
    due.duty->provided = one.what;
    if (one.what == Provided::begins) {
      due.duty->since = name;
    } else if (before) {
      due.duty->since = before->since;
    }
    TRY_OK(owe(one.channel, *std::move(due.duty), work, state, touched));
  }
  if (views::is_row(one.what)) {
    views::write_provider(work, state.digest, order, facts_.position,
                          provider_now(one, *due.delivery, name, before));
  }
  return ok();
}

}  // namespace holdfast::apply
