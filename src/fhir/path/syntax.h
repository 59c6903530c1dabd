// fhir/path/syntax.h: reads the text of a FHIRPath expression into a flat tree. What was read is an
// expression of the grammar, within the limits below; no name in it has been looked up yet.
//
//   TRY(const Syntax syntax, parse("Observation.value.where(unit = 'mg')"));
//   syntax.node(syntax.root()).kind == NodeKind::function
//
// The grammar: https://hl7.org/fhirpath/N1/grammar.html. Operators and their precedence:
// https://hl7.org/fhirpath/N1/#operator-precedence. Beyond it, as FHIR R4 writes them, `%vs-name`
// and
// `%ext-name` may stand without backticks (https://hl7.org/fhir/R4/fhirpath.html#variables).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace holdfast::fhir::path {

/// Longest expression. The longest search parameter of R4 has 2 KiB.
constexpr std::size_t expression_bytes_max = std::size_t{16} << 10U;
/// Deepest tree: each step of a path, operator, argument and parenthesis inside another one counts
/// one. Chains of `|`, `and` and `or` count one however long they are.
constexpr std::uint32_t expression_depth_max = 100;

enum class NodeKind : std::uint8_t {
  empty,      ///< {}
  boolean,    ///< text: true or false
  string,     ///< text: without quotes and escapes
  integer,    ///< text: digits
  decimal,    ///< text: digits.digits
  date,       ///< text: without the @
  date_time,  ///< text: without the @, with the T
  time,       ///< text: without the @T
  quantity,   ///< text: the number; unit()
  variable,   ///< %name; text: the name
  this_item,  ///< $this
  index,      ///< $index
  total,      ///< $total
  member,     ///< name, or input.name; text: the name
  function,   ///< name(…), or input.name(…); text: the name; operands: the arguments
  indexer,    ///< input[operand]
  is_type,    ///< input is T; text: the type as qualified(): "Patient", "FHIR.Patient"
  as_type,    ///< input as T
  negative,   ///< -operand
  positive,   ///< +operand
  // Operators of two operands; unite, both and either of two or more.
  multiply,
  divide,
  div,
  mod,
  add,
  subtract,
  concatenate,
  unite,  ///< |
  less,
  less_equal,
  greater,
  greater_equal,
  equal,
  equivalent,
  not_equal,
  not_equivalent,
  in,
  contains,
  both,  ///< and
  either,
  exclusive,
  implies,
};

/// Number of a node within its Syntax.
using NodeId = std::uint32_t;
constexpr NodeId no_node = UINT32_MAX;

struct SyntaxNode {
  std::uint32_t begin = 0;  ///< offset of its first character in the expression, input included
  std::uint32_t end = 0;    ///< behind its last character
  std::uint32_t at = 0;     ///< where messages about it point: its name, its operator
  std::uint32_t text = 0;   // in the pool; the unit of a quantity follows
  std::uint32_t text_bytes = 0;
  NodeId input = no_node;   ///< what stands left of the dot, the bracket, is, as; or no_node
  std::uint32_t first = 0;  // of its operands
  std::uint32_t count = 0;
  std::uint16_t unit_bytes = 0;
  NodeKind kind = NodeKind::empty;
  std::uint8_t depth = 1;      ///< of its subtree; a leaf has 1
  bool calendar_unit = false;  ///< of a quantity: `1 year` and not `1 'a'`
};

/// An expression that was read. Nodes stand behind their inputs and operands, the root is last.
class Syntax {
 public:
  [[nodiscard]] NodeId root() const { return static_cast<NodeId>(nodes_.size() - 1); }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] const SyntaxNode& node(NodeId id) const { return nodes_[id]; }
  /// Name or value, without quotes and escapes; see NodeKind.
  [[nodiscard]] std::string_view text(NodeId id) const {
    return std::string_view(pool_).substr(nodes_[id].text, nodes_[id].text_bytes);
  }
  /// Of a quantity: `mg` of 4 'mg', `years` of 4 years.
  [[nodiscard]] std::string_view unit(NodeId id) const {
    const SyntaxNode& of = nodes_[id];
    return std::string_view(pool_).substr(of.text + of.text_bytes, of.unit_bytes);
  }
  [[nodiscard]] std::span<const NodeId> operands(NodeId id) const {
    return std::span(operands_).subspan(nodes_[id].first, nodes_[id].count);
  }
  /// The expression as it was given.
  [[nodiscard]] const std::string& expression() const { return expression_; }
  /// The part of the expression that the node stands for, its input and parentheses included.
  [[nodiscard]] std::string_view source(NodeId id) const {
    return std::string_view(expression_)
        .substr(nodes_[id].begin, nodes_[id].end - nodes_[id].begin);
  }

  /// A chain of plain names as a qualified identifier, for arguments that are types: FHIR.Patient.
  /// Nothing where the node is anything else.
  [[nodiscard]] std::optional<std::string> qualified(NodeId id) const;

 private:
  friend class Parser;
  std::string expression_;
  std::string pool_;
  std::vector<SyntaxNode> nodes_;
  std::vector<NodeId> operands_;
};

/// Refuses with Code::syntax what is not an expression, saying what was expected and what was
/// found, and with Code::too_large what exceeds a limit; Error::where is as character_text() writes
/// it.
[[nodiscard]] Result<Syntax> parse(std::string_view expression);

/// "character 13" for the offset 12.
[[nodiscard]] std::string character_text(std::size_t offset);
/// The offset in an expression that an Error of this folder points to; nothing if to none.
[[nodiscard]] std::optional<std::size_t> error_offset(const Error& error);

}  // namespace holdfast::fhir::path
