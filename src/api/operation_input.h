// api/operation_input.h: what an operation is given: parameters of the address, and those of a
// Parameters resource in the body; and Parameters as its reply.
// https://hl7.org/fhir/R4/operations.html#executing
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "fhir/json.h"
#include "fhir/json_writer.h"

namespace holdfast::api {

class OperationInput {
 public:
  /// Which parameters the operation takes; `several`: those that may be repeated; `whole`: the one
  /// that a body may be itself, without Parameters around it.
  struct Names {
    std::string_view operation;
    std::initializer_list<std::string_view> once;
    std::initializer_list<std::string_view> several;
    std::string_view whole;
    /// Those that have parts in the place of a value: objects() gives them as they are.
    std::initializer_list<std::string_view> grouped = {};
  };

  /// Refuses a parameter that the operation does not take (unless the caller is lenient), one that
  /// is repeated and must not be, and a body that is not FHIR JSON or not a resource of R4.
  [[nodiscard]] static Result<OperationInput> read(const Parts& parts, const Call& call,
                                                   const Names& names);

  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
  /// "Base64Binary", as in value[x]; empty where it came in the address, or not at all.
  [[nodiscard]] std::string_view type(std::string_view name) const;
  /// A primitive as text; empty where there is none.
  [[nodiscard]] std::string_view text(std::string_view name) const;
  [[nodiscard]] std::vector<std::string_view> texts(std::string_view name) const;
  /// "true" or "false"; Code::value for anything else.
  [[nodiscard]] Result<bool> flag(std::string_view name, bool otherwise) const;
  /// Code::value for what is no number from 0.
  [[nodiscard]] Result<std::optional<std::uint64_t>> number(std::string_view name) const;
  /// An object: a Coding, a CodeableConcept, or a resource. Code::value for a primitive.
  [[nodiscard]] Result<std::optional<fhir::JsonValue>> object(std::string_view name) const;
  /// The same of one that may be repeated; of a grouped one, each whole parameter.
  [[nodiscard]] Result<std::vector<fhir::JsonValue>> objects(std::string_view name) const;

 private:
  struct Given {
    std::string name;
    std::string text;
    std::string type;
    std::optional<std::uint32_t> object;  ///< index in the body
  };
  [[nodiscard]] const Given* find(std::string_view name) const;
  [[nodiscard]] Result<void> read_body(const Parts& parts, const Call& call, const Names& names);
  [[nodiscard]] Result<void> add_parameter(fhir::JsonValue parameter, const Names& names);
  [[nodiscard]] Result<void> check_names(const Call& call, const Names& names) const;

  fhir::Json body_;
  std::vector<Given> given_;
};

/// The body of a request that may be read more than once, as JSON whatever its form; errors are
/// placed where its sender finds them.
[[nodiscard]] Result<fhir::Json> read_content(const Parts& parts, const Call& call);

/// A Parameters resource, from its first parameter to its end.
class ParametersWriter {
 public:
  ParametersWriter();
  void boolean(std::string_view name, bool value);
  /// `type` as in value[x]: "String", "Code", "Uri".
  void text(std::string_view name, std::string_view type, std::string_view value);
  /// JSON that is JSON already: a number.
  void raw(std::string_view name, std::string_view type, BytesView json);
  void number(std::string_view name, std::uint64_t value);
  /// "Patient/7", or with "/_history/2".
  void reference(std::string_view name, std::string_view reference);
  void resource(std::string_view name, BytesView resource);
  /// Members that are empty are left out.
  void coding(std::string_view name, std::string_view system, std::string_view version,
              std::string_view code, std::string_view display);
  /// A parameter with parts; the parameters until close() are its parts.
  void open(std::string_view name);
  void close();
  [[nodiscard]] Reply reply();

 private:
  void start(std::string_view name);
  fhir::JsonWriter json_;
};

}  // namespace holdfast::api
