#include "search/criteria.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/text.h"
#include "search/condition.h"
#include "search/text.h"

namespace holdfast::search {
namespace {

constexpr std::array<std::string_view, 9> kind_names{
    "number", "date", "string", "token", "reference", "composite", "quantity", "uri", "special"};

// What a query may hold as it is, beside unreserved characters (RFC 3986 section 3.4).
constexpr std::string_view kept_in_query = "/:,";

// One parameter of the query, decoded.
struct Parameter {
  std::string name;  // with its modifiers and chain
  std::string value;
};

bool is_sortable(const fhir::SearchParam& param) {
  return !param.uses.empty() && param.kind != fhir::ParamKind::composite;
}

class Parser {
 public:
  Parser(const fhir::SearchParams& params, Scope scope, Handling handling, Time now)
      : params_(params), handling_(handling), reading_{params, now} {
    criteria_.scope = std::move(scope);
  }

  Result<Criteria> parse(std::string_view query) {
    if (query.size() > query_bytes_max) {
      return fail(Code::too_large, "a query has at most " + std::to_string(query_bytes_max) +
                                       " bytes; send a long one by POST in parts");
    }
    TRY_OK(read_parts(query));
    TRY_OK(set_types());
    for (const Parameter& parameter : parts_) {
      const std::size_t ignored_before = criteria_.ignored.size();
      TRY_OK(add(parameter));
      if (criteria_.ignored.size() == ignored_before) {
        note_understood(parameter);
      }
    }
    TRY(criteria_.subset, fhir::parse_subset(summary_, elements_));
    if (criteria_.scope.type) {
      TRY_OK(fhir::check_elements(criteria_.subset, *criteria_.scope.type));
    }
    if (count_is_zero_) {
      criteria_.subset.summary = fhir::SummaryKind::count;
    }
    return std::move(criteria_);
  }

 private:
  Result<void> read_parts(std::string_view query) {
    while (!query.empty()) {
      const std::size_t end = query.find('&');
      const std::string_view part = query.substr(0, end);
      query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
      if (part.empty()) {
        continue;
      }
      if (parts_.size() == criteria_max) {
        return fail(Code::too_large,
                    "a query has at most " + std::to_string(criteria_max) + " parameters");
      }
      const std::size_t equals = part.find('=');
      Parameter parameter;
      TRY(parameter.name, percent_decode(part.substr(0, equals), Plus::is_space));
      if (equals != std::string_view::npos) {
        TRY(parameter.value, percent_decode(part.substr(equals + 1), Plus::is_space));
      }
      if (parameter.name == "_format" || parameter.name == "_pretty") {
        continue;  // how to write the answer: not ours
      }
      if (parameter.value.empty()) {
        return fail(Code::value, "search parameter " + quoted(parameter.name) +
                                     " has no value; leave it out if it does not matter");
      }
      parts_.push_back(std::move(parameter));
    }
    return ok();
  }

  // One type of a type search; otherwise those of _type, or all.
  Result<void> set_types() {
    if (criteria_.scope.type) {
      criteria_.types.push_back({*criteria_.scope.type, {}});
      return ok();
    }
    std::vector<bool> wanted(fhir::type_count, true);
    for (const Parameter& parameter : parts_) {
      if (parameter.name != "_type") {
        continue;
      }
      std::vector<bool> named(fhir::type_count, false);
      for (const std::string_view name : split_unescaped(parameter.value, ',')) {
        const auto type = fhir::type_id(name);
        if (!type) {
          return fail(Code::value, "'_type' names " + quoted(name) + ", which is no resource type");
        }
        named[type->value] = wanted[type->value];
      }
      wanted = named;
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (wanted[i]) {
        criteria_.types.push_back({fhir::TypeId{static_cast<std::uint8_t>(i)}, {}});
      }
    }
    return ok();
  }

  Result<void> add(const Parameter& parameter) {
    const std::string_view name = parameter.name;
    const std::string_view plain = name.substr(0, name.find(':'));
    if (plain == "_include" || plain == "_revinclude") {
      return add_include(parameter);
    }
    if (name == "_count" || name == "_sort" || name == "_summary" || name == "_total" ||
        name == "_elements" || name == "_contained" || name == "_containedType") {
      criteria_.has_result_parameter = true;
      return set_result(parameter);
    }
    if (name == "_type" && !criteria_.scope.type) {
      criteria_.has_filter = true;
      return ok();  // set_types() has read it
    }
    return add_condition(parameter);
  }

