// hl7v2/batch.h: files and frames of several messages: FHS, BHS, messages, BTS, FTS (HL7 v2.8
// section 2.10.3), and several messages one after the other without any of that.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace holdfast::hl7v2 {

/// Views of the bytes they were found in.
struct Batch {
  /// Each from its MSH to the segment before the next MSH, BHS, BTS, FHS or FTS.
  std::vector<BytesView> messages;
  BytesView control_id;  ///< BHS-11, else FHS-11, else empty
  bool wrapped = false;  ///< an FHS, BHS, BTS or FTS is there
  /// What does not add up: BTS-1 counts other messages than there are, FTS-1 other batches; a
  /// trailer or header without its partner; bytes that belong to no message. Never hidden: whoever
  /// takes the messages takes these too.
  std::vector<Error> faults;
};

/// Splits `bytes` (LF, CR, CRLF; maybe with a byte order mark). One message is a batch of one.
/// Code::syntax where there is no message and no header at all.
[[nodiscard]] Result<Batch> split_batch(BytesView bytes);

}  // namespace holdfast::hl7v2
