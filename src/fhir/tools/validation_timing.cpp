// validation_timing FILE…: what validating costs: each resource of those files (a Bundle: each of
// its entries) as a write would have it judged, and what of it are invariants, bindings and
// profiles. Prints figures and counts of issues; `--issues` prints each issue of the first round
// instead. Not a test: nothing is asserted.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include <time.h>

#include <fmt/format.h>

#include "fhir/check.h"
#include "fhir/validation/validator.h"

namespace {

using namespace holdfast;
using namespace holdfast::fhir;
namespace validation = holdfast::fhir::validation;

/// Processor time of this thread: other work on the machine does not count.
double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

std::vector<JsonValue> resources_of(const Json& json) {
  std::vector<JsonValue> found;
  const auto entries = json.root().find("entry");
  const auto type = json.root().find("resourceType");
  if (!entries || !type || !type->equals("Bundle")) {
    return {json.root()};
  }
  for (const JsonValue entry : entries->children()) {
    if (const auto resource = entry.find("resource")) {
      found.push_back(*resource);
    }
  }
  return found;
}

struct Figures {
  double seconds = 0;
  std::size_t resources = 0;
  std::array<std::size_t, validation::severities> issues{};
};

Figures run(const std::vector<Json>& documents, const validation::Validator& validator,
            validation::Terms terms, unsigned rounds) {
  validation::Workspace workspace;
  Figures figures;
  const double begin = thread_seconds();
  for (unsigned round = 0; round < rounds; ++round) {
    for (const Json& json : documents) {
      validation::BundleEntries entries(json.root());
      terms.entries = &entries;
      for (const JsonValue resource : resources_of(json)) {
        const validation::Report report = validator.validate(resource, terms, workspace);
        ++figures.resources;
        for (std::size_t i = 0; i < validation::severities; ++i) {
          figures.issues[i] += report.count(static_cast<validation::Severity>(i));
        }
      }
    }
  }
  figures.seconds = thread_seconds() - begin;
  return figures;
}

void print(std::string_view what, const Figures& figures) {
  const auto count = static_cast<double>(std::max<std::size_t>(figures.resources, 1));
  fmt::print(
      "{:28} {:8.2f} us a resource; a resource has {:.2f} errors, {:.2f} warnings, {:.2f} "
      "remarks\n",
      what, figures.seconds * 1e6 / count, static_cast<double>(figures.issues[0]) / count,
      static_cast<double>(figures.issues[1]) / count,
      static_cast<double>(figures.issues[2]) / count);
}

void print_issues(const std::vector<Json>& documents, const std::vector<std::string>& names,
                  const validation::Validator& validator) {
  validation::Workspace workspace;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    validation::BundleEntries entries(documents[i].root());
    validation::Terms terms;
    terms.entries = &entries;
    for (const JsonValue resource : resources_of(documents[i])) {
      const validation::Report report = validator.check_and_validate(resource, terms, workspace);
      for (const validation::Issue& issue : report.issues()) {
        fmt::print("{} {} {} {}: {} [{}]\n", names[i], name(issue.severity), name(issue.type),
                   issue.where, issue.text, issue.rule);
      }
    }
  }
}

}  // namespace

int main(int count, char** arguments) {
  const bool shows_issues = count > 1 && std::string_view(arguments[1]) == "--issues";
  const int first = shows_issues ? 2 : 1;
  if (count <= first) {
    fmt::print(stderr, "usage: validation_timing [--issues] FILE...\n");
    return 2;
  }
  JsonReader reader;
  std::vector<Json> documents;
  std::vector<std::string> names;
  std::size_t bytes = 0;
  for (int i = first; i < count; ++i) {
    std::ifstream stream(arguments[i], std::ios::binary);
    auto json = reader.read(Bytes(std::istreambuf_iterator<char>(stream), {}));
    if (!json) {
      fmt::print(stderr, "{}: {}\n", arguments[i], json.error().what);
      return 1;
    }
    bytes += json->bytes().size();
    documents.push_back(*std::move(json));
    names.emplace_back(std::filesystem::path(arguments[i]).filename());
  }
  const terminology::Terminology terminology;
  const double begin = thread_seconds();
  const auto validator = validation::Validator::over({}, terminology);
  fmt::print("made in {:.2f} ms\n", (thread_seconds() - begin) * 1e3);
  if (shows_issues) {
    print_issues(documents, names, **validator);
    return 0;
  }
  validation::Terms counted;
  counted.detail = validation::Detail::counts;
  print("first round, all compiled", run(documents, **validator, counted, 1));
  constexpr unsigned rounds = 5;
  print("all, counted", run(documents, **validator, counted, rounds));
  print("all, with texts", run(documents, **validator, {}, rounds));
  const auto only = [&](bool invariants, bool bindings, bool profiled) {
    validation::Terms terms = counted;
    terms.invariants = invariants;
    terms.bindings = bindings;
    terms.profiled = profiled;
    return run(documents, **validator, terms, rounds);
  };
  print("the walk and targets alone", only(false, false, false));
  print("with invariants", only(true, false, false));
  print("with bindings", only(false, true, false));
  print("with profiles", only(false, false, true));
  fmt::print("{} files, {} bytes\n", documents.size(), bytes);
  return 0;
}
