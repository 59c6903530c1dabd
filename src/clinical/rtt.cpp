#include "clinical/rtt.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace holdfast::clinical {
namespace {

constexpr std::int64_t week_days = 7;
constexpr std::int64_t days_max = 3660;
constexpr std::array<std::string_view, 5> state_names{"not started", "running", "active monitoring",
                                                      "stopped", "nullified"};

class Counting {
 public:
  explicit Counting(const RttTable& table) : table_(table) {}

  void start(Day day) {
    clock_.periods.push_back({day, std::nullopt, {}, false});
    clock_.state = RttState::running;
  }

  void take(const RttEvent& event) {
    const RttCode* const code = table_.find(event.code);
    if (code == nullptr) {
      doubt(event, "is no code of the table: the clock goes on as it was");
      return;
    }
    switch (code->what) {
      case RttClass::starts: take_start(event, *code); return;
      case RttClass::continues:
        if (clock_.state != RttState::running) {
          doubt(event, fmt::format("says that the clock runs, and it is {}", name(clock_.state)));
        }
        return;
      case RttClass::stops: take_stop(event, *code); return;
      case RttClass::not_rtt: return;  // says nothing of the clock
    }
  }

  void doubt(const RttEvent& event, std::string_view what) {
    clock_.doubts.push_back(fmt::format("{} on {} {}", event.code, to_text(event.day), what));
  }

  RttClock done(Day today) && {
    if (clock_.periods.empty()) {
      return std::move(clock_);
    }
    const RttPeriod& last = clock_.periods.back();
    clock_.treat_by = last.from + table_.referral_to_treatment_days;
    if (!last.nullified) {
      clock_.days_waited = std::max<std::int64_t>(last.until.value_or(today) - last.from, 0);
      clock_.weeks_waited = clock_.days_waited / week_days;
      clock_.is_over = clock_.days_waited > table_.referral_to_treatment_days;
    }
    return std::move(clock_);
  }

 private:
  void take_start(const RttEvent& event, const RttCode& code) {
    if (clock_.state != RttState::running) {
      start(event.day);
      seen_ = true;
      return;
    }
    const Day from = clock_.periods.back().from;
    if (event.day < from) {
      doubt(event, "is before the referral: the clock runs from the referral");
    } else if (seen_ || !code.first_activity) {
      doubt(event, fmt::format("starts a clock, and one runs since {}", to_text(from)));
    }
    seen_ = true;
  }

  void take_stop(const RttEvent& event, const RttCode& code) {
    if (clock_.state != RttState::running) {
      const bool monitored = clock_.state == RttState::active_monitoring && !code.active_monitoring;
      if (monitored) {  // treated, declined or died while monitored
        clock_.state = RttState::stopped;
        return;
      }
      doubt(event, fmt::format("stops a clock, and it is {}", name(clock_.state)));
      return;
    }
    RttPeriod& period = clock_.periods.back();
    if (event.day < period.from) {
      doubt(event, "is before the clock started: it goes on");
      return;
    }
    if (code.nullifies && event.communicated != Communicated::yes) {
      doubt(event, event.communicated == Communicated::no
                       ? "nullifies nothing: the appointment was not clearly communicated"
                       : "nullifies nothing until it is known that the appointment was clearly "
                         "communicated");
      return;
    }
    period.until = event.day;
    period.stopped_by = event.code;
    period.nullified = code.nullifies;
    clock_.state = code.nullifies           ? RttState::nullified
                   : code.active_monitoring ? RttState::active_monitoring
                                            : RttState::stopped;
  }

  const RttTable& table_;
  RttClock clock_;
  bool seen_ = false;  // the first activity of the clock that runs
};

Result<RttCode> read_code(Fields& row) {
  constexpr std::array<std::pair<std::string_view, RttClass>, 4> classes{{
      {"start", RttClass::starts},
      {"continue", RttClass::continues},
      {"stop", RttClass::stops},
      {"not-rtt", RttClass::not_rtt},
  }};
  RttCode code;
  TRY(code.code, row.text("code"));
  TRY(const std::string what, row.text("class"));
  const auto* const known =
      std::ranges::find(classes, what, [](const auto& one) { return one.first; });
  if (known == classes.end()) {
    return row.wrong(fmt::format("class '{}' is not start, continue, stop or not-rtt", what));
  }
  code.what = known->second;
  TRY(code.meaning, row.text("meaning"));
  TRY(code.first_activity, row.flag_if("first_activity"));
  TRY(code.active_monitoring, row.flag_if("active_monitoring"));
  TRY(code.nullifies, row.flag_if("nullifies"));
  TRY_OK(row.done());
  if ((code.active_monitoring || code.nullifies) && code.what != RttClass::stops) {
    return row.wrong("only a stop nullifies, or begins active monitoring");
  }
  if (code.first_activity && code.what != RttClass::starts) {
    return row.wrong("only a start is the first activity");
  }
  if (code.active_monitoring && code.nullifies) {
    return row.wrong("active_monitoring and nullifies exclude each other");
  }
  return code;
}

}  // namespace

std::string_view name(RttState state) { return state_names[static_cast<std::size_t>(state)]; }

const RttCode* RttTable::find(std::string_view code) const {
  const auto found = std::ranges::find(codes, code, &RttCode::code);
  return found == codes.end() ? nullptr : &*found;
}

RttClock rtt_clock(const RttTable& table, std::optional<Day> received,
                   std::span<const RttEvent> events, Day today) {
  std::vector<RttEvent> ordered(events.begin(), events.end());
  std::ranges::stable_sort(ordered, {}, &RttEvent::day);
  Counting counting(table);
  if (received) {
    counting.start(*received);
  }
  for (const RttEvent& event : ordered) {
    if (event.day > today) {
      counting.doubt(event, "is in the future: it does not count yet");
    } else {
      counting.take(event);
    }
  }
  return std::move(counting).done(today);
}

CancerDays cancer_days(const RttTable& table, Day received, std::optional<Day> decided) {
  CancerDays days;
  days.diagnosis_by = received + table.faster_diagnosis_days;
  days.treat_by = received + table.referral_to_cancer_treatment_days;
  if (decided) {
    days.decided_treat_by = *decided + table.decision_to_treatment_days;
  }
  return days;
}

Result<RttTable> read_rtt(std::string_view text, std::string_view file) {
  TRY(const Value document, parse_document(text, file));
  Fields fields(document, file);
  RttTable table;
  TRY(table.edition, read_edition(fields, "rtt"));
  TRY(table.referral_to_treatment_days, fields.whole("referral_to_treatment_days", 1, days_max));
  TRY(table.faster_diagnosis_days, fields.whole("faster_diagnosis_days", 1, days_max));
  TRY(table.decision_to_treatment_days, fields.whole("decision_to_treatment_days", 1, days_max));
  TRY(table.referral_to_cancer_treatment_days,
      fields.whole("referral_to_cancer_treatment_days", 1, days_max));
  TRY(const auto values, fields.tables("code"));
  for (const Value& value : values) {
    Fields row(value, file);
    TRY(RttCode code, read_code(row));
    if (table.find(code.code) != nullptr) {
      return row.wrong(fmt::format("the code {} is there twice", code.code));
    }
    table.codes.push_back(std::move(code));
  }
  TRY_OK(fields.done());
  return table;
}

}  // namespace holdfast::clinical
