#include "cli/hl7_kept.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"
#include "cli/machine.h"
#include "cli/overlays.h"
#include "fhir/json.h"
#include "world/real/real_executor.h"
#include "world/real/real_network.h"

namespace holdfast::cli {
namespace {

constexpr std::uint64_t config_file_bytes_max = 1 << 20;
constexpr std::size_t page_size = 200;

class Walk {
 public:
  Walk(const ServerAddress& server, const KeptQuestion& question,
       const std::function<Result<void>(const KeptMessage&)>& take)
      : question_(question), take_(take), remote_(network_, on_, server) {
    on_.start();
  }
  ~Walk() {
    on_.stop();
    on_.discard();
  }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  Result<std::uint64_t> run() { return wait_for(on_, walk()); }

 private:
  Task<Result<fhir::Json>> ask(std::string target) {
    Remote::Question question;
    question.target = std::move(target);
    question.headers.add("Accept", "application/fhir+json");
    const Patience patience;
    CO_TRY(const auto reply, co_await remote_.ask(question, patience));
    if (reply.status != 200) {
      co_return fail(Code::io, fmt::format("{} answers {}: {}", question.target, reply.status,
                                           diagnostics_of(reply.body)));
    }
    co_return reader_.read(reply.body);
  }

  static std::vector<std::string> ids_of(fhir::JsonValue page) {
    std::vector<std::string> ids;
    const auto entries = page.find("entry");
    if (!entries) {
      return ids;
    }
    for (const fhir::JsonValue entry : entries->children()) {
      const auto resource = entry.find("resource");
      if (const auto id = resource ? resource->find("id") : std::nullopt) {
        ids.push_back(id->text());
      }
    }
    return ids;
  }

  static std::string next_of(fhir::JsonValue page) {
    const auto links = page.find("link");
    if (!links) {
      return {};
    }
    for (const fhir::JsonValue link : links->children()) {
      const auto relation = link.find("relation");
      const auto url = link.find("url");
      if (relation && url && relation->equals("next")) {
        const std::string whole = url->text();
        return whole.substr(std::min(whole.find("/fhir"), whole.size()));
      }
    }
    return {};
  }

  Task<Result<std::uint64_t>> walk() {
    std::string target = fmt::format(
        "/fhir/Binary?_source=urn:holdfast:neighbour:{}&_sort=-_lastUpdated&_count={}"
        "&_elements=id{}",
        question_.neighbour, page_size,
        question_.since.empty() ? "" : "&_lastUpdated=ge" + percent_encode(question_.since));
    while (!target.empty() && seen_ < question_.count) {
      CO_TRY(const auto page, co_await ask(std::move(target)));
      target = next_of(page.root());
      for (std::string& id : ids_of(page.root())) {
        if (seen_ < question_.count) {
          CO_TRY_OK(co_await take_one(std::move(id)));
        }
      }
    }
    co_return seen_;
  }

  Task<Result<void>> take_one(std::string id) {
    CO_TRY(const auto binary, co_await ask("/fhir/Binary/" + id));
    const auto data = binary.root().find("data");
    auto bytes = data ? from_base64(data->text()) : std::nullopt;
    if (!bytes) {
      co_return ok();  // no message
    }
    ++seen_;
    co_return take_(KeptMessage{std::move(id), *std::move(bytes)});
  }

  const KeptQuestion& question_;
  const std::function<Result<void>(const KeptMessage&)>& take_;
  RealNetwork network_;
  RealExecutor on_{"hl7-kept"};
  Remote remote_;
  fhir::JsonReader reader_;
  std::uint64_t seen_ = 0;
};

}  // namespace

Result<std::uint64_t> each_kept(const ServerAddress& server, const KeptQuestion& question,
                                const std::function<Result<void>(const KeptMessage&)>& take) {
  Walk walk(server, question, take);
  return walk.run();
}

Result<server::Config> read_neighbours(const std::string& path) {
  server::Origins origins;
  origins.file = path;
  TRY(origins.file_text, read_text_file(path, config_file_bytes_max));
  TRY(auto config, server::read_config(origins));
  TRY_OK(read_overlays(config));
  return config;
}

}  // namespace holdfast::cli
