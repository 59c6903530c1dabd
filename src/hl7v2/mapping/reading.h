// hl7v2/mapping/reading.h: a message while it is mapped: its values, which of them have been taken
// over, and what was found on the way. Inside src/hl7v2/mapping only.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "hl7v2/mapping/overlay.h"
#include "hl7v2/mapping/report.h"
#include "hl7v2/mapping/tables.h"
#include "hl7v2/message.h"

namespace holdfast::hl7v2 {

enum class ValueLevel : std::uint8_t { field, repetition, component, subcomponent };

/// Some bytes of the message, or of an overlay's default, and how deep they lie. Its parts are what
/// its own delimiter divides: the components of a repetition, the subcomponents of a component.
struct Value {
  BytesView raw;
  ValueLevel level = ValueLevel::repetition;
  tables::SegmentName segment = 0;
  std::uint16_t field = 0;
  std::uint16_t component = 0;
};

/// Bits by byte offset: a value is marked where it begins.
class Marks {
 public:
  explicit Marks(std::size_t bytes) : bits_(bytes / 64 + 1) {}
  void mark(std::size_t begin, std::size_t end);
  [[nodiscard]] bool any(std::size_t begin, std::size_t end) const;
  [[nodiscard]] bool at(std::size_t offset) const {
    return (bits_[offset / 64] >> (offset % 64) & 1U) != 0;
  }

 private:
  std::vector<std::uint64_t> bits_;
};

/// A finding whose place is still the bytes themselves.
struct RawFinding {
  Finding::Kind kind{};
  BytesView raw;
  std::string what;
};

class Reading {
 public:
  Reading(const Message& message, const MapInput& input)
      : message_(message),
        input_(input),
        taken_(message.bytes().size()),
        aside_(message.bytes().size()) {}

  [[nodiscard]] const Message& message() const { return message_; }
  [[nodiscard]] const Overlay& overlay() const { return input_.overlay; }
  [[nodiscard]] const IdentifierPolicy& identifiers() const { return input_.identifiers; }
  /// A line of the overlay said something.
  void used(std::string_view kind, std::string_view table, std::string_view from) const {
    if (input_.used != nullptr) {
      input_.used->insert({std::string(kind), std::string(table), std::string(from)});
    }
  }

  /// The `number`th part; for a subcomponent the first is itself. The overlay's default where the
  /// message says nothing.
  [[nodiscard]] Value part(const Value& of, std::size_t number) const;
  /// All parts in one pass; where there are more than `most`, part() finds the rest.
  struct Parts {
    static constexpr std::size_t most = 32;
    std::array<BytesView, most> raw;
    std::size_t count = 0;
    bool all = true;
  };
  [[nodiscard]] Parts parts(const Value& of) const;
  [[nodiscard]] Value part(const Value& of, const Parts& parts, std::size_t number) const;
  /// The smallest value that a receiver who knows no parts reads.
  [[nodiscard]] Value leaf(const Value& of) const;
  /// A field of a segment, all repetitions of it, or the overlay's default.
  [[nodiscard]] Value field(const Segment& segment, tables::SegmentName name,
                            std::uint16_t number) const;

  /// What it says, without escapes; lives as long as the reading.
  [[nodiscard]] std::string_view text(const Value& value);
  /// The text of the leaf of a part.
  [[nodiscard]] std::string_view part_text(const Value& of, std::size_t number) {
    return text(leaf(part(of, number)));
  }
  [[nodiscard]] std::string_view keep(std::string text);
  /// The text without what no text of FHIR may hold; that is in `raw`.
  [[nodiscard]] std::string_view sound(std::string_view text, BytesView raw);
  /// Something other than nothing, blanks and `""`.
  [[nodiscard]] static bool says(const Value& value);

  void take(BytesView raw) { mark(taken_, raw); }
  void take(const Value& value) { mark(taken_, value.raw); }
  void take_part(const Value& of, std::size_t number) { mark(taken_, part(of, number).raw); }
  void set_aside(BytesView raw) { mark(aside_, raw); }
  [[nodiscard]] bool taken(BytesView raw) const;

  /// Once for each value and kind.
  void found(Finding::Kind kind, BytesView raw, std::string what);

  [[nodiscard]] const Marks& taken_marks() const { return taken_; }
  [[nodiscard]] const Marks& aside_marks() const { return aside_; }
  [[nodiscard]] const std::vector<RawFinding>& findings() const { return findings_; }

 private:
  [[nodiscard]] std::optional<std::size_t> offset_of(BytesView raw) const;
  [[nodiscard]] BytesView default_for(tables::SegmentName segment, std::uint16_t field,
                                      std::uint16_t component) const;
  void mark(Marks& marks, BytesView raw);

  const Message& message_;
  const MapInput& input_;
  Marks taken_;
  Marks aside_;
  std::vector<RawFinding> findings_;
  std::deque<std::string> kept_;
};

}  // namespace holdfast::hl7v2
