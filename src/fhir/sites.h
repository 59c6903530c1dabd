// fhir/sites.h: where a resource must be changed when it is stored. decide() knows id, version,
// time and what references resolve to; with these spans it puts them in without reading the body
// again. Everything else stays byte for byte.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "fhir/json.h"
#include "fhir/type.h"

namespace holdfast::fhir {

/// Bytes [begin, end), relative to the resource's own first byte. Absent when both are 0.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  [[nodiscard]] bool present() const { return end != 0; }
  auto operator<=>(const Span&) const = default;
};

/// What the text of a site looks like.
enum class SiteKind : std::uint8_t {
  relative,     ///< Patient/123 or Patient/123/_history/4
  conditional,  ///< Patient?identifier=…
  urn,          ///< urn:uuid:… or urn:oid:…
  fragment,     ///< #p1: a resource contained in this one
  absolute,     ///< some scheme: http://…
  other,        ///< none of these
};

/// Which kind of element holds the text.
enum class SiteElement : std::uint8_t {
  reference,  ///< Reference.reference
  canonical,
  uri,
  url,
  oid,
  uuid,
  link,  ///< href or src in a narrative
};

/// A text that may name another resource. Includes those of contained resources and, in a Bundle,
/// of its entries; leaves out Extension.url, which names a definition.
struct Site {
  Span text;  ///< the characters between the quotes, escapes as written
  SiteKind kind = SiteKind::other;
  SiteElement element = SiteElement::reference;
  /// Of a relative or conditional one, and of an absolute one that ends in Type/id.
  std::optional<TypeId> type;
  /// The text holds JSON escapes (or, in a link, XML ones).
  bool escaped = false;
};

/// All places of one resource. Offsets are those of the Json it was made from: make it from a
/// minified one, and they fit the stored body `json.at(index).raw()`.
struct Sites {
  std::uint32_t type_end = 0;  ///< behind the value of resourceType
  Span id;                     ///< the characters of the id, without quotes
  Span meta;                   ///< the object with its braces
  Span version_id;             ///< the characters of meta.versionId, without quotes
  Span last_updated;           ///< the characters of meta.lastUpdated, without quotes
  std::vector<Site> sites;     ///< in order of their offsets

  /// Empties it and keeps the memory.
  void clear();
};

/// The places of the resource at `resource`. For one that check_resource() has passed all of them;
/// for any other JSON what can be found, and nothing breaks.
[[nodiscard]] Sites find_sites(JsonValue resource);

/// The characters of a site as they stand in the body.
[[nodiscard]] inline BytesView site_text(BytesView body, const Site& site) {
  return body.substr(site.text.begin, site.text.end - site.text.begin);
}

/// The value that those characters write. Points into `body` where nothing is escaped, else into
/// `scratch`.
[[nodiscard]] std::string_view site_value(BytesView body, const Site& site, std::string& scratch);

/// What a text looks like, and the type that it names: of a relative or conditional one, and of an
/// absolute one that ends in Type/id (with or without /_history/version).
struct Classified {
  SiteKind kind = SiteKind::other;
  std::optional<TypeId> type;
};
[[nodiscard]] Classified classify(std::string_view text);

/// "Patient/123" or "Patient/123/_history/4" taken apart.
struct LiteralReference {
  TypeId type{};
  std::string_view id;
  std::string_view version;  ///< empty where none is named
};
[[nodiscard]] std::optional<LiteralReference> parse_literal(std::string_view text);

/// A new text for one site; unescaped here, escaped when it is put in.
struct Replacement {
  std::uint32_t site = 0;
  BytesView text;
};

/// The body to store: with this id, meta.versionId and meta.lastUpdated in place of those it has,
/// or put in (id right behind resourceType, meta right behind id), and each replacement's text in
/// place of its site. Replacements are in ascending order of site, each site once at most.
/// Reads nothing but its arguments.
[[nodiscard]] Bytes compose(BytesView body, const Sites& sites, std::string_view id,
                            Version version, Time last_updated,
                            std::span<const Replacement> replacements = {});

}  // namespace holdfast::fhir
