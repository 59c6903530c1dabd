#include "api/check_tables.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/stored.h"
#include "fhir/member.h"
#include "fhir/sites.h"
#include "pathway/judgement.h"
#include "views/timeline.h"

namespace holdfast::api {
namespace {

/// Of a table; what is left out is counted.
constexpr std::size_t lines_max = 200;

class JudgeAgain {
 public:
  JudgeAgain(const Parts& parts, const node::Moment& moment, const clinical::Tables& now,
             const clinical::Tables& next, TablesOutlook& to)
      : parts_(parts),
        moment_(moment),
        time_(std::max(parts.clock.wall(), moment.state.time)),
        now_(now),
        next_(next),
        to_(to) {}

  Result<void> run() {
    static const fhir::TypeId type = *fhir::type_id("Observation");
    TRY(const auto rows,
        views::read_timeline(*moment_.reader, {type, {}}, {RowId{1}, moment_.state.last_row},
                             views::Direction::backward, std::nullopt, results_judged_max));
    for (const RowId row : rows) {
      TRY(views::Body body, stored_row(parts_, moment_, row));
      if (!body.bytes.empty()) {
        TRY_OK(judge(std::move(body.bytes)));
      }
    }
    return ok();
  }

 private:
  Result<void> judge(Bytes bytes) {
    fhir::ReaderPool::Lease reader = parts_.readers.take();
    TRY(const fhir::Json json, reader->read(std::move(bytes)));
    const auto observation = clinical::read_observation(json.root());
    if (!observation) {
      return ok();  // none that is judged now either
    }
    const auto subject = json.root().find("subject");
    TRY(const auto age, age_of(subject ? fhir::text_member(*subject, "reference") : ""));
    const auto was = pathway::assess(now_, *observation, age);
    const auto is = pathway::assess(next_, *observation, age);
    ++to_.looked_at;
    to_.unmapped_now += was.unmapped.size();
    to_.unmapped_next += is.unmapped.size();
    if (was.judged.judgement != is.judged.judgement) {
      JudgedAnew& one = to_.judged[{std::string(clinical::name(was.judged.judgement)),
                                    std::string(clinical::name(is.judged.judgement))}];
      if (one.count++ == 0) {
        one.such_as = "Observation/" + fhir::text_member(json.root(), "id");
      }
    }
    return ok();
  }

  /// Nothing where it is not known: the stricter limits count, as they do in decide.
  Result<std::optional<std::int64_t>> age_of(const std::string& patient) {
    const auto literal = fhir::parse_literal(patient);
    if (!literal || fhir::name(literal->type) != "Patient") {
      return std::optional<std::int64_t>();
    }
    const auto [known, fresh] = ages_.try_emplace(patient);
    if (!fresh) {
      return known->second;
    }
    TRY(const auto current,
        views::read_current(*moment_.reader, literal->type, std::string(literal->id)));
    if (current && current->presence == views::Presence::present) {
      TRY(views::Body body, stored_row(parts_, moment_, current->row));
      fhir::ReaderPool::Lease reader = parts_.readers.take();
      TRY(const fhir::Json json, reader->read(std::move(body.bytes)));
      known->second = pathway::age_at(fhir::text_member(json.root(), "birthDate"), time_);
    }
    return known->second;
  }

  const Parts& parts_;
  const node::Moment& moment_;
  const Time time_;
  const clinical::Tables& now_;
  const clinical::Tables& next_;
  TablesOutlook& to_;
  std::map<std::string, std::optional<std::int64_t>> ages_;
};

bool goes_by(const pathway::Definition& definition, std::string_view table) {
  const auto judges = [](const auto& rule) { return rule.judge; };
  if (table == "phone" || table == "results") {
    return std::ranges::any_of(definition.opens, judges) ||
           std::ranges::any_of(definition.moves, judges);
  }
  return table == "news2"   ? std::ranges::any_of(definition.moves, &pathway::Move::news2)
         : table == "blood" ? definition.shows_blood
         : table == "rtt"   ? definition.keeps_clock
                            : false;
}

void write_lines(ParametersWriter& to, std::string_view name,
                 const std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < std::min(lines.size(), lines_max); ++i) {
    to.text(name, "String", lines[i]);
  }
  if (lines.size() > lines_max) {
    to.text(name, "String", fmt::format("and {} lines more", lines.size() - lines_max));
  }
}

}  // namespace

Result<TablesOutlook> look_at_tables(const Parts& parts, const node::Moment& moment,
                                     const pathway::Definitions& now,
                                     const pathway::Definitions& next) {
  TablesOutlook outlook;
  outlook.changes = pathway::table_differences(now, next);
  const bool judges = std::ranges::any_of(outlook.changes, [](const pathway::TableChange& one) {
    return one.next.table == "phone" || one.next.table == "results";
  });
  if (judges) {
    TRY_OK(JudgeAgain(parts, moment, now.clinical(), next.clinical(), outlook).run());
  }
  return outlook;
}

std::uint64_t open_by_table(const pathway::Definitions& definitions, std::string_view table,
                            const std::vector<views::StateCount>& states) {
  std::uint64_t open = 0;
  for (const views::StateCount& one : states) {
    const pathway::Definition* const definition = definitions.find(one.pathway);
    open += definition != nullptr && goes_by(*definition, table) ? one.open : 0;
  }
  return open;
}

void write(ParametersWriter& to, const TablesOutlook& outlook,
           const pathway::Definitions& definitions, const std::vector<views::StateCount>& states) {
  for (const pathway::TableChange& one : outlook.changes) {
    to.open("table");
    to.text("table", "Code", one.next.table);
    to.text("version-now", "String", one.now.version);
    to.text("version-next", "String", one.next.version);
    for (const clinical::Approver& who : one.next.approved_by) {
      to.text("approved", "String", who.name + (who.clinical ? " (clinical)" : ""));
    }
    to.text("effective", "String", clinical::to_text(one.next.effective));
    to.number("open", open_by_table(definitions, one.next.table, states));
    write_lines(to, "gone", one.gone);
    write_lines(to, "come", one.come);
    to.close();
  }
  if (outlook.looked_at == 0) {
    return;
  }
  to.open("results");
  to.number("looked-at", outlook.looked_at);
  to.number("unmapped-now", outlook.unmapped_now);
  to.number("unmapped-next", outlook.unmapped_next);
  to.close();
  for (const auto& [from_to, one] : outlook.judged) {
    to.open("judged");
    to.text("now", "Code", from_to.first);
    to.text("next", "Code", from_to.second);
    to.number("count", one.count);
    to.reference("such-as", one.such_as);
    to.close();
  }
}

}  // namespace holdfast::api
