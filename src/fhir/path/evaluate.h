// fhir/path/evaluate.h: runs a Program over a document. The same program over the same bytes in the
// same surroundings gives the same results; no clock is read and nothing is fetched but through the
// interfaces below. Work is counted, not timed, and ends with Code::too_costly.
//
//   Evaluator evaluator;                          // one a thread, kept: its memory is used again
//   Surroundings surroundings;
//   TRY(const auto results, evaluator.evaluate(program, resource_value(json.root()),
//   surroundings));
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "fhir/path/program.h"
#include "fhir/path/value.h"

namespace holdfast::fhir::path {

/// What one evaluation may cost. The defaults are for expressions of our own and of definitions.
struct Limits {
  std::uint64_t steps = 20'000'000;            ///< operations, and items that they look at
  std::uint32_t items = 1'000'000;             ///< on the stack of collections at one time
  std::size_t bytes = std::size_t{64} << 20U;  ///< of texts and numbers that are made
};
/// For expressions that a person or a peer sent.
constexpr Limits outside_limits{1'000'000, 100'000, std::size_t{4} << 20U};

/// Finds what references point to, beyond contained resources and entries of the same Bundle.
class Resolver {
 public:
  virtual ~Resolver() = default;
  /// A resource whose document outlives the evaluation; Value::of_type_only() where the type alone
  /// is known; nothing where it is not found. `reference` is as it stands in the resource.
  virtual std::optional<Value> resolve(std::string_view reference) = 0;
};

/// Knows only what the text says: the type in "Patient/23" or ".../Patient/23/_history/1". Enough
/// for `resolve() is Patient`, as search parameters ask.
class TypeResolver : public Resolver {
 public:
  std::optional<Value> resolve(std::string_view reference) override;
};

/// A code as terminology knows it; `system` is empty where only a code is there.
struct PathCode {
  std::string_view system;
  std::string_view code;
};

/// Answers for memberOf(), subsumes() and subsumedBy(); nothing where it does not know.
class Terminology {
 public:
  virtual ~Terminology() = default;
  virtual std::optional<bool> is_member(const PathCode& code, std::string_view value_set) = 0;
  virtual std::optional<bool> subsumes(const PathCode& code, const PathCode& descendant) = 0;
};

/// Answers for conformsTo() of a profile that is not a base definition of R4.
class Profiles {
 public:
  virtual ~Profiles() = default;
  /// Nothing where there is no such profile.
  virtual std::optional<bool> conforms(const Value& value, std::string_view profile) = 0;
};

/// Hears what trace() says.
class Tracer {
 public:
  virtual ~Tracer() = default;
  virtual void trace(std::string_view name, std::span<const Value> values) = 0;
};

/// Everything that an evaluation may see beside its document. Whoever owns what is pointed to keeps
/// it until the evaluation ends.
struct Surroundings {
  /// %resource and %rootResource; where they are not given, the resource that the evaluation begins
  /// in, and the root of its document.
  std::optional<Value> resource;
  std::optional<Value> root_resource;
  Time now{};                       ///< of now(), today(), timeOfDay()
  std::int16_t offset_minutes = 0;  ///< the zone of now(), and of times that name none
  Resolver* resolver = nullptr;
  Terminology* terminology = nullptr;
  Profiles* profiles = nullptr;
  Tracer* tracer = nullptr;
  /// Values of CompileOptions::variables, in that order.
  std::span<const std::span<const Value>> variables{};
  Limits limits{};
};

class Evaluator {
 public:
  Evaluator();
  ~Evaluator();
  Evaluator(Evaluator&&) noexcept;
  Evaluator& operator=(Evaluator&&) noexcept;
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  /// The results, valid until the next evaluation; they point into the document, the program and
  /// this. Code::value where the values do not fit the operation (several where one is needed,
  /// different types), Code::too_costly over a limit, Code::unsupported where an interface is
  /// missing; Error::where names the place in the expression.
  [[nodiscard]] Result<std::span<const Value>> evaluate(const Program& program,
                                                        const Value& context,
                                                        const Surroundings& surroundings);
  /// The result as a condition: a boolean, or true for one item that is none; nothing where there
  /// is no item. An invariant is broken by false, not by nothing: half of those of R4 are written
  /// so that they say nothing where the element is absent.
  /// https://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections
  [[nodiscard]] Result<std::optional<bool>> decide(const Program& program, const Value& context,
                                                   const Surroundings& surroundings);
  /// Whether it is true; nothing counts as false. For filters.
  [[nodiscard]] Result<bool> holds(const Program& program, const Value& context,
                                   const Surroundings& surroundings);
  /// Steps that the last of these took, counted as Limits::steps.
  [[nodiscard]] std::uint64_t steps() const;

 private:
  std::unique_ptr<class Machine> machine_;
};

}  // namespace holdfast::fhir::path
