// fhir_timing FILE…: how long reading, checking, minifying, extracting and XML take on those JSON
// files, as one line of figures. Not a test: nothing is asserted but that every file is read.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

#include <time.h>

#include <fmt/format.h>

#include "fhir/check.h"
#include "fhir/extract.h"
#include "fhir/json.h"
#include "fhir/params/compile.h"
#include "fhir/xml.h"

namespace {

using namespace holdfast;

/// Processor time of this thread: other work on the machine does not count.
class Lap {
 public:
  double seconds() {
    const double now = thread_seconds();
    const double passed = now - at_;
    at_ = now;
    return passed;
  }

 private:
  static double thread_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
  }
  double at_ = thread_seconds();
};

struct Totals {
  double read = 0, check = 0, minify = 0, examine = 0, read_dense = 0, both = 0, to_xml = 0,
         from_xml = 0;
  std::size_t xml_bytes = 0, bytes = 0, dense_bytes = 0, values = 0, resources = 0, sites = 0,
              refused = 0;
};

std::vector<fhir::JsonValue> resources_of(const fhir::Json& json) {
  std::vector<fhir::JsonValue> found;
  if (const auto entries = json.root().find("entry")) {
    for (const fhir::JsonValue entry : entries->children()) {
      if (const auto resource = entry.find("resource")) {
        found.push_back(*resource);
      }
    }
  } else {
    found.push_back(json.root());
  }
  return found;
}

bool measure(fhir::JsonReader& reader, fhir::Json& json, const Bytes& text, Totals& sum) {
  Bytes copy;
  copy.reserve(text.size() + 64);
  copy = text;
  Lap lap;
  const auto read = reader.read(std::move(copy), json);
  sum.read += lap.seconds();
  if (!read) {
    fmt::print(stderr, "{} {}\n", read.error().what, read.error().where);
    return false;
  }
  sum.bytes += text.size();
  sum.values += json.value_count();
  (void)lap.seconds();
  const auto checked = fhir::check_resource(json.root());
  sum.check += lap.seconds();
  sum.refused += checked ? 0U : 1U;
  (void)lap.seconds();
  json.minify();
  sum.minify += lap.seconds();
  sum.dense_bytes += json.bytes().size();
  const auto resources = resources_of(json);
  fhir::Sites sites;
  fhir::Extraction extraction;
  (void)lap.seconds();
  for (const fhir::JsonValue resource : resources) {
    fhir::examine(resource, fhir::standard_search_params(), sites, extraction);
    sum.sites += sites.sites.size();
  }
  sum.examine += lap.seconds();
  for (const fhir::JsonValue resource : resources) {
    (void)fhir::check_and_examine(resource, fhir::standard_search_params(), sites, extraction);
  }
  sum.both += lap.seconds();
  sum.resources += resources.size();
  (void)lap.seconds();
  if (const auto xml = fhir::xml_from_json(json.root())) {
    sum.to_xml += lap.seconds();
    (void)fhir::json_from_xml(*xml);
    sum.from_xml += lap.seconds();
    sum.xml_bytes += xml->size();
  }
  Bytes dense(json.bytes());
  dense.reserve(dense.size() + 64);
  (void)lap.seconds();
  (void)reader.read(std::move(dense), json);
  sum.read_dense += lap.seconds();
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  fhir::JsonReader reader;
  fhir::Json json;
  Totals sum;
  for (int round = 0; round < 3; ++round) {
    sum = Totals{};
    for (int i = 1; i < argc; ++i) {
      std::ifstream file(argv[i], std::ios::binary);
      const Bytes text(std::istreambuf_iterator<char>(file), {});
      if (!measure(reader, json, text, sum)) {
        fmt::print(stderr, "{} was refused\n", argv[i]);
        return 1;
      }
    }
  }
  const auto rate = [](std::size_t bytes, double seconds) {
    return static_cast<double>(bytes) / 1e6 / seconds;
  };
  const auto each = [&](double seconds) {
    return seconds * 1e6 / static_cast<double>(sum.resources);
  };
  fmt::print(
      "{{\"bytes\":{},\"minified_bytes\":{},\"values\":{},\"resources\":{},\"sites\":{},"
      "\"refused\":{},\"read_mb_s\":{:.0f},\"read_minified_mb_s\":{:.0f},\"minify_mb_s\":{:.0f},"
      "\"check_mb_s\":{:.0f},\"xml_bytes\":{},\"write_xml_mb_s\":{:.0f},\"read_xml_mb_s\":{:.0f},"
      "\"us_a_resource\":{{\"read_minified\":{:.2f},\"check\":{:.2f},"
      "\"minify\":{:.2f},\"examine\":{:.2f},\"check_and_examine\":{:.2f}}}}}\n",
      sum.bytes, sum.dense_bytes, sum.values, sum.resources, sum.sites, sum.refused,
      rate(sum.bytes, sum.read), rate(sum.dense_bytes, sum.read_dense), rate(sum.bytes, sum.minify),
      rate(sum.bytes, sum.check), sum.xml_bytes, rate(sum.xml_bytes, sum.to_xml),
      rate(sum.xml_bytes, sum.from_xml), each(sum.read_dense), each(sum.check), each(sum.minify),
      each(sum.examine), each(sum.both));
  return 0;
}
