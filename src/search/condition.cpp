#include "search/condition.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "search/criteria.h"
#include "search/filter.h"
#include "search/text.h"

namespace holdfast::search {
namespace {

// Names that mean something beside the parameters of a type.
constexpr std::array<std::string_view, 16> general_names{
    "_id",     "_lastUpdated", "_count",    "_sort",     "_summary", "_total",
    "_format", "_pretty",      "_elements", "_has",      "_include", "_revinclude",
    "_type",   "_list",        "_filter",   "_contained"};

/// Types that the chains of one query may lead to, one step each.
constexpr std::size_t chain_steps_max = 2000;

/// Of a value, where it is shown to people.
constexpr std::size_t shown_bytes_max = 200;

// A parameter with its modifier: what stands between dots.
struct Link {
  std::string_view name;
  std::string_view modifier;
};
Link split_modifier(std::string_view text) {
  const std::size_t colon = text.find(':');
  return colon == std::string_view::npos ? Link{text, {}}
                                         : Link{text.substr(0, colon), text.substr(colon + 1)};
}

class ConditionReader {
 public:
  /// `test`: what it reads is that test of a filter, and the value comes from there.
  explicit ConditionReader(Reading& reading, const FilterTest* test = nullptr)
      : reading_(reading), test_(test) {}

  Result<Criterion> read(fhir::TypeId type, std::string_view name, std::string_view value,
                         std::size_t links) {
    if (links > chain_links_max) {
      return fail(Code::too_costly, fmt::format("a chain has at most {} links", chain_links_max));
    }
    if (++reading_.steps > chain_steps_max) {
      return fail(Code::too_costly,
                  "the chains of this query may lead to too many types; say which one is meant, "
                  "for example subject:Patient.name");
    }
    if (name.ends_with(':')) {
      return fail(Code::unsupported, "no modifier stands behind the colon of " + quoted(name));
    }
    if (name.starts_with("_has:")) {
      return read_has(type, name.substr(5), value, links);
    }
    if (const std::size_t dot = name.find('.'); dot != std::string_view::npos) {
      return read_chain(type, split_modifier(name.substr(0, dot)), name.substr(dot + 1), value,
                        links);
    }
    return read_plain(type, split_modifier(name), value);
  }

 private:
  // Observation:patient:code=1234-5
  Result<Criterion> read_has(fhir::TypeId type, std::string_view rest, std::string_view value,
                             std::size_t links) {
    const std::size_t first = rest.find(':');
    const std::size_t second = first == std::string_view::npos ? first : rest.find(':', first + 1);
    const auto other =
        second == std::string_view::npos ? std::nullopt : fhir::type_id(rest.substr(0, first));
    if (!other) {
      return fail(Code::value,
                  "'_has' is written _has:[type]:[reference parameter]:[parameter]=…, for example "
                  "_has:Observation:patient:code=1234-5");
    }
    Criterion made;
    made.kind = Criterion::Kind::has;
    TRY(made.param, reference_param(*other, rest.substr(first + 1, second - first - 1)));
    const auto targets = made.param->targets;
    if (!targets.empty() && std::ranges::find(targets, type.value) == targets.end()) {
      return fail(Code::value, fmt::format("{} of {} does not lead to {}", made.param->code,
                                           fhir::name(*other), fhir::name(type)));
    }
    TRY(Criterion inner, read(*other, rest.substr(second + 1), value, links + 1));
    made.inner.push_back({*other, std::make_shared<const Criterion>(std::move(inner))});
    return made;
  }

  // subject:Patient.name=peter, patient.organization.name=x
  Result<Criterion> read_chain(fhir::TypeId type, const Link& head, std::string_view rest,
                               std::string_view value, std::size_t links) {
    Criterion made;
    made.kind = Criterion::Kind::chain;
    TRY(made.param, reference_param(type, head.name));
    std::vector<fhir::TypeId> targets;
    TRY(targets, targets_of(*made.param, head));
    std::optional<Error> refused;
    for (const fhir::TypeId target : targets) {
      auto inner = read(target, rest, value, links + 1);
      if (inner) {
        made.inner.push_back({target, std::make_shared<const Criterion>(*std::move(inner))});
      } else if (!head.modifier.empty() ||
                 (inner.error().code != Code::unsupported && leads_on(target, rest))) {
        return fail(std::move(inner.error()));
      } else if (!refused) {
        refused = std::move(inner.error());
      }
    }
    if (made.inner.empty()) {
      return fail(Code::unsupported,
                  fmt::format("none of the types that {} of {} leads to has a search parameter {}",
                              quoted(head.name), fhir::name(type), quoted(rest)));
    }
    return made;
  }

  // False where the next link is of that type no reference: others may have one of that name.
  bool leads_on(fhir::TypeId type, std::string_view rest) const {
    const std::size_t dot = rest.find('.');
    if (dot == std::string_view::npos || rest.starts_with("_has:")) {
      return true;
    }
    const auto* const param = reading_.params.find(type, split_modifier(rest.substr(0, dot)).name);
    return param == nullptr || param->kind == fhir::ParamKind::reference;
  }

