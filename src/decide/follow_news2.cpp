// decide/follow_news2.cpp: the early warning score of the set of observations that a Command
// brings. What is one set: what is about the same stay and not more than half an hour older than
// the newest of it. A set that is not whole has no score and moves nothing: the next one stays due.
#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "base/time.h"
#include "decide/following.h"
#include "search/matches.h"

namespace holdfast::decide {
namespace {

constexpr std::int64_t set_ms = 30 * 60'000;

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

}  // namespace

Result<std::vector<clinical::Observation>> Following::set_about(const std::string& subject,
                                                                const pathway::Signal& like,
                                                                Time& time) {
  std::vector<std::pair<Time, const clinical::Observation*>> all;
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
        all.emplace_back(std::min(signal.due_from.value_or(rules_.now), rules_.now),
                         signals_[i].observation.get());
      }
    }
  }
  std::ranges::stable_sort(all, {}, [](const auto& one) { return one.first; });
  time = all.empty() ? rules_.now : all.back().first;
  std::vector<clinical::Observation> set;
  for (const auto& [at, observation] : all) {
    if (time.ms - at.ms <= set_ms) {
      set.push_back(*observation);
    }
  }
  return set;
}

// A set that was written down late says nothing of now: what the newer one asked for stands. What
// claims to be from the future was taken as one of its moment, and is newer than nothing.
Result<bool> Following::has_newer_set(const std::string& subject, Time time) {
  std::string codes;
  for (const clinical::VitalCode& one : pathway::news2_table().codes) {
    codes += fmt::format("{}{}|{}", codes.empty() ? "" : ",", one.code.system, one.code.code);
  }
  static const fhir::TypeId observation = *fhir::type_id("Observation");
  TRY(const auto newer,
      search::matches({view_, codec_, params_}, observation,
                      fmt::format("encounter={}&date=sa{}&date=lt{}&combo-code={}&"
                                  "status=final,amended,corrected,preliminary",
                                  subject, to_instant(time), to_instant(rules_.now),
                                  percent_encode(codes, ",")),
                      1));
  return !newer.empty();
}

Result<void> Following::score(std::size_t index, const pathway::Signal& signal) {
  TRY(const auto subjects, meant(index, signal.links, signal.named, *signal.definition));
  for (const std::string& subject : subjects) {
    if (!scored_.insert({signal.definition->name, subject}).second) {
      continue;
    }
    TRY(const auto ids, about(subject, views::Which::all));
    std::vector<std::string> heard;
    std::string patient;
    for (const std::string& id : ids) {
      TRY(const Touched* const touched, touch(id));
      const auto& from = signal.move->from;
      if (touched->item.pathway == signal.definition->name &&
          std::ranges::find(from, touched->item.state) != from.end()) {
        heard.push_back(id);
        patient = touched->item.patient;
      }
    }
    if (heard.empty()) {
      continue;
    }
    Scored scored;
    TRY(const auto set, set_about(subject, signal, scored.time));
    TRY(const bool is_late, has_newer_set(subject, scored.time));
    if (is_late) {
      continue;
    }
    clinical::News2Patient of;
    TRY(const PatientFacts facts, facts_of(patient));
    of.age_years = facts.age;
    const clinical::News2Table& table = pathway::news2_table();
    const clinical::News2 news = clinical::news2(table, clinical::read_vitals(table, set), of);
    scored.urgency = pathway::urgency_of(news);
    scored.why = sentence_of(news);
    if (news.became == clinical::News2Became::partial) {
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
