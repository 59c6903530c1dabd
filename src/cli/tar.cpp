#include "cli/tar.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace holdfast::cli {
namespace {

constexpr std::size_t block_bytes = 512;
using Block = std::array<char, block_bytes>;

// Fields of a ustar header: offset and length.
struct Place {
  std::size_t at;
  std::size_t bytes;
};
constexpr Place name_field{0, 100};
constexpr Place size_field{124, 12};
constexpr Place checksum_field{148, 8};
constexpr Place magic_field{257, 6};
constexpr Place prefix_field{345, 155};
constexpr std::size_t type_at = 156;

std::string_view field(const Block& block, Place place) {
  return {block.data() + place.at, place.bytes};
}
std::string_view text_field(const Block& block, Place place) {
  const std::string_view raw = field(block, place);
  return raw.substr(0, std::min(raw.find('\0'), raw.size()));
}

// Octal digits, or GNU's base 256 where the first bit is set.
std::optional<std::uint64_t> number_field(const Block& block, Place place) {
  std::string_view raw = field(block, place);
  if ((static_cast<unsigned char>(raw[0]) & 0x80U) != 0) {
    std::uint64_t value = static_cast<unsigned char>(raw[0]) & 0x7fU;
    for (const char c : raw.substr(1)) {
      if (value >> 55U != 0) {
        return std::nullopt;
      }
      value = value << 8U | static_cast<unsigned char>(c);
    }
    return value;
  }
  while (!raw.empty() && raw.front() == ' ') {
    raw.remove_prefix(1);
  }
  while (!raw.empty() && (raw.back() == ' ' || raw.back() == '\0')) {
    raw.remove_suffix(1);
  }
  if (raw.empty()) {
    return std::uint64_t{0};
  }
  std::uint64_t value = 0;
  const auto [end, fault] = std::from_chars(raw.data(), raw.data() + raw.size(), value, 8);
  return fault == std::errc{} && end == raw.data() + raw.size() ? std::optional(value)
                                                                : std::nullopt;
}

// The sum of all bytes, those of the checksum itself taken as spaces.
bool checksum_holds(const Block& block) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const bool own = i >= checksum_field.at && i < checksum_field.at + checksum_field.bytes;
    sum += own ? std::uint64_t{' '} : static_cast<unsigned char>(block[i]);
  }
  return number_field(block, checksum_field) == sum;
}

bool all_zero(const Block& block) {
  return std::all_of(block.begin(), block.end(), [](char c) { return c == 0; });
}

std::uint64_t padding_of(std::uint64_t bytes) {
  return (block_bytes - bytes % block_bytes) % block_bytes;
}

}  // namespace

struct TarReader::Header {
  char type = 0;
  std::string name;
  std::uint64_t bytes = 0;
};

Result<std::optional<TarReader::Header>> TarReader::read_header() {
  Block block;
  TRY(const std::size_t count, read_full(source_, block));
  if (count == 0 || (count == block_bytes && all_zero(block))) {
    return std::nullopt;  // some writers leave out the two blocks of zeros
  }
  if (count < block_bytes) {
    return fail(Code::syntax, "the archive ends within a header");
  }
  if (!checksum_holds(block)) {
    return fail(Code::syntax, "this is no tar archive, or it is damaged: a header's sum is wrong");
  }
  Header header;
  header.type = block[type_at];
  const auto bytes = number_field(block, size_field);
  if (!bytes) {
    return fail(Code::syntax, "a header's size is no number");
  }
  header.bytes = *bytes;
  header.name = text_field(block, name_field);
  const std::string_view prefix = text_field(block, prefix_field);
  const bool ustar = field(block, magic_field) == std::string_view("ustar\0", 6);
  if (ustar && !prefix.empty()) {  // GNU keeps other things there
    header.name = fmt::format("{}/{}", prefix, header.name);
  }
  return header;
}

