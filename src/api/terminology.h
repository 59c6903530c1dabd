// api/terminology.h: what the terminology operations share: where their value sets, systems and
// maps come from, and the codings that they are asked about. Inside this folder only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/operation_input.h"
#include "fhir/terminology/terminology.h"

namespace holdfast::api {

/// A Terminology, and over it the one resource that the request brings or the record holds.
struct Vocabulary {
  fhir::terminology::Terminology terminology;
  bool is_laid_over = false;  ///< the resource is the first of its kind in the top layer
  [[nodiscard]] std::uint32_t top() const {
    return static_cast<std::uint32_t>(terminology.layer_count() - 1);
  }
};

/// What is built in; over it the resource of the parameter `resource` ("valueSet"), or the stored
/// one that the address names. Code::not_found, deleted, unavailable for a stored one that is not
/// there; Code::required or value where the resource cannot be read.
[[nodiscard]] Result<Vocabulary> vocabulary(const Parts& parts, const Call& call,
                                            const node::Moment& moment, const OperationInput& input,
                                            std::string_view type, std::string_view resource);

/// Exactly one of the address's id, `url` and `resource` must say what is meant.
[[nodiscard]] Result<void> check_source(const Call& call, const OperationInput& input,
                                        std::string_view resource);
/// "url" and the parameter that says its version, as a canonical.
[[nodiscard]] std::string canonical(const OperationInput& input, std::string_view version);

/// A coding as text of its own.
struct AskedCoding {
  std::string system;
  std::string version;
  std::string code;
  std::string display;
  [[nodiscard]] fhir::terminology::Coding view() const { return {system, version, code, display}; }
};
/// Of `code` with `system`, `coding` or `codeableConcept`: exactly one of them, else
/// Code::required. `version_name` is the parameter that says the version of `system`.
[[nodiscard]] Result<std::vector<AskedCoding>> asked_codings(const OperationInput& input,
                                                             std::string_view version_name);
/// A Coding of Parameters. Code::required if it has no code.
[[nodiscard]] Result<AskedCoding> read_coding(fhir::JsonValue coding);

/// The display of a concept in the language, if there is one; else its own.
[[nodiscard]] std::string_view display_in(const fhir::terminology::Terminology& in,
                                          fhir::terminology::ConceptId id,
                                          std::string_view language);

[[nodiscard]] Result<Reply> expand(const Parts& parts, const Call& call,
                                   const node::Moment& moment);
[[nodiscard]] Result<Reply> validate_in_set(const Parts& parts, const Call& call,
                                            const node::Moment& moment);
[[nodiscard]] Result<Reply> validate_in_system(const Parts& parts, const Call& call,
                                               const node::Moment& moment);
[[nodiscard]] Result<Reply> lookup(const Parts& parts, const Call& call);
[[nodiscard]] Result<Reply> subsumes(const Parts& parts, const Call& call,
                                     const node::Moment& moment);
[[nodiscard]] Result<Reply> translate(const Parts& parts, const Call& call,
                                      const node::Moment& moment);

}  // namespace holdfast::api
