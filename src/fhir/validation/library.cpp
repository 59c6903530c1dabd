#include "fhir/validation/library.h"

#include <fmt/format.h>

#include "base/check.h"
#include "fhir/validation/profile_reader.h"
#include "fhir/validation/tables.h"

namespace holdfast::fhir::validation {
namespace {

using Definitions = std::map<std::string, Json, std::less<>>;

/// Definitions that a profile without snapshot is based on: of the packages, else built in.
class Bases {
 public:
  explicit Bases(const Definitions* packages) : packages_(packages) {}

  const Json* find(std::string_view url) {
    if (packages_ != nullptr) {
      if (const auto found = packages_->find(url); found != packages_->end()) {
        return &found->second;
      }
    }
    if (const auto found = unpacked_.find(url); found != unpacked_.end()) {
      return &found->second;
    }
    const ProfileRow* const row = find_profile(url);
    if (row == nullptr) {
      return nullptr;
    }
    auto json = reader_.read(unpacked(*row));
    check(json.has_value(), "the built-in profiles are JSON");
    return &unpacked_.emplace(std::string(url), *std::move(json)).first->second;
  }

 private:
  const Definitions* packages_;
  Definitions unpacked_;
  JsonReader reader_;
};

Result<Profile> read_profile(JsonValue definition, Bases& bases) {
  const FindDefinition find = [&bases](std::string_view url) { return bases.find(url); };
  return ProfileReader(find).read(definition);
}

}  // namespace

Library::Library() : built_in_(std::make_unique<Entry[]>(tables::profile_count)) {}
Library::~Library() = default;

Result<std::unique_ptr<Library>> Library::over(std::span<const Bytes> definitions) {
  auto library = std::make_unique<Library>();
  Definitions by_url;
  JsonReader reader;
  for (const Bytes& text : definitions) {
    TRY(Json json, reader.read(Bytes(text)));
    const auto url = json.root().find("url");
    if (!url || !url->is_string()) {
      return fail(Code::required, "a StructureDefinition must have a url");
    }
    std::string named = url->text();
    by_url.insert_or_assign(std::move(named), std::move(json));
  }
  library->take(by_url);
  return library;
}

void Library::take(const Definitions& definitions) {
  Bases bases(&definitions);
  for (const auto& [url, json] : definitions) {
    const auto derivation = json.root().find("derivation");
    if (!derivation || !derivation->equals("constraint")) {
      // Base definitions are built in; logical models are of nothing that comes in.
      if (!url.starts_with(base_definition_url)) {
        problems_.push_back(fmt::format("{}: it is no profile, and is passed over", url));
      }
      continue;
    }
    auto entry = std::make_unique<Entry>();
    auto profile = read_profile(json.root(), bases);
    if (profile) {
      for (const std::string& what : profile->unchecked) {
        problems_.push_back(fmt::format("{}: {}", url, what));
      }
      if (const auto type = type_id(path::name(profile->type))) {
        supported_.push_back({url, *type});
      }
      entry->profile = *std::move(profile);
    } else {
      entry->fault = profile.error().what;
      problems_.push_back(fmt::format("{}: {}", url, entry->fault));
    }
    of_packages_.emplace(url, std::move(entry));
  }
}

FoundProfile Library::find(std::string_view canonical) const {
  const std::string_view url = without_version(canonical);
  if (const auto found = of_packages_.find(url); found != of_packages_.end()) {
    const Entry& entry = *found->second;
    return {entry.profile ? &*entry.profile : nullptr, path::unknown_type, entry.fault};
  }
  return built_in(url);
}

FoundProfile Library::built_in(std::string_view url) const {
  if (const ProfileRow* const row = find_profile(url)) {
    Entry& entry = built_in_[static_cast<std::size_t>(row - tables::profiles)];
    std::call_once(entry.once, [&] {
      Bases bases(nullptr);
      auto profile = read_profile(bases.find(url)->root(), bases);
      if (profile) {
        entry.profile = *std::move(profile);
      } else {
        entry.fault = profile.error().what;
      }
    });
    return {entry.profile ? &*entry.profile : nullptr, path::unknown_type, entry.fault};
  }
  const auto type = url.starts_with(base_definition_url)
                        ? path::fhir_type(url.substr(base_definition_url.size()))
                        : std::nullopt;
  return {nullptr, type.value_or(path::unknown_type), {}};
}

}  // namespace holdfast::fhir::validation
