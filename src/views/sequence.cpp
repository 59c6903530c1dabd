#include "views/sequence.h"

#include "model/message.h"

namespace holdfast::views {
namespace {

Bytes key_of(std::string_view neighbour) {
  Bytes key = "sequence/";
  append_text(key, neighbour);
  return key;
}

}  // namespace

void write_sequence(WorkLayer& layer, std::string_view neighbour, std::int64_t number) {
  Bytes value;
  append_varint(value, static_cast<std::uint64_t>(number - sequence_anew));
  layer.put(Table::meta, key_of(neighbour), value);
}

Result<std::int64_t> read_sequence(const Reader& reader, std::string_view neighbour) {
  TRY(const auto value, reader.get(Table::meta, key_of(neighbour)));
  if (!value) {
    return sequence_anew;
  }
  ByteReader bytes(*value);
  const std::uint64_t number = bytes.varint();
  if (bytes.failed() || !bytes.at_end() || number > std::uint64_t{sequence_max} + 1) {
    return fail(Code::corrupt, "sequence: a row that cannot be read; run `holdfast rebuild`");
  }
  return static_cast<std::int64_t>(number) + sequence_anew;
}

}  // namespace holdfast::views
