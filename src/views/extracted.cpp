#include "views/extracted.h"

#include <algorithm>
#include <optional>

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

// A reference within this server by type and id, of whatever version; any other by its text. What
// points into the resource itself is nothing that search could name.
void add_reference(Postings& postings, fhir::TypeId type, const fhir::ExtractedReference& reference,
                   std::string_view text) {
  const std::optional<fhir::LiteralReference> literal = fhir::parse_literal(text);
  if (reference.only && (!literal || literal->type != *reference.only)) {
    return;
  }
  if (literal) {
    postings.add_reference(index_of(reference.param), type, literal->type, literal->id);
  } else if (!text.empty() && !text.starts_with('#')) {
    postings.add(uri_prefix(index_of(reference.param), type, text));
  }
}

}  // namespace

void fill_postings(Postings& postings, fhir::TypeId type, std::string_view id,
                   const fhir::Extraction& extraction, const SiteTexts& texts) {
  static const std::optional<fhir::TypeId> patient = fhir::type_id("Patient");
  postings.clear();
  postings.add_listing(type);
  for (const fhir::ExtractedIdentifier& identifier : extraction.identifiers) {
    postings.add_token(index_of(identifier.param), type, text_of(extraction, identifier.system),
                       text_of(extraction, identifier.value));
  }
  SiteReader sites(texts);
  for (const fhir::ExtractedReference& reference : extraction.references) {
    add_reference(postings, type, reference, sites.text(reference.site));
  }
  if (extraction.is_patient) {
    postings.add_compartment(id, type);
  }
  for (const std::uint32_t site : extraction.patients) {
    const auto literal = fhir::parse_literal(sites.text(site));
    if (literal && literal->type == patient) {
      postings.add_compartment(literal->id, type);
    }
  }
}

}  // namespace holdfast::views
