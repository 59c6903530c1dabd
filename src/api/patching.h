// api/patching.h: writes that are made from what is current: patches, $meta-add, $meta-delete.
// Read, apply and check happen here, outside the sequencer; the Command carries the result with the
// version that it was made from, and is made again if another write came between
// (docs/adr/0008-patches-are-applied-before-they-are-decided.md).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "api/call.h"
#include "decide/prepared.h"
#include "model/command.h"
#include "node/node.h"

namespace holdfast::api {

/// How often a Command is made anew before its sender is asked to come again. Of n writers that
/// change one resource all the time, one succeeds each time.
constexpr std::size_t patch_attempts_max = 32;
/// The resources that the patches of one Command make, together: a small patch may make a large
/// one.
constexpr std::uint64_t patched_bytes_max = std::uint64_t{64} << 20U;

/// What is to be done to one resource.
struct Patch {
  PatchForm form = PatchForm::json_patch;
  fhir::TypeId type{};
  std::string id;         ///< or
  std::string condition;  ///< a query that selects it
  std::optional<Version> if_match;
  std::string full_url;
  Bytes document;  ///< minified JSON; of XML Patch its XML
};

/// The content of a request as Patch::document; of FHIR it must be Parameters that
/// fhir::check_resource passes. An XML Patch is read when it is applied.
[[nodiscard]] Result<Bytes> read_patch_document(const Parts& parts, const PatchContent& content,
                                                Bytes body);

/// A Patch in the place of an operation.
struct Patching {
  std::size_t operation = 0;
  Patch patch;
  Issues issues;  ///< of what it made, once that is stored
};

/// Submits `prepared`, in which the operations that `patches` name are still to be made. Refusals
/// are those of submit(), and: not_found, deleted (there is nothing to patch), multiple_matches,
/// conflict (If-Match), what the language of the patch and fhir::check_resource say of the result,
/// value (it would change type or id), too_costly, overloaded (others write all the time). `where`
/// names the operation as decide does. Under an Idempotency-Key that was used before, the Outcome
/// of that time, whatever has become of the resource since. What validation found of what was made
/// is in Patching::issues, for Telling::issues.
[[nodiscard]] Task<Result<node::Committed>> submit_patched(const Parts& parts, Executor& on,
                                                           decide::Prepared prepared,
                                                           std::vector<Patching>& patches,
                                                           Telling telling);

/// A request that patches one resource, from its headers and address to its reply, which `show`
/// writes.
[[nodiscard]] Task<Reply> patch_one(const Parts& parts, Call& call, Executor& on,
                                    const PatchContent& content,
                                    Reply (*show)(const Parts&, const Call&, const node::Committed&,
                                                  const Issues&));

}  // namespace holdfast::api
