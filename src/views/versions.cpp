#include "views/versions.h"

#include "base/check.h"
#include "views/keys.h"

namespace holdfast::views {
namespace {

Bytes encode_current(const Current& current) {
  Bytes value;
  append_varint(value, current.row.value);
  append_varint(value, current.version.value);
  value.push_back(static_cast<char>(current.presence));
  return value;
}

Result<Current> decode_current(BytesView value) {
  ByteReader reader(value);
  Current current;
  current.row = RowId{reader.varint()};
  current.version = Version{reader.varint()};
  const auto presence = reader.little<std::uint8_t>();
  if (reader.failed() || !reader.at_end() || presence > 1) {
    return fail(Code::corrupt, "current: a row that cannot be read");
  }
  current.presence = static_cast<Presence>(presence);
  return current;
}

// A history row has the same form as a current one.
struct Past {
  Version version;
  Current at;
};

Result<Past> decode_past(const Cursor& cursor) {
  Past past;
  const BytesView key = cursor.key();
  if (key.size() < sizeof(std::uint64_t)) {
    return fail(Code::corrupt, "history: a key without version");
  }
  past.version = Version{load_big<std::uint64_t>(key.data() + key.size() - sizeof(std::uint64_t))};
  TRY(past.at, decode_current(cursor.value()));
  if (past.at.version != past.version) {
    return fail(Code::corrupt, "history: key and value name different versions");
  }
  return past;
}

}  // namespace

void write_version(WorkLayer& layer, const VersionRow& version,
                   const std::optional<Current>& before) {
  check(!before || (before->version < version.version && before->row < version.row),
        "versions and rows grow");
  const BodyHeader header{version.type, std::string(version.id), version.version, version.position,
                          version.time, version.presence,        version.made_by};
  layer.put(Table::body, body_key(version.row), BodyCodec::encode_raw(header, version.body));
  layer.put(Table::current, current_key(version.type, version.id),
            encode_current({version.row, version.version, version.presence}));
  if (before) {
    layer.put(Table::history, history_key(version.type, version.id, before->version),
              encode_current(*before));
    if (before->presence == Presence::present) {
      layer.put(Table::past, past_key(version.type, before->row), {});
    }
  }
  if (version.presence == Presence::deleted) {
    layer.put(Table::past, past_key(version.type, version.row), {});
  }
}

Result<std::optional<Current>> read_current(const Reader& reader, fhir::TypeId type,
                                            std::string_view id) {
  TRY(const auto value, reader.get(Table::current, current_key(type, id)));
  if (!value) {
    return std::nullopt;
  }
  TRY(const Current current, decode_current(*value));
  return current;
}

Result<std::optional<RowId>> read_version(const Reader& reader, fhir::TypeId type,
                                          std::string_view id, Version version) {
  TRY(const auto current, read_current(reader, type, id));
  if (!current || current->version <= version) {
    return current && current->version == version ? std::optional(current->row) : std::nullopt;
  }
  TRY(const auto value, reader.get(Table::history, history_key(type, id, version)));
  if (!value) {
    return std::nullopt;
  }
  TRY(const Current past, decode_current(*value));
  return past.row;
}

Result<std::optional<Current>> read_as_of(const Reader& reader, fhir::TypeId type,
                                          std::string_view id, RowId at) {
  TRY(const auto current, read_current(reader, type, id));
  if (!current || current->row <= at) {
    return current;
  }
  const Bytes from = current_key(type, id);
  const auto cursor = reader.scan(Table::history, from, history_key(type, id, current->version),
                                  Direction::backward);
  for (; cursor->valid(); cursor->next()) {
    TRY(const Past past, decode_past(*cursor));
    if (past.at.row <= at) {
      return past.at;
    }
  }
  TRY_OK(cursor->status());
  return std::nullopt;
}

Result<Pointer> current_at(const Cursor& cursor) {
  TRY(const Current at, decode_current(cursor.value()));
  return Pointer{cursor.key(), at};
}

Result<Pointer> past_at(const Cursor& cursor) {
  TRY(const Past past, decode_past(cursor));
  const BytesView key = cursor.key();
  return Pointer{key.substr(0, key.size() - sizeof(std::uint64_t)), past.at};
}

Result<Body> read_body(const Reader& reader, const BodyCodec& codec, RowId row) {
  TRY(const auto value, reader.get(Table::body, body_key(row)));
  if (!value) {
    return fail(Code::corrupt, "body: row " + std::to_string(row.value) + " is missing");
  }
  return codec.decode(*value);
}

Result<Body> read_body(const Reader& reader, const BodyCodec& codec, RowId row, BodyCache& cache) {
  Result<Body> kept{};
  if (cache.find(row, [&](BytesView value) { kept = codec.decode(value); })) {
    return kept;
  }
  TRY(Body body, read_body(reader, codec, row));
  cache.keep(row, body.header, body.bytes);
  return body;
}

Result<BodyHeader> read_body_header(const Reader& reader, RowId row) {
  TRY(const auto value, reader.get(Table::body, body_key(row)));
  if (!value) {
    return fail(Code::corrupt, "body: row " + std::to_string(row.value) + " is missing");
  }
  return BodyCodec::decode_header(*value);
}

Result<RowId> first_row_at(const Reader& reader, Time time, RowId last) {
  std::uint64_t low = 1;
  std::uint64_t high = last.value + 1;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    TRY(const BodyHeader header, read_body_header(reader, RowId{middle}));
    if (header.time < time) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return RowId{low};
}

}  // namespace holdfast::views
