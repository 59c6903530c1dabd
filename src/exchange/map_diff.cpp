#include "exchange/map_diff.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "exchange/incoming.h"
#include "hl7v2/mapping/map.h"

namespace holdfast::exchange {
namespace {

using Leaves = std::map<std::string, std::string>;

void flatten(Leaves& leaves, const std::string& path, fhir::JsonValue value) {
  if (value.is_object()) {
    for (const fhir::JsonValue member : value.children()) {
      std::string scratch;
      flatten(leaves, fmt::format("{}.{}", path, member.key(scratch)), member);
    }
    return;
  }
  if (value.is_array()) {
    std::size_t index = 0;
    for (const fhir::JsonValue element : value.children()) {
      flatten(leaves, fmt::format("{}[{}]", path, index++), element);
    }
    return;
  }
  leaves[path] = value.raw();
}

/// A draft's body in which it is said which of the other drafts is meant.
Bytes named(const hl7v2::Draft& draft, const std::vector<std::string>& names) {
  Bytes body;
  std::size_t done = 0;
  for (const hl7v2::LocalReference& reference : draft.references) {
    body += BytesView(draft.body).substr(done, reference.offset - done);
    body += names[reference.to.value - 1];
    done = reference.offset + reference.bytes;
  }
  body += BytesView(draft.body).substr(done);
  return body;
}

struct Side {
  std::optional<Error> failed;
  Leaves leaves;
  std::uint32_t unmapped = 0;
};

Result<Side> map_one(const Incoming& incoming, const Neighbour& neighbour,
                     fhir::JsonReader& reader) {
  Side side;
  if (incoming.refusal) {
    side.failed = Error{Code::syntax, incoming.refusal->what, incoming.refusal->where, {}};
    return side;
  }
  const auto mapped =
      hl7v2::map(*incoming.message, hl7v2::MapInput{neighbour.overlay, neighbour.identifiers});
  if (!mapped) {
    side.failed = mapped.error();
    return side;
  }
  side.unmapped = mapped->report.unmapped();
  std::map<fhir::TypeId, std::size_t> numbers;
  std::vector<std::string> names;
  for (const hl7v2::Draft& draft : mapped->drafts) {
    names.push_back(fmt::format("{}#{}", fhir::name(draft.type), ++numbers[draft.type]));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const hl7v2::Draft& draft = mapped->drafts[i];
    TRY(const fhir::Json json, reader.read(named(draft, names)));
    flatten(side.leaves, names[i], json.root());
    for (std::size_t id = 0; id < draft.find.size(); ++id) {
      side.leaves[fmt::format("{}.found by[{}]", names[i], id)] = draft.find[id].token();
    }
  }
  return side;
}

}  // namespace

std::string MapChange::kind() const {
  std::string kind;
  bool skipping = false;
  for (const char c : path) {
    if (c == '#' || c == '[') {
      skipping = true;
    } else if (c == '.') {
      skipping = false;
    }
    if (!skipping) {
      kind.push_back(c);
    }
  }
  return kind;
}

Result<MapDiff> diff_maps(const Bytes& message, const Neighbour& before, const Neighbour& after,
                          fhir::JsonReader& reader) {
  const Incoming first(before, message);
  const Incoming second(after, message);
  MapDiff diff;
  diff.type = first.type;
  diff.control_id = first.control_id;
  TRY(Side old_side, map_one(first, before, reader));
  TRY(Side new_side, map_one(second, after, reader));
  diff.before = std::move(old_side.failed);
  diff.after = std::move(new_side.failed);
  diff.unmapped_before = old_side.unmapped;
  diff.unmapped_after = new_side.unmapped;
  if (diff.before || diff.after) {
    return diff;
  }
  for (const auto& [path, value] : old_side.leaves) {
    const auto there = new_side.leaves.find(path);
    if (there == new_side.leaves.end()) {
      diff.changes.push_back({path, value, {}});
    } else if (there->second != value) {
      diff.changes.push_back({path, value, there->second});
    }
  }
  for (const auto& [path, value] : new_side.leaves) {
    if (!old_side.leaves.contains(path)) {
      diff.changes.push_back({path, {}, value});
    }
  }
  return diff;
}

}  // namespace holdfast::exchange
