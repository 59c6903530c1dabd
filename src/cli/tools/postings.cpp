// holdfast_postings DIR: what search finds each current resource by, read from the posting table of
// a data directory that no server has open. One JSON line a resource, in the order in which they
// were written: {"resource":…,"patients":["id",…],"values":{"gender":[…],…}}: in whose compartments
// it lies, and a member for each search parameter of its type that has an index, with the values in
// the keys, sorted as the keys are. Not part of the program: tests compare it with what others
// compute (tests/node/postings.mjs).
//
// token ["code","system"]; string, uri "text"; date [from,until) in ms; number ["low","high"];
// quantity ["system","code","unit","low","high"]; reference ["Patient","id"],
// [null,"url","version"] or ["identifier","system","value"]; composite a list of such. An end that
// is open is null. A text that was cut in the key is {"cut":"its beginning"}.
#include <algorithm>
#include <cstdio>
#include <vector>

#include <fmt/format.h>

#include "fhir/json_writer.h"
#include "node/epochs.h"
#include "node/fold.h"
#include "server/directory.h"
#include "views/postings.h"
#include "views/rocks/rocks_kv.h"
#include "views/values.h"
#include "views/versions.h"

namespace holdfast {
namespace {

using fhir::ParamKind;

struct Posting {
  RowId row;
  Bytes key;  // without its row
};

class Printer {
 public:
  void text(const views::ValueText& value) {
    if (!value.cut) {
      return json_.text(value.text);
    }
    std::string whole = value.text;  // without a character that was cut in two
    while (!whole.empty() && (static_cast<unsigned char>(whole.back()) & 0xc0U) == 0x80U) {
      whole.pop_back();
    }
    if (!whole.empty() && (static_cast<unsigned char>(whole.back()) & 0x80U) != 0) {
      whole.pop_back();
    }
    json_.open('{');
    json_.text("cut", whole);
    json_.close('}');
  }
  void end_of(const std::optional<fhir::Decimal>& value) {
    value ? json_.text(value->text()) : json_.raw("null");
  }
  void end_of(Time value, Time open) {
    value == open ? json_.raw("null") : json_.raw(std::to_string(value.ms));
  }

  // Takes one form off the reader.
  void form(ParamKind kind, ByteReader& reader) {
    switch (kind) {
      case ParamKind::string:
      case ParamKind::uri: return text(views::read_value_text(reader));
      case ParamKind::special:
      case ParamKind::composite: return;
      default: break;
    }
    json_.open('[');
    if (kind == ParamKind::token) {
      text(views::read_value_text(reader));
      text(views::read_value_text(reader));
    } else if (kind == ParamKind::date) {
      const TimeRange range = views::read_date(reader);
      end_of(range.from, views::open_from);
      end_of(range.until, views::open_until);
    } else if (kind == ParamKind::reference) {
      reference(reader);
    } else {
      if (kind == ParamKind::quantity) {
        const views::Unit unit = views::read_unit(reader);
        json_.text(unit.system);
        json_.text(unit.code);
        json_.text(unit.text);
      }
      const views::NumberValue number = views::read_number(reader);
      end_of(number.low);
      end_of(number.high);
    }
    json_.close(']');
  }

  void value(const fhir::PathIndex& index, BytesView form) {
    ByteReader reader(form);
    if (index.kind == ParamKind::composite) {
      json_.open('[');
      for (const fhir::IndexPart& part : index.parts) {
        this->form(part.kind, reader);
      }
      json_.close(']');
    } else {
      this->form(index.kind, reader);
    }
    sound_ = sound_ && !reader.failed() && reader.at_end();
  }

  fhir::JsonWriter& json() { return json_; }
  [[nodiscard]] bool sound() const { return sound_; }

