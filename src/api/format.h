// api/format.h: XML at the door. What comes as XML is JSON before anything looks at it, and a reply
// becomes XML last, so no interaction knows of it. https://hl7.org/fhir/R4/xml.html
#pragma once

#include "api/call.h"
#include "api/message.h"
#include "api/negotiation.h"
#include "base/result.h"

namespace holdfast::api {

/// The content as JSON: the same bytes if that is what they are. Errors as fhir::json_from_xml().
[[nodiscard]] Result<Bytes> json_content(Format format, Bytes body);

/// What is wrong with content, as its sender can find it: lines of JSON that we made of XML are
/// nowhere in what was sent, so the FHIRPath expression alone remains.
[[nodiscard]] Error placed_in(Format format, Error error);

/// What a reply tells of. What was written is durable, whatever becomes of the reply.
enum class Deed : std::uint8_t { reading, writing };
[[nodiscard]] Deed deed_of(Interaction interaction);

/// Turns a reply in FHIR JSON into FHIR XML; any other stays. Where XML cannot hold the content,
/// the reply says so instead: as 406, or with the status that it had where that told of a write or
/// of a failure.
void write_as_xml(fhir::ReaderPool& readers, Reply& reply, Layout layout, Deed deed);

}  // namespace holdfast::api
