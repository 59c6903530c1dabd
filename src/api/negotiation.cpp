#include "api/negotiation.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.h"
#include "base/time.h"

namespace holdfast::api {
namespace {

std::string_view unquote(std::string_view text) {
  return text.size() >= 2 && text.front() == '"' && text.back() == '"'
             ? text.substr(1, text.size() - 2)
             : text;
}

// The part up to the next `separator` outside quotes, taken off `rest`.
std::string_view take_part(std::string_view& rest, char separator) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < rest.size(); ++end) {
    if (rest[end] == '\\' && quoted && end + 1 < rest.size()) {
      ++end;
    } else if (rest[end] == '"') {
      quoted = !quoted;
    } else if (rest[end] == separator && !quoted) {
      break;
    }
  }
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(rest.size(), end + 1));
  return trimmed(part);
}

enum class Charset : std::uint8_t { utf_8, other };
enum class FhirVersion : std::uint8_t { r4, other };

// Qvalues in thousandths. RFC 9110 section 12.4.2
constexpr unsigned quality_max = 1000;

unsigned parse_quality(std::string_view text) {
  if (!text.starts_with('0')) {
    return quality_max;
  }
  unsigned quality = 0;
  unsigned place = quality_max / 10;
  for (const char digit : text.substr(std::min<std::size_t>(text.size(), 2))) {
    if (digit < '0' || digit > '9') {
      break;
    }
    quality += static_cast<unsigned>(digit - '0') * place;
    place /= 10;
  }
  return quality;
}

// RFC 9110 section 8.3.1, as far as it matters here.
struct MediaType {
  std::string_view essence;
  Charset charset = Charset::utf_8;
  FhirVersion version = FhirVersion::r4;
  unsigned quality = quality_max;
};

MediaType parse_media_type(std::string_view text) {
  MediaType media;
  media.essence = take_part(text, ';');
  while (!text.empty()) {
    std::string_view parameter = take_part(text, ';');
    const std::string_view key = take_part(parameter, '=');
    const std::string_view value = unquote(trimmed(parameter));
    if (same_text(key, "charset")) {
      media.charset =
          same_text(value, "utf-8") || same_text(value, "utf8") ? Charset::utf_8 : Charset::other;
    } else if (same_text(key, "fhirVersion")) {
      media.version = value == "4.0" || value == "4.0.1" ? FhirVersion::r4 : FhirVersion::other;
    } else if (same_text(key, "q")) {
      media.quality = parse_quality(value);
    }
  }
  return media;
}

std::optional<Format> format_named(std::string_view essence) {
  if (same_text(essence, "application/fhir+json") || same_text(essence, "application/json") ||
      same_text(essence, "text/json")) {
    return Format::json;
  }
  if (same_text(essence, "application/fhir+xml") || same_text(essence, "application/xml") ||
      same_text(essence, "text/xml")) {
    return Format::xml;
  }
  return std::nullopt;
}

bool is_ours(const MediaType& media) {
  return media.version == FhirVersion::r4 && media.charset == Charset::utf_8;
}

// What Accept says of one format: the most specific range that fits counts, and of several the one
// that is liked best.
struct Liking {
  enum class Range : std::uint8_t { none, all, application, named };
  Range range = Range::none;
  unsigned quality = 0;
  std::size_t at = 0;  // place in the list

  void hear(Range said, unsigned said_quality, std::size_t place) {
    const bool is_better = said > range || (said == range && said_quality > quality);
    if (said != Range::none && is_better) {
      *this = {said, said_quality, place};
    }
  }
};

// The range of one format, where `named` is what the range names.
Liking::Range range_of(const MediaType& media, std::optional<Format> named, Format format) {
  if (named) {
    return *named == format ? Liking::Range::named : Liking::Range::none;
  }
  if (same_text(media.essence, "application/*")) {
    return Liking::Range::application;
  }
  return media.essence == "*/*" ? Liking::Range::all : Liking::Range::none;
}

bool likes_better(const Liking& one, const Liking& other) {
  if (one.quality != other.quality) {
    return one.quality > other.quality;
  }
  return one.range != other.range ? one.range > other.range : one.at < other.at;
}

Result<std::string_view> only_content_type(const Headers& headers, std::string_view wanted) {
  const auto all = headers.all("Content-Type");
  if (all.size() != 1) {
    return fail(Code::media_type,
                fmt::format("{} Content-Type header: send one, {}",
                            all.empty() ? "no" : "more than one", wanted),
                "http.Content-Type");
  }
  return all.front();
}

constexpr std::string_view accepted_types =
    "application/fhir+json or application/fhir+xml, with charset=utf-8 and fhirVersion=4.0 if they "
    "are named";

// https://hl7.org/fhir/R4/http.html#mime-type: the short forms of _format; '+' may have become ' '.
std::optional<Format> format_of_parameter(std::string_view format) {
  if (format == "json" || same_text(format, "application/fhir json")) {
    return Format::json;
  }
  if (format == "xml" || same_text(format, "application/fhir xml")) {
    return Format::xml;
  }
  return format_named(format);
}

