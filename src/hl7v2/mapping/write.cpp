// hl7v2/mapping/write.cpp: a root of the sketch as a resource in JSON, with what it contains.
#include <fmt/format.h>

#include <algorithm>

#include "fhir/json.h"
#include "hl7v2/mapping/finish.h"

namespace holdfast::hl7v2 {
namespace {

void append_string(Bytes& to, std::string_view text) {
  const bool plain = std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; });
  to.push_back('"');
  if (plain) {
    to.append(text);
  } else {
    fhir::append_json_escaped(to, text);
  }
  to.push_back('"');
}

void append_name(Bytes& to, std::string_view name) {
  if (to.back() != '{' && to.back() != '[') {
    to.push_back(',');
  }
  to.push_back('"');
  to.append(name);
  to.append("\":");
}

}  // namespace

void Finish::write(std::uint32_t number, Draft& draft) {
  Bytes& to = draft.body;
  to.reserve(512);
  to.append(R"({"resourceType":")").append(fhir::name(draft.type)).push_back('"');
  if (states_[number].contained_count != 0) {
    append_name(to, "contained");
    to.push_back('[');
    bool first = true;
    for (std::uint32_t i = number + 1; i < states_.size(); ++i) {
      if (states_[i].contained == 0 || home(i) != number) {
        continue;
      }
      if (!first) {
        to.push_back(',');
      }
      first = false;
      const Root& inner = mapper_.roots()[i];
      to.append(fmt::format(R"({{"resourceType":"{}","id":"c{}")",
                            fhir::name(fhir::TypeId{inner.type}), states_[i].contained));
      write_members(inner.node, draft);
      to.push_back('}');
    }
    to.push_back(']');
  }
  write_members(mapper_.roots()[number].node, draft);
  to.push_back('}');
}

/// Members of one name stand side by side in the sketch.
void Finish::write_members(NodeId of, Draft& draft) {
  const Sketch& sketch = mapper_.sketch();
  Bytes& to = draft.body;
  std::string_view open;
  for (NodeId id = sketch.first(of); id != no_node; id = sketch.next(id)) {
    if (!sketch.says(id)) {
      continue;
    }
    const Node& node = sketch.at(id);
    if (!open.empty() && node.name != open) {
      to.push_back(']');
      open = {};
    }
    if (open.empty()) {
      append_name(to, node.name);
      if (node.repeats) {
        to.push_back('[');
        open = node.name;
      }
    } else {
      to.push_back(',');
    }
    write_value(id, draft);
  }
  if (!open.empty()) {
    to.push_back(']');
  }
}

void Finish::write_value(NodeId of, Draft& draft) {
  const Node& node = mapper_.sketch().at(of);
  Bytes& to = draft.body;
  switch (node.kind) {
    case NodeKind::text: append_string(to, node.text); return;
    case NodeKind::token: to.append(node.text); return;
    case NodeKind::open: break;
  }
  to.push_back('{');
  if (node.target != no_root) {
    write_reference(node.target, draft);
  }
  write_members(of, draft);
  to.push_back('}');
}

void Finish::write_reference(std::uint32_t target, Draft& draft) {
  Bytes& to = draft.body;
  const State& state = states_[target];
  if (state.contained != 0) {
    append_name(to, "reference");
    append_string(to, fmt::format("#c{}", state.contained));
  } else if (state.local.value != 0) {
    append_name(to, "reference");
    const std::string urn = fmt::format("urn:holdfast:draft:{}", state.local.value);
    draft.references.push_back({static_cast<std::uint32_t>(to.size() + 1),
                                static_cast<std::uint32_t>(urn.size()), state.local});
    append_string(to, urn);
  }
}

}  // namespace holdfast::hl7v2
