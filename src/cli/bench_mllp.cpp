// cli/bench_mllp.cpp: results over MLLP, each acknowledged when it is durable and applied: kept as
// evidence over one connection and over many, and mapped to FHIR over many.
#include <utility>

#include "cli/bench.h"
#include "cli/bench_messages.h"

namespace holdfast::cli {
namespace {

constexpr unsigned sessions_default = 100;
constexpr std::uint64_t messages_default = 20'000;

constexpr std::string_view configuration =
    "[[neighbour]]\nname = \"evidence\"\nsenders = [\"KEPT\"]\ntake = \"evidence\"\n"
    "[[neighbour]]\nname = \"laboratory\"\nsenders = [\"LAB\"]\n";

}  // namespace

Result<void> bench_mllp(const BenchOptions& options) {
  if (!options.server.empty()) {
    return fail(Code::usage, "mllp starts a server of its own: it needs its neighbours");
  }
  const unsigned sessions = options.clients > 0 ? options.clients : sessions_default;
  const std::uint64_t count = options.size > 0 ? options.size : messages_default;
  TRY(const auto settings, TemporaryFolder::make(options.folder));
  const std::string file = settings->path() + "/holdfast.toml";
  TRY_OK(write_text(file, configuration));
  TRY(const auto bed, Bed::make(options, {"--config", file, "--mllp", "127.0.0.1:0"}));
  Sessions load(bed->child()->mllp());

  BenchLine line("mllp");
  line.number("sessions", sessions);
  line.number("messages", count);
  line.number("message_bytes", result_message("LAB", 12345).size());
  TRY(auto one, load.run(1, "KEPT", 0, count / 10));
  line.figure("kept_one_session_per_second", rate_of(one));
  TRY(auto many, load.run(sessions, "KEPT", count, count));
  line.figure("kept_per_second", rate_of(many));
  line.add_latencies("kept_", many.latencies);
  TRY(const auto before, MetricsPage::fetch(bed->url()));
  TRY(auto mapped, load.run(sessions, "LAB", 0, count));
  TRY(const auto after, MetricsPage::fetch(bed->url()));
  const std::uint64_t made = after.of("resources") - before.of("resources");
  line.figure("mapped_per_second", rate_of(mapped));
  line.add_latencies("mapped_", mapped.latencies);
  line.figure("mapped_resources_per_second",
              static_cast<double>(made) * 1e9 / static_cast<double>(mapped.took.ns));
  line.figure("resources_a_message", static_cast<double>(made) / static_cast<double>(count));
  line.add_server_peak(*bed);
  return line.end(options, bed.get());
}

}  // namespace holdfast::cli
