#include "search/criteria.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "fhir/definitions.h"
#include "search/text.h"
#include "search/values.h"

namespace holdfast::search {
namespace {

// Names that mean something here beside the parameters of the type.
constexpr std::array<std::string_view, 8> general_names{
    "_id", "_lastUpdated", "_count", "_sort", "_summary", "_total", "_format", "_pretty"};

// Parameters whose values the indexes hold.
bool is_indexed(const fhir::ParamRow& row) {
  return row.extracted != 0 && (row.kind == fhir::ParamKind::reference ||
                                fhir::name(fhir::ParamId{row.code}) == "identifier");
}

constexpr std::array<std::string_view, 9> kind_names{
    "number", "date", "string", "token", "reference", "composite", "quantity", "uri", "special"};

struct PrefixName {
  std::string_view text;
  Prefix prefix;
};
constexpr std::array prefix_names{
    PrefixName{"eq", Prefix::eq}, PrefixName{"ne", Prefix::ne}, PrefixName{"gt", Prefix::gt},
    PrefixName{"lt", Prefix::lt}, PrefixName{"ge", Prefix::ge}, PrefixName{"le", Prefix::le},
    PrefixName{"sa", Prefix::sa}, PrefixName{"eb", Prefix::eb}, PrefixName{"ap", Prefix::ap}};

// What a query may hold as it is, beside unreserved characters (RFC 3986 section 3.4).
constexpr std::string_view kept_in_query = "/:,";

// One parameter of the query, decoded.
struct Parameter {
  std::string name;
  std::string modifier;  // behind ':'
  std::string value;
};

class Parser {
 public:
  Parser(Scope scope, Handling handling) : handling_(handling) {
    criteria_.scope = std::move(scope);
  }

  Result<Criteria> parse(std::string_view query) {
    if (query.size() > query_bytes_max) {
      return fail(Code::too_large, "a query has at most " + std::to_string(query_bytes_max) +
                                       " bytes; send a long one by POST in parts");
    }
    if (!criteria_.scope.type && criteria_.scope.patient.empty()) {
      return fail(Code::unsupported,
                  "this server searches within a resource type or within "
                  "Patient/[id]; name one of them");
    }
    while (!query.empty()) {
      const std::size_t end = query.find('&');
      const std::string_view part = query.substr(0, end);
      query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
      if (!part.empty()) {
        TRY_OK(add_part(part));
      }
    }
    return std::move(criteria_);
  }

 private:
  Result<void> add_part(std::string_view part) {
    if (++parameters_ > criteria_max) {
      return fail(Code::too_large,
                  "a query has at most " + std::to_string(criteria_max) + " parameters");
    }
    const std::size_t equals = part.find('=');
    Parameter parameter;
    TRY(parameter.name, percent_decode(part.substr(0, equals), Plus::is_space));
    if (equals != std::string_view::npos) {
      TRY(parameter.value, percent_decode(part.substr(equals + 1), Plus::is_space));
    }
    const std::size_t colon = parameter.name.find(':');
    if (colon != std::string::npos) {
      parameter.modifier = parameter.name.substr(colon + 1);
      parameter.name.resize(colon);
    }
    if (parameter.name == "_format" || parameter.name == "_pretty") {
      return ok();  // how to write the answer: not ours
    }
    if (parameter.value.empty()) {
      return fail(Code::value, "search parameter " + quoted(parameter.name) +
                                   " has no value; leave it out if it does not matter");
    }
    const std::size_t ignored_before = criteria_.ignored.size();
    TRY_OK(add(parameter));
    if (criteria_.ignored.size() == ignored_before) {
      note_understood(parameter);
    }
    return ok();
  }

  Result<void> add(const Parameter& parameter) {
    if (parameter.name == "_id" || parameter.name == "_lastUpdated" ||
        is_result_parameter(parameter.name)) {
      if (!parameter.modifier.empty()) {
        return refuse_modifier(parameter);
      }
      return parameter.name == "_id"            ? add_id(parameter)
             : parameter.name == "_lastUpdated" ? add_updated(parameter)
                                                : set_result(parameter);
    }
    return add_posting(parameter);
  }

