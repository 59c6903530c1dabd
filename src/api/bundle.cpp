// api/bundle.cpp: https://hl7.org/fhir/R4/http.html#transaction. A transaction is one Command: all
// or nothing, in the order of the standard, which decide keeps. A batch is one Command an entry,
// several under way at once so that they share syncs. The GETs of either are answered last, all
// from one moment that holds every write of the Bundle.
#include <algorithm>
#include <coroutine>

#include <fmt/format.h>

#include "api/bundle_plan.h"
#include "api/interactions.h"
#include "api/patching.h"
#include "api/stored.h"
#include "api/writing.h"
#include "base/time.h"
#include "fhir/json_writer.h"

namespace holdfast::api {
namespace {

/// Commands of one batch that wait for the node at the same time.
constexpr std::size_t batch_in_flight_max = 64;
/// GETs answered before other work of the executor gets its turn.
constexpr std::size_t reads_per_turn = 8;
/// A reply grows no further than this by what GETs and representations bring.
constexpr std::size_t response_bytes_max = std::size_t{64} << 20U;

/// What became of the writes. Of a batch: one for each entry that is a write, none for others. Of a
/// transaction: one for all.
using Results = std::vector<std::optional<Result<node::Committed>>>;

// ---- the reply --------------------------------------------------------------------------------

class ResponseWriter {
 public:
  ResponseWriter(const Parts& parts, const Call& call, BundleKind kind)
      : parts_(parts), call_(call), base_(base_url(parts.options, call.request)), json_(4096) {
    json_.open('{');
    json_.text("resourceType", "Bundle");
    json_.text("type", kind == BundleKind::transaction ? "transaction-response" : "batch-response");
  }

  void refused(const Error& error, Origin origin) {
    begin_entry();
    json_.open("response", '{');
    json_.text("status", status_line(meaning(error.code, origin).status));
    json_.raw("outcome", operation_outcome(error, origin));
    json_.close('}');
    json_.close('}');
  }

  void wrote(const node::Committed& committed, std::size_t operation, fhir::TypeId type,
             const Issues& issues) {
    const auto what = written(parts_, committed, operation, type);
    if (!what) {
      refused(what.error(), Origin::content);
      return;
    }
    begin_entry();
    const bool there = what->status != Status::removed && what->status != Status::absent;
    if (there && call_.prefer.content == Return::representation) {
      write_resource(*what);
    }
    json_.open("response", '{');
    json_.text("status", status_line(http_status(what->status)));
    if (there) {
      json_.text("location", local_version_url(*what));
    }
    if (what->status != Status::absent) {
      json_.text("etag", entity_tag(what->version));
      json_.text("lastModified", to_instant(what->time));
    }
    if (call_.prefer.content == Return::operation_outcome) {
      json_.raw("outcome", success_outcome(status_line(http_status(what->status)), issues));
    }
    json_.close('}');
    json_.close('}');
  }

  void answered(const Reply& reply) {
    const Bytes body = reply.body.joined();
    if (json_.size() + body.size() > response_bytes_max) {
      const Error full{Code::too_costly,
                       fmt::format("the reply to this Bundle is over {} bytes without this entry; "
                                   "ask for it alone",
                                   response_bytes_max),
                       {},
                       {}};
      refused(full, Origin::request);
      return;
    }
    begin_entry();
    const bool good = reply.status < 300;
    if (good && !body.empty()) {
      json_.raw("resource", body);
    }
    json_.open("response", '{');
    json_.text("status", status_line(reply.status));
    if (const auto tag = reply.headers.find("ETag")) {
      json_.text("etag", *tag);
    }
    if (const auto date = reply.headers.find("Last-Modified")) {
      if (const auto time = from_http_date(*date)) {
        json_.text("lastModified", to_instant(*time));
      }
    }
    if (!good && !body.empty()) {
      json_.raw("outcome", body);
    }
    json_.close('}');
    json_.close('}');
  }

  Reply finish(Position position) {
    if (any_) {
      json_.close(']');
    }
    json_.close('}');
    Reply reply;
    reply.headers.add("Content-Type", fhir_json);
    add_position(reply, position);
    reply.body = json_.take();
    return reply;
  }

 private:
  void begin_entry() {
    if (!any_) {
      json_.open("entry", '[');
      any_ = true;
    }
    json_.open('{');
  }

