#include "cli/bench_load.h"

#include <cstdlib>
#include <utility>

#include <fmt/format.h>

namespace holdfast::cli {
namespace {

constexpr Duration reply_time_max = seconds(120);
constexpr std::string_view our_base = "/fhir";

}  // namespace

Load::Load(const std::string& url) : server_(parse_any_server(url)) { executor_.start(); }

Load::~Load() {
  executor_.stop();
  executor_.discard();
}

Result<Load::Outcome> Load::run(unsigned clients, const Next& next) {
  if (!server_) {
    return fail(server_.error());
  }
  return wait_for(executor_, run_all(clients, next));
}

Task<Result<Load::Outcome>> Load::run_all(unsigned clients, const Next& next) {
  Outcome outcome;
  running_ = clients;
  const Instant started = boot_time();
  for (unsigned number = 0; number < clients; ++number) {
    executor_.spawn(client(number, next, outcome));
  }
  struct Ended {
    Load& load;
    [[nodiscard]] bool await_ready() const { return load.running_ == 0; }
    void await_suspend(std::coroutine_handle<> waiting) const { load.waiting_ = waiting; }
    void await_resume() const {}
  };
  Ended ended{*this};
  co_await ended;
  outcome.took = boot_time() - started;
  outcome.requests = outcome.latencies.us.size();
  if (failure_) {
    co_return fail(*failure_);
  }
  co_return outcome;
}

Task<void> Load::client(unsigned number, const Next& next, Outcome& outcome) {
  auto connected = co_await http::Client::connect(network_, executor_, server_->authority,
                                                  executor_.now() + seconds(10));
  if (!connected) {
    failure_ = connected.error();
  }
  while (!failure_) {
    auto exchange = next(number);
    if (!exchange) {
      break;
    }
    if (exchange->request.target.starts_with(our_base)) {
      exchange->request.target.replace(0, our_base.size(), server_->base);
    }
    const Instant began = boot_time();
    auto reply = co_await (*connected)->send(std::move(exchange->request), began + reply_time_max);
    const Instant ended = boot_time();
    if (!reply) {
      failure_ = reply.error();
      break;
    }
    if (std::string wrong = exchange->wrong(*reply); !wrong.empty()) {
      failure_ = Error{Code::corrupt, "a wrong answer: " + std::move(wrong), {}, {}};
      break;
    }
    outcome.latencies.add(ended - began);
    outcome.spans.push_back({number, began, ended});
  }
  if (--running_ == 0 && waiting_) {
    executor_.post([waiting = std::exchange(waiting_, {})] { waiting.resume(); });
  }
}

Exchange json_exchange(std::string_view method, std::string target, Bytes body, int status) {
  Exchange exchange;
  exchange.request.method = method;
  exchange.request.target = std::move(target);
  exchange.request.headers.add("Content-Type", "application/fhir+json");
  exchange.request.headers.add("Prefer", "return=minimal");
  exchange.request.body = std::move(body);
  exchange.wrong = [status](const http::Incoming& reply) {
    return reply.status == status
               ? std::string()
               : fmt::format("{} and not {}: {}", reply.status, status, diagnostics_of(reply.body));
  };
  return exchange;
}

Exchange get_bundle(std::string target, Wrong wrong) {
  Exchange get;
  get.request.target = std::move(target);
  get.wrong = [target = get.request.target,
               wrong = std::move(wrong)](const http::Incoming& reply) -> std::string {
    if (reply.status != 200) {
      return fmt::format("{}: {}: {}", target, reply.status, diagnostics_of(reply.body));
    }
    fhir::JsonReader reader;
    const auto json = reader.read(reply.body);
    const std::string fault = json ? wrong(json->root()) : json.error().what;
    return fault.empty() ? std::string() : fmt::format("{}: {}", target, fault);
  };
  return get;
}

std::uint64_t total_of(fhir::JsonValue bundle) {
  const auto total = bundle.find("total");
  return total ? std::strtoull(std::string(total->raw()).c_str(), nullptr, 10) : UINT64_MAX;
}

}  // namespace holdfast::cli
