#include "journal/writer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "journal/segment_file.h"

namespace holdfast::journal {
namespace {

/// Memory that an empty batch keeps for the next.
constexpr std::size_t batch_keep_bytes = 4U << 20U;
/// How long a commit waits for a segment that the background is making.
constexpr std::int64_t preparation_wait_ms_max = 60'000;

}  // namespace

Writer::Writer(const Parts& parts, const Options& options, Start start)
    : clock_(parts.clock),
      disk_(parts.disk),
      random_(parts.random),
      sequencer_(parts.sequencer),
      options_(options),
      segments_(std::move(start.segments)),
      file_(std::move(start.file)),
      header_(start.header),
      end_(start.end),
      durable_(start.head),
      last_(start.head),
      sealed_(start.sealed) {}

std::unexpected<Error> Writer::die(const Error& why) {
  if (why.code == Code::unavailable) {  // has died of it already
    return std::unexpected(why);
  }
  segments_->die({Code::unavailable, "the journal takes no more writes: " + why.what, {}, {}});
  return std::unexpected(*segments_->failure());
}

// A full disk is no reason to die, as long as no sync has failed.
std::unexpected<Error> Writer::die_unless_full(Error why) {
  return why.code == Code::no_space ? std::unexpected(std::move(why)) : die(why);
}

Result<void> Writer::usable() const {
  if (auto failure = segments_->failure()) {
    return fail(std::move(*failure));
  }
  if (auto full = segments_->full()) {
    return fail(std::move(*full));
  }
  return ok();
}

std::uint64_t Writer::room() const {
  if (next_) {
    return capacity_bytes(next_->segment_bytes) - batch_.size();
  }
  return must_roll_ ? 0 : header_.segment_bytes - end_ - batch_.size();
}

bool Writer::fits(std::uint64_t command_bytes, std::uint64_t outcome_bytes) const {
  if (batch_.empty()) {
    return true;
  }
  const std::uint64_t bytes = record_bytes(command_bytes, outcome_bytes);
  return bytes <= room() && batch_.size() + bytes <= batch_bytes_max;
}

SegmentHeader Writer::next_header() {
  SegmentHeader next;
  next.community = header_.community;
  next.number = header_.number.next();
  next.first = durable_.position.next();
  next.segment_bytes = options_.segment_bytes;
  next.previous_chain = durable_.hash;
  next.created = clock_.wall();
  do {
    next.magic = {random_.next()};
  } while (next.magic.value == 0);
  return next;
}

Result<Appended> Writer::append(const Entry& entry) {
  check(!busy_, "append() does not run beside commit() or seal()");
  TRY_OK(usable());
  if (entry.command.size() >= record_bytes_max || entry.outcome.size() >= record_bytes_max) {
    return fail(Code::too_large, "an entry takes at most 32 MiB in the journal");
  }
  const std::uint64_t bytes = record_bytes(entry.command.size(), entry.outcome.size());
  if (bytes > record_bytes_max || bytes > capacity_bytes(options_.segment_bytes)) {
    return fail(Code::too_large,
                fmt::format("an entry of {} bytes; the journal takes {}", bytes,
                            std::min<std::uint64_t>(record_bytes_max,
                                                    capacity_bytes(options_.segment_bytes))));
  }
  check(entry.kind != seal_kind, "seals are the writer's own");
  check(entry.time >= last_.time, "an entry is never earlier than the one before it");
  check(fits(entry.command.size(), entry.outcome.size()), "ask fits() before append()");
  if (batch_.empty() && bytes > room()) {
    next_ = next_header();
  }
  Header header;
  header.magic = next_ ? next_->magic : header_.magic;
  header.kind = entry.kind;
  header.flags = entry.flags;
  header.position = last_.position.next();
  header.time = entry.time;
  header.key = entry.key;
  header.durable_through = durable_.position;
  header.dictionary = entry.dictionary;
  header.payload_hash = payload_hash(entry.command_hash, entry.outcome_hash);
  header.previous_hash = last_.hash;
  last_record_ = batch_.size();
  append_record(batch_, header, header_.community, entry.command, entry.outcome);
  last_ = {header.position, header.hash, entry.time};
  return Appended{header.position, header.hash};
}

void Writer::forget_batch() {
  next_.reset();
  batch_.clear();
  if (batch_.capacity() > batch_keep_bytes) {
    batch_.shrink_to_fit();
  }
}

void Writer::discard() {
  check(!busy_, "discard() does not run beside commit() or seal()");
  forget_batch();
  last_ = durable_;
}

Task<Result<void>> Writer::commit() {
  check(!busy_, "one commit at a time");
  if (auto failure = segments_->failure()) {
    discard();
    co_return fail(std::move(*failure));
  }
  if (batch_.empty()) {
    co_return ok();
  }
  busy_ = true;
  Result<void> result = co_await write_batch();
  busy_ = false;
  if (result) {
    durable_ = last_;
    sealed_ = false;
    segments_->publish(end_, durable_.position);
    forget_batch();
  } else {
    discard();
  }
  co_return result;
}

Task<Result<void>> Writer::write_batch() {
  if (next_) {
    CO_TRY_OK(co_await roll(*next_));
  }
  if (options_.bug == Bug::durable_before_last) {
    // Planted: the last record is written when the batch already counts as durable.
    const Bytes last = batch_.substr(last_record_);
    batch_.resize(last_record_);
    CO_TRY_OK(co_await write_and_sync(batch_));
    auto written = file_->write(end_, last);
    if (!written) {
      co_return die_unless_full(std::move(written).error());
    }
    end_ += last.size();
    co_return ok();
  }
  co_return co_await write_and_sync(batch_);
}

// One write, one sync. Where an earlier write failed for want of space, the bytes it may have left
// behind this one are made zero by the same write, so that slack stays zero.
Task<Result<void>> Writer::write_and_sync(BytesView bytes) {
  const std::uint64_t until = end_ + bytes.size();
  Bytes padded;
  if (dirty_until_ > until) {
    padded.assign(bytes);
    padded.resize(dirty_until_ - end_);
  }
  auto written = file_->write(end_, padded.empty() ? bytes : BytesView(padded));
  if (!written) {
    dirty_until_ = std::max(dirty_until_, until);
    co_return die_unless_full(std::move(written).error());
  }
  auto synced = co_await sync_file(*file_, options_.bug);
  if (!synced) {
    co_return die(synced.error());
  }
  dirty_until_ = 0;
  end_ = until;
  co_return ok();
}

// From the first byte of the next header on nothing more may be written to the old segment: that
// header says where the old one ends.
Task<Result<void>> Writer::roll(SegmentHeader next) {
  CO_TRY_OK(co_await next_prepared());
  if (dirty_until_ > end_) {
    CO_TRY_OK(co_await write_and_sync(BytesView()));
  }
  auto file = disk_.open(segment_path(options_, next.number), OpenMode::write);
  if (!file) {
    co_return die_unless_full(std::move(file).error());
  }
  must_roll_ = true;
  const Bytes raw = encode_segment_header(next);
  auto written = (*file)->write(0, raw);
  if (!written) {
    co_return die_unless_full(std::move(written).error());
  }
  auto synced = co_await sync_file(**file, options_.bug);
  if (synced) {
    synced = co_await sync_names(disk_, options_);
  }
  if (!synced) {
    co_return die(synced.error());
  }
  must_roll_ = false;
  file_ = *std::move(file);
  header_ = next;
  end_ = segment_header_bytes;
  Segment segment;
  segment.number = next.number;
  segment.first = next.first;
  segment.previous_chain = next.previous_chain;
  segment.magic = next.magic;
  segment.bytes = next.segment_bytes;
  segment.limit = end_;
  segment.last = true;
  segments_->begin(segment);
  co_return ok();
}

Task<Result<void>> Writer::next_prepared() {
  for (std::int64_t waited_ms = 0; !segments_->ready(); ++waited_ms) {
    if (auto failure = segments_->failure()) {
      co_return fail(std::move(*failure));
    }
    if (const auto number = segments_->claim_preparation()) {
      const Result<void> made = co_await prepare_one(*number);
      segments_->prepared(made);
      CO_TRY_OK(made);
      continue;
    }
    if (waited_ms == preparation_wait_ms_max) {
      co_return fail(Code::overloaded, "the next segment of the journal is not ready yet");
    }
    co_await sequencer_.sleep(milliseconds(1));
  }
  co_return ok();
}

Task<Result<void>> Writer::seal() {
  check(!busy_ && batch_.empty(), "a seal stands between batches");
  if (auto failure = segments_->failure()) {
    co_return fail(std::move(*failure));
  }
  if (sealed_) {
    co_return ok();
  }
  busy_ = true;
  Result<void> result;
  if (seal_bytes > room()) {
    // The next segment's header proves as much.
    const SegmentHeader next = next_header();
    result = co_await roll(next);
  } else {
    Header header;
    header.magic = header_.magic;
    header.kind = seal_kind;
    header.durable_through = durable_.position;
    header.previous_hash = durable_.hash;
    Bytes seal;
    append_record(seal, header, header_.community, {}, {});
    // Cleaned first: a seal says that all is well up to it, zeros behind it included.
    if (dirty_until_ > end_) {
      result = co_await write_and_sync(BytesView());
    }
    if (result) {
      result = co_await write_and_sync(seal);
    }
  }
  busy_ = false;
  if (result) {
    sealed_ = true;
    segments_->publish(end_, durable_.position);
  }
  co_return result;
}

Task<Result<void>> Writer::prepare() {
  while (const auto number = segments_->claim_preparation()) {
    const Result<void> made = co_await prepare_one(*number);
    segments_->prepared(made);
    CO_TRY_OK(made);
  }
  co_return ok();
}

Task<Result<void>> Writer::prepare_one(SegmentNumber number) {
  Result<void> made = co_await make_segment_file(disk_, options_, number);
  if (!made) {
    co_return die_unless_full(std::move(made).error());
  }
  co_return ok();
}

Task<Result<void>> Writer::audited(std::string torn_file) {
  const auto torn = parse_torn_file_name(torn_file);
  if (!torn || torn->audited) {
    co_return fail(Code::value, "not the name of a torn file that waits for its audit entry",
                   std::move(torn_file));
  }
  TornName renamed = *torn;
  renamed.audited = true;
  CO_TRY_OK(disk_.rename(options_.directory + "/" + torn_file,
                         options_.directory + "/" + torn_file_name(renamed)));
  const Result<void> synced = co_await sync_names(disk_, options_);
  if (!synced) {
    co_return die(synced.error());
  }
  co_return ok();
}

}  // namespace holdfast::journal
