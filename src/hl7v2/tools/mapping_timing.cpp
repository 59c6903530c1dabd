// mapping_timing FILE…: processor time to parse and map each of those HL7 v2 messages, the best of
// many runs, with what came of it. Not a test: asserts nothing but that they can be read. With
// --show the resources, actions and report of each are printed instead.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string_view>
#include <vector>

#include <time.h>

#include <fmt/format.h>

#include "hl7v2/mapping/map.h"

namespace {

using namespace holdfast;

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void show(const hl7v2::Mapped& mapped) {
  for (const hl7v2::Draft& draft : mapped.drafts) {
    fmt::print("{} {} mode {}", draft.local.value, fhir::name(draft.type),
               static_cast<int>(draft.mode));
    for (const hl7v2::BusinessId& id : draft.find) {
      fmt::print(" {}", id.token());
    }
    fmt::print("\n{}\n", draft.body);
  }
  fmt::print("{} actions\n{}\n", mapped.actions.size(), hl7v2::operation_outcome(mapped.report));
}

int run(std::string_view file, bool shows) {
  std::ifstream stream{std::string(file), std::ios::binary};
  const Bytes bytes(std::istreambuf_iterator<char>(stream), {});
  const hl7v2::Overlay overlay;
  const hl7v2::IdentifierPolicy policy;
  const hl7v2::MapInput input{overlay, policy};
  double best_parse = 1e9;
  double best_map = 1e9;
  for (int i = 0; i < (shows ? 1 : 300); ++i) {
    const double begun = thread_seconds();
    const auto message = hl7v2::Message::parse(bytes);
    const double parsed = thread_seconds();
    if (!message) {
      fmt::print(stderr, "{}: {}\n", file, message.error().what);
      return 1;
    }
    const auto mapped = hl7v2::map(*message, input);
    const double done = thread_seconds();
    if (!mapped) {
      fmt::print("{}: {}\n", file, mapped.error().what);
      return 0;
    }
    best_parse = std::min(best_parse, parsed - begun);
    best_map = std::min(best_map, done - parsed);
    if (shows) {
      show(*mapped);
    } else if (i == 299) {
      fmt::print("{:8.1f} us parse {:8.1f} us map {:4} resources {:5} values {:6} bytes {} {}\n",
                 best_parse * 1e6, best_map * 1e6, mapped->drafts.size(), mapped->report.leaves,
                 bytes.size(), mapped->trigger, file.substr(file.rfind('/') + 1));
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  int failed = 0;
  bool shows = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--show") {
      shows = true;
    } else {
      failed |= run(word, shows);
    }
  }
  return failed;
}