Result<Bytes> TarReader::read_extension(std::uint64_t bytes) {
  if (bytes > tar_extension_bytes_max) {
    return fail(Code::too_large, fmt::format("an extended header of {} bytes", bytes));
  }
  Bytes whole(bytes + padding_of(bytes), '\0');
  TRY(const std::size_t count, read_full(source_, whole));
  if (count < whole.size()) {
    return fail(Code::syntax, "the archive ends within an extended header");
  }
  whole.resize(bytes);
  return whole;
}

// Records "LENGTH KEY=VALUE\n", the length counting itself.
Result<void> TarReader::read_pax(BytesView records) {
  while (!records.empty()) {
    std::size_t length = 0;
    const auto [end, fault] =
        std::from_chars(records.data(), records.data() + records.size(), length);
    const std::size_t digits = static_cast<std::size_t>(end - records.data());
    if (fault != std::errc{} || length > records.size() || length < digits + 2 || *end != ' ' ||
        records[length - 1] != '\n') {
      return fail(Code::syntax, "a pax record is malformed");
    }
    const BytesView record = records.substr(digits + 1, length - digits - 2);
    records.remove_prefix(length);
    const std::size_t equals = record.find('=');
    const BytesView key = record.substr(0, equals);
    if (equals == BytesView::npos) {
      return fail(Code::syntax, "a pax record has no '='");
    }
    const BytesView value = record.substr(equals + 1);
    if (key == "path") {
      long_name_ = value;
    } else if (key == "size") {
      std::uint64_t size = 0;
      const auto read = std::from_chars(value.data(), value.data() + value.size(), size);
      if (read.ec != std::errc{} || read.ptr != value.data() + value.size()) {
        return fail(Code::syntax, "a pax size is no number");
      }
      long_size_ = size;
    } else if (key.starts_with("GNU.sparse")) {
      return fail(Code::unsupported, "the archive holds a sparse file; pack it without --sparse");
    }
  }
  return ok();
}

Result<void> TarReader::skip_rest() {
  std::array<char, 16384> dropped;
  std::uint64_t rest = left_ + padding_;
  while (rest > 0) {
    TRY(const std::size_t count,
        source_.read(std::span(dropped).first(std::min<std::uint64_t>(rest, dropped.size()))));
    if (count == 0) {
      return fail(Code::syntax, "the archive ends within a file");
    }
    rest -= count;
  }
  left_ = 0;
  padding_ = 0;
  return ok();
}

Result<std::optional<TarReader::Member>> TarReader::next() {
  for (;;) {
    TRY_OK(skip_rest());
    TRY(auto header, read_header());
    if (!header) {
      return std::nullopt;
    }
    switch (header->type) {
      case 'x': {
        TRY(const Bytes records, read_extension(header->bytes));
        TRY_OK(read_pax(records));
        continue;
      }
      case 'g': {  // global records: none of them changes what a file holds
        TRY_OK(read_extension(header->bytes));
        continue;
      }
      case 'L': {
        TRY(const Bytes name, read_extension(header->bytes));
        long_name_ = name.substr(0, std::min(name.find('\0'), name.size()));
        continue;
      }
      case 'K': {  // the long target of a link
        TRY_OK(read_extension(header->bytes));
        continue;
      }
      case 'S': return fail(Code::unsupported, "the archive holds a sparse file");
      default: break;
    }
    left_ = long_size_.value_or(header->bytes);
    padding_ = padding_of(left_);
    Member member{long_name_.empty() ? header->name : long_name_, left_};
    long_name_.clear();
    long_size_.reset();
    const bool file = header->type == '0' || header->type == '\0' || header->type == '7';
    if (file && !member.name.ends_with('/')) {
      return member;
    }
  }
}

Result<std::size_t> TarReader::read(std::span<char> into) {
  const std::size_t wanted = std::min<std::uint64_t>(left_, into.size());
  if (wanted == 0) {
    return std::size_t{0};
  }
  TRY(const std::size_t count, source_.read(into.first(wanted)));
  if (count == 0) {
    return fail(Code::syntax, "the archive ends within a file");
  }
  left_ -= count;
  return count;
}

}  // namespace holdfast::cli