  // Left out, with the location to read it from, where it would make the reply too large.
  void write_resource(const Written& what) {
    const auto body = stored_version(parts_, parts_.node.view(), what.type, what.id, what.version);
    if (!body || json_.size() + body->bytes.size() > response_bytes_max) {
      return;
    }
    if (!base_.empty()) {
      json_.text("fullUrl", fmt::format("{}/{}/{}", base_, fhir::name(what.type), what.id));
    }
    json_.raw("resource", body->bytes);
  }

  const Parts& parts_;
  const Call& call_;
  const std::string base_;
  fhir::JsonWriter json_;
  bool any_ = false;
};

// ---- batch ------------------------------------------------------------------------------------

// Derived, so that a repeated batch repeats each of its entries and nothing else; NUL cannot be in
// a key that a client gives.
std::string entry_key(std::string_view given, std::size_t index) {
  std::string key(given);
  key.push_back('\0');
  key.append(std::to_string(index));
  return key;
}

/// The writes of a batch. Lives in run_batch()'s frame until the last worker has ended; everything
/// happens on one executor.
class BatchRun {
 public:
  BatchRun(const Parts& parts, const Command& pattern, std::optional<std::string> given,
           std::vector<BundleEntry>& entries, Results& results, Executor& on, Telling telling)
      : parts_(parts),
        pattern_(pattern),
        given_(std::move(given)),
        entries_(entries),
        results_(results),
        on_(on),
        telling_(telling) {}

  void start() {
    running_ = std::min(entries_.size(), batch_in_flight_max);
    for (std::size_t i = 0; i < running_; ++i) {
      on_.spawn(work());
    }
  }

  // co_await: until every entry is done.
  [[nodiscard]] bool await_ready() const noexcept { return running_ == 0; }
  void await_suspend(std::coroutine_handle<> waiting) noexcept { waiting_ = waiting; }
  void await_resume() const noexcept {}

 private:
  Task<void> work() {
    while (next_ < entries_.size()) {
      const std::size_t index = next_++;
      if (entries_[index].kind != BundleEntry::Kind::write) {
        continue;
      }
      decide::Prepared prepared = prepare(index);
      if (entries_[index].patch) {
        std::vector<Patching> patches(1);
        patches[0].patch = *std::move(entries_[index].patch);
        results_[index] =
            co_await submit_patched(parts_, on_, std::move(prepared), patches, telling_);
        entries_[index].issues = std::move(patches[0].issues);
        continue;
      }
      results_[index] = co_await parts_.node.submit(on_, std::move(prepared));
    }
    if (--running_ == 0 && waiting_) {
      on_.post([waiting = waiting_] { waiting.resume(); });
    }
  }

  decide::Prepared prepare(std::size_t index) {
    BundleEntry& entry = entries_[index];
    decide::Prepared prepared;
    prepared.command = pattern_;
    if (given_) {
      prepared.command.key = idempotency_key(pattern_.principal, entry_key(*given_, index));
    } else {
      parts_.random.fill(prepared.command.key.bytes);
    }
    prepared.command.request_hash = entry.hash;
    prepared.command.operations.push_back(std::move(entry.operation));
    prepared.operations.push_back(std::move(entry.prepared));
    return prepared;
  }

  const Parts& parts_;
  const Command& pattern_;
  const std::optional<std::string> given_;
  std::vector<BundleEntry>& entries_;
  Results& results_;
  Executor& on_;
  const Telling telling_;
  std::size_t next_ = 0;
  std::size_t running_ = 0;
  std::coroutine_handle<> waiting_;
};

Task<Results> run_batch(const Parts& parts, const Call& call, const Command& pattern,
                        std::vector<BundleEntry>& entries, Executor& on) {
  auto given = given_key(call.request.headers);
  check(given.has_value(), "start_command() has read the key");
  Results results(entries.size());
  BatchRun run(parts, pattern, *std::move(given), entries, results, on, telling(call));
  run.start();
  co_await run;
  co_return results;
}

/// Of the writes that were made; 0 where none was.
Position newest(const Results& results) {
  Position position;
  for (const auto& result : results) {
    if (result && *result) {
      position = std::max(position, (*result)->position);
    }
  }
  return position;
}

// ---- transaction ------------------------------------------------------------------------------

struct Transaction {
  decide::Prepared prepared;
  std::vector<std::size_t> entry_of;  ///< operation -> entry
  std::vector<Patching> patches;
};

Transaction make_transaction(Command command, std::vector<BundleEntry>& entries) {
  Transaction transaction;
  transaction.prepared.command = std::move(command);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].kind == BundleEntry::Kind::write) {
      if (entries[i].patch) {
        transaction.patches.push_back(
            {transaction.entry_of.size(), *std::move(entries[i].patch), {}});
      }
      transaction.prepared.command.operations.push_back(std::move(entries[i].operation));
      transaction.prepared.operations.push_back(std::move(entries[i].prepared));
      transaction.entry_of.push_back(i);
    }
  }
  return transaction;
}

