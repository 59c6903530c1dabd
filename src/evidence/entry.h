// evidence/entry.h: one entry of the journal as evidence: its bytes, what they say in fields that a
// person can read, and the proof that it is in the tree. Everything but the proof follows from the
// bytes, so whoever has these can write the same fields again and compare (docs/EVIDENCE.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/result.h"
#include "journal/merkle.h"
#include "journal/record.h"
#include "model/command.h"
#include "model/outcome.h"

namespace holdfast::evidence {

/// What a command entry says.
struct Said {
  Command command;
  Outcome outcome;
};

struct Entry {
  journal::Record record;
  std::optional<Said> said;  ///< nothing of another kind, or redacted
};
/// Code::corrupt where the record is of kind command and not what we write.
[[nodiscard]] Result<Entry> read_entry(journal::Record record);

/// The entry as one line of the document, without the line's end: a JSON object whose last two
/// members are `proof` and `record`.
[[nodiscard]] Bytes entry_line(const Entry& entry, const journal::Proof& proof);
/// Where the base64 text of `record` begins, from the line's end backwards: it is the last member.
inline constexpr std::string_view record_member = R"(,"record":")";
inline constexpr std::string_view line_end = R"("})";

// Words of the fields, the same in the document and on the page.
[[nodiscard]] std::string_view word(EntryKind kind);
[[nodiscard]] std::string_view word(Verb verb);
[[nodiscard]] std::string_view word(Status status);
[[nodiscard]] std::string_view word(Disposition disposition);
[[nodiscard]] std::string_view word(Settled settled);
[[nodiscard]] std::string_view word(Provided what);
[[nodiscard]] std::string_view word(journal::Redacted redacted);

/// MSH-9 of a message as it stands there; empty where its bytes are not in this entry, or say none.
[[nodiscard]] std::string message_type(const Message& message);
/// Text of others as UTF-8: each byte that is none becomes U+FFFD.
[[nodiscard]] std::string clean(std::string_view text);
/// Whether the operation made a version, which its result then names.
[[nodiscard]] bool writes(const OperationResult& result);
/// The text of a member of a body, as `status` of a Task: what the version says of itself; empty
/// where it has none.
[[nodiscard]] std::string member_text(const Operation& operation, std::string_view member);

}  // namespace holdfast::evidence