 private:
  void reference(ByteReader& reader) {
    const BytesView rest = reader.rest();
    const auto tag = static_cast<unsigned char>(rest.empty() ? '\xff' : rest.front());
    if (tag < fhir::type_count) {
      (void)reader.bytes(1);
      json_.text(fhir::name(fhir::TypeId{tag}));
      json_.text(views::read_id(reader));
      return;
    }
    (void)reader.bytes(1);
    if (tag == 0xff) {
      json_.raw("null");
      text(views::read_value_text(reader));
      text(views::read_value_text(reader));
      return;
    }
    json_.text("identifier");
    const auto value = views::read_value_text(reader);
    text(views::read_value_text(reader));
    text(value);
  }

  fhir::JsonWriter json_;
  bool sound_ = true;
};

Result<std::vector<Posting>> read_postings(const views::Reader& reader) {
  std::vector<Posting> found;
  // From the listing on, in which each row is.
  const auto cursor = reader.scan(views::Table::posting, views::listing_prefix(fhir::TypeId{0}),
                                  Bytes(), views::Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    const BytesView key = cursor->key();
    found.push_back(
        {views::row_at_end(key), Bytes(key.substr(0, key.size() - views::row_key_bytes))});
  }
  TRY_OK(cursor->status());
  std::stable_sort(found.begin(), found.end(),
                   [](const Posting& a, const Posting& b) { return a.row < b.row; });
  return found;
}

// Whether a reference counts for a parameter that is about one type only.
bool counts(const fhir::IndexUse& use, BytesView form) {
  return !use.only || (!form.empty() && static_cast<unsigned char>(form[0]) == use.only->value);
}

Result<Bytes> line_of(const views::Body& body, const fhir::SearchParams& params,
                      std::span<const Posting> postings) {
  Printer printer;
  auto& json = printer.json();
  json.open('{');
  json.raw("resource", body.bytes);
  json.open("patients", '[');
  for (const Posting& posting : postings) {
    ByteReader reader(posting.key);
    if (reader.big<std::uint16_t>() == views::index_number::compartment.value) {
      json.text(views::read_id(reader));
    }
  }
  json.close(']');
  json.open("values", '{');
  for (const fhir::SearchParam& param : params.of(body.header.type)) {
    if (!param.unsupported.empty()) {
      continue;
    }
    json.open(param.code, '[');
    for (const fhir::IndexUse& use : param.uses) {
      for (const Posting& posting : postings) {
        const auto index = views::index_of_key(posting.key);
        const BytesView form = views::form_in_key(posting.key);
        if (index == use.index && counts(use, form)) {
          printer.value(params.index(use.index), form);
        }
      }
    }
    json.close(']');
  }
  json.close('}');
  json.close('}');
  if (!printer.sound()) {
    return fail(Code::corrupt, "a key that is not what its index says", body.header.id);
  }
  return json.take();
}

Result<void> print_all(const std::string& directory) {
  views::RocksOptions store;
  store.path = directory + "/" + std::string(server::views_folder);
  store.mode = views::RocksMode::read_only;
  TRY(const auto kv, views::open_rocks(store));
  const auto reader = kv->snapshot();
  views::BodyCodec codec;
  TRY_OK(node::load_dictionaries(*reader, codec));
  TRY(const auto epochs, node::load_epochs(*reader));
  const fhir::SearchParams& params = *epochs->newest().params;
  TRY(const auto postings, read_postings(*reader));
  for (std::size_t begin = 0, end = 0; begin < postings.size(); begin = end) {
    while (end < postings.size() && postings[end].row == postings[begin].row) {
      ++end;
    }
    TRY(const views::Body body, views::read_body(*reader, codec, postings[begin].row));
    TRY(Bytes line, line_of(body, params, std::span(postings).subspan(begin, end - begin)));
    line.push_back('\n');
    if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size()) {
      return fail(Code::io, "cannot write", "stdout");
    }
  }
  return ok();
}

}  // namespace
}  // namespace holdfast

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: holdfast_postings DIR\n");
    return 2;
  }
  const auto printed = holdfast::print_all(argv[1]);
  if (!printed) {
    fmt::print(stderr, "{} {}\n", printed.error().what, printed.error().where);
    return 1;
  }
  return 0;
}
