// clinical/news2_table.cpp: reads clinical/news2.toml, and refuses a chart that leaves a value or a
// sum without points or an answer.
#include <algorithm>

#include <fmt/format.h>

#include "clinical/news2.h"
#include "fhir/ucum.h"

namespace holdfast::clinical {
namespace {

using fhir::Decimal;

constexpr std::int64_t points_max = 3;
constexpr std::int64_t total_max = 20;
constexpr std::int64_t age_max = 150;
constexpr std::int64_t days_max = 366;
constexpr std::int64_t minutes_max = std::int64_t{7} * 24 * 60;
constexpr std::int64_t places_max = 3;

template <class Word, std::size_t count>
std::optional<Word> word_in(std::string_view text,
                            const std::array<std::pair<std::string_view, Word>, count>& words) {
  for (const auto& [word, meaning] : words) {
    if (word == text) {
      return meaning;
    }
  }
  return std::nullopt;
}

constexpr std::array<std::pair<std::string_view, Vital>, vital_count> vitals{{
    {"respiration", Vital::respiration},
    {"saturation", Vital::saturation},
    {"oxygen", Vital::oxygen},
    {"systolic", Vital::systolic},
    {"pulse", Vital::pulse},
    {"consciousness", Vital::consciousness},
    {"temperature", Vital::temperature},
}};
constexpr std::array<std::pair<std::string_view, Consciousness>, 5> states{{
    {"alert", Consciousness::alert},
    {"confusion", Consciousness::confusion},
    {"voice", Consciousness::voice},
    {"pain", Consciousness::pain},
    {"unresponsive", Consciousness::unresponsive},
}};
constexpr std::array<std::pair<std::string_view, Risk>, 4> risks{{
    {"low", Risk::low},
    {"low-medium", Risk::low_medium},
    {"medium", Risk::medium},
    {"high", Risk::high},
}};

struct NamedChart {
  std::string_view name;
  Chart News2Table::* chart;
};
constexpr std::array charts{
    NamedChart{"respiration", &News2Table::respiration},
    NamedChart{"saturation-1", &News2Table::saturation_1},
    NamedChart{"saturation-2-air", &News2Table::saturation_2_air},
    NamedChart{"saturation-2-oxygen", &News2Table::saturation_2_oxygen},
    NamedChart{"systolic", &News2Table::systolic},
    NamedChart{"pulse", &News2Table::pulse},
    NamedChart{"temperature", &News2Table::temperature},
};

/// "possible" and "standard_minutes": two figures, the first not above the second.
Result<std::pair<Decimal, Decimal>> read_pair(Fields& fields, std::string_view key) {
  TRY(const auto values, fields.list(key));
  const auto low = figure_in(values.front());
  const auto high = figure_in(values.back());
  if (values.size() != 2 || !low || !high || *low > *high) {
    return fields.wrong(values.front(), fmt::format("{} is not [least, most]", key));
  }
  return std::pair{*low, *high};
}

Result<std::vector<Band>> read_bands(Fields& fields, std::uint32_t places) {
  TRY(const auto values, fields.tables("bands"));
  const Decimal step = *Decimal(1).shifted(-static_cast<std::int32_t>(places));
  std::vector<Band> bands;
  for (const Value& value : values) {
    Fields row(value, fields.file());
    Band band;
    TRY(band.from, row.figure_if("from"));
    TRY(band.to, row.figure_if("to"));
    TRY(const std::int64_t points, row.whole("points", 0, points_max));
    band.points = static_cast<std::uint8_t>(points);
    TRY_OK(row.done());
    if (bands.empty() ? band.from.has_value() : !bands.back().to || !band.from) {
      return row.wrong("only the first band has no 'from', and only the last no 'to'");
    }
    if (!bands.empty() && *band.from != *add(*bands.back().to, step)) {
      return row.wrong(fmt::format("the band begins at {}, and the one before it ends at {}",
                                   band.from->text(), bands.back().to->text()));
    }
    if (band.from && band.to && *band.to < *band.from) {
      return row.wrong(fmt::format("the band ends at {}, before it begins", band.to->text()));
    }
    bands.push_back(std::move(band));
  }
  if (bands.back().to) {
    return fields.wrong(values.back(), "the last band has a 'to': nothing counts above it");
  }
  return bands;
}

Result<Chart> read_chart(Fields& fields) {
  Chart chart;
  TRY(chart.unit, fields.text("unit"));
  if (!fhir::parse_unit(chart.unit)) {
    return fields.wrong(fmt::format("unit '{}' is no UCUM", chart.unit));
  }
  TRY(const std::int64_t places, fields.whole("places", 0, places_max));
  chart.places = static_cast<std::uint32_t>(places);
  TRY(const auto possible, read_pair(fields, "possible"));
  chart.least = possible.first;
  chart.most = possible.second;
  TRY(chart.bands, read_bands(fields, chart.places));
  TRY_OK(fields.done());
  return chart;
}

Result<void> read_charts(News2Table& to, Fields& fields) {
  TRY(const auto values, fields.tables("parameter"));
  std::vector<std::string> seen;
  for (const Value& value : values) {
    Fields row(value, fields.file());
    TRY(const std::string name, row.text("name"));
    const auto* const known = std::ranges::find(charts, name, &NamedChart::name);
    if (known == charts.end()) {
      return row.wrong(fmt::format("there is no parameter '{}'", name));
    }
    if (std::ranges::find(seen, name) != seen.end()) {
      return row.wrong(fmt::format("the parameter '{}' is there twice", name));
    }
    TRY(to.*(known->chart), read_chart(row));
    seen.push_back(name);
  }
  for (const NamedChart& one : charts) {
    if (std::ranges::find(seen, one.name) == seen.end()) {
      return fields.wrong(fmt::format("the parameter '{}' is missing", one.name));
    }
  }
  return ok();
}

Result<Response> read_response(Fields& row) {
  Response response;
  TRY(const std::string risk, row.text("risk"));
  const auto known = word_in(risk, risks);
  if (!known) {
    return row.wrong(fmt::format("risk '{}' is not low, low-medium, medium or high", risk));
  }
  response.risk = *known;
  TRY(response.due_minutes, row.whole("due_minutes", 1, minutes_max));
  TRY(const auto standard, read_pair(row, "standard_minutes"));
  const Decimal due(response.due_minutes);
  if (due < standard.first || due > standard.second) {
    return row.wrong(
        fmt::format("due_minutes {} is not within standard_minutes", response.due_minutes));
  }
  TRY(response.continuous, row.flag_if("continuous"));
  return response;
}

Result<void> read_responses(News2Table& to, Fields& fields) {
  TRY(const auto values, fields.tables("response"));
  bool has_single = false;
  std::int64_t next = 0;
  for (const Value& value : values) {
    Fields row(value, fields.file());
    TRY(Response response, read_response(row));
    TRY(const bool single, row.flag_if("single_three"));
    TRY(const auto from, row.whole_if("from", 0, total_max));
    TRY(const auto up_to, row.whole_if("to", 0, total_max));
    TRY_OK(row.done());
    if (single) {
      if (has_single || from || up_to) {
        return row.wrong("there is one response to a single_three, without from and to");
      }
      has_single = true;
      to.single_three = response;
      continue;
    }
    response.from = from.value_or(0);
    response.to = up_to.value_or(total_max);
    if (response.from != next || response.to < response.from) {
      return row.wrong(fmt::format("the responses have to go on at a sum of {}", next));
    }
    next = response.to + 1;
    to.responses.push_back(response);
  }
  if (!has_single || next != total_max + 1) {
    return fields.wrong(fmt::format("no response to {}",
                                    has_single ? fmt::format("a sum of {}", next) : "a single 3"));
  }
  return ok();
}

/// The units that a code takes have to measure what its chart measures.
Result<void> check_units(const News2Table& table, Fields& row, const VitalCode& code) {
  const std::array<std::string_view, vital_count> measured{
      table.respiration.unit, table.saturation_1.unit, "",
      table.systolic.unit,    table.pulse.unit,        "",
      table.temperature.unit};
  const std::string_view into = code.vital == Vital::oxygen
                                    ? std::string_view(code.units.front())
                                    : measured[static_cast<std::size_t>(code.vital)];
  const auto target = fhir::parse_unit(into);
  for (const std::string& unit : code.units) {
    const auto known = fhir::parse_unit(unit);
    if (!known || !target || !fhir::are_comparable(*known, *target)) {
      return row.wrong(fmt::format("unit '{}' is no UCUM, or cannot become {}", unit, into));
    }
  }
  return ok();
}

Result<void> read_codes(News2Table& to, Fields& fields) {
  TRY(const auto values, fields.tables("code"));
  for (const Value& value : values) {
    Fields row(value, fields.file());
    VitalCode code;
    TRY(const std::string vital, row.text("parameter"));
    const auto known = word_in(vital, vitals);
    if (!known) {
      return row.wrong(fmt::format("there is no parameter '{}'", vital));
    }
    code.vital = *known;
    TRY(code.code.system, row.text("system"));
    TRY(code.code.code, row.text("code"));
    if (std::ranges::find(to.codes, code.code, &VitalCode::code) != to.codes.end()) {
      return row.wrong(fmt::format("the code {} is there twice", code.code.code));
    }
    if (code.vital != Vital::consciousness) {
      TRY(code.units, row.texts("units"));
      TRY_OK(check_units(to, row, code));
    }
    if (code.vital == Vital::oxygen) {
      TRY(code.air, row.figure("air"));
    }
    TRY_OK(row.done());
    to.codes.push_back(std::move(code));
  }
  return ok();
}

Result<void> read_answers(News2Table& to, Fields& fields) {
  TRY(const auto values, fields.tables("answer"));
  for (const Value& value : values) {
    Fields row(value, fields.file());
    ConsciousnessCode answer;
    TRY(const std::string state, row.text("state"));
    const auto known = word_in(state, states);
    if (!known) {
      return row.wrong(
          fmt::format("state '{}' is not alert, confusion, voice, pain or unresponsive", state));
    }
    answer.state = *known;
    TRY(answer.code.system, row.text("system"));
    TRY(answer.code.code, row.text("code"));
    TRY_OK(row.done());
    if (std::ranges::find(to.answers, answer.code, &ConsciousnessCode::code) != to.answers.end()) {
      return row.wrong(fmt::format("the code {} is there twice", answer.code.code));
    }
    to.answers.push_back(std::move(answer));
  }
  return ok();
}

Result<void> read_settings(News2Table& to, Fields& fields) {
  TRY(to.set_minutes, fields.whole("set_minutes", 1, 24 * 60));
  TRY(const Value* const scale, fields.table("scale_two"));
  Fields scale_row(*scale, fields.file());
  TRY(to.scale_two, read_codings(scale_row, "codes"));
  TRY_OK(scale_row.done());
  TRY(const Value* const pregnancy, fields.table("pregnancy"));
  Fields row(*pregnancy, fields.file());
  TRY(to.pregnancy_status, read_codings(row, "status"));
  TRY(to.pregnant, read_codings(row, "pregnant"));
  TRY(to.pregnancy_days, row.whole("days", 1, days_max));
  TRY_OK(row.done());
  TRY(const Value* const beside, fields.table("beside"));
  Fields others(*beside, fields.file());
  TRY(to.beside, read_codings(others, "codes"));
  return others.done();
}

Result<void> read_synonyms(News2Table& to, Fields& fields) {
  TRY(const auto values, fields.tables("synonym"));
  for (const Value& value : values) {
    Fields row(value, fields.file());
    UnitSynonym one;
    TRY(one.unit, row.text("unit"));
    if (!fhir::parse_unit(one.unit)) {
      return row.wrong(fmt::format("unit '{}' is no UCUM", one.unit));
    }
    TRY(const auto said, row.texts("said"));
    for (const std::string& text : said) {
      one.said.push_back(in_lower_case(text));
      if (unit_said(to.synonyms, text) != nullptr) {
        return row.wrong(fmt::format("'{}' means two units", one.said.back()));
      }
    }
    TRY_OK(row.done());
    to.synonyms.push_back(std::move(one));
  }
  return ok();
}

}  // namespace

const std::string* unit_said(std::span<const UnitSynonym> synonyms, std::string_view text) {
  const std::string wanted = in_lower_case(text);
  for (const UnitSynonym& one : synonyms) {
    if (std::ranges::find(one.said, wanted) != one.said.end()) {
      return &one.unit;
    }
  }
  return nullptr;
}

Result<News2Table> read_news2(std::string_view text, std::string_view file) {
  TRY(const Value document, parse_document(text, file));
  Fields fields(document, file);
  News2Table table;
  TRY(table.edition, read_edition(fields, "news2"));
  TRY(table.age_from, fields.whole("age_from", 0, age_max));
  TRY(const std::int64_t oxygen, fields.whole("oxygen_points", 0, points_max));
  table.oxygen_points = static_cast<std::uint8_t>(oxygen);
  TRY(const std::int64_t not_alert, fields.whole("not_alert_points", 0, points_max));
  table.not_alert_points = static_cast<std::uint8_t>(not_alert);
  TRY_OK(read_settings(table, fields));
  TRY_OK(read_synonyms(table, fields));
  TRY_OK(read_charts(table, fields));
  TRY_OK(read_responses(table, fields));
  TRY_OK(read_codes(table, fields));
  TRY_OK(read_answers(table, fields));
  TRY_OK(fields.done());
  return table;
}

}  // namespace holdfast::clinical
