// fhir/validation/library.h: the profiles and extension definitions that are known: those of the R4
// package, each read when it is first asked for, and those of packages, read at once.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "fhir/type.h"
#include "fhir/validation/profile.h"

namespace holdfast::fhir::validation {

/// What a canonical of a StructureDefinition means here.
struct FoundProfile {
  const Profile* profile = nullptr;  ///< that profile
  path::TypeRef type;                ///< or a base definition: conforming is being of that type
  std::string_view fault;            ///< or a profile that cannot be used, and why
  [[nodiscard]] bool is_known() const { return profile != nullptr || type.is_known(); }
};

/// From any number of threads.
class Library {
 public:
  /// `definitions`: StructureDefinitions of packages, as JSON texts; they count before built-in
  /// ones of the same url. One that cannot be used stays known as such, and is in problems(). Fails
  /// for a text that is no JSON or has no url.
  [[nodiscard]] static Result<std::unique_ptr<Library>> over(std::span<const Bytes> definitions);
  Library();
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  /// By "url" or "url|version"; versions are not compared: a package has one.
  [[nodiscard]] FoundProfile find(std::string_view canonical) const;

  struct Supported {
    std::string url;
    TypeId type;
  };
  /// The profiles of resources that packages brought, in order of their urls.
  [[nodiscard]] std::span<const Supported> supported() const { return supported_; }
  /// What of the packages' definitions is not checked, and why, for a log.
  [[nodiscard]] std::span<const std::string> problems() const { return problems_; }

 private:
  struct Entry {
    std::once_flag once;
    std::optional<Profile> profile;
    std::string fault;
  };
  [[nodiscard]] FoundProfile built_in(std::string_view url) const;
  void take(const std::map<std::string, Json, std::less<>>& definitions);

  std::unique_ptr<Entry[]> built_in_;  // one a row of tables::profiles
  std::map<std::string, std::unique_ptr<Entry>, std::less<>> of_packages_;
  std::vector<Supported> supported_;
  std::vector<std::string> problems_;
};

}  // namespace holdfast::fhir::validation
