// The reader: simdjson's first stage, then the walk of json_walk.h.
#include "fhir/json.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/check.h"
#include "base/text.h"
#include "fhir/json_text.h"
#include "fhir/json_walk.h"

namespace holdfast::fhir {

using detail::JsonNode;

namespace {

/// A reader that has read a larger document gives its token memory (4 bytes a byte) back.
constexpr std::size_t kept_bytes_max = std::size_t{2} << 20U;
constexpr std::size_t kept_bytes_min = 64 << 10U;

}  // namespace

struct JsonReader::State {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage1;
  std::size_t capacity = 0;

  bool make_room(std::size_t bytes) {
    const std::size_t wanted = std::max(bytes, kept_bytes_min);
    if (stage1 != nullptr && capacity >= wanted) {
      return true;
    }
    stage1.reset();
    capacity = 0;
    // Doubling up to what is kept, so that a thread soon stops asking for more.
    const std::size_t rounded = wanted <= kept_bytes_max ? std::bit_ceil(wanted) : wanted;
    constexpr std::size_t stage2_depth = 1;  // we do not run it
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(
            rounded, stage2_depth, stage1) != simdjson::SUCCESS) {
      return false;
    }
    capacity = rounded;
    return true;
  }
};

JsonReader::JsonReader() : state_(std::make_unique<State>()) {}
JsonReader::~JsonReader() = default;
JsonReader::JsonReader(JsonReader&&) noexcept = default;
JsonReader& JsonReader::operator=(JsonReader&&) noexcept = default;

namespace {

/// Finds for a person what stage 1 only counted.
std::unexpected<Error> explain(simdjson::error_code error, BytesView text) {
  const auto at = [&](std::size_t offset) { return where_text({}, place_in(text, offset)); };
  if (error == simdjson::EMPTY) {
    return fail(Code::syntax, "there is no JSON value", at(0));
  }
  if (error == simdjson::MEMALLOC || error == simdjson::CAPACITY) {
    return fail(Code::overloaded, "no memory to read the JSON");
  }
  if (const auto bad = find_bad_utf8(text)) {
    return fail(Code::syntax, "the text is not UTF-8", at(*bad));
  }
  std::size_t quote = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (in_string && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      in_string = !in_string;
      quote = i;
    } else if (in_string && static_cast<unsigned char>(text[i]) < 0x20) {
      return fail(Code::syntax, "a string holds a control character that is not escaped", at(i));
    }
  }
  return fail(Code::syntax, in_string ? "a string is not closed" : "not JSON", at(quote));
}

}  // namespace

Result<Json> JsonReader::read(Bytes text) {
  Json json;
  TRY_OK(read(std::move(text), json));
  return json;
}

Result<void> JsonReader::read(Bytes text, Json& into) {
  into.count_ = 0;
  into.minified_ = false;
  into.bytes_ = std::move(text);
  const std::size_t size = into.bytes_.size();
  if (size > json_bytes_max) {
    return fail(Code::too_large,
                fmt::format("{} bytes of JSON; at most {} are read", size, json_bytes_max));
  }
  into.bytes_.reserve(size + simdjson::SIMDJSON_PADDING);
  if (!state_->make_room(size)) {
    return fail(Code::overloaded, "no memory to read the JSON");
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(into.bytes_.data());
  const simdjson::error_code error =
      state_->stage1->stage1(bytes, size, simdjson::stage1_mode::regular);
  if (error != simdjson::SUCCESS) {
    return explain(error, into.bytes());
  }
  const std::uint32_t tokens = state_->stage1->n_structural_indexes;
  // Every value begins with a token of its own. All but the first of a container follow a comma,
  // and for every first there is a closing bracket, except in the containers that are still open.
  // So v values take at least 2v - 1 - json_depth_max tokens, however wrong the rest is.
  const std::size_t nodes =
      std::min<std::size_t>((tokens + json_depth_max) / 2 + 2, json_values_max);
  if (into.capacity_ < nodes) {
    into.nodes_ = std::make_unique_for_overwrite<JsonNode[]>(nodes);
    into.capacity_ = static_cast<std::uint32_t>(nodes);
  }
  Result<void> walked = JsonWalk(into, state_->stage1->structural_indexes.get(), tokens,
                                 static_cast<std::uint32_t>(nodes))
                            .run();
  if (state_->capacity > kept_bytes_max) {
    state_->stage1.reset();
    state_->capacity = 0;
  }
  return walked;
}

}  // namespace holdfast::fhir
