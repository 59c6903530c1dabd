// pathway/definition_toml.cpp: a definition as it is written in a file.
#include <algorithm>
#include <array>

#include "base/toml_table.h"
#include "fhir/path/compile.h"
#include "fhir/path/types.h"
#include "pathway/definition_files.h"

namespace holdfast::pathway {
namespace {

using toml::node;

/// "sct|3457005", "https://…|referral".
Result<Coded> coded(const std::string& text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> short_names{{
      {"sct", "http://snomed.info/sct"},
      {"loinc", "http://loinc.org"},
  }};
  const std::size_t bar = text.find('|');
  if (bar == std::string::npos || bar + 1 == text.size()) {
    return fail(Code::usage, fmt::format("has '{}', which is no system|code", text));
  }
  Coded code{text.substr(0, bar), text.substr(bar + 1)};
  for (const auto& [name, system] : short_names) {
    if (code.system == name) {
      code.system = system;
    }
  }
  return code;
}

Result<fhir::TypeId> type_in(const node& from) {
  TRY(const std::string text, text_in(from));
  const auto type = fhir::type_id(text);
  if (!type) {
    return fail(Code::usage, fmt::format("is '{}', which is no resource type of FHIR R4", text));
  }
  return *type;
}

Result<Span> span_in(const node& from) {
  TRY(const std::string text, text_in(from));
  auto span = parse_span(text);
  return span ? span : fail(Code::usage, "is wrong: " + span.error().what);
}

Result<bool> yes_in(const node& from) {
  const auto value = from.value_exact<bool>();
  return value ? Result<bool>(*value) : fail(Code::usage, "is not true or false");
}

/// A key that holds a text.
template <class Setting, std::string Setting::* member>
Result<void> set_text(Setting& to, const node& from) {
  TRY(to.*member, text_in(from));
  return ok();
}

template <class Setting, std::vector<std::string> Setting::* member>
Result<void> set_texts(Setting& to, const node& from) {
  TRY(to.*member, texts_in(from));
  return ok();
}

template <class Setting>
Result<void> set_when(Setting& to, const node& from) {
  TRY(to.when.text, text_in(from));
  return ok();
}

template <class Setting, bool Setting::* member>
Result<void> set_yes(Setting& to, const node& from) {
  TRY(to.*member, yes_in(from));
  return ok();
}

template <class Setting>
Result<void> set_on(Setting& to, const node& from) {
  TRY(to.on, type_in(from));
  return ok();
}

/// A list of tables, each as `keys` say.
template <class Row, std::size_t count>
Result<void> set_rows(std::vector<Row>& to, const node& from,
                      const std::array<TableKey<Row>, count>& keys, std::string_view help) {
  const toml::array* const rows = from.as_array();
  if (rows == nullptr || rows->empty() || !rows->is_homogeneous<toml::table>()) {
    return fail(Code::usage, "is no list of tables");
  }
  for (std::size_t i = 0; i < rows->size(); ++i) {
    Row row;
    const auto read = read_table(row, *rows->get(i)->as_table(), keys, help);
    if (!read) {
      return fail(Code::usage, fmt::format("[{}]: {}", i + 1, read.error().what));
    }
    to.push_back(std::move(row));
  }
  return ok();
}

constexpr std::array due_keys{
    TableKey<Due>{"urgency", set_text<Due, &Due::urgency>},
    TableKey<Due>{"within",
                  [](Due& to, const node& from) -> Result<void> {
                    TRY(to.within, span_in(from));
                    return ok();
                  }},
    TableKey<Due>{"source", set_text<Due, &Due::source>},
};

constexpr std::array step_keys{
    TableKey<Step>{"after",
                   [](Step& to, const node& from) -> Result<void> {
                     TRY(to.after, span_in(from));
                     return ok();
                   }},
    TableKey<Step>{"half", set_yes<Step, &Step::half>},
    TableKey<Step>{"to", set_text<Step, &Step::to>},
};

constexpr std::array then_keys{
    TableKey<Then>{"pathway", set_text<Then, &Then::pathway>},
    TableKey<Then>{"state", set_text<Then, &Then::state>},
    TableKey<Then>{"if", set_text<Then, &Then::only_if>},
};

template <class Setting>
Result<void> set_then(Setting& to, const node& from) {
  return set_rows(to.then, from, then_keys, "pathway, state, if");
}

constexpr std::array urgency_keys{
    TableKey<Urgency>{"name", set_text<Urgency, &Urgency::name>},
    TableKey<Urgency>{"when", set_when<Urgency>},
    TableKey<Urgency>{"priority", set_text<Urgency, &Urgency::priority>},
};

constexpr std::array state_keys{
    TableKey<State>{"name", set_text<State, &State::name>},
    TableKey<State>{"title", set_text<State, &State::title>},
    TableKey<State>{"status", set_text<State, &State::status>},
    TableKey<State>{"due",
                    [](State& to, const node& from) {
                      return set_rows(to.due, from, due_keys, "urgency, within, source");
                    }},
    TableKey<State>{"escalate",
                    [](State& to, const node& from) {
                      return set_rows(to.steps, from, step_keys, "after, half, to");
                    }},
    TableKey<State>{"warned",
                    [](State& to, const node& from) {
                      return set_rows(to.warned, from, then_keys, "pathway, state, if");
                    }},
    TableKey<State>{"on_due", set_text<State, &State::on_due>},
    TableKey<State>{"owner",
                    [](State& to, const node& from) -> Result<void> {
                      TRY(to.owner, text_in(from));
                      return ok();
                    }},
};

constexpr std::array open_keys{
    TableKey<Open>{"on", set_on<Open>},
    TableKey<Open>{"when", set_when<Open>},
    TableKey<Open>{"codes",
                   [](Open& to, const node& from) -> Result<void> {
                     TRY(const auto texts, texts_in(from));
                     for (const std::string& text : texts) {
                       TRY(Coded code, coded(text));
                       to.codes.push_back(std::move(code));
                     }
                     return ok();
                   }},
    TableKey<Open>{"in", set_texts<Open, &Open::in>},
    TableKey<Open>{"state", set_text<Open, &Open::state>},
    TableKey<Open>{"owner", set_texts<Open, &Open::owner>},
    TableKey<Open>{"unless_linked", set_texts<Open, &Open::unless_linked>},
    TableKey<Open>{"part_of", set_texts<Open, &Open::part_of>},
    TableKey<Open>{"due_from", set_text<Open, &Open::due_from>},
    TableKey<Open>{"unless_vitals", set_yes<Open, &Open::unless_vitals>},
    TableKey<Open>{"judge", set_yes<Open, &Open::judge>},
    TableKey<Open>{"dated", set_text<Open, &Open::dated>},
    TableKey<Open>{"came_before",
                   [](Open& to, const node& from) -> Result<void> {
                     TRY(const auto texts, texts_in(from));
                     for (const std::string& text : texts) {
                       const std::size_t dot = text.find('.');
                       const auto type = fhir::type_id(text.substr(0, dot));
                       if (!type || dot == std::string::npos) {
                         return fail(Code::usage,
                                     fmt::format("is wrong: '{}' is no Type.parameter", text));
                       }
                       to.came_before.push_back({*type, text.substr(dot + 1)});
                     }
                     return ok();
                   }},
    TableKey<Open>{"superseded", set_text<Open, &Open::superseded>},
    TableKey<Open>{"beside", set_yes<Open, &Open::beside>},
    TableKey<Open>{"with_open", set_yes<Open, &Open::with_open>},
    TableKey<Open>{"why", set_text<Open, &Open::why>},
    TableKey<Open>{"then", set_then<Open>},
};

constexpr std::array move_keys{
    TableKey<Move>{"on", set_on<Move>},
    TableKey<Move>{"when", set_when<Move>},
    TableKey<Move>{"link", set_texts<Move, &Move::link>},
    TableKey<Move>{"from", set_texts<Move, &Move::from>},
    TableKey<Move>{"to", set_text<Move, &Move::to>},
    TableKey<Move>{"due_from", set_text<Move, &Move::due_from>},
    TableKey<Move>{"judge", set_yes<Move, &Move::judge>},
    TableKey<Move>{"news2", set_yes<Move, &Move::news2>},
    TableKey<Move>{"why", set_text<Move, &Move::why>},
    TableKey<Move>{"then", set_then<Move>},
};

constexpr std::array act_keys{
    TableKey<Act>{"name", set_text<Act, &Act::name>},
    TableKey<Act>{"title", set_text<Act, &Act::title>},
    TableKey<Act>{"from", set_texts<Act, &Act::from>},
    TableKey<Act>{"to", set_text<Act, &Act::to>},
    TableKey<Act>{"needs", set_texts<Act, &Act::needs>},
    TableKey<Act>{"reasons", set_texts<Act, &Act::reasons>},
    TableKey<Act>{"then", set_then<Act>},
};

/// A definition, with the steps of the states that say none.
struct Draft {
  Definition definition;
  std::vector<Step> steps;
};

constexpr std::array definition_keys{
    TableKey<Draft>{"pathway",
                    [](Draft& to, const node& from) -> Result<void> {
                      TRY(to.definition.name, text_in(from));
                      return ok();
                    }},
    TableKey<Draft>{"version",
                    [](Draft& to, const node& from) -> Result<void> {
                      TRY(const std::int64_t version, number_in(from, 1, 1'000'000));
                      to.definition.version = static_cast<std::uint32_t>(version);
                      return ok();
                    }},
    TableKey<Draft>{"title",
                    [](Draft& to, const node& from) -> Result<void> {
                      TRY(to.definition.title, text_in(from));
                      return ok();
                    }},
    TableKey<Draft>{"catch_all",
                    [](Draft& to, const node& from) -> Result<void> {
                      TRY(to.definition.catch_all, yes_in(from));
                      return ok();
                    }},
    TableKey<Draft>{"fallback",
                    [](Draft& to, const node& from) -> Result<void> {
                      TRY(to.definition.fallback, text_in(from));
                      return ok();
                    }},
    TableKey<Draft>{"approved",
                    [](Draft& to, const node& from) -> Result<void> {
                      TRY(to.definition.approved, texts_in(from));
                      return ok();
                    }},
    TableKey<Draft>{"effective",
                    [](Draft& to, const node& from) -> Result<void> {
                      TRY(to.definition.effective, text_in(from));
                      const auto day = parse_day(to.definition.effective);
                      return day ? ok()
                                 : Result<void>(fail(Code::usage, "is wrong: " + day.error().what));
                    }},
    TableKey<Draft>{"unknown_codes",
                    [](Draft& to, const node& from) -> Result<void> {
                      TRY(to.definition.unknown_codes, text_in(from));
                      return ok();
                    }},
    TableKey<Draft>{"shows_blood",
                    [](Draft& to, const node& from) -> Result<void> {
                      TRY(to.definition.shows_blood, yes_in(from));
                      return ok();
                    }},
    TableKey<Draft>{"keeps_clock",
                    [](Draft& to, const node& from) -> Result<void> {
                      TRY(to.definition.keeps_clock, yes_in(from));
                      return ok();
                    }},
    TableKey<Draft>{"unknown_again",
                    [](Draft& to, const node& from) -> Result<void> {
                      TRY(to.definition.unknown_again, texts_in(from));
                      return ok();
                    }},
    TableKey<Draft>{"urgency",
                    [](Draft& to, const node& from) {
                      return set_rows(to.definition.urgencies, from, urgency_keys,
                                      "name, when, priority");
                    }},
    TableKey<Draft>{"state",
                    [](Draft& to, const node& from) {
                      return set_rows(to.definition.states, from, state_keys,
                                      "name, title, status, due, escalate, warned, on_due, owner");
                    }},
    TableKey<Draft>{"open",
                    [](Draft& to, const node& from) {
                      return set_rows(
                          to.definition.opens, from, open_keys,
                          "on, when, codes, in, state, owner, unless_linked, part_of, "
                          "due_from, unless_vitals, judge, dated, came_before, superseded, beside, "
                          "with_open, why, then");
                    }},
    TableKey<Draft>{"move",
                    [](Draft& to, const node& from) {
                      return set_rows(
                          to.definition.moves, from, move_keys,
                          "on, when, link, from, to, due_from, judge, news2, why, then");
                    }},
    TableKey<Draft>{"act",
                    [](Draft& to, const node& from) {
                      return set_rows(to.definition.acts, from, act_keys,
                                      "name, title, from, to, needs, reasons, then");
                    }},
    TableKey<Draft>{"escalate",
                    [](Draft& to, const node& from) {
                      return set_rows(to.steps, from, step_keys, "after, half, to");
                    }},
};

Result<void> compile(Condition& condition, fhir::path::CompileOptions options,
                     std::string_view rule) {
  if (condition.text.empty()) {
    return ok();
  }
  auto program = fhir::path::compile(condition.text, options);
  if (!program) {
    return fail(Code::usage,
                fmt::format("{}: when '{}': {}", rule, condition.text, program.error().what));
  }
  condition.program = *std::move(program);
  return ok();
}

fhir::path::CompileOptions on(fhir::TypeId type) {
  return {.type = *fhir::path::fhir_type(fhir::name(type))};
}

Result<void> compile_all(Definition& definition) {
  for (Open& open : definition.opens) {
    TRY_OK(compile(open.when, on(open.on), "open"));
  }
  for (Move& move : definition.moves) {
    TRY_OK(compile(move.when, on(move.on), fmt::format("move to {}", move.to)));
  }
  // Asked of whatever opens an item, of several types perhaps: it has to mean something for one.
  for (Urgency& urgency : definition.urgencies) {
    const std::string rule = fmt::format("urgency {}", urgency.name);
    Result<void> means = ok();
    for (const Open& open : definition.opens) {
      Condition strictly{urgency.when.text, {}};
      means = compile(strictly, on(open.on), rule);
      if (means) {
        break;
      }
    }
    TRY_OK(means);
    TRY_OK(compile(urgency.when, {.rigor = fhir::path::Rigor::lenient}, rule));
  }
  return ok();
}

}  // namespace

Result<Definition> read_definition(const toml::table& table) {
  Draft draft;
  TRY_OK(read_table(draft, table, definition_keys,
                    "pathway, version, title, catch_all, fallback, approved, effective, "
                    "unknown_codes, unknown_again, shows_blood, keeps_clock, urgency, state, open, "
                    "move, act, escalate"));
  Definition& definition = draft.definition;
  for (State& state : definition.states) {
    if (state.steps.empty() && !state.is_closed()) {
      state.steps = draft.steps;
    }
  }
  TRY_OK(compile_all(definition));
  return std::move(definition);
}

Result<Calendar> read_calendar(const toml::table& table) {
  struct Days {
    std::vector<std::string> holidays;
    std::string source;
  };
  constexpr std::array keys{
      TableKey<Days>{"holidays", set_texts<Days, &Days::holidays>},
      TableKey<Days>{"source", set_text<Days, &Days::source>},
  };
  Days days;
  TRY_OK(read_table(days, table, keys, "holidays, source"));
  std::set<LocalDay> holidays;
  for (const std::string& text : days.holidays) {
    TRY(const LocalDay day, parse_day(text));
    holidays.insert(day);
  }
  return Calendar(std::move(holidays));
}

Result<Settings> read_settings(const toml::table& table) {
  constexpr std::array keys{
      TableKey<Settings>{"organisation", set_text<Settings, &Settings::organisation>},
      TableKey<Settings>{"cut_over",
                         [](Settings& to, const node& from) -> Result<void> {
                           TRY(const std::string text, text_in(from));
                           const auto day = parse_day(text);
                           if (!day) {
                             return fail(Code::usage, "is wrong: " + day.error().what);
                           }
                           to.cut_over = from_local({*day, 0});
                           return ok();
                         }},
  };
  Settings settings;
  TRY_OK(read_table(settings, table, keys, "organisation, cut_over"));
  if (settings.organisation.empty()) {
    return fail(Code::usage, "organisation is missing: who answers for the items in the ledger");
  }
  return settings;
}

}  // namespace holdfast::pathway
