#include "views/timeline.h"

#include <algorithm>
#include <memory>

#include "base/check.h"
#include "views/keys.h"
#include "views/postings.h"
#include "views/versions.h"

namespace holdfast::views {
namespace {

// What is left of `range` behind `after`.
RowRange rest_of(RowRange range, Direction direction, std::optional<RowId> after) {
  if (after && direction == Direction::forward) {
    range.first = std::max(range.first, RowId{after->value + 1});
  } else if (after) {
    range.last = std::min(range.last, RowId{after->value - 1});
  }
  return range;
}

std::vector<RowId> all_rows(RowRange range, Direction direction, std::size_t limit) {
  std::vector<RowId> rows;
  for (std::uint64_t i = 0; i < limit && range.first.value + i <= range.last.value; ++i) {
    rows.push_back(direction == Direction::forward ? RowId{range.first.value + i}
                                                   : RowId{range.last.value - i});
  }
  return rows;
}

// A sorted list of rows under one prefix.
class RowCursor {
 public:
  RowCursor(const Reader& reader, Table table, const Bytes& prefix, RowRange range,
            Direction direction)
      : from_(prefix), until_(prefix) {
    append_row(from_, range.first);
    append_row(until_, RowId{range.last.value + 1});
    cursor_ = reader.scan(table, from_, until_, direction);
  }
  [[nodiscard]] std::optional<RowId> row() const {
    return cursor_->valid() ? std::optional(row_at_end(cursor_->key())) : std::nullopt;
  }
  void next() { cursor_->next(); }
  [[nodiscard]] Result<void> status() const { return cursor_->status(); }

 private:
  Bytes from_;
  Bytes until_;
  std::unique_ptr<Cursor> cursor_;
};

// A version is in the listing or in past, never in both.
Result<std::vector<RowId>> rows_of_type(const Reader& reader, fhir::TypeId type, RowRange range,
                                        Direction direction, std::size_t limit) {
  RowCursor present(reader, Table::posting, listing_prefix(type), range, direction);
  RowCursor past(reader, Table::past, past_key(type, std::nullopt), range, direction);
  std::vector<RowId> rows;
  while (rows.size() < limit) {
    const auto one = present.row();
    const auto other = past.row();
    if (!one && !other) {
      break;
    }
    const bool rising = direction == Direction::forward;
    const bool take_one = one && (!other || (rising ? *one < *other : *one > *other));
    rows.push_back(take_one ? *one : *other);
    (take_one ? present : past).next();
  }
  TRY_OK(present.status());
  TRY_OK(past.status());
  return rows;
}

// Versions of the resource before `current`, from `after` on.
Result<void> add_past_rows(std::vector<RowId>& rows, const Reader& reader,
                           const TimelineScope& scope, const Current& current, RowRange range,
                           Direction direction, std::optional<RowId> after, std::size_t limit) {
  Bytes from = current_key(*scope.type, scope.id);
  Bytes until = history_key(*scope.type, scope.id, current.version);
  if (after) {
    TRY(const BodyHeader header, read_body_header(reader, *after));
    if (header.type != *scope.type || header.id != scope.id) {
      return fail(Code::expired, "this page ended in a version that this record does not have");
    }
    if (direction == Direction::forward) {
      from = history_key(*scope.type, scope.id, Version{header.version.value + 1});
    } else {
      until = std::min(until, history_key(*scope.type, scope.id, header.version));
    }
  }
  const auto cursor = reader.scan(Table::history, from, until, direction);
  for (; rows.size() < limit && cursor->valid(); cursor->next()) {
    TRY(const Pointer pointer, past_at(*cursor));
    const RowId row = pointer.at.row;
    if (direction == Direction::forward ? row > range.last : row < range.first) {
      break;
    }
    if (row >= range.first && row <= range.last) {
      rows.push_back(row);
    }
  }
  return cursor->status();
}

Result<std::vector<RowId>> rows_of_one(const Reader& reader, const TimelineScope& scope,
                                       RowRange range, Direction direction,
                                       std::optional<RowId> after, std::size_t limit) {
  std::vector<RowId> rows;
  TRY(const auto current, read_current(reader, *scope.type, scope.id));
  if (!current) {
    return rows;
  }
  const RowRange rest = rest_of(range, direction, after);
  const bool wanted = current->row >= rest.first && current->row <= rest.last;
  if (wanted && direction == Direction::backward && limit > 0) {
    rows.push_back(current->row);
  }
  TRY_OK(add_past_rows(rows, reader, scope, *current, range, direction, after, limit));
  if (wanted && direction == Direction::forward && rows.size() < limit) {
    rows.push_back(current->row);
  }
  return rows;
}

}  // namespace

Result<std::vector<RowId>> read_timeline(const Reader& reader, const TimelineScope& scope,
                                         RowRange range, Direction direction,
                                         std::optional<RowId> after, std::size_t limit) {
  check(range.first.value > 0 && range.last < row_max, "rows are numbered from 1");
  check(scope.type || scope.id.empty(), "an id is one of a type");
  if (!scope.id.empty()) {
    return rows_of_one(reader, scope, range, direction, after, limit);
  }
  const RowRange rest = rest_of(range, direction, after);
  if (rest.last < rest.first) {
    return std::vector<RowId>();
  }
  return scope.type ? rows_of_type(reader, *scope.type, rest, direction, limit)
                    : all_rows(rest, direction, limit);
}

Result<std::optional<std::uint64_t>> count_timeline(const Reader& reader,
                                                    const TimelineScope& scope, RowRange range,
                                                    std::size_t counted_max) {
  if (!scope.type) {
    return range.last < range.first ? 0 : range.last.value - range.first.value + 1;
  }
  if (!scope.id.empty()) {
    // Versions are numbered without gaps.
    TRY(const auto oldest,
        read_timeline(reader, scope, range, Direction::forward, std::nullopt, 1));
    TRY(const auto newest,
        read_timeline(reader, scope, range, Direction::backward, std::nullopt, 1));
    if (oldest.empty()) {
      return 0;
    }
    TRY(const BodyHeader first, read_body_header(reader, oldest[0]));
    TRY(const BodyHeader last, read_body_header(reader, newest[0]));
    return last.version.value - first.version.value + 1;
  }
  TRY(const auto rows,
      read_timeline(reader, scope, range, Direction::backward, std::nullopt, counted_max + 1));
  return rows.size() > counted_max ? std::nullopt : std::optional<std::uint64_t>(rows.size());
}

Result<std::optional<RowId>> successor_of(const Reader& reader, RowId row) {
  TRY(const BodyHeader header, read_body_header(reader, row));
  return read_version(reader, header.type, header.id, Version{header.version.value + 1});
}

}  // namespace holdfast::views
