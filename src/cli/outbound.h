// cli/outbound.h: a document as the request that carries it: where it goes, under which key, and
// whether it can only succeed after others. Looks at no more of it than that needs; whether it is
// right is the server's to say.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "cli/documents.h"

namespace holdfast::cli {

/// The members of a JSON object that say what it is; empty where they are not there, or no plain
/// strings. Members that these names would hide inside other members are not taken for them.
struct TopLevel {
  std::string_view resource_type;
  std::string_view type;
  std::string_view id;
};
[[nodiscard]] TopLevel peek(BytesView json);

/// Whether some Reference.reference is a search (`Type?identifier=…`): what it means must be there
/// before.
[[nodiscard]] bool has_conditional_reference(BytesView json);

enum class Shipment : std::uint8_t {
  bundle,    ///< a transaction or batch, as it is
  portion,   ///< lines of NDJSON in a batch that we made
  resource,  ///< one resource, created or updated under its id
};

struct Outbound {
  std::uint64_t number = 0;
  std::string name;
  Shipment shipment = Shipment::bundle;
  Bytes method = "POST";
  Bytes target = "/fhir";
  std::string key;  ///< Idempotency-Key: SHA-256 of the body, in hex
  std::shared_ptr<const Bytes> body;
  bool waits_for_others = false;
  std::vector<std::uint64_t> lines;  ///< of a portion: the line of each entry
  /// Lines that are no resources, and so in no entry: "line 7: it is no JSON object".
  std::vector<std::string> refused_lines;
};

/// Code::structure for what is neither a Bundle of those types nor any other resource.
[[nodiscard]] Result<Outbound> make_outbound(Document document);

}  // namespace holdfast::cli