// W/"3" without its dress; nothing if it is no entity tag.
std::optional<std::string_view> opaque_tag(std::string_view tag) {
  tag = trimmed(tag);
  if (tag.starts_with("W/")) {
    tag.remove_prefix(2);
  }
  if (tag.size() < 2 || tag.front() != '"' || tag.back() != '"') {
    return std::nullopt;
  }
  tag = tag.substr(1, tag.size() - 2);
  return tag.find('"') == std::string_view::npos ? std::optional(tag) : std::nullopt;
}

}  // namespace

Preferences preferences(const Headers& headers) {
  Preferences preferences;
  for (std::string_view list : headers.all("Prefer")) {
    while (!list.empty()) {
      // RFC 7240: a preference may have parameters behind ';'; FHIR clients also write one.
      std::string_view preference = take_part(list, ',');
      while (!preference.empty()) {
        std::string_view part = take_part(preference, ';');
        const std::string_view key = take_part(part, '=');
        const std::string_view value = unquote(trimmed(part));
        if (same_text(key, "return") && preferences.content == Return::unspecified) {
          preferences.content = same_text(value, "minimal")            ? Return::minimal
                                : same_text(value, "representation")   ? Return::representation
                                : same_text(value, "OperationOutcome") ? Return::operation_outcome
                                                                       : Return::unspecified;
        } else if (same_text(key, "handling") && same_text(value, "lenient")) {
          preferences.handling = Handling::lenient;
        }
      }
    }
  }
  return preferences;
}

Result<Format> content_format(const Headers& headers) {
  TRY(const std::string_view text, only_content_type(headers, accepted_types));
  const MediaType media = parse_media_type(text);
  if (const auto format = format_named(media.essence); format && is_ours(media)) {
    return *format;
  }
  return fail(Code::media_type,
              fmt::format("Content-Type '{}' is not read here; send {}", text, accepted_types),
              "http.Content-Type");
}

std::string accept_patch() { return fmt::format("{}", fmt::join(patch_types, ", ")); }

std::optional<PatchForm> patch_form_named(std::string_view media_type) {
  const MediaType media = parse_media_type(media_type);
  if (media.charset != Charset::utf_8) {
    return std::nullopt;
  }
  if (same_text(media.essence, patch_types[0])) {
    return PatchForm::json_patch;
  }
  return same_text(media.essence, patch_types[1]) ? std::optional(PatchForm::xml_patch)
                                                  : std::nullopt;
}

Result<PatchContent> patch_content(const Headers& headers) {
  TRY(const std::string_view text, only_content_type(headers, accept_patch()));
  if (const auto form = patch_form_named(text)) {
    return PatchContent{*form, *form == PatchForm::xml_patch ? Format::xml : Format::json};
  }
  if (const auto format = content_format(headers)) {
    return PatchContent{PatchForm::fhirpath_patch, *format};
  }
  return fail(
      Code::media_type,
      fmt::format("Content-Type '{}' is no patch that is read here; send {}", text, accept_patch()),
      "http.Content-Type");
}

Result<void> check_form_type(const Headers& headers) {
  constexpr std::string_view form = "application/x-www-form-urlencoded";
  TRY(const std::string_view text, only_content_type(headers, form));
  const MediaType media = parse_media_type(text);
  if (same_text(media.essence, form) && media.charset == Charset::utf_8) {
    return ok();
  }
  return fail(Code::media_type,
              fmt::format("Content-Type '{}' is not read here; _search takes {}", text, form),
              "http.Content-Type");
}

Result<Format> reply_format(const Headers& headers, const std::vector<Parameter>& parameters) {
  std::optional<Format> by_parameter;
  for (const Parameter& parameter : parameters) {
    if (parameter.name == "_format") {
      std::string_view format = parameter.value;
      by_parameter = format_of_parameter(take_part(format, ';'));
      if (!by_parameter) {
        return fail(
            Code::media_type,
            fmt::format("_format '{}' is not written here: use json or xml", parameter.value),
            "http._format");
      }
    }
  }
  if (by_parameter) {
    return *by_parameter;
  }
  Liking json;
  Liking xml;
  std::size_t place = 0;
  const auto lists = headers.all("Accept");
  for (std::string_view list : lists) {
    while (!list.empty()) {
      const MediaType media = parse_media_type(take_part(list, ','));
      if (is_ours(media)) {
        const auto named = format_named(media.essence);
        json.hear(range_of(media, named, Format::json), media.quality, place);
        xml.hear(range_of(media, named, Format::xml), media.quality, place);
      }
      ++place;
    }
  }
  if (place == 0) {  // no Accept, or an empty one
    return headers.has("Content-Type") ? content_format(headers).value_or(Format::json)
                                       : Format::json;
  }
  if (json.quality == 0 && xml.quality == 0) {
    return fail(Code::media_type,
                fmt::format("Accept '{}' leaves out JSON and XML, and this server writes nothing "
                            "else: accept application/fhir+json (fhirVersion=4.0)",
                            lists.front()),
                "http.Accept");
  }
  return likes_better(xml, json) ? Format::xml : Format::json;
}

