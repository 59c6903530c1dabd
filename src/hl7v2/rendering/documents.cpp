#include "hl7v2/rendering/documents.h"

#include <fmt/format.h>

#include <algorithm>

#include "fhir/type.h"
#include "hl7v2/rendering/selector.h"
#include "hl7v2/rendering/tables.h"

namespace holdfast::hl7v2 {
namespace {

/// "Patient/1" and "Patient/1/_history/2" in their two first parts.
struct TypeAndId {
  std::string_view type;
  std::string_view id;
};
std::optional<TypeAndId> type_and_id(std::string_view reference) {
  const std::size_t slash = reference.find('/');
  if (slash == std::string_view::npos || !fhir::type_id(reference.substr(0, slash))) {
    return std::nullopt;
  }
  std::string_view id = reference.substr(slash + 1);
  if (const std::size_t end = id.find('/'); end != std::string_view::npos) {
    if (!id.substr(end).starts_with("/_history/")) {
      return std::nullopt;
    }
    id = id.substr(0, end);
  }
  return id.empty() ? std::nullopt : std::optional(TypeAndId{reference.substr(0, slash), id});
}

bool is_leaf(fhir::JsonValue value) { return !value.is_object() && !value.is_array(); }

/// The names under which every resource says what it is; an extension's url says what its value is.
bool names_only(fhir::JsonValue value) {
  const BytesView key = value.raw_key();
  return key == "resourceType" || key == "url";
}

}  // namespace

Result<Item> Documents::add(BytesView bytes, bool counted) {
  if (documents_.size() >= resources_max) {
    return fail(Code::too_large,
                fmt::format("more than {} resources for one message", resources_max));
  }
  TRY(fhir::Json json, reader_.read(Bytes(bytes)));
  if (!json.root().is_object()) {
    return fail(Code::syntax, "a resource is an object of JSON");
  }
  Document& made = documents_.emplace_back();
  made.json = std::move(json);
  made.counted = counted;
  made.marks.resize(made.json.value_count());
  return Item{static_cast<std::uint32_t>(documents_.size() - 1), 0, 0};
}

std::string_view Documents::keep(std::string text) { return kept_.emplace_back(std::move(text)); }

std::string_view Documents::text(const Item& item) {
  const fhir::JsonValue value = at(item);
  if (!value.is_string()) {
    return is_leaf(value) && !value.is_null() ? value.raw() : std::string_view();
  }
  return value.has_escapes() ? keep(value.text()) : value.raw_text();
}

std::uint32_t Documents::find(const Item& item, std::string_view name) const {
  const fhir::JsonValue of = at(item);
  if (!of.is_object() || name.empty()) {
    return no_member;
  }
  for (const fhir::JsonValue one : of.children()) {
    // Names of elements need no escapes: one that has some is none of the tables'.
    const BytesView key = one.raw_key();
    if (key.size() == name.size() && key.back() == name.back() && key == name &&
        !one.key_has_escapes()) {
      return one.index();
    }
  }
  return no_member;
}

std::optional<Item> Documents::member(const Item& item, std::string_view name) const {
  const Item found{item.document, find(item, name), item.via};
  return found.value != no_member && !at(found).is_null() ? std::optional(found) : std::nullopt;
}

std::string_view Documents::member_text(const Item& item, std::string_view name) {
  const std::optional<Item> found = member(item, name);
  return found ? text(*found) : std::string_view();
}

std::optional<Item> Documents::contained(const Item& from, std::string_view id) {
  std::map<std::string, std::uint32_t, std::less<>>& known = documents_[from.document].contained;
  const auto all = known.empty() ? member(Item{from.document, 0, 0}, "contained") : std::nullopt;
  if (all && at(*all).is_array()) {
    for (const fhir::JsonValue one : at(*all).children()) {
      if (const auto named = one.find("id"); named && named->is_string()) {
        known.try_emplace(named->text(), one.index());
      }
    }
  }
  const auto found = known.find(id);
  return found == known.end() ? std::nullopt : std::optional(Item{from.document, found->second, 0});
}

std::optional<Item> Documents::resolve(const Item& reference) {
  std::vector<std::uint32_t>& meant = documents_[reference.document].meant;
  if (meant.empty()) {
    meant.assign(documents_[reference.document].json.value_count(), not_asked);
  }
  std::uint32_t& known = meant[reference.value];
  if (known == not_asked) {
    const std::optional<Item> found = look_up(reference);
    if (found) {
      trail_.push_back({reference, *found});
    }
    known = found ? static_cast<std::uint32_t>(trail_.size() - 1) : nothing_meant;
  }
  if (known == nothing_meant) {
    return std::nullopt;
  }
  Item found = trail_[known].target;
  found.via = known;
  return found;
}

std::optional<Item> Documents::look_up(const Item& reference) {
  const std::string_view text =
      at(reference).is_object() ? member_text(reference, "reference") : this->text(reference);
  std::optional<Item> found;
  if (text.starts_with('#')) {
    found =
        text.size() == 1 ? Item{reference.document, 0, 0} : contained(reference, text.substr(1));
  } else if (const auto named = type_and_id(text); named && !failure_) {
    const std::string key = fmt::format("{}/{}", named->type, named->id);
    auto known = known_.find(key);
    if (known == known_.end()) {
      known = known_.try_emplace(key).first;
      Result<std::optional<Bytes>> bytes = record_.read(named->type, named->id);
      Result<Item> made = bytes && *bytes ? add(**bytes, true) : Result<Item>(Item{});
      if (!bytes || !made) {
        failure_ = bytes ? std::move(made).error() : std::move(bytes).error();
        return std::nullopt;
      }
      if (*bytes) {
        known->second = *made;
      }
    }
    found = known->second;
  }
  return found;
}

void Documents::mark(const Item& item, Mark mark) {
  Document& document = documents_[item.document];
  const std::uint32_t end = at(item).next_index();
  for (std::uint32_t i = item.value; i < end; ++i) {
    document.marks[i] = std::max(document.marks[i], mark, [](Mark a, Mark b) {
      return a == Mark::none || (a == Mark::aside && b == Mark::carried);
    });
  }
  document.is_used = document.is_used || mark == Mark::carried;
}

void Documents::carry(const Item& item) {
  mark(item, Mark::carried);
  follow(item);
}

void Documents::follow(const Item& item) {
  for (std::uint32_t via = item.via; via != 0;) {
    const Item reference = trail_[via].reference;
    mark(reference, Mark::aside);  // its display and type say the same
    if (const auto text = at(reference).is_object() ? member(reference, "reference") : reference) {
      mark(*text, Mark::carried);
    }
    via = reference.via;
  }
}

std::string Documents::name_of(const Document& document) const {
  const auto type = document.json.root().find("resourceType");
  const auto id = document.json.root().find("id");
  const std::string name = type && type->is_string() ? type->text() : std::string("resource");
  return id && id->is_string() ? fmt::format("{}/{}", name, id->text())
                               : fmt::format("the {} that changed", name);
}

std::string Documents::label(const Item& item) const { return name_of(documents_[item.document]); }

/// What aside.csv names, of each document and of what it contains.
void Documents::set_asides() {
  Selector selector(*this, {});
  const auto apply = [&](const Item& resource) {
    const std::string_view type_name = member_text(resource, "resourceType");
    const auto type = fhir::type_id(type_name);
    for (std::uint32_t i = 0; i < out::asides_count; ++i) {
      const out::AsideRow& row = out::asides[i];
      if (row.of == out::any_type || (type && row.of == type->value)) {
        for (const Item& one : selector.all(row.path, resource)) {
          set_aside(one);
        }
      }
    }
  };
  for (std::uint32_t i = 0; i < documents_.size(); ++i) {
    if (!documents_[i].counted || !documents_[i].is_used) {
      continue;
    }
    apply(Item{i, 0, 0});
    if (const auto inner = member(Item{i, 0, 0}, "contained"); inner && at(*inner).is_array()) {
      for (const fhir::JsonValue one : at(*inner).children()) {
        apply(Item{i, one.index(), 0});
      }
    }
  }
}

void Documents::account(Rendered& into) {
  set_asides();
  for (const Document& document : documents_) {
    if (!document.counted || !document.is_used) {
      continue;
    }
    const std::string name = name_of(document);
    for (std::uint32_t i = 1; i < document.json.value_count(); ++i) {
      const fhir::JsonValue value = document.json.at(i);
      if (!is_leaf(value) || value.is_null() || names_only(value)) {
        continue;
      }
      ++into.values;
      if (document.marks[i] == Mark::carried) {
        ++into.carried;
      } else if (document.marks[i] == Mark::aside) {
        ++into.set_aside;
      } else if (into.left.size() < left_max) {
        std::string shown = value.is_string() ? value.text() : std::string(value.raw());
        shown.resize(std::min(shown.size(), left_bytes_max));
        while (!shown.empty() && shown.size() == left_bytes_max &&
               (static_cast<unsigned char>(shown.back()) & 0x80U) != 0) {
          shown.pop_back();  // never half a character
        }
        into.left.push_back({name, document.json.path(i), std::move(shown)});
      }
    }
  }
}

}  // namespace holdfast::hl7v2