  static Result<std::vector<fhir::TypeId>> targets_of(const fhir::SearchParam& param,
                                                      const Link& head) {
    const auto named = fhir::type_id(head.modifier);
    if (!head.modifier.empty() && !named) {
      return fail(Code::unsupported, fmt::format("{} behind {} is no resource type",
                                                 quoted(head.modifier), quoted(head.name)));
    }
    std::vector<fhir::TypeId> types;
    const auto known = param.targets;
    for (std::size_t i = 0; i < (known.empty() ? fhir::type_count : known.size()); ++i) {
      const fhir::TypeId type{known.empty() ? static_cast<std::uint8_t>(i) : known[i]};
      const bool narrowed = std::ranges::all_of(
          param.uses, [&](const fhir::IndexUse& use) { return use.only && *use.only != type; });
      if (!narrowed) {
        types.push_back(type);
      }
    }
    if (named && std::ranges::find(types, *named) == types.end()) {
      return fail(Code::unsupported,
                  fmt::format("{} leads to no {}", quoted(head.name), quoted(head.modifier)));
    }
    return named ? std::vector{*named} : types;
  }

  Result<const fhir::SearchParam*> find_param(fhir::TypeId type, std::string_view name) {
    const fhir::SearchParam* param = reading_.params.find(type, name);
    if (param == nullptr) {
      return fail(Code::unsupported, unknown_parameter(reading_.params, type, name));
    }
    if (!param->unsupported.empty()) {
      return fail(Code::unsupported,
                  fmt::format("search parameter {} of {} is not offered: {}", quoted(name),
                              fhir::name(type), param->unsupported));
    }
    return param;
  }

  Result<const fhir::SearchParam*> reference_param(fhir::TypeId type, std::string_view name) {
    TRY(const fhir::SearchParam* param, find_param(type, name));
    if (param->kind != fhir::ParamKind::reference) {
      return fail(Code::value,
                  fmt::format("search parameter {} of {} is no reference: nothing can be chained "
                              "to it",
                              quoted(name), fhir::name(type)));
    }
    return param;
  }

  Result<Criterion> read_plain(fhir::TypeId type, const Link& link, std::string_view value) {
    if (test_ != nullptr && !link.modifier.empty()) {
      return refuse_modifier(link);  // the operation says it
    }
    if (link.name == "_id" || link.name == "_lastUpdated" || link.name == "_list") {
      return link.modifier.empty() ? read_own(link.name, value) : refuse_modifier(link);
    }
    Criterion made;
    TRY(made.param, find_param(type, link.name));
    if (test_ != nullptr) {
      TRY(const PlainCondition plain, plain_condition(*test_, made.param->kind));
      made.negated = plain.negated;
      return read_values(std::move(made), type, {link.name, plain.modifier}, plain.value);
    }
    return read_values(std::move(made), type, link, value);
  }

  // Those that are about the resource's row, not about its content.
  Result<Criterion> read_own(std::string_view name, std::string_view value) {
    std::string from_test;
    if (test_ != nullptr) {
      TRY(from_test, name == "_lastUpdated" ? prefixed_value(*test_) : equal_value(*test_));
      value = from_test;
    }
    if (name == "_lastUpdated") {
      return read_updated(value);
    }
    TRY(Criterion made, read_ids(name, value));
    if (name == "_list") {
      made.kind = Criterion::Kind::list;
      const auto named =
          std::ranges::find_if(made.ids, [](const std::string& id) { return id.starts_with('$'); });
      if (named != made.ids.end()) {
        return fail(Code::unsupported,
                    fmt::format("'_list' takes the id of a List; functional lists such as {} are "
                                "not offered",
                                quoted(*named)));
      }
    }
    return made;
  }

  Result<Criterion> read_values(Criterion made, fhir::TypeId type, const Link& link,
                                std::string_view value) {
    if (link.modifier == "missing") {
      return read_missing(std::move(made), link, value);
    }
    std::string_view modifier = link.modifier;
    if (made.param->kind == fhir::ParamKind::token && (modifier == "not" || modifier == "not-in")) {
      made.negated = true;
      modifier = modifier == "not" ? "" : "in";
    }
    const bool from_filter =
        test_ != nullptr && (modifier == whole_modifier || modifier == ends_modifier);
    if (!from_filter && !is_known_modifier(*made.param, modifier)) {
      return refuse_modifier(link);
    }
    TRY(const auto parts, alternatives(link, value));
    if (is_code_modifier(modifier)) {
      reading_.code_sets += parts.size();
      if (reading_.code_sets > code_sets_max) {
        return fail(Code::too_large,
                    fmt::format("a query names at most {} value sets and codes with ':in', "
                                "':not-in', ':above' and ':below'",
                                code_sets_max));
      }
    }
    for (const std::string_view part : parts) {
      TRY(auto query, value_query({type, *made.param, modifier, reading_.now}, part));
      made.any.push_back(std::move(query));
    }
    return made;
  }

