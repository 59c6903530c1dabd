#include "exchange/numbering.h"

#include <fmt/format.h>

#include <charconv>

#include "model/message.h"

namespace holdfast::exchange {

Result<std::int64_t> read_sequence_number(std::string_view text) {
  if (text.empty()) {
    return fail(Code::required, "the message has no sequence number");
  }
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || number < sequence_anew ||
      number > sequence_max) {
    return fail(Code::value, "the sequence number is neither -1, 0 nor a positive number");
  }
  return number;
}

Turn turn_of(std::int64_t sequence, std::int64_t last) {
  Turn turn;
  turn.expected = last == sequence_anew ? sequence_anew : last + 1;
  if (sequence == sequence_start) {
    return turn;
  }
  if (sequence == sequence_anew || last == sequence_anew || sequence == turn.expected) {
    turn.number = sequence;
  } else if (sequence > turn.expected) {
    turn.refusal = {
        Fault::segment_sequence,
        fmt::format("number {} came where {} is expected: {} not come, or not been "
                    "acknowledged",
                    sequence, turn.expected,
                    sequence == turn.expected + 1
                        ? fmt::format("number {} has", turn.expected)
                        : fmt::format("numbers {} to {} have", turn.expected, sequence - 1)),
        "MSH-13"};
  } else {
    turn.refusal = {Fault::duplicate_key,
                    fmt::format("number {} was used before, for other content; {} is expected",
                                sequence, turn.expected),
                    "MSH-13"};
  }
  return turn;
}

}  // namespace holdfast::exchange
