#include "node/epochs.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "fhir/json.h"
#include "fhir/params/compile.h"
#include "views/state.h"

namespace holdfast::node {
namespace {

constexpr std::uint8_t definitions_format = 1;
constexpr std::uint8_t activation_format = 1;
constexpr std::string_view definitions_prefix = "definitions/";

std::unexpected<Error> unreadable(std::string_view what) {
  return fail(Code::corrupt, fmt::format("{}: it cannot be read; use the version that wrote it, or "
                                         "a newer one",
                                         what));
}

Result<std::vector<fhir::ParamDefinition>> decode_definitions(BytesView payload) {
  ByteReader reader(payload);
  std::vector<fhir::ParamDefinition> definitions;
  fhir::JsonReader json_reader;
  const auto format = reader.little<std::uint8_t>();
  const std::uint64_t count = reader.varint();
  if (format != definitions_format || count > definitions_count_max) {
    return unreadable("definitions");
  }
  for (std::uint64_t i = 0; i < count && !reader.failed(); ++i) {
    TRY(const fhir::Json json, json_reader.read(Bytes(reader.text())));
    TRY(auto definition, fhir::read_param_definition(json.root()));
    definitions.push_back(std::move(definition));
  }
  if (reader.failed() || !reader.at_end()) {
    return unreadable("definitions");
  }
  return definitions;
}

Result<std::vector<std::string>> read_catalogue(const views::Reader& reader) {
  std::vector<std::string> catalogue;
  TRY(const auto row, reader.get(views::Table::meta, catalogue_key));
  if (!row) {
    return catalogue;
  }
  ByteReader bytes(*row);
  const std::uint64_t count = bytes.varint();
  for (std::uint64_t i = 0; i < count && !bytes.failed(); ++i) {
    catalogue.emplace_back(bytes.text());
  }
  if (bytes.failed() || !bytes.at_end()) {
    return fail(Code::corrupt, "view: its list of indexes cannot be read; run `holdfast rebuild`");
  }
  return catalogue;
}

// What `params` writes to, with its numbers; other numbers keep their names.
void take_numbers(std::vector<std::string>& catalogue, const fhir::SearchParams& params) {
  std::vector<std::string> written = params.catalogue();
  catalogue.resize(std::max(catalogue.size(), written.size()));
  for (std::size_t i = 0; i < written.size(); ++i) {
    if (!written[i].empty()) {
      catalogue[i] = std::move(written[i]);
    }
  }
}

}  // namespace

Result<Bytes> encode_definitions(std::span<const Bytes> search_parameters) {
  if (search_parameters.size() > definitions_count_max) {
    return fail(Code::too_large, fmt::format("{} search parameters, more than {}",
                                             search_parameters.size(), definitions_count_max));
  }
  std::vector<std::pair<std::string, Bytes>> by_url;
  fhir::JsonReader reader;
  std::size_t size = 0;
  for (const Bytes& text : search_parameters) {
    TRY(fhir::Json json, reader.read(text));
    json.minify();
    TRY(fhir::ParamDefinition definition, fhir::read_param_definition(json.root()));
    size += json.bytes().size();
    by_url.emplace_back(std::move(definition.url), json.release());
  }
  if (size > definitions_bytes_max) {
    return fail(Code::too_large, fmt::format("the search parameters have {} bytes, more than {}",
                                             size, definitions_bytes_max));
  }
  std::ranges::sort(by_url);
  const auto twice = std::ranges::adjacent_find(
      by_url, [](const auto& a, const auto& b) { return a.first == b.first; });
  if (twice != by_url.end()) {
    return fail(Code::value, fmt::format("search parameter {} is there twice", twice->first));
  }
  Bytes payload;
  payload.push_back(static_cast<char>(definitions_format));
  append_varint(payload, by_url.size());
  for (const auto& [url, text] : by_url) {
    append_text(payload, text);
  }
  return payload;
}

Epochs::Epochs() : Epochs({}, Unfinished{}) { compile_newest(); }

Epochs::Epochs(std::vector<std::string> catalogue, Unfinished) : loaded_(std::move(catalogue)) {
  places_.emplace(Position{0}, Place{*encode_definitions({}), {}, nullptr});
}

const Epoch* Epochs::at(Position definitions) const {
  const std::scoped_lock lock(mutex_);
  const auto found = places_.find(definitions);
  if (found == places_.end()) {
    return nullptr;
  }
  Place& place = found->second;
  if (!place.epoch) {
    place.epoch = made(place.payload, place.definitions, newest().catalogue);
  }
  return place.epoch.get();
}

// `catalogue` is that of what it follows, or of what follows it: every index keeps its number.
std::unique_ptr<const Epoch> Epochs::made(BytesView payload,
                                          std::vector<fhir::ParamDefinition> definitions,
                                          std::vector<std::string> catalogue) const {
  const fhir::SearchParams& built_in = fhir::standard_search_params();
  auto epoch = std::make_unique<Epoch>();
  const bool is_built_in = all_.empty() && definitions.empty() &&
                           (catalogue.empty() || catalogue == built_in.catalogue());
  epoch->params =
      is_built_in ? std::shared_ptr<const fhir::SearchParams>(std::shared_ptr<void>(), &built_in)
                  : std::make_shared<const fhir::SearchParams>(
                        fhir::compile_search_params({definitions, all_, catalogue}));
  epoch->payload = payload;
  epoch->definitions = std::move(definitions);
  epoch->catalogue = std::move(catalogue);
  take_numbers(epoch->catalogue, *epoch->params);
  return epoch;
}

Result<std::unique_ptr<const Epoch>> Epochs::compile(BytesView payload) const {
  TRY(auto definitions, decode_definitions(payload));
  const std::scoped_lock lock(mutex_);
  return made(payload, std::move(definitions), newest().catalogue);
}

void Epochs::add(Position definitions, std::unique_ptr<const Epoch> epoch) {
  const std::scoped_lock lock(mutex_);
  check(places_.rbegin()->first < definitions, "epochs follow each other in the journal");
  keep(epoch->definitions);
  newest_ = epoch.get();
  places_.emplace(definitions, Place{epoch->payload, epoch->definitions, std::move(epoch)});
}

Result<void> Epochs::learn(Position definitions, BytesView payload) {
  {
    const std::scoped_lock lock(mutex_);
    if (places_.contains(definitions)) {
      return ok();
    }
  }
  TRY(auto epoch, compile(payload));
  add(definitions, std::move(epoch));
  return ok();
}

void Epochs::keep(const std::vector<fhir::ParamDefinition>& definitions) {
  for (const fhir::ParamDefinition& one : definitions) {
    if (std::ranges::find(all_, one) == all_.end()) {
      all_.push_back(one);
    }
  }
}

Result<void> Epochs::note(Position definitions, BytesView payload) {
  TRY(auto read, decode_definitions(payload));
  keep(read);
  places_.emplace(definitions, Place{Bytes(payload), std::move(read), nullptr});
  return ok();
}

void Epochs::compile_newest() {
  Place& newest = places_.rbegin()->second;
  newest.epoch = made(newest.payload, newest.definitions, std::move(loaded_));
  newest_ = newest.epoch.get();
}

Bytes encode(const Activation& activation) {
  Bytes bytes;
  bytes.push_back(static_cast<char>(activation_format));
  append_varint(bytes, activation.definitions.value);
  append_varint(bytes, activation.resources);
  append_varint(bytes, activation.sum.postings);
  for (const std::uint64_t lane : activation.sum.digest.lanes) {
    append_little(bytes, lane);
  }
  return bytes;
}

Result<Activation> decode_activation(BytesView bytes) {
  ByteReader reader(bytes);
  Activation activation;
  const auto format = reader.little<std::uint8_t>();
  activation.definitions = Position{reader.varint()};
  activation.resources = reader.varint();
  activation.sum.postings = reader.varint();
  for (std::uint64_t& lane : activation.sum.digest.lanes) {
    lane = reader.little<std::uint64_t>();
  }
  if (reader.failed() || !reader.at_end() || format != activation_format) {
    return unreadable("activation of definitions");
  }
  return activation;
}

Bytes definitions_key(Position definitions) {
  Bytes key(definitions_prefix);
  append_big(key, definitions.value);
  return key;
}

Bytes encode_catalogue(std::span<const std::string> catalogue) {
  Bytes bytes;
  append_varint(bytes, catalogue.size());
  for (const std::string& identity : catalogue) {
    append_text(bytes, identity);
  }
  return bytes;
}

Bytes encode_complete(std::size_t indexes) {
  Bytes bytes;
  append_varint(bytes, indexes);
  return bytes;
}

Result<std::size_t> read_complete(const views::Reader& reader) {
  TRY(const auto row, reader.get(views::Table::meta, complete_key));
  ByteReader bytes(row ? BytesView(*row) : BytesView());
  const auto complete = static_cast<std::size_t>(bytes.varint());
  if (!row || bytes.failed() || !bytes.at_end()) {
    return fail(Code::corrupt,
                "view: it does not say which indexes are complete; run `holdfast rebuild`");
  }
  return complete;
}

Result<std::unique_ptr<Epochs>> load_epochs(const views::Reader& reader) {
  TRY(auto catalogue, read_catalogue(reader));
  std::unique_ptr<Epochs> epochs(new Epochs(std::move(catalogue), Epochs::Unfinished{}));
  const auto cursor =
      reader.scan(views::Table::meta, definitions_prefix, views::after_prefix(definitions_prefix),
                  views::Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    ByteReader key(cursor->key().substr(definitions_prefix.size()));
    TRY_OK(epochs->note(Position{key.big<std::uint64_t>()}, cursor->value()));
  }
  TRY_OK(cursor->status());
  epochs->compile_newest();
  return epochs;
}

Result<void> keep_catalogue(views::Kv& kv, const Epochs& epochs) {
  const auto reader = kv.snapshot();
  TRY(const auto known, read_catalogue(*reader));
  const Epoch& newest = epochs.newest();
  // A number that nothing is written to any more loses its name: if an index of that name comes
  // back, what lies under the old number is not all of it.
  std::vector<std::string> catalogue = newest.params->catalogue();
  if (catalogue == known) {
    return ok();
  }
  const Bytes row = encode_catalogue(catalogue);
  std::vector<views::Write> writes{{views::Table::meta, catalogue_key, BytesView(row)}};
  TRY(const views::State state, views::read_state(*reader));
  const Bytes complete = encode_complete(catalogue.size());
  if (state.position.value == 0) {
    writes.push_back({views::Table::meta, complete_key, BytesView(complete)});
  }
  return kv.write(writes);
}

}  // namespace holdfast::node
