#include "fhir/path/lexer.h"

#include <fmt/format.h>

#include "base/text.h"
#include "fhir/path/letters.h"
#include "fhir/path/syntax.h"

namespace holdfast::fhir::path {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

}  // namespace

std::unexpected<Error> fail_at(std::size_t offset, Code code, std::string what) {
  return fail(code, std::move(what), character_text(offset));
}

bool Lexer::is_digit_at(std::size_t offset) const { return is_digit(at(offset)); }

Token Lexer::token(TokenKind kind, std::size_t begin, std::size_t text_begin) const {
  return {kind, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at_),
          text_.substr(text_begin, at_ - text_begin)};
}

Result<void> Lexer::skip_blanks() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      ++at_;
    } else if (text_.substr(at_, 2) == "//") {
      at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
    } else if (text_.substr(at_, 2) == "/*") {
      const std::size_t end = text_.find("*/", at_ + 2);
      if (end == std::string_view::npos) {
        return fail_at(at_, Code::syntax, "this comment has no end: expected */");
      }
      at_ = end + 2;
    } else {
      break;
    }
  }
  return ok();
}

Result<Token> Lexer::next() {
  TRY_OK(skip_blanks());
  if (at_ == text_.size()) {
    return token(TokenKind::end, at_, at_);
  }
  const char c = text_[at_];
  if (is_letter(c)) {
    return read_word();
  }
  if (is_digit(c)) {
    return read_number();
  }
  switch (c) {
    case '\'': return read_quoted('\'', TokenKind::string);
    case '`': return read_quoted('`', TokenKind::delimited);
    case '@': return read_moment();
    case '%': return read_variable();
    case '$': {
      const std::size_t begin = at_++;
      const Token word = read_word();
      if (word.text != "this" && word.text != "index" && word.text != "total") {
        return fail_at(begin, Code::syntax, "expected $this, $index or $total");
      }
      return token(TokenKind::special, begin, begin + 1);
    }
    default: break;
  }
  const Token symbol = read_symbol();
  if (symbol.text.empty()) {
    return fail_at(
        symbol.begin, Code::syntax,
        c == '"' ? "a text stands in single quotes: 'text'"
                 : fmt::format("no token begins with {}",
                               c > ' ' && c < 0x7f ? fmt::format("'{}'", c)
                                                   : fmt::format("the byte {:#04x}",
                                                                 static_cast<unsigned char>(c))));
  }
  return symbol;
}

Token Lexer::read_word() {
  const std::size_t begin = at_;
  while (is_letter(at(at_)) || is_digit_at(at_)) {
    ++at_;
  }
  return token(TokenKind::identifier, begin, begin);
}

// A point is a part of the number only where a digit follows: 1.toString() calls a function.
Token Lexer::read_number() {
  const std::size_t begin = at_;
  TokenKind kind = TokenKind::integer;
  while (is_digit_at(at_)) {
    ++at_;
  }
  if (at(at_) == '.' && is_digit_at(at_ + 1)) {
    kind = TokenKind::decimal;
    ++at_;
    while (is_digit_at(at_)) {
      ++at_;
    }
  }
  return token(kind, begin, begin);
}

Token Lexer::read_symbol() {
  const std::size_t begin = at_;
  const std::string_view two = text_.substr(at_, 2);
  if (two == "<=" || two == ">=" || two == "!=" || two == "!~") {
    at_ += 2;
  } else if (std::string_view("+-*/&|<>=~.,()[]{}").find(text_[at_]) != std::string_view::npos) {
    ++at_;
  }
  return token(TokenKind::symbol, begin, begin);
}

Result<Token> Lexer::read_quoted(char quote, TokenKind kind) {
  const std::size_t begin = at_++;
  const std::size_t text_begin = at_;
  std::string* unescaped = nullptr;
  while (at_ < text_.size() && text_[at_] != quote) {
    if (text_[at_] == '\\') {
      if (unescaped == nullptr) {
        unescaped = &unescaped_[turn_++ % 2];
        unescaped->assign(text_.substr(text_begin, at_ - text_begin));
      }
      TRY_OK(read_escape(*unescaped));
    } else {
      if (unescaped != nullptr) {
        unescaped->push_back(text_[at_]);
      }
      ++at_;
    }
  }
  if (at_ == text_.size()) {
    return fail_at(begin, Code::syntax,
                   fmt::format("expected a closing {} for the one that opens here", quote));
  }
  Token read = token(kind, begin, text_begin);
  if (unescaped != nullptr) {
    read.text = *unescaped;
  }
  if (kind == TokenKind::delimited && read.text.empty()) {
    return fail_at(begin, Code::syntax, "expected a name between the backticks");
  }
  read.end = static_cast<std::uint32_t>(++at_);
  return read;
}

