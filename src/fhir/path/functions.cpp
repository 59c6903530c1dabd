#include "fhir/path/functions.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "base/text.h"

namespace holdfast::fhir::path {
namespace {

using enum Arguments;

// clang-format off
constexpr Function functions[] = {
  // existence
  {"empty", Op::is_empty, 0, 0, values, Input::any, Gives::boolean},
  {"exists", Op::exists, 0, 1, criteria, Input::any, Gives::boolean},
  {"all", Op::all, 1, 1, criteria, Input::any, Gives::boolean},
  {"allTrue", Op::all_true, 0, 0, values, Input::boolean, Gives::boolean},
  {"anyTrue", Op::any_true, 0, 0, values, Input::boolean, Gives::boolean},
  {"allFalse", Op::all_false, 0, 0, values, Input::boolean, Gives::boolean},
  {"anyFalse", Op::any_false, 0, 0, values, Input::boolean, Gives::boolean},
  {"subsetOf", Op::subset_of, 1, 1, values, Input::any, Gives::boolean},
  {"supersetOf", Op::superset_of, 1, 1, values, Input::any, Gives::boolean},
  {"count", Op::count, 0, 0, values, Input::any, Gives::integer},
  {"distinct", Op::distinct, 0, 0, values, Input::any, Gives::input},
  {"isDistinct", Op::is_distinct, 0, 0, values, Input::any, Gives::boolean},
  {"not", Op::negate, 0, 0, values, Input::any, Gives::boolean},
  // filtering and projection
  {"where", Op::where, 1, 1, criteria, Input::any, Gives::input},
  {"select", Op::select, 1, 1, criteria, Input::any, Gives::argument},
  {"repeat", Op::repeat, 1, 1, criteria, Input::any, Gives::unknown},
  {"ofType", Op::of_type, 1, 1, Arguments::type, Input::any, Gives::unknown},
  {"is", Op::is, 1, 1, Arguments::type, Input::any, Gives::boolean},
  {"as", Op::as, 1, 1, Arguments::type, Input::any, Gives::unknown},
  // subsetting and combining
  {"single", Op::single, 0, 0, values, Input::any, Gives::input},
  {"first", Op::first, 0, 0, values, Input::any, Gives::input},
  {"last", Op::last, 0, 0, values, Input::any, Gives::input},
  {"tail", Op::tail, 0, 0, values, Input::any, Gives::input},
  {"skip", Op::skip, 1, 1, values, Input::any, Gives::input, {}, Input::whole},
  {"take", Op::take, 1, 1, values, Input::any, Gives::input, {}, Input::whole},
  {"intersect", Op::intersect, 1, 1, values, Input::any, Gives::input},
  {"exclude", Op::exclude, 1, 1, values, Input::any, Gives::input},
  {"union", Op::union_with, 1, 1, values, Input::any, Gives::both},
  {"combine", Op::combine, 1, 1, values, Input::any, Gives::both},
  // conversion
  {"iif", Op::iif, 2, 3, conditional, Input::any, Gives::unknown},
  {"toBoolean", Op::to_type, 0, 0, values, Input::any, Gives::boolean, SystemType::boolean},
  {"toInteger", Op::to_type, 0, 0, values, Input::any, Gives::integer, SystemType::integer},
  {"toDecimal", Op::to_type, 0, 0, values, Input::any, Gives::decimal, SystemType::decimal},
  {"toString", Op::to_type, 0, 0, values, Input::any, Gives::string, SystemType::string},
  {"toDate", Op::to_type, 0, 0, values, Input::any, Gives::date, SystemType::date},
  {"toDateTime", Op::to_type, 0, 0, values, Input::any, Gives::date_time, SystemType::date_time},
  {"toTime", Op::to_type, 0, 0, values, Input::any, Gives::time, SystemType::time},
  {"toQuantity", Op::to_quantity, 0, 1, values, Input::any, Gives::quantity, SystemType::quantity, Input::text},
  {"convertsToBoolean", Op::converts_to, 0, 0, values, Input::any, Gives::boolean, SystemType::boolean},
  {"convertsToInteger", Op::converts_to, 0, 0, values, Input::any, Gives::boolean, SystemType::integer},
  {"convertsToDecimal", Op::converts_to, 0, 0, values, Input::any, Gives::boolean, SystemType::decimal},
  {"convertsToString", Op::converts_to, 0, 0, values, Input::any, Gives::boolean, SystemType::string},
  {"convertsToDate", Op::converts_to, 0, 0, values, Input::any, Gives::boolean, SystemType::date},
  {"convertsToDateTime", Op::converts_to, 0, 0, values, Input::any, Gives::boolean, SystemType::date_time},
  {"convertsToTime", Op::converts_to, 0, 0, values, Input::any, Gives::boolean, SystemType::time},
  {"convertsToQuantity", Op::converts_to_quantity, 0, 1, values, Input::any, Gives::boolean, SystemType::quantity, Input::text},
  // text
  {"indexOf", Op::index_of, 1, 1, values, Input::text, Gives::integer, {}, Input::text},
  {"lastIndexOf", Op::last_index_of, 1, 1, values, Input::text, Gives::integer, {}, Input::text},
  {"substring", Op::substring, 1, 2, values, Input::text, Gives::string, {}, Input::whole},
  {"startsWith", Op::starts_with, 1, 1, values, Input::text, Gives::boolean, {}, Input::text},
  {"endsWith", Op::ends_with, 1, 1, values, Input::text, Gives::boolean, {}, Input::text},
  {"contains", Op::contains_text, 1, 1, values, Input::text, Gives::boolean, {}, Input::text},
  {"upper", Op::upper, 0, 0, values, Input::text, Gives::string},
  {"lower", Op::lower, 0, 0, values, Input::text, Gives::string},
  {"replace", Op::replace, 2, 2, values, Input::text, Gives::string, {}, Input::text},
  {"matches", Op::matches, 1, 1, values, Input::text, Gives::boolean, {}, Input::text},
  {"matchesFull", Op::matches_full, 1, 1, values, Input::text, Gives::boolean, {}, Input::text},
  {"replaceMatches", Op::replace_matches, 2, 2, values, Input::text, Gives::string, {}, Input::text},
  {"length", Op::length, 0, 0, values, Input::text, Gives::integer},
  {"toChars", Op::to_chars, 0, 0, values, Input::text, Gives::string},
  {"trim", Op::trim, 0, 0, values, Input::text, Gives::string},
  {"split", Op::split, 1, 1, values, Input::text, Gives::string, {}, Input::text},
  {"join", Op::join, 0, 1, values, Input::text, Gives::string, {}, Input::text},
  {"encode", Op::encode, 1, 1, values, Input::text, Gives::string, {}, Input::text},
  {"decode", Op::decode, 1, 1, values, Input::text, Gives::string, {}, Input::text},
  {"escape", Op::escape, 1, 1, values, Input::text, Gives::string, {}, Input::text},
  {"unescape", Op::unescape, 1, 1, values, Input::text, Gives::string, {}, Input::text},
  // mathematics
  {"abs", Op::abs, 0, 0, values, Input::number, Gives::input},
  {"ceiling", Op::ceiling, 0, 0, values, Input::number, Gives::integer},
  {"exp", Op::exp, 0, 0, values, Input::number, Gives::decimal},
  {"floor", Op::floor, 0, 0, values, Input::number, Gives::integer},
  {"ln", Op::ln, 0, 0, values, Input::number, Gives::decimal},
  {"log", Op::log, 1, 1, values, Input::number, Gives::decimal, {}, Input::number},
  {"power", Op::power, 1, 1, values, Input::number, Gives::unknown, {}, Input::number},
  {"round", Op::round, 0, 1, values, Input::number, Gives::decimal, {}, Input::whole},
  {"sqrt", Op::sqrt, 0, 0, values, Input::number, Gives::decimal},
  {"truncate", Op::truncate, 0, 0, values, Input::number, Gives::integer},
  // trees and the rest
  {"children", Op::children, 0, 0, values, Input::any, Gives::unknown},
  {"descendants", Op::descendants, 0, 0, values, Input::any, Gives::unknown},
  {"trace", Op::trace, 1, 2, Arguments::trace, Input::any, Gives::input},
  {"now", Op::now, 0, 0, values, Input::any, Gives::date_time},
  {"today", Op::today, 0, 0, values, Input::any, Gives::date},
  {"timeOfDay", Op::time_of_day, 0, 0, values, Input::any, Gives::time},
  {"type", Op::type, 0, 0, values, Input::any, Gives::type_info},
  {"aggregate", Op::aggregate, 1, 2, Arguments::aggregate, Input::any, Gives::unknown},
  {"lowBoundary", Op::low_boundary, 0, 1, values, Input::bounded, Gives::input, {}, Input::whole},
  {"highBoundary", Op::high_boundary, 0, 1, values, Input::bounded, Gives::input, {}, Input::whole},
  {"precision", Op::precision, 0, 0, values, Input::bounded, Gives::integer},
  {"comparable", Op::comparable, 1, 1, values, Input::any, Gives::boolean},
  // FHIR
  {"extension", Op::extension, 1, 1, values, Input::nodes, Gives::extension, {}, Input::text},
  {"hasValue", Op::has_value, 0, 0, values, Input::any, Gives::boolean},
  {"getValue", Op::get_value, 0, 0, values, Input::any, Gives::unknown},
  {"resolve", Op::resolve, 0, 0, values, Input::reference, Gives::unknown},
  {"checkModifiers", Op::check_modifiers, 0, 64, values, Input::nodes, Gives::input, {}, Input::text},
  {"conformsTo", Op::conforms_to, 1, 1, values, Input::any, Gives::boolean, {}, Input::text},
  {"memberOf", Op::member_of, 1, 1, values, Input::any, Gives::boolean, {}, Input::text},
  {"subsumes", Op::subsumes, 1, 1, values, Input::any, Gives::boolean},
  {"subsumedBy", Op::subsumed_by, 1, 1, values, Input::any, Gives::boolean},
  {"htmlChecks", Op::html_checks, 0, 0, values, Input::any, Gives::boolean},
};
// clang-format on

}  // namespace

const Function* find_function(std::string_view name) {
  const auto* found = std::ranges::find(functions, name, &Function::name);
  return found != std::end(functions) ? found : nullptr;
}

std::string_view nearest_function(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Function& function : functions) {
    names.push_back(function.name);
  }
  return nearest(name, names).value_or("");
}

std::string_view refused_function(std::string_view name) {
  if (name == "elementDefinition" || name == "slice") {
    return "needs the profile that the element is validated against, which is not at hand here";
  }
  return "";
}

}  // namespace holdfast::fhir::path
