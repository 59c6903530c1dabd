#include "decide/own.h"

#include <algorithm>

#include "views/extracted.h"

namespace holdfast::decide {
namespace {

bool holds(const views::Postings& postings, const views::PostingPrefix& wanted) {
  return std::ranges::any_of(postings.items(), [&](const views::Postings::Item& item) {
    return postings.key(item) == wanted.key && postings.rest(item) == wanted.rest;
  });
}

}  // namespace

Result<OwnCondition> OwnCondition::parse(fhir::TypeId type, std::string_view query) {
  search::Scope scope;
  scope.type = type;
  TRY(auto criteria, search::parse(scope, query, search::Handling::strict));
  if (!criteria.updated.empty()) {
    return fail(Code::unsupported,
                "a reference by _lastUpdated cannot be resolved inside a transaction; use "
                "identifier or _id");
  }
  return OwnCondition(std::move(criteria));
}

bool OwnCondition::selects(std::string_view id, const PreparedOperation& prepared,
                           BytesView body) const {
  for (const search::IdCriterion& criterion : criteria_.ids) {
    if (std::ranges::find(criterion.any, id) == criterion.any.end()) {
      return false;
    }
  }
  if (criteria_.postings.empty()) {
    return !criteria_.ids.empty();
  }
  views::Postings postings;
  const views::SiteTexts texts{body, prepared.sites, {}, {}};
  views::fill_postings(postings, prepared.type, id, prepared.extraction, texts);
  return std::ranges::all_of(criteria_.postings, [&](const search::PostingCriterion& criterion) {
    return std::ranges::any_of(
        criterion.any, [&](const views::PostingPrefix& wanted) { return holds(postings, wanted); });
  });
}

}  // namespace holdfast::decide
