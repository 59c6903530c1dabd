// path_timing PACKAGE_DIR FILE…: what FHIRPath costs: compiling the invariants of the definitions
// in PACKAGE_DIR, and evaluating them over each element of those JSON resources. One line of
// figures a file, one for all invariants, and the dearest expressions. Not a test: nothing is
// asserted.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <new>

#include <time.h>

#include <fmt/format.h>

#include "fhir/check.h"
#include "fhir/path/compile.h"
#include "fhir/path/evaluate.h"
#include "fhir/path/invariants.h"

namespace {
std::uint64_t allocations = 0;
}

// Counted: a warm evaluation is to make none.
void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* const made = std::malloc(bytes)) {
    return made;
  }
  throw std::bad_alloc();
}
void operator delete(void* made) noexcept { std::free(made); }
void operator delete(void* made, std::size_t) noexcept { std::free(made); }

namespace {

using namespace holdfast;
using namespace holdfast::fhir;
namespace path = holdfast::fhir::path;

/// Processor time of this thread: other work on the machine does not count.
double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Rule {
  std::string name;
  path::Program program;
  double seconds = 0;
  std::uint64_t runs = 0;
};
using Rules = std::map<std::uint16_t, std::vector<Rule>>;

Result<Json> read(const std::filesystem::path& file, JsonReader& reader) {
  std::ifstream stream(file, std::ios::binary);
  return reader.read(Bytes(std::istreambuf_iterator<char>(stream), {}));
}

std::map<std::string, std::vector<path::Invariant>> read_invariants(
    const std::filesystem::path& package, JsonReader& reader) {
  std::map<std::string, std::vector<path::Invariant>> found;
  for (const auto& file : std::filesystem::directory_iterator(package)) {
    if (file.path().filename().string().starts_with("StructureDefinition-")) {
      if (const auto json = read(file.path(), reader)) {
        path::add_invariants(json->root(), found);
      }
    }
  }
  return found;
}

Rules compile_rules(const std::map<std::string, std::vector<path::Invariant>>& invariants) {
  constexpr int rounds = 20;
  Rules rules;
  std::size_t expressions = 0;
  const double begin = thread_seconds();
  for (int round = 0; round < rounds; ++round) {
    rules.clear();
    expressions = 0;
    for (const auto& [owner, list] : invariants) {
      path::CompileOptions options;
      options.type = path::structure_named(owner);
      options.rigor = path::Rigor::lenient;
      for (const path::Invariant& invariant : list) {
        auto program = path::compile(invariant.expression, options);
        ++expressions;
        if (program) {
          rules[options.type.value].push_back({owner + " " + invariant.key, *std::move(program)});
        }
      }
    }
  }
  const double seconds = (thread_seconds() - begin) / rounds;
  fmt::print("compile: {} invariants, {:.2f} ms, {:.2f} us each\n", expressions, seconds * 1e3,
             seconds * 1e6 / static_cast<double>(expressions));
  return rules;
}

struct Work {
  std::vector<path::Value> nodes;
  std::uint64_t evaluations = 0;
  std::uint64_t allocations = 0;  ///< while evaluating
};

/// Everything of one resource: its nodes are found by `descendants`, as validation would meet them.
Work run(Rules& rules, const path::Value& root, path::Evaluator& evaluator,
         const path::Program& descendants, const path::Surroundings& surroundings, bool timed) {
  Work work;
  work.nodes.push_back(root);
  const auto below = evaluator.evaluate(descendants, root, surroundings);
  if (below) {
    work.nodes.insert(work.nodes.end(), below->begin(), below->end());
  }
  for (const path::Value& node : work.nodes) {
    const auto of = rules.find(node.type().value);
    for (std::size_t i = 0; of != rules.end() && i < of->second.size(); ++i) {
      Rule& rule = of->second[i];
      const double begin = timed ? thread_seconds() : 0;
      const std::uint64_t before = allocations;
      const auto decided = evaluator.decide(rule.program, node, surroundings);
      work.allocations += allocations - before;
      if (timed) {
        rule.seconds += thread_seconds() - begin;
      }
      ++rule.runs;
      work.evaluations += decided ? 1U : 0U;
    }
  }
  return work;
}

void time_file(const std::string& name, const Json& json, Rules& rules,
               path::Evaluator& evaluator) {
  constexpr unsigned rounds = 50;
  const auto descendants = *path::compile("descendants()", path::CompileOptions{});
  path::TypeResolver resolver;
  path::Surroundings surroundings;
  surroundings.resolver = &resolver;
  const path::Value root = path::resource_value(json.root());
  run(rules, root, evaluator, descendants, surroundings, true);
  const double begin = thread_seconds();
  Work work;
  for (unsigned i = 0; i < rounds; ++i) {
    work = run(rules, root, evaluator, descendants, surroundings, false);
  }
  const double seconds = (thread_seconds() - begin) / rounds;
  const double check_begin = thread_seconds();
  for (unsigned i = 0; i < rounds; ++i) {
    (void)check_resource(json.root()).has_value();
  }
  const double check = (thread_seconds() - check_begin) / rounds;
  fmt::print(
      "{}: {} bytes, {} elements, {} evaluations, {} allocations, {:.1f} us ({:.0f} ns each), "
      "{:.1f} "
      "MB/s; "
      "check_resource() {:.1f} us\n",
      name, json.bytes().size(), work.nodes.size(), work.evaluations, work.allocations,
      seconds * 1e6,
      seconds * 1e9 / static_cast<double>(std::max<std::uint64_t>(work.evaluations, 1)),
      static_cast<double>(json.bytes().size()) / seconds * 1e-6, check * 1e6);
}

void print_dearest(const Rules& rules) {
  constexpr std::size_t shown = 12;
  std::vector<const Rule*> all;
  for (const auto& [type, list] : rules) {
    for (const Rule& rule : list) {
      all.push_back(&rule);
    }
  }
  std::ranges::sort(all, {}, [](const Rule* rule) { return -rule->seconds; });
  for (std::size_t i = 0; i < shown && i < all.size(); ++i) {
    fmt::print("  {:8.1f} us  {:6} runs  {}: {}\n", all[i]->seconds * 1e6, all[i]->runs,
               all[i]->name, all[i]->program.expression().substr(0, 90));
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    fmt::print(stderr, "usage: path_timing PACKAGE_DIR FILE...\n");
    return 2;
  }
  JsonReader reader;
  Rules rules = compile_rules(read_invariants(arguments[1], reader));
  path::Evaluator evaluator;
  for (int i = 2; i < count; ++i) {
    auto json = read(arguments[i], reader);
    if (!json) {
      fmt::print(stderr, "{}: {}\n", arguments[i], json.error().what);
      return 1;
    }
    time_file(std::filesystem::path(arguments[i]).filename(), *json, rules, evaluator);
  }
  print_dearest(rules);
  return 0;
}
