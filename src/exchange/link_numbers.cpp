#include "exchange/link_numbers.h"

#include <fmt/format.h>

#include <string>

#include "base/time.h"
#include "exchange/numbering.h"
#include "hl7v2/message.h"
#include "hl7v2/path.h"
#include "hl7v2/rendering/probe.h"
#include "hl7v2/time.h"
#include "model/message.h"
#include "views/outbox.h"

namespace holdfast::exchange {
namespace {

/// So far back it is looked whether all was skipped: beyond, somebody has to look.
constexpr std::size_t look_back_max = 4096;
/// The newest is looked at first: it was delivered, as a rule.
constexpr std::size_t look_back_step = 64;

Result<std::int64_t> first_skipped(const views::Reader& reader, std::string_view channel,
                                   std::int64_t number) {
  std::optional<DutyName> before;
  std::size_t step = 1;
  for (std::size_t seen = 0; seen < look_back_max; seen += step, step = look_back_step) {
    TRY(const auto past, views::read_past_before(reader, channel, before, step));
    for (const views::Past& one : past) {
      if (one.settled == Settled::delivered) {
        return number;
      }
      number -= one.settled == Settled::dead ? 1 : 0;
      before = one.name;
    }
    if (past.size() < step) {
      break;
    }
  }
  return number;
}

/// Nothing but a header (section 2.10.1 f), acknowledged in original mode.
Result<Bytes> about_link(BytesView header, std::string_view control_id, Time now,
                         std::int64_t number) {
  Bytes message(header);
  message += '\r';
  const std::string time = *hl7v2::from_fhir_date_time(to_instant(now));
  const std::pair<std::string_view, std::string> fields[] = {{"MSH-7", time},
                                                             {"MSH-10", std::string(control_id)},
                                                             {"MSH-13", std::to_string(number)},
                                                             {"MSH-15", ""},
                                                             {"MSH-16", ""}};
  for (const auto& [where, value] : fields) {
    TRY(const auto path, hl7v2::Path::parse(where));
    TRY(const auto parsed, hl7v2::Message::parse(message));
    TRY(message, hl7v2::replaced(parsed, path, value));
  }
  return message;
}

}  // namespace

Result<LinkNumbers> next_numbers(const views::Reader& reader, const Channel& channel,
                                 std::uint64_t drawn, Time now, Opening opening) {
  TRY(const auto counts, views::read_outbox_counts(reader, channel.name));
  LinkNumbers numbers;
  numbers.number = static_cast<std::int64_t>(counts.delivered + counts.dead) + 1;
  TRY(numbers.skipped_from, first_skipped(reader, channel.name, numbers.number));
  numbers.opening = opening;
  TRY(const Bytes header, hl7v2::probe_header(channel.envelope));
  TRY(numbers.start, about_link(header, fmt::format("S{:016x}", drawn), now, sequence_start));
  TRY(numbers.anew, about_link(header, fmt::format("R{:016x}", drawn), now, sequence_anew));
  return numbers;
}

Result<Bytes> with_number(BytesView message, std::int64_t number) {
  TRY(const auto path, hl7v2::Path::parse("MSH-13"));
  TRY(const auto parsed, hl7v2::Message::parse(message));
  return hl7v2::replaced(parsed, path, std::to_string(number));
}

// Section 2.10.1 b and d.
Result<Agreed> agree(std::optional<std::int64_t> expected, const LinkNumbers& numbers) {
  if (!expected) {
    return fail(Code::unavailable,
                "it does not say which number it expects (MSA-4): either it does not know the "
                "sequence number protocol, or `sequence` is not for this channel");
  }
  // One more: the acknowledgement of this very message was lost. It is sent again, and the answer
  // to it says what became of it.
  if (*expected == sequence_anew || *expected == numbers.number ||
      *expected == numbers.number + 1) {
    return Agreed::send;
  }
  if (*expected >= numbers.skipped_from && *expected < numbers.number) {
    return Agreed::begin_anew;
  }
  return fail(Code::unavailable,
              fmt::format("it expects number {}, and {} is next here: {}. Nothing is sent until "
                          "numbers begin anew ($resume with numbers=anew) or it expects {}",
                          *expected, numbers.number,
                          *expected < numbers.number
                              ? "it has lost messages that it acknowledged; $replay what it needs"
                              : "it has had messages that are not known here",
                          numbers.number));
}

}  // namespace holdfast::exchange
