#include "views/keys.h"

#include "base/check.h"
#include "base/text.h"

namespace holdfast::views {
namespace {

constexpr char uuid_tag = 1;
constexpr char text_tag = 2;

bool is_hyphen_place(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

// Only the one spelling that reading gives back: lower case, hyphens in their places.
bool append_uuid(Bytes& to, std::string_view id) {
  if (id.size() != uuid_text_bytes) {
    return false;
  }
  char raw[uuid_bytes];
  std::size_t digits = 0;
  for (std::size_t i = 0; i < id.size(); ++i) {
    if (is_hyphen_place(i)) {
      if (id[i] != '-') {
        return false;
      }
      continue;
    }
    const int value = hex_digit(id[i]);
    if (value < 0 || (id[i] >= 'A' && id[i] <= 'F')) {
      return false;
    }
    char& byte = raw[digits / 2];
    byte =
        static_cast<char>(digits % 2 == 0 ? value << 4 : static_cast<unsigned char>(byte) | value);
    ++digits;
  }
  to.push_back(uuid_tag);
  to.append(raw, sizeof raw);
  return true;
}

}  // namespace

void append_id(Bytes& to, std::string_view id) {
  if (append_uuid(to, id)) {
    return;
  }
  // An id has no NUL (https://hl7.org/fhir/R4/datatypes.html#id), so one ends it.
  check(id.find('\0') == std::string_view::npos, "ids are validated at the edge");
  to.push_back(text_tag);
  to.append(id);
  to.push_back('\0');
}

std::string read_id(ByteReader& reader) {
  const BytesView tag = reader.bytes(1);
  if (reader.failed()) {
    return {};
  }
  if (tag[0] == uuid_tag) {
    const BytesView raw = reader.bytes(uuid_bytes);
    return reader.failed() ? std::string() : uuid_text(raw);
  }
  const std::size_t end = reader.rest().find('\0');
  if (tag[0] != text_tag || end == BytesView::npos) {
    reader.bytes(SIZE_MAX);  // fails the reader
    return {};
  }
  std::string id(reader.bytes(end));
  reader.bytes(1);
  return id;
}

// A NUL within is 00 FF, the end is 00 00: 00 sorts before every other byte, so a text sorts
// before its continuations.
void append_row(Bytes& to, RowId row) {
  check(row <= row_max, "rows fit into 48 bits");
  char raw[8];
  store_big(raw, row.value);
  to.append(raw + (8 - row_key_bytes), row_key_bytes);
}

RowId row_at_end(BytesView key) {
  check(key.size() >= row_key_bytes, "the key ends in a row");
  static_assert(row_key_bytes == sizeof(std::uint16_t) + sizeof(std::uint32_t));
  const char* const at = key.data() + key.size() - row_key_bytes;
  const std::uint64_t high = load_big<std::uint16_t>(at);
  return {high << 32U | load_big<std::uint32_t>(at + sizeof(std::uint16_t))};
}

Bytes current_key(fhir::TypeId type, std::string_view id) {
  Bytes key;
  key.push_back(static_cast<char>(type.value));
  append_id(key, id);
  return key;
}

Bytes history_key(fhir::TypeId type, std::string_view id, Version version) {
  Bytes key = current_key(type, id);
  append_big(key, version.value);
  return key;
}

Bytes past_key(fhir::TypeId type, std::optional<RowId> row) {
  Bytes key(1, static_cast<char>(type.value));
  if (row) {
    append_row(key, *row);
  }
  return key;
}

Bytes body_key(RowId row) {
  Bytes key;
  append_row(key, row);
  return key;
}

}  // namespace holdfast::views
