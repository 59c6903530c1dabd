// fhir/terminology/translate.cpp: https://hl7.org/fhir/R4/conceptmap-operation-translate.html.
// Left out: rows that count only beside other values (dependsOn), and unmapped by another map.
#include <algorithm>

#include "fhir/terminology/terminology.h"

namespace holdfast::fhir::terminology {
namespace {

// Read backwards, wider is narrower.
Equivalence reversed(Equivalence equivalence) {
  switch (equivalence) {
    case Equivalence::wider: return Equivalence::narrower;
    case Equivalence::narrower: return Equivalence::wider;
    case Equivalence::subsumes: return Equivalence::specializes;
    case Equivalence::specializes: return Equivalence::subsumes;
    default: return equivalence;
  }
}

bool fits(std::string_view wanted, std::string_view there) {
  return wanted.empty() || wanted == there.substr(0, there.find('|'));
}

// One group of one map.
class Group {
 public:
  Group(const Terminology& in, ConceptMapId map, const MapGroupRow& row)
      : in_(in), map_(map), row_(row) {}

  void forward(std::string_view code, std::vector<Translation>& found) const {
    const Tables& tables = in_.tables(map_.layer);
    const MapRow* first = tables.map_rows + row_.first;
    const MapRow* last = first + row_.count;
    const MapRow* at = std::lower_bound(
        first, last, code,
        [&](const MapRow& one, std::string_view wanted) { return text(one.code) < wanted; });
    bool mapped = false;
    for (; at != last && text(at->code) == code; ++at) {
      mapped = true;
      if (at->depends == 0) {
        Translation match = start(at->equivalence, row_.target);
        match.code = text(at->target_code);
        match.display = text(at->target_display);
        match.comment = text(at->comment);
        add_products(static_cast<std::uint32_t>(at - tables.map_rows), match);
        found.push_back(std::move(match));
      }
    }
    if (!mapped) {
      unmapped(code, found);
    }
  }

  void backward(std::string_view code, std::vector<Translation>& found) const {
    const MapRow* rows = in_.tables(map_.layer).map_rows + row_.first;
    for (std::uint32_t i = 0; i < row_.count; ++i) {
      if (text(rows[i].target_code) == code && rows[i].depends == 0) {
        Translation match = start(reversed(rows[i].equivalence), row_.source);
        match.code = text(rows[i].code);
        match.display = text(rows[i].display);
        match.comment = text(rows[i].comment);
        found.push_back(std::move(match));
      }
    }
  }

 private:
  [[nodiscard]] std::string_view text(TextAt at) const { return in_.text(map_.layer, at); }

  [[nodiscard]] Translation start(Equivalence equivalence, TextAt system) const {
    Translation match;
    match.equivalence = equivalence;
    match.system = text(system);
    match.map = text(in_.row(map_).url);
    return match;
  }

  void add_products(std::uint32_t row, Translation& match) const {
    const auto& products = in_.tables(map_.layer).map_products;
    const auto before = [](const MapProductRow& one, std::uint32_t wanted) {
      return one.row < wanted;
    };
    auto at = std::lower_bound(products.begin(), products.end(), row, before);
    for (; at != products.end() && at->row == row; ++at) {
      match.products.push_back(
          {text(at->element), text(at->system), text(at->code), text(at->display)});
    }
  }

  // https://hl7.org/fhir/R4/conceptmap.html#unmapped
  void unmapped(std::string_view code, std::vector<Translation>& found) const {
    if (row_.unmapped == Unmapped::fixed || row_.unmapped == Unmapped::provided) {
      const bool fixed = row_.unmapped == Unmapped::fixed;
      Translation match = start(fixed ? Equivalence::inexact : Equivalence::equal, row_.target);
      match.code = fixed ? text(row_.unmapped_code) : code;
      match.display = fixed ? text(row_.unmapped_display) : std::string_view();
      found.push_back(std::move(match));
    }
  }

  const Terminology& in_;
  const ConceptMapId map_;
  const MapGroupRow& row_;
};

}  // namespace

Result<std::vector<Translation>> Terminology::translate(const Coding& coding,
                                                        const TranslateTerms& terms) const {
  std::vector<ConceptMapId> maps;
  if (terms.only) {
    maps.push_back(*terms.only);
  } else if (!terms.map.empty()) {
    TRY(const ConceptMapId map, concept_map(terms.map));
    maps.push_back(map);
  } else {
    for (auto layer = static_cast<std::uint32_t>(layers_.size()); layer-- > 0;) {
      for (std::uint32_t i = 0; i < tables(layer).concept_maps.size(); ++i) {
        maps.push_back(ConceptMapId{layer, i});
      }
    }
  }
  std::vector<Translation> found;
  for (const ConceptMapId map : maps) {
    const ConceptMapRow& map_row = row(map);
    const std::string_view from = text(map.layer, terms.reverse ? map_row.target : map_row.source);
    const std::string_view to = text(map.layer, terms.reverse ? map_row.source : map_row.target);
    if (!fits(terms.source, from) || !fits(terms.target, to)) {
      continue;
    }
    for (std::uint32_t i = 0; i < map_row.group_count; ++i) {
      const MapGroupRow& group = tables(map.layer).map_groups[map_row.first_group + i];
      const std::string_view mine = text(map.layer, terms.reverse ? group.target : group.source);
      const std::string_view others = text(map.layer, terms.reverse ? group.source : group.target);
      if ((!coding.system.empty() && mine != coding.system) || !fits(terms.target_system, others)) {
        continue;
      }
      const Group in_group(*this, map, group);
      if (terms.reverse) {
        in_group.backward(coding.code, found);
      } else {
        in_group.forward(coding.code, found);
      }
    }
  }
  return found;
}

}  // namespace holdfast::fhir::terminology
