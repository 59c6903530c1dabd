// cli/bench_crud.cpp: the life of a patient's resource, durable at each step: create, read, update,
// delete, beside the data of 1,000 patients.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "cli/bench.h"
#include "cli/bench_load.h"
#include "cli/bench_record.h"
#include "cli/remote.h"

namespace holdfast::cli {
namespace {

constexpr std::uint64_t crud_patients = 1000;
constexpr unsigned crud_clients = 16;
constexpr std::uint64_t lives_default = 2000;
enum class Step : std::uint8_t { create, read, update, remove, read_removed };
constexpr std::size_t steps = 5;
constexpr std::array<std::string_view, steps> step_names{"create", "read", "update", "delete",
                                                         "read_deleted"};

std::string expect(const http::Incoming& reply, int status, std::string_view version) {
  if (reply.status != status) {
    return fmt::format("{} and not {}: {}", reply.status, status, diagnostics_of(reply.body));
  }
  const std::string tag = fmt::format("W/\"{}\"", version);
  const auto etag = reply.headers.find("ETag");
  return version.empty() || etag == tag
             ? std::string()
             : fmt::format("{} with the ETag {} and not {}", status, etag.value_or("none"), tag);
}

/// One client at its work: resource after resource through all steps.
class Life {
 public:
  /// The next request; nothing when `number` has come to `lives`.
  std::optional<Exchange> next(std::uint64_t& number, std::uint64_t lives) {
    if (step_ == Step::create) {
      if (number == lives) {
        return std::nullopt;
      }
      number_ = crud_patients + number++;
    }
    const Step step = step_;
    step_ = static_cast<Step>((static_cast<std::size_t>(step) + 1) % steps);
    return exchange(step);
  }

 private:
  Exchange exchange(Step step) {
    switch (step) {
      case Step::create: return create();
      case Step::read: return get(200, "1");
      case Step::update: return update();
      case Step::remove: return remove();
      case Step::read_removed: return get(410, "");
    }
    return {};
  }
  Exchange create() {
    Exchange post = json_exchange("POST", "/fhir/Patient",
                                  make_record_patient(number_, Identity::servers), 201);
    post.wrong = [this](const http::Incoming& reply) {
      const auto location = reply.headers.find("Location");
      const std::size_t from = location ? location->find("Patient/") : std::string::npos;
      const std::size_t until = location ? location->find("/_history") : std::string::npos;
      if (from == std::string::npos || until == std::string::npos) {
        return fmt::format("{} without a Location", reply.status);
      }
      id_ = location->substr(from + 8, until - from - 8);
      return expect(reply, 201, "1");
    };
    return post;
  }
  Exchange get(int status, std::string_view version) {
    Exchange read;
    read.request.target = "/fhir/Patient/" + id_;
    read.wrong = [this, status, version](const http::Incoming& reply) {
      const std::string family = family_name(patient_facts(number_).family);
      const bool whole = status != 200 || reply.body.find(family) != Bytes::npos;
      return whole ? expect(reply, status, version) : std::string("another patient");
    };
    return read;
  }
  Exchange update() {
    Bytes body = make_record_patient(number_, Identity::servers);
    body.insert(1, fmt::format(R"("id":"{}","active":true,)", id_));
    Exchange put = json_exchange("PUT", "/fhir/Patient/" + id_, std::move(body), 200);
    put.wrong = [](const http::Incoming& reply) { return expect(reply, 200, "2"); };
    return put;
  }
  Exchange remove() {
    Exchange remove;
    remove.request.method = "DELETE";
    remove.request.target = "/fhir/Patient/" + id_;
    remove.wrong = [](const http::Incoming& reply) { return expect(reply, 204, ""); };
    return remove;
  }

  Step step_ = Step::create;
  std::uint64_t number_ = 0;
  std::string id_;
};

}  // namespace

Result<void> bench_crud(const BenchOptions& options) {
  const unsigned clients = options.clients > 0 ? options.clients : crud_clients;
  const std::uint64_t lives = options.size > 0 ? options.size : lives_default;
  TRY(const auto bed, Bed::make(options));
  TRY(KnownRecord record, KnownRecord::on_empty(bed->url()));
  TRY_OK(record.grow_to(std::min(crud_patients, lives)));

  std::vector<Life> working(clients);
  std::array<Latencies, steps> latencies;
  std::vector<std::size_t> steps_done(clients, 0);
  std::uint64_t number = 0;
  Load load(bed->url());
  TRY(const auto outcome,
      load.run(clients, [&](unsigned client) { return working[client].next(number, lives); }));
  for (const auto& span : outcome.spans) {  // of one client they are in order
    latencies[steps_done[span.client]++ % steps].add(span.ended - span.began);
  }
  TRY(const auto after, MetricsPage::fetch(bed->url()));
  if (after.of("resources") != record.resources()) {
    return fail(Code::corrupt, fmt::format("wrong: {} resources remain and not {}",
                                           after.of("resources"), record.resources()));
  }
  BenchLine line("crud");
  line.number("clients", clients);
  line.number("resources", record.resources());
  line.number("lives", lives);
  line.number("requests", outcome.requests);
  line.figure("per_second",
              static_cast<double>(outcome.requests) * 1e9 / static_cast<double>(outcome.took.ns));
  for (std::size_t i = 0; i < steps; ++i) {
    line.add_latencies(fmt::format("{}_", step_names[i]), latencies[i]);
  }
  line.add_server_peak(*bed);
  return line.end(options, bed.get());
}

}  // namespace holdfast::cli
