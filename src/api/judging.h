// api/judging.h: what comes over a channel is judged before it becomes a Command: off, warn or
// refuse. On the executor that takes the request apart, never in the sequencer, and never
// journaled: what was accepted stays accepted, whatever is asked for tomorrow.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "fhir/json.h"
#include "fhir/terminology/terminology.h"
#include "fhir/validation/validator.h"
#include "world/clock.h"

namespace holdfast::api {

namespace validation = fhir::validation;
using Issues = std::vector<validation::Issue>;

/// What becomes of content that is not what its definitions ask for.
enum class Strictness : std::uint8_t {
  off,    ///< not looked at, beyond structure
  warn,   ///< stored; counted, and told to who asks with Prefer: return=OperationOutcome
  refuse  ///< 422 with all that was found, if an error is among it
};

/// What one channel does.
struct Judging {
  Strictness strictness = Strictness::warn;
  /// Of a profile in meta.profile that is not known here.
  validation::UnknownProfile unknown_profile = validation::UnknownProfile::warning;
};

/// How often, since the start. Read from any thread.
struct JudgedCounts {
  std::atomic<std::uint64_t> resources = 0;
  std::atomic<std::uint64_t> refused = 0;
  std::array<std::atomic<std::uint64_t>, validation::severities> issues{};
};

/// What is known beside the record: code systems, value sets and profiles, built in and of
/// packages. From any thread.
class Definitions {
 public:
  /// JSON texts of packages. Code::structure or syntax for one that cannot be read.
  [[nodiscard]] static Result<std::unique_ptr<const Definitions>> over(
      std::span<const Bytes> terminology, std::span<const Bytes> structure_definitions);

  [[nodiscard]] const fhir::terminology::Terminology& terminology() const { return terminology_; }
  [[nodiscard]] const validation::Validator& validator() const { return *validator_; }

 private:
  explicit Definitions(fhir::terminology::Terminology terminology)
      : terminology_(std::move(terminology)) {}
  fhir::terminology::Terminology terminology_;
  std::unique_ptr<validation::Validator> validator_;
};

/// Whether the issues themselves are wanted, or only whether there are errors.
enum class Telling : std::uint8_t { nothing, issues };

/// Judges what comes over one channel. From any thread.
class Judge {
 public:
  Judge(const Definitions& definitions, const Clock& clock, Judging terms)
      : definitions_(definitions), clock_(clock), terms_(terms) {}

  /// The issues of content that may be stored, where they are to be told; its errors and all else
  /// that was found where it is refused. The resource has passed fhir::check_resource(). `entries`:
  /// of the Bundle that it lies in.
  [[nodiscard]] Result<Issues> judge(fhir::JsonValue resource, Telling telling,
                                     validation::BundleEntries* entries = nullptr);
  /// For $validate: also what has not been checked, by whatever this channel does. Counts nothing.
  [[nodiscard]] Issues examine(fhir::JsonValue resource, std::span<const std::string> profiles);

  [[nodiscard]] const Definitions& definitions() const { return definitions_; }
  [[nodiscard]] const JudgedCounts& counts() const { return counts_; }

 private:
  using Lease = std::unique_ptr<validation::Workspace>;
  static constexpr std::size_t kept_max = 4;
  [[nodiscard]] Lease take();
  void give_back(Lease workspace);
  void count(const validation::Report& report);

  const Definitions& definitions_;
  const Clock& clock_;
  const Judging terms_;
  JudgedCounts counts_;
  std::mutex mutex_;
  std::vector<Lease> idle_;
};

/// Without lines, where they are not those of what was sent: XML, what a patch made, what is
/// stored.
void drop_lines(Issues& issues);

/// As failures are told: the first error, and all the others as its `more`.
[[nodiscard]] Error refusal_of(Issues issues);

/// "warn"
[[nodiscard]] std::string_view name(Strictness strictness);

}  // namespace holdfast::api
