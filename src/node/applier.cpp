#include "node/applier.h"

#include <vector>

#include "views/keys.h"

namespace holdfast::node {
namespace {

/// Rows compressed again between two looks at what was published.
constexpr std::size_t compress_rows_max = 256;
constexpr Duration stalled_pause = seconds(1);

}  // namespace

Applier::Applier(Parts parts, std::uint64_t unflushed_bytes_max)
    : parts_(std::move(parts)),
      trainer_(parts_.codec.newest() == nullptr ? std::make_unique<views::DictionaryTrainer>()
                                                : nullptr),
      unflushed_bytes_max_(unflushed_bytes_max),
      dirty_(parts_.background, 1),
      drained_(parts_.sequencer, 1),
      ended_(parts_.sequencer),
      build_(parts_.kv, parts_.codec, parts_.epochs, build_counts_) {}

void Applier::start() { parts_.background.spawn(run()); }

Task<void> Applier::run() {
  Result<void> ended = ok();
  for (;;) {
    const auto woken = co_await dirty_.pop_all();
    ended = drain_once();
    if (ended) {
      const auto compressing = compress_some();
      const auto building = build_some();
      if (!compressing || !building) {
        ended = fail(compressing ? building.error() : compressing.error());
      } else if (*compressing || *building) {
        wake();
      }
    }
    const bool goes_on = note(ended);
    drained_.try_push(Wake{});
    if (!goes_on) {
      break;
    }
    if (woken.empty()) {  // closed, and everything is moved that can be
      if (ended) {
        ended = parts_.kv.flush();
      }
      break;
    }
  }
  drained_.close();
  ended_.set(std::move(ended));
}

bool Applier::note(const Result<void>& drained) {
  const std::scoped_lock lock(mutex_);
  stalled_.clear();
  if (drained) {
    return true;
  }
  if (drained.error().code != Code::no_space) {
    failure_ = drained.error().what;
    return false;
  }
  // The journal has it all; the view catches up when there is space again.
  stalled_ = drained.error().what;
  parts_.background.post_at(parts_.background.now() + stalled_pause,
                            [this, alive = std::weak_ptr<char>(alive_)] {
                              if (!alive.expired()) {
                                wake();
                              }
                            });
  return true;
}

Result<void> Applier::train() {
  const auto view = parts_.published.current();
  for (auto layer = view->layers().rbegin(); layer != view->layers().rend(); ++layer) {
    for (const views::OverlayRow& row : (*layer)->rows(views::Table::body)) {
      if (!row.erased()) {
        TRY(const views::Body body, parts_.codec.decode(row.value()));
        trainer_->offer(body.bytes);
      }
    }
  }
  if (trainer_->ready()) {
    auto dictionary = trainer_->train();
    trainer_.reset();
    if (dictionary) {  // otherwise these bodies have nothing in common: they stay as they are
      parts_.trained(*std::move(dictionary));
    }
  }
  return ok();
}

Result<void> Applier::drain_once() {
  if (trainer_) {
    TRY_OK(train());
  }
  TRY(const auto position, parts_.published.drain());
  if (position) {
    ++parts_.counts.slices;
  }
  if (parts_.kv.unflushed_bytes() > unflushed_bytes_max_) {
    TRY_OK(parts_.kv.flush());
    ++parts_.counts.flushes;
  }
  return ok();
}

void Applier::compress_up_to(RowId newest) {
  compress_up_to_.store(newest.value);
  wake();
}

Result<bool> Applier::compress_some() {
  const RowId until{compress_up_to_.load() + 1};
  const std::uint64_t done = compressed_up_to_.load();
  if (done + 1 >= until.value) {
    return false;
  }
  const auto snapshot = parts_.kv.snapshot();
  const auto cursor = snapshot->scan(views::Table::body, views::body_key(RowId{done + 1}),
                                     views::body_key(until), views::Direction::forward);
  std::vector<std::pair<Bytes, Bytes>> rows;
  std::size_t seen = 0;
  for (; cursor->valid() && seen < compress_rows_max; cursor->next()) {
    ++seen;
    compressed_up_to_.store(views::row_at_end(cursor->key()).value);
    TRY(const views::Body body, parts_.codec.decode(cursor->value()));
    Bytes smaller = parts_.codec.compress(views::BodyCodec::encode_raw(body.header, body.bytes));
    if (smaller.size() < cursor->value().size()) {
      rows.emplace_back(cursor->key(), std::move(smaller));
    }
  }
  TRY_OK(cursor->status());
  std::vector<views::Write> writes;
  writes.reserve(rows.size());
  for (const auto& [key, value] : rows) {
    writes.push_back(views::Write{views::Table::body, key, BytesView(value)});
  }
  if (!writes.empty()) {
    TRY_OK(parts_.kv.write(writes));
  }
  return seen == compress_rows_max;
}

Result<bool> Applier::build_some() {
  auto more = build_.step();
  if (!more && more.error().code == Code::corrupt) {
    const std::scoped_lock lock(mutex_);
    build_failure_ = more.error().what;
    return false;  // searches go on by the epoch before
  }
  const auto& ready = build_.ready();
  if (more && !*more && ready && offered_.load() != ready->definitions.value) {
    offered_.store(ready->definitions.value);
    parts_.published.refresh();  // whoever searches by them sees what was made
    if (!parts_.built(*ready)) {
      offered_.store(0);
    }
  }
  return more;
}

Task<void> Applier::drained() { co_await drained_.pop_all(); }

Task<Result<void>> Applier::stop() {
  dirty_.close();
  co_return co_await ended_;
}

std::string Applier::stalled() const {
  const std::scoped_lock lock(mutex_);
  return stalled_;
}

std::string Applier::build_failure() const {
  const std::scoped_lock lock(mutex_);
  return build_failure_;
}

std::string Applier::failure() const {
  const std::scoped_lock lock(mutex_);
  return failure_;
}

}  // namespace holdfast::node
