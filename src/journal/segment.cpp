#include "journal/segment.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include "base/check.h"

namespace holdfast::journal {
namespace {

constexpr std::string_view segment_magic = "HFSEGMT1";
constexpr std::size_t at_version = 8;
constexpr std::size_t at_community = 16;
constexpr std::size_t at_number = 32;
constexpr std::size_t at_first = 40;
constexpr std::size_t at_segment_bytes = 48;
constexpr std::size_t at_previous_chain = 64;
constexpr std::size_t at_created = 96;
constexpr std::size_t at_record_magic = 104;
constexpr std::size_t at_crc = segment_header_bytes - 4;

template <class T>
bool take_number(std::string_view& text, T& value, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{}) {
    return false;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) {
    return false;
  }
  text.remove_prefix(expected.size());
  return true;
}

}  // namespace

Bytes encode_segment_header(const SegmentHeader& header) {
  Bytes raw(segment_header_bytes, '\0');
  char* const to = raw.data();
  std::ranges::copy(segment_magic, to);
  store_little(to + at_version, format_version);
  std::ranges::copy(header.community.bytes, to + at_community);
  store_little(to + at_number, header.number.value);
  store_little(to + at_first, header.first.value);
  store_little(to + at_segment_bytes, header.segment_bytes);
  std::memcpy(to + at_previous_chain, header.previous_chain.bytes.data(), 32);
  store_little(to + at_created, header.created.ms);
  store_little(to + at_record_magic, header.magic.value);
  store_little(to + at_crc, crc32c(BytesView(raw).substr(0, at_crc)));
  return raw;
}

Result<SegmentHeader> decode_segment_header(BytesView bytes) {
  if (bytes.size() != segment_header_bytes) {
    return fail(Code::corrupt, "segment header is cut short");
  }
  const char* const from = bytes.data();
  if (bytes.substr(0, segment_magic.size()) != segment_magic) {
    return fail(Code::corrupt, "not a segment: its magic differs");
  }
  if (load_little<std::uint32_t>(from + at_crc) != crc32c(bytes.substr(0, at_crc))) {
    return fail(Code::corrupt, "segment header checksum differs");
  }
  if (load_little<std::uint32_t>(from + at_version) != format_version) {
    return fail(Code::unsupported,
                fmt::format("segment of format version {}; this program reads version {}",
                            load_little<std::uint32_t>(from + at_version), format_version));
  }
  SegmentHeader header;
  std::memcpy(header.community.bytes.data(), from + at_community, 16);
  header.number = {load_little<std::uint64_t>(from + at_number)};
  header.first = {load_little<std::uint64_t>(from + at_first)};
  header.segment_bytes = load_little<std::uint64_t>(from + at_segment_bytes);
  header.previous_chain = Hash::from(bytes.substr(at_previous_chain, 32));
  header.created = {load_little<std::int64_t>(from + at_created)};
  header.magic = {load_little<std::uint64_t>(from + at_record_magic)};
  if (header.segment_bytes < segment_bytes_min || header.segment_bytes > segment_bytes_max ||
      header.segment_bytes % segment_header_bytes != 0 || header.first.value == 0 ||
      header.magic.value == 0) {
    return fail(Code::corrupt, "segment header holds numbers that are never written");
  }
  if (encode_segment_header(header) != bytes) {
    return fail(Code::corrupt, "unused segment header bytes are not zero");
  }
  return header;
}

std::string segment_path(const Options& options, SegmentNumber number) {
  check(number.value >= 1 && number.value <= segment_number_max, "segments are numbered from 1");
  return fmt::format("{}/{:08}.seg", options.directory, number.value);
}

std::optional<SegmentNumber> segment_number_of(const std::string& file_name) {
  std::string_view rest = file_name;
  SegmentNumber number;
  if (file_name.size() != 12 || !take_number(rest, number.value, 10) || rest != ".seg" ||
      number.value == 0) {
    return std::nullopt;
  }
  return number;
}

std::string torn_file_name(const TornName& torn) {
  const std::string copy = torn.copy > 1 ? fmt::format("-{}", torn.copy) : "";
  return fmt::format("{:08}-{:08x}-p{}{}{}.torn", torn.segment.value, torn.offset,
                     torn.position.value, copy, torn.audited ? ".audited" : "");
}

std::optional<TornName> parse_torn_file_name(const std::string& file_name) {
  std::string_view rest = file_name;
  TornName torn;
  if (!take_number(rest, torn.segment.value, 10) || !take(rest, "-") ||
      !take_number(rest, torn.offset, 16) || !take(rest, "-p") ||
      !take_number(rest, torn.position.value, 10)) {
    return std::nullopt;
  }
  if (take(rest, "-") && !take_number(rest, torn.copy, 10)) {
    return std::nullopt;
  }
  torn.audited = take(rest, ".audited");
  if (rest != ".torn" || torn_file_name(torn) != file_name) {
    return std::nullopt;
  }
  return torn;
}

}  // namespace holdfast::journal