  void note_understood(const Parameter& parameter) {
    if (!criteria_.understood.empty()) {
      criteria_.understood += '&';
    }
    criteria_.understood += percent_encode(parameter.name, kept_in_query) + '=' +
                            percent_encode(parameter.value, kept_in_query);
  }

  // https://hl7.org/fhir/R4/search.html#errors: a client that asks for it gets what is left.
  Result<void> refuse(const Parameter& parameter, Error why) {
    if (handling_ == Handling::lenient && why.code == Code::unsupported) {
      criteria_.ignored.push_back(parameter.name);
      return ok();
    }
    return fail(std::move(why));
  }

  Result<void> add_condition(const Parameter& parameter) {
    std::vector<Criterion> made;
    for (const TypeCriteria& of : criteria_.types) {
      auto criterion = read_condition(reading_, of.type, parameter.name, parameter.value);
      if (!criterion) {
        Error why = std::move(criterion.error());
        if (criteria_.types.size() > 1 && why.code == Code::unsupported) {
          why.what += fmt::format(
              "; a search over several types takes parameters that all of them have (name one "
              "type, or use _type)");
        }
        return refuse(parameter, std::move(why));
      }
      made.push_back(*std::move(criterion));
      if (criteria_.types.size() > 1) {
        reading_.alternatives = 0;  // the same values again, for another type
        reading_.steps = 0;
        reading_.code_sets = 0;
      }
    }
    for (std::size_t i = 0; i < made.size(); ++i) {
      add_all(criteria_.types[i].all, std::move(made[i]));
    }
    criteria_.has_filter = true;
    return ok();
  }

  // What a filter joins by `and` is as good as separate parameters.
  static void add_all(std::vector<Criterion>& to, Criterion made) {
    if (made.kind != Criterion::Kind::all_of || made.negated) {
      to.push_back(std::move(made));
      return;
    }
    for (const auto& part : made.parts) {
      add_all(to, *part);
    }
  }

  Result<void> set_result(const Parameter& parameter) {
    if (std::ranges::find(given_, parameter.name) != given_.end()) {
      return fail(Code::value,
                  quoted(parameter.name) +
                      " comes twice; send it once, with commas where it takes several");
    }
    given_.push_back(parameter.name);
    if (parameter.name == "_count") {
      return set_count(parameter.value);
    }
    if (parameter.name == "_sort") {
      return set_sort(parameter);
    }
    if (parameter.name == "_total") {
      return set_total(parameter.value);
    }
    if (parameter.name.starts_with("_contained")) {
      const bool as_here = parameter.value == "false" || parameter.value == "container";
      return as_here ? ok()
                     : refuse(parameter, {Code::unsupported,
                                          "contained resources are found through their container "
                                          "here: '_contained' is offered with 'false' only",
                                          {},
                                          {}});
    }
    (parameter.name == "_summary" ? summary_ : elements_) = parameter.value;
    return ok();
  }

  // https://hl7.org/fhir/R4/search.html#count: 0 means _summary=count; more than we give is cut.
  Result<void> set_count(std::string_view value) {
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
    const bool overflow = error == std::errc::result_out_of_range;
    if ((error != std::errc{} && !overflow) || end != value.data() + value.size()) {
      return fail(Code::value, "'_count' is a whole number, not " + quoted(value));
    }
    count_is_zero_ = count == 0 && !overflow;
    criteria_.count =
        overflow ? count_max
                 : static_cast<std::uint32_t>(std::clamp<std::uint64_t>(count, 1, count_max));
    return ok();
  }

  Result<void> set_sort(const Parameter& parameter) {
    const auto names = split_unescaped(parameter.value, ',');
    if (names.size() > sort_keys_max) {
      return fail(Code::too_large,
                  fmt::format("'_sort' takes at most {} parameters", sort_keys_max));
    }
    for (TypeCriteria& of : criteria_.types) {
      std::vector<SortKey> keys;
      for (const std::string_view name : names) {
        auto key = sort_key(of.type, name);
        if (!key) {
          return refuse(parameter, std::move(key.error()));
        }
        keys.push_back(*key);
      }
      of.sort = std::move(keys);
    }
    return check_one_order(parameter);
  }

  Result<SortKey> sort_key(fhir::TypeId type, std::string_view name) {
    SortKey key;
    key.descending = name.starts_with('-');
    name.remove_prefix(key.descending ? 1 : 0);
    if (name == "_lastUpdated" || name == "_id") {
      key.by = name == "_id" ? SortKey::By::id : SortKey::By::updated;
      return key;
    }
    key.param = params_.find(type, name);
    if (key.param == nullptr) {
      std::string why = unknown_parameter(params_, type, name);
      why += criteria_.types.size() > 1
                 ? "; several types are sorted by a parameter that all of them have"
                 : "";
      return fail(Code::unsupported, std::move(why));
    }
    if (!is_sortable(*key.param)) {
      return fail(Code::unsupported,
                  "search parameter " + quoted(name) + " has no order to sort by");
    }
    return key;
  }

