#include "cli/importer.h"

#include <algorithm>
#include <coroutine>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "cli/answer.h"
#include "cli/documents.h"
#include "cli/machine.h"
#include "cli/outbound.h"
#include "cli/progress.h"
#include "cli/remote.h"
#include "fhir/json.h"

namespace holdfast::cli {
namespace {

constexpr Duration reach_time_max = seconds(10);

/// Room for what is under way. On one executor; one waiter at a time.
class Slots {
 public:
  Slots(std::size_t count_max, std::uint64_t bytes_max)
      : count_max_(count_max), bytes_max_(bytes_max) {}

  struct Take {
    Slots& slots;
    std::uint64_t bytes;
    [[nodiscard]] bool await_ready() const { return slots.fits(bytes); }
    void await_suspend(std::coroutine_handle<> waiting) const {
      slots.waiting_ = waiting;
      slots.wanted_bytes_ = bytes;
      slots.wanted_idle_ = false;
    }
    void await_resume() const {
      ++slots.count_;
      slots.bytes_ += bytes;
    }
  };
  /// What is larger than all the room goes when nothing else is under way.
  [[nodiscard]] Take take(std::uint64_t bytes) { return {*this, bytes}; }

  struct Idle {
    Slots& slots;
    [[nodiscard]] bool await_ready() const { return slots.count_ == 0; }
    void await_suspend(std::coroutine_handle<> waiting) const {
      slots.waiting_ = waiting;
      slots.wanted_idle_ = true;
    }
    void await_resume() const {}
  };
  [[nodiscard]] Idle idle() { return {*this}; }

  void give_back(std::uint64_t bytes) {
    --count_;
    bytes_ -= bytes;
    const bool ready = wanted_idle_ ? count_ == 0 : fits(wanted_bytes_);
    if (waiting_ && ready) {
      std::exchange(waiting_, {}).resume();
    }
  }

 private:
  [[nodiscard]] bool fits(std::uint64_t bytes) const {
    return count_ == 0 || (count_ < count_max_ && bytes_ + bytes <= bytes_max_);
  }
  const std::size_t count_max_;
  const std::uint64_t bytes_max_;
  std::size_t count_ = 0;
  std::uint64_t bytes_ = 0;
  std::coroutine_handle<> waiting_;
  std::uint64_t wanted_bytes_ = 0;
  bool wanted_idle_ = false;
};

/// A document that the server will take once others are there.
struct Waiting {
  std::string name;
  std::optional<Verdict> verdict;  ///< nothing: it was not sent yet
};

class Importer {
 public:
  Importer(const ImportOptions& options, Documents documents, ServerAddress server)
      : options_(options),
        documents_(std::move(documents)),
        remote_(network_, sending_, std::move(server)),
        slots_(options.clients, importer_bytes_max) {}

  ~Importer() {
    reading_.stop();
    sending_.stop();
    reading_.discard();
    sending_.discard();
  }
  Importer(const Importer&) = delete;
  Importer& operator=(const Importer&) = delete;

  Result<ImportReport> run() {
    reading_.start();
    sending_.start();
    const Instant started = boot_time();
    TRY_OK(wait_for(reading_, run_rounds()));
    report_.took = boot_time() - started;
    report_.passed_over = documents_.passed_over();
    return report_;
  }

 private:
  /// Who goes in a round.
  enum class Round : std::uint8_t {
    independent,  ///< those that refer to nothing outside
    waiting,      ///< those that were left
  };

  // First what needs nobody else: it is what the others refer to, as a rule. Then the rest, as
  // long as a round brings any of them further.
  Task<Result<void>> run_rounds() {
    CO_TRY_OK(co_await find_start());
    CO_TRY_OK(co_await pass(Round::independent));
    std::map<std::uint64_t, Waiting> before;
    while (!waiting_.empty()) {
      before.clear();
      waiting_.swap(before);
      for (const auto& [number, document] : before) {
        wanted_.push_back(number);
      }
      helped_ = false;
      before_ = &before;
      documents_.rewind();
      CO_TRY_OK(co_await pass(Round::waiting));
      if (!helped_) {
        for (const auto& [number, document] : waiting_) {
          conclude(document.name, *document.verdict);
        }
        break;
      }
    }
    co_return ok();
  }

  // Where the journal stands now: what is answered from before it, was there.
  Task<Result<void>> find_start() {
    Remote::Question question;
    question.target = "/health/ready";
    const Patience patience{reach_time_max, reach_time_max};
    co_await sending_.turn();
    auto reply = co_await remote_.ask(question, patience);
    co_await reading_.turn();
    if (!reply) {
      co_return fail(reply.error().code, "cannot reach the server: " + reply.error().what,
                     options_.server);
    }
    fhir::JsonReader reader;
    const auto json = reader.read(reply->body);
    const auto position = json ? json->root().find("position") : std::nullopt;
    if (!position) {
      co_return fail(Code::usage, "what listens there is no Holdfast server", options_.server);
    }
    start_ = std::strtoull(Bytes(position->raw()).c_str(), nullptr, 10);
    co_return ok();
  }

