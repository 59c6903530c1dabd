#include "views/body_scan.h"

#include <fmt/format.h>

#include "views/keys.h"

namespace holdfast::views {
namespace {

/// So many steps cost less than to seek.
constexpr std::uint64_t steps_max = 12;

}  // namespace

bool BodyScan::move_to(RowId row) {
  const Bytes key = body_key(row);
  if (cursor_ == nullptr) {
    cursor_ = reader_.scan(Table::body, key, {}, Direction::forward);
  } else if (!cursor_->valid() || cursor_->key() > BytesView(key)) {
    cursor_ = reader_.scan(Table::body, key, {}, Direction::forward);
  } else if (row.value - row_at_end(cursor_->key()).value > steps_max) {
    cursor_->seek(key);
  } else {
    while (cursor_->valid() && cursor_->key() < BytesView(key)) {
      cursor_->next();
    }
  }
  return cursor_->valid() && cursor_->key() == BytesView(key);
}

Result<BodyHeader> BodyScan::append(Bytes& to, RowId row) {
  Result<BodyHeader> kept{};
  if (cache_ != nullptr &&
      cache_->find(row, [&](BytesView value) { kept = codec_.decode_onto(to, value); })) {
    return kept;
  }
  if (!move_to(row)) {
    TRY_OK(cursor_->status());
    return fail(Code::corrupt, fmt::format("body: row {} is not there", row.value));
  }
  const std::size_t before = to.size();
  TRY(BodyHeader header, codec_.decode_onto(to, cursor_->value()));
  if (cache_ != nullptr) {
    cache_->keep(row, header, BytesView(to).substr(before));
  }
  return header;
}

}  // namespace holdfast::views
