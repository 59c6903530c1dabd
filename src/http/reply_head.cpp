#include "http/reply_head.h"

#include <charconv>
#include <cstring>

#include "base/check.h"
#include "base/time.h"
#include "http/head.h"

namespace holdfast::http {
namespace {

// Fields that http sets itself: a handler that sets them too would make the framing ambiguous.
bool is_ours(std::string_view name) {
  switch (name.size()) {
    case 4: return api::same_text(name, "Date");
    case 10: return api::same_text(name, "Connection") || api::same_text(name, "Keep-Alive");
    case 14: return api::same_text(name, "Content-Length");
    case 17: return api::same_text(name, "Transfer-Encoding");
    default: return false;
  }
}

void append_field(Bytes& to, BytesView name, BytesView value) {
  to.append(name).append(": ").append(value).append("\r\n");
}

// Without fmt, which a profile showed: every reply passes here.
void append_number(Bytes& to, std::uint64_t number) {
  char digits[20];
  const std::to_chars_result end = std::to_chars(digits, digits + sizeof digits, number);
  to.append(digits, end.ptr);
}

}  // namespace

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    default: return "Status";
  }
}

BytesView DateText::at(Time now) {
  const std::int64_t second = now.ms / 1000;
  if (second != second_) {
    const std::string text = to_http_date(now);
    check(text.size() == sizeof text_, "an HTTP date has 29 characters");
    std::memcpy(text_, text.data(), sizeof text_);
    second_ = second;
  }
  return {text_, sizeof text_};
}

bool append_reply_head(Bytes& to, int status, const api::Headers& headers,
                       const ReplyFraming& framing) {
  const std::size_t before = to.size();
  if (status < 200 || status > 599) {
    return false;
  }
  to.append("HTTP/1.1 ");
  append_number(to, static_cast<std::uint64_t>(status));
  to.append(" ").append(reason_phrase(status)).append("\r\n");
  append_field(to, "Date", framing.date);
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const auto [name, value] = headers.at(i);
    if (is_ours(name) || !is_token(name) || !is_field_value(value)) {
      to.resize(before);
      return false;
    }
    // A compressed reply is another representation: its strong validator must differ, so it
    // becomes weak (RFC 9110 section 8.8.1).
    if (!framing.content_encoding.empty() && api::same_text(name, "ETag") &&
        value.starts_with('"')) {
      to.append("ETag: W/").append(value).append("\r\n");
      continue;
    }
    append_field(to, name, value);
  }
  if (!framing.request_id.empty() && !headers.has("X-Request-Id")) {
    append_field(to, "X-Request-Id", framing.request_id);
  }
  if (!framing.content_encoding.empty()) {
    append_field(to, "Content-Encoding", framing.content_encoding);
    append_field(to, "Vary", "Accept-Encoding");  // several Vary fields count as one list
  }
  // RFC 9110 section 8.6: none in 1xx and 204; in 304 it would have to be that of a 200.
  if (!is_bodiless(status)) {
    to.append("Content-Length: ");
    append_number(to, framing.body_bytes);
    to.append("\r\n");
  }
  if (framing.connection == api::Connection::close) {
    append_field(to, "Connection", "close");
  }
  to.append("\r\n");
  return true;
}

}  // namespace holdfast::http
