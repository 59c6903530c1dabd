// cli/bench_search.cpp: searches of a record that grows fourfold from rung to rung, and counts.
// Each answer is held against the facts before it is measured: page, total, and one of each kind
// page after page to its end. What is measured are the same requests; their replies must be the
// same to the byte.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "cli/bench.h"
#include "cli/bench_load.h"
#include "cli/bench_questions.h"
#include "cli/bench_record.h"
#include "cli/remote.h"

namespace holdfast::cli {
namespace {

constexpr std::uint64_t first_rung = 1000;
constexpr std::uint64_t rung_factor = 4;
constexpr std::uint64_t last_rung = 4000;  ///< where no size is given
constexpr unsigned questions_each = 20;
constexpr std::size_t page_count = 20;
constexpr std::size_t walk_count = 1000;
constexpr unsigned turns = 5;
constexpr std::uint64_t requests_a_turn_max = 200;
constexpr unsigned searchers = 8;

Exchange ask_total(const KnownAnswer& answer) {
  return get_bundle(answer.question().target("_summary=count"),
                    [expected = answer.numbers().size()](fhir::JsonValue bundle) {
                      const std::uint64_t total = total_of(bundle);
                      return total == expected
                                 ? std::string()
                                 : fmt::format("a total of {} and not {}", total, expected);
                    });
}

/// Asks everything of `exchanges`, in order.
Result<Load::Outcome> ask_all(Load& load, unsigned clients, std::vector<Exchange> exchanges) {
  std::size_t next = 0;
  return load.run(clients, [&](unsigned) -> std::optional<Exchange> {
    return next == exchanges.size() ? std::nullopt : std::optional(std::move(exchanges[next++]));
  });
}

/// Follows `next` to the end: each match once, and all of them.
Result<void> walk_pages(Load& load, const KnownAnswer& answer) {
  std::string target = answer.question().target(fmt::format("_count={}", walk_count));
  std::set<std::uint64_t> seen;
  const Wrong collect = [&](fhir::JsonValue bundle) -> std::string {
    const auto page = answer.matches_on(bundle);
    if (!page) {
      return page.error().what;
    }
    for (const std::uint64_t number : *page) {
      if (!seen.insert(number).second) {
        return fmt::format("{} {} comes twice", name_of(answer.question().type), number);
      }
    }
    const std::string next = link_of(bundle, "next");
    target = next.substr(std::min(next.size(), next.find("/fhir")));
    return {};
  };
  TRY_OK(load.run(1, [&](unsigned) -> std::optional<Exchange> {
    return target.empty() ? std::nullopt : std::optional(get_bundle(target, collect));
  }));
  return seen.size() == answer.numbers().size()
             ? ok()
             : Result<void>(fail(Code::corrupt, fmt::format("wrong: {}: {} on all pages and not {}",
                                                            answer.question().query, seen.size(),
                                                            answer.numbers().size())));
}

/// Requests whose replies are known to be right, by their hashes.
class KindLoad {
 public:
  static Result<KindLoad> make(Load& load, QuestionKind kind, std::uint64_t patients) {
    KindLoad made(kind);
    for (unsigned n = 0; n < questions_each; ++n) {
      const KnownAnswer answer(make_question(kind, n), patients);
      made.hits_ += answer.numbers().size();
      made.targets_.push_back(answer.question().target(fmt::format("_count={}", page_count)));
      std::vector<Exchange> exchanges;
      exchanges.push_back(get_bundle(made.targets_.back(), [&answer](fhir::JsonValue bundle) {
        return answer.wrong_first_page(bundle, page_count);
      }));
      const auto judge = exchanges.back().wrong;
      exchanges.back().wrong = [&made, judge](const http::Incoming& reply) {
        made.hashes_.push_back(std::hash<std::string_view>()(reply.body));
        return judge(reply);
      };
      exchanges.push_back(ask_total(answer));
      TRY_OK(ask_all(load, 1, std::move(exchanges)));
      if (n == 0) {
        TRY_OK(walk_pages(load, answer));
      }
    }
    return made;
  }

