// cli/bench_crud.cpp: lives of patients (bench_life.h) beside the data of 1,000 patients, on a
// server of ours, durable at each step, or on any other.
#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "cli/bench.h"
#include "cli/bench_life.h"
#include "cli/bench_load.h"
#include "cli/bench_record.h"

namespace holdfast::cli {
namespace {

constexpr std::uint64_t crud_patients = 1000;
constexpr unsigned crud_clients = 16;
constexpr std::uint64_t lives_default = 2000;

using StepLatencies = std::array<Latencies, life_steps>;

StepLatencies by_step(const Load::Outcome& outcome, unsigned clients) {
  StepLatencies latencies;
  std::vector<std::size_t> done(clients, 0);
  for (const auto& span : outcome.spans) {  // of one client they are in order
    latencies[done[span.client]++ % life_steps].add(span.ended - span.began);
  }
  return latencies;
}

// As many as `clients` would do if they did nothing else and it took as long.
double rate_of(const Latencies& latencies, unsigned clients) {
  const double us = std::accumulate(latencies.us.begin(), latencies.us.end(), 0.0);
  return us > 0 ? static_cast<double>(latencies.us.size()) * clients * 1e6 / us : 0;
}

}  // namespace

Result<void> bench_crud(const BenchOptions& options) {
  const unsigned clients = options.clients > 0 ? options.clients : crud_clients;
  Lives lives;
  lives.wanted = options.size > 0 ? options.size : lives_default;
  TRY(const auto bed, Bed::make(options));
  TRY(KnownRecord record, KnownRecord::on(bed->url()));
  TRY_OK(record.grow_to(std::min(crud_patients, lives.wanted)));
  lives.record_patients = record.patients();

  std::vector<Life> working(clients);
  Load load(bed->url());
  TRY(auto outcome,
      load.run(clients, [&](unsigned client) { return working[client].next(lives); }));
  TRY_OK(record.check());
  StepLatencies latencies = by_step(outcome, clients);

  BenchLine line("crud");
  line.number("clients", clients);
  line.number("resources", record.resources());
  line.number("lives", lives.wanted);
  line.number("requests", outcome.requests);
  line.figure("per_second",
              static_cast<double>(outcome.requests) * 1e9 / static_cast<double>(outcome.took.ns));
  line.add_latencies("", outcome.latencies);
  for (std::size_t i = 0; i < life_steps; ++i) {
    line.figure(fmt::format("{}_per_second", life_step_names[i]), rate_of(latencies[i], clients));
    line.add_latencies(fmt::format("{}_", life_step_names[i]), latencies[i]);
  }
  line.add_server_peak(*bed);
  return line.end(options, bed.get());
}

}  // namespace holdfast::cli
