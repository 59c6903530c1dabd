// decide/references.cpp: https://hl7.org/fhir/R4/http.html#trules: what the texts in the bodies
// point at once the other operations are decided. Local names of the Command become Type/id;
// conditional references become what they select in the record as this Command leaves it.
// Left alone: references inside a resource of type Bundle, which are that Bundle's own.
#include <fmt/format.h>

#include "base/check.h"
#include "decide/decision.h"
#include "search/matches.h"

namespace holdfast::decide {
namespace {

/// Of type canonical the standard says that it is not replaced.
bool may_be_local_name(const fhir::Site& site) {
  return site.element != fhir::SiteElement::canonical &&
         (site.kind == fhir::SiteKind::urn || site.kind == fhir::SiteKind::absolute);
}

}  // namespace

Result<void> Decision::resolve_references() {
  for (std::size_t i = 0; i < outcome_.results.size(); ++i) {
    if (!operation(i).full_url.empty()) {
      const auto [at, fresh] = by_full_url_.try_emplace(operation(i).full_url, i);
      if (!fresh) {
        return fail(Code::structure,
                    fmt::format("entries {} and {} have the same fullUrl {}", at->second, i,
                                operation(i).full_url),
                    where(i));
      }
    }
  }
  for (std::size_t i = 0; i < outcome_.results.size(); ++i) {
    const Status status = outcome_.results[i].status;
    if (status == Status::created || status == Status::updated) {
      TRY_OK(resolve_references_of(i));
    }
  }
  return ok();
}

Result<void> Decision::resolve_references_of(std::size_t index) {
  const Operation& wanted = operation(index);
  if (wanted.type == "Bundle") {
    return ok();
  }
  const std::vector<fhir::Site>& sites = prepared_.operations[index].sites.sites;
  for (std::uint32_t site = 0; site < sites.size(); ++site) {
    TRY(auto target, target_of(index, sites[site]));
    if (target) {
      outcome_.results[index].substitutions.push_back({site, intern_target(*std::move(target))});
    }
  }
  return ok();
}

Result<std::optional<std::string>> Decision::target_of(std::size_t index, const fhir::Site& site) {
  std::string unescaped;
  const std::string_view text = fhir::site_value(operation(index).body, site, unescaped);
  if (may_be_local_name(site)) {
    if (const auto named = by_full_url_.find(text); named != by_full_url_.end()) {
      return reference_to(named->second);
    }
    // In a transaction a urn reference can only mean an entry beside it.
    if (site.kind == fhir::SiteKind::urn && site.element == fhir::SiteElement::reference &&
        !operation(index).full_url.empty()) {
      return fail(Code::unmatched, fmt::format("reference {} names no entry of this Bundle", text),
                  where(index));
    }
  }
  if (site.kind == fhir::SiteKind::conditional && site.element == fhir::SiteElement::reference) {
    check(site.type.has_value(), "a conditional reference names its type");
    TRY(auto target, conditional_target(index, std::string(text), *site.type));
    return target;
  }
  return std::optional<std::string>();
}

Result<std::string> Decision::conditional_target(std::size_t index, const std::string& text,
                                                 fhir::TypeId type) {
  if (const auto known = conditional_.find(text); known != conditional_.end()) {
    return known->second;
  }
  const std::string_view query = std::string_view(text).substr(text.find('?') + 1);
  const std::string_view type_name = fhir::name(type);
  std::string target;
  const auto take = [&](std::string_view id) -> Result<void> {
    if (!target.empty()) {
      return fail(Code::multiple_matches,
                  fmt::format("reference {} selects {} and {}/{}; make it narrower", text, target,
                              type_name, id),
                  where(index));
    }
    target = fmt::format("{}/{}", type_name, id);
    return ok();
  };
  // What the record holds, but for what this Command removes or gives new content.
  TRY(const auto found, matching(index, type, query, search::matches_wanted + claimed_.size()));
  for (const std::string& id : found) {
    if (!claimed_.contains({type_name, id})) {
      TRY_OK(take(id));
    }
  }
  // And what this Command writes itself.
  TRY(const auto own, search::parse_condition(params_, type, query, Time{}));
  for (std::size_t i = 0; i < outcome_.results.size(); ++i) {
    const OperationResult& result = outcome_.results[i];
    if (prepared_.operations[i].type == type &&
        (result.status == Status::created || result.status == Status::updated)) {
      TRY(const bool selects,
          search::holds_of(own, result.id, prepared_.operations[i].postings.settled));
      if (selects) {
        TRY_OK(take(result.id));
      }
    }
  }
  if (target.empty()) {
    return fail(Code::unmatched,
                fmt::format("reference {} selects nothing; send what it means first", text),
                where(index));
  }
  conditional_.emplace(text, target);
  return target;
}

std::string Decision::reference_to(std::size_t index) const {
  return fmt::format("{}/{}", operation(index).type, outcome_.results[index].id);
}

std::uint32_t Decision::intern_target(std::string text) {
  const auto next = static_cast<std::uint32_t>(outcome_.targets.size());
  const auto [at, fresh] = target_index_.try_emplace(std::move(text), next);
  if (fresh) {
    outcome_.targets.push_back(at->first);
  }
  return at->second;
}

}  // namespace holdfast::decide
