// fhir/terminology/expand.cpp: the members of a value set, a page of them. Flat, in the order of
// the set. https://hl7.org/fhir/R4/valueset.html#expansion
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "fhir/terminology/compose.h"
#include "fhir/terminology/terminology.h"

namespace holdfast::fhir::terminology {
namespace {

bool begins_with(std::string_view text, std::string_view beginning) {
  return text.size() >= beginning.size() &&
         same_folded(text.substr(0, beginning.size()), beginning);
}

bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool has_word(std::string_view text, std::string_view word) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool starts = at == 0 || !is_word_byte(text[at - 1]);
    if (starts && begins_with(text.substr(at), word)) {
      return true;
    }
  }
  return false;
}

bool passes_text(std::string_view filter, const Entry& entry) {
  if (filter.empty() || begins_with(entry.code, filter)) {
    return true;
  }
  while (!filter.empty()) {
    const std::string_view word = filter.substr(0, filter.find(' '));
    filter.remove_prefix(std::min(filter.size(), word.size() + 1));
    if (!word.empty() && !has_word(entry.display, word)) {
      return false;
    }
  }
  return true;
}

// Displays that the rules of the set give, and members that they list by code: those stay in the
// expansion though they are abstract.
std::map<std::uint32_t, std::string_view> listed_displays(const Terminology& in, ValueSetId set) {
  std::map<std::uint32_t, std::string_view> displays;
  const Tables& tables = in.tables(set.layer);
  const ValueSetRow& row = in.row(set);
  for (unsigned i = 0; i < row.rule_count; ++i) {
    const RuleRow& rule = tables.rules[row.first_rule + i];
    for (std::uint32_t k = 0; k < rule.listed_count; ++k) {
      const ListedRow& listed = tables.listed[rule.listed + k];
      displays.emplace(listed.member, in.text(set.layer, listed.display));
    }
  }
  return displays;
}

std::string_view display_in(const Terminology& in, ConceptId id, std::string_view language) {
  if (!language.empty() && (in.row(id).flags & concept_designations) != 0) {
    for (const Designation& designation : in.designations(id)) {
      if (same_folded(designation.language, language) && designation.use_code != "definition") {
        return designation.value;
      }
    }
  }
  return {};
}

}  // namespace

Result<Expansion> Terminology::expand(ValueSetId set, const ExpansionTerms& terms) const {
  const Members members_ = members(set);
  if (members_.open) {
    Composer composer(*this, Composer::Use::known_members);
    composer.refresh(set);
    Error error = composer.compose(set).open.front();
    error.what = fmt::format("the value set {} cannot be expanded: {}", url(set), error.what);
    return fail(std::move(error));
  }
  const auto listed = listed_displays(*this, set);
  const std::size_t page =
      std::min(terms.count.value_or(expansion_entries_max), expansion_entries_max);
  Expansion expansion;
  std::set<SystemId> systems;
  SystemId system{UINT32_MAX, 0};
  for (const Run& run : members_.ordered) {
    for (std::uint32_t i = 0; i < run.count; ++i) {
      const ConceptId id{run.first + i};
      const ConceptRow& concept_ = row(id);
      const auto own = listed.find(id.value);
      Entry entry{id,
                  {},
                  {},
                  code(id),
                  display(id),
                  (concept_.flags & concept_abstract) != 0,
                  (concept_.flags & concept_inactive) != 0};
      if (own != listed.end() && !own->second.empty()) {
        entry.display = own->second;
      }
      if (const auto other = display_in(*this, id, terms.language); !other.empty()) {
        entry.display = other;
      }
      const bool hidden = (entry.is_inactive && terms.active_only) ||
                          (entry.is_abstract && own == listed.end() &&
                           terms.abstract_concepts == Abstract::refused);
      if (hidden || !passes_text(terms.filter, entry)) {
        continue;
      }
      // A run may go on into the next system.
      if (systems.empty() || id.layer() != system.layer ||
          id.number() - row(system).first >= row(system).count) {
        system = system_of(id);
      }
      if (systems.insert(system).second) {
        expansion.systems.push_back(system);
      }
      if (expansion.total >= terms.offset && expansion.entries.size() < page) {
        entry.system = url(system);
        entry.version = text(system.layer, row(system).version);
        expansion.entries.push_back(entry);
      }
      ++expansion.total;
    }
  }
  if (!terms.count && expansion.total > terms.offset + expansion.entries.size()) {
    return fail(Code::too_costly,
                fmt::format("the value set {} has {} codes; ask for pages of at most {} with count "
                            "and offset, or for fewer with filter",
                            url(set), expansion.total, expansion_entries_max));
  }
  return expansion;
}

Result<void> Terminology::visit_members(ValueSetId set, const Visit& visit) const {
  ExpansionTerms terms;
  terms.abstract_concepts = Abstract::allowed;
  terms.count = 0;
  TRY_OK(expand(set, terms));  // whether it can be enumerated
  for (const Run& run : members(set).ordered) {
    for (std::uint32_t i = 0; i < run.count; ++i) {
      const ConceptId id{run.first + i};
      visit(url(system_of(id)), code(id));
    }
  }
  return ok();
}

}  // namespace holdfast::fhir::terminology
