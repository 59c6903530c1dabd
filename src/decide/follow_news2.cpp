// decide/follow_news2.cpp: the early warning score of the set of observations that a Command brings
// or completes. What is one set: what is about the same stay and was taken within the minutes that
// clinical/news2.toml names, whether it came together or one by one, in whatever order. A set that
// is not whole has no score and moves nothing: the next one stays due.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "base/time.h"
#include "decide/following.h"
#include "fhir/member.h"
#include "search/matches.h"
#include "views/versions.h"

namespace holdfast::decide {
namespace {

/// Of one stay, from one window: more are not looked at.
constexpr std::size_t vitals_max = 256;

std::int64_t set_ms(const clinical::News2Table& table) { return table.set_minutes * 60'000; }

std::string sentence_of(const clinical::News2& news) {
  std::string text;
  if (news.became == clinical::News2Became::not_for_this_patient) {
    text = fmt::format("NEWS2: {}", news.why);
  } else if (news.became == clinical::News2Became::partial) {
    text = "NEWS2 has no score from this set: ";
    for (const clinical::Vital vital : news.missing) {
      text += fmt::format("{}{}", vital == news.missing.front() ? "" : ", ", clinical::name(vital));
    }
    text += news.missing.size() == 1 ? " is missing" : " are missing";
  } else {
    text = fmt::format("NEWS2 {}, {} risk", news.total, clinical::name(news.risk));
    std::string_view between = ": ";
    for (std::size_t i = 0; i < news.points.size(); ++i) {
      if (news.points[i] > 0) {
        text += fmt::format("{}{} {}", between, clinical::name(static_cast<clinical::Vital>(i)),
                            news.points[i]);
        between = ", ";
      }
    }
    text += news.continuous ? "; to be monitored continuously" : "";
  }
  for (const std::string& doubt : news.doubts) {
    text += fmt::format("; {}", doubt);
  }
  return text;
}

/// Of a query: all codes of the seven.
std::string vital_codes(const clinical::News2Table& table) {
  std::string codes;
  for (const clinical::VitalCode& one : table.codes) {
    codes += fmt::format("{}{}|{}", codes.empty() ? "" : ",", one.code.system, one.code.code);
  }
  return percent_encode(codes, ",");
}

}  // namespace

Result<std::vector<Following::SeenVital>> Following::vitals_of_command(
    const std::string& subject, const pathway::Signal& like) {
  std::vector<SeenVital> all;
  for (std::size_t i = 0; i < signals_.size(); ++i) {
    if (!writes(i) || !signals_[i].observation) {
      continue;
    }
    for (const pathway::Signal& signal : signals_[i].all) {
      if (signal.move != like.move) {
        continue;
      }
      TRY(const auto subjects, meant(i, signal.links, signal.named, *signal.definition));
      if (std::ranges::find(subjects, subject) != subjects.end()) {
        all.push_back(
            {signal.due_from.value_or(rules_.now), reference_to(i), *signals_[i].observation});
      }
    }
  }
  return all;
}

// Those of the Command, and those that the record has of the stay from `from` to `until`.
Result<std::vector<Following::SeenVital>> Following::vitals_of(const std::string& subject,
                                                               const pathway::Signal& like,
                                                               Time from, Time until) {
  TRY(auto all, vitals_of_command(subject, like));
  std::erase_if(all, [&](const SeenVital& one) { return one.at < from || one.at > until; });
  TRY(const auto stored, stored_vitals(subject, from, until));
  std::ranges::move(stored, std::back_inserter(all));
  std::ranges::sort(all, {}, [](const SeenVital& one) { return std::pair(one.at, one.source); });
  return all;
}

Result<std::vector<Following::SeenVital>> Following::stored_vitals(const std::string& subject,
                                                                   Time from, Time until) {
  std::vector<SeenVital> all;
  static const fhir::TypeId type = *fhir::type_id("Observation");
  TRY(const auto ids, search::matches({view_, codec_, params_}, type,
                                      fmt::format("encounter={}&date=ge{}&date=le{}&combo-code={}&"
                                                  "status=final,amended,corrected,preliminary",
                                                  subject, to_instant(from), to_instant(until),
                                                  vital_codes(definitions_.clinical().news2)),
                                      vitals_max));
  for (const std::string& id : ids) {
    const std::string source = "Observation/" + id;
    bool is_written = false;
    for (std::size_t i = 0; i < outcome_.results.size(); ++i) {
      is_written = is_written || reference_to(i) == source;
    }
    TRY(const auto current, views::read_current(view_, type, id));
    if (is_written || !current || current->presence == views::Presence::deleted) {
      continue;  // what the Command says of it counts
    }
    TRY(const views::Body body, views::read_body(view_, codec_, current->row));
    fhir::Json json;
    TRY_OK(task_reader().read(body.bytes, json));
    const auto observation = clinical::read_observation(json.root());
    std::optional<TimeRange> at =
        parse_date_time(fhir::text_member(json.root(), "effectiveDateTime"));
    if (!at) {
      at = parse_date_time(fhir::text_member(json.root(), "effectiveInstant"));
    }
    if (const auto period = json.root().find("effectivePeriod"); !at && period) {
      at = parse_date_time(fhir::text_member(*period, "start"));
    }
    if (observation && at && at->from >= from && at->from <= until) {
      all.push_back({at->from, source, *observation});
    }
  }
  return all;
}

// The newest window with the one that came in which all seven are; else the one that lacks least.
Following::BestSet Following::best_set(const std::vector<SeenVital>& all, Time from,
                                       const clinical::News2Patient& patient) const {
  const clinical::News2Table& table = definitions_.clinical().news2;
  BestSet best;
  bool first = true;
  for (std::size_t end = all.size(); end > 0; --end) {
    const Time until = all[end - 1].at;
    if (until < from || (end < all.size() && all[end].at == until)) {
      continue;
    }
    std::vector<clinical::Observation> set;
    for (std::size_t i = 0; i < end; ++i) {
      if (until.ms - all[i].at.ms <= set_ms(table)) {
        set.push_back(all[i].observation);
      }
    }
    auto news = clinical::news2(table, clinical::read_vitals(table, set), patient);
    const bool is_whole = news.became != clinical::News2Became::partial;
    if (first || is_whole || news.missing.size() < best.news.missing.size()) {
      best = {until, std::move(news)};
      first = false;
    }
    if (is_whole) {
      break;
    }
  }
  return best;
}

// A set that was written down late says nothing of now: what the newer one asked for stands. What
// claims to be from the future was taken as one of its moment, and is newer than nothing. What is
// newer and not whole has asked for nothing.
Result<bool> Following::has_newer_set(const std::string& subject, const pathway::Signal& like,
                                      Time time, const clinical::News2Patient& patient) {
  static const fhir::TypeId observation = *fhir::type_id("Observation");
  TRY(const auto newer,
      search::matches({view_, codec_, params_}, observation,
                      fmt::format("encounter={}&date=sa{}&date=lt{}&combo-code={}&"
                                  "status=final,amended,corrected,preliminary",
                                  subject, to_instant(time), to_instant(rules_.now),
                                  vital_codes(definitions_.clinical().news2)),
                      vitals_max));
  if (newer.empty() || newer.size() == vitals_max) {
    return !newer.empty();  // so many were taken since that one of them was whole
  }
  TRY(const auto all,
      vitals_of(subject, like, Time{time.ms + 1 - set_ms(definitions_.clinical().news2)},
                rules_.now));
  const BestSet best = best_set(all, Time{time.ms + 1}, patient);
  return best.at > time && best.news.became != clinical::News2Became::partial;
}

Result<std::vector<std::string>> Following::hearing(const std::string& subject,
                                                    const pathway::Signal& signal,
                                                    std::string& patient) {
  std::vector<std::string> heard;
  TRY(const auto ids, about(subject, views::Which::all));
  for (const std::string& id : ids) {
    TRY(const Touched* const touched, touch(id));
    const auto& from = signal.move->from;
    if (touched->item.pathway == signal.definition->name &&
        std::ranges::find(from, touched->item.state) != from.end()) {
      heard.push_back(id);
      patient = touched->item.patient;
    }
  }
  return heard;
}

Result<void> Following::score(std::size_t index, const pathway::Signal& signal) {
  TRY(const auto subjects, meant(index, signal.links, signal.named, *signal.definition));
  for (const std::string& subject : subjects) {
    if (!scored_.insert({signal.definition->name, subject}).second) {
      continue;
    }
    std::string patient;
    TRY(const auto heard, hearing(subject, signal, patient));
    if (heard.empty()) {
      continue;
    }
    TRY(const auto those, vitals_of_command(subject, signal));
    const auto newest = std::ranges::max_element(those, {}, &SeenVital::at);
    const Time came = newest == those.end() ? rules_.now : newest->at;
    const std::int64_t set = set_ms(definitions_.clinical().news2);
    TRY(const auto all, vitals_of(subject, signal, Time{came.ms - set}, Time{came.ms + set}));
    TRY(const auto of, news2_patient(patient));
    BestSet best = best_set(all, came, of.patient);
    best.at = std::min(best.at, rules_.now);  // by a clock that is ahead of ours
    TRY(const bool is_late, has_newer_set(subject, signal, best.at, of.patient));
    if (is_late) {
      continue;
    }
    Scored scored;
    scored.time = best.at;
    scored.urgency = pathway::urgency_of(best.news);
    scored.why = sentence_of(best.news) + of.why;
    if (best.news.became == clinical::News2Became::partial) {
      TRY_OK(tell(heard, scored.why));
      continue;
    }
    for (const std::string& id : heard) {
      TRY_OK(move_item(id, index, signal, &scored));
    }
  }
  return ok();
}

}  // namespace holdfast::decide
