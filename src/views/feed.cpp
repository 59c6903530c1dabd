#include "views/feed.h"

namespace holdfast::views {
namespace {

Bytes prefix_of(std::string_view neighbour) {
  Bytes key = "feed/";
  append_text(key, neighbour);
  return key;
}

/// Hours before 1970 sort before those after it.
Bytes key_of(std::string_view neighbour, Hour hour) {
  Bytes key = prefix_of(neighbour);
  append_big(key, static_cast<std::uint64_t>(hour.value) ^ (std::uint64_t{1} << 63U));
  return key;
}

Result<FeedHour> hour_in(BytesView value) {
  ByteReader bytes(value);
  FeedHour hour;
  hour.count = bytes.varint();
  hour.last = Time{bytes.little<std::int64_t>()};
  if (bytes.failed() || !bytes.at_end()) {
    return fail(Code::corrupt, "feed: a row that cannot be read; run `holdfast rebuild`");
  }
  return hour;
}

}  // namespace

Result<void> count_message(WorkLayer& layer, std::string_view neighbour, Time time) {
  const Hour hour = hour_of(time);
  TRY(FeedHour feed, read_feed_hour(layer, neighbour, hour));
  Bytes value;
  append_varint(value, feed.count + 1);
  append_little(value, time.ms);
  layer.put(Table::meta, key_of(neighbour, hour), value);
  return ok();
}

Result<FeedHour> read_feed_hour(const Reader& reader, std::string_view neighbour, Hour hour) {
  TRY(const auto value, reader.get(Table::meta, key_of(neighbour, hour)));
  return value ? hour_in(*value) : Result<FeedHour>(FeedHour{});
}

Result<std::optional<Hour>> read_first_feed(const Reader& reader, std::string_view neighbour) {
  const Bytes prefix = prefix_of(neighbour);
  const auto cursor = reader.scan(Table::meta, prefix, after_prefix(prefix), Direction::forward);
  if (!cursor->valid() || cursor->key().size() != prefix.size() + sizeof(std::uint64_t)) {
    TRY_OK(cursor->status());
    return std::nullopt;
  }
  const auto flipped = load_big<std::uint64_t>(cursor->key().data() + prefix.size());
  return Hour{static_cast<std::int64_t>(flipped ^ (std::uint64_t{1} << 63U))};
}

Result<FeedHour> read_newest_feed(const Reader& reader, std::string_view neighbour, Hour hour) {
  const Bytes until = key_of(neighbour, Hour{hour.value + 1});
  const auto cursor = reader.scan(Table::meta, prefix_of(neighbour), until, Direction::backward);
  if (!cursor->valid()) {
    TRY_OK(cursor->status());
    return FeedHour{};
  }
  return hour_in(cursor->value());
}

}  // namespace holdfast::views
