// sim/judge_answers.cpp: what a server says whose disk has rotted.
#include <algorithm>
#include <cstdlib>
#include <iterator>

#include <fmt/format.h>

#include "sim/client.h"
#include "sim/judge.h"
#include "sim/reply.h"

namespace holdfast::sim {
namespace {

constexpr Duration answer_deadline = seconds(20);

class Answers {
 public:
  Answers(Ledger& ledger, std::uint64_t cut_from) : ledger_(ledger), cut_from_(cut_from) {}

  /// One version that was promised.
  void judge_version(const Promise& promise, const http::Incoming& reply) {
    if (reply.status == 200) {
      const bool right = !promise.removed &&
                         etag_version(header(reply, "ETag")) == promise.version &&
                         (promise.tag.empty() || member_text(reply.body, "display") == promise.tag);
      require(right, promise, reply, "another content");
    } else if (reply.status == 410) {
      require(promise.removed, promise, reply, "a deletion");
    } else if (reply.status == 404) {
      require(was_cut(promise), promise, reply, "nothing");
    } else {
      require(is_reasoned_refusal(reply), promise, reply, "no reason");
    }
  }

  /// What is current of a resource whose newest promise is `promise`: that version or a later one.
  void judge_current(const Promise& promise, const http::Incoming& reply) {
    if (reply.status == 200) {
      const std::uint64_t version = etag_version(header(reply, "ETag"));
      const bool right =
          version > promise.version ||
          (version == promise.version && !promise.removed &&
           (promise.tag.empty() || member_text(reply.body, "display") == promise.tag));
      require(right || was_cut(promise), promise, reply, "another state");
    } else if (reply.status == 404) {
      require(was_cut(promise), promise, reply, "nothing");
    } else if (reply.status != 410) {  // a deletion that nobody was told of may have happened
      require(is_reasoned_refusal(reply), promise, reply, "no reason");
    }
  }

 private:
  [[nodiscard]] bool was_cut(const Promise& promise) const {
    return cut_from_ != 0 && promise.position >= cut_from_;
  }
  static bool is_reasoned_refusal(const http::Incoming& reply) {
    return reply.status >= 500 && !member_text(reply.body, "diagnostics").empty();
  }
  void require(bool right, const Promise& promise, const http::Incoming& reply, const char* what) {
    if (!right) {
      ledger_.violated(
          fmt::format("after rot: {} version {} was promised at position {} ({}), and "
                      "the answer is {}, {}: {}",
                      promise.name, promise.version, promise.position, promise.tag, reply.status,
                      what, reply.body.substr(0, 200)));
    }
  }

  Ledger& ledger_;
  const std::uint64_t cut_from_;
};

}  // namespace

Task<void> judge_answers(SimNetwork& network, Executor& on, Ledger& ledger,
                         std::uint64_t cut_from) {
  auto connected =
      co_await http::Client::connect(network, on, server_address, on.now() + answer_deadline);
  if (!connected) {
    ledger.violated("after rot: the server runs and cannot be reached");
    co_return;
  }
  const std::unique_ptr<http::Client> connection = *std::move(connected);
  Answers answers(ledger, cut_from);
  // By number and copied: an answer that was under way may still promise something.
  for (std::size_t i = 0; i < ledger.promises.size(); ++i) {
    const Promise promise = ledger.promises[i];
    for (const bool current : {false, true}) {
      if (current && promise.version != ledger.newest[promise.name]) {
        continue;
      }
      http::Outgoing request;
      request.method = "GET";
      request.target = "/fhir/" + promise.name;
      if (!current) {
        request.target += fmt::format("/_history/{}", promise.version);
      }
      const auto reply = co_await connection->send(std::move(request), on.now() + answer_deadline);
      if (!reply) {
        ledger.violated("after rot: no answer: " + reply.error().what);
        co_return;
      }
      if (current) {
        answers.judge_current(promise, *reply);
      } else {
        answers.judge_version(promise, *reply);
      }
    }
  }
}

std::set<std::string> torn_files(Disk& disk) {
  std::set<std::string> torn;
  if (const auto names = disk.list("segments")) {
    std::copy_if(names->begin(), names->end(), std::inserter(torn, torn.end()),
                 [](const std::string& name) { return name.ends_with(".torn"); });
  }
  return torn;
}

// docs/JOURNAL_FORMAT.md: 00000003-00012a40-p57.torn
std::uint64_t first_put_aside(const std::set<std::string>& before,
                              const std::set<std::string>& after) {
  std::uint64_t first = 0;
  for (const std::string& name : after) {
    const std::size_t at = name.find("-p");
    if (before.contains(name) || at == std::string::npos) {
      continue;
    }
    const std::uint64_t position = std::strtoull(name.c_str() + at + 2, nullptr, 10);
    first = first == 0 ? position : std::min(first, position);
  }
  return first;
}

}  // namespace holdfast::sim