  Result<void> turn(Load& load, unsigned clients, std::uint64_t requests) {
    std::uint64_t next = 0;
    TRY(const auto outcome, load.run(clients, [&](unsigned) -> std::optional<Exchange> {
      if (next == requests) {
        return std::nullopt;
      }
      return exchange(next++ % targets_.size());
    }));
    rates_.push_back(static_cast<double>(outcome.requests) * 1e9 /
                     static_cast<double>(outcome.took.ns));
    latencies_.us.insert(latencies_.us.end(), outcome.latencies.us.begin(),
                         outcome.latencies.us.end());
    return ok();
  }

  [[nodiscard]] QuestionKind kind() const { return kind_; }
  [[nodiscard]] double rate() const { return median(rates_); }
  /// How many times as long as `other` a request takes: the median over the turns.
  [[nodiscard]] double times(const KindLoad& other) const {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < rates_.size(); ++i) {
      ratios.push_back(other.rates_[i] / rates_[i]);
    }
    return median(std::move(ratios));
  }

  void add_to(BenchLine& line, const KindLoad* token) {
    line.open(name_of(kind_), '{');
    line.figure("hits", static_cast<double>(hits_) / questions_each);
    line.number("requests", latencies_.us.size());
    line.figure("per_second_median", rate());
    line.add_latencies("", latencies_);
    if (token != nullptr) {
      line.figure("times_token_median", times(*token));
    }
    line.close('}');
  }

 private:
  explicit KindLoad(QuestionKind kind) : kind_(kind) {}

  Exchange exchange(std::size_t index) {
    Exchange get;
    get.request.target = targets_[index];
    get.wrong = [this, index](const http::Incoming& reply) {
      return reply.status == 200 && std::hash<std::string_view>()(reply.body) == hashes_[index]
                 ? std::string()
                 : fmt::format("{}: {} with another body", targets_[index], reply.status);
    };
    return get;
  }

  QuestionKind kind_;
  std::uint64_t hits_ = 0;
  std::vector<std::string> targets_;
  std::vector<std::size_t> hashes_;
  std::vector<double> rates_;
  Latencies latencies_;
};

/// The kinds that were asked for; the token first, since the others are held against it.
Result<std::vector<QuestionKind>> kinds_of(const BenchOptions& options) {
  std::vector<QuestionKind> kinds;
  for (std::size_t i = 0; i < question_kinds; ++i) {
    const auto kind = static_cast<QuestionKind>(i);
    if (options.kinds.empty() ||
        std::ranges::find(options.kinds, name_of(kind)) != options.kinds.end()) {
      kinds.push_back(kind);
    }
  }
  const std::size_t found = kinds.size();
  if (!options.kinds.empty() &&
      found != std::set(options.kinds.begin(), options.kinds.end()).size()) {
    std::string known;
    for (std::size_t i = 0; i < question_kinds; ++i) {
      known.append(known.empty() ? "" : ", ").append(name_of(static_cast<QuestionKind>(i)));
    }
    return fail(Code::usage, "--kind is one of: " + known);
  }
  return kinds;
}

Result<std::vector<KindLoad>> measure_rung(Load& load, unsigned clients,
                                           const std::vector<QuestionKind>& kinds,
                                           std::uint64_t patients) {
  std::vector<KindLoad> loads;
  for (const QuestionKind kind : kinds) {
    TRY(auto made, KindLoad::make(load, kind, patients));
    loads.push_back(std::move(made));
  }
  // A small record is asked less often.
  const std::uint64_t requests =
      std::clamp<std::uint64_t>(patients / 5, questions_each, requests_a_turn_max);
  for (unsigned turn = 0; turn < turns; ++turn) {
    for (KindLoad& each : loads) {
      TRY_OK(each.turn(load, clients, requests));
    }
  }
  return loads;
}

std::vector<std::uint64_t> rungs_of(std::uint64_t size) {
  std::vector<std::uint64_t> rungs;
  for (std::uint64_t rung = std::min(first_rung, size); rung < size; rung *= rung_factor) {
    rungs.push_back(rung);
  }
  rungs.push_back(size);
  return rungs;
}

}  // namespace

