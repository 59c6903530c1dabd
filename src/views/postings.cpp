#include "views/postings.h"

#include <algorithm>

#include "base/check.h"

namespace holdfast::views {
namespace {

// What a token value is of. https://hl7.org/fhir/R4/search.html#token
enum class TokenPart : std::uint8_t { both = 1, code = 2, system = 3 };

// Where a reference has its target's type: no type has this number.
constexpr char uri_target = '\xff';
static_assert(fhir::type_count < 0xff);

void append_index(Bytes& to, IndexNumber index, fhir::TypeId type) {
  append_big(to, index.value);
  to.push_back(static_cast<char>(type.value));
}

// Appends one text; of one too long the beginning, and gives back the rest.
std::string_view append_bounded(Bytes& to, std::string_view text) {
  append_key_text(to, text.substr(0, posting_value_bytes_max));
  return text.size() > posting_value_bytes_max ? text.substr(posting_value_bytes_max)
                                               : std::string_view{};
}

std::string_view append_code(Bytes& to, IndexNumber index, fhir::TypeId type,
                             std::string_view code) {
  append_index(to, index, type);
  to.push_back(static_cast<char>(TokenPart::code));
  return append_bounded(to, code);
}

std::string_view append_system(Bytes& to, IndexNumber index, fhir::TypeId type,
                               std::string_view system) {
  append_index(to, index, type);
  to.push_back(static_cast<char>(TokenPart::system));
  return append_bounded(to, system);
}

// System and code together: both bounded, and what is left of both, joined with the length of the
// system's, is the rest.
void append_both(Bytes& key, Bytes& rest, IndexNumber index, fhir::TypeId type,
                 std::string_view system, std::string_view code) {
  append_index(key, index, type);
  key.push_back(static_cast<char>(TokenPart::both));
  const std::string_view system_rest = append_bounded(key, system);
  const std::string_view code_rest = append_bounded(key, code);
  if (!system_rest.empty() || !code_rest.empty()) {
    append_text(rest, system_rest);
    rest.append(code_rest);
  }
}

void append_reference(Bytes& to, IndexNumber index, fhir::TypeId type, fhir::TypeId target_type,
                      std::string_view target_id) {
  append_index(to, index, type);
  to.push_back(static_cast<char>(target_type.value));
  append_id(to, target_id);
}

void append_compartment(Bytes& to, std::string_view patient) {
  append_big(to, index_number::compartment.value);
  append_id(to, patient);
}

}  // namespace

PostingPrefix listing_prefix(fhir::TypeId type) {
  PostingPrefix prefix;
  append_index(prefix.key, index_number::listing, type);
  return prefix;
}

PostingPrefix token_prefix(IndexNumber index, fhir::TypeId type, std::string_view system,
                           std::string_view code) {
  PostingPrefix prefix;
  append_both(prefix.key, prefix.rest, index, type, system, code);
  return prefix;
}

PostingPrefix token_code_prefix(IndexNumber index, fhir::TypeId type, std::string_view code) {
  PostingPrefix prefix;
  prefix.rest = append_code(prefix.key, index, type, code);
  return prefix;
}

PostingPrefix token_system_prefix(IndexNumber index, fhir::TypeId type, std::string_view system) {
  PostingPrefix prefix;
  prefix.rest = append_system(prefix.key, index, type, system);
  return prefix;
}

PostingPrefix reference_prefix(IndexNumber index, fhir::TypeId type, fhir::TypeId target_type,
                               std::string_view target_id) {
  PostingPrefix prefix;
  append_reference(prefix.key, index, type, target_type, target_id);
  return prefix;
}

PostingPrefix uri_prefix(IndexNumber index, fhir::TypeId type, std::string_view uri) {
  PostingPrefix prefix;
  append_index(prefix.key, index, type);
  prefix.key.push_back(uri_target);
  prefix.rest = append_bounded(prefix.key, uri);
  return prefix;
}

PostingPrefix compartment_prefix(std::string_view patient, fhir::TypeId type) {
  PostingPrefix prefix;
  append_compartment(prefix.key, patient);
  prefix.key.push_back(static_cast<char>(type.value));
  return prefix;
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

void Postings::clear() {
  bytes_.clear();
  items_.clear();
  has_rest_ = false;
}

void Postings::end_item(std::size_t begin, std::string_view rest) {
  const std::size_t key_end = bytes_.size();
  bytes_.append(rest);
  has_rest_ = has_rest_ || !rest.empty();
  check(bytes_.size() < UINT32_MAX, "the postings of one resource fit into 4 GiB");
  items_.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(key_end),
                    static_cast<std::uint32_t>(bytes_.size())});
}

void Postings::add(const PostingPrefix& prefix) {
  const std::size_t begin = bytes_.size();
  bytes_.append(prefix.key);
  end_item(begin, prefix.rest);
}

void Postings::add_listing(fhir::TypeId type) {
  const std::size_t begin = bytes_.size();
  append_index(bytes_, index_number::listing, type);
  end_item(begin, {});
}

void Postings::add_token(IndexNumber index, fhir::TypeId type, std::string_view system,
                         std::string_view code) {
  std::size_t begin = bytes_.size();
  if (!code.empty()) {
    Bytes rest;
    append_both(bytes_, rest, index, type, system, code);
    end_item(begin, rest);
    begin = bytes_.size();
    end_item(begin, append_code(bytes_, index, type, code));
  }
  if (!system.empty()) {
    begin = bytes_.size();
    end_item(begin, append_system(bytes_, index, type, system));
  }
}

void Postings::add_reference(IndexNumber index, fhir::TypeId type, fhir::TypeId target_type,
                             std::string_view target_id) {
  const std::size_t begin = bytes_.size();
  append_reference(bytes_, index, type, target_type, target_id);
  end_item(begin, {});
}

void Postings::add_compartment(std::string_view patient, fhir::TypeId type) {
  const std::size_t begin = bytes_.size();
  append_compartment(bytes_, patient);
  bytes_.push_back(static_cast<char>(type.value));
  end_item(begin, {});
}

BytesView Postings::key(const Item& item) const {
  return BytesView(bytes_).substr(item.key_begin, item.key_end - item.key_begin);
}

BytesView Postings::rest(const Item& item) const {
  return BytesView(bytes_).substr(item.key_end, item.rest_end - item.key_end);
}

// Several values of one resource may begin alike: the row holds the rest of each of them, also
// the empty rest of one that ends where the others go on.
std::map<BytesView, Bytes> Postings::long_values() const {
  std::map<BytesView, Bytes> values;
  if (!has_rest_) {
    return values;
  }
  for (const Item& item : items_) {
    if (item.rest_end > item.key_end) {
      values.try_emplace(key(item));
    }
  }
  for (const Item& item : items_) {
    if (const auto found = values.find(key(item)); found != values.end()) {
      append_text(found->second, rest(item));
    }
  }
  return values;
}

bool holds_rest(BytesView value, BytesView rest) {
  if (value.empty()) {
    return rest.empty();
  }
  ByteReader reader(value);
  while (!reader.at_end()) {
    if (reader.text() == rest && !reader.failed()) {
      return true;
    }
  }
  return false;
}

void write_postings(WorkLayer& layer, RowId row, const Postings& postings) {
  postings.each_row(row,
                    [&](BytesView key, BytesView value) { layer.put(Table::posting, key, value); });
}

}  // namespace holdfast::views
