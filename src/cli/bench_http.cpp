// cli/bench_http.cpp: workloads over HTTP whose requests we make ourselves.
#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"
#include "cli/bench.h"
#include "cli/bench_load.h"
#include "cli/bench_resources.h"
#include "cli/remote.h"
#include "http/bench/plain_beast.h"
#include "http/server.h"
#include "world/real/real_random.h"

namespace holdfast::cli {
namespace {

constexpr unsigned small_writers = 64;
constexpr unsigned read_turns = 7;

Result<void> demand(bool holds, const std::string& what) {
  return holds ? ok() : Result<void>(fail(Code::corrupt, "wrong: " + what));
}

/// A server without anything behind it, in this process: what the edge alone costs.
class EmptyServer {
 public:
  static Result<std::unique_ptr<EmptyServer>> start() {
    auto server = std::unique_ptr<EmptyServer>(new EmptyServer);
    TRY(server->listener_, server->network_.listen(server->executor_, "127.0.0.1:0"));
    server->server_ = std::make_unique<http::Server>(
        server->executor_, std::vector<Executor*>{&server->executor_}, *server->listener_,
        server->handler_, server->budget_, server->clock_, server->random_);
    server->executor_.start();
    EmptyServer* const self = server.get();
    self->executor_.post([self] { self->server_->start(); });
    return server;
  }
  ~EmptyServer() {
    if (server_) {
      wait_for(executor_, drain());
    }
    executor_.stop();
    executor_.discard();
  }
  EmptyServer(const EmptyServer&) = delete;
  EmptyServer& operator=(const EmptyServer&) = delete;
  [[nodiscard]] std::string url() const { return "http://" + listener_->address(); }

 private:
  class Answer final : public api::Handler {
    Task<api::Reply> handle(api::Request request, Executor& on) override {
      static_cast<void>(request);
      static_cast<void>(on);
      api::Reply reply;
      reply.headers.add("Content-Type", "application/fhir+json;charset=utf-8");
      reply.body = body_;
      co_return reply;
    }
    const std::shared_ptr<const Bytes> body_ =
        std::make_shared<const Bytes>(make_patient("empty", 1));
  };
  EmptyServer() = default;
  Task<int> drain() {
    co_await server_->drain(executor_.now() + seconds(5));
    co_return 0;
  }

