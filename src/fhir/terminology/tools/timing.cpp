// terminology_timing: how long one question about one code takes, over every code of every value
// set that an element is bound to with strength required. Not a test: nothing is asserted.
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include <time.h>

#include <fmt/format.h>

#include "fhir/terminology/terminology.h"

namespace {

using namespace holdfast::fhir;
using namespace holdfast::fhir::terminology;

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Asked {
  ValueSetId set;
  std::string system;
  std::string code;
};

std::vector<Asked> required_codes(const Terminology& in) {
  std::set<ValueSetId> sets;
  for (std::uint32_t i = 0; i < holdfast::fhir::tables::element_count; ++i) {
    const auto binding = binding_of(holdfast::fhir::tables::elements[i]);
    if (binding && binding->set && binding->strength == Strength::required) {
      sets.insert(in.value_set(*binding->set));
    }
  }
  std::vector<Asked> asked;
  for (const ValueSetId set : sets) {
    const auto done = in.visit_members(set, [&](std::string_view system, std::string_view code) {
      asked.push_back(Asked{set, std::string(system), std::string(code)});
    });
    if (!done) {
      fmt::print("left out: {}\n", done.error().what);
    }
  }
  return asked;
}

template <class Ask>
void measure(const char* what, const std::vector<Asked>& asked, const Ask& ask) {
  constexpr int rounds = 200;
  std::size_t yes = 0;
  const double begin = thread_seconds();
  for (int round = 0; round < rounds; ++round) {
    for (const Asked& one : asked) {
      yes += ask(one) == Truth::yes ? 1U : 0U;
    }
  }
  const double nanoseconds =
      (thread_seconds() - begin) * 1e9 / (rounds * static_cast<double>(asked.size()));
  fmt::print("{}: {:.0f} ns, {} of {} yes\n", what, nanoseconds, yes / rounds, asked.size());
}

}  // namespace

int main() {
  const Terminology in;
  const std::vector<Asked> asked = required_codes(in);
  measure("Coding, right", asked,
          [&](const Asked& one) { return in.holds(one.set, one.system, one.code); });
  measure("code, right", asked, [&](const Asked& one) { return in.holds(one.set, {}, one.code); });
  measure("code, wrong", asked, [&](const Asked& one) { return in.holds(one.set, {}, "nocode"); });
  return 0;
}
