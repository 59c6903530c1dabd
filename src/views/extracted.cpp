#include "views/extracted.h"

#include <algorithm>
#include <optional>

#include "fhir/definitions.h"
#include "views/forms.h"

namespace holdfast::views {
namespace {

// Walks the sites in any order; unescapes into its own memory.
class SiteReader {
 public:
  explicit SiteReader(const SiteTexts& texts) : texts_(texts) {}

  // What the site reads now. Lives until the next call.
  std::string_view text(std::uint32_t index) {
    const auto replaced =
        std::lower_bound(texts_.substitutions.begin(), texts_.substitutions.end(), index,
                         [](const Substitution& substitution, std::uint32_t site) {
                           return substitution.site < site;
                         });
    if (replaced != texts_.substitutions.end() && replaced->site == index) {
      return texts_.targets[replaced->target];
    }
    return fhir::site_value(texts_.body, texts_.sites.sites[index], unescaped_);
  }

 private:
  const SiteTexts& texts_;
  std::string unescaped_;
};

/// decide() replaces local names and conditional references; canonicals never.
bool may_be_replaced(const fhir::Site& site) {
  return site.element != fhir::SiteElement::canonical &&
         (fhir::is_hole(site.kind) || site.kind == fhir::SiteKind::absolute);
}

class Preparation {
 public:
  Preparation(PreparedPostings& to, fhir::JsonValue resource, const fhir::SearchParams& params,
              const fhir::Sites& sites)
      : to_(to), resource_(resource), params_(params), sites_(sites) {}

  void take(const fhir::ExtractedValue& value) {
    const fhir::PathIndex& index = params_.index(value.index);
    const auto site = index.kind == fhir::ParamKind::reference ? site_of(value.value)
                                                               : std::optional<std::uint32_t>();
    forms_.clear();
    if (site && may_be_replaced(sites_.sites[*site])) {
      to_.pending.push_back({value.index, *site});
      append_reference_identifier_form(forms_, resource_.document().at(value.value.node));
    } else {
      append_forms(forms_, resource_, index, value.value);
    }
    to_.overflow = to_.overflow || forms_.overflow;
    for (std::size_t i = 0; i < forms_.size(); ++i) {
      to_.settled.add_form(value.index, forms_[i]);
    }
    if (site && index.in_patient_compartment) {
      note_patient(*site);
    }
  }

 private:
  /// The site of a Reference, canonical or uri.
  [[nodiscard]] std::optional<std::uint32_t> site_of(const fhir::Selected& value) const {
    fhir::JsonValue text = resource_.document().at(value.node);
    if (text.is_object()) {
      const auto member = text.find("reference");
      if (!member) {
        return std::nullopt;
      }
      text = *member;
    }
    const std::uint32_t begin = text.begin() + 1 - resource_.begin();
    const auto at = std::ranges::lower_bound(sites_.sites, begin, {},
                                             [](const fhir::Site& s) { return s.text.begin; });
    return at != sites_.sites.end() && at->text.begin == begin
               ? std::optional(static_cast<std::uint32_t>(at - sites_.sites.begin()))
               : std::nullopt;
  }
  void note_patient(std::uint32_t site) {
    static const std::optional<fhir::TypeId> patient = fhir::type_id("Patient");
    if (may_be_replaced(sites_.sites[site]) || sites_.sites[site].type != patient) {
      return;
    }
    std::string scratch;
    const auto literal =
        fhir::parse_literal(fhir::site_value(resource_.raw(), sites_.sites[site], scratch));
    if (literal) {
      to_.patients.emplace_back(literal->id);
    }
  }

  PreparedPostings& to_;
  const fhir::JsonValue resource_;
  const fhir::SearchParams& params_;
  const fhir::Sites& sites_;
  Forms forms_;
};

}  // namespace

void PreparedPostings::clear() {
  settled.clear();
  pending.clear();
  patients.clear();
  is_patient = false;
  overflow = false;
}

void prepare_postings(PreparedPostings& to, fhir::JsonValue resource,
                      const fhir::SearchParams& params, const fhir::Sites& sites,
                      const fhir::Extraction& extraction) {
  to.clear();
  to.is_patient = extraction.is_patient;
  Preparation preparation(to, resource, params, sites);
  for (const fhir::ExtractedValue& value : extraction.values) {
    preparation.take(value);
  }
}

void fill_postings(Postings& postings, fhir::TypeId type, std::string_view id,
                   const PreparedPostings& prepared, const fhir::SearchParams& params,
                   const SiteTexts& texts) {
  static const std::optional<fhir::TypeId> patient = fhir::type_id("Patient");
  postings.clear();
  postings.add_listing(type);
  postings.add_all(prepared.settled);
  for (const std::string& one : prepared.patients) {
    postings.add_compartment(one, type);
  }
  if (prepared.is_patient) {
    postings.add_compartment(id, type);
  }
  SiteReader sites(texts);
  Forms forms;
  for (const PendingReference& reference : prepared.pending) {
    const std::string_view text = sites.text(reference.site);
    forms.clear();
    append_reference_form(forms, text, false);
    for (std::size_t i = 0; i < forms.size(); ++i) {
      postings.add_form(reference.index, forms[i]);
    }
    if (params.index(reference.index).in_patient_compartment) {
      const auto literal = fhir::parse_literal(text);
      if (literal && literal->type == patient) {
        postings.add_compartment(literal->id, type);
      }
    }
  }
}

}  // namespace holdfast::views
