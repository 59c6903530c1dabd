#include "fhir/sites.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/time.h"
#include "fhir/json_text.h"
#include "fhir/primitive.h"
#include "fhir/walk.h"

namespace holdfast::fhir {

void Sites::clear() {
  type_end = 0;
  id = meta = version_id = last_updated = Span{};
  sites.clear();
}

Sites find_sites(JsonValue resource) {
  Sites sites;
  ElementWalk(resource.document(), {nullptr, &sites, nullptr, nullptr}).run(resource);
  return sites;
}

std::string_view site_value(BytesView body, const Site& site, std::string& scratch) {
  const BytesView written = site_text(body, site);
  if (!site.escaped) {
    return written;
  }
  scratch.clear();
  append_unescaped(scratch, written);
  return scratch;
}

// ---- what a text looks like -------------------------------------------------------------------

std::optional<LiteralReference> parse_literal(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto type = type_id(text.substr(0, slash));
  if (slash == std::string_view::npos || !type) {
    return std::nullopt;
  }
  LiteralReference found{*type, text.substr(slash + 1), {}};
  constexpr std::string_view history = "/_history/";
  if (const std::size_t at = found.id.find(history); at != std::string_view::npos) {
    found.version = found.id.substr(at + history.size());
    found.id = found.id.substr(0, at);
    if (!is_id(found.version)) {
      return std::nullopt;
    }
  }
  return is_id(found.id) ? std::optional(found) : std::nullopt;
}

namespace {

/// The last two segments of an address, before any /_history/version: "Patient/123".
std::string_view tail(std::string_view text) {
  constexpr std::string_view history = "/_history/";
  const std::size_t end = std::min(text.rfind(history), text.size());
  const std::size_t last = text.substr(0, end).rfind('/');
  if (last == std::string_view::npos || last == 0) {
    return text;
  }
  const std::size_t before = text.rfind('/', last - 1);
  return before == std::string_view::npos ? text : text.substr(before + 1);
}

/// RFC 3986 section 3.1: a letter, then letters, digits, + - . up to the colon.
bool has_scheme(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c == ':') {
      return i > 0;
    }
    if (!is_letter && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'))) {
      return false;
    }
  }
  return false;
}

}  // namespace

Classified classify(std::string_view text) {
  if (text.starts_with('#')) {
    return {SiteKind::fragment, {}};
  }
  if (text.starts_with("urn:uuid:") || text.starts_with("urn:oid:")) {
    return {SiteKind::urn, {}};
  }
  if (has_scheme(text)) {
    const auto literal = parse_literal(tail(text));
    return {SiteKind::absolute, literal ? std::optional(literal->type) : std::nullopt};
  }
  if (const auto literal = parse_literal(text)) {
    return {SiteKind::relative, literal->type};
  }
  if (const std::size_t mark = text.find('?'); mark != std::string_view::npos) {
    if (const auto type = type_id(text.substr(0, mark))) {
      return {SiteKind::conditional, type};
    }
  }
  return {SiteKind::other, {}};
}

// ---- finding them -----------------------------------------------------------------------------

Span ElementWalk::inside(JsonValue string) const {
  return {string.begin() + 1 - base_, string.end() - 1 - base_};
}

void ElementWalk::note_head(JsonValue resource) {
  Sites& to = *wanted_.sites;
  for (const JsonValue member : resource.children()) {
    const BytesView key = member.raw_key();
    if (key == "id" && member.is_string()) {
      to.id = inside(member);
    } else if (key == "meta" && member.is_object()) {
      to.meta = {member.begin() - base_, member.end() - base_};
      const auto version = member.find("versionId");
      const auto updated = member.find("lastUpdated");
      to.version_id = version && version->is_string() ? inside(*version) : Span{};
      to.last_updated = updated && updated->is_string() ? inside(*updated) : Span{};
    }
  }
}

void ElementWalk::note_site(JsonValue value, SiteElement element) {
  const std::string_view text = value.text(scratch_);
  // Most uris name a code system; what stands at their end does not matter.
  const bool is_plain_address = element != SiteElement::reference && text.starts_with("http");
  const Classified looks = is_plain_address ? Classified{SiteKind::absolute, {}} : classify(text);
  wanted_.sites->sites.push_back(
      Site{inside(value), looks.kind, element, looks.type, value.has_escapes()});
}