  // Values of different kinds have no order among each other.
  Result<void> check_one_order(const Parameter& parameter) {
    if (criteria_.types.empty()) {
      return ok();
    }
    const std::vector<SortKey>& first = criteria_.types.front().sort;
    for (TypeCriteria& of : criteria_.types) {
      for (std::size_t i = 0; i < first.size(); ++i) {
        const fhir::SearchParam* param = of.sort[i].param;
        if (param != nullptr && param->kind != first[i].param->kind) {
          return refuse(parameter,
                        {Code::unsupported,
                         fmt::format("{} of {} and of {} are of different kinds: they "
                                     "have no common order",
                                     quoted(param->code), fhir::name(criteria_.types.front().type),
                                     fhir::name(of.type)),
                         {},
                         {}});
        }
      }
    }
    criteria_.sort = first;
    return ok();
  }

  Result<void> set_total(std::string_view value) {
    if (value == "none") {
      criteria_.total = Total::none;
    } else if (value == "estimate") {
      criteria_.total = Total::estimate;
    } else if (value == "accurate") {
      criteria_.total = Total::accurate;
    } else {
      return fail(Code::value,
                  "'_total' is 'none', 'estimate' or 'accurate', not " + quoted(value));
    }
    return ok();
  }

  // [type]:[parameter], [type]:[parameter]:[target type], [type]:*, *
  Result<void> add_include(const Parameter& parameter) {
    criteria_.has_result_parameter = true;
    Include include;
    const std::string_view name = parameter.name;
    include.reverse = name.starts_with("_rev");
    const std::size_t colon = name.find(':');
    if (colon != std::string_view::npos) {
      const std::string_view modifier = name.substr(colon + 1);
      include.iterate = modifier == "iterate" || modifier == "recurse";  // STU3 said recurse
      if (!include.iterate) {
        return refuse(parameter, {Code::unsupported,
                                  quoted(name) + " is offered with the modifier ':iterate' only",
                                  {},
                                  {}});
      }
    }
    const auto parts = split_unescaped(parameter.value, ':');
    const auto source = fhir::type_id(parts[0]);
    if (!source || parts.size() < 2 || parts.size() > 3) {
      return fail(Code::value, quoted(name) +
                                   " is written [type]:[reference parameter], for example "
                                   "Observation:subject or Observation:subject:Patient, not " +
                                   quoted(parameter.value));
    }
    include.source = *source;
    if (parts.size() == 3) {
      include.target = fhir::type_id(parts[2]);
      if (!include.target) {
        return fail(Code::value, quoted(parts[2]) + " is no resource type");
      }
    }
    if (parts[1] != "*") {
      include.param = params_.find(*source, parts[1]);
      if (include.param == nullptr) {
        return refuse(parameter,
                      {Code::unsupported, unknown_parameter(params_, *source, parts[1]), {}, {}});
      }
      if (include.param->kind != fhir::ParamKind::reference) {
        return fail(Code::value, "search parameter " + quoted(parts[1]) + " of " +
                                     std::string(parts[0]) + " is no reference to include by");
      }
    }
    if (criteria_.includes.size() == includes_max) {
      return fail(Code::too_large, fmt::format("a query has at most {} includes", includes_max));
    }
    criteria_.includes.push_back(include);
    return ok();
  }

  const fhir::SearchParams& params_;
  const Handling handling_;
  Reading reading_;
  Criteria criteria_;
  std::vector<Parameter> parts_;
  std::vector<std::string> given_;  // result parameters so far
  std::optional<std::string> summary_;
  std::optional<std::string> elements_;
  bool count_is_zero_ = false;
};

}  // namespace

Result<Criteria> parse(const fhir::SearchParams& params, Scope scope, std::string_view query,
                       Handling handling, Time now) {
  return Parser(params, std::move(scope), handling, now).parse(query);
}

std::vector<SearchParameter> parameters_of(const fhir::SearchParams& params, fhir::TypeId type) {
  std::vector<SearchParameter> known;
  for (const fhir::SearchParam& param : params.of(type)) {
    if (param.unsupported.empty()) {
      known.push_back({param.code, kind_names[static_cast<std::size_t>(param.kind)], param.url});
    }
  }
  return known;
}

}  // namespace holdfast::search