Result<Rendering> rendering(const Headers& headers, const std::vector<Parameter>& parameters) {
  std::optional<std::string_view> format;
  for (const Parameter& one : parameters) {
    format = one.name == "_format" ? std::optional<std::string_view>(one.value) : format;
  }
  if (format) {
    if (*format == "html" || same_text(*format, "text/html")) {
      return Rendering::page;
    }
    if (format_of_parameter(*format) == Format::json) {
      return Rendering::document;
    }
    return fail(Code::media_type,
                fmt::format("_format '{}' is not written here: use json or html", *format),
                "http._format");
  }
  Liking document;
  Liking page;
  std::size_t place = 0;
  for (std::string_view list : headers.all("Accept")) {
    while (!list.empty()) {
      const MediaType media = parse_media_type(take_part(list, ','));
      document.hear(range_of(media, format_named(media.essence), Format::json), media.quality,
                    place);
      const bool is_page = same_text(media.essence, "text/html");
      page.hear(is_page                              ? Liking::Range::named
                : same_text(media.essence, "text/*") ? Liking::Range::application
                : media.essence == "*/*"             ? Liking::Range::all
                                                     : Liking::Range::none,
                media.quality, place);
      ++place;
    }
  }
  if (place > 0 && document.quality == 0 && page.quality == 0) {
    return fail(Code::media_type,
                "Accept leaves out what this is written in: accept application/json or text/html",
                "http.Accept");
  }
  return likes_better(page, document) ? Rendering::page : Rendering::document;
}

Result<std::optional<std::string_view>> condition(const Headers& headers, std::string_view name) {
  const auto all = headers.all(name);
  if (all.empty()) {
    return std::optional<std::string_view>();
  }
  if (all.size() > 1 || trimmed(all.front()).empty()) {
    return fail(Code::syntax,
                fmt::format("{} is {}: send it once, with a value, or leave it out", name,
                            all.size() > 1 ? "there more than once" : "empty"),
                fmt::format("http.{}", name));
  }
  return std::optional(trimmed(all.front()));
}

Result<void> refuse_conditions(const Headers& headers,
                               std::initializer_list<std::string_view> names,
                               std::string_view what) {
  for (const std::string_view name : names) {
    if (headers.has(name)) {
      return fail(Code::unsupported,
                  fmt::format("{} is not supported for {}; leave it out", name, what),
                  fmt::format("http.{}", name));
    }
  }
  return ok();
}

Result<Layout> layout(const std::vector<Parameter>& parameters) {
  Layout layout = Layout::compact;
  for (const Parameter& parameter : parameters) {
    if (parameter.name == "_pretty") {
      if (parameter.value != "true" && parameter.value != "false") {
        return fail(Code::value, fmt::format("_pretty is true or false, not '{}'", parameter.value),
                    "http._pretty");
      }
      layout = parameter.value == "true" ? Layout::indented : Layout::compact;
    }
  }
  return layout;
}

Result<std::optional<Version>> if_match(std::string_view text) {
  text = trimmed(text);
  if (text == "*") {
    return fail(Code::unsupported,
                "If-Match: * is not supported; name the version that you have read",
                "http.If-Match");
  }
  std::string_view rest = text;
  const std::string_view first = take_part(rest, ',');
  if (!rest.empty()) {
    return fail(Code::unsupported, "If-Match with several versions is not supported; name one",
                "http.If-Match");
  }
  const auto tag = opaque_tag(first);
  if (!tag) {
    return fail(Code::syntax, fmt::format("If-Match '{}' is no entity tag; write W/\"3\"", text),
                "http.If-Match");
  }
  // A tag that this server never gave is no version of anything: it cannot match.
  const auto version = parse_count(*tag);
  if (!version || *version == 0) {
    return fail(Code::precondition,
                fmt::format("If-Match '{}' is no version of this resource", text), "http.If-Match");
  }
  return std::optional(Version{*version});
}

std::string entity_tag(Version version) { return fmt::format("W/\"{}\"", version.value); }

bool is_not_modified(std::optional<std::string_view> if_none_match,
                     std::optional<std::string_view> if_modified_since, Version version,
                     Time modified) {
  if (if_none_match) {
    if (trimmed(*if_none_match) == "*") {
      return true;
    }
    const std::string wanted = std::to_string(version.value);
    std::string_view rest = *if_none_match;
    while (!rest.empty()) {
      if (opaque_tag(take_part(rest, ',')) == wanted) {
        return true;
      }
    }
    return false;
  }
  const auto since = if_modified_since ? from_http_date(*if_modified_since) : std::nullopt;
  // HTTP dates have whole seconds: what was modified within that second counts as seen, as it does
  // for every server whose Last-Modified is rounded down.
  return since && modified.ms / 1000 <= since->ms / 1000;
}

}  // namespace holdfast::api