  static bool is_known_modifier(const fhir::SearchParam& param, std::string_view modifier) {
    if (modifier.empty()) {
      return true;
    }
    switch (param.kind) {
      case fhir::ParamKind::token:
        return modifier == "text" || modifier == "of-type" || is_code_modifier(modifier);
      case fhir::ParamKind::string: return modifier == "exact" || modifier == "contains";
      case fhir::ParamKind::uri: return modifier == "below" || modifier == "above";
      case fhir::ParamKind::reference:
        return modifier == "identifier" || fhir::type_id(modifier).has_value();
      default: return false;
    }
  }

  static std::unexpected<Error> refuse_modifier(const Link& link) {
    return fail(Code::unsupported,
                fmt::format("search parameter {} is not offered with the modifier {}",
                            quoted(link.name), quoted(':' + std::string(link.modifier))));
  }

  static Result<Criterion> read_missing(Criterion made, const Link& link, std::string_view value) {
    if (value != "true" && value != "false") {
      return fail(Code::value, fmt::format("'{}:missing' is 'true' or 'false', not {}", link.name,
                                           quoted(value)));
    }
    made.kind = Criterion::Kind::missing;
    made.negated = value == "false";
    return made;
  }

  // Values separated by ',', each of which may be what is found.
  Result<std::vector<std::string_view>> alternatives(const Link& link, std::string_view value) {
    auto parts = split_unescaped(value, ',');
    reading_.alternatives += parts.size();
    if (reading_.alternatives > alternatives_max) {
      return fail(Code::too_large, "a query has at most " + std::to_string(alternatives_max) +
                                       " values, separated by commas");
    }
    if (std::ranges::any_of(parts, [](std::string_view p) { return p.empty(); })) {
      return fail(Code::value, "search parameter " + quoted(link.name) +
                                   " has an empty value between commas; a comma that belongs to "
                                   "the value is written '\\,'");
    }
    return parts;
  }

  Result<Criterion> read_ids(std::string_view name, std::string_view value) {
    Criterion made;
    made.kind = Criterion::Kind::ids;
    TRY(const auto parts, alternatives({name, {}}, value));
    for (const std::string_view part : parts) {
      TRY(std::string id, unescape(part));
      // What cannot be an id is found nowhere, but a NUL must not get into a key.
      if (id.find('\0') != std::string::npos) {
        return fail(Code::value, "an id has letters, digits, '-' and '.' only");
      }
      made.ids.push_back(std::move(id));
    }
    return made;
  }

  Result<Criterion> read_updated(std::string_view value) {
    Criterion made;
    made.kind = Criterion::Kind::updated;
    TRY(const auto parts, alternatives({"_lastUpdated", {}}, value));
    for (const std::string_view part : parts) {
      std::string_view text = part;
      Criterion::Bound bound;
      bound.prefix = take_prefix(text);
      const auto range = parse_search_date(text);
      if (!range) {
        return fail(Code::value, quoted(part) +
                                     " is not a date; '_lastUpdated' takes 2026, "
                                     "2026-11, 2026-11-23 or 2026-11-23T20:35:01Z, with "
                                     "eq, ne, gt, lt, ge, le, sa, eb or ap before it");
      }
      bound.range = *range;
      made.updated.push_back(bound);
    }
    return made;
  }

  Reading& reading_;
  const FilterTest* const test_;
};

Result<Criterion> filter_criterion(Reading& reading, fhir::TypeId type, const FilterNode& node) {
  if (node.kind == FilterNode::Kind::test) {
    return ConditionReader(reading, &node.test).read(type, node.test.path, {}, 0);
  }
  Criterion made;
  made.kind =
      node.kind == FilterNode::Kind::one_of ? Criterion::Kind::one_of : Criterion::Kind::all_of;
  made.negated = node.kind == FilterNode::Kind::negation;
  for (const FilterNode& inner : node.inner) {
    TRY(Criterion part, filter_criterion(reading, type, inner));
    part.name = "_filter";
    part.asked =
        fmt::format("_filter ({})", inner.kind == FilterNode::Kind::test ? inner.test.path
                                                                         : std::string("a group"));
    made.parts.push_back(std::make_shared<const Criterion>(std::move(part)));
  }
  return made;
}

}  // namespace

Result<Criterion> read_condition(Reading& reading, fhir::TypeId type, std::string_view name,
                                 std::string_view value) {
  Criterion made;
  if (name == "_filter") {
    TRY(const FilterNode filter, parse_filter(value));
    TRY(made, filter_criterion(reading, type, filter));
  } else {
    TRY(made, ConditionReader(reading).read(type, name, value, 0));
  }
  made.name = name;
  made.asked = fmt::format("{}={}{}", name, value.substr(0, shown_bytes_max),
                           value.size() > shown_bytes_max ? "..." : "");
  return made;
}

std::string unknown_parameter(const fhir::SearchParams& params, fhir::TypeId type,
                              std::string_view name) {
  std::vector<std::string_view> names(general_names.begin(), general_names.end());
  for (const SearchParameter& known : parameters_of(params, type)) {
    names.push_back(known.name);
  }
  std::string why =
      fmt::format("search parameter {} is not known for {}", quoted(name), fhir::name(type));
  if (const auto meant = nearest(name, names)) {
    why += "; did you mean " + quoted(*meant) + "?";
  }
  return why;
}

}  // namespace holdfast::search
