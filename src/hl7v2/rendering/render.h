// hl7v2/rendering/render.h: one FHIR resource, as it is after a change → the HL7 v2 message that
// tells a neighbour of it, and all that the message does not say. Pure: the same arguments give the
// same bytes on every machine, so what is sent again after a crash is the same message.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "fhir/json.h"
#include "hl7v2/charset.h"
#include "hl7v2/mapping/overlay.h"
#include "hl7v2/time.h"

namespace holdfast::hl7v2 {

/// Resources that the focus refers to, as they were at the moment that the message speaks of: the
/// same moment must give the same bytes, whenever it is asked.
class RecordReader {
 public:
  virtual ~RecordReader() = default;
  /// Minified JSON; nothing where there is no such resource, or none any more. A failure ends the
  /// rendering with it.
  virtual Result<std::optional<Bytes>> read(std::string_view type, std::string_view id) = 0;
};

/// Which message an order becomes: what the neighbour reads.
enum class OrderMessage : std::uint8_t { orm, oml };

/// HL7 table 0155: when an acknowledgement is wanted. `unsaid` in both is original mode.
enum class AckCondition : std::uint8_t { unsaid, always, never, error, success };

/// What the header says, and what the receiver can read. Applications and facilities are HDs, their
/// parts divided by '^': "RXH", "RXH^2.16.840.1.113883^ISO".
struct Envelope {
  std::string sending_application;
  std::string sending_facility;
  std::string receiving_application;
  std::string receiving_facility;
  std::string control_id;       ///< MSH-10; at most 20 characters, 199 from 2.7 on
  Time time;                    ///< of the entry that changed the focus: MSH-7, EVN-2
  char processing = 'P';        ///< MSH-11: P, T or D
  std::string version = "2.4";  ///< 2.3 to 2.8; decides between segments (SPM and TQ1 from 2.5)
  Charset charset = Charset::utf8;
  /// Times are written as local times of this zone, without an offset but in the hour that comes
  /// twice. Nothing: as they stand in the resource, with their offset; MSH-7 in UTC.
  std::optional<Zone> zone;
  OrderMessage order = OrderMessage::orm;
  AckCondition accept_ack = AckCondition::unsaid;
  AckCondition application_ack = AckCondition::unsaid;
  /// The neighbour's own names for authorities, coding systems, codes and units, read backwards:
  /// of several names for one thing the first in the order of their bytes. May be null.
  const Overlay* overlay = nullptr;
};

/// An element that no table carries, or whose value the message could not say.
struct Left {
  std::string resource;  ///< "Patient/123"; "focus" where it has no id
  std::string path;      ///< "Patient.contact[0].gender"
  std::string value;     ///< as it stands, at most left_bytes_max of it
  bool operator==(const Left&) const = default;
};
constexpr std::size_t left_bytes_max = 200;
/// Named one by one; beyond, they are counted only.
constexpr std::size_t left_max = 10'000;
/// Resources read for one message, and segments in it; beyond, Code::too_large.
constexpr std::size_t resources_max = 2'000;
constexpr std::size_t rendered_segments_max = 10'000;

struct Rendered {
  Bytes bytes;        ///< in the envelope's character set, each segment ended by CR
  std::string type;   ///< "ORU^R01"
  std::string event;  ///< "R01"
  /// Primitive values of the focus and of what it took along: all, those in the message, and those
  /// that a table sets aside for a reason (ids, narratives). The rest is in `left`, up to left_max.
  std::uint32_t values = 0;
  std::uint32_t carried = 0;
  std::uint32_t set_aside = 0;
  std::vector<Left> left;
};

/// `focus`, and `before` (its version before this one, if there was one), are resources that
/// fhir::check_resource() takes. Which message it becomes is in mappings/out/events.csv. Fails with
///   Code::unsupported  no message speaks of such a resource or such a change (a draft order, a
///                      proposed appointment): nothing is to be sent
///   Code::required     what the message cannot do without is missing (an order without patient):
///                      the sentence says what, of which resource, and what to do
///   Code::value        an envelope that no message can have
///   Code::too_large    over a limit above
///   Code::syntax       not JSON; and whatever the reader fails with
[[nodiscard]] Result<Rendered> render(const Envelope& envelope, BytesView focus,
                                      std::optional<BytesView> before, RecordReader& record,
                                      fhir::JsonReader& reader);

}  // namespace holdfast::hl7v2
