#include "views/providers.h"

#include <fmt/format.h>

#include "fhir/type.h"
#include "views/versions.h"

namespace holdfast::views {
namespace {

Bytes key_of(std::string_view order) {
  Bytes key = providers_prefix();
  append_text(key, order);
  return key;
}
Bytes key_of(std::string_view order, Position by) {
  Bytes key = key_of(order);
  append_big(key, by.value);
  return key;
}

Bytes value_of(const OrderProvider& provider) {
  Bytes value(1, static_cast<char>(provider.what));
  append_text(value, provider.channel);
  append_text(value, provider.meant);
  append_varint(value, provider.since.position.value);
  append_varint(value, provider.since.index);
  append_varint(value, provider.tried.position.value);
  append_varint(value, provider.tried.index);
  return value;
}

Result<OrderProvider> provider_of(BytesView value) {
  ByteReader bytes(value);
  OrderProvider provider;
  const auto what = bytes.little<std::uint8_t>();
  provider.what = static_cast<Provided>(what);
  provider.channel = bytes.text();
  provider.meant = bytes.text();
  provider.since.position = Position{bytes.varint()};
  provider.since.index = static_cast<std::uint32_t>(bytes.varint());
  provider.tried.position = Position{bytes.varint()};
  provider.tried.index = static_cast<std::uint32_t>(bytes.varint());
  if (bytes.failed() || !bytes.at_end() || what < 1 || what > 6 || !is_row(provider.what)) {
    return fail(Code::corrupt, "outbox: a provider that cannot be read");
  }
  return provider;
}

}  // namespace

Bytes providers_prefix() {
  Bytes key;
  append_text(key, {});
  return key;
}

void write_provider(WorkLayer& layer, Digest& digest, std::string_view order, Position by,
                    const OrderProvider& provider) {
  layer.put(Table::outbox, key_of(order, by), value_of(provider));
  digest.add(provider_fact(order, by, provider.what, provider.channel));
}

Result<void> mark_tried(WorkLayer& layer, std::string_view channel, DutyName name,
                        const Duty& duty) {
  TRY(const auto beginning, read_beginning_of(layer, channel, duty));
  if (!beginning) {
    return fail(Code::corrupt,
                fmt::format("number {} of entry {} is tried, and is of no order that "
                            "began with channel '{}'",
                            name.index, name.position.value, channel));
  }
  TRY(OrderProvider begun, read_beginning(layer, beginning->order, beginning->since));
  begun.tried = name;
  layer.put(Table::outbox, key_of(beginning->order, beginning->since.position), value_of(begun));
  return ok();
}

Result<std::optional<OrderProvider>> read_provider(const Reader& reader, std::string_view order) {
  const Bytes rows = key_of(order);
  const auto cursor = reader.scan(Table::outbox, rows, after_prefix(rows), Direction::backward);
  if (!cursor->valid()) {
    TRY_OK(cursor->status());
    return std::nullopt;
  }
  TRY(OrderProvider provider, provider_of(cursor->value()));
  return provider;
}

Result<OrderProvider> read_beginning(const Reader& reader, std::string_view order, DutyName since) {
  TRY(const auto value, reader.get(Table::outbox, key_of(order, since.position)));
  if (!value) {
    return fail(Code::corrupt, fmt::format("outbox: ServiceRequest/{} did not begin anywhere by "
                                           "entry {}; run `holdfast verify`, then `holdfast "
                                           "rebuild`",
                                           order, since.position.value));
  }
  return provider_of(*value);
}

Result<std::optional<Beginning>> read_beginning_of(const Reader& reader, std::string_view channel,
                                                   const Duty& duty) {
  TRY(const BodyHeader header, read_body_header(reader, duty.row));
  if (fhir::name(header.type) != "ServiceRequest") {
    return std::nullopt;
  }
  Beginning beginning{header.id, duty.since, false};
  if (!duty.provided) {
    TRY(const auto provider, read_provider(reader, header.id));
    if (!provider || provider->channel != channel) {
      return std::nullopt;
    }
    beginning.since = provider->since;
  }
  if (beginning.since.position.value == 0) {
    return std::nullopt;
  }
  TRY(const OrderProvider begun, read_beginning(reader, beginning.order, beginning.since));
  beginning.tried = begun.tried.position.value > 0;
  return beginning;
}

Hash provider_fact(std::string_view order, Position by, Provided what, std::string_view channel) {
  Bytes text;
  append_text(text, "provider");
  append_text(text, order);
  append_varint(text, by.value);
  text.push_back(static_cast<char>(what));
  append_text(text, channel);
  return sha256(text);
}

Hash tried_fact(std::string_view channel, DutyName name) {
  Bytes text;
  append_text(text, "tried");
  append_text(text, channel);
  append_varint(text, name.position.value);
  append_varint(text, name.index);
  return sha256(text);
}

Result<Digest> digest_of_providers(const Reader& reader) {
  Digest digest;
  const Bytes prefix = providers_prefix();
  const auto cursor = reader.scan(Table::outbox, prefix, after_prefix(prefix), Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    ByteReader key(cursor->key().substr(prefix.size()));
    const BytesView order = key.text();
    const Position by{key.big<std::uint64_t>()};
    if (key.failed() || !key.at_end()) {
      return fail(Code::corrupt, "outbox: a provider that cannot be read");
    }
    TRY(const OrderProvider provider, provider_of(cursor->value()));
    digest.add(provider_fact(order, by, provider.what, provider.channel));
    if (provider.tried.position.value > 0) {
      digest.add(tried_fact(provider.channel, provider.tried));
    }
  }
  TRY_OK(cursor->status());
  return digest;
}

}  // namespace holdfast::views
