// fhir/validation/validator.h: is a resource what FHIR R4 and its profiles ask for? Invariants,
// bindings, targets of references, extensions, profiles; of contained resources and entries of
// Bundles too. What cannot be checked here is an issue that says so, never silence.
//
//   TRY(auto validator, Validator::over(structure_definitions, terminology));  // once
//   Workspace workspace;                                                       // one a thread,
//   kept const Report report = validator->validate(json.root(), {}, workspace);
//
// Reads no clock, no disk and no network; the same resource under the same definitions gives the
// same report. Work is counted, not timed. https://hl7.org/fhir/R4/validation.html
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "fhir/json.h"
#include "fhir/path/evaluate.h"
#include "fhir/terminology/terminology.h"
#include "fhir/validation/issue.h"
#include "fhir/validation/library.h"

namespace holdfast::fhir::validation {

/// What one validation may cost: so much, and so much for each value of the document. A step takes
/// some nanoseconds, so the largest document ends within about two seconds.
constexpr std::uint64_t steps_base_max = 10'000'000;
constexpr std::uint64_t steps_per_value_max = 100;
/// Evaluations inside each other: conformsTo() of a profile whose rule asks conformsTo().
constexpr std::size_t nested_max = 8;

enum class UnknownProfile : std::uint8_t { warning, error };

/// A Bundle whose entries are validated one by one: by their fullUrl, what urn:uuid references
/// within it point to, and how far its lines were counted. For one thread.
class BundleEntries {
 public:
  /// Of anything but a Bundle: none. The document outlives it.
  explicit BundleEntries(JsonValue bundle);
  /// The resource; nothing where no entry has that url.
  [[nodiscard]] std::optional<JsonValue> find(std::string_view full_url) const;
  /// As Json::place(); offsets that grow cost only what lies between them.
  [[nodiscard]] JsonPlace place(std::uint32_t offset);

 private:
  const Json& json_;
  std::unordered_map<std::string_view, JsonValue> by_url_;
  std::uint32_t counted_to_ = 0;
  std::uint32_t line_ = 1;
};

struct Terms {
  /// Canonicals that it is to conform to, beside those of its meta.profile.
  std::span<const std::string> profiles{};
  /// Of a profile in meta.profile that is not known here. One of `profiles` is always an error.
  UnknownProfile unknown_profile = UnknownProfile::warning;
  Detail detail = Detail::texts;
  Time now{};  ///< of rules that ask
  /// Of the Bundle that the resource is an entry of; null: it stands alone.
  BundleEntries* entries = nullptr;
  std::uint64_t steps_base = steps_base_max;  ///< less, where many are to be tried
  // What is looked at; the timing program leaves parts out.
  bool invariants = true;
  bool bindings = true;
  bool profiled = true;
};

/// Working memory. Not thread-safe: one a thread, kept.
struct Workspace {
  std::deque<path::Evaluator> evaluators{nested_max};
};

/// Immutable, and safe from any number of threads.
class Validator {
 public:
  /// Over the definitions of packages. `terminology` outlives it. Fails as Library::over() does.
  [[nodiscard]] static Result<std::unique_ptr<Validator>> over(
      std::span<const Bytes> definitions, const terminology::Terminology& terminology);
  ~Validator();
  Validator(const Validator&) = delete;
  Validator& operator=(const Validator&) = delete;

  /// `resource` is one that check_resource() passes; it may stand in a larger document, in which
  /// references are then looked for.
  [[nodiscard]] Report validate(JsonValue resource, const Terms& terms, Workspace& workspace) const;
  /// The same for what has not been checked: faults of structure are issues too, and nothing else
  /// is looked at where there are any.
  [[nodiscard]] Report check_and_validate(JsonValue resource, const Terms& terms,
                                          Workspace& workspace) const;

  [[nodiscard]] const Library& library() const { return *library_; }

 private:
  Validator(std::unique_ptr<Library> library, const terminology::Terminology& terminology);
  std::unique_ptr<Library> library_;
  const terminology::Terminology& terminology_;
  std::unique_ptr<class BaseRules> rules_;
};

}  // namespace holdfast::fhir::validation
