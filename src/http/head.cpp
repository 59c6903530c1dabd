#include "http/head.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/text.h"

namespace holdfast::http {
namespace {

using api::same_text;

enum Class : unsigned char { in_token = 1, in_target = 2, in_value = 4, in_authority = 8 };

// RFC 9110 section 5.6.2 (token), RFC 3986 (visible characters of a target, without '#'; authority
// without '@' and ','), RFC 9110 section 5.5 (field value with obs-text).
constexpr std::array<unsigned char, 256> make_classes() {
  std::array<unsigned char, 256> classes{};
  constexpr std::string_view token_marks = "!#$%&'*+-.^_`|~";
  constexpr std::string_view authority_marks = "-._~%!$&'()*+;=:[]";
  for (unsigned c = 0; c < 256; ++c) {
    const char letter = static_cast<char>(c);
    const bool alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    unsigned flags = 0;
    if (alphanumeric || (c < 128 && token_marks.contains(letter))) {
      flags |= in_token;
    }
    if (alphanumeric || (c < 128 && authority_marks.contains(letter))) {
      flags |= in_authority;
    }
    if (c > 0x20 && c < 0x7f && c != '#') {
      flags |= in_target;
    }
    if ((c >= 0x20 && c != 0x7f) || c == '\t') {
      flags |= in_value;
    }
    classes[c] = static_cast<unsigned char>(flags);
  }
  return classes;
}
constexpr std::array<unsigned char, 256> classes = make_classes();

bool all_of_class(BytesView text, Class wanted) {
  unsigned common = wanted;
  for (const char c : text) {
    common &= classes[static_cast<unsigned char>(c)];
  }
  return common != 0;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// RFC 9110 section 5.6.1: a list of elements between commas.
bool list_has(BytesView list, std::string_view element) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (same_text(trimmed(list.substr(0, comma)), element)) {
      return true;
    }
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

bool is_token(BytesView text) { return !text.empty() && all_of_class(text, in_token); }

bool is_field_value(BytesView text) { return all_of_class(text, in_value); }

bool is_authority(BytesView text) {
  if (text.empty() || text.front() == ':' || !all_of_class(text, in_authority)) {
    return false;
  }
  // [::1]:8080 keeps its colons within brackets; elsewhere one colon at most, then digits.
  std::size_t host_bytes = text.find(':');
  if (text.front() == '[') {
    const std::size_t bracket = text.find(']');
    if (bracket == BytesView::npos) {
      return false;
    }
    host_bytes = bracket + 1;
  } else if (text.find_first_of("[]") != BytesView::npos) {
    return false;
  }
  if (host_bytes >= text.size()) {
    return true;
  }
  if (text[host_bytes] != ':') {
    return false;
  }
  const BytesView port = text.substr(host_bytes + 1);
  return port.size() <= 5 && std::ranges::all_of(port, is_digit);
}

std::optional<std::uint64_t> parse_content_length(BytesView text) {
  if (text.empty() || text.size() > 19 || !std::ranges::all_of(text, is_digit)) {
    return std::nullopt;
  }
  std::uint64_t length = 0;
  for (const char c : text) {
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return length;
}

std::optional<FieldLine> parse_field_line(BytesView line) {
  const std::size_t colon = line.find(':');
  if (colon == BytesView::npos || !is_token(line.substr(0, colon)) ||
      !is_field_value(line.substr(colon + 1))) {
    return std::nullopt;
  }
  return FieldLine{line.substr(0, colon), trimmed(line.substr(colon + 1))};
}

Target parse_target(BytesView target, BytesView method) {
  Target result;
  if (method == "CONNECT") {
    result.refusal = Refusal{501, Refused::unsupported, "CONNECT is not served here"};
    return result;
  }
  if (target == "*" && method == "OPTIONS") {
    result.origin = "*";
    return result;
  }
  if (target.starts_with('/')) {
    result.origin = target;
    return result;
  }
  // absolute-form, RFC 9112 section 3.2.2: its authority counts, not the Host field.
  const std::size_t scheme_bytes = target.find("://");
  const bool http =
      scheme_bytes != BytesView::npos && (same_text(target.substr(0, scheme_bytes), "http") ||
                                          same_text(target.substr(0, scheme_bytes), "https"));
  const Refusal malformed{400, Refused::syntax, "the request target is not one of HTTP"};
  if (!http) {
    result.refusal = malformed;
    return result;
  }
  const BytesView rest = target.substr(scheme_bytes + 3);
  const std::size_t authority_bytes = std::min(rest.find_first_of("/?"), rest.size());
  result.host = rest.substr(0, authority_bytes);
  if (!is_authority(result.host)) {
    result.refusal = malformed;
    return result;
  }
  const BytesView path = rest.substr(authority_bytes);
  if (!path.starts_with('/')) {
    result.origin = "/";
  }
  result.origin.append(path);
  return result;
}

bool HeadScanner::refuse(int status, Refused reason, std::string_view why) {
  refusal_ = Refusal{status, reason, why};
  return false;
}

HeadScanner::Progress HeadScanner::scan(BytesView bytes) {
  for (;;) {  // ends: each turn takes one line of the bounded bytes
    const void* found = bytes.size() <= searched_
                            ? nullptr
                            : std::memchr(bytes.data() + searched_, '\n', bytes.size() - searched_);
    const std::size_t line_end =
        found == nullptr
            ? bytes.size()
            : static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data()) + 1;
    // Sizes before content, so that it does not matter in which pieces the bytes came.
    if (!started_ && line_end - line_ > target_bytes_max + method_bytes_max + 16) {
      static_cast<void>(refuse(414, Refused::head_too_large, "the request target is too long"));
      return Progress::refused;
    }
    if (line_end - begin_ > head_bytes_max) {
      static_cast<void>(refuse(431, Refused::head_too_large, "the header is too large"));
      return Progress::refused;
    }
    if (found == nullptr) {
      searched_ = bytes.size();
      return Progress::incomplete;
    }
    const BytesView line = bytes.substr(line_, line_end - line_);
    const bool first_empty = !started_ && begin_ == 0 && line == "\r\n";
    searched_ = line_end;
    line_ = line_end;
    if (first_empty && kind_ == HeadKind::request) {
      begin_ = line_end;
      continue;
    }
    if (!line.ends_with("\r\n")) {
      static_cast<void>(refuse(400, Refused::syntax, "a line does not end in CR LF"));
      return Progress::refused;
    }
    if (line.size() == 2 && started_) {
      return end_of_head() ? Progress::complete : Progress::refused;
    }
    if (!take_line(line.substr(0, line.size() - 2))) {
      return Progress::refused;
    }
  }
}

bool HeadScanner::take_line(BytesView line) {
  if (started_) {
    return take_field(line);
  }
  started_ = true;
  return kind_ == HeadKind::request ? take_request_line(line) : take_status_line(line);
}

// RFC 9112 section 3: method SP request-target SP HTTP-version, with single spaces.
bool HeadScanner::take_request_line(BytesView line) {
  const std::size_t method_bytes = line.find(' ');
  const std::size_t version_at = line.rfind(' ');
  if (method_bytes == BytesView::npos || version_at == method_bytes ||
      !is_token(line.substr(0, method_bytes)) || method_bytes > method_bytes_max) {
    return refuse(400, Refused::syntax, "the request line is not one of HTTP/1.1");
  }
  const BytesView target_text = line.substr(method_bytes + 1, version_at - method_bytes - 1);
  if (target_text.empty() || !all_of_class(target_text, in_target)) {
    return refuse(400, Refused::syntax,
                  "the request target holds a character that must be percent-encoded");
  }
  const BytesView version = line.substr(version_at + 1);
  if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) ||
      version[6] != '.' || !is_digit(version[7])) {
    return refuse(400, Refused::syntax, "the request line does not end in an HTTP version");
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return refuse(505, Refused::unsupported, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  }
  facts_.minor_version = static_cast<unsigned>(version[7] - '0');
  return true;
}

// RFC 9112 section 4: HTTP-version SP status-code SP [reason-phrase]
bool HeadScanner::take_status_line(BytesView line) {
  const bool shaped = line.size() >= 12 &&
                      (line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ")) &&
                      line[9] >= '1' && line[9] <= '5' && is_digit(line[10]) &&
                      is_digit(line[11]) && (line.size() == 12 || line[12] == ' ');
  if (!shaped || !is_field_value(line)) {
    return refuse(400, Refused::syntax, "the status line is not one of HTTP/1.1");
  }
  facts_.minor_version = static_cast<unsigned>(line[7] - '0');
  facts_.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  return true;
}

bool HeadScanner::take_field(BytesView line) {
  if (line.front() == ' ' || line.front() == '\t') {
    return refuse(400, Refused::syntax, "a header field is folded over two lines");
  }
  if (++facts_.fields > header_fields_max) {
    return refuse(431, Refused::head_too_large, "there are too many header fields");
  }
  const std::optional<FieldLine> field = parse_field_line(line);
  if (!field) {
    return refuse(400, Refused::syntax, "a header line is not name, colon and printable value");
  }
  return take_framing_field(field->name, field->value);
}

bool HeadScanner::take_framing_field(BytesView name, BytesView value) {
  switch (name.size()) {  // most fields are told apart by their length alone
    case 4:
      if (same_text(name, "Host")) {
        ++facts_.hosts;
        return is_authority(value) ||
               refuse(400, Refused::syntax, "the Host field is not a host with an optional port");
      }
      return true;
    case 6:
      if (same_text(name, "Expect")) {
        facts_.expectation =
            same_text(value, "100-continue") && facts_.expectation != Expectation::other
                ? Expectation::hundred_continue
                : Expectation::other;
      }
      return true;
    case 10:
      if (same_text(name, "Connection") && list_has(value, "close")) {
        facts_.connection_close = true;
      }
      return true;
    case 14:
      if (same_text(name, "Content-Length")) {
        // RFC 9110 section 8.6 lets a recipient merge equal repetitions; we do not.
        const std::optional<std::uint64_t> length = parse_content_length(value);
        if (facts_.content_length || !length) {
          return refuse(400, Refused::syntax, "Content-Length is not one decimal number");
        }
        facts_.content_length = length;
      }
      return true;
    case 16:
      if (same_text(name, "Content-Encoding") && !same_text(value, "identity")) {
        facts_.content_encoded = true;
      }
      return true;
    case 17:
      if (same_text(name, "Transfer-Encoding")) {
        // RFC 9112 section 6.1; any coding but one plain `chunked` is refused.
        if (transfer_coded_ || !same_text(value, "chunked")) {
          return refuse(400, Refused::syntax, "Transfer-Encoding is not exactly chunked");
        }
        transfer_coded_ = true;
        facts_.chunked = true;
      }
      return true;
    default: return true;
  }
}

bool HeadScanner::end_of_head() {
  // RFC 9112 section 6.1: both together, or chunked in HTTP/1.0, is how requests are smuggled.
  if (facts_.chunked && facts_.content_length) {
    return refuse(400, Refused::syntax, "Transfer-Encoding and Content-Length exclude each other");
  }
  if (facts_.chunked && facts_.minor_version == 0) {
    return refuse(400, Refused::syntax, "HTTP/1.0 has no Transfer-Encoding");
  }
  // RFC 9112 section 3.2
  if (kind_ == HeadKind::request &&
      (facts_.hosts > 1 || (facts_.hosts == 0 && facts_.minor_version == 1))) {
    return refuse(400, Refused::syntax, "a request has exactly one Host field");
  }
  return true;
}

}  // namespace holdfast::http
