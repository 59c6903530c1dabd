#include "search/matches.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "views/state.h"
#include "views/versions.h"

namespace holdfast::search {
namespace {

// "Patient?identifier=1" and "?identifier=1" as well as "identifier=1".
Result<std::string_view> query_part(fhir::TypeId type, std::string_view query) {
  const std::size_t question = query.find('?');
  const std::size_t equals = query.find('=');
  if (question == std::string_view::npos || question > equals) {
    return query;
  }
  const std::string_view before = query.substr(0, question);
  if (!before.empty() && before != fhir::name(type)) {
    return fail(Code::value, "the condition '" + std::string(query) + "' is not about " +
                                 std::string(fhir::name(type)));
  }
  return query.substr(question + 1);
}

}  // namespace

Result<Criteria> parse_condition(const fhir::SearchParams& params, fhir::TypeId type,
                                 std::string_view query, Time now) {
  TRY(const std::string_view part, query_part(type, query));
  TRY(Criteria criteria, parse(params, {type, {}}, part, Handling::strict, now));
  if (!criteria.has_filter) {
    return fail(Code::unsupported, "a condition names at least one search parameter; '" +
                                       std::string(query) + "' would select everything");
  }
  if (criteria.has_result_parameter) {
    return fail(Code::unsupported, "a condition has no _count, _sort, _summary or _total; '" +
                                       std::string(query) + "' has one");
  }
  return criteria;
}

std::string escaped_value(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == '|' || c == ',' || c == '$') {
      escaped.push_back('\\');
    }
    escaped.push_back(c);
  }
  return escaped;
}

std::string identifier_condition(std::string_view system, std::string_view value) {
  return condition_of("identifier", system, value);
}

std::string condition_of(std::string_view parameter, std::string_view system,
                         std::string_view value) {
  return fmt::format("{}={}%7C{}", parameter, percent_encode(escaped_value(system)),
                     percent_encode(escaped_value(value)));
}

Result<std::vector<std::string>> matches(const Source& source, fhir::TypeId type,
                                         std::string_view query, std::size_t limit) {
  if (const auto plain = source.reader.plain()) {
    return matches({*plain, source.codec, source.params}, type, query, limit);
  }
  TRY(const views::State state, views::read_state(source.reader));
  TRY(Criteria criteria, parse_condition(source.params, type, query, state.time));
  criteria.count = static_cast<std::uint32_t>(limit);
  criteria.sort = {{SortKey::By::updated, nullptr, false}};
  TRY(const Page page, run(source, criteria, snapshot_of(state), std::nullopt));
  std::vector<std::string> ids;
  for (const Found& found : page.found) {
    TRY(views::BodyHeader header, views::read_body_header(source.reader, found.row));
    ids.push_back(std::move(header.id));
  }
  return ids;
}

namespace {

Result<bool> value_holds(const Criterion& criterion, const views::Postings& postings) {
  bool found = false;
  for (std::size_t i = 0; i < postings.size() && !found; ++i) {
    const auto index = views::index_of_key(postings.key(i));
    const BytesView form = views::form_in_key(postings.key(i));
    for (const fhir::IndexUse& use : criterion.param->uses) {
      if (index != use.index || !leads_to(form, use.only)) {
        continue;
      }
      if (criterion.kind == Criterion::Kind::missing) {
        found = true;
      }
      for (const ValueQueryPtr& query : criterion.any) {
        const Verdict said = query->judge(form);
        if (said == Verdict::ask) {
          return fail(Code::unsupported,
                      "a condition on what the same transaction writes can only ask for whole "
                      "values; '" +
                          criterion.name + "' does not");
        }
        found = found || said == Verdict::yes;
      }
    }
  }
  const bool wanted =
      criterion.kind == Criterion::Kind::missing ? criterion.negated : !criterion.negated;
  return found == wanted;
}

}  // namespace

Result<bool> holds_of(const Criteria& condition, std::string_view id,
                      const views::Postings& postings) {
  for (const Criterion& criterion : condition.types.front().all) {
    switch (criterion.kind) {
      case Criterion::Kind::ids:
        if (std::ranges::find(criterion.ids, id) == criterion.ids.end()) {
          return false;
        }
        break;
      case Criterion::Kind::value:
      case Criterion::Kind::missing: {
        TRY(const bool held, value_holds(criterion, postings));
        if (!held) {
          return false;
        }
        break;
      }
      case Criterion::Kind::updated:
      case Criterion::Kind::chain:
      case Criterion::Kind::has:
      case Criterion::Kind::list:
      case Criterion::Kind::all_of:
      case Criterion::Kind::one_of:
        return fail(Code::unsupported, "a reference by '" + criterion.name +
                                           "' cannot be resolved inside a transaction; use "
                                           "identifier or _id");
    }
  }
  return true;
}

}  // namespace holdfast::search
