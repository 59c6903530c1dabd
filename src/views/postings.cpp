#include "views/postings.h"

#include <array>

#include "base/check.h"

namespace holdfast::views {
namespace {

Bytes prefix_of(IndexNumber index) {
  Bytes prefix;
  append_big(prefix, index.value);
  return prefix;
}

constexpr std::size_t index_bytes = sizeof(IndexNumber::value);

void append_compartment(Bytes& to, std::string_view patient) {
  append_big(to, index_number::compartment.value);
  append_id(to, patient);
}

}  // namespace

Bytes listing_prefix(fhir::TypeId type) {
  Bytes prefix = prefix_of(index_number::listing);
  prefix.push_back(static_cast<char>(type.value));
  return prefix;
}

Bytes compartment_prefix(std::string_view patient) {
  Bytes prefix;
  append_compartment(prefix, patient);
  return prefix;
}

Bytes compartment_prefix(std::string_view patient, fhir::TypeId type) {
  Bytes prefix = compartment_prefix(patient);
  prefix.push_back(static_cast<char>(type.value));
  return prefix;
}

Bytes index_prefix(fhir::IndexId index) { return prefix_of(number_of(index)); }

std::optional<fhir::IndexId> index_of_key(BytesView key) {
  const auto number = load_big<std::uint16_t>(key.data());
  return number < index_number::first_parameter.value
             ? std::nullopt
             : std::optional(fhir::IndexId{
                   static_cast<std::uint16_t>(number - index_number::first_parameter.value)});
}

BytesView form_in_key(BytesView key) { return key.substr(index_bytes); }

BytesView form_in_row_key(BytesView key) {
  return key.substr(index_bytes, key.size() - index_bytes - row_key_bytes);
}

Result<std::vector<fhir::TypeId>> compartment_types(const Reader& reader,
                                                    std::string_view patient) {
  std::array<bool, 256> found{};
  Bytes prefix;
  append_compartment(prefix, patient);
  const Bytes until = after_prefix(prefix);
  for (const Table table : {Table::posting, Table::undo}) {
    const auto cursor = reader.scan(table, prefix, until, Direction::forward);
    while (cursor->valid()) {
      const auto type = static_cast<std::uint8_t>(cursor->key()[prefix.size()]);
      found[type] = true;
      if (type == UINT8_MAX) {
        break;
      }
      Bytes next = prefix;
      next.push_back(static_cast<char>(type + 1U));
      cursor->seek(next);
    }
    TRY_OK(cursor->status());
  }
  std::vector<fhir::TypeId> types;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i]) {
      types.push_back({static_cast<std::uint8_t>(i)});
    }
  }
  return types;
}

void Postings::end_item() {
  check(bytes_.size() < UINT32_MAX, "the postings of one resource fit into 4 GiB");
  ends_.push_back(static_cast<std::uint32_t>(bytes_.size()));
}

void Postings::add(BytesView prefix) {
  bytes_.append(prefix);
  end_item();
}

void Postings::add_listing(fhir::TypeId type) {
  append_big(bytes_, index_number::listing.value);
  bytes_.push_back(static_cast<char>(type.value));
  end_item();
}

void Postings::add_compartment(std::string_view patient, fhir::TypeId type) {
  append_compartment(bytes_, patient);
  bytes_.push_back(static_cast<char>(type.value));
  end_item();
}

std::string Postings::patient() const {
  std::string first;
  for (std::size_t i = 0; i < size(); ++i) {
    ByteReader reader(key(i));
    if (IndexNumber{reader.big<std::uint16_t>()} != index_number::compartment) {
      continue;
    }
    std::string id = read_id(reader);
    if (first.empty() || id < first) {
      first = std::move(id);
    }
  }
  return first;
}

void Postings::add_form(fhir::IndexId index, BytesView form) {
  append_big(bytes_, number_of(index).value);
  bytes_.append(form);
  end_item();
}

void Postings::add_all(const Postings& other) {
  const auto begin = static_cast<std::uint32_t>(bytes_.size());
  bytes_.append(other.bytes_);
  check(bytes_.size() < UINT32_MAX, "the postings of one resource fit into 4 GiB");
  for (const std::uint32_t end : other.ends_) {
    ends_.push_back(begin + end);
  }
}

void write_postings(WorkLayer& layer, RowId row, const Postings& postings) {
  postings.each_row(row, [&](BytesView key) { layer.put(Table::posting, key, {}); });
}

}  // namespace holdfast::views
