// cli/bench_everything.cpp: Patient/$everything of patients with a thousand resources each: all of
// it in one reply, and in pages. What the server's process spends on a reply is told beside the
// rate, since the client takes as long to read it.
#include <algorithm>

#include <fmt/format.h>

#include "cli/bench.h"
#include "cli/bench_load.h"
#include "cli/bench_resources.h"
#include "cli/machine.h"

namespace holdfast::cli {
namespace {

constexpr std::uint64_t observations_each = 999;  // and the patient
constexpr unsigned page_entries = 50;

struct Stay {
  std::vector<std::string> targets;
  std::vector<std::size_t> hashes;
  std::uint64_t bytes = 0;  ///< of all whole replies
};

std::size_t count_of(std::string_view text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos;
       at = text.find(what, at + what.size())) {
    ++count;
  }
  return count;
}

/// `patients` with their resources, and where their everything is.
Result<Stay> admit(Load& load, std::uint64_t patients) {
  Stay stay;
  std::uint64_t next = 0;
  const auto admit_one = [&](unsigned) -> std::optional<Exchange> {
    if (next == patients) {
      return std::nullopt;
    }
    Exchange sent =
        json_exchange("POST", "/fhir", make_transaction(next++, observations_each), 200);
    sent.wrong = [&stay](const http::Incoming& reply) {
      constexpr std::string_view mark = "Patient/";
      const std::size_t at = reply.body.find(mark);
      const std::size_t end = reply.body.find('/', at + mark.size());
      if (reply.status != 200 || at == Bytes::npos || end == Bytes::npos) {
        return fmt::format("{} without the patient's address", reply.status);
      }
      stay.targets.push_back(fmt::format("/fhir/{}/$everything", reply.body.substr(at, end - at)));
      return std::string();
    };
    return sent;
  };
  TRY_OK(load.run(2, admit_one));
  stay.hashes.resize(stay.targets.size());
  return stay;
}

/// What each reads as: all of its own, nothing of another's, once.
Result<void> look(Load& load, Stay& stay) {
  std::uint64_t looked = 0;
  const auto look_one = [&](unsigned) -> std::optional<Exchange> {
    if (looked == stay.targets.size()) {
      return std::nullopt;
    }
    const std::uint64_t index = looked++;
    Exchange read;
    read.request.target = stay.targets[index];
    read.wrong = [&stay, index](const http::Incoming& reply) {
      const std::string& target = stay.targets[index];
      const std::string own = target.substr(6, target.find("/$") - 6);  // Patient/ID
      stay.hashes[index] = std::hash<std::string_view>()(reply.body);
      stay.bytes += reply.body.size();
      const std::size_t entries = count_of(reply.body, R"({"resource":{)");
      const std::size_t about = count_of(reply.body, fmt::format(R"("reference":"{}")", own));
      return entries == observations_each + 1 && about == observations_each
                 ? std::string()
                 : fmt::format("{} entries, {} of them about {}", entries, about, own);
    };
    return read;
  };
  TRY_OK(load.run(1, look_one));
  return ok();
}

struct Figures {
  double per_second = 0;
  double server_us = 0;  ///< processor time of the server, a request
  Latencies latencies;
};

/// GETs that `exchange` makes, one for each number below `count`.
template <class Make>
Result<Figures> read_all(Load& load, Bed& bed, unsigned clients, std::uint64_t count, Make&& make) {
  std::uint64_t next = 0;
  const auto one = [&](unsigned) -> std::optional<Exchange> {
    return next == count ? std::nullopt : std::optional(make(next++));
  };
  const auto spent = [&] {
    return bed.child() == nullptr ? Duration{} : cpu_of_process(bed.child()->process());
  };
  const Duration before = spent();
  TRY(auto outcome, load.run(clients, one));
  const Duration after = spent();
  const auto requests = static_cast<double>(count);
  return Figures{requests * 1e9 / static_cast<double>(outcome.took.ns),
                 static_cast<double>(after.ns - before.ns) / 1e3 / requests,
                 std::move(outcome.latencies)};
}

/// All of it at once; the body is the one that was looked at.
Exchange whole_of(const Stay& stay, std::uint64_t number) {
  const std::size_t index = number * 7919 % stay.targets.size();
  Exchange read;
  read.request.target = stay.targets[index];
  read.wrong = [wanted = stay.hashes[index]](const http::Incoming& reply) {
    return reply.status == 200 && std::hash<std::string_view>()(reply.body) == wanted
               ? std::string()
               : fmt::format("{} with another body", reply.status);
  };
  return read;
}

Exchange page_of(const Stay& stay, std::uint64_t number) {
  Exchange read;
  read.request.target =
      fmt::format("{}?_count={}", stay.targets[number * 7919 % stay.targets.size()], page_entries);
  read.wrong = [](const http::Incoming& reply) {
    return reply.status == 200 && count_of(reply.body, R"({"resource":{)") == page_entries
               ? std::string()
               : fmt::format("{} with another page", reply.status);
  };
  return read;
}

}  // namespace

Result<void> bench_everything(const BenchOptions& options) {
  const unsigned clients = options.clients > 0 ? options.clients : 4;
  const std::uint64_t patients = options.size > 0 ? options.size : 50;
  TRY(const auto bed, Bed::make(options));
  Load load(bed->url());
  TRY(Stay stay, admit(load, patients));
  TRY_OK(look(load, stay));
  TRY(auto whole, read_all(load, *bed, clients, 40 * patients,
                           [&](std::uint64_t number) { return whole_of(stay, number); }));
  TRY(auto page, read_all(load, *bed, clients, 100 * patients,
                          [&](std::uint64_t number) { return page_of(stay, number); }));

  BenchLine line("everything");
  line.number("clients", clients);
  line.number("patients", patients);
  line.number("resources_each", observations_each + 1);
  line.number("bytes_each", stay.bytes / std::max<std::uint64_t>(1, patients));
  line.figure("per_second", whole.per_second);
  if (bed->child() != nullptr) {
    line.figure("server_us_each", whole.server_us);
    line.figure("per_second_per_core", 1e6 / whole.server_us);
  }
  line.add_latencies("", whole.latencies);
  line.number("page_entries", page_entries);
  line.figure("pages_per_second", page.per_second);
  if (bed->child() != nullptr) {
    line.figure("page_server_us_each", page.server_us);
    line.figure("pages_per_second_per_core", 1e6 / page.server_us);
  }
  line.add_latencies("page_", page.latencies);
  line.add_server_peak(*bed);
  return line.end(options, bed.get());
}

}  // namespace holdfast::cli