  static bool is_result_parameter(std::string_view name) {
    return name == "_count" || name == "_sort" || name == "_summary" || name == "_total";
  }

  void note_understood(const Parameter& parameter) {
    if (!criteria_.understood.empty()) {
      criteria_.understood += '&';
    }
    criteria_.understood += percent_encode(parameter.name, kept_in_query);
    if (!parameter.modifier.empty()) {
      criteria_.understood += ':' + percent_encode(parameter.modifier, kept_in_query);
    }
    criteria_.understood += '=' + percent_encode(parameter.value, kept_in_query);
  }

  // https://hl7.org/fhir/R4/search.html#errors: a client that asks for it gets what is left.
  Result<void> refuse(const Parameter& parameter, std::string why) {
    if (handling_ == Handling::lenient) {
      criteria_.ignored.push_back(
          parameter.modifier.empty() ? parameter.name : parameter.name + ':' + parameter.modifier);
      return ok();
    }
    return fail(Code::unsupported, std::move(why));
  }

  Result<void> refuse_modifier(const Parameter& parameter) {
    return refuse(parameter, "search parameter " + quoted(parameter.name) +
                                 " is not offered with the modifier " +
                                 quoted(':' + parameter.modifier));
  }

  Result<void> refuse_unknown(const Parameter& parameter) {
    std::vector<std::string_view> names(general_names.begin(), general_names.end());
    std::string where = "here";
    if (criteria_.scope.type) {
      for (const SearchParameter& known : parameters_of(*criteria_.scope.type)) {
        names.push_back(known.name);
      }
      where = "for " + std::string(fhir::name(*criteria_.scope.type));
    }
    std::string why = "search parameter " + quoted(parameter.name) + " is not known " + where;
    if (const auto meant = nearest(parameter.name, names)) {
      why += "; did you mean " + quoted(*meant) + "?";
    }
    return refuse(parameter, std::move(why));
  }

  // Values separated by ',', each of which may be what is found.
  Result<std::vector<std::string_view>> alternatives(const Parameter& parameter) {
    auto parts = split_unescaped(parameter.value, ',');
    alternatives_ += parts.size();
    if (alternatives_ > alternatives_max) {
      return fail(Code::too_large, "a query has at most " + std::to_string(alternatives_max) +
                                       " values, separated by commas");
    }
    if (std::any_of(parts.begin(), parts.end(), [](std::string_view p) { return p.empty(); })) {
      return fail(Code::value, "search parameter " + quoted(parameter.name) +
                                   " has an empty value between commas; a comma that belongs to "
                                   "the value is written '\\,'");
    }
    return parts;
  }

  Result<void> add_id(const Parameter& parameter) {
    TRY(const auto parts, alternatives(parameter));
    IdCriterion criterion;
    for (const std::string_view part : parts) {
      TRY(std::string id, unescape(part));
      // What cannot be an id is found nowhere, but a NUL must not get into a key.
      if (id.find('\0') != std::string::npos) {
        return fail(Code::value, "an id has letters, digits, '-' and '.' only");
      }
      criterion.any.push_back(std::move(id));
    }
    criteria_.ids.push_back(std::move(criterion));
    return ok();
  }

  Result<void> add_updated(const Parameter& parameter) {
    TRY(const auto parts, alternatives(parameter));
    UpdatedCriterion criterion;
    for (std::string_view part : parts) {
      UpdatedCriterion::Bound bound;
      for (const PrefixName& known : prefix_names) {
        if (part.starts_with(known.text)) {
          bound.prefix = known.prefix;
          part.remove_prefix(known.text.size());
          break;
        }
      }
      const auto range = parse_search_date(part);
      if (!range) {
        return fail(Code::value, quoted(part) +
                                     " is not a date; '_lastUpdated' takes 2026, "
                                     "2026-11, 2026-11-23 or 2026-11-23T20:35:01Z, with "
                                     "eq, ne, gt, lt, ge, le, sa, eb or ap before it");
      }
      bound.range = *range;
      criterion.any.push_back(bound);
    }
    criteria_.updated.push_back(std::move(criterion));
    return ok();
  }

