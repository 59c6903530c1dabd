#include "node/index_build.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "views/keys.h"
#include "views/state.h"
#include "views/versions.h"

namespace holdfast::node {
namespace {

// What one step costs is about ten milliseconds.
constexpr std::size_t step_resources_max = 256;
constexpr std::size_t step_postings_max = 20'000;
constexpr BytesView progress_key = "indexes/progress";

struct Mark {
  views::IndexRange range;
  fhir::TypeId type;
  RowId next;
};

Bytes encode(const Mark& mark) {
  Bytes bytes;
  append_varint(bytes, mark.range.first);
  append_varint(bytes, mark.range.until);
  append_varint(bytes, mark.type.value);
  append_varint(bytes, mark.next.value);
  return bytes;
}

std::optional<Mark> decode_mark(BytesView bytes) {
  ByteReader reader(bytes);
  Mark mark;
  mark.range.first = static_cast<std::uint16_t>(reader.varint());
  mark.range.until = static_cast<std::uint16_t>(reader.varint());
  mark.type = fhir::TypeId{static_cast<std::uint8_t>(reader.varint())};
  mark.next = RowId{reader.varint()};
  return reader.failed() || !reader.at_end() ? std::nullopt : std::optional(mark);
}

std::vector<fhir::TypeId> types_of(const fhir::SearchParams& params, views::IndexRange range) {
  std::set<fhir::TypeId> types;
  for (std::uint16_t i = range.first; i < range.until; ++i) {
    if (params.is_written(fhir::IndexId{i})) {
      types.insert(params.index(fhir::IndexId{i}).type);
    }
  }
  return {types.begin(), types.end()};
}

}  // namespace

Result<bool> IndexBuild::step() {
  auto more = step_on();
  if (!more) {  // what was read may not have been written: on from the mark in the store
    stage_ = Stage::look;
    moment_.reset();
  }
  return more;
}

Result<bool> IndexBuild::step_on() {
  switch (stage_) {
    case Stage::look: return look();
    case Stage::put: return put_some();
    case Stage::sum_bodies: return sum_some_bodies();
    case Stage::sum_indexes: return sum_some_postings();
  }
  return false;
}

Result<bool> IndexBuild::look() {
  const Epoch& newest = epochs_.newest();
  if (settled_ == &newest) {
    return false;
  }
  const auto reader = kv_.snapshot();
  TRY(const views::State state, views::read_state(*reader));
  if (epochs_.at(state.definitions) != &newest) {
    return false;  // the store does not have it yet: what it holds now was not extracted under it
  }
  epoch_ = &newest;
  definitions_ = state.definitions;
  last_ = state.last_row;
  TRY(const std::size_t complete, read_complete(*reader));
  range_ = {static_cast<std::uint16_t>(complete),
            static_cast<std::uint16_t>(newest.params->index_count())};
  if (range_.first < range_.until) {
    types_ = types_of(*newest.params, range_);
    counts_.of = 2 * state.resources;
    counts_.resources = 0;
    resources_ = 0;
    start_pass();
    TRY_OK(resume(*reader));
    stage_ = Stage::put;
    return true;
  }
  settled_ = &newest;
  if (state.active != state.definitions) {
    ready_ = Activation{definitions_, resources_, found_};
  }
  return false;
}

void IndexBuild::start_pass() {
  type_ = 0;
  next_ = RowId{1};
}

// A start after a stop or a crash: the store has what was put before the mark.
Result<void> IndexBuild::resume(const views::Reader& reader) {
  TRY(const auto row, reader.get(views::Table::meta, progress_key));
  const auto mark = row ? decode_mark(*row) : std::nullopt;
  if (mark && mark->range == range_) {
    const auto at = std::ranges::find(types_, mark->type);
    type_ = static_cast<std::size_t>(at - types_.begin());
    next_ = mark->next;
  }
  return ok();
}

Result<IndexBuild::Rows> IndexBuild::next_rows(const views::Reader& reader) {
  Rows found;
  while (found.rows.empty()) {
    if (type_ == types_.size()) {
      found.pass_ended = true;
      return found;
    }
    const Bytes prefix = views::listing_prefix(types_[type_]);
    Bytes from = prefix;
    views::append_row(from, next_);
    const auto cursor = reader.scan(views::Table::posting, from, views::after_prefix(prefix),
                                    views::Direction::forward);
    bool type_ended = true;
    for (; cursor->valid(); cursor->next()) {
      const RowId row = views::row_at_end(cursor->key());
      if (row > last_) {
        break;
      }
      if (found.rows.size() == step_resources_max) {
        type_ended = false;
        break;
      }
      found.rows.push_back(row);
      next_ = RowId{row.value + 1};
    }
    TRY_OK(cursor->status());
    if (type_ended) {
      ++type_;
      next_ = RowId{1};
    }
  }
  counts_.resources += found.rows.size();
  return found;
}

Result<void> IndexBuild::read_keys(const views::Reader& reader, RowId row) {
  TRY(const views::Body body, views::read_body(reader, codec_, row));
  TRY_OK(stored_.fill(postings_, body.header.type, body.header.id, body.bytes, *epoch_->params,
                      json_reader_));
  views::keys_in_range(keys_, postings_, range_, row);
  return ok();
}

Result<bool> IndexBuild::put_some() {
  if (epoch_ != &epochs_.newest()) {  // there is more to make by now: from the beginning
    stage_ = Stage::look;
    return true;
  }
  // What is current in the store now. A version that a layer above has superseded is erased by that
  // layer, whatever is put here.
  const auto reader = kv_.snapshot();
  TRY(const Rows found, next_rows(*reader));
  std::vector<Bytes> keys;
  for (const RowId row : found.rows) {
    TRY_OK(read_keys(*reader, row));
    std::ranges::move(keys_, std::back_inserter(keys));
  }
  resources_ += found.rows.size();
  if (found.pass_ended) {
    moment_ = kv_.snapshot();
    TRY(const views::State state, views::read_state(*moment_));
    last_ = state.last_row;
    computed_ = {};
    found_ = {};
    start_pass();
    stage_ = Stage::sum_bodies;
    return true;
  }
  std::vector<views::Write> writes;
  writes.reserve(keys.size() + 1);
  for (const Bytes& key : keys) {
    writes.push_back({views::Table::posting, key, BytesView()});
  }
  const fhir::TypeId type = type_ < types_.size() ? types_[type_] : types_.back();
  const RowId next = type_ < types_.size() ? next_ : RowId{last_.value + 1};
  const Bytes mark = encode(Mark{range_, type, next});
  writes.push_back({views::Table::meta, progress_key, BytesView(mark)});
  TRY_OK(kv_.write(writes));
  return true;
}

Result<bool> IndexBuild::sum_some_bodies() {
  TRY(const Rows found, next_rows(*moment_));
  for (const RowId row : found.rows) {
    TRY_OK(read_keys(*moment_, row));
    for (const Bytes& key : keys_) {
      computed_.add(key);
    }
  }
  if (found.pass_ended) {
    next_key_ = views::index_prefix(fhir::IndexId{range_.first});
    stage_ = Stage::sum_indexes;
  }
  return true;
}

Result<bool> IndexBuild::sum_some_postings() {
  const auto cursor =
      moment_->scan(views::Table::posting, next_key_,
                    views::index_prefix(fhir::IndexId{range_.until}), views::Direction::forward);
  for (std::size_t i = 0; cursor->valid() && i < step_postings_max; ++i, cursor->next()) {
    found_.add(cursor->key());
    next_key_.assign(cursor->key()).push_back('\0');  // the next key, if there were one
  }
  TRY_OK(cursor->status());
  return cursor->valid() ? Result<bool>(true) : finish();
}

Result<bool> IndexBuild::finish() {
  moment_.reset();
  stage_ = Stage::look;
  counts_.of = 0;
  if (computed_ != found_) {
    settled_ = epoch_;  // trying again would find the same
    return fail(
        Code::corrupt,
        fmt::format("indexes {} to {} were made of {} resources, but hold {} postings where "
                    "{} belong, or other ones: searches go on by the definitions before. "
                    "`holdfast rebuild` makes all indexes anew",
                    range_.first, range_.until - 1, resources_, found_.postings,
                    computed_.postings));
  }
  const Bytes complete = encode_complete(range_.until);
  const std::array<views::Write, 2> writes{
      views::Write{views::Table::meta, complete_key, BytesView(complete)},
      views::Write{views::Table::meta, progress_key, std::nullopt}};
  TRY_OK(kv_.write(writes));
  TRY_OK(kv_.flush());
  return true;
}

}  // namespace holdfast::node
