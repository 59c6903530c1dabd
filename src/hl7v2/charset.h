// hl7v2/charset.h: the text of a message in UTF-8, from the character set that it names itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace holdfast::hl7v2 {

/// HL7 table 0211, as far as its codes leave the delimiters single bytes of ASCII.
enum class Charset : std::uint8_t {
  ascii,
  utf8,          ///< "UNICODE UTF-8", and "UNICODE", which in practice is the same
  windows_1252,  ///< not in the table, but what many that say ASCII or 8859/1 send
  latin_1,       ///< 8859/1; others below by their number
  latin_2,
  latin_3,
  latin_4,
  cyrillic,
  arabic,
  greek,
  hebrew,
  latin_5,
  latin_9,
};

/// MSH-18 of that name, or a configured one ("utf-8"); without case and blanks. Code::unsupported
/// for one that is not here, such as UTF-16 or ISO IR87, whose bytes MLLP cannot carry or whose
/// shifts this does not follow.
[[nodiscard]] Result<Charset> charset_named(std::string_view name);
[[nodiscard]] std::string_view name(Charset charset);

/// What was sent, and as what it was read.
struct Decoded {
  /// UTF-8. Views `original` where nothing had to be changed, else `owned`.
  [[nodiscard]] BytesView text() const { return owned ? BytesView(*owned) : original; }
  BytesView original;
  std::optional<Bytes> owned;
  Charset charset{};
  /// Why it may have been read wrongly: the set is unknown, or the bytes are not in it. It was read
  /// as UTF-8 if it is that, else as Windows-1252, where every byte means something.
  std::optional<Error> doubt;
};

/// `message` must outlive what is returned. It says in MSH-18 (the first repetition) which set it
/// is in; `otherwise` is meant where it says none. UTF-8 is taken for ASCII too, which it contains.
[[nodiscard]] Decoded decode(BytesView message, Charset otherwise);

/// Text for a receiver that reads this set. Code::value names the first character that is not in
/// it.
[[nodiscard]] Result<Bytes> encode(std::string_view text, Charset charset);

}  // namespace holdfast::hl7v2
