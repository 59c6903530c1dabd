// exchange/resolve.h: from what a message says to what is to be done to the record: which of its
// resources are there, what becomes of those, and which are new. Reads one Moment; decide refuses
// the Command (conflict) where the record has moved on since, and it is made again.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "decide/prepared.h"
#include "exchange/element_paths.h"
#include "exchange/evidence.h"
#include "exchange/newer_evidence.h"
#include "fhir/json.h"
#include "hl7v2/mapping/map.h"
#include "node/node.h"
#include "world/random.h"

namespace holdfast::exchange {

/// What resolving needs beside the message. Borrowed.
struct Ground {
  const node::Moment& moment;
  const views::BodyCodec& codec;
  const fhir::SearchParams& extracting;  ///< to prepare what is written
  fhir::JsonReader& reader;
  Random& random;
  ElementPaths& paths;
  const Taken* again = nullptr;  ///< of a message that is taken up again
};

struct Resolved {
  decide::Prepared prepared;  ///< operations only
  /// What each draft is called in the bodies of this Command: "Patient/7", "urn:uuid:…".
  std::vector<std::string> names;
  std::vector<Item> items;             ///< what somebody has to see to, though it was taken
  std::vector<hl7v2::Local> left_out;  ///< drafts of which nothing was taken: no visit is named
  std::vector<hl7v2::Local> outdated;  ///< and those that newer evidence has spoken of
  std::vector<std::string> written;    ///< names of those that the message says something of
};

/// Code::multiple_matches  an identifier leads to two resources
/// Code::mismatch          its identifiers lead to different ones, or to a patient with another
///                         birth date: somebody has to look, nothing is merged
/// Code::structure …       what the mapping made is no resource: a fault of a table
[[nodiscard]] Result<Resolved> resolve(const hl7v2::Mapped& mapped, const Ground& ground);

/// A resource that is there, with its current version.
struct Stored {
  std::string id;
  Version version;
  Bytes body;
};
/// Code::not_found where it is not there, or deleted.
[[nodiscard]] Result<Stored> read_stored(const Ground& ground, fhir::TypeId type,
                                         const std::string& id);

/// Puts `body` into `operation`, checked, minified and prepared. Refuses what
/// fhir::check_resource() does not take.
[[nodiscard]] Result<decide::PreparedOperation> put_body(Operation& operation, Bytes body,
                                                         fhir::JsonReader& reader,
                                                         const fhir::SearchParams& extracting);
/// One more operation of the Command, with that body.
[[nodiscard]] Result<void> add_operation(decide::Prepared& prepared, Operation operation,
                                         Bytes body, fhir::JsonReader& reader,
                                         const fhir::SearchParams& extracting);
/// One more: a new resource with an id of its own.
[[nodiscard]] Result<void> add_new(decide::Prepared& prepared, std::string_view id, Bytes body,
                                   fhir::JsonReader& reader, const fhir::SearchParams& extracting);

/// Ids of the current resources of that type with that business identifier; at most two.
[[nodiscard]] Result<std::vector<std::string>> find_by_identifier(const Ground& ground,
                                                                  fhir::TypeId type,
                                                                  const hl7v2::BusinessId& id);

}  // namespace holdfast::exchange
