// model/command.h: what somebody asked for, complete: who, why, over which channel, with which
// preconditions. decide() reads nothing else but the view. Validation came before.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/result.h"
#include "model/delivery.h"
#include "model/message.h"

namespace holdfast {

/// What a journal record is about. Numbers are on disk: never renumber, only add.
enum class EntryKind : std::uint16_t {
  command = 1,      ///< a Command with its Outcome
  audit = 2,        ///< what the node did to itself: a torn tail cut at opening
  dictionary = 3,   ///< a zstd dictionary; later entries and rows may name it by its position
  definitions = 4,  ///< search parameters beside those built in: extracted by from here on
  activation = 5,   ///< searches go by the newest definitions from here on
  pathways = 6,     ///< definitions of pathways: what is decided from here on goes by them
};

enum class Verb : std::uint8_t {
  create = 1,  ///< https://hl7.org/fhir/R4/http.html#create, with or without ifNoneExist
  update = 2,  ///< https://hl7.org/fhir/R4/http.html#update, also as create
  remove = 3,  ///< https://hl7.org/fhir/R4/http.html#delete
  patch =
      4,  ///< https://hl7.org/fhir/R4/http.html#patch: an update of the version it was made from
};

/// What language a patch is written in. Numbers are on disk.
enum class PatchForm : std::uint8_t {
  json_patch = 1,      ///< RFC 6902
  fhirpath_patch = 2,  ///< https://hl7.org/fhir/R4/fhirpatch.html
  meta_add = 3,        ///< https://hl7.org/fhir/R4/resource-operation-meta-add.html
  meta_delete = 4,     ///< https://hl7.org/fhir/R4/resource-operation-meta-delete.html
  xml_patch = 5,       ///< RFC 5261
};

/// Who asks. Until access control exists: the channel's anonymous principal.
struct Principal {
  std::string name;
  bool operator==(const Principal&) const = default;
};

/// First 16 bytes of SHA-256(principal, Idempotency-Key), or random when none was given.
struct IdempotencyKey {
  std::array<char, 16> bytes{};
  auto operator<=>(const IdempotencyKey&) const = default;
  [[nodiscard]] BytesView view() const { return {bytes.data(), bytes.size()}; }
};
[[nodiscard]] IdempotencyKey idempotency_key(const Principal& principal, std::string_view given);

/// Whether the caller chose the key. Only then is it kept for ever, and the reply repeatable.
enum class KeyOrigin : std::uint8_t { drawn = 0, given = 1 };

/// One thing to do to one resource.
struct Operation {
  Verb verb{};
  std::string type;  ///< FHIR resource type, known to the definitions
  /// create: drawn at the edge. update, remove, patch: the resource named; with a condition that
  /// selects none, what an update makes: the id that its body names, or one drawn at the edge. Of a
  /// remove with a condition it is empty, or one of all that the condition selects: each of them
  /// has an operation then.
  std::string id;
  /// patch: always there, the version that was patched. create: 0 says that its condition must
  /// select nothing, else the Command is refused (it was made from not finding it).
  std::optional<Version> if_match;
  /// Search query, empty for none. create: makes nothing if it selects something (ifNoneExist).
  /// update, remove, patch: selects the resource that is meant.
  std::string condition;
  std::string full_url;  ///< what other operations of the same Command call it
  Bytes body;            ///< minified JSON: as received, or as patched; empty for remove
  PatchForm patch_form = PatchForm::json_patch;  ///< patch only
  Bytes patch;                                   ///< patch only: as received, minified
  bool operator==(const Operation&) const = default;
};

/// Time has passed: what is due by then is looked at, in the order of waking.
struct Tick {
  Time until;
  std::uint32_t items_max = 0;  ///< of those only so many, the earliest; from 1
  bool operator==(const Tick&) const = default;
};

/// All of it happens, or none.
struct Command {
  IdempotencyKey key;
  KeyOrigin key_origin = KeyOrigin::drawn;
  /// SHA-256 of the request as received: the same key with another is refused. Of a message, of its
  /// bytes.
  Hash request_hash;
  Principal principal;
  std::string purpose;  ///< purpose of use as stated by the caller; may be empty
  std::string channel;  ///< door it came through: "http", "mllp"
  std::vector<Operation> operations;
  std::optional<Message> message;  ///< what it carries out, if that is a message; its key is drawn
  std::vector<Delivery> deliveries;     ///< those of operations first, in their order
  std::vector<Settlement> settlements;  ///< each of another duty
  std::optional<Tick> tick;             ///< alone: without operations
  bool operator==(const Command&) const = default;
};

/// Bytes of a Command as the journal keeps them, before compression.
[[nodiscard]] Bytes encode(const Command& command);
/// Code::corrupt unless the bytes are exactly what encode() gives for some Command.
[[nodiscard]] Result<Command> decode_command(BytesView bytes);

}  // namespace holdfast
