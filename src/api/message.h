// api/message.h: what a request and a reply are, for whoever answers them. Sockets, framing, limits
// and encodings are http's; here are only the words that api and http share. Header-only, so that
// http needs nothing else of this folder.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/task.h"
#include "world/executor.h"
#include "world/queue.h"

namespace holdfast::api {

/// The largest body that any request may bring. Over it: 413.
constexpr std::uint64_t request_body_bytes_max = 32ULL << 20U;
/// A Request::body that is not empty has this much capacity behind its end, for simdjson to read.
constexpr std::size_t body_spare_bytes = 64;

/// RFC 9110 section 9 and RFC 5789. Anything else is `unknown`, with its text in the Request.
enum class Method : std::uint8_t { get, head, post, put, patch, remove, options, unknown };

/// "GET"; "DELETE" for remove; "" for unknown.
[[nodiscard]] constexpr std::string_view name(Method method) {
  switch (method) {
    case Method::get: return "GET";
    case Method::head: return "HEAD";
    case Method::post: return "POST";
    case Method::put: return "PUT";
    case Method::patch: return "PATCH";
    case Method::remove: return "DELETE";
    case Method::options: return "OPTIONS";
    case Method::unknown: return "";
  }
  return "";
}

/// Method names are case-sensitive (RFC 9110 section 9.1): "get" is unknown.
[[nodiscard]] constexpr Method method_named(std::string_view text) {
  for (const Method method : {Method::get, Method::head, Method::post, Method::put, Method::patch,
                              Method::remove, Method::options}) {
    if (name(method) == text) {
      return method;
    }
  }
  return Method::unknown;
}

/// Equal but for the case of ASCII letters.
[[nodiscard]] constexpr bool same_text(std::string_view a, std::string_view b) {
  constexpr auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [&](char x, char y) { return lower(x) == lower(y); });
}

/// Header fields in the order in which they came. Names compare without regard to case. What
/// find() and all() give lives until the next add(), set() or the end of the Headers.
class Headers {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;  ///< without the white space around it
  };

  /// `value` may not hold CR, LF or NUL: a reply with such a header leaves as 500.
  void add(std::string_view name, std::string_view value) {
    const auto at = static_cast<std::uint32_t>(text_.size());
    text_.append(name).append(value);
    places_.push_back(Place{at, static_cast<std::uint32_t>(name.size()),
                            static_cast<std::uint32_t>(value.size())});
  }
  /// Replaces every field of that name by one.
  void set(std::string_view name, std::string_view value) {
    std::erase_if(places_, [&](const Place& place) { return same_text(field(place).name, name); });
    add(name, value);
  }
  /// The first of that name.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const {
    for (const Place& place : places_) {
      if (same_text(field(place).name, name)) {
        return field(place).value;
      }
    }
    return std::nullopt;
  }
  [[nodiscard]] bool has(std::string_view name) const { return find(name).has_value(); }
  /// All of that name, in order: their lists count as one list (RFC 9110 section 5.3).
  [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const Place& place : places_) {
      if (same_text(field(place).name, name)) {
        values.push_back(field(place).value);
      }
    }
    return values;
  }
  [[nodiscard]] std::size_t size() const { return places_.size(); }
  [[nodiscard]] bool empty() const { return places_.empty(); }
  [[nodiscard]] Field at(std::size_t index) const { return field(places_[index]); }
  /// Room for that much, so that adding does not allocate again.
  void reserve(std::size_t fields, std::size_t bytes) {
    places_.reserve(fields);
    text_.reserve(bytes);
  }

 private:
  struct Place {
    std::uint32_t at;  ///< the name's first byte in text_; the value follows it
    std::uint32_t name_bytes;
    std::uint32_t value_bytes;
  };
  [[nodiscard]] Field field(const Place& place) const {
    const std::string_view text = text_;
    return {text.substr(place.at, place.name_bytes),
            text.substr(place.at + place.name_bytes, place.value_bytes)};
  }

  Bytes text_;
  std::vector<Place> places_;
};

