#include "sim/hospital.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/check.h"
#include "decide/prepared.h"
#include "pathway/shipped.h"
#include "server/directory.h"
#include "sim/hospital_events.h"
#include "sim/hospital_judge.h"
#include "views/mem_kv.h"
#include "views/versions.h"
#include "world/sim/sim_world.h"

namespace holdfast::sim {
namespace {

constexpr std::uint64_t segment_bytes = std::uint64_t{1} << 20U;
constexpr std::uint64_t run_steps_max = 2'000'000;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::uint64_t look_through_every = 25;

class Hospital {
 public:
  explicit Hospital(const HospitalOptions& options)
      : options_(options),
        random_(options.seed),
        scheduler_(random_.next()),
        network_(scheduler_, random_.next()),
        machine_(scheduler_, network_, random_.next()),
        events_(random_, *pathway::shipped()),
        judge_(report_, events_.teams(), *pathway::shipped()) {
    node_options_.segment_bytes = segment_bytes;
    node_options_.planted = options.bug;
    node_options_.unflushed_bytes_max = 64 << 10;
  }

  HospitalReport run() {
    if (!create() || !open()) {
      return std::move(report_);
    }
    const auto begun = submit(events_.begin());
    check(begun && *begun, "a new record takes patients and teams");
    for (std::uint64_t i = 0; i < options_.events && report_.violations.empty(); ++i) {
      pass_time();
      happen();
      if (i % look_through_every == 0) {
        judge_.look_through(node_->view(), node_->codec());
      }
    }
    if (node_) {
      judge_.look_through(node_->view(), node_->codec());
      report_.entries = node_->view().state.position.value;
    }
    report_.trace = scheduler_.trace();
    machine_.crash(Crash::process);
    node_.reset();
    return std::move(report_);
  }

 private:
  bool create() {
    server::DirectoryOptions directory;
    directory.segment_bytes = segment_bytes;
    const auto made =
        run_task(machine_.sequencer(), server::create_directory(machine_.world(), directory));
    if (!made || !*made) {
      judge_.violated("the data directory cannot be made");
      return false;
    }
    return true;
  }

  bool open() {
    auto opened = run_task(machine_.sequencer(), node::open(machine_.world(), kv_, node_options_),
                           run_steps_max);
    if (!opened || !*opened) {
      judge_.violated("the node does not start: " +
                      (opened ? opened->error().what : std::string("it never ended")));
      return false;
    }
    node_ = std::move((*opened)->node);
    auto& io = static_cast<SimExecutor&>(*machine_.world().io.front());
    if (node_->pathways() == nullptr) {
      const auto defined =
          run_task(io, node_->define_pathways(io, pathway::shipped_files()), run_steps_max);
      if (!defined || !*defined) {
        judge_.violated("the pathways that ship are refused");
        return false;
      }
    }
    return true;
  }

  decide::Prepared prepared(Command command) {
    random_.fill(command.key.bytes);
    command.channel = "hospital";
    auto one = decide::prepare(std::move(command), reader_, node_->extracting());
    check(one.has_value(), "what happens can be prepared");
    return *std::move(one);
  }

  /// Nothing: it was not answered.
  std::optional<Result<node::Committed>> submit(Command command) {
    auto& io = static_cast<SimExecutor&>(*machine_.world().io.front());
    return run_task(io, node_->submit(io, prepared(std::move(command))), run_steps_max);
  }

  void happen() {
    Event event = events_.next(judge_.items(), node_->view().state.time,
                               [this](const std::string& id) { return task(id); });
    if (random_.chance(1, 30)) {
      crash_while(std::move(event));
      return;
    }
    const bool twice = random_.chance(1, 12);
    Command again = event.command;
    tell(event);
    if (twice && event.cause.acted_on.empty()) {  // doubled, or late
      event.command = std::move(again);
      event.fate = event.fate == Fate::refused ? Fate::refused : Fate::either;
      event.owed.clear();
      tell(event);
    }
  }

  void tell(Event& event) {
    const auto answer = submit(event.command);
    if (!answer) {
      judge_.violated("a command is never answered");
      return;
    }
    if (!*answer) {
      ++report_.refused;
      if (event.fate == Fate::accepted) {
        judge_.violated("refused what is right: " + answer->error().what);
      }
    } else if (event.fate == Fate::refused) {
      judge_.violated(
          fmt::format("entry {}: {} {} was to be refused", node_->view().state.position.value,
                      event.command.operations.front().type, event.command.operations.front().id));
    }
    judge_.look(node_->view(), node_->codec(), event.cause);
    scheduler_.note(node_->view().state.position.value);
    if (*answer) {
      check_owed(event);
    }
  }

