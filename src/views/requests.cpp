#include "views/requests.h"

namespace holdfast::views {

void write_request(WorkLayer& layer, const IdempotencyKey& key, const Request& request) {
  Bytes value;
  append_varint(value, request.position.value);
  value.append(request.request_hash.view());
  layer.put(Table::request, key.view(), value);
}

Result<std::optional<Request>> read_request(const Reader& reader, const IdempotencyKey& key) {
  TRY(const auto value, reader.get(Table::request, key.view()));
  if (!value) {
    return std::nullopt;
  }
  ByteReader bytes(*value);
  Request request;
  request.position = Position{bytes.varint()};
  const BytesView hash = bytes.bytes(sizeof(Hash::bytes));
  if (bytes.failed() || !bytes.at_end()) {
    return fail(Code::corrupt, "request: a row that cannot be read");
  }
  request.request_hash = Hash::from(hash);
  return request;
}

}  // namespace holdfast::views
