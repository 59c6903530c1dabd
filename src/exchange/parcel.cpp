#include "exchange/parcel.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/hash.h"
#include "fhir/member.h"
#include "hl7v2/message.h"
#include "model/message.h"
#include "views/providers.h"
#include "views/versions.h"

namespace holdfast::exchange {
namespace {

/// What the receiver of a version hears of it.
enum class Hears : std::uint8_t {
  change,
  new_order,        ///< that they may have been sent before
  new_order_first,  ///< that they were never sent
  withdrawal,       ///< the order is not to be done there
};

/// The record as it was when the duty came about.
class RecordThen final : public hl7v2::RecordReader {
 public:
  RecordThen(const views::Reader& reader, const views::BodyCodec& codec, RowId as_of)
      : reader_(reader), codec_(codec), as_of_(as_of) {}

  Result<std::optional<Bytes>> read(std::string_view type, std::string_view id) override {
    const auto number = fhir::type_id(type);
    if (!number) {
      return std::nullopt;
    }
    TRY(const auto then, views::read_as_of(reader_, *number, id, as_of_));
    if (!then || then->presence == views::Presence::deleted) {
      return std::nullopt;
    }
    TRY(views::Body body, views::read_body(reader_, codec_, then->row));
    return std::move(body.bytes);
  }

