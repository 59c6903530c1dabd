#include "clinical/news2.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"

namespace holdfast::clinical {
namespace {

using fhir::Decimal;

constexpr std::array<std::string_view, vital_count> vital_names{
    "respiration", "saturation", "oxygen", "systolic", "pulse", "consciousness", "temperature"};
constexpr std::array<std::string_view, 4> risk_names{"low", "low-medium", "medium", "high"};
constexpr std::uint8_t points_max = 3;

std::size_t index(Vital vital) { return static_cast<std::size_t>(vital); }

/// Points of a value that is believed; nothing for one that is not.
std::optional<std::uint8_t> points_of(const Chart& chart, const Decimal& value) {
  if (value < chart.least || value > chart.most) {
    return std::nullopt;
  }
  const Decimal rounded = value.rounded(chart.places);
  for (const Band& band : chart.bands) {
    if (!band.to || rounded <= *band.to) {
      return band.points;
    }
  }
  check(false, "the last band of a chart has no end");
  return std::nullopt;
}

class Scoring {
 public:
  Scoring(const News2Table& table, const Vitals& vitals, const News2Patient& patient)
      : table_(table), vitals_(vitals), patient_(patient) {}

  News2 score() {
    news_.doubts = vitals_.doubts;
    measure(Vital::respiration, table_.respiration, vitals_.respiration);
    measure(Vital::saturation, saturation_chart(), vitals_.saturation);
    measure(Vital::systolic, table_.systolic, vitals_.systolic);
    measure(Vital::pulse, table_.pulse, vitals_.pulse);
    measure(Vital::temperature, table_.temperature, vitals_.temperature);
    if (vitals_.air) {
      set(Vital::oxygen, *vitals_.air == Air::oxygen ? table_.oxygen_points : std::uint8_t{0});
    } else {
      news_.missing.push_back(Vital::oxygen);
    }
    if (vitals_.consciousness) {
      set(Vital::consciousness, *vitals_.consciousness == Consciousness::alert
                                    ? std::uint8_t{0}
                                    : table_.not_alert_points);
    } else {
      news_.missing.push_back(Vital::consciousness);
    }
    std::ranges::sort(news_.missing);
    if (!news_.missing.empty()) {
      say_missing();
    } else {
      sum_up();
    }
    return std::move(news_);
  }

 private:
  /// Where it is not known whether oxygen is given there is no score: the chart of oxygen is as
  /// good.
  [[nodiscard]] const Chart& saturation_chart() const {
    if (patient_.scale == SaturationScale::one) {
      return table_.saturation_1;
    }
    return vitals_.air == Air::air ? table_.saturation_2_air : table_.saturation_2_oxygen;
  }

  void set(Vital vital, std::uint8_t points) { news_.points[index(vital)] = points; }

  void measure(Vital vital, const Chart& chart, const std::optional<Decimal>& value) {
    const auto points = value ? points_of(chart, *value) : std::nullopt;
    if (points) {
      set(vital, *points);
      return;
    }
    news_.missing.push_back(vital);
    if (value) {
      news_.doubts.push_back(fmt::format("{} {} {} is not believed: {} to {} is", name(vital),
                                         value->text(), chart.unit, chart.least.text(),
                                         chart.most.text()));
    }
  }

  void say_missing() {
    news_.became = News2Became::partial;
    news_.points = {};
    news_.why = "no score, because the set is not whole: ";
    for (const Vital vital : news_.missing) {
      news_.why += fmt::format("{}{}", vital == news_.missing.front() ? "" : ", ", name(vital));
    }
  }

  void sum_up() {
    news_.became = News2Became::scored;
    for (const std::uint8_t points : news_.points) {
      news_.total += points;
      news_.single_three = news_.single_three || points == points_max;
    }
    const auto row = std::ranges::find_if(
        table_.responses, [&](const Response& one) { return news_.total <= one.to; });
    check(row != table_.responses.end(), "every sum has a response");
    const Response& single = table_.single_three;
    const Response& by = news_.single_three && single.risk > row->risk ? single : *row;
    news_.risk = by.risk;
    news_.due_minutes = by.due_minutes;
    news_.continuous = by.continuous;
  }

  const News2Table& table_;
  const Vitals& vitals_;
  const News2Patient& patient_;
  News2 news_;
};

News2 not_for(std::string why) {
  News2 news;
  news.became = News2Became::not_for_this_patient;
  news.why = std::move(why);
  return news;
}

}  // namespace

std::string_view name(Vital vital) { return vital_names[index(vital)]; }
std::string_view name(Risk risk) { return risk_names[static_cast<std::size_t>(risk)]; }

News2 news2(const News2Table& table, const Vitals& vitals, const News2Patient& patient) {
  News2 news;
  if (!patient.age_years) {
    news = not_for("no score, because the age is not known: an estimate would do");
  } else if (*patient.age_years < table.age_from) {
    news = not_for(fmt::format("no score below {} years", table.age_from));
  } else if (patient.pregnancy == Pregnancy::yes) {
    news = not_for("no score in pregnancy");
  } else {
    news = Scoring(table, vitals, patient).score();
  }
  if (table.edition.is_draft()) {
    news.doubts.push_back(fmt::format("by {}", table.edition.text()));
  }
  return news;
}

}  // namespace holdfast::clinical