  void check_owed(const Event& event) {
    if (event.owed.empty()) {
      return;
    }
    const views::Item* open = nullptr;
    bool phoned = false;
    std::string there;
    for (const auto& [id, item] : judge_.items()) {
      there += item.focus == event.owed ? " " + item.pathway + ":" + item.state : std::string();
      if (item.focus == event.owed && item.is_open() && item.parent.empty()) {
        open = &item;
      }
      phoned = phoned || (item.focus == event.owed && item.pathway == "critical-result");
    }
    if (open == nullptr) {
      judge_.violated(fmt::format("{} is owed after {}, and no item about it is open:{}",
                                  event.owed, event.command.operations.back().body.substr(0, 120),
                                  there));
    } else if (event.not_normal && open->urgency == "normal") {
      judge_.violated(event.owed + " is counted as normal, and nobody has judged it so");
    }
    if (event.critical && !phoned) {
      judge_.violated(event.owed + " is critical, and nobody is to be phoned");
    }
  }

  HospitalEvents::TaskNow task(const std::string& id) {
    const node::Moment moment = node_->view();
    const auto current = views::read_current(*moment.reader, *fhir::type_id("Task"), id);
    check(current && *current, "an item is a Task");
    const auto body = views::read_body(*moment.reader, node_->codec(), (*current)->row);
    check(body.has_value(), "a Task can be read");
    return {body->bytes, (*current)->version};
  }

  void learn_teams() {
    std::set<std::string> active;
    const node::Moment moment = node_->view();
    for (int i = 0; i < teams_max; ++i) {
      const std::string id = fmt::format("t{}", i);
      const auto current = views::read_current(*moment.reader, *fhir::type_id("CareTeam"), id);
      check(current.has_value(), "a team can be looked for");
      if (*current) {
        const auto body = views::read_body(*moment.reader, node_->codec(), (*current)->row);
        check(body.has_value(), "a team can be read");
        if (body->bytes.find(R"("status":"active")") != Bytes::npos) {
          active.insert("CareTeam/" + id);
        }
      }
    }
    events_.learn_teams(std::move(active));
  }

  void learn_requests() {
    const node::Moment moment = node_->view();
    events_.learn_requests([&](const std::string& about) {
      const auto items = views::items_about(*moment.reader, about, views::Which::all, 1);
      check(items.has_value(), "items can be looked for");
      return !items->empty();
    });
  }

  /// Mostly hours, sometimes months; then whoever has to wake, wakes.
  void pass_time() {
    const std::uint64_t days = options_.years * 365 * 2 / options_.events + 1;
    const auto ms = static_cast<std::int64_t>(random_.below(days * day_ms));
    scheduler_.run_for(milliseconds(ms), run_steps_max);
    for (int round = 0; round < 20; ++round) {
      Event event;
      event.cause.is_tick = true;
      const Time until = machine_.world().clock.wall();
      event.command.tick = Tick{until, 1 + static_cast<std::uint32_t>(random_.below(50))};
      const std::uint64_t before = node_->view().state.position.value;
      tell(event);
      const auto first = views::first_wake(*node_->view().reader);
      if (node_->view().state.position.value == before || !report_.violations.empty()) {
        if (first && *first && **first <= node_->view().state.time) {
          judge_.violated("an item is to wake and does not");
        }
        judge_.look_at_absences(node_->view(), until, machine_.world().clock.wall());
        return;
      }
    }
    judge_.violated("time passes and the same items wake again and again");
  }

  /// The machine stops somewhere in it: it happened, or it did not.
  void crash_while(Event event) {
    auto& io = static_cast<SimExecutor&>(*machine_.world().io.front());
    auto answer = std::make_shared<std::optional<Result<node::Committed>>>();
    io.spawn(holdfast::detail::keep(node_->submit(io, prepared(event.command)), answer));
    const std::uint64_t steps = random_.below(200);
    for (std::uint64_t i = 0; i < steps && scheduler_.step(); ++i) {
    }
    const bool acknowledged = answer->has_value() && (*answer)->has_value();
    ++report_.crashes;
    machine_.crash(random_.chance(1, 2) ? Crash::power : Crash::process);
    node_.reset();
    const std::size_t unflushed = kv_.unflushed_writes();
    kv_.crash(unflushed == 0 ? 0 : random_.below(unflushed + 1));
    machine_.restart();
    if (!open()) {
      return;
    }
    learn_teams();
    learn_requests();
    judge_.look(node_->view(), node_->codec(), event.cause);
    judge_.look_through(node_->view(), node_->codec());
    if (acknowledged) {
      check_owed(event);
    }
  }

  const HospitalOptions options_;
  HospitalReport report_;
  SimRandom random_;
  SimScheduler scheduler_;
  SimNetwork network_;
  SimWorld machine_;
  views::MemKv kv_;
  node::Options node_options_;
  std::unique_ptr<node::Node> node_;
  fhir::JsonReader reader_;
  HospitalEvents events_;
  HospitalJudge judge_;
};

}  // namespace

HospitalReport live_in_hospital(const HospitalOptions& options) { return Hospital(options).run(); }

}  // namespace holdfast::sim
