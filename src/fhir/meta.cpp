#include "fhir/meta.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace holdfast::fhir {
namespace {

// The lists of a Meta that these operations are about.
constexpr std::array<std::string_view, 3> lists{"profile", "security", "tag"};

// What makes two entries of a list the same: the text of a profile, system and code of a Coding.
std::string identity(JsonValue entry) {
  if (entry.is_string()) {
    return entry.text();
  }
  std::string both;
  for (const char* part : {"system", "code"}) {
    const auto member = entry.find(part);
    append_text(both, member && member->is_string() ? member->text() : std::string());
  }
  return both;
}

std::optional<JsonValue> list_of(std::optional<JsonValue> meta, std::string_view name) {
  const auto list = meta ? meta->find(name) : std::nullopt;
  return list && list->is_array() ? list : std::nullopt;
}

bool holds(std::optional<JsonValue> list, const std::string& wanted) {
  if (!list) {
    return false;
  }
  const JsonChildren entries = list->children();
  return std::any_of(entries.begin(), entries.end(),
                     [&](JsonValue entry) { return identity(entry) == wanted; });
}

Result<JsonValue> meta_of(JsonValue parameters) {
  const auto all = parameters.find("parameter");
  const auto type = parameters.find("resourceType");
  if (!type || !type->is_string() || !type->equals("Parameters") || !all || !all->is_array() ||
      all->size() != 1) {
    return fail(Code::structure, "send Parameters with one parameter, named meta, of type Meta",
                "Parameters.parameter");
  }
  const JsonValue only = *all->children().begin();
  const auto name = only.find("name");
  const auto meta = only.find("valueMeta");
  if (!name || !name->is_string() || !name->equals("meta") || !meta || !meta->is_object()) {
    return fail(Code::structure, "the one parameter is named meta and has a valueMeta",
                "Parameters.parameter[0]");
  }
  return *meta;
}

// One list as it should be, or "" for none.
enum class Edit : std::uint8_t { add, remove };
Bytes edited_list(std::optional<JsonValue> before, std::optional<JsonValue> named, Edit edit) {
  std::vector<BytesView> kept;
  if (before) {
    for (const JsonValue entry : before->children()) {
      if (edit == Edit::add || !holds(named, identity(entry))) {
        kept.push_back(entry.raw());
      }
    }
  }
  if (edit == Edit::add && named) {
    std::set<std::string> added;
    for (const JsonValue entry : named->children()) {
      if (!holds(before, identity(entry)) && added.insert(identity(entry)).second) {
        kept.push_back(entry.raw());
      }
    }
  }
  return kept.empty() ? Bytes() : fmt::format("[{}]", fmt::join(kept, ","));
}

void append_member(Bytes& to, std::string_view key, BytesView json) {
  to.append(to.back() == '{' ? "" : ",");
  to.append("\"").append(key).append("\":").append(json);
}

// Members that are no list of ours stay; "_profile" goes with its profile where that changes.
Bytes edited_meta(std::optional<JsonValue> before, JsonValue named, Edit edit) {
  Bytes meta = "{";
  std::array<bool, lists.size()> done{};
  if (before) {
    for (const JsonValue member : before->children()) {
      const auto* const list = std::ranges::find(lists, member.raw_key());
      if (list == lists.end() || !member.is_array()) {
        if (member.raw_key() != "_profile" || !list_of(named, "profile")) {
          append_member(meta, member.raw_key(), member.raw());
        }
        continue;
      }
      done[static_cast<std::size_t>(list - lists.begin())] = true;
      if (const Bytes edited = edited_list(member, list_of(named, *list), edit); !edited.empty()) {
        append_member(meta, *list, edited);
      }
    }
  }
  for (std::size_t i = 0; i < lists.size(); ++i) {
    const Bytes edited =
        done[i] ? Bytes() : edited_list(std::nullopt, list_of(named, lists[i]), edit);
    if (!edited.empty()) {
      append_member(meta, lists[i], edited);
    }
  }
  return meta + "}";
}

Result<Bytes> edited(JsonValue resource, JsonValue parameters, Edit edit) {
  TRY(const JsonValue named, meta_of(parameters));
  const auto before = resource.find("meta");
  const Bytes meta = edited_meta(before, named, edit);
  Bytes whole = "{";
  for (const JsonValue member : resource.children()) {
    const bool is_meta = before && member.index() == before->index();
    append_member(whole, member.raw_key(), is_meta ? BytesView(meta) : member.raw());
  }
  if (!before && meta != "{}") {
    append_member(whole, "meta", meta);
  }
  return whole + "}";
}

}  // namespace

Result<Bytes> add_meta(JsonValue resource, JsonValue parameters) {
  return edited(resource, parameters, Edit::add);
}

Result<Bytes> delete_meta(JsonValue resource, JsonValue parameters) {
  return edited(resource, parameters, Edit::remove);
}

void MetaUnion::add(JsonValue resource) {
  const auto meta = resource.find("meta");
  for (std::size_t i = 0; i < lists.size(); ++i) {
    const auto list = list_of(meta, lists[i]);
    if (!list) {
      continue;
    }
    for (const JsonValue entry : list->children()) {
      if (seen_.emplace(i, identity(entry)).second) {
        entries_.emplace(i, Bytes(entry.raw()));
      }
    }
  }
}

Bytes MetaUnion::json() const {
  Bytes meta = "{";
  for (std::size_t i = 0; i < lists.size(); ++i) {
    std::vector<BytesView> entries;
    for (const auto& [list, bytes] : entries_) {
      if (list == i) {
        entries.emplace_back(bytes);
      }
    }
    if (!entries.empty()) {
      append_member(meta, lists[i], fmt::format("[{}]", fmt::join(entries, ",")));
    }
  }
  return meta + "}";
}

}  // namespace holdfast::fhir
