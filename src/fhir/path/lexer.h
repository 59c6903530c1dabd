// fhir/path/lexer.h: the tokens of a FHIRPath expression, one after the other. Inside this folder
// only. https://hl7.org/fhirpath/N1/#lexical-elements
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::fhir::path {

enum class TokenKind : std::uint8_t {
  end,
  identifier,  ///< also keywords: compare the text
  delimited,   ///< an identifier in backticks: never a keyword
  string,
  integer,
  decimal,
  date,
  date_time,
  time,
  variable,  ///< %name
  special,   ///< $this, $index, $total
  symbol,    ///< an operator or bracket; compare the text
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  /// Without quotes, escapes and leading @ % $. Points into the expression, or into the lexer where
  /// something was escaped: valid until the next token but one.
  std::string_view text;
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  /// Code::syntax where no token begins.
  [[nodiscard]] Result<Token> next();

 private:
  Result<void> skip_blanks();
  Result<Token> read_quoted(char quote, TokenKind kind);
  Result<void> read_escape(std::string& to);
  Result<unsigned> read_hex4();
  Result<Token> read_moment();
  Result<Token> read_variable();
  Token read_number();
  Token read_word();
  Token read_symbol();
  [[nodiscard]] Token token(TokenKind kind, std::size_t begin, std::size_t text_begin) const;
  [[nodiscard]] bool is_digit_at(std::size_t at) const;
  bool take_digits(std::size_t count);
  [[nodiscard]] char at(std::size_t offset) const {
    return offset < text_.size() ? text_[offset] : '\0';
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string unescaped_[2];  // by turns: the parser looks one token ahead
  unsigned turn_ = 0;
};

/// `fail` with the place in the expression.
[[nodiscard]] std::unexpected<Error> fail_at(std::size_t offset, Code code, std::string what);

}  // namespace holdfast::fhir::path
