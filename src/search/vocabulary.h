// search/vocabulary.h: which codes a value set has, and what stands above and below a code, as far
// as can be known at the moment of a search: by what is built in, and over that the value sets and
// code systems that the record holds then. Inside search/ only.
// https://hl7.org/fhir/R4/terminology-module.html
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "search/moment.h"

namespace holdfast::search {

/// Value sets and code systems of the record that one value set may lead to.
inline constexpr std::size_t stored_vocabulary_max = 64;
/// All of them together.
inline constexpr std::size_t stored_vocabulary_bytes_max = std::size_t{32} << 20U;

/// Codes that are asked for, as one thing. Does not change.
class CodeSet {
 public:
  CodeSet() = default;
  CodeSet(const CodeSet&) = delete;
  CodeSet& operator=(const CodeSet&) = delete;
  virtual ~CodeSet() = default;

  /// Whether it has the code; with an empty system: whether it has that code of any. Fails, naming
  /// what is missing, where that cannot be known here.
  [[nodiscard]] virtual Result<bool> has(std::string_view system, std::string_view code) const = 0;
  /// All its codes, rising and each once, if nothing else that a resource may say (another case of
  /// letters) is in it; nothing where that cannot be listed.
  [[nodiscard]] virtual std::optional<std::vector<std::string>> codes() const = 0;
  /// "the value set http://…"
  [[nodiscard]] virtual const std::string& name() const = 0;
};
using CodeSetPtr = std::shared_ptr<const CodeSet>;

/// Finds each set once. One for a search.
class Vocabulary {
 public:
  /// `named` as ":in" takes it: a canonical ("url", "url|version"), or "ValueSet/id" of this
  /// server. Code::value for a set that is neither stored nor built in, Code::too_large for one
  /// that leads to too much.
  Result<CodeSetPtr> value_set(const Moment& moment, const std::string& named);
  /// The code and all that it subsumes, or all that subsume it. Code::value for a code that its
  /// system lacks, Code::unsupported where the system is not known well enough.
  enum class Way : std::uint8_t { below, above };
  Result<CodeSetPtr> hierarchy(const Moment& moment, Way way, const std::string& system,
                               const std::string& code);

 private:
  std::map<std::string, CodeSetPtr> known_;
};

}  // namespace holdfast::search
