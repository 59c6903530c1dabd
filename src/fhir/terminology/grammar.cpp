#include "fhir/terminology/grammar.h"

#include <algorithm>
#include <array>
#include <string>

#include "fhir/terminology/tables.h"

namespace holdfast::fhir::terminology {
namespace {

constexpr std::string_view media_types = "urn:ietf:bcp:13";
constexpr std::string_view languages = "urn:ietf:bcp:47";
constexpr std::string_view units = "http://unitsofmeasure.org";
constexpr std::string_view countries = "urn:iso:std:iso:3166";
constexpr std::string_view subdivisions = "urn:iso:std:iso:3166:-2";
constexpr std::string_view currencies = "urn:iso:std:iso:4217";

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_alpha(char c) { return is_upper(c) || (c >= 'a' && c <= 'z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_alpha(c) || is_digit(c); }

template <class Test>
bool all(std::string_view text, const Test& test) {
  return !text.empty() && std::all_of(text.begin(), text.end(), test);
}

std::string_view take_until(std::string_view& rest, char end) {
  const std::string_view part = rest.substr(0, rest.find(end));
  rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  return part;
}

// RFC 6838 section 4.2: restricted-name.
bool is_media_name(std::string_view name) {
  return name.size() <= 127 &&
         all(name,
             [](char c) {
               return is_alnum(c) ||
                      std::string_view("!#$&-^_.+").find(c) != std::string_view::npos;
             }) &&
         is_alnum(name.front());
}

bool is_token(std::string_view text) {  // RFC 9110 section 5.6.2
  return all(text, [](char c) {
    return is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_quoted(std::string_view text) {
  return text.size() >= 2 && text.front() == '"' && text.back() == '"' &&
         text.substr(1, text.size() - 2).find('"') == std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) {
    text.remove_prefix(1);
  }
  while (text.ends_with(' ')) {
    text.remove_suffix(1);
  }
  return text;
}

// ISO 639-1, two letters each.
constexpr std::string_view iso_639_1 =
    "aaabaeafakamanarasavayazbabebgbhbibmbnbobrbscacechcocrcscucvcydadedvdzeeeleneoeseteufafffifjfo"
    "frfygagdglgngugvhahehihohrhthuhyhziaidieigiiikioisitiujajvkakgkikjkkklkmknkokrkskukvkwkylalblg"
    "lilnloltlulvmgmhmimkmlmnmrmsmtmynanbndnenlnnnonrnvnyocojomorospapiplpsptqurmrnrorurwsascsdsesg"
    "siskslsmsnsosqsrssstsusvswtatetgthtitktltntotrtstttwtyugukuruzvevivowawoxhyiyozazhzu";

bool is_iso_639_1(std::string_view language) {
  if (language.size() != 2) {
    return false;
  }
  for (std::size_t at = 0; at < iso_639_1.size(); at += 2) {
    if (same_folded(iso_639_1.substr(at, 2), language)) {
      return true;
    }
  }
  return false;
}

// ISO 3166-1 alpha-2: the value set iso3166-1-2 lists them.
bool is_country(std::string_view code) {
  const Tables in = built_in();
  const auto system = find_system(in, countries);
  if (system < 0 || code.size() != 2) {
    return false;
  }
  std::string upper(code);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return is_alpha(c) ? static_cast<char>(c & ~0x20) : c; });
  return find_concept(in, in.systems[static_cast<std::size_t>(system)], upper) >= 0;
}

bool is_region(std::string_view part) {
  return (part.size() == 2 && all(part, is_alpha)) || (part.size() == 3 && all(part, is_digit));
}

// RFC 5646 section 2.1: what may follow language and region; only its shape.
bool is_rest_of_language(std::string_view rest) {
  char singleton = 0;
  bool empty_extension = false;
  while (!rest.empty()) {
    const std::string_view part = take_until(rest, '-');
    if (!all(part, is_alnum) || part.size() > 8) {
      return false;
    }
    const bool is_private = singleton == 'x' || singleton == 'X';
    if (part.size() == 1 && !is_private) {
      if (empty_extension) {
        return false;
      }
      singleton = part[0];
      empty_extension = true;
      continue;
    }
    // A variant has five letters, or four of which the first is a digit.
    if (singleton == 0 && (part.size() < 4 || (part.size() == 4 && !is_digit(part[0])))) {
      return false;
    }
    empty_extension = false;
  }
  return !empty_extension;
}

Fit fit_shape(bool shape) { return shape ? Fit::shape : Fit::no; }

}  // namespace

bool has_grammar(std::string_view system) {
  constexpr std::array<std::string_view, 6> known{media_types, languages,    units,
                                                  countries,   subdivisions, currencies};
  return std::find(known.begin(), known.end(), system) != known.end();
}

Fit fit(std::string_view system, std::string_view code) {
  if (system == media_types) {
    return fit_media_type(code);
  }
  if (system == languages) {
    return fit_language(code);
  }
  if (system == units) {
    return fit_unit(code);
  }
  if (system == currencies) {
    return fit_shape(code.size() == 3 && all(code, is_upper));
  }
  if (system == countries) {  // alpha-2, alpha-3, numeric-3; subdivisions are often written so too
    const std::size_t bytes = code.size();
    const bool letters = (bytes == 2 || bytes == 3) && all(code, is_upper);
    const bool digits = bytes == 3 && all(code, is_digit);
    return fit_shape(letters || digits || fit(subdivisions, code) != Fit::no);
  }
  return fit_shape(code.size() >= 4 && code.size() <= 6 && all(code.substr(0, 2), is_upper) &&
                   code[2] == '-' && all(code.substr(3), is_alnum));
}

Fit fit_media_type(std::string_view code) {
  std::string_view rest = code;
  std::string_view name = trimmed(take_until(rest, ';'));
  const std::string_view type = take_until(name, '/');
  constexpr std::array<std::string_view, 11> types{"application", "audio", "example", "font",
                                                   "haptics",     "image", "message", "model",
                                                   "multipart",   "text",  "video"};
  const bool registered =
      std::any_of(types.begin(), types.end(), [type](auto t) { return same_folded(t, type); });
  if (!registered || !is_media_name(name)) {
    return Fit::no;
  }
  const bool ends_open = code.ends_with(';');
  while (!rest.empty()) {
    std::string_view value = trimmed(take_until(rest, ';'));
    const std::string_view key = take_until(value, '=');
    if (!is_token(key) || !(is_token(value) || is_quoted(value))) {
      return Fit::no;
    }
  }
  return ends_open ? Fit::no : Fit::yes;
}

Fit fit_language(std::string_view code) {
  std::string_view rest = code;
  const bool ends_open = code.ends_with('-');
  const std::string_view language = take_until(rest, '-');
  if (ends_open || language.size() > 8 || !all(language, is_alpha)) {
    return Fit::no;
  }
  if (language.size() == 1) {  // private use, and the grandfathered i-*
    const bool good = (language == "x" || language == "X" || language == "i") && !rest.empty() &&
                      is_rest_of_language("x-" + std::string(rest));
    return fit_shape(good);
  }
  if (rest.empty()) {
    return is_iso_639_1(language) ? Fit::yes : language.size() == 2 ? Fit::no : Fit::shape;
  }
  if (is_region(rest)) {
    const bool known = is_iso_639_1(language) && (rest.size() == 3 || is_country(rest));
    return known ? Fit::yes : Fit::shape;
  }
  // Extended languages and a script may stand between; then a region; then the others.
  for (int extended = 0; extended < 3 && rest.size() >= 3; ++extended) {
    const std::string_view part = rest.substr(0, rest.find('-'));
    if (part.size() != 3 || !all(part, is_alpha)) {
      break;
    }
    take_until(rest, '-');
  }
  if (const std::string_view part = rest.substr(0, rest.find('-'));
      part.size() == 4 && all(part, is_alpha)) {
    take_until(rest, '-');
  }
  if (is_region(rest.substr(0, rest.find('-')))) {
    take_until(rest, '-');
  }
  return fit_shape(is_rest_of_language(rest));
}

}  // namespace holdfast::fhir::terminology
