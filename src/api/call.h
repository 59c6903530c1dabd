// api/call.h: what an interaction gets: the parts of the node that it may use, and one request
// with everything that the headers and the address say already read.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/judging.h"
#include "api/message.h"
#include "api/message_taker.h"
#include "api/negotiation.h"
#include "api/openapi.h"
#include "api/outcome.h"
#include "api/router.h"
#include "api/target.h"
#include "base/planted.h"
#include "fhir/json.h"
#include "fhir/reader_pool.h"
#include "fhir/terminology/terminology.h"
#include "node/node.h"
#include "world/clock.h"
#include "world/random.h"

namespace holdfast::api {

struct Options {
  /// "https://fhir.example.org/fhir", without a slash at the end. Empty: made from the Host header
  /// of each request, if that is a plain authority; else links are relative to the base.
  std::string base_url;
  std::string software_version = "0.1.0";
  /// Until access control exists, everybody who comes through this door is this principal.
  Principal principal{"anonymous"};
  /// How many resources a conditional delete may remove together. 1: what selects more is refused.
  std::size_t conditional_delete_max = 1;
  /// What becomes of content that is not what its definitions ask for.
  Judging judging;
  Bug planted = Bug::none;
};
/// The most that conditional_delete_max may say: decide looks at each, and others wait meanwhile.
constexpr std::size_t conditional_delete_limit = 1000;

/// The CapabilityStatement says what is built in, and what searches go by: it is written when that
/// changes. From any thread.
class CapabilityStatements {
 public:
  explicit CapabilityStatements(Time built) : built_(built) {}
  [[nodiscard]] std::shared_ptr<const Bytes> of(const Options& options,
                                                const fhir::SearchParams& params,
                                                const validation::Library& library);

 private:
  const Time built_;
  std::mutex mutex_;
  const fhir::SearchParams* params_ = nullptr;  ///< what `text_` was written for
  std::shared_ptr<const Bytes> text_;
};

/// What all interactions share. Borrowed; the handler owns or outlives nothing here but `readers`
/// and the statements.
struct Parts {
  node::Node& node;
  Random& random;
  const Options& options;
  fhir::ReaderPool& readers;
  CapabilityStatements& capabilities;
  OpenApi& openapi;
  const Clock& clock;
  /// Code systems, value sets and concept maps, built in and of packages.
  const fhir::terminology::Terminology& terminology;
  Judge& judge;
  MessageTaker* taker = nullptr;  ///< null: there is no exchange
};

/// One request on its way to its reply.
struct Call {
  Request request;
  Match match;
  std::vector<Parameter> parameters;  ///< of the address
  Preferences prefer;
  Format format = Format::json;  ///< of the reply
  bool is_entry = false;         ///< of a Bundle: lines of its body are not those that were sent
};

/// Base of absolute links, without a slash at the end; empty if there is none to be trusted.
[[nodiscard]] std::string base_url(const Options& options, const Request& request);

/// Refuses, or with Handling::lenient lets pass, parameters beside `known`, `_format` and
/// `_pretty`. Code::unsupported, naming the first; value for one that comes twice.
[[nodiscard]] Result<void> check_parameters(const Call& call,
                                            std::initializer_list<std::string_view> known);

/// The last value of a parameter of the address.
[[nodiscard]] std::optional<std::string_view> parameter(const Call& call, std::string_view name);

/// Shows at which position of the journal the reply was true.
void add_position(Reply& reply, Position position);

}  // namespace holdfast::api