 private:
  const views::Reader& reader_;
  const views::BodyCodec& codec_;
  RowId as_of_;
};

/// A message of HL7 v2 that is a Binary.
struct BinaryMessage {
  Bytes bytes;
  bool in_body = false;  ///< as its data; else they are in the journal
};

/// Of one that stands for a message the bytes are with its first version, whatever has been done to
/// its meta since. Nothing for any other Binary.
Result<std::optional<BinaryMessage>> message_in(const views::Body& binary, node::Node& node,
                                                const node::Moment& moment,
                                                fhir::JsonReader& reader) {
  TRY(const fhir::Json json, reader.read(binary.bytes));
  if (fhir::text_member(json.root(), "contentType") != hl7v2_media_type) {
    return std::nullopt;
  }
  if (const auto data = json.root().find("data"); data && data->is_string()) {
    auto bytes = from_base64(data->text());
    if (!bytes) {
      return fail(Code::value, fmt::format("the data of Binary/{} is no base64", binary.header.id));
    }
    return BinaryMessage{*std::move(bytes), true};
  }
  TRY(const auto row,
      views::read_version(*moment.reader, binary.header.type, binary.header.id, Version{1}));
  if (row) {
    TRY(const views::BodyHeader first, views::read_body_header(*moment.reader, *row));
    TRY(auto entry, node.read_entry(first.position));
    if (entry.first.message && entry.first.message->evidence == binary.header.id) {
      return BinaryMessage{std::move(entry.first.message->bytes), false};
    }
  }
  return fail(Code::value, fmt::format("Binary/{} has no data", binary.header.id));
}

Result<void> fill_message(Parcel& parcel, Bytes message) {
  auto parsed = hl7v2::Message::parse(message);
  if (!parsed) {
    return fail(Code::value, fmt::format("Binary/{} is no message of HL7 v2: {}", parcel.id,
                                         parsed.error().what));
  }
  parcel.control_id = parsed->header().field(10).text();
  parcel.message_type = fmt::format("{}^{}", parsed->header().field(9).component(1).text(),
                                    parsed->header().field(9).component(2).text());
  parcel.bytes = std::move(message);
  parcel.as_it_came = true;
  parcel.media_type = hl7v2_media_type;
  return ok();
}

/// An order goes to whoever does it, and nobody hears of one that they were never sent
/// (docs/adr/0026). Code::unsupported: nothing is to be sent.
Result<Hears> hears_of(const Channel& channel, const node::Moment& moment, const views::Duty& duty,
                       const views::BodyHeader& header) {
  if (fhir::name(header.type) != "ServiceRequest" || (!channel.provider && !duty.provided)) {
    return Hears::change;
  }
  TRY(const auto now, views::read_provider(*moment.reader, header.id));
  TRY(const auto beginning, views::read_beginning_of(*moment.reader, channel.name, duty));
  const bool is_theirs = !now || now->channel == channel.name;
  if (duty.provided ? !beginning || beginning->tried
                    : is_theirs && (!beginning || beginning->tried)) {
    return duty.provided == Provided::begins      ? Hears::new_order
           : duty.provided == Provided::withdrawn ? Hears::withdrawal
                                                  : Hears::change;
  }
  const bool is_wanted = is_theirs && now && now->what != Provided::ends && beginning &&
                         now->since == beginning->since && duty.provided != Provided::withdrawn;
  if (is_wanted) {
    return Hears::new_order_first;
  }
  return fail(Code::unsupported, is_theirs ? "this order was taken back before they were sent it"
                                 : now->channel.empty()
                                     ? "nobody is to do this order now, and they were not sent it"
                                     : fmt::format("channel '{}' does this order now, and they "
                                                   "were not sent it",
                                                   now->channel));
}

/// An order as whoever is not to do it any more has it, or hears of it: active, and taken back,
/// whatever it is to others now. It may have become a draft, or a plan.
Result<Bytes> as_order(BytesView order, std::string_view status, fhir::JsonReader& reader) {
  TRY(const fhir::Json json, reader.read(Bytes(order)));
  const std::string intent = fhir::text_member(json.root(), "intent");
  Bytes body = fhir::with_member(json.root(), "status", Bytes("\"").append(status).append("\""));
  if (intent != "proposal" && intent != "plan" && intent != "option") {
    return body;
  }
  TRY(const fhir::Json changed, reader.read(std::move(body)));
  return fhir::with_member(changed.root(), "intent", Bytes("\"order\""));
}

/// What the receiver of a version knows of it: the version before.
Result<std::optional<Bytes>> known_before(const node::Moment& moment, const views::BodyCodec& codec,
                                          const views::Body& body, Hears hears,
                                          fhir::JsonReader& reader) {
  const views::BodyHeader& header = body.header;
  if (hears == Hears::withdrawal) {
    TRY(Bytes active, as_order(body.bytes, "active", reader));
    return active;
  }
  if (header.version.value == 1 || hears != Hears::change) {
    return std::nullopt;
  }
  TRY(const auto row, views::read_version(*moment.reader, header.type, header.id,
                                          Version{header.version.value - 1}));
  if (!row) {
    return std::nullopt;
  }
  TRY(views::Body before, views::read_body(*moment.reader, codec, *row));
  return before.header.presence == views::Presence::present ? std::optional(std::move(before.bytes))
                                                            : std::nullopt;
}

Result<void> fill_rendered(Parcel& parcel, const Channel& channel, const node::Moment& moment,
                           const views::BodyCodec& codec, const views::Body& body,
                           const views::Duty& duty, Hears hears, fhir::JsonReader& reader) {
  const views::BodyHeader& header = body.header;
  TRY(const std::optional<Bytes> before, known_before(moment, codec, body, hears, reader));
  Bytes withdrawn_order;
  if (hears == Hears::withdrawal) {
    TRY(withdrawn_order, as_order(body.bytes, "revoked", reader));
  }
  hl7v2::Envelope envelope = channel.envelope;
  envelope.control_id = parcel.control_id;
  envelope.time = header.time;
  RecordThen then(*moment.reader, codec, duty.as_of);
  TRY(auto rendered, hl7v2::render(envelope, withdrawn_order.empty() ? body.bytes : withdrawn_order,
                                   before, then, reader));
  parcel.bytes = std::move(rendered.bytes);
  parcel.message_type = std::move(rendered.type);
  parcel.media_type = hl7v2_media_type;
  parcel.left = rendered.left.size();
  return ok();
}

}  // namespace

std::string control_id_of(BytesView secret, DutyName duty) {
  const Bytes whose = to_hex(sha256(secret).view().substr(0, 2));
  return fmt::format("{}{:x}.{:x}", whose, duty.position.value, duty.index);
}

Result<Parcel> make_parcel(const Channel& channel, node::Node& node, const node::Moment& moment,
                           const views::NamedDuty& duty, fhir::JsonReader& reader) {
  TRY(const views::Body body, views::read_body(*moment.reader, node.codec(), duty.duty.row));
  TRY(const Hears hears, hears_of(channel, moment, duty.duty, body.header));
  Parcel parcel;
  parcel.is_first = hears == Hears::new_order_first;
  parcel.control_id = control_id_of(node.link_secret(), duty.name);
  parcel.type = fhir::name(body.header.type);
  parcel.id = body.header.id;
  parcel.version = body.header.version;
  parcel.removed = body.header.presence == views::Presence::deleted;
  if (channel.kind == ChannelKind::fhir) {
    parcel.bytes = body.bytes;
    parcel.as_it_came = true;  // the version is in the journal
    if (hears == Hears::withdrawal) {
      TRY(parcel.bytes, as_order(body.bytes, "revoked", reader));
      parcel.as_it_came = false;
    }
    parcel.media_type = "application/fhir+json";
    if (parcel.type == "Binary" && !parcel.removed) {
      TRY(const auto message, message_in(body, node, moment, reader));
      if (message && !message->in_body) {
        parcel.bytes = fhir::with_data(std::move(parcel.bytes), message->bytes);
      }
    }
    return parcel;
  }
  if (parcel.removed) {
    return fail(Code::unsupported, "no message says that a resource was deleted");
  }
  if (parcel.type == "Binary") {
    TRY(auto message, message_in(body, node, moment, reader));
    if (message) {
      TRY_OK(fill_message(parcel, std::move(message->bytes)));
      return parcel;
    }
  }
  TRY_OK(fill_rendered(parcel, channel, moment, node.codec(), body, duty.duty, hears, reader));
  return parcel;
}

}  // namespace holdfast::exchange
