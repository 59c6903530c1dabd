#include "fhir/params/normal_path.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <string>

#include <fmt/format.h>

#include "fhir/primitive.h"

namespace holdfast::fhir::params {
namespace {

using path::NodeId;
using path::NodeKind;
using path::Syntax;

std::string_view structure_name(const ElementRow& row) {
  return name(structure(StructureId{row.structure}));
}

std::string_view type_name(const ElementRow& row) {
  return row.kind == ElementKind::complex ? structure_name(row) : name(row.kind);
}

// The definitions write value.as(DateTime) where they mean dateTime.
bool is_named(const ElementRow& row, std::string_view wanted) {
  const std::string_view is = type_name(row);
  return is.size() == wanted.size() && (is == wanted || (is.substr(1) == wanted.substr(1) &&
                                                         (is[0] | 0x20) == (wanted[0] | 0x20)));
}

// One path while it is being read: the steps so far, and what they end in.
struct Draft {
  NormalPath path;
  std::vector<const ElementRow*> rows;  // of the last child step; none at the start
};

class Reader {
 public:
  Reader(const Syntax& syntax, TypeId type, const StructureRow& start)
      : syntax_(syntax), type_(type), start_(start) {}

  Result<std::vector<NormalPath>> run() {
    TRY_OK(take_parts(syntax_.root()));
    return std::move(found_);
  }

 private:
  Result<void> take_parts(NodeId id) {
    if (syntax_.node(id).kind == NodeKind::unite) {
      for (const NodeId part : syntax_.operands(id)) {
        TRY_OK(take_parts(part));
      }
      return ok();
    }
    if (is_about_another(id)) {
      return ok();
    }
    TRY(Draft draft, read(id));
    draft.path.is_root = draft.path.selector.steps.empty();
    found_.push_back(std::move(draft.path));
    return ok();
  }

  // Patient.name in an expression that is read for Practitioner.
  [[nodiscard]] bool is_about_another(NodeId id) const {
    NodeId first = id;
    while (syntax_.node(first).input != path::no_node) {
      first = syntax_.node(first).input;
    }
    const auto named =
        syntax_.node(first).kind == NodeKind::member ? type_id(syntax_.text(first)) : std::nullopt;
    return named && *named != type_;
  }

  Result<Draft> read(NodeId id) {
    const path::SyntaxNode& node = syntax_.node(id);
    if (node.input == path::no_node) {
      return read_first(id);
    }
    TRY(Draft draft, read(node.input));
    switch (node.kind) {
      case NodeKind::member: return step(std::move(draft), syntax_.text(id));
      case NodeKind::as_type: return cast(std::move(draft), syntax_.text(id));
      case NodeKind::function: return call(std::move(draft), id);
      case NodeKind::indexer: return item(std::move(draft), id);
      default: return refuse(id);
    }
  }

  Result<Draft> read_first(NodeId id) {
    const NodeKind kind = syntax_.node(id).kind;
    Draft draft;
    if (kind == NodeKind::variable && syntax_.text(id) == "resource") {
      draft.path.selector.from_resource = true;
      return draft;
    }
    if (kind != NodeKind::member) {
      return refuse(id);
    }
    const std::string_view text = syntax_.text(id);
    if (text == name(type_) || text == "Resource" || text == "DomainResource") {
      return draft;
    }
    return step(std::move(draft), text);
  }

  Result<Draft> step(Draft draft, std::string_view wanted) {
    SelectStep next;
    std::vector<const ElementRow*> reached;
    const auto take_of = [&](const StructureRow& in) {
      for (const ElementRow& row : rows(in)) {
        if (path_name(row) == wanted) {
          reached.push_back(&row);
          next.rows.push_back(static_cast<std::uint16_t>(&row - tables::elements));
        }
      }
    };
    if (draft.rows.empty()) {
      take_of(draft.path.selector.from_resource ? structure(structure_of(type_)) : start_);
    }
    for (const ElementRow* row : draft.rows) {
      if (row->kind == ElementKind::complex) {
        take_of(structure(StructureId{row->structure}));
      }
    }
    if (reached.empty()) {
      return fail(Code::unsupported, fmt::format("nothing is named '{}' there", wanted));
    }
    draft.rows = std::move(reached);
    draft.path.selector.steps.push_back(std::move(next));
    return draft;
  }

  Result<Draft> cast(Draft draft, std::string_view wanted) {
    if (draft.rows.empty() || draft.path.selector.steps.back().kind != SelectStep::Kind::child) {
      return fail(Code::unsupported, "a cast stands behind a step only");
    }
    std::erase_if(draft.rows, [&](const ElementRow* row) { return !is_named(*row, wanted); });
    if (draft.rows.empty()) {
      return fail(Code::unsupported, fmt::format("nothing there can be a {}", wanted));
    }
    SelectStep& last = draft.path.selector.steps.back();
    last.rows.clear();
    for (const ElementRow* row : draft.rows) {
      last.rows.push_back(static_cast<std::uint16_t>(row - tables::elements));
    }
    return draft;
  }

