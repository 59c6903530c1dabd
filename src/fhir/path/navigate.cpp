// fhir/path/navigate.cpp: from an element to the elements in it, over the JSON of the document. A
// primitive is its value and its `_name` sibling together.
// https://hl7.org/fhir/R4/json.html#primitive
#include <algorithm>

#include "fhir/path/machine.h"

namespace holdfast::fhir::path {
namespace {

/// The object whose members are the element's: of a primitive its sibling.
std::optional<JsonValue> members_of(const Value& element) {
  if (element.document() == nullptr) {
    return std::nullopt;
  }
  if (element.type().is_primitive()) {
    return element.has_sibling() ? std::optional(element.sibling()) : std::nullopt;
  }
  return element.has_value() ? std::optional(element.value()) : std::nullopt;
}

const StructureRow* structure_of_value(const Value& element) {
  if (element.type().is_structure()) {
    return &structure(element.type().structure());
  }
  return element.type().is_primitive() ? &structure(tables::element_structure) : nullptr;
}

bool is_sibling_key(BytesView key, std::string_view name) {
  return key.size() == name.size() + 1 && key[0] == '_' && key.substr(1) == name;
}

std::uint32_t item_index(const Json& json, std::uint32_t& at, std::uint32_t end) {
  if (at >= end) {
    return no_json;
  }
  const JsonValue item = json.at(at);
  const std::uint32_t index = item.is_null() ? no_json : at;
  at = item.next_index();
  return index;
}

}  // namespace

bool Machine::push_one(const Json& json, TypeRef type, std::uint32_t value, std::uint32_t sibling) {
  if (value == no_json && sibling == no_json) {
    return true;
  }
  if (type == resource_type) {
    return value == no_json || push(resource_value(json.at(value)));
  }
  return push(Value::of_node(json, value, sibling, type));
}

/// One member of an object, with its sibling: an element, or a list of them.
bool Machine::push_element(const Json& json, const ElementRow& row, std::uint32_t value,
                           std::uint32_t sibling) {
  const TypeRef type = type_of(row);
  const bool list = (value != no_json && json.at(value).is_array()) ||
                    (sibling != no_json && json.at(sibling).is_array());
  if (!list) {
    const bool null = value != no_json && json.at(value).is_null();
    return push_one(json, type, null ? no_json : value, sibling);
  }
  std::uint32_t value_at = value != no_json ? value + 1 : 0;
  const std::uint32_t value_end = value != no_json ? json.at(value).next_index() : 0;
  std::uint32_t sibling_at = sibling != no_json ? sibling + 1 : 0;
  const std::uint32_t sibling_end = sibling != no_json ? json.at(sibling).next_index() : 0;
  while (value_at < value_end || sibling_at < sibling_end) {
    const std::uint32_t item = item_index(json, value_at, value_end);
    const std::uint32_t beside = item_index(json, sibling_at, sibling_end);
    if (!push_one(json, type, item, beside)) {
      return false;
    }
  }
  return true;
}

/// The element whose row is known: `parent` is of that row's structure.
bool Machine::push_row(const Value& parent, const ElementRow& row) {
  const auto object = members_of(parent);
  if (!object) {
    return true;
  }
  const std::string_view wanted = name(row);
  const bool primitive = is_primitive(row.kind);
  std::uint32_t value = no_json;
  std::uint32_t sibling = no_json;
  for (const JsonValue child : object->children()) {
    const BytesView key = child.raw_key();
    if (key == wanted) {
      value = child.index();
      if (!primitive) {
        break;
      }
    } else if (primitive && is_sibling_key(key, wanted)) {
      sibling = child.index();
    }
  }
  return push_element(object->document(), row, value, sibling);
}

/// The element of that name in whatever structure the parent turns out to have.
bool Machine::push_named(const Value& parent, std::string_view wanted) {
  const auto object = members_of(parent);
  const StructureRow* in = structure_of_value(parent);
  if (!object || in == nullptr) {
    return true;
  }
  const ElementRow* row = find_row(*in, wanted);
  if (row != nullptr && row->base_bytes == row->name_bytes) {
    return push_row(parent, *row);
  }
  // A choice: valueQuantity for value. One type at a time, but `_valueString` may stand beside it.
  std::uint32_t value = no_json;
  std::uint32_t sibling = no_json;
  const ElementRow* found = nullptr;
  for (const JsonValue child : object->children()) {
    BytesView key = child.raw_key();
    const bool beside = key.starts_with('_');
    key.remove_prefix(beside ? 1 : 0);
    if (key.size() <= wanted.size() || !key.starts_with(wanted)) {
      continue;
    }
    const ElementRow* choice = find_row(*in, key);
    if (choice == nullptr || choice->base_bytes != wanted.size() ||
        (found != nullptr && choice != found)) {
      continue;
    }
    found = choice;
    (beside ? sibling : value) = child.index();
  }
  return found == nullptr || push_element(object->document(), *found, value, sibling);
}

bool Machine::push_property(const Value& parent, std::string_view wanted) {
  if (parent.kind() == ValueKind::type_info) {
    const TypeRef type = parent.described_type();
    return wanted == "name"        ? push(Value::of(name(type)))
           : wanted == "namespace" ? push(Value::of(space(type)))
                                   : true;
  }
  if (parent.kind() == ValueKind::quantity) {
    return wanted == "value"  ? push(Value::of(&parent.quantity().value))
           : wanted == "unit" ? push(Value::of(parent.quantity().unit))
                              : true;
  }
  return true;
}

bool Machine::member(const Step& step, const Frame& frame, std::size_t base) {
  const ElementRow* row = step.op == Op::member ? tables::elements + step.data : nullptr;
  const auto push_member = [&](const Value& parent) {
    if (!parent.is_node()) {
      return push_property(parent, row != nullptr ? path_name(*row) : program_->name(step.data));
    }
    if (row == nullptr) {
      return push_named(parent, program_->name(step.data));
    }
    const bool expected = parent.type().is_structure()
                              ? parent.type().value == row->structure_of
                              : row->structure_of == tables::element_structure.value;
    return expected ? push_row(parent, *row) : push_named(parent, path_name(*row));
  };
  if (step.input == no_step) {
    return !frame.has_self || push_member(frame.self);
  }
  if (!eval(step.input, frame)) {
    return false;
  }
  const std::size_t end = stack_.size();
  if (!spend(end - base)) {
    return false;
  }
  if (end == base + 1) {
    const Value parent = stack_[base];
    stack_.pop_back();
    return push_member(parent);
  }
  for (std::size_t i = base; i < end; ++i) {
    const Value parent = stack_[i];
    if (!push_member(parent)) {
      return false;
    }
  }
  erase(base, end);
  return true;
}

bool Machine::push_children(const Value& parent) {
  if (!parent.is_node()) {
    return true;
  }
  const auto object = members_of(parent);
  const StructureRow* in = structure_of_value(parent);
  if (!object || in == nullptr || !spend(object->size())) {
    return !error_;
  }
  const auto children = object->children();
  const bool has_siblings = std::any_of(children.begin(), children.end(), [](JsonValue child) {
    return child.raw_key().starts_with('_');
  });
  for (const JsonValue child : children) {
    BytesView key = child.raw_key();
    const bool beside = key.starts_with('_');
    key.remove_prefix(beside ? 1 : 0);
    const ElementRow* row = find_row(*in, key);
    if (row == nullptr || (beside && !is_primitive(row->kind))) {
      continue;
    }
    std::uint32_t value = beside ? no_json : child.index();
    std::uint32_t sibling = beside ? child.index() : no_json;
    if (has_siblings && is_primitive(row->kind)) {
      if (!spend(object->size() / 8)) {
        return false;
      }
      const auto other = std::find_if(children.begin(), children.end(), [&](JsonValue at) {
        return beside ? at.raw_key() == key : is_sibling_key(at.raw_key(), key);
      });
      if (other != children.end()) {
        if (beside) {
          continue;  // it was taken with its value
        }
        sibling = (*other).index();
      }
    }
    if (!push_element(object->document(), *row, value, sibling)) {
      return false;
    }
  }
  return true;
}

/// Replaces what is above `base` by everything below it: level by level.
bool Machine::descend(std::size_t base) {
  const std::size_t roots = stack_.size() - base;
  for (std::size_t at = base; at < stack_.size(); ++at) {
    const Value parent = stack_[at];
    if (!spend(1) || !push_children(parent)) {
      return false;
    }
  }
  erase(base, base + roots);
  return true;
}

// https://hl7.org/fhirpath/N1/#repeatprojection-expression--collection
bool Machine::repeat(const Step& step, const Frame& frame, std::size_t base) {
  const std::size_t roots = stack_.size() - base;
  const std::size_t results = stack_.size();
  Frame inner = frame;
  inner.has_self = true;
  for (std::size_t at = base; at < stack_.size(); ++at) {
    inner.self = stack_[at];
    const std::size_t end = stack_.size();
    if (!eval(program_->operands(step)[0], inner)) {
      return false;
    }
    std::size_t kept = end;
    for (std::size_t i = end; i < stack_.size(); ++i) {
      bool known = false;
      const Value item = stack_[i];
      if (!holds_item(results, kept, item, known)) {
        return false;
      }
      if (!known) {
        stack_[kept++] = item;
      }
    }
    drop(kept);
  }
  erase(base, base + roots);
  return true;
}

}  // namespace holdfast::fhir::path