Task<Result<node::Committed>> submit(const Parts& parts, Executor& on, Transaction& transaction,
                                     Telling telling) {
  if (transaction.patches.empty()) {
    co_return co_await parts.node.submit(on, std::move(transaction.prepared));
  }
  co_return co_await submit_patched(parts, on, std::move(transaction.prepared), transaction.patches,
                                    telling);
}

Call reading_call(const Call& call, BundleEntry& entry) {
  Call reading;
  reading.request = std::move(entry.request);
  reading.request.host = call.request.host;
  reading.match = std::move(entry.match);
  reading.parameters = std::move(entry.parameters);
  reading.prefer = call.prefer;
  reading.is_entry = true;
  return reading;
}

Result<Command> read_terms(const Parts& parts, const Call& call) {
  TRY_OK(check_parameters(call, {}));
  TRY_OK(refuse_conditions(call.request.headers, {"If-Match", "If-None-Match", "If-None-Exist"},
                           "a Bundle as a whole: its entries have their own"));
  return start_command(parts, call.request);
}

}  // namespace

Task<Reply> bundle(const Parts& parts, Call& call, Executor& on) {
  const auto format = content_format(call.request.headers);
  if (!format) {
    co_return refusal(format.error(), Origin::content);
  }
  auto command = read_terms(parts, call);
  if (!command) {
    co_return refusal(command.error(), Origin::request);
  }
  auto plan = plan_bundle(parts, base_url(parts.options, call.request), *format,
                          std::move(call.request.body), telling(call));
  if (!plan) {
    co_return refusal(plan.error(), Origin::content);
  }
  std::vector<BundleEntry>& entries = plan->entries;
  Results results;
  std::vector<std::size_t> operation_of(entries.size());
  Position position;

  if (plan->kind == BundleKind::transaction) {
    Transaction transaction = make_transaction(*std::move(command), entries);
    if (!transaction.entry_of.empty()) {
      auto committed = co_await submit(parts, on, transaction, telling(call));
      if (!committed) {
        co_return refusal(by_entry(std::move(committed).error(), transaction.entry_of),
                          Origin::content);
      }
      for (Patching& patching : transaction.patches) {
        entries[transaction.entry_of[patching.operation]].issues = std::move(patching.issues);
      }
      position = committed->position;
      for (std::size_t i = 0; i < transaction.entry_of.size(); ++i) {
        operation_of[transaction.entry_of[i]] = i;
      }
      results.emplace_back(std::move(committed));
    }
  } else {
    results = co_await run_batch(parts, call, *command, entries, on);
    position = newest(results);
  }

  const node::Moment moment = parts.node.view();
  ResponseWriter response(parts, call, plan->kind);
  std::size_t readings = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    BundleEntry& entry = entries[i];
    if (entry.kind == BundleEntry::Kind::refused) {
      response.refused(entry.error, Origin::content);
    } else if (entry.kind == BundleEntry::Kind::reading) {
      if (++readings % reads_per_turn == 0) {
        co_await on.turn();
      }
      const Call reading = reading_call(call, entry);
      response.answered(answer_reading(parts, reading, moment));
    } else if (plan->kind == BundleKind::transaction) {
      response.wrote(**results[0], operation_of[i], entry.match.type, entry.issues);
    } else if (*results[i]) {
      response.wrote(**results[i], 0, entry.match.type, entry.issues);
    } else {
      Error refused = std::move(*results[i]).error();
      refused.where = fmt::format("Bundle.entry[{}]", i);
      response.refused(refused, Origin::content);
    }
  }
  co_return response.finish(position == Position{} ? moment.state.position : position);
}

}  // namespace holdfast::api