Result<unsigned> Lexer::read_hex4() {
  unsigned value = 0;
  for (std::size_t i = 2; i < 6; ++i) {
    const int digit = at_ + i < text_.size() ? hex_digit(text_[at_ + i]) : -1;
    if (digit < 0) {
      return fail_at(at_, Code::syntax, "expected four hexadecimal digits after \\u");
    }
    value = value << 4U | static_cast<unsigned>(digit);
  }
  at_ += 6;
  return value;
}

// https://hl7.org/fhirpath/N1/#string
Result<void> Lexer::read_escape(std::string& to) {
  const char c = at(at_ + 1);
  constexpr std::string_view written = "'\"`\\/frnt";
  constexpr std::string_view meant = "'\"`\\/\f\r\n\t";
  if (const std::size_t which = written.find(c); which != std::string_view::npos && c != '\0') {
    to.push_back(meant[which]);
    at_ += 2;
    return ok();
  }
  if (c != 'u') {
    return fail_at(at_, Code::syntax, "expected one of ' \" ` \\ / f n r t u after the backslash");
  }
  const std::size_t begin = at_;
  TRY(unsigned value, read_hex4());
  if (value >= 0xd800 && value < 0xdc00 && text_.substr(at_, 2) == "\\u") {
    TRY(const unsigned low, read_hex4());
    if (low < 0xdc00 || low >= 0xe000) {
      return fail_at(begin, Code::syntax, "half of a surrogate pair");
    }
    value = 0x10000 + ((value - 0xd800) << 10U) + (low - 0xdc00);
  }
  if (value >= 0xd800 && value < 0xe000) {
    return fail_at(begin, Code::syntax, "half of a surrogate pair");
  }
  append_character(to, value);
  return ok();
}

bool Lexer::take_digits(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_digit_at(at_ + i)) {
      return false;
    }
  }
  at_ += count;
  return true;
}

// The shape alone; whether there is such a day is found out when its value is read.
// https://hl7.org/fhirpath/N1/#date
Result<Token> Lexer::read_moment() {
  const std::size_t begin = at_++;
  TokenKind kind = TokenKind::time;
  if (at(at_) != 'T') {
    kind = TokenKind::date;
    if (!take_digits(4)) {
      return fail_at(begin, Code::syntax,
                     "expected a date, a dateTime or a time: @2024-05-01, @T10:30");
    }
    for (int part = 0; part < 2 && at(at_) == '-' && is_digit_at(at_ + 1); ++part) {
      ++at_;
      if (!take_digits(2)) {
        return fail_at(at_, Code::syntax, "expected two digits of a month or day");
      }
    }
    if (at(at_) != 'T') {
      return token(kind, begin, begin + 1);
    }
    kind = TokenKind::date_time;
  }
  ++at_;  // the T
  const std::size_t clock = at_;
  if (is_digit_at(at_)) {
    for (int part = 0; part < 3 && (part == 0 || (at(at_) == ':' && is_digit_at(at_ + 1)));
         ++part) {
      at_ += part == 0 ? 0 : 1;
      if (!take_digits(2)) {
        return fail_at(at_, Code::syntax, "expected two digits of an hour, minute or second");
      }
    }
    if (at_ == clock + 8 && at(at_) == '.' && is_digit_at(at_ + 1)) {
      ++at_;
      while (is_digit_at(at_)) {
        ++at_;
      }
    }
  } else if (kind == TokenKind::time) {
    return fail_at(begin, Code::syntax, "expected an hour after @T");
  }
  if (kind == TokenKind::date_time && at_ > clock) {
    if (at(at_) == 'Z') {
      ++at_;
    } else if ((at(at_) == '+' || at(at_) == '-') && is_digit_at(at_ + 1) && is_digit_at(at_ + 2) &&
               at(at_ + 3) == ':' && is_digit_at(at_ + 4) && is_digit_at(at_ + 5)) {
      at_ += 6;
    }
  }
  return token(kind, begin, begin + (kind == TokenKind::time ? 2 : 1));
}

Result<Token> Lexer::read_variable() {
  const std::size_t begin = at_++;
  if (at(at_) == '`' || at(at_) == '\'') {
    TRY(Token name, read_quoted(text_[at_], TokenKind::delimited));
    name.kind = TokenKind::variable;
    name.begin = static_cast<std::uint32_t>(begin);
    return name;
  }
  const std::size_t text_begin = at_;
  if (!is_letter(at(at_))) {
    return fail_at(begin, Code::syntax, "expected the name of a variable after %");
  }
  const Token name = read_word();
  if (name.text == "vs" || name.text == "ext") {
    while (at(at_) == '-' && (is_letter(at(at_ + 1)) || is_digit_at(at_ + 1))) {
      ++at_;
      read_word();
    }
  }
  return token(TokenKind::variable, begin, text_begin);
}

}  // namespace holdfast::fhir::path
