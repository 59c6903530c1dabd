// hl7v2/charset.cpp: iconv converts; what is UTF-8 already is not touched.
#include "hl7v2/charset.h"

#include <fmt/format.h>
#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "hl7v2/message.h"

namespace holdfast::hl7v2 {
namespace {

struct Row {
  std::string_view hl7;    // as in MSH-18, in capitals and without blanks
  const char* iconv_name;  // the C library's
  Charset charset;
};
constexpr std::array rows{
    Row{"ASCII", "ASCII", Charset::ascii},
    Row{"UNICODEUTF-8", "UTF-8", Charset::utf8},
    Row{"8859/1", "ISO-8859-1", Charset::latin_1},
    Row{"8859/2", "ISO-8859-2", Charset::latin_2},
    Row{"8859/3", "ISO-8859-3", Charset::latin_3},
    Row{"8859/4", "ISO-8859-4", Charset::latin_4},
    Row{"8859/5", "ISO-8859-5", Charset::cyrillic},
    Row{"8859/6", "ISO-8859-6", Charset::arabic},
    Row{"8859/7", "ISO-8859-7", Charset::greek},
    Row{"8859/8", "ISO-8859-8", Charset::hebrew},
    Row{"8859/9", "ISO-8859-9", Charset::latin_5},
    Row{"8859/15", "ISO-8859-15", Charset::latin_9},
    Row{"WINDOWS-1252", "CP1252", Charset::windows_1252},
    // Other spellings of the same.
    Row{"UNICODE", "UTF-8", Charset::utf8},
    Row{"UTF-8", "UTF-8", Charset::utf8},
    Row{"UTF8", "UTF-8", Charset::utf8},
    Row{"ISO-8859-1", "ISO-8859-1", Charset::latin_1},
    Row{"ISO8859-1", "ISO-8859-1", Charset::latin_1},
    Row{"CP1252", "CP1252", Charset::windows_1252},
};

const Row& row_of(Charset charset) {
  const auto* const found = std::ranges::find(rows, charset, &Row::charset);
  check(found != rows.end(), "each character set has a row");
  return *found;
}

/// A converter of the C library; one conversion each.
class Converter {
 public:
  Converter(const char* to, const char* from) : handle_(iconv_open(to, from)) {}
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  ~Converter() {
    if (good()) {
      iconv_close(handle_);
    }
  }
  // iconv_open's failure is the pointer -1.
  [[nodiscard]] bool good() const { return reinterpret_cast<std::intptr_t>(handle_) != -1; }

  /// All of `text`, or the offset of what cannot be converted.
  std::expected<Bytes, std::size_t> all(BytesView text) {
    Bytes made;
    std::array<char, 4096> block{};
    // iconv reads through a pointer to char that is not const, and writes nothing there.
    char* in = const_cast<char*>(text.data());
    std::size_t in_left = text.size();
    while (in_left > 0) {
      char* out = block.data();
      std::size_t out_left = block.size();
      const std::size_t result = iconv(handle_, &in, &in_left, &out, &out_left);
      made.append(block.data(), block.size() - out_left);
      if (result == static_cast<std::size_t>(-1) && errno != E2BIG) {
        return std::unexpected(text.size() - in_left);
      }
    }
    return made;
  }

 private:
  iconv_t handle_;
};

bool is_ascii(BytesView text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// MSH-18 as it is written, before anything is known of the rest.
std::string named_in(BytesView message) {
  const auto parsed = Message::parse(message.substr(0, message.find_first_of("\r\n", 8)));
  return parsed ? parsed->header().field(18).text() : std::string();
}

Decoded guessed(BytesView message, Error doubt) {
  Decoded decoded;
  decoded.original = message;
  decoded.charset = Charset::utf8;
  decoded.doubt = std::move(doubt);
  if (!find_bad_utf8(message)) {
    return decoded;
  }
  decoded.charset = Charset::windows_1252;
  // Five bytes are nothing in Windows-1252; as Latin-1 they are control characters.
  for (const char* const from : {"CP1252", "ISO-8859-1"}) {
    Converter converter("UTF-8", from);
    if (!converter.good()) {
      continue;
    }
    if (auto made = converter.all(message)) {
      decoded.owned = std::move(*made);
      return decoded;
    }
  }
  check(false, "Latin-1 gives every byte a meaning");
  return decoded;
}

}  // namespace

Result<Charset> charset_named(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c != ' ') {
      plain.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    }
  }
  const auto* const found = std::ranges::find(rows, plain, &Row::hl7);
  if (found == rows.end()) {
    return fail(Code::unsupported,
                fmt::format("the character set '{}' cannot be read; UNICODE UTF-8, ASCII and "
                            "8859/1 to 8859/9 and 8859/15 can",
                            name.substr(0, 32)),
                "MSH-18");
  }
  return found->charset;
}

std::string_view name(Charset charset) { return row_of(charset).hl7; }

Decoded decode(BytesView message, Charset otherwise) {
  const std::string named = named_in(message);
  Charset charset = otherwise;
  if (!named.empty()) {
    auto known = charset_named(named);
    if (!known) {
      return guessed(message, std::move(known).error());
    }
    charset = *known;
  }
  Decoded decoded;
  decoded.original = message;
  decoded.charset = charset;
  if (is_ascii(message)) {
    return decoded;
  }
  if (charset == Charset::utf8) {
    if (const auto bad = find_bad_utf8(message)) {
      return guessed(message,
                     {Code::value, fmt::format("byte {} is not UTF-8", *bad), "MSH-18", {}});
    }
    return decoded;
  }
  if (charset == Charset::ascii) {
    return guessed(message, {Code::value, "there are bytes that are not ASCII", "MSH-18", {}});
  }
  Converter converter("UTF-8", row_of(charset).iconv_name);
  if (!converter.good()) {
    return guessed(message, {Code::unsupported,
                             fmt::format("this machine's C library has no {}", name(charset)),
                             "MSH-18",
                             {}});
  }
  auto made = converter.all(message);
  if (!made) {
    return guessed(message, {Code::value,
                             fmt::format("byte {} is not in {}", made.error(), name(charset)),
                             "MSH-18",
                             {}});
  }
  decoded.owned = std::move(*made);
  return decoded;
}

Result<Bytes> encode(std::string_view text, Charset charset) {
  if (charset == Charset::utf8 || is_ascii(text)) {
    return Bytes(text);
  }
  Converter converter(row_of(charset).iconv_name, "UTF-8");
  if (!converter.good()) {
    return fail(Code::unsupported,
                fmt::format("this machine's C library has no {}", name(charset)));
  }
  auto made = converter.all(text);
  if (!made) {
    return fail(Code::value,
                fmt::format("character at byte {} is not in {}", made.error(), name(charset)));
  }
  return std::move(*made);
}

}  // namespace holdfast::hl7v2
