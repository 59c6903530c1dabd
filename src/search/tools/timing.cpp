// search_timing [FOLDER [RESOURCES [QUERY…]]]: how many hits a second searches count, over
// observations in a store on disk, which is made in FOLDER if it is not there. Not a test: nothing
// is asserted but that all ways to count find the same.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>

#include <time.h>

#include <fmt/format.h>

#include "fhir/extract.h"
#include "fhir/params/compile.h"
#include "search/page.h"
#include "views/extracted.h"
#include "views/rocks/rocks_kv.h"
#include "views/versions.h"
#include "views/view.h"

namespace {

using namespace holdfast;
using namespace holdfast::search;

const fhir::TypeId observation = *fhir::type_id("Observation");
constexpr std::size_t batch_rows = 10'000;

// Of this thread: the machine does other things as well.
double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::string body_of(std::size_t number, std::mt19937_64& random) {
  const std::size_t code = random() % 10;
  const std::size_t day = random() % 3650;
  return fmt::format(
      R"({{"resourceType":"Observation","id":"o{}","status":"final","code":{{"coding":[{{"system":)"
      R"("http://loinc.org","code":"{}-{}"}}]}},"subject":{{"reference":"Patient/p{}"}},)"
      R"("effectiveDateTime":"{}-{:02}-{:02}T{:02}:{:02}:00Z","valueQuantity":{{"value":{}.{},)"
      R"("unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}}}})",
      number, code < 5 ? 1000 : 1000 + code, code % 5, number % 10'000, 2010 + day / 365,
      day % 12 + 1, day % 28 + 1, random() % 24, random() % 60, random() % 200, random() % 10);
}

class Store {
 public:
  Store(views::Kv& kv, const views::BodyCodec& codec) : published_(kv, codec) {}

  void fill(std::size_t count) {
    std::mt19937_64 random(1);
    for (std::size_t at = 0; at < count; at += batch_rows) {
      views::WorkLayer work(published_.current(), random());
      state_.position = state_.position.next();
      state_.time = Time{1'700'000'000'000 + static_cast<std::int64_t>(at)};
      for (std::size_t i = at; i < std::min(count, at + batch_rows); ++i) {
        put(work, fmt::format("o{}", i), body_of(i, random));
      }
      views::write_state(work, state_);
      published_.add(std::move(work).freeze(state_.position, state_.position));
      if (!published_.drain()) {
        std::abort();
      }
    }
  }
  [[nodiscard]] std::shared_ptr<const views::View> view() const { return published_.current(); }

 private:
  void put(views::WorkLayer& work, const std::string& id, const Bytes& body) {
    fhir::Json json;
    if (!reader_.read(Bytes(body), json)) {
      std::abort();
    }
    fhir::examine(json.root(), fhir::standard_search_params(), sites_, extraction_);
    views::PreparedPostings prepared;
    views::prepare_postings(prepared, json.root(), fhir::standard_search_params(), sites_,
                            extraction_);
    views::Postings postings;
    views::fill_postings(postings, observation, id, prepared, fhir::standard_search_params(),
                         {body, sites_, {}, {}});
    state_.last_row = RowId{state_.last_row.value + 1};
    views::VersionRow row;
    row.type = observation;
    row.id = id;
    row.version = Version{1};
    row.row = state_.last_row;
    row.position = state_.position;
    row.time = state_.time;
    row.body = body;
    views::write_version(work, row, std::nullopt);
    views::write_postings(work, row.row, postings);
  }

  views::Published published_;
  views::State state_;
  fhir::JsonReader reader_;
  fhir::Sites sites_;
  fhir::Extraction extraction_;
};

void measure(const views::View& view, const views::BodyCodec& codec, std::string_view query) {
  const Source source{view, codec, fhir::standard_search_params()};
  const auto state = views::read_state(view);
  const Snapshot snapshot = snapshot_of(*state);
  const auto criteria =
      parse(source.params, {observation, {}}, query, Handling::strict, snapshot.time);
  if (!criteria) {
    fmt::print("{}: {}\n", query, criteria.error().what);
    return;
  }
  PageLimits limits;
  limits.candidates_max = UINT64_MAX;
  double best = 1e9;
  std::uint64_t hits = 0;
  for (int round = 0; round < 5; ++round) {
    const double begin = thread_seconds();
    const auto page = run(source, *criteria, snapshot, std::nullopt, limits);
    if (!page) {
      fmt::print("{}: {}\n", query, page.error().what);
      return;
    }
    for (const Found& found : page->found) {  // what a reply shows
      if (!found.body && !views::read_body(view, codec, found.row)) {
        std::abort();
      }
    }
    const double took = thread_seconds() - begin;
    best = std::min(best, took);
    hits = page->total ? *page->total : page->found.size();
  }
  fmt::print("{:60} {:9} hits {:9.3f} ms {:8.2f} M hits/s\n", query, hits, best * 1e3,
             static_cast<double>(hits) / best / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "/tmp/search_timing";
  const std::size_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 300'000;
  const bool exists = std::filesystem::exists(folder);
  auto kv = views::open_rocks({folder});
  if (!kv) {
    fmt::print("{}\n", kv.error().what);
    return 1;
  }
  const views::BodyCodec codec;
  Store store(**kv, codec);
  if (!exists) {
    store.fill(count);
    if (!(*kv)->flush()) {
      return 1;
    }
  }
  const auto view = store.view();
  for (int i = 3; i < argc; ++i) {
    measure(*view, codec, argv[i]);
  }
  if (argc > 3) {
    return 0;
  }
  for (const char* const query : {"_summary=count",
                                  "_summary=count&code=http://loinc.org|1000-1",
                                  "_summary=count&code=1000-1",
                                  "_summary=count&status=final",
                                  "_summary=count&date=ge2010",
                                  "_summary=count&date=ge2015",
                                  "_summary=count&date=2015",
                                  "_summary=count&value-quantity=gt50",
                                  "_summary=count&code=1000-1&date=ge2015",
                                  "_summary=count&code=1000-1&value-quantity=gt50",
                                  "_summary=count&code-value-quantity=1000-1$gt50",
                                  "_summary=count&code:not=1000-1",
                                  "_count=50&code=1000-1",
                                  "_count=50&date=ge2015",
                                  "_count=50&value-quantity=gt50",
                                  "_count=50&code=1000-1&date=ge2015",
                                  "_count=50&code=1000-1&date=2015-03",
                                  "_count=50&code=1000-1&value-quantity=gt150",
                                  "_count=50&code=1000-1&value-quantity=gt199",
                                  "_count=50&date=ge2015&value-quantity=gt50",
                                  "_count=50&_sort=-date&code=1000-1",
                                  "_count=50&_sort=date"}) {
    measure(*view, codec, query);
  }
  return 0;
}