  Task<Result<void>> pass(Round round) {
    ++report_.rounds;
    progress_.emplace(
        round == Round::independent ? "import" : fmt::format("round {}", report_.rounds),
        documents_.packed_bytes(), "bytes");
    const Documents::Wanted wanted = [this, round](std::uint64_t number) {
      return round == Round::independent ||
             std::binary_search(wanted_.begin(), wanted_.end(), number);
    };
    while (!failure_) {
      auto document = documents_.next(wanted);
      if (!document) {
        break;
      }
      if (!wanted(document->number)) {
        continue;
      }
      if (document->unreadable) {
        refuse(document->name, document->unreadable->what);
        continue;
      }
      const std::string name = document->name;
      auto outbound = make_outbound(*std::move(document));
      if (!outbound) {
        refuse(name, outbound.error().what);
        continue;
      }
      if (round == Round::independent && outbound->waits_for_others) {
        waiting_[outbound->number].name = name;
        continue;
      }
      const std::uint64_t bytes = outbound->body->size();
      co_await slots_.take(bytes);
      sending_.spawn(send(*std::move(outbound), bytes));
    }
    co_await slots_.idle();
    progress_.reset();
    wanted_.clear();
    if (failure_) {
      co_return fail(*failure_);
    }
    co_return ok();
  }

  Task<void> send(Outbound outbound, std::uint64_t bytes) {
    Remote::Question question;
    question.method = outbound.method;
    question.target = outbound.target;
    question.headers.add("Content-Type", "application/fhir+json");
    question.headers.add("Prefer", "return=minimal");
    question.headers.add("Idempotency-Key", outbound.key);
    if (options_.historic) {
      question.headers.add("Purpose-Of-Use", "historic-load");
    }
    question.body = outbound.body;
    const Patience patience;
    auto reply = co_await remote_.ask(std::move(question), patience);
    outbound.body.reset();
    if (!reply) {
      reading_.post([this, bytes, error = std::move(reply).error()]() mutable {
        failure_ = std::move(error);
        slots_.give_back(bytes);
      });
      co_return;
    }
    Verdict verdict = judge(outbound, *reply);
    reading_.post([this, bytes, name = std::move(outbound.name), number = outbound.number,
                   verdict = std::move(verdict)]() mutable {
      settle(number, std::move(name), std::move(verdict));
      slots_.give_back(bytes);
    });
  }

  void settle(std::uint64_t number, std::string name, Verdict verdict) {
    if (!verdict.unmatched_only) {
      helped_ = true;
      conclude(name, verdict);
      return;
    }
    // The first refusal helps too: what it waits for may have come in the same round.
    if (before_ != nullptr) {
      const auto& earlier = before_->at(number).verdict;
      helped_ = helped_ || !earlier || verdict.refused_entries < earlier->refused_entries;
    }
    waiting_[number] = {std::move(name), std::move(verdict)};
  }

  void conclude(const std::string& name, const Verdict& verdict) {
    ++report_.documents;
    const bool from_before = verdict.position > 0 && verdict.position <= start_;
    if (from_before && verdict.created > 0) {
      report_.repeated += verdict.created + verdict.matched;
    } else {
      report_.created += verdict.created;
      report_.matched += verdict.matched;
    }
    if (verdict.refused) {
      say_refused(name, verdict.reasons);
      report_.refused_entries += verdict.refused_entries;
    }
    if (progress_) {
      progress_->show(
          documents_.packed_bytes_taken(),
          fmt::format("{} documents, {} resources, {} refused", grouped(report_.documents),
                      grouped(report_.resources()), grouped(report_.refused)));
    }
  }

  void refuse(const std::string& name, const std::string& reason) {
    ++report_.documents;
    say_refused(name, {reason});
  }

  void say_refused(const std::string& name, const std::vector<std::string>& reasons) {
    ++report_.refused;
    if (options_.chatter == Chatter::none) {
      return;
    }
    if (progress_) {
      progress_->clear();
    }
    for (const std::string& reason : reasons) {
      fmt::print(stderr, "refused: {}: {}\n", name, reason);
    }
  }

  const ImportOptions& options_;
  RealNetwork network_;
  RealExecutor reading_{"import-read"};
  RealExecutor sending_{"import-send"};
  // Touched on reading_ only, but for remote_, which belongs to sending_.
  Documents documents_;
  Remote remote_;
  Slots slots_;
  ImportReport report_;
  std::uint64_t start_ = 0;  ///< position of the journal when the import began
  std::map<std::uint64_t, Waiting> waiting_;
  const std::map<std::uint64_t, Waiting>* before_ = nullptr;
  std::vector<std::uint64_t> wanted_;  ///< in ascending order
  bool helped_ = false;
  std::optional<Error> failure_;
  std::optional<Progress> progress_;
};

}  // namespace

Result<ImportReport> import_documents(const ImportOptions& options) {
  TRY(auto server, parse_server(options.server));
  TRY(auto documents, Documents::at(options.paths));
  Importer importer(options, std::move(documents), std::move(server));
  return importer.run();
}

}  // namespace holdfast::cli
