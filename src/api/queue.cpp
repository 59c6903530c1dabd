// api/queue.cpp: $queue and $sent of a channel's Endpoint: what is owed to it, how what was owed
// ended, and one message with its answer, as they went over the wire.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/channels.h"
#include "api/evidence.h"
#include "api/interactions.h"
#include "api/stored.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/time.h"
#include "fhir/member.h"
#include "hl7v2/answer_text.h"
#include "hl7v2/charset.h"
#include "hl7v2/message.h"
#include "search/matches.h"
#include "views/outbox.h"

namespace holdfast::api {
namespace {

constexpr std::uint64_t duties_default = 20;
constexpr std::uint64_t duties_max = 200;

std::string_view name_of(Settled settled) {
  switch (settled) {
    case Settled::delivered: return "delivered";
    case Settled::held: return "held";
    case Settled::released: return "released";
    case Settled::tried: return "tried";
    case Settled::dead: return "dead";
    case Settled::needless: return "needless";
  }
  return "";
}

Result<std::size_t> asked_count(const OperationInput& input) {
  TRY(const auto count, input.number("_count"));
  if (count && (*count == 0 || *count > duties_max)) {
    return fail(Code::value, fmt::format("_count is 1 to {}", duties_max), "http._count");
  }
  return count.value_or(duties_default);
}

/// The newest entry is kept: what is settled together lies together.
class Entries {
 public:
  explicit Entries(const Parts& parts) : parts_(parts) {}

  /// What the entry at `by` says of that duty. Code::corrupt where it says nothing.
  Result<const Settlement*> settlement(Position by, std::string_view channel, DutyName duty) {
    if (by != at_) {
      TRY(auto entry, parts_.node.read_entry(by));
      settlements_ = std::move(entry.first.settlements);
      at_ = by;
    }
    const auto found = std::ranges::find_if(settlements_, [&](const Settlement& one) {
      return one.duty == duty && one.channel == channel;
    });
    if (found == settlements_.end()) {
      return fail(Code::corrupt, fmt::format("entry {} does not settle {} of channel '{}': run "
                                             "`holdfast verify`, then `holdfast rebuild`",
                                             by.value, text_of(duty), channel));
    }
    return &*found;
  }
  Result<std::string> time(Position position) {
    if (position != timed_) {
      TRY(const Time time, parts_.node.entry_time(position));
      time_ = to_instant(time);
      timed_ = position;
    }
    return time_;
  }

