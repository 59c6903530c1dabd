// node/sequencer_idle.cpp: what the sequencer does when nobody asks: seals, prepares segments,
// and ends.
#include "node/sequencer.h"

namespace holdfast::node {
namespace {

constexpr Duration preparation_pause = seconds(1);

}  // namespace

void Sequencer::arm_seal() {
  if (seal_armed_ || !writer_ || writer_->sealed()) {
    return;
  }
  seal_armed_ = true;
  world_.sequencer.post_at(world_.sequencer.now() + options_.seal_after,
                           [this, armed_at = activity_, alive = std::weak_ptr<char>(alive_)] {
                             if (alive.expired()) {
                               return;
                             }
                             seal_armed_ = false;
                             if (armed_at == activity_) {
                               queue_.try_push(Work{});  // full: it is not idle
                             } else {
                               arm_seal();
                             }
                           });
}

Task<void> Sequencer::seal_when_idle() {
  if (!writer_ || writer_->sealed()) {
    co_return;
  }
  const auto sealed = co_await writer_->seal();
  if (sealed) {
    ++counts_.seals;
  } else {
    note_refusal(sealed.error());
  }
}

void Sequencer::arm_preparation() {
  if (preparing_ || !writer_ || !writer_->wants_preparation()) {
    return;
  }
  preparing_ = true;
  world_.sequencer.spawn(prepare_segments());
}

Task<void> Sequencer::prepare_segments() {
  co_await world_.background.turn();
  const auto prepared = co_await writer_->prepare();
  co_await world_.sequencer.turn();
  preparing_ = false;
  if (prepared) {
    const std::scoped_lock lock(health_mutex_);
    if (health_.fatal == Fatal::no) {
      health_.writes_refused.clear();
    }
    co_return;
  }
  note_refusal(prepared.error());
  if (prepared.error().code != Code::no_space) {
    co_return;
  }
  world_.sequencer.post_at(world_.sequencer.now() + preparation_pause,
                           [this, alive = std::weak_ptr<char>(alive_)] {
                             if (!alive.expired()) {
                               arm_preparation();
                             }
                           });
}

Task<Result<void>> Sequencer::drain() {
  queue_.close();
  if (writer_) {
    CO_TRY_OK(co_await ended_);
    co_await seal_when_idle();
  }
  // Segments that are being prepared use the writer: wait for them.
  while (preparing_) {
    co_await world_.sequencer.sleep(milliseconds(1));
  }
  co_return co_await applier_.stop();
}

}  // namespace holdfast::node
