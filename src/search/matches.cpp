#include "search/matches.h"

#include "search/criteria.h"
#include "search/page.h"
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

Result<std::vector<std::string>> matches(const views::Reader& reader, fhir::TypeId type,
                                         std::string_view query, std::size_t limit) {
  TRY(const std::string_view part, query_part(type, query));
  TRY(Criteria criteria, parse({type, {}}, part, Handling::strict));
  if (!criteria.has_filter()) {
    return fail(Code::unsupported, "a condition names at least one search parameter; '" +
                                       std::string(query) + "' would select everything");
  }
  if (criteria.has_result_parameter) {
    return fail(Code::unsupported, "a condition has no _count, _sort, _summary or _total; '" +
                                       std::string(query) + "' has one");
  }
  criteria.count = static_cast<std::uint32_t>(limit);
  TRY(const views::State state, views::read_state(reader));
  TRY(const Page page, run(reader, criteria, snapshot_of(state), std::nullopt));
  std::vector<std::string> ids;
  for (const RowId row : page.rows) {
    TRY(views::BodyHeader header, views::read_body_header(reader, row));
    ids.push_back(std::move(header.id));
  }
  return ids;
}

}  // namespace holdfast::search
