// api/server_for_test.h: a server without sockets for tests: requests go into the handler, replies
// come out, and behind it is a node in memory. Included by tests only.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/handler.h"
#include "api/message.h"
#include "fhir/json.h"
#include "node/node.h"
#include "world/sim/sim_executor.h"
#include "world/sim/sim_random.h"

namespace holdfast::api {

/// JSON to look things up in: at("entry.0.response.status") is the text of a string, the bytes of
/// anything else, and "" where nothing is.
class Document {
 public:
  explicit Document(Bytes text);
  [[nodiscard]] std::string at(std::string_view path) const;
  [[nodiscard]] bool has(std::string_view path) const { return find(path).has_value(); }
  /// Members or elements.
  [[nodiscard]] std::size_t size(std::string_view path) const;

 private:
  [[nodiscard]] std::optional<fhir::JsonValue> find(std::string_view path) const;
  fhir::Json json_;
};

using Field = std::pair<std::string_view, std::string_view>;

/// What came back, for tests to look at.
struct Answered {
  int status = 0;
  Headers headers;
  Bytes body;
  [[nodiscard]] Document json() const { return Document(body); }
  [[nodiscard]] std::string header(std::string_view name) const {
    return std::string(headers.find(name).value_or(""));
  }
  /// Of the first issue, where the body is an OperationOutcome: "404 not-found".
  [[nodiscard]] std::string refusal() const;
};

/// One server over an empty record. Time stands at 2026-01-01T00:00:00Z unless it is moved.
class Server {
 public:
  /// `profiles`: StructureDefinitions of packages.
  explicit Server(Options options = {}, const std::vector<Bytes>& profiles = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  Answered send(Method method, std::string target, const std::vector<Field>& headers = {},
                Bytes body = {});
  /// With Content-Type: application/fhir+json.
  Answered send_json(Method method, std::string target, Bytes body,
                     std::vector<Field> headers = {});
  Answered get(std::string target, const std::vector<Field>& headers = {}) {
    return send(Method::get, std::move(target), headers);
  }
  Answered post(std::string target, Bytes body, const std::vector<Field>& headers = {}) {
    return send_json(Method::post, std::move(target), std::move(body), headers);
  }
  Answered put(std::string target, Bytes body, const std::vector<Field>& headers = {}) {
    return send_json(Method::put, std::move(target), std::move(body), headers);
  }
  Answered remove(std::string target, const std::vector<Field>& headers = {}) {
    return send(Method::remove, std::move(target), headers);
  }
  /// A batch or transaction of these entries.
  Answered bundle(std::string_view type, const std::vector<std::string>& entries,
                  const std::vector<Field>& headers = {});

  FhirHandler& handler();
  node::Node& node();
  SimExecutor& io();
  SimExecutor& bulk();
  void advance(Duration by);

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace holdfast::api
