#include "search/value_body.h"

#include <algorithm>

#include "views/postings.h"

namespace holdfast::search {
namespace {

bool form_passes(Candidate& candidate, const fhir::ExtractedValue& value, const fhir::IndexUse& use,
                 const std::vector<ValueQueryPtr>& any, BytesView form) {
  return leads_to(form, use.only) && std::ranges::any_of(any, [&](const ValueQueryPtr& query) {
           const Verdict said = query->judge(form);
           return said == Verdict::yes ||
                  (said == Verdict::ask && query->holds(candidate.resource(), value.value));
         });
}

bool value_passes(Candidate& candidate, const fhir::ExtractedValue& value,
                  const fhir::IndexUse& use, const std::vector<ValueQueryPtr>& any) {
  const views::Forms& forms = candidate.forms(value);
  for (std::size_t i = 0; i < forms.size(); ++i) {
    if (form_passes(candidate, value, use, any, forms[i])) {
      return true;
    }
  }
  return std::ranges::any_of(any, [&](const ValueQueryPtr& query) {
    return query->is_by_body_only() && query->holds(candidate.resource(), value.value);
  });
}

}  // namespace

Result<bool> asked_of_body(Candidate& candidate, const fhir::SearchParam& param,
                           const std::vector<ValueQueryPtr>& any) {
  TRY_OK(candidate.load());
  for (const fhir::ExtractedValue& value : candidate.values()) {
    for (const fhir::IndexUse& use : param.uses) {
      if (use.index == value.index && value_passes(candidate, value, use, any)) {
        return true;
      }
    }
  }
  return false;
}

Bytes first_key(Candidate& candidate, const fhir::SearchParam& param,
                const std::vector<ValueQueryPtr>& any) {
  Bytes first;
  for (const fhir::ExtractedValue& value : candidate.values()) {
    for (const fhir::IndexUse& use : param.uses) {
      if (use.index != value.index) {
        continue;
      }
      const views::Forms& forms = candidate.forms(value);
      for (std::size_t i = 0; i < forms.size(); ++i) {
        if (!form_passes(candidate, value, use, any, forms[i])) {
          continue;
        }
        Bytes key = views::index_prefix(use.index);
        key.append(forms[i]);
        if (first.empty() || key < first) {
          first = std::move(key);
        }
      }
    }
  }
  return first;
}

}  // namespace holdfast::search
