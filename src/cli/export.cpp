// cli/export.cpp: `holdfast export`: every current resource, one NDJSON file a type, by paging.
// Each type is one snapshot, whatever is written meanwhile; a file appears under its name when it
// is whole.
#include <CLI/CLI.hpp>

#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/machine.h"
#include "cli/progress.h"
#include "cli/remote.h"
#include "fhir/json.h"

namespace holdfast::cli {
namespace {

struct ExportOptions {
  std::string server;
  std::string directory;
  unsigned page = 500;
};

/// A file that is there when it is whole, or not at all.
class WholeFile {
 public:
  static Result<std::unique_ptr<WholeFile>> make(std::string path) {
    const std::string unfinished = path + ".unfinished";
    std::FILE* const file = std::fopen(unfinished.c_str(), "wb");
    if (file == nullptr) {
      return fail_errno(errno, "make " + unfinished);
    }
    return std::unique_ptr<WholeFile>(new WholeFile(file, std::move(path)));
  }
  ~WholeFile() {
    if (file_ != nullptr) {
      std::fclose(file_);
    }
  }
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;

  Result<void> write(BytesView bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) {
      return fail_errno(errno, "write " + path_);
    }
    return ok();
  }
  Result<void> finish() {
    if (std::fclose(std::exchange(file_, nullptr)) != 0) {
      return fail_errno(errno, "write " + path_);
    }
    if (std::rename((path_ + ".unfinished").c_str(), path_.c_str()) != 0) {
      return fail_errno(errno, "rename to " + path_);
    }
    return ok();
  }

 private:
  WholeFile(std::FILE* file, std::string path) : file_(file), path_(std::move(path)) {}
  std::FILE* file_;
  const std::string path_;
};

class Exporter {
 public:
  Exporter(const ExportOptions& options, ServerAddress server)
      : options_(options), remote_(network_, working_, std::move(server)) {}
  ~Exporter() {
    working_.stop();
    working_.discard();
  }
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  Result<void> run() {
    working_.start();
    return wait_for(working_, export_all());
  }

 private:
  Task<Result<fhir::Json>> get(std::string target) {
    Remote::Question question;
    question.target = std::move(target);
    const std::string asked = question.target;
    const Patience patience;
    auto reply = co_await remote_.ask(std::move(question), patience);
    if (!reply) {
      co_return fail(reply.error());
    }
    if (reply->status != 200) {
      co_return fail(Code::unavailable,
                     fmt::format("{} {}", reply->status, diagnostics_of(reply->body)), asked);
    }
    co_return reader_.read(std::move(reply->body));
  }

  Task<Result<void>> export_all() {
    std::error_code fault;
    std::filesystem::create_directories(options_.directory, fault);
    if (fault) {
      co_return fail(Code::usage, fault.message(), options_.directory);
    }
    CO_TRY(const fhir::Json statement, co_await get("/fhir/metadata"));
    CO_TRY(const std::vector<std::string> types, searchable_types(statement.root()));
    Progress progress("export", types.size(), "types");
    std::uint64_t done = 0;
    for (const std::string& type : types) {
      CO_TRY(const std::uint64_t count, co_await export_type(type));
      total_ += count;
      progress.show(++done, fmt::format("{}: {} resources in all", type, grouped(total_)));
      if (count > 0) {
        progress.clear();
        fmt::print("{}={}\n", type, count);
      }
    }
    fmt::print("total={}\n", total_);
    co_return ok();
  }

  static Result<std::vector<std::string>> searchable_types(fhir::JsonValue statement) {
    std::vector<std::string> types;
    const auto rest = statement.find("rest");
    if (rest && rest->size() > 0) {
      const auto resources = (*rest->children().begin()).find("resource");
      for (const fhir::JsonValue each : resources ? resources->children() : rest->children()) {
        const auto type = each.find("type");
        if (type && type->is_string()) {
          types.push_back(type->text());
        }
      }
    }
    if (types.empty()) {
      return fail(Code::unsupported, "the server's CapabilityStatement names no resource types");
    }
    return types;
  }

  Task<Result<std::uint64_t>> export_type(std::string type) {
    std::unique_ptr<WholeFile> file;
    std::uint64_t count = 0;
    std::uint64_t expected = 0;
    std::string target = fmt::format("/fhir/{}?_count={}", type, options_.page);
    while (!target.empty()) {
      CO_TRY(const fhir::Json page, co_await get(std::move(target)));
      target.clear();
      if (const auto total = page.root().find("total")) {
        const BytesView text = total->raw();
        std::from_chars(text.data(), text.data() + text.size(), expected);
      }
      const auto entries = page.root().find("entry");
      if (entries && entries->size() > 0) {
        if (!file) {
          CO_TRY(file, WholeFile::make(fmt::format("{}/{}.ndjson", options_.directory, type)));
        }
        for (const fhir::JsonValue entry : entries->children()) {
          const auto resource = entry.find("resource");
          if (!resource) {
            co_return fail(Code::structure, "an entry without a resource", type);
          }
          CO_TRY_OK(file->write(resource->raw()));
          CO_TRY_OK(file->write("\n"));
          ++count;
        }
        CO_TRY(target, next_link(page.root()));
      }
    }
    if (count < expected) {
      co_return fail(Code::corrupt, fmt::format("{}: the server counts {}, its pages hold {}", type,
                                                expected, count));
    }
    if (file) {
      CO_TRY_OK(file->finish());
    }
    co_return count;
  }

  // Path and query of the link to the next page; empty when there is none.
  static Result<std::string> next_link(fhir::JsonValue page) {
    const auto links = page.find("link");
    if (links) {
      for (const fhir::JsonValue link : links->children()) {
        const auto relation = link.find("relation");
        const auto url = link.find("url");
        if (relation && relation->equals("next") && url && url->is_string()) {
          const std::string whole = url->text();
          const std::size_t authority = whole.find("://");
          const std::size_t path =
              authority == std::string::npos ? 0 : whole.find('/', authority + 3);
          if (path == std::string::npos || whole[path] != '/') {
            return fail(Code::structure, "a next link without a path: " + whole);
          }
          return whole.substr(path);
        }
      }
    }
    return std::string();
  }

  const ExportOptions& options_;
  RealNetwork network_;
  RealExecutor working_{"export"};
  Remote remote_;
  fhir::JsonReader reader_;
  std::uint64_t total_ = 0;
};

int run_export(const ExportOptions& options) {
  auto server = parse_server(options.server);
  if (!server) {
    return end_with("export", server.error());
  }
  const auto done = Exporter(options, *std::move(server)).run();
  return done ? exit_ok : end_with("export", done.error());
}

}  // namespace

Command add_export(CLI::App& parent) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* const app = parent.add_subcommand("export", "fetch every resource as NDJSON");
  app->add_option("--server", options->server, "where it listens: http://127.0.0.1:8080")
      ->required();
  app->add_option("--out", options->directory, "folder for TYPE.ndjson; made if it is not there")
      ->required();
  app->add_option("--page", options->page, "resources a request")
      ->check(CLI::Range(1U, 1000U))
      ->capture_default_str();
  app->footer(
      "Example:\n"
      "  holdfast export --server http://127.0.0.1:8080 --out monday/");
  return {app, [options] { return run_export(*options); }};
}

}  // namespace holdfast::cli