/// href and src in a narrative may name what the Bundle carries:
/// https://hl7.org/fhir/R4/http.html#trules
void ElementWalk::note_links(JsonValue div) {
  const BytesView raw = div.raw_text();
  const std::uint32_t first = div.begin() + 1 - base_;
  for (std::size_t at = raw.find('='); at != BytesView::npos; at = raw.find('=', at + 1)) {
    const BytesView before = raw.substr(0, at);
    if (!before.ends_with("href") && !before.ends_with("src")) {
      continue;
    }
    const BytesView behind = raw.substr(at + 1);
    const std::string_view quote = behind.starts_with("\\\"") ? "\\\"" : "'";
    if (!behind.starts_with(quote)) {
      continue;
    }
    const std::size_t begin = at + 1 + quote.size();
    const std::size_t end = raw.find(quote, begin);
    if (end == BytesView::npos) {
      return;
    }
    const BytesView text = raw.substr(begin, end - begin);
    const Classified looks = classify(text);
    wanted_.sites->sites.push_back(
        Site{{first + static_cast<std::uint32_t>(begin), first + static_cast<std::uint32_t>(end)},
             looks.kind,
             SiteElement::link,
             looks.type,
             text.find_first_of("\\&") != BytesView::npos});
    at = end;
  }
}

// ---- putting it together ----------------------------------------------------------------------

namespace {

/// Bytes [begin, end) of the body give way to `text`. An empty span is an insertion.
struct Edit {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  BytesView text;
  enum class Form : std::uint8_t { as_is, escaped } form = Form::as_is;
};

/// Edits in order of where they lie; insertions at one place stay as they were pushed.
void sort_edits(std::vector<Edit>& edits) {
  const Edit* first = edits.data();
  std::vector<std::pair<std::uint32_t, std::uint32_t>> order;  // begin, index
  order.reserve(edits.size());
  for (const Edit& edit : edits) {
    order.emplace_back(edit.begin, static_cast<std::uint32_t>(&edit - first));
  }
  std::ranges::sort(order);
  std::vector<Edit> sorted;
  sorted.reserve(edits.size());
  for (const auto& [begin, index] : order) {
    sorted.push_back(edits[index]);
  }
  edits = std::move(sorted);
}

}  // namespace

Bytes compose(BytesView body, const Sites& sites, std::string_view id, Version version,
              Time last_updated, std::span<const Replacement> replacements) {
  check(sites.type_end != 0 && sites.type_end < body.size(), "the sites are those of this body");
  check(is_id(id), "an id that we give is a FHIR id");
  const std::string version_text = std::to_string(version.value);
  const std::string updated_text = to_instant(last_updated);
  const Bytes new_id = ",\"id\":\"" + std::string(id) + '"';
  Bytes new_meta = "\"versionId\":\"" + version_text + "\",\"lastUpdated\":\"" + updated_text + '"';
  const Bytes only_version = "\"versionId\":\"" + version_text + "\",";
  const Bytes only_updated = "\"lastUpdated\":\"" + updated_text + "\",";

  std::vector<Edit> edits;
  edits.reserve(replacements.size() + 3);
  if (sites.id.present()) {
    edits.push_back({sites.id.begin, sites.id.end, id});
  } else {
    edits.push_back({sites.type_end, sites.type_end, new_id});
  }
  if (!sites.meta.present()) {
    const std::uint32_t at = sites.id.present() ? sites.id.end + 1 : sites.type_end;
    new_meta = ",\"meta\":{" + new_meta + '}';
    edits.push_back({at, at, new_meta});
  } else {
    const std::uint32_t at = sites.meta.begin + 1;
    const bool has_version = sites.version_id.present();
    const bool has_updated = sites.last_updated.present();
    if (!has_version && !has_updated) {
      new_meta += body[at] == '}' ? "" : ",";
      edits.push_back({at, at, new_meta});
    } else {
      edits.push_back(has_version ? Edit{sites.version_id.begin, sites.version_id.end, version_text}
                                  : Edit{at, at, only_version});
      edits.push_back(has_updated
                          ? Edit{sites.last_updated.begin, sites.last_updated.end, updated_text}
                          : Edit{at, at, only_updated});
    }
  }
  std::size_t bytes = body.size();
  for (const Replacement& one : replacements) {
    check(one.site < sites.sites.size(), "a replacement names a site");
    const Span span = sites.sites[one.site].text;
    edits.push_back({span.begin, span.end, one.text, Edit::Form::escaped});
  }
  sort_edits(edits);
  for (const Edit& edit : edits) {
    bytes += edit.text.size();
  }
  Bytes out;
  out.reserve(bytes);
  std::uint32_t done = 0;
  for (const Edit& edit : edits) {
    check(edit.begin >= done && edit.begin <= edit.end && edit.end <= body.size(),
          "edits lie in the body and do not overlap");
    out.append(body.substr(done, edit.begin - done));
    if (edit.form == Edit::Form::escaped) {
      append_json_escaped(out, edit.text);
    } else {
      out.append(edit.text);
    }
    done = edit.end;
  }
  out.append(body.substr(done));
  return out;
}

}  // namespace holdfast::fhir