  Result<void> set_result(const Parameter& parameter) {
    criteria_.has_result_parameter = true;
    if (parameter.name == "_count") {
      return set_count(parameter.value);
    }
    if (parameter.name == "_sort") {
      return set_sort(parameter);
    }
    if (parameter.name == "_total") {
      return set_total(parameter.value);
    }
    if (parameter.value == "count") {
      criteria_.summary = Summary::count;
    } else if (parameter.value != "false") {
      return refuse(parameter, "'_summary' is offered with 'count' and 'false' only");
    }
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
    if (count == 0 && !overflow) {
      criteria_.summary = Summary::count;
    }
    criteria_.count =
        overflow ? count_max
                 : static_cast<std::uint32_t>(std::clamp<std::uint64_t>(count, 1, count_max));
    return ok();
  }

  Result<void> set_sort(const Parameter& parameter) {
    if (parameter.value == "_lastUpdated") {
      criteria_.order = Order::oldest_first;
    } else if (parameter.value == "-_lastUpdated") {
      criteria_.order = Order::newest_first;
    } else {
      return refuse(parameter,
                    "this server sorts by '_lastUpdated' and '-_lastUpdated' only, "
                    "not by " +
                        quoted(parameter.value));
    }
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

  Result<void> add_posting(const Parameter& parameter) {
    const auto param = fhir::param_id(parameter.name);
    if (!criteria_.scope.type) {
      return refuse(parameter, "search parameter " + quoted(parameter.name) +
                                   " needs a resource type: Patient/[id]/[type]?…");
    }
    const fhir::TypeId type = *criteria_.scope.type;
    const fhir::ParamRow* const row = param ? fhir::find_param(type, *param) : nullptr;
    if (row == nullptr) {
      return refuse_unknown(parameter);
    }
    if (!is_indexed(*row)) {
      return refuse(parameter, "search parameter " + quoted(parameter.name) + " of " +
                                   std::string(fhir::name(type)) +
                                   " is defined by the standard, but this server does not search "
                                   "by it yet");
    }
    PostingCriterion criterion;
    criterion.name = parameter.name;
    if (row->kind == fhir::ParamKind::reference) {
      return add_references(parameter, *row, std::move(criterion));
    }
    if (!parameter.modifier.empty()) {
      return refuse_modifier(parameter);
    }
    TRY(const auto parts, alternatives(parameter));
    for (const std::string_view part : parts) {
      TRY(auto prefix, token_value(type, *param, part));
      criterion.any.push_back(std::move(prefix));
    }
    criteria_.postings.push_back(std::move(criterion));
    return ok();
  }

  // https://hl7.org/fhir/R4/search.html#reference: [id], [type]/[id], [url], and :[type]=[id].
  Result<void> add_references(const Parameter& parameter, const fhir::ParamRow& row,
                              PostingCriterion criterion) {
    std::optional<fhir::TypeId> named;
    if (!parameter.modifier.empty()) {
      named = fhir::type_id(parameter.modifier);
      if (!named) {
        return refuse_modifier(parameter);
      }
    }
    TRY(const auto parts, alternatives(parameter));
    for (const std::string_view part : parts) {
      TRY(const std::string value, unescape(part));
      TRY_OK(add_reference_values(*criteria_.scope.type, row, named, value, criterion.any));
    }
    criteria_.postings.push_back(std::move(criterion));
    return ok();
  }

  Handling handling_;
  Criteria criteria_;
  std::size_t parameters_ = 0;
  std::size_t alternatives_ = 0;
};

}  // namespace

Result<Criteria> parse(Scope scope, std::string_view query, Handling handling) {
  return Parser(std::move(scope), handling).parse(query);
}

std::vector<SearchParameter> parameters_of(fhir::TypeId type) {
  std::vector<SearchParameter> known{{"_id", "token"}, {"_lastUpdated", "date"}};
  for (const fhir::ParamRow& row : fhir::params(type)) {
    if (is_indexed(row)) {
      known.push_back(
          {fhir::name(fhir::ParamId{row.code}), kind_names[static_cast<std::size_t>(row.kind)]});
    }
  }
  std::sort(known.begin(), known.end(),
            [](const SearchParameter& a, const SearchParameter& b) { return a.name < b.name; });
  return known;
}

}  // namespace holdfast::search
