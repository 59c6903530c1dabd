// hl7v2/text.cpp: one escape sequence at a time; what is not one is text.
#include "hl7v2/text.h"

#include <charconv>
#include <optional>

#include "base/text.h"

namespace holdfast::hl7v2 {
namespace {

/// \Xhh…\: pairs of hexadecimal digits.
std::optional<std::string> hexadecimal(BytesView digits) {
  if (digits.empty() || digits.size() % 2 != 0) {
    return {};
  }
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = hex_digit(digits[i]);
    const int low = hex_digit(digits[i + 1]);
    if (high < 0 || low < 0) {
      return {};
    }
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

/// Commands of formatted text: section 2.7.6.
std::optional<std::string> formatted(BytesView command) {
  constexpr std::size_t repeated_max = 99;
  const BytesView name = command.substr(0, 2);
  const BytesView argument = command.substr(std::min<std::size_t>(2, command.size()));
  std::size_t count = 1;
  if (!argument.empty()) {
    const BytesView digits = argument.substr(argument.front() == '+' ? 1 : 0);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    const bool whole = error == std::errc{} && end == digits.data() + digits.size();
    if (name == "in" || name == "ti") {
      return std::string();
    }
    if (!whole || count > repeated_max) {
      return {};
    }
  }
  if (name == "br" && argument.empty()) {
    return "\n";
  }
  if (name == "sp") {
    return std::string(count, '\n');
  }
  if (name == "sk") {
    return std::string(count, ' ');
  }
  if (name == "ce" && argument.empty()) {
    return "\n";
  }
  if ((name == "fi" || name == "nf") && argument.empty()) {
    return std::string();
  }
  return {};
}

std::optional<std::string> meaning(BytesView sequence, const Delimiters& by) {
  if (sequence.size() == 1) {
    switch (sequence.front()) {
      case 'F': return std::string(1, by.field);
      case 'S': return std::string(1, by.component);
      case 'T': return by.subcomponent == '\0' ? "&" : std::string(1, by.subcomponent);
      case 'R': return std::string(1, by.repetition);
      case 'E': return std::string(1, by.escape);
      case 'P':
        return by.truncation == '\0' ? std::optional<std::string>() : std::string(1, by.truncation);
      case 'H':
      case 'N': return std::string();
      default: return {};
    }
  }
  if (sequence.starts_with('X')) {
    return hexadecimal(sequence.substr(1));
  }
  if (sequence.starts_with('.')) {
    return formatted(sequence.substr(1));
  }
  return {};
}

}  // namespace

std::string unescaped(BytesView raw, const Delimiters& by) {
  std::string text;
  std::size_t at = by.escape == '\0' ? BytesView::npos : raw.find(by.escape);
  if (at == BytesView::npos) {
    return std::string(raw);
  }
  text.reserve(raw.size());
  std::size_t done = 0;
  while (at != BytesView::npos) {
    const std::size_t end = raw.find(by.escape, at + 1);
    if (end == BytesView::npos) {
      break;
    }
    const auto means = meaning(raw.substr(at + 1, end - at - 1), by);
    if (means) {
      text += raw.substr(done, at - done);
      text += *means;
      done = end + 1;
      at = raw.find(by.escape, done);
    } else {
      at = end;  // what ended nothing may begin something
    }
  }
  text += raw.substr(done);
  return text;
}

void append_escaped(std::string& to, std::string_view text, const Delimiters& by) {
  const auto sequence = [&](std::string_view name) {
    if (by.escape == '\0') {
      to.push_back(' ');
      return;
    }
    to.push_back(by.escape);
    to += name;
    to.push_back(by.escape);
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r' || c == '\n') {
      sequence(".br");
      if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') {
        ++i;
      }
    } else if (byte < ' ' || byte == 0x7f) {
      std::string hex = "X";
      append_hex(hex, c);
      sequence(hex);
    } else if (c == by.field) {
      sequence("F");
    } else if (c == by.component) {
      sequence("S");
    } else if (c == by.subcomponent) {
      sequence("T");
    } else if (c == by.repetition) {
      sequence("R");
    } else if (c == by.escape) {
      sequence("E");
    } else if (c == by.truncation) {
      sequence("P");
    } else {
      to.push_back(c);
    }
  }
}

std::string escaped(std::string_view text, const Delimiters& by) {
  std::string to;
  to.reserve(text.size());
  append_escaped(to, text, by);
  return to;
}

Bytes with_returns(BytesView text) {
  Bytes made;
  made.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\n') {
      made.push_back(text[i]);
    } else if (i == 0 || text[i - 1] != '\r') {
      made.push_back('\r');
    }
  }
  return made;
}

}  // namespace holdfast::hl7v2
