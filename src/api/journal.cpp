// api/journal.cpp: what a witness elsewhere needs: signed checkpoints, and proofs under them.
#include <fmt/format.h>

#include "api/interactions.h"
#include "base/hash.h"
#include "fhir/json_writer.h"

namespace holdfast::api {
namespace {

Result<std::uint64_t> required_number(const Call& call, std::string_view name) {
  const auto text = parameter(call, name);
  if (!text) {
    return fail(Code::required, fmt::format("parameter '{}' is missing", name),
                fmt::format("http.{}", name));
  }
  const auto value = parse_count(*text);
  if (!value || *value == 0) {
    return fail(Code::value, fmt::format("{} is a number from 1, not '{}'", name, *text),
                fmt::format("http.{}", name));
  }
  return *value;
}

Reply show_proof(fhir::JsonWriter& json, const std::vector<Hash>& hashes) {
  json.open("hashes", '[');
  for (const Hash& hash : hashes) {
    json.text(to_base64(hash.view()));
  }
  json.close(']');
  json.close('}');
  Reply reply;
  reply.headers.add("Content-Type", "application/json");
  reply.body = json.take();
  return reply;
}

}  // namespace

Result<Reply> checkpoint(const Parts& parts, const Call& call) {
  TRY_OK(check_parameters(call, {}));
  TRY(std::string text, parts.node.checkpoint());
  Reply reply;
  reply.headers.add("Content-Type", "text/plain;charset=utf-8");
  reply.body = std::move(text);
  return reply;
}

Result<Reply> proof(const Parts& parts, const Call& call) {
  TRY_OK(check_parameters(call, {"position", "size", "from", "to"}));
  const bool inclusion = parameter(call, "position") || parameter(call, "size");
  const bool consistency = parameter(call, "from") || parameter(call, "to");
  if (inclusion == consistency) {
    return fail(Code::required,
                "ask for ?position=&size= (an entry is in the journal) or for ?from=&to= (the "
                "journal only grew)");
  }
  fhir::JsonWriter json(2048);
  json.open('{');
  if (inclusion) {
    TRY(const std::uint64_t position, required_number(call, "position"));
    TRY(const std::uint64_t size, required_number(call, "size"));
    TRY(const auto hashes, parts.node.inclusion_proof(Position{position}, size));
    json.number("position", position);
    json.number("size", size);
    return show_proof(json, hashes);
  }
  TRY(const std::uint64_t from, required_number(call, "from"));
  TRY(const std::uint64_t to, required_number(call, "to"));
  TRY(const auto hashes, parts.node.consistency_proof(from, to));
  json.number("from", from);
  json.number("to", to);
  return show_proof(json, hashes);
}

}  // namespace holdfast::api