  RealNetwork network_;
  RealClock clock_;
  RealRandom random_;
  Budget budget_{1 << 20};
  Answer handler_;
  RealExecutor executor_{"empty-server"};
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<http::Server> server_;
};

/// GETs of `target`s in turn; `expected` has the hash of each body.
Result<Load::Outcome> run_reads(Load& load, unsigned clients, std::uint64_t count,
                                const std::vector<std::string>& targets,
                                const std::vector<std::size_t>& expected) {
  std::uint64_t next = 0;
  const auto exchange = [&](unsigned) -> std::optional<Exchange> {
    if (next == count) {
      return std::nullopt;
    }
    const std::size_t index = next++ * 7919 % targets.size();
    Exchange read;
    read.request.target = targets[index];
    read.wrong = [wanted = expected[index]](const http::Incoming& reply) {
      return reply.status == 200 && std::hash<std::string_view>()(reply.body) == wanted
                 ? std::string()
                 : fmt::format("{} with another body", reply.status);
    };
    return read;
  };
  return load.run(clients, exchange);
}

double rate(const Load::Outcome& outcome) {
  return static_cast<double>(outcome.requests) * 1e9 / static_cast<double>(outcome.took.ns);
}

/// Reads of one patient from a server without anything behind it.
Result<Load::Outcome> read_empty(Load& load, unsigned clients, std::uint64_t count) {
  const std::size_t body = std::hash<std::string_view>()(make_patient("empty", 1));
  return run_reads(load, clients, count, {"/fhir/Patient/empty"}, {body});
}

}  // namespace

Result<void> bench_empty(const BenchOptions& options) {
  const unsigned clients = options.clients > 0 ? options.clients : 16;
  const std::uint64_t count = options.size > 0 ? options.size : 100'000;
  TRY(const auto server, EmptyServer::start());
  Load load(server->url());
  TRY(auto outcome, read_empty(load, clients, count));
  BenchLine line("empty");
  line.number("clients", clients);
  line.number("requests", count);
  line.figure("per_second", rate(outcome));
  line.add_latencies("", outcome.latencies);
  return line.end(options);
}

namespace {

/// Patients on a server, and the hash of what each reads as.
struct Known {
  std::vector<std::string> targets;
  std::vector<std::size_t> hashes;
};

Result<Known> make_known_patients(Load& load, unsigned clients, std::uint64_t count) {
  Known known;
  const auto create = [&](unsigned) -> std::optional<Exchange> {
    const std::uint64_t number = known.targets.size();
    if (number == count) {
      return std::nullopt;
    }
    const std::string id = fmt::format("read-{}", number);
    known.targets.push_back("/fhir/Patient/" + id);
    Exchange put = json_exchange("PUT", known.targets.back(), make_patient(id, number), 201);
    put.wrong = [](const http::Incoming& reply) {
      return reply.status == 200 || reply.status == 201 ? std::string()
                                                        : diagnostics_of(reply.body);
    };
    return put;
  };
  TRY_OK(load.run(clients, create));
  known.hashes.resize(count);
  std::uint64_t looked = 0;
  const auto look = [&](unsigned) -> std::optional<Exchange> {
    if (looked == count) {
      return std::nullopt;
    }
    const std::uint64_t index = looked++;
    Exchange read;
    read.request.target = known.targets[index];
    read.wrong = [&known, index](const http::Incoming& reply) {
      known.hashes[index] = std::hash<std::string_view>()(reply.body);
      return reply.body.find(family_of(index)) != Bytes::npos ? std::string() : "another patient";
    };
    return read;
  };
  TRY_OK(load.run(1, look));
  return known;
}

/// Rates of one server over the turns, and of the server under test against it.
struct Beside {
  std::vector<double> rates;
  std::vector<double> ratios;
  void add(double its, double ours) {
    rates.push_back(its);
    ratios.push_back(ours / its);
  }
};

}  // namespace

Result<void> bench_read(const BenchOptions& options) {
  const unsigned clients = options.clients > 0 ? options.clients : 16;
  const std::uint64_t count = (options.size > 0 ? options.size : 100'000) / read_turns + 1;
  TRY(const auto bed, Bed::make(options, {"--io-threads", "1"}));
  Load load(bed->url());
  TRY(const Known known, make_known_patients(load, clients, 1000));
  // In turns, so that whatever else the machine does meets all of them.
  TRY(const auto edge, EmptyServer::start());
  Load edge_load(edge->url());
  const http::PlainBeast beast(make_patient("empty", 1));
  Load beast_load(fmt::format("http://127.0.0.1:{}", beast.port()));
  std::vector<double> rates;
  Beside beside_edge;
  Beside beside_beast;
  Latencies latencies;
  for (unsigned turn = 0; turn < read_turns; ++turn) {
    TRY(const auto outcome, run_reads(load, clients, count, known.targets, known.hashes));
    TRY(const auto by_edge, read_empty(edge_load, clients, count));
    TRY(const auto by_beast, read_empty(beast_load, clients, count));
    rates.push_back(rate(outcome));
    beside_edge.add(rate(by_edge), rates.back());
    beside_beast.add(rate(by_beast), rates.back());
    latencies.us.insert(latencies.us.end(), outcome.latencies.us.begin(),
                        outcome.latencies.us.end());
  }

  BenchLine line("read");
  line.number("clients", clients);
  line.number("requests", latencies.us.size());
  line.number("server_threads", 1);
  line.number("turns", read_turns);
  line.figure("per_second_median", median(rates));
  line.add_latencies("", latencies);
  line.figure("empty_beast_per_second_median", median(beside_beast.rates));
  line.figure("ratio_to_empty_beast_median", median(beside_beast.ratios));
  line.figure("empty_edge_per_second_median", median(beside_edge.rates));
  line.figure("ratio_to_empty_edge_median", median(beside_edge.ratios));
  return line.end(options, bed.get());
}

Result<void> bench_transaction(const BenchOptions& options) {
  const unsigned clients = options.clients > 0 ? options.clients : 64;
  const std::uint64_t count = options.size > 0 ? options.size : (clients == 1 ? 2'000 : 20'000);
  TRY(const auto bed, Bed::make(options));
  TRY(const auto before, MetricsPage::fetch(bed->url()));
  Load load(bed->url());
  std::uint64_t next = 0;
  const auto exchange = [&](unsigned) -> std::optional<Exchange> {
    return next == count
               ? std::nullopt
               : std::optional(json_exchange("POST", "/fhir", make_transaction(next++, 1), 200));
  };
  TRY(auto outcome, load.run(clients, exchange));
  TRY(const auto after, MetricsPage::fetch(bed->url()));
  const std::uint64_t created = after.of("resources") - before.of("resources");
  TRY_OK(demand(created == 2 * count, fmt::format("{} resources and not {}", created, 2 * count)));
  const std::uint64_t syncs = after.of("journal_syncs_total") - before.of("journal_syncs_total");

  BenchLine line("transaction");
  line.number("clients", clients);
  line.number("transactions", count);
  line.figure("per_second", rate(outcome));
  line.number("sync_calls", syncs);
  line.figure("transactions_per_sync",
              static_cast<double>(count) / static_cast<double>(std::max<std::uint64_t>(1, syncs)));
  line.add_latencies("", outcome.latencies);
  line.add_server_peak(*bed);
  return line.end(options, bed.get());
}

namespace {

constexpr std::uint64_t large_entries = 5'000;
constexpr std::uint64_t alone_requests = 10'000;  // as many as give a p99

/// 64 small writers, alone and beside one client that sends large Bundles one after the other.
class MixedLoad {
 public:
  MixedLoad(std::string url, unsigned writers) : load_(std::move(url)), writers_(writers) {}

  Result<Load::Outcome> run_alone() {
    return load_.run(writers_, [this](unsigned) -> std::optional<Exchange> {
      return next_ >= alone_requests ? std::nullopt : std::optional(small());
    });
  }

  /// The small ones go on until the last large one has ended.
  Result<Load::Outcome> run_beside(std::uint64_t bundles) {
    // Made before: the load has one thread, and no request may wait for it.
    std::vector<Bytes> made;
    for (std::uint64_t i = 0; i < bundles; ++i) {
      made.push_back(make_transaction(next_++, large_entries - 1));
    }
    bool ended = false;
    return load_.run(writers_ + 1, [&, this](unsigned client) -> std::optional<Exchange> {
      if (client < writers_) {
        return ended ? std::nullopt : std::optional(small());
      }
      if (made.empty()) {
        ended = true;
        return std::nullopt;
      }
      Exchange large = json_exchange("POST", "/fhir", std::move(made.back()), 200);
      made.pop_back();
      return large;
    });
  }

  /// Transactions sent, large ones among them.
  [[nodiscard]] std::uint64_t sent() const { return next_; }

 private:
  Exchange small() { return json_exchange("POST", "/fhir", make_transaction(next_++, 1), 200); }

  Load load_;
  const unsigned writers_;
  std::uint64_t next_ = 0;
};

/// The small requests that were under way while a large one was, and the large ones.
struct Overlap {
  Latencies small;
  Latencies large;
};

Overlap overlap_of(const Load::Outcome& outcome, unsigned writers) {
  Overlap overlap;
  std::vector<Load::Outcome::Span> large;
  for (const auto& span : outcome.spans) {
    if (span.client >= writers) {
      large.push_back(span);
      overlap.large.add(span.ended - span.began);
    }
  }
  for (const auto& span : outcome.spans) {
    const bool beside = std::any_of(large.begin(), large.end(), [&](const auto& each) {
      return span.began < each.ended && span.ended > each.began;
    });
    if (span.client < writers && beside) {
      overlap.small.add(span.ended - span.began);
    }
  }
  return overlap;
}

}  // namespace

Result<void> bench_bundle5000(const BenchOptions& options) {
  const std::uint64_t bundles = options.size > 0 ? options.size : 5;
  const unsigned writers = options.clients > 0 ? options.clients : small_writers;
  TRY(const auto bed, Bed::make(options));
  TRY(const auto before, MetricsPage::fetch(bed->url()));
  MixedLoad load(bed->url(), writers);
  TRY(auto alone, load.run_alone());
  TRY(const auto beside, load.run_beside(bundles));
  TRY(const auto after, MetricsPage::fetch(bed->url()));
  const std::uint64_t created = after.of("resources") - before.of("resources");
  const std::uint64_t expected = bundles * large_entries + 2 * (load.sent() - bundles);
  TRY_OK(demand(created == expected, fmt::format("{} resources and not {}", created, expected)));

  Overlap overlap = overlap_of(beside, writers);
  BenchLine line("bundle5000");
  line.number("writers", writers);
  line.number("bundles", bundles);
  line.number("entries_each", large_entries);
  line.add_latencies("alone_", alone.latencies);
  line.number("requests_during", overlap.small.us.size());
  line.add_latencies("during_", overlap.small);
  line.add_latencies("bundle_", overlap.large);
  return line.end(options, bed.get());
}

}  // namespace holdfast::cli
