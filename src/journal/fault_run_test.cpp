#include "journal/fault_run.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/check.h"
#include "journal/scrub.h"

namespace holdfast::journal {
namespace {

constexpr std::uint64_t test_segment_bytes = 16U << 10U;
constexpr std::uint64_t steps = 26;
constexpr int openings_max = 12;

Fate fate_of(Fault fault) {
  switch (fault) {
    case Fault::crash: return Fate::all_kept;
    case Fault::torn_write: return Fate::prefix;
    case Fault::reordered_writes: return Fate::each_change;
    case Fault::reordered_pages: return Fate::each_sector;
    case Fault::lost_bytes:
    case Fault::kill:
    case Fault::io_error:
    case Fault::no_space: return Fate::all_lost;
  }
  return Fate::all_lost;
}

}  // namespace

const char* name(Fault fault) {
  switch (fault) {
    case Fault::kill: return "kill -9";
    case Fault::crash: return "crash";
    case Fault::torn_write: return "torn write";
    case Fault::reordered_writes: return "reordered writes";
    case Fault::reordered_pages: return "reordered unsynced pages";
    case Fault::lost_bytes: return "lost unsynced bytes";
    case Fault::io_error: return "EIO";
    case Fault::no_space: return "ENOSPC";
  }
  return "unknown";
}

// draw_fate() takes a number modulo 5; what is left of the number is still random.
void FateRandom::fill(std::span<char> into) {
  check(into.size() == sizeof(std::uint64_t), "power cuts draw numbers only");
  std::uint64_t value = random_.next();
  while (value % 5 != static_cast<std::uint64_t>(fate_)) {
    value = random_.next();
  }
  store_little(into.data(), value);
}

FaultRun::FaultRun(FaultPlan plan)
    : plan_(plan),
      scheduler_(plan.seed),
      executor_(scheduler_),
      clock_(scheduler_, Time{1'767'225'600'000}),
      sim_(plan.seed),
      disk_(sim_),
      random_(plan.seed + 1),
      storm_(plan.seed + 2) {
  options_.segment_bytes = test_segment_bytes;
  options_.bug = plan.bug;
  set_storm();
  if (!plan.fault) {
    return;
  }
  switch (*plan.fault) {
    case Fault::kill: disk_.kill_at(plan.call); break;
    case Fault::io_error: sim_.plan(plan.call, DiskFault::io_error); break;
    case Fault::no_space: sim_.plan(plan.call, DiskFault::no_space); break;
    default: sim_.plan(plan.call, DiskFault::power_cut); break;
  }
}

// Faults at random, when the plan asks for them.
void FaultRun::set_storm() {
  if (plan_.faults_per_mille == 0) {
    sim_.set_rule(nullptr);
    return;
  }
  sim_.set_rule([this](const DiskCallInfo&) {
    if (!storm_.chance(plan_.faults_per_mille, 1000)) {
      return DiskFault::none;
    }
    const std::uint64_t drawn = storm_.below(3);
    return drawn == 0   ? DiskFault::power_cut
           : drawn == 1 ? DiskFault::io_error
                        : DiskFault::no_space;
  });
}

FaultResult FaultRun::run() {
  work();
  result_.calls = sim_.calls();
  result_.struck = result_.struck || result_.calls >= plan_.call;
  if (!result_.violation) {
    end();
  }
  return result_;
}

void FaultRun::violate(std::string what) {
  if (!result_.violation) {
    result_.violation = std::move(what);
  }
}

FaultRun::Content FaultRun::make_content() {
  const std::uint64_t drawn = random_.below(10);
  const std::uint64_t size = drawn < 6   ? random_.below(300)
                             : drawn < 9 ? random_.below(2'000)
                                         : random_.below(7'000);
  ++attempts_;
  Bytes command = fmt::format("{:08}:", attempts_);
  for (std::uint64_t i = 0; i < size; ++i) {
    command.push_back(static_cast<char>((attempts_ * 31 + i * 7) & 0xffU));
  }
  Bytes outcome = fmt::format("outcome of {}", attempts_);
  return {std::move(command), std::move(outcome)};
}

void FaultRun::work() {
  for (std::uint64_t number = 1; number <= steps && !result_.violation; ++number) {
    step(number);
  }
}

// The workload: batches large and small, so that segments roll; seals; preparation late, early and
// not at all; a restart; and one write that fails half-way, so that a tail is torn in every run.
void FaultRun::step(std::uint64_t number) {
  if (!journal_.writer) {
    open_journal();
    if (!journal_.writer || result_.violation) {
      return;
    }
  }
  Next next = Next::go_on;
  if (number == 4 || number == 9 || number == 17) {
    next = after(run_to_end(journal_.writer->seal()));
  } else if (number % 5 == 1) {
    next = after(run_to_end(journal_.writer->prepare()));
  } else if (number == 13) {
    journal_ = {};
    sim_.restart_process();
  } else if (number == 19) {
    std::uint64_t writes = 0;
    sim_.set_rule([&writes](const DiskCallInfo& info) {
      return info.call == DiskCall::write && ++writes == 1 ? DiskFault::io_error : DiskFault::none;
    });
    next = append_batch(4);
    set_storm();
  } else {
    next = append_batch(1 + random_.below(5));
  }
  if (next == Next::recover) {
    recover();
  }
}

// Whether the process lives on. A full disk is no reason to end; anything else is.
FaultRun::Next FaultRun::after(const Result<void>& result) {
  if (result) {
    return Next::go_on;
  }
  if (result.error().code == Code::no_space) {
    ++result_.refused;
    if (journal_.writer->failure()) {
      violate("a full disk ended the writer: " + result.error().what);
    }
    return Next::go_on;
  }
  if (result.error().code != Code::unavailable) {
    violate(fmt::format("unexpected {}: {}", name(result.error().code), result.error().what));
  }
  const auto again = run_to_end(journal_.writer->seal());
  if (again || again.error().code != Code::unavailable) {
    violate("a writer went on after a failed sync or write");
  }
  return Next::recover;
}

FaultRun::Next FaultRun::append_batch(std::uint64_t entries) {
  for (std::uint64_t i = 0; i < entries; ++i) {
    Content content = make_content();
    if (!journal_.writer->fits(content.first.size(), content.second.size())) {
      const Next next = commit_staged();
      if (next != Next::go_on) {
        return next;
      }
    }
    Entry entry;
    entry.time = {1'767'225'600'000 + static_cast<std::int64_t>(attempts_)};
    entry.kind = 1;
    entry.command = content.first;
    entry.command_hash = sha256(content.first);
    entry.outcome = content.second;
    entry.outcome_hash = sha256(content.second);
    const auto appended = journal_.writer->append(entry);
    if (!appended) {
      if (appended.error().code == Code::no_space) {
        ++result_.refused;
        break;
      }
      return after(fail(appended.error()));
    }
    if (appended->position.value != promised_.size() + staged_.size() + 1) {
      violate(fmt::format("position {} was given after {}", appended->position.value,
                          promised_.size() + staged_.size()));
    }
    attempted_[appended->position.value].push_back(content);
    staged_.emplace_back(appended->position, std::move(content));
  }
  return commit_staged();
}

FaultRun::Next FaultRun::commit_staged() {
  const auto staged = std::exchange(staged_, {});
  const Result<void> committed = run_to_end(journal_.writer->commit());
  if (!committed) {
    return after(committed);
  }
  for (const auto& [position, content] : staged) {
    promised_.push_back(content);
    ++result_.acknowledged;
  }
  return Next::go_on;
}

void FaultRun::cut_power() {
  const Fate fate = plan_.fault && fate_of(*plan_.fault) != Fate::all_lost
                        ? fate_of(*plan_.fault)
                        : static_cast<Fate>((plan_.call + cuts_) % 5);
  FateRandom fates(plan_.seed * 1000 + plan_.call * 10 + ++cuts_,
                   plan_.fault == Fault::lost_bytes ? Fate::all_lost : fate);
  sim_.crash(fates);
}

// The process is gone, or the machine. What was staged was never promised.
void FaultRun::recover() {
  journal_ = {};
  staged_.clear();
  if (disk_.dead()) {
    disk_.revive();
    result_.struck = true;
  }
  if (sim_.is_dark()) {
    cut_power();
  } else {
    sim_.restart_process();
  }
}

FaultRun::Next FaultRun::create_journal() {
  Community community;
  community.bytes.fill('c');
  const auto created =
      run_to_end(create(Writer::Parts{clock_, disk_, random_, executor_}, options_, community));
  if (created) {
    created_ = true;
    return Next::go_on;
  }
  // A creation that failed at its end may be complete: then opening it shows that.
  return created.error().code == Code::conflict ? Next::go_on : Next::recover;
}

void FaultRun::open_journal() {
  for (int attempt = 0; attempt < openings_max && !result_.violation; ++attempt) {
    if (!created_ && create_journal() == Next::recover) {
      recover();
      continue;
    }
    const Next next = try_open();
    if (next == Next::go_on) {
      created_ = true;
      return;
    }
    recover();
    if (next == Next::stop) {
      return;
    }
  }
  if (plan_.faults_per_mille == 0) {
    violate("the journal does not open, again and again");
  }
}

FaultRun::Next FaultRun::try_open() {
  ++result_.openings;
  auto opened =
      run_to_end(journal::open(Writer::Parts{clock_, disk_, random_, executor_}, options_));
  if (!opened) {
    const Code code = opened.error().code;
    if (code != Code::io && code != Code::no_space && !(code == Code::not_found && !created_)) {
      violate(fmt::format("opening: {}: {}", name(code), opened.error().what));
    }
    return Next::recover;
  }
  journal_ = *std::move(opened);
  const OpeningReport& report = journal_.report;
  if (!report.damage.empty()) {
    violate("damage after a crash: " + describe(report.damage.front(), options_));
    return Next::stop;
  }
  // Without space to mend, it may show less until it is opened again; never something else.
  if (report.head.position.value < promised_.size() && !report.full) {
    violate(fmt::format("{} entries were promised, {} are there", promised_.size(),
                        report.head.position.value));
    return Next::stop;
  }
  result_.rewritten += report.rewritten;
  result_.segments = std::max(result_.segments, report.segments);
  const Next next = observe();
  if (next != Next::go_on || result_.violation) {
    return next;
  }
  return journal_.writer ? report_torn() : Next::recover;
}

FaultRun::Next FaultRun::report_torn() {
  for (const Torn& torn : journal_.report.torn) {
    ++result_.torn;
    const auto renamed = run_to_end(journal_.writer->audited(torn.file));
    if (!renamed) {
      return Next::recover;
    }
  }
  return Next::go_on;
}

// Reads everything that the journal shows. From now on it is promised: somebody has seen it.
FaultRun::Next FaultRun::observe() {
  Cursor cursor = journal_.reader->from({1});
  std::uint64_t before = 0;
  for (;;) {
    const auto record = cursor.next();
    if (!record) {
      if (record.error().code != Code::io && record.error().code != Code::no_space) {
        violate(fmt::format("reading: {} {}", record.error().what, record.error().where));
      }
      return Next::recover;
    }
    if (!*record) {
      break;
    }
    if (compare(**record) != Next::go_on) {
      return Next::stop;
    }
    // Each attempt is numbered: none may be there twice, nor before an earlier one.
    std::uint64_t attempt = 0;
    const BytesView command = (*record)->command();
    std::from_chars(command.data(), command.data() + 8, attempt);
    if (attempt <= before) {
      violate(fmt::format("attempt {} stands behind attempt {}", attempt, before));
      return Next::stop;
    }
    before = attempt;
  }
  if (cursor.position() != journal_.report.head.position.next()) {
    violate("the cursor ends before the head");
  }
  for (std::uint64_t at = journal_.report.head.position.value; at > 0; at /= 2) {
    const auto record = journal_.reader->read({at});
    if (!record) {
      if (record.error().code != Code::io && record.error().code != Code::no_space) {
        violate(fmt::format("reading {}: {}", at, record.error().what));
      }
      return Next::recover;
    }
    if (compare(*record) != Next::go_on) {
      return Next::stop;
    }
  }
  return Next::go_on;
}

FaultRun::Next FaultRun::compare(const Record& record) {
  const std::uint64_t position = record.header.position.value;
  const Content content{record.command(), record.outcome()};
  if (position <= promised_.size()) {
    if (promised_[position - 1] != content) {
      violate(fmt::format("position {} shows other bytes than were promised", position));
      return Next::stop;
    }
    return Next::go_on;
  }
  const auto& attempts = attempted_[position];
  if (std::ranges::find(attempts, content) == attempts.end()) {
    violate(fmt::format("position {} shows bytes that nobody wrote there", position));
    return Next::stop;
  }
  promised_.push_back(content);
  return Next::go_on;
}

// The last power cut; then everything must be there, every byte as it should be, and go on.
void FaultRun::end() {
  for (int round = 0; round < 2 && !result_.violation; ++round) {
    sim_.heal();
    disk_.revive();
    journal_ = {};
    staged_.clear();
    cut_power();
    open_journal();
    if (!journal_.writer || result_.violation) {
      violate("the journal does not open after all");
      return;
    }
    Scrub scrub(journal_.segments, disk_, Scrub::Slack::check_all);
    const auto report = scrub.run();
    if (!report) {
      violate("scrub: " + report.error().what);
    } else if (!report->damage.empty()) {
      violate("scrub: " + describe(report->damage.front(), options_));
    } else if (report->entries != promised_.size() || !report->root) {
      violate(fmt::format("scrub counts {} of {}", report->entries, promised_.size()));
    }
    const std::uint64_t before = result_.acknowledged;
    const Next next = append_batch(3);
    if (next != Next::go_on || result_.acknowledged != before + 3) {
      violate("the journal does not go on after recovery");
    }
  }
}

}  // namespace holdfast::journal