 private:
  const Parts& parts_;
  Position at_;
  std::vector<Settlement> settlements_;
  Position timed_;
  std::string time_;
};

/// Bytes as a person reads them: lines, in UTF-8; nothing where they are no text.
std::optional<std::string> readable(BytesView bytes) {
  const bool is_message = bytes.starts_with("MSH");
  std::string text(bytes);
  if (is_message) {
    text = hl7v2::decode(bytes, hl7v2::Charset::utf8).text();
  }
  std::ranges::replace(text, '\r', '\n');
  const bool printed = std::ranges::all_of(
      text, [](char c) { return static_cast<unsigned char>(c) >= ' ' || c == '\n' || c == '\t'; });
  if (text.empty() || !printed || find_bad_utf8(text)) {
    return {};
  }
  return text;
}

/// What a neighbour said, in a code and a sentence.
struct Said {
  std::string code;
  std::string text;
};
Said said_in(BytesView answer) {
  if (const auto message = hl7v2::Message::parse(answer); message && answer.starts_with("MSH")) {
    const auto msa = message->find("MSA");
    Said said;
    if (msa) {
      said.code = msa->field(1).text();
    }
    said.text = hl7v2::answer_text(*message);
    return said;
  }
  std::string text = readable(answer).value_or("");
  const std::string line = text.substr(0, text.find('\n'));
  const bool is_http = line.starts_with("HTTP ");
  return {is_http ? line : std::string(), is_http ? std::string() : std::move(text)};
}

void write_said(ParametersWriter& to, BytesView answer) {
  const Said said = said_in(answer);
  if (!said.code.empty()) {
    to.text("acknowledgement", "String", said.code);
  }
  if (!said.text.empty()) {
    to.text("text", "String", said.text);
  }
}

Result<void> write_resource(ParametersWriter& to, const node::Moment& moment, RowId row) {
  TRY(const views::BodyHeader header, views::read_body_header(*moment.reader, row));
  to.reference("resource", fmt::format("{}/{}/_history/{}", fhir::name(header.type), header.id,
                                       header.version.value));
  if (header.presence == views::Presence::deleted) {
    to.boolean("deletion", true);
  }
  return ok();
}

Result<void> write_duty(ParametersWriter& to, const node::Moment& moment, Entries& entries,
                        const views::NamedDuty& one) {
  to.open("duty");
  to.text("name", "String", text_of(one.name));
  TRY_OK(write_resource(to, moment, one.duty.row));
  if (!one.duty.lane.empty()) {
    to.text("lane", "String", one.duty.lane);
  }
  to.boolean("held", one.duty.held);
  TRY(const std::string since, entries.time(one.name.position));
  to.text("since", "Instant", since);
  to.close();
  return ok();
}

void write_channel(ParametersWriter& to, const ShownChannel& channel) {
  to.text("channel", "String", channel.name);
  for (const auto& [name, type, value] : {std::tuple{"status", "Code", &channel.status},
                                          std::tuple{"reason", "String", &channel.reason},
                                          std::tuple{"why", "String", &channel.why}}) {
    if (!value->empty()) {
      to.text(name, type, *value);
    }
  }
}

/// The message as it was sent; nothing where none was.
Result<std::optional<Bytes>> sent_bytes(const Parts& parts, const node::Moment& moment, RowId row,
                                        const Settlement& settlement) {
  if (!settlement.bytes.empty()) {
    return std::optional(settlement.bytes);
  }
  if (settlement.sent == Hash{}) {
    return std::nullopt;
  }
  TRY(views::Body body, stored_row(parts, moment, row));
  if (body.bytes.empty()) {
    return std::nullopt;  // a deletion: nothing but its name
  }
  TRY(auto message, message_of(parts, moment, body));
  if (message && sha256(message->bytes) == settlement.sent) {
    return std::optional(std::move(message->bytes));
  }
  TRY_OK(fill_data(parts, moment, body));
  if (sha256(body.bytes) == settlement.sent) {  // as a resource
    return std::optional(std::move(body.bytes));
  }
  fhir::ReaderPool::Lease reader = parts.readers.take();
  TRY(const fhir::Json json, reader->read(body.bytes));
  auto bytes = from_base64(fhir::text_member(json.root(), "data"));
  if (!bytes || sha256(*bytes) != settlement.sent) {
    return fail(Code::corrupt, fmt::format("{}/{} is not what was sent: run `holdfast verify`",
                                           fhir::name(body.header.type), body.header.id));
  }
  return bytes;
}

/// What the Task about a duty was opened with: the last time that it was held.
Result<std::optional<Position>> held_by(const Parts& parts, const node::Moment& moment,
                                        std::string_view channel, DutyName duty) {
  const fhir::TypeId type = *fhir::type_id("Task");
  const search::Source source{*moment.reader, parts.node.codec(), *moment.params};
  TRY(const auto tasks, search::matches(source, type,
                                        fmt::format("identifier={}{}%7C{}", duty_system_prefix,
                                                    channel, text_of(duty)),
                                        duties_max));
  std::optional<Position> newest;
  for (const std::string& id : tasks) {
    TRY(const auto row, views::read_version(*moment.reader, type, id, Version{1}));
    if (!row) {
      continue;
    }
    TRY(const views::BodyHeader header, views::read_body_header(*moment.reader, *row));
    newest = std::max(newest.value_or(Position{}), header.position);
  }
  return newest;
}

void write_wire(ParametersWriter& to, std::string_view name, BytesView bytes) {
  to.text(name, "Base64Binary", to_base64(bytes));
  if (const auto text = readable(bytes)) {
    to.text(fmt::format("{}-readable", name), "String", *text);
  }
}

/// One settlement of the duty, with all that it holds.
Result<void> write_settlement(ParametersWriter& to, const Parts& parts, const node::Moment& moment,
                              RowId row, Position by, const Settlement& settlement,
                              Entries& entries) {
  to.open("settlement");
  to.text("became", "Code", name_of(settlement.settled));
  TRY(const std::string when, entries.time(by));
  to.text("when", "Instant", when);
  to.number("position", by.value);
  write_said(to, settlement.answer);
  TRY(const auto message, sent_bytes(parts, moment, row, settlement));
  if (message) {
    write_wire(to, "message", *message);
    to.text("sha256", "String", to_hex(settlement.sent.view()));
  }
  if (!settlement.answer.empty()) {
    write_wire(to, "answer", settlement.answer);
  }
  to.close();
  return ok();
}

Result<Reply> show_one(const Parts& parts, const node::Moment& moment, const ShownChannel& channel,
                       DutyName name) {
  TRY(const auto owed, views::read_duty(*moment.reader, channel.name, name));
  TRY(const auto past, views::read_settled(*moment.reader, channel.name, name));
  if (!owed && !past) {
    return fail(Code::not_found,
                fmt::format("{} was never owed to channel '{}'", text_of(name), channel.name));
  }
  const RowId row = owed ? owed->row : past->row;
  Entries entries(parts);
  ParametersWriter to;
  write_channel(to, channel);
  to.text("name", "String", text_of(name));
  TRY_OK(write_resource(to, moment, row));
  const std::string& lane = owed ? owed->lane : past->lane;
  if (!lane.empty()) {
    to.text("lane", "String", lane);
  }
  to.text("state", "Code", past ? name_of(past->settled) : owed->held ? "held" : "owed");
  TRY(const std::string since, entries.time(name.position));
  to.text("since", "Instant", since);
  TRY(const auto held, held_by(parts, moment, channel.name, name));
  if (held && (!past || *held != past->by)) {
    // A Task that somebody has written by hand leads nowhere.
    if (const auto settlement = entries.settlement(*held, channel.name, name)) {
      TRY_OK(write_settlement(to, parts, moment, row, *held, **settlement, entries));
    }
  }
  if (past) {
    TRY(const Settlement* const settlement, entries.settlement(past->by, channel.name, name));
    TRY_OK(write_settlement(to, parts, moment, row, past->by, *settlement, entries));
  }
  return to.reply();
}

}  // namespace

Result<Reply> channel_queue(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY(const OperationInput input,
      OperationInput::read(parts, call, {"$queue", {"_count", "after"}, {}, {}}));
  TRY(const std::size_t count, asked_count(input));
  TRY(const auto after, duty_of(input, "after"));
  TRY(const ShownChannel channel, read_channel(parts, call, moment));
  TRY(const auto counts, views::read_outbox_counts(*moment.reader, channel.name));
  TRY(const auto oldest, views::read_duties(*moment.reader, channel.name, {}, 1));
  TRY(auto duties, views::read_duties(*moment.reader, channel.name, after, count + 1));
  const bool more = duties.size() > count;
  duties.resize(std::min(duties.size(), count));
  Entries entries(parts);
  ParametersWriter to;
  write_channel(to, channel);
  to.number("owed", counts.owed);
  to.number("held", counts.held);
  to.number("delivered", counts.delivered);
  to.number("dead", counts.dead);
  to.number("needless", counts.needless);
  if (!oldest.empty()) {
    TRY(const std::string since, entries.time(oldest.front().name.position));
    to.text("oldest", "Instant", since);
  }
  for (const views::NamedDuty& one : duties) {
    TRY_OK(write_duty(to, moment, entries, one));
  }
  if (more) {
    to.text("next", "String", text_of(duties.back().name));
  }
  return to.reply();
}

Result<Reply> channel_sent(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY(const OperationInput input,
      OperationInput::read(parts, call, {"$sent", {"_count", "before", "duty"}, {}, {}}));
  TRY(const std::size_t count, asked_count(input));
  TRY(const auto before, duty_of(input, "before"));
  TRY(const auto one, duty_of(input, "duty"));
  TRY(const ShownChannel channel, read_channel(parts, call, moment));
  if (one) {
    return show_one(parts, moment, channel, *one);
  }
  TRY(auto all, views::read_past_before(*moment.reader, channel.name, before, count + 1));
  const bool more = all.size() > count;
  all.resize(std::min(all.size(), count));
  Entries entries(parts);
  ParametersWriter to;
  write_channel(to, channel);
  for (const views::Past& past : all) {
    to.open("duty");
    to.text("name", "String", text_of(past.name));
    TRY_OK(write_resource(to, moment, past.row));
    if (!past.lane.empty()) {
      to.text("lane", "String", past.lane);
    }
    to.text("became", "Code", name_of(past.settled));
    TRY(const std::string when, entries.time(past.by));
    to.text("when", "Instant", when);
    to.number("position", past.by.value);
    TRY(const Settlement* const settlement, entries.settlement(past.by, channel.name, past.name));
    write_said(to, settlement->answer);
    to.close();
  }
  if (more) {
    to.text("next", "String", text_of(all.back().name));
  }
  return to.reply();
}

}  // namespace holdfast::api
