#include "clinical/blood_words.h"

#include <algorithm>

namespace holdfast::clinical {
namespace {

/// In lower case, with single blanks.
std::string plain(std::string_view text) {
  std::string words;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (blank && (words.empty() || words.back() == ' ')) {
      continue;
    }
    words.push_back(blank ? ' ' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  while (words.ends_with(' ')) {
    words.pop_back();
  }
  return words;
}

}  // namespace

std::string text_in(fhir::JsonValue object, std::string_view key) {
  const auto member = object.find(key);
  return member && member->is_string() ? member->text() : std::string();
}

Concept concept_of(std::optional<fhir::JsonValue> value) {
  Concept found;
  if (!value) {
    return found;
  }
  if (value->is_string()) {
    found.words.push_back(value->text());
    return found;
  }
  if (std::string text = text_in(*value, "text"); !text.empty()) {
    found.words.push_back(std::move(text));
  }
  if (const auto codings = value->find("coding")) {
    for (const fhir::JsonValue one : codings->children()) {
      found.codes.push_back({text_in(one, "system"), text_in(one, "code")});
      for (const std::string_view key : {"display", "code"}) {
        if (std::string text = text_in(one, key); !text.empty()) {
          found.words.push_back(std::move(text));
        }
      }
    }
  }
  return found;
}

Concept value_of(fhir::JsonValue object) {
  for (const std::string_view key : {"valueCodeableConcept", "valueString"}) {
    if (const auto value = object.find(key)) {
      return concept_of(value);
    }
  }
  return {};
}

std::vector<Concept> extensions_of(fhir::JsonValue resource, std::string_view url) {
  std::vector<Concept> all;
  if (const auto extensions = resource.find("extension")) {
    for (const fhir::JsonValue one : extensions->children()) {
      if (const auto its = one.find("url"); its && its->equals(url)) {
        all.push_back(value_of(one));
      }
    }
  }
  return all;
}

bool has(const std::vector<Coding>& codes, const Concept& said) {
  return std::ranges::any_of(
      said.codes, [&](const Coding& one) { return std::ranges::find(codes, one) != codes.end(); });
}

bool says(const Said& known, const Concept& said) {
  return has(known.codes, said) || std::ranges::any_of(said.words, [&](const std::string& word) {
           return std::ranges::find(known.words, plain(word)) != known.words.end();
         });
}

std::optional<TimeRange> range_at(fhir::JsonValue object,
                                  std::initializer_list<std::string_view> paths) {
  for (const std::string_view path : paths) {
    const std::size_t dot = path.find('.');
    auto at = object.find(path.substr(0, dot));
    if (at && dot != std::string_view::npos) {
      at = at->find(path.substr(dot + 1));
    }
    const auto range = at && at->is_string() ? parse_date_time(at->text()) : std::nullopt;
    if (range) {
      return range;
    }
  }
  return {};
}

std::optional<Time> time_at(fhir::JsonValue object, std::initializer_list<std::string_view> paths) {
  const auto range = range_at(object, paths);
  return range ? std::optional(range->from) : std::nullopt;
}

}  // namespace holdfast::clinical
