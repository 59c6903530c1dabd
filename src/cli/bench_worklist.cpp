// cli/bench_worklist.cpp: the first page of an owner's work-list over HTTP, in a record with --size
// open items and ten times as many closed ones; and a Tick that escalates 10,000 items that are
// late. The record is made by a node in this process, which is quicker than asking a server for it;
// the pages are read from a server in a process of its own. A record of a million open items takes
// an hour to make: --keep keeps it. Its late items serve once, in Ticks one after the other.
#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "api/target.h"
#include "cli/bench.h"
#include "cli/bench_hospital.h"
#include "cli/bench_load.h"
#include "cli/machine.h"
#include "fhir/json.h"
#include "fhir/member.h"
#include "views/items.h"

namespace holdfast::cli {
namespace {

constexpr std::uint64_t open_unless_asked = 20'000;
constexpr std::uint64_t closed_for_each_open = 10;
constexpr std::uint64_t late_max = 10'000;
constexpr std::uint64_t ticks_of_kept = 10;
constexpr std::uint64_t items_at_once = 500;
constexpr std::uint64_t page_items = 50;
constexpr std::uint64_t pages_read = 2000;

/// Its outcome has been due for years.
Operation old_appointment(std::uint64_t number) {
  return bench_put(
      "Appointment", fmt::format("a{}", number),
      fmt::format(R"("status":"booked","basedOn":[{{"reference":"ServiceRequest/r{}"}}],)"
                  R"("start":"2020-01-06T10:00:00Z","end":"2020-01-06T10:30:00Z",)"
                  R"("participant":[{{"status":"accepted","actor":{{"reference":"{}"}}}}])",
                  number, fmt::format("Patient/p{}", number % 1000)));
}

struct Sizes {
  std::uint64_t open = 0;
  std::uint64_t closed = 0;
  std::uint64_t late = 0;       ///< of those that are open
  std::uint64_t escalated = 0;  ///< by all Ticks that are measured
  std::uint64_t overdue = 0;    ///< after it
};

enum class Late : bool { no, yes };
/// Referrals from `first` on, and what each opened.
Result<Outcome> refer(BenchHospital& hospital, std::uint64_t first, std::uint64_t count,
                      Late late) {
  std::vector<Operation> operations;
  for (std::uint64_t i = first; i < first + count; ++i) {
    operations.push_back(bench_referral(i));
    if (late == Late::yes) {
      operations.push_back(old_appointment(i));
    }
  }
  TRY(node::Committed committed, hospital.commit(std::move(operations)));
  if (committed.outcome.made.size() != count) {
    return fail(Code::corrupt, fmt::format("wrong: {} referrals opened {} items", count,
                                           committed.outcome.made.size()));
  }
  return std::move(committed.outcome);
}

/// `count` referrals from `first` on that were opened and are closed.
Result<void> refer_and_end(BenchHospital& hospital, std::uint64_t first, std::uint64_t count) {
  TRY(const Outcome outcome, refer(hospital, first, count, Late::no));
  std::vector<Operation> ends;
  for (const Made& made : outcome.made) {
    TRY(Operation one, bench_ended(made));
    ends.push_back(std::move(one));
  }
  TRY_OK(hospital.commit(std::move(ends)));
  return ok();
}

/// Open ones lie between closed ones, as they do where work goes on. The late ones come first.
Result<void> fill(BenchHospital& hospital, const Sizes& sizes) {
  TRY_OK(hospital.add_people());
  std::uint64_t next = 0;
  for (std::uint64_t open = 0; open < sizes.open;) {
    const bool late = open < sizes.late;
    const std::uint64_t count =
        std::min(items_at_once / closed_for_each_open, (late ? sizes.late : sizes.open) - open);
    TRY_OK(refer(hospital, next, count, late ? Late::yes : Late::no));
    TRY_OK(refer_and_end(hospital, next + count, count * closed_for_each_open));
    next += count * (1 + closed_for_each_open);
    open += count;
  }
  return ok();
}

Result<views::ListCounts> count_all(const BenchHospital& hospital) {
  const node::Moment moment = hospital.view();
  TRY(const auto lists, views::read_owners(*moment.reader));
  views::ListCounts total;
  for (const auto& [owner, counts] : lists) {
    total.open += counts.open;
    total.overdue += counts.overdue;
    total.escalated += counts.escalated;
  }
  return total;
}

/// A record that was kept may be one whose making somebody has cut short.
Result<void> count_kept(const BenchHospital& hospital, Sizes& sizes) {
  const node::Moment moment = hospital.view();
  TRY(const auto ledger, views::read_ledger(*moment.reader));
  sizes.open = 0;
  sizes.closed = 0;
  for (const views::LedgerRow& row : ledger) {
    sizes.open += row.opened - row.closed;
    sizes.closed += row.closed;
  }
  return ok();
}

/// What is late is escalated, late_max items a Tick, until nothing is late any more: a server would
/// do that while its pages are read. How long the sender of each Tick waited until it was durable.
Result<std::vector<Duration>> escalate(BenchHospital& hospital, Sizes& sizes) {
  TRY(const views::ListCounts before, count_all(hospital));
  std::vector<Duration> took;
  std::uint64_t made = late_max;
  while (made == late_max) {
    Command tick;
    tick.tick = Tick{Time{INT64_MAX / 2}, late_max};
    const Instant started = boot_time();
    TRY(const node::Committed committed, hospital.commit(std::move(tick)));
    made = committed.outcome.made.size();
    sizes.escalated += made;
    if (made > 0) {
      took.push_back(boot_time() - started);
    }
  }
  TRY(const views::ListCounts counts, count_all(hospital));
  sizes.overdue = before.overdue + sizes.escalated;
  const views::ListCounts wanted{sizes.open, sizes.overdue, before.escalated + sizes.escalated};
  if (counts != wanted) {
    return fail(Code::corrupt,
                fmt::format("wrong: {} items were escalated; {} are open, {} overdue, {} escalated",
                            sizes.escalated, counts.open, counts.overdue, counts.escalated));
  }
  return took;
}

/// The pages of all owners, as they read when they were looked at.
struct Pages {
  std::vector<std::size_t> hashes = std::vector<std::size_t>(bench_teams);
  std::uint64_t open = 0;
  std::uint64_t overdue = 0;
};

std::string target_of(std::uint64_t owner, std::string_view filter) {
  return fmt::format("/fhir/Task/$work-list?owner={}{}", bench_team(owner), filter);
}

std::uint64_t header_number(fhir::JsonValue outcome, std::string_view name) {
  const auto extensions = outcome.find("extension");
  if (!extensions || extensions->size() == 0) {
    return 0;
  }
  const auto parts = extensions->children().begin().operator*().find("extension");
  for (const fhir::JsonValue part : parts->children()) {
    if (fhir::text_member(part, "url") == name) {
      return api::parse_count(part.find("valueUnsignedInt")->raw()).value_or(0);
    }
  }
  return 0;
}

/// Empty where the Tasks are in their order, as many as there should be.
std::string wrong_with(fhir::JsonValue bundle, Pages& pages) {
  std::uint64_t tasks = 0;
  std::pair<int, std::string> before;
  std::uint64_t open = 0;
  const auto entries = bundle.find("entry");
  if (!entries) {
    return "a page without a header";
  }
  for (const fhir::JsonValue entry : entries->children()) {
    const auto resource = entry.find("resource");
    if (fhir::text_member(*resource, "resourceType") == "OperationOutcome") {
      open = header_number(*resource, "open");
      pages.open += open;
      pages.overdue += header_number(*resource, "overdue");
      continue;
    }
    ++tasks;
    const std::string priority = fhir::text_member(*resource, "priority");
    const auto restriction = resource->find("restriction");
    const auto period = restriction ? restriction->find("period") : std::nullopt;
    std::pair place(priority == "urgent" ? 0 : 1,
                    period ? fhir::text_member(*period, "end") : std::string());
    if (place < before) {
      return fmt::format("an item due {} comes behind one due {}", place.second, before.second);
    }
    before = std::move(place);
  }
  return tasks == std::min(page_items, open)
             ? std::string()
             : fmt::format("{} items on a page of a list of {}", tasks, open);
}

/// Reads each owner's page once, and looks at it.
Result<Pages> look(Load& load, std::string_view filter) {
  Pages pages;
  std::uint64_t next = 0;
  const auto look_one = [&](unsigned) -> std::optional<Exchange> {
    if (next == bench_teams) {
      return std::nullopt;
    }
    const std::uint64_t owner = next++;
    Exchange read = get_bundle(target_of(owner, filter), [&](fhir::JsonValue bundle) {
      return filter.empty() ? wrong_with(bundle, pages) : std::string();
    });
    read.wrong = [&pages, owner, looked = std::move(read.wrong)](const http::Incoming& reply) {
      pages.hashes[owner] = std::hash<std::string_view>()(reply.body);
      return looked(reply);
    };
    return read;
  };
  TRY_OK(load.run(1, look_one));
  return pages;
}

Result<Latencies> read_pages(Load& load, unsigned clients, std::string_view filter,
                             const Pages& pages) {
  std::uint64_t next = 0;
  const auto one = [&](unsigned) -> std::optional<Exchange> {
    if (next == pages_read) {
      return std::nullopt;
    }
    const std::uint64_t owner = next++ * 7919 % bench_teams;
    Exchange read;
    read.request.target = target_of(owner, filter);
    read.wrong = [wanted = pages.hashes[owner]](const http::Incoming& reply) {
      return reply.status == 200 && std::hash<std::string_view>()(reply.body) == wanted
                 ? std::string()
                 : fmt::format("{} with another page", reply.status);
    };
    return read;
  };
  TRY(auto outcome, load.run(clients, one));
  return std::move(outcome.latencies);
}

}  // namespace

Result<void> bench_worklist(const BenchOptions& options) {
  if (!options.server.empty()) {
    return fail(Code::usage, "bench worklist makes its own record: leave out --server");
  }
  Sizes sizes;
  sizes.open = options.size > 0 ? options.size : open_unless_asked;
  sizes.closed = sizes.open * closed_for_each_open;
  const bool keep = !options.keep.empty();
  sizes.late = std::min(keep ? late_max * ticks_of_kept : late_max, sizes.open / 2);
  TRY(const auto folder, TemporaryFolder::make(options.folder));
  const std::string directory = keep ? options.keep : folder->path() + "/data";
  const bool made = keep && std::filesystem::exists(directory);
  if (!made) {
    TRY_OK(run_self({"init", directory}));
  }
  Duration filled;
  std::vector<Duration> ticks;
  {
    TRY(const auto hospital, BenchHospital::open(directory));
    const Instant started = boot_time();
    if (made) {
      TRY_OK(count_kept(*hospital, sizes));
    } else {
      TRY_OK(fill(*hospital, sizes));
    }
    filled = boot_time() - started;
    TRY(ticks, escalate(*hospital, sizes));
    TRY_OK(hospital->drain());
  }
  TRY(const auto server, ChildServer::start(directory));
  const std::uint64_t idle = memory_of_process(server->process()).resident_bytes;
  Load load(server->url());
  constexpr std::string_view filter = "&state=received";
  TRY(const Pages pages, look(load, ""));
  TRY(const Pages narrowed, look(load, filter));
  if (pages.open != sizes.open || pages.overdue != sizes.overdue) {
    return fail(Code::corrupt, fmt::format("wrong: the headers say {} open and {} overdue",
                                           pages.open, pages.overdue));
  }
  const unsigned clients = options.clients > 0 ? options.clients : 1;
  TRY(Latencies first, read_pages(load, clients, "", pages));
  TRY(Latencies filtered, read_pages(load, clients, filter, narrowed));

  BenchLine line("worklist");
  line.number("open", sizes.open);
  line.number("closed", sizes.closed);
  line.number("owners", bench_teams);
  line.number("clients", clients);
  line.figure("fill_seconds", static_cast<double>(filled.ns) / 1e9);
  line.number("ticks", ticks.size());
  line.number("tick_items", sizes.escalated);
  std::ranges::sort(ticks);
  line.figure("tick_ms",
              ticks.empty() ? 0.0 : static_cast<double>(ticks[ticks.size() / 2].ns) / 1e6);
  line.number("page_items", page_items);
  line.add_latencies("", first);
  line.add_latencies("filtered_", filtered);
  line.number("server_idle_bytes", idle);
  line.number("server_peak_bytes", memory_of_process(server->process()).peak_bytes);
  TRY_OK(server->end());
  return line.end(options);
}

}  // namespace holdfast::cli
