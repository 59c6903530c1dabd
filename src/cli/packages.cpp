#include "cli/packages.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "cli/byte_source.h"
#include "cli/documents.h"
#include "cli/tar.h"
#include "fhir/json.h"
#include "fhir/params/compile.h"

namespace holdfast::cli {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> unusable(const std::string& package, std::string_view file,
                                std::string_view why) {
  return fail(Code::usage,
              fmt::format("package {}{}{}: {}", package, file.empty() ? "" : ": ", file, why));
}

std::string text_of(fhir::JsonValue in, std::string_view member) {
  const auto found = in.find(member);
  return found && found->is_string() ? found->text() : std::string();
}

/// Files of one package: name within `package/` and bytes.
using Files = std::map<std::string, Bytes>;

class Reading {
 public:
  Result<server::Packages> run(const std::string& folder) {
    std::error_code fault;
    std::vector<fs::path> paths;
    for (fs::directory_iterator at(folder, fault), end; !fault && at != end; at.increment(fault)) {
      paths.push_back(at->path());
    }
    if (fault) {
      return fail(Code::usage, fmt::format("folder of packages: {}", fault.message()), folder);
    }
    std::ranges::sort(paths);
    for (const fs::path& path : paths) {
      const std::string name = path.filename().string();
      TRY(const Files files, fs::is_directory(path) ? read_folder(path) : read_archive(path));
      TRY_OK(take_package(name, files));
    }
    return std::move(packages_);
  }

 private:
  Result<Bytes> read_all(const std::string& package, std::string_view file,
                         const std::function<Result<std::size_t>(std::span<char>)>& read) {
    Bytes bytes;
    constexpr std::size_t step = 64 << 10;
    for (;;) {
      const std::size_t had = bytes.size();
      bytes.resize(had + step);
      const auto count = read(std::span(bytes).subspan(had));
      if (!count) {
        return unusable(package, file, count.error().what);
      }
      bytes.resize(had + *count);
      taken_ += *count;
      if (bytes.size() > document_bytes_max || taken_ > packages_bytes_max) {
        return unusable(package, file,
                        fmt::format("larger than a file may be ({} MiB), or the packages together "
                                    "than {} MiB",
                                    document_bytes_max >> 20U, packages_bytes_max >> 20U));
      }
      if (*count == 0) {
        return bytes;
      }
    }
  }

  static bool is_wanted(std::string_view name) {
    return name.ends_with(".json") && !name.starts_with('.') &&
           name.find('/') == std::string_view::npos;
  }

  Result<Files> read_folder(const fs::path& path) {
    const std::string package = path.filename().string();
    const fs::path inside = fs::exists(path / "package" / "package.json") ? path / "package" : path;
    std::error_code fault;
    Files files;
    for (fs::directory_iterator at(inside, fault), end; !fault && at != end; at.increment(fault)) {
      const std::string name = at->path().filename().string();
      if (!at->is_regular_file() || !is_wanted(name)) {
        continue;
      }
      TRY(const auto source, open_file(at->path().string()));
      TRY(files[name],
          read_all(package, name, [&](std::span<char> into) { return source->read(into); }));
    }
    if (fault) {
      return unusable(package, "", fault.message());
    }
    return files;
  }

  Result<Files> read_archive(const fs::path& path) {
    const std::string package = path.filename().string();
    if (!package.ends_with(".tgz") && !package.ends_with(".tar.gz")) {
      return unusable(package, "", "neither a folder nor a .tgz");
    }
    TRY(auto packed, open_file(path.string()));
    const auto source = unpack_gzip(std::move(packed));
    TarReader tar(*source);
    Files files;
    for (;;) {
      const auto member = tar.next();
      if (!member) {
        return unusable(package, "", member.error().what);
      }
      if (!*member) {
        return files;
      }
      constexpr std::string_view inside = "package/";
      const std::string& name = (*member)->name;
      if (!name.starts_with(inside) || !is_wanted(std::string_view(name).substr(inside.size()))) {
        continue;
      }
      TRY(files[name.substr(inside.size())],
          read_all(package, name, [&](std::span<char> into) { return tar.read(into); }));
    }
  }

  Result<void> take_package(const std::string& package, const Files& files) {
    const auto manifest = files.find("package.json");
    if (manifest == files.end()) {
      return unusable(package, "", "it has no package.json: it is no FHIR package");
    }
    TRY_OK(take_manifest(package, manifest->second));
    for (const auto& [name, bytes] : files) {
      if (name != "package.json") {
        TRY_OK(take_resource(package, name, bytes));
      }
    }
    return ok();
  }

  Result<void> take_manifest(const std::string& package, const Bytes& bytes) {
    const auto json = reader_.read(bytes);
    if (!json) {
      return unusable(package, "package.json", json.error().what);
    }
    for (const std::string_view member : {"fhirVersions", "fhir-version-list"}) {
      const auto versions = json->root().find(member);
      if (!versions || !versions->is_array()) {
        continue;
      }
      bool fits = false;
      for (const fhir::JsonValue version : versions->children()) {
        fits = fits || (version.is_string() && version.text().starts_with("4.0"));
      }
      if (!fits) {
        return unusable(
            package, "package.json",
            fmt::format("it is for FHIR {}, this server speaks 4.0.1", versions->raw()));
      }
    }
    packages_.names.push_back(text_of(json->root(), "name") + ' ' +
                              text_of(json->root(), "version"));
    return ok();
  }

  Result<void> take_resource(const std::string& package, const std::string& name,
                             const Bytes& bytes) {
    auto json = reader_.read(bytes);
    if (!json) {
      return unusable(package, name, fmt::format("{} {}", json.error().what, json.error().where));
    }
    const std::string type = text_of(json->root(), "resourceType");
    std::vector<Bytes>* const to = list_of(type);
    if (to == nullptr) {
      return ok();  // an ImplementationGuide, a CapabilityStatement: nothing here goes by them
    }
    const std::string url = text_of(json->root(), "url");
    if (url.empty()) {
      return unusable(package, name, fmt::format("a {} without url", type));
    }
    json->minify();
    if (type == "SearchParameter" && is_built_in(url)) {
      return ok();
    }
    const auto [known, fresh] = urls_.try_emplace({type, url}, package, json->bytes());
    if (!fresh) {
      return known->second.second == json->bytes()
                 ? ok()
                 : Result<void>(unusable(
                       package, name,
                       fmt::format("{} {} is another than that of package {}; keep one of the two "
                                   "packages",
                                   type, url, known->second.first)));
    }
    to->push_back(json->release());
    return ok();
  }

  std::vector<Bytes>* list_of(std::string_view type) {
    if (type == "SearchParameter") {
      return &packages_.search_parameters;
    }
    if (type == "StructureDefinition") {
      return &packages_.structure_definitions;
    }
    if (type == "ValueSet") {
      return &packages_.value_sets;
    }
    return type == "CodeSystem" ? &packages_.code_systems : nullptr;
  }

  static bool is_built_in(std::string_view url) {
    for (std::uint32_t i = 0; i < fhir::tables::search_parameter_count; ++i) {
      if (fhir::url(fhir::tables::search_parameters[i]) == url) {
        return true;
      }
    }
    return false;
  }

  server::Packages packages_;
  fhir::JsonReader reader_;
  std::uint64_t taken_ = 0;
  /// Type and url: the package that gave it, and what it says.
  std::map<std::pair<std::string, std::string>, std::pair<std::string, Bytes>> urls_;
};

}  // namespace

Result<server::Packages> read_packages(const std::string& folder) { return Reading().run(folder); }

}  // namespace holdfast::cli
