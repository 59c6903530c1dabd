// What an entry, a row and a link hold, over arbitrary bytes. What must hold: nothing crashes; a
// command, outcome, undo row or state that decodes encodes to the same bytes; a body row is the
// same raw and compressed; a page link opens only as it was sealed; a query that is understood
// means the same in its canonical form.
//
// Input: one byte that chooses, then the bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "fhir/params/compile.h"
#include "model/command.h"
#include "model/outcome.h"
#include "search/criteria.h"
#include "search/page_link.h"
#include "views/body.h"
#include "views/state.h"
#include "views/undo.h"

namespace {

using namespace holdfast;

constexpr BytesView secret = "0123456789abcdef0123456789abcdef";

void check_command(BytesView input) {
  const auto command = decode_command(input);
  check(command || command.error().code == Code::corrupt, "what is no command is corrupt");
  check(!command || encode(*command) == input, "a command encodes to what it was decoded from");
}

void check_outcome(BytesView input) {
  const auto outcome = decode_outcome(input);
  check(outcome || outcome.error().code == Code::corrupt, "what is no outcome is corrupt");
  check(!outcome || encode(*outcome) == input, "an outcome encodes to what it was decoded from");
  for (const OperationResult& result :
       outcome ? outcome->results : std::vector<OperationResult>{}) {
    for (const Substitution& substitution : result.substitutions) {
      check(substitution.target < outcome->targets.size(), "a substitution has a target");
    }
  }
}

// Bodies that have something in common, so that zstd learns something.
Bytes trained() {
  views::DictionaryTrainer trainer;
  for (int i = 0; i < 2000; ++i) {
    const std::string n = std::to_string(i);
    trainer.offer(
        R"({"resourceType":"Observation","status":"final","subject":{"reference":"Patient/)" + n +
        R"("},"code":{"coding":[{"system":"http://loinc.org","code":"718-7"}]},)" +
        R"("valueQuantity":{"value":)" + n + R"(,"unit":"g/dL"}})");
  }
  return trainer.train().value();
}

void check_body(BytesView input) {
  static const Bytes dictionary = trained();
  views::BodyCodec codec;
  codec.add(views::Dictionary::load(7, dictionary).value());
  const auto body = codec.decode(input);
  const auto header = views::BodyCodec::decode_header(input);
  if (!body) {
    check(body.error().code == Code::corrupt, "what is no row is corrupt");
    return;
  }
  check(header && *header == body->header, "a row's header is read alone as with its body");
  const Bytes raw = views::BodyCodec::encode_raw(body->header, body->bytes);
  const auto again = codec.decode(raw);
  check(again && again->bytes == body->bytes && again->header == body->header,
        "a row decodes to what it was encoded from");
  const auto packed = codec.decode(codec.compress(raw));
  check(packed && packed->bytes == body->bytes && packed->header == body->header,
        "a compressed row unpacks to what it was");
}

void check_small_rows(BytesView input) {
  if (const auto undo = views::decode_undo(input)) {
    check(views::encode_undo(*undo) == input, "an undo row encodes to what it was decoded from");
  }
  if (const auto state = views::decode_state(input)) {
    check(views::encode(*state) == input, "a state encodes to what it was decoded from");
  }
}

bool same(const search::PageLink& a, const search::PageLink& b) {
  return a.scope.type == b.scope.type && a.scope.patient == b.scope.patient && a.query == b.query &&
         a.handling == b.handling && a.snapshot == b.snapshot && a.after == b.after &&
         a.shown == b.shown && a.total == b.total;
}

void check_link(BytesView input) {
  check(!search::open_link(input, secret), "nobody seals a link by chance");
  ByteReader reader(input);
  search::PageLink link;
  const auto type = reader.little<std::uint8_t>();
  if (type < fhir::type_count) {
    link.scope.type = fhir::TypeId{type};
  }
  link.snapshot = {{reader.little<std::uint64_t>()},
                   {reader.little<std::uint64_t>()},
                   {reader.little<std::int64_t>()}};
  link.after.order = static_cast<search::PageCursor::Order>(reader.little<std::uint8_t>() % 3);
  link.after.criterion = reader.little<std::uint32_t>();
  link.after.row = {reader.little<std::uint64_t>()};
  link.after.key = reader.text();
  link.shown = reader.little<std::uint64_t>();
  if (link.shown % 2 != 0) {
    link.total = link.shown / 2;
  }
  const auto harm_at = reader.little<std::uint16_t>();
  const auto harm = reader.little<std::uint8_t>();
  link.scope.patient = reader.text();
  link.query = reader.rest();
  std::string text = search::seal(link, secret);
  const auto opened = search::open_link(text, secret);
  check(opened && same(*opened, link), "a link opens as it was sealed");
  text[harm_at % text.size()] = static_cast<char>(harm);
  const auto harmed = search::open_link(text, secret);
  check(!harmed || same(*harmed, link), "a changed link opens as it was, or not");
  check(!search::open_link(text, "another secret of enough bytes"), "another secret opens nothing");
}

void check_query(BytesView input) {
  ByteReader reader(input);
  const auto first = reader.little<std::uint8_t>();
  search::Scope scope;
  scope.type = fhir::TypeId{static_cast<std::uint8_t>(first % fhir::type_count)};
  const fhir::SearchParams& params = fhir::standard_search_params();
  for (const auto handling : {search::Handling::strict, search::Handling::lenient}) {
    const auto criteria = search::parse(params, scope, reader.rest(), handling, Time{});
    if (!criteria) {
      continue;
    }
#ifdef HOLDFAST_PLANTED_CRASH
    const auto& all = criteria->types.front().all;
    const bool has_ids = std::ranges::any_of(
        all, [](const search::Criterion& one) { return one.kind == search::Criterion::Kind::ids; });
    check(!has_ids || criteria->total != search::Total::accurate || criteria->sort.empty() ||
              !criteria->sort.front().descending,
          "planted: an id, a total and an order together are found");
#endif
    const auto again =
        search::parse(params, scope, criteria->understood, search::Handling::strict, Time{});
    check(again.has_value(), "what was understood is a query");
    check(again->understood == criteria->understood, "the canonical form is its own");
    check(again->count == criteria->count && again->sort.size() == criteria->sort.size() &&
              again->includes.size() == criteria->includes.size() &&
              again->types.front().all.size() == criteria->types.front().all.size(),
          "the canonical form means the same");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const BytesView input(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 6) {
    case 0: check_command(input); break;
    case 1: check_outcome(input); break;
    case 2: check_body(input); break;
    case 3: check_small_rows(input); break;
    case 4: check_link(input); break;
    default: check_query(input); break;
  }
  return 0;
}