/// One request, whole: http hands it over when the last byte of its body is there.
struct Request {
  Method method = Method::unknown;
  Bytes method_text;  ///< as sent: "GET", "BREW"
  /// Origin form as sent, not decoded: "/fhir/Patient?name=a%20b". Starts with '/', or is "*" for
  /// OPTIONS. Bytes 0x21 to 0x7e only, and no '#'. An absolute-form target has lost its authority.
  Bytes target;
  Headers headers;
  Bytes body;        ///< if not empty, with body_spare_bytes of capacity behind its end
  Bytes host;        ///< authority the client meant: "localhost:8080". Not checked against anything
  Bytes peer;        ///< "127.0.0.1:51312"
  Bytes request_id;  ///< the client's X-Request-Id, or one of ours; http puts it on the reply
  /// What admission reserved for the body. Given back when the Request goes away: keep it as long
  /// as the body, or what was made of it, is in memory.
  std::vector<Budget::Share> admitted;

  /// "/fhir/Patient"
  [[nodiscard]] std::string_view path() const {
    return std::string_view(target).substr(0, std::min(target.find('?'), target.size()));
  }
  /// "name=a%20b"; empty without '?'
  [[nodiscard]] std::string_view query() const {
    const std::size_t mark = target.find('?');
    return mark == Bytes::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
  }
};

/// The content of a reply: bytes of its own, bytes that something else keeps alive, or several
/// pieces in order. Never copied on its way out if large.
class Body {
 public:
  struct Borrowed {
    BytesView bytes;
    std::shared_ptr<const void> owner;
  };

  Body() = default;
  // Implicit, so that `reply.body = std::move(text)` reads as what it is.
  Body(Bytes bytes) : content_(std::move(bytes)) {}
  Body(const char* text) : content_(Bytes(text)) {}
  Body(std::vector<Bytes> pieces) : content_(std::move(pieces)) {}
  Body(std::shared_ptr<const Bytes> shared) {
    const BytesView bytes = *shared;
    content_ = Borrowed{bytes, std::move(shared)};
  }
  Body(Borrowed borrowed) : content_(std::move(borrowed)) {}

  [[nodiscard]] std::size_t pieces() const {
    const auto* several = std::get_if<std::vector<Bytes>>(&content_);
    return several != nullptr ? several->size() : 1;
  }
  [[nodiscard]] BytesView piece(std::size_t index) const {
    if (const auto* several = std::get_if<std::vector<Bytes>>(&content_)) {
      return (*several)[index];
    }
    if (const auto* borrowed = std::get_if<Borrowed>(&content_)) {
      return borrowed->bytes;
    }
    return std::get<Bytes>(content_);
  }
  [[nodiscard]] std::size_t size() const {
    std::size_t total = 0;
    for (std::size_t i = 0; i < pieces(); ++i) {
      total += piece(i).size();
    }
    return total;
  }
  [[nodiscard]] bool empty() const { return size() == 0; }
  /// All of it in one: copies. For tests and small replies.
  [[nodiscard]] Bytes joined() const {
    Bytes whole;
    whole.reserve(size());
    for (std::size_t i = 0; i < pieces(); ++i) {
      whole.append(piece(i));
    }
    return whole;
  }

 private:
  std::variant<Bytes, Borrowed, std::vector<Bytes>> content_;
};

enum class Connection : std::uint8_t { keep, close };

/// http adds Date, Content-Length, Connection and X-Request-Id, drops the body for HEAD (keeping
/// its length), and may compress it. So a handler answers HEAD as it would GET, and sets none of
/// these itself (an X-Request-Id of its own wins).
struct Reply {
  int status = 200;  ///< 200 to 599; 204 and 304 have no body
  Headers headers;
  Body body;
  Connection connection = Connection::keep;  ///< close: end the connection after this reply
};

/// Answers requests. One object serves every connection, on every io executor at once.
class Handler {
 public:
  Handler() = default;
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  virtual ~Handler() = default;

  /// How large a body this request may bring (its `body` is still empty); more is answered with
  /// 413 before it is read. Never more than request_body_bytes_max is taken. 0 refuses any body.
  [[nodiscard]] virtual std::uint64_t body_bytes_max(const Request& head) const {
    static_cast<void>(head);
    return request_body_bytes_max;
  }

  /// Runs on the session's executor `on` and must end there, in bounded time, with a reply for
  /// everything: it has nobody to hand an error to. It may wait on other executors in between.
  virtual Task<Reply> handle(Request request, Executor& on) = 0;
};

}  // namespace holdfast::api