Result<void> bench_search(const BenchOptions& options) {
  const unsigned clients = options.clients > 0 ? options.clients : searchers;
  TRY(const auto kinds, kinds_of(options));
  TRY(const auto bed, Bed::make(options));
  TRY(KnownRecord record, KnownRecord::on_empty(bed->url()));
  Load load(bed->url());
  BenchLine line("search");
  line.number("clients", clients);
  line.number("questions_each", questions_each);
  line.number("page", page_count);
  line.open("rungs", '[');
  std::vector<KindLoad> first;
  std::vector<KindLoad> last;
  for (const std::uint64_t patients : rungs_of(options.size > 0 ? options.size : last_rung)) {
    line.open('{');
    TRY(const double sent, record.grow_to(patients));
    line.number("patients", patients);
    line.number("resources", record.resources());
    line.figure("sent_per_second", sent);
    TRY(last, measure_rung(load, clients, kinds, patients));
    const bool has_token = last.front().kind() == QuestionKind::token;
    for (KindLoad& each : last) {
      each.add_to(line, has_token ? &last.front() : nullptr);
    }
    line.close('}');
    first = first.empty() ? last : std::move(first);
  }
  line.close(']');
  line.open("last_to_first", '{');
  for (std::size_t i = 0; i < last.size(); ++i) {
    line.figure(name_of(last[i].kind()), last[i].rate() / first[i].rate());
  }
  line.close('}');
  line.add_server_peak(*bed);
  return line.end(options, bed.get());
}

namespace {

constexpr std::uint64_t count_patients = 4000;
constexpr unsigned counts_each = 24;

struct Counted {
  std::string_view name;
  std::vector<double> hits_per_second;
  std::uint64_t hits = 0;
  Latencies latencies;
};

/// All observations since a year: a range that holds from nearly everything to a few.
Question since_year(unsigned n) {
  const Day year = first_year + n;
  Question question;
  question.query = fmt::format("date=ge{}-01-01", year);
  question.matches = [year](std::uint64_t number) {
    return observation_facts(number).day / 10'000 >= year;
  };
  return question;
}

Result<void> count_once(Load& load, unsigned clients, const std::vector<KnownAnswer>& answers,
                        Counted& into) {
  std::vector<Exchange> exchanges;
  std::uint64_t hits = 0;
  for (const KnownAnswer& answer : answers) {
    exchanges.push_back(ask_total(answer));
    hits += answer.numbers().size();
  }
  TRY(const auto outcome, ask_all(load, clients, std::move(exchanges)));
  into.hits = hits;
  into.hits_per_second.push_back(static_cast<double>(hits) * 1e9 /
                                 static_cast<double>(outcome.took.ns));
  into.latencies.us.insert(into.latencies.us.end(), outcome.latencies.us.begin(),
                           outcome.latencies.us.end());
  return ok();
}

}  // namespace

Result<void> bench_count(const BenchOptions& options) {
  const unsigned clients = options.clients > 0 ? options.clients : 1;
  const std::uint64_t patients = options.size > 0 ? options.size : count_patients;
  TRY(const auto bed, Bed::make(options));
  TRY(KnownRecord record, KnownRecord::on_empty(bed->url()));
  TRY_OK(record.grow_to(patients));
  std::vector<KnownAnswer> by_code;
  std::vector<KnownAnswer> by_date;
  for (unsigned n = 0; n < counts_each; ++n) {
    by_code.emplace_back(make_question(QuestionKind::token, n), patients);
    by_date.emplace_back(since_year(n), patients);
  }
  Load load(bed->url());
  Counted code{"code", {}, 0, {}};
  Counted date{"date", {}, 0, {}};
  for (unsigned turn = 0; turn < turns; ++turn) {
    TRY_OK(count_once(load, clients, by_code, code));
    TRY_OK(count_once(load, clients, by_date, date));
  }
  BenchLine line("count");
  line.number("clients", clients);
  line.number("patients", patients);
  line.number("resources", record.resources());
  for (Counted* counted : {&code, &date}) {
    line.open(counted->name, '{');
    line.number("requests", counted->latencies.us.size());
    line.number("hits_a_turn", counted->hits);
    line.figure("hits_per_second_median", median(counted->hits_per_second));
    line.add_latencies("", counted->latencies);
    line.close('}');
  }
  line.add_server_peak(*bed);
  return line.end(options, bed.get());
}

}  // namespace holdfast::cli
