// api/server_for_test.cpp: requests into the handler and replies out of it, over a node in memory.
#include "api/server_for_test.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "journal/checkpoint.h"
#include "journal/open.h"
#include "views/mem_kv.h"
#include "world/sim/sim_world.h"

namespace holdfast::api {
namespace {

void expect_good(const auto& result) {
  check(result.has_value(), "the test's task ends");
  if (!*result) {
    ADD_FAILURE() << result->error().what;
  }
  check(result->has_value(), "the test's node opens");
}

}  // namespace

Document::Document(Bytes text) {
  fhir::JsonReader reader;
  auto read = reader.read(std::move(text));
  if (!read) {
    ADD_FAILURE() << "not JSON: " << read.error().what << " at " << read.error().where;
    read = reader.read(Bytes("null"));
  }
  json_ = *std::move(read);
}

std::optional<fhir::JsonValue> Document::find(std::string_view path) const {
  std::optional<fhir::JsonValue> at = json_.root();
  while (at && !path.empty()) {
    const std::string_view part = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    if (!at->is_array()) {
      at = at->find(part);
      continue;
    }
    std::size_t skip = parse_count(part).value_or(SIZE_MAX);
    std::optional<fhir::JsonValue> element;
    for (const fhir::JsonValue child : at->children()) {
      if (skip-- == 0) {
        element = child;
        break;
      }
    }
    at = element;
  }
  return at;
}

std::string Document::at(std::string_view path) const {
  const auto value = find(path);
  if (!value) {
    return {};
  }
  return value->is_string() ? value->text() : std::string(value->raw());
}

std::size_t Document::size(std::string_view path) const {
  const auto value = find(path);
  return value ? value->size() : 0;
}

std::string Answered::refusal() const {
  const Document document = json();
  return fmt::format("{} {}", status, document.at("issue.0.code"));
}

struct Server::Inside {
  SimScheduler scheduler{7};
  SimNetwork network{scheduler, 8};
  SimWorld machine{scheduler, network, 9};
  views::MemKv kv;
  std::unique_ptr<node::Node> node;
  std::unique_ptr<FhirHandler> handler;

  Inside(Options api_options, const std::vector<Bytes>& profiles) {
    node::Options options;
    options.segment_bytes = std::uint64_t{16} << 20U;
    make_directory(options);
    auto opened = run_task(machine.sequencer(), node::open(machine.world(), kv, options));
    expect_good(opened);
    node = std::move((*opened)->node);
    auto definitions = Definitions::over({}, profiles);
    check(definitions.has_value(), "the test's profiles are JSON");
    handler = std::make_unique<FhirHandler>(*node, machine.world(), std::move(api_options),
                                            *std::move(definitions));
  }
  ~Inside() {
    machine.crash(Crash::process);
    handler.reset();
    node.reset();
  }

  void make_directory(const node::Options& options) {
    World& world = machine.world();
    const auto key = journal::SigningKey::generate("holdfast/test", world.random);
    check(key.has_value() && world.disk.make_directory("keys").has_value(), "the disk is empty");
    write_file("keys/checkpoint.pem", key->file().value());
    write_file("keys/link.secret", Bytes(32, 's'));
    journal::Options journal_options;
    journal_options.segment_bytes = options.segment_bytes;
    const journal::Writer::Parts parts{world.clock, world.disk, world.random, world.sequencer};
    expect_good(run_task(machine.sequencer(),
                         journal::create(parts, journal_options, journal::Community{})));
  }

  void write_file(const std::string& path, BytesView bytes) {
    auto file = machine.world().disk.open(path, OpenMode::create_new);
    check(file.has_value() && (*file)->write(0, bytes).has_value(), "the disk is empty");
    expect_good(run_task(machine.sequencer(), (*file)->sync()));
  }
};

Server::Server(Options options, const std::vector<Bytes>& profiles)
    : inside_(std::make_unique<Inside>(std::move(options), profiles)) {}
Server::~Server() = default;

FhirHandler& Server::handler() { return *inside_->handler; }
node::Node& Server::node() { return *inside_->node; }
SimExecutor& Server::io() { return static_cast<SimExecutor&>(*inside_->machine.world().io[0]); }
SimExecutor& Server::bulk() { return static_cast<SimExecutor&>(*inside_->machine.world().bulk[0]); }
void Server::advance(Duration by) { inside_->scheduler.run_for(by); }

Answered Server::send(Method method, std::string target, const std::vector<Field>& headers,
                      Bytes body) {
  Request request;
  request.method = method;
  request.method_text = name(method);
  request.target = std::move(target);
  request.host = "localhost:8080";
  for (const auto& [field, value] : headers) {
    request.headers.add(field, value);
  }
  body.reserve(body.size() + body_spare_bytes);
  request.body = std::move(body);
  auto reply = run_task(io(), handler().handle(std::move(request), io()));
  check(reply.has_value(), "every request is answered");
  return Answered{reply->status, std::move(reply->headers), reply->body.joined()};
}

Answered Server::send_json(Method method, std::string target, Bytes body,
                           std::vector<Field> headers) {
  headers.emplace_back("Content-Type", "application/fhir+json");
  return send(method, std::move(target), headers, std::move(body));
}

Answered Server::bundle(std::string_view type, const std::vector<std::string>& entries,
                        const std::vector<Field>& headers) {
  std::string body = fmt::format(R"({{"resourceType":"Bundle","type":"{}")", type);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    body += i == 0 ? R"(,"entry":[)" : ",";
    body += entries[i];
  }
  body += entries.empty() ? "}" : "]}";
  return post("/fhir", std::move(body), headers);
}

}  // namespace holdfast::api