  Result<Draft> call(Draft draft, NodeId id) {
    const std::string_view function = syntax_.text(id);
    const auto operands = syntax_.operands(id);
    if (operands.size() != 1) {
      return refuse(id);
    }
    if (function == "as" || function == "ofType") {
      const auto wanted = syntax_.qualified(operands[0]);
      return wanted ? cast(std::move(draft), *wanted) : refuse(id);
    }
    return function == "where" ? where(std::move(draft), operands[0]) : refuse(id);
  }

  // where(resolve() is Patient), where(type = 'composed-of')
  Result<Draft> where(Draft draft, NodeId id) {
    const path::SyntaxNode& node = syntax_.node(id);
    if (node.kind == NodeKind::is_type && node.input != path::no_node &&
        syntax_.node(node.input).kind == NodeKind::function &&
        syntax_.node(node.input).input == path::no_node && syntax_.text(node.input) == "resolve") {
      const auto type = type_id(syntax_.text(id));
      if (!type) {
        return refuse(id);
      }
      draft.path.only = type;
      return draft;
    }
    const auto operands = syntax_.operands(id);
    if (node.kind != NodeKind::equal || syntax_.node(operands[0]).kind != NodeKind::member ||
        syntax_.node(operands[0]).input != path::no_node ||
        syntax_.node(operands[1]).kind != NodeKind::string) {
      return refuse(id);
    }
    std::vector<const ElementRow*> kept = draft.rows;
    TRY(draft, step(std::move(draft), syntax_.text(operands[0])));
    draft.rows = std::move(kept);
    draft.path.selector.steps.back().kind = SelectStep::Kind::equals;
    draft.path.selector.steps.back().literal = syntax_.text(operands[1]);
    return draft;
  }

  Result<Draft> item(Draft draft, NodeId id) {
    const NodeId operand = syntax_.operands(id)[0];
    if (syntax_.node(operand).kind != NodeKind::integer) {
      return refuse(id);
    }
    SelectStep step;
    step.kind = SelectStep::Kind::item;
    const std::string_view digits = syntax_.text(operand);
    if (std::from_chars(digits.data(), digits.data() + digits.size(), step.position).ec !=
        std::errc{}) {
      return refuse(id);
    }
    draft.path.selector.steps.push_back(std::move(step));
    return draft;
  }

  [[nodiscard]] std::unexpected<Error> refuse(NodeId id) const {
    return fail(Code::unsupported, fmt::format("'{}' is not a plain path", syntax_.source(id)));
  }

  const Syntax& syntax_;
  const TypeId type_;
  const StructureRow& start_;
  std::vector<NormalPath> found_;
};

bool is_any_of(std::string_view text, std::initializer_list<std::string_view> known) {
  return std::ranges::find(known, text) != known.end();
}

bool is_link(ElementKind kind) {
  switch (kind) {
    case ElementKind::uri:
    case ElementKind::url:
    case ElementKind::canonical:
    case ElementKind::oid:
    case ElementKind::uuid: return true;
    default: return false;
  }
}

}  // namespace

Result<std::vector<NormalPath>> normal_paths(const Syntax& syntax, TypeId type,
                                             const StructureRow& start) {
  return Reader(syntax, type, start).run();
}

std::string_view truth_path(std::string_view expression) {
  constexpr std::string_view behind = ".exists() and ";
  const std::size_t at = expression.find(behind);
  if (at == std::string_view::npos) {
    return {};
  }
  const std::string_view path = expression.substr(0, at);
  const std::string_view rest = expression.substr(at + behind.size());
  return rest.starts_with(path) && rest.substr(path.size()) == " != false" ? path
                                                                           : std::string_view();
}

bool is_indexable(ParamKind kind, const ElementRow& row) {
  const std::string_view complex = row.kind == ElementKind::complex ? structure_name(row) : "";
  switch (kind) {
    case ParamKind::token:
      return is_any_of(complex, {"CodeableConcept", "Coding", "Identifier", "ContactPoint"}) ||
             (is_primitive(row.kind) && row.kind != ElementKind::xhtml &&
              row.kind != ElementKind::base64_binary);
    case ParamKind::reference:
      return complex == "Reference" || is_link(row.kind) || row.kind == ElementKind::resource;
    case ParamKind::date:
      return is_any_of(complex, {"Period", "Timing"}) || row.kind == ElementKind::date ||
             row.kind == ElementKind::date_time || row.kind == ElementKind::instant;
    case ParamKind::number:
      return complex == "Range" || row.kind == ElementKind::integer ||
             row.kind == ElementKind::unsigned_int || row.kind == ElementKind::positive_int ||
             row.kind == ElementKind::decimal;
    case ParamKind::quantity:
      return is_any_of(complex,
                       {"Quantity", "Money", "Range", "Age", "Duration", "Count", "Distance"});
    case ParamKind::string:
      return is_any_of(complex, {"HumanName", "Address"}) || row.kind == ElementKind::string ||
             row.kind == ElementKind::markdown || row.kind == ElementKind::code ||
             row.kind == ElementKind::id;
    case ParamKind::uri: return is_link(row.kind);
    case ParamKind::composite:
    case ParamKind::special: return false;
  }
  return false;
}

}  // namespace holdfast::fhir::params
