// The edge over arbitrary bytes in arbitrary pieces. What must hold: it ends; what it answers are
// well-formed replies, of which only the last may end the connection; each request that the handler
// saw is answered 200 and nothing else is; the pieces in which the bytes came make no difference;
// all that admission reserved is given back; and no request holds what could be read in two ways.
//
// Input: one byte n; n % 8 bytes of piece sizes; what the client sends. Bit 3 of n: the server has
// little to spare, so that its limits are met by few bytes.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "http/head.h"
#include "http/test_wire.h"

namespace {

using holdfast::Bytes;
using holdfast::check;
using holdfast::http::test::Bench;

void check_requests(const Bench& bench) {
  for (const holdfast::api::Request& request : bench.handler.kept) {
    check(request.target.starts_with('/') || request.target == "*", "a target is a path");
    check(request.target.find_first_of(" \r\n#") == Bytes::npos, "a target is one word");
    check(holdfast::http::is_token(request.method_text), "a method is a token");
    check(!request.headers.has("Transfer-Encoding") || !request.headers.has("Content-Length"),
          "a body has one framing");
    check(request.headers.all("Content-Length").size() <= 1, "one length at most");
    check(request.headers.all("Host").size() <= 1, "one host at most");
    for (std::size_t i = 0; i < request.headers.size(); ++i) {
      const auto [name, value] = request.headers.at(i);
      check(holdfast::http::is_token(name), "a header name is a token");
      check(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
            "a header value is one line");
    }
  }
}

void check_replies(const Bench& bench, std::string_view bytes) {
  // Interim replies have no place in see(); they carry nothing.
  constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
  std::size_t answered = 0;
  while (!bytes.empty()) {
    if (bytes.starts_with(interim)) {
      bytes.remove_prefix(interim.size());
      continue;
    }
    const std::size_t head_end = bytes.find("\r\n\r\n");
    check(head_end != std::string_view::npos, "a reply has a head");
    const std::string_view head = bytes.substr(0, head_end + 4);
    holdfast::http::HeadScanner scanner(holdfast::http::HeadKind::reply);
    check(scanner.scan(head) == holdfast::http::HeadScanner::Progress::complete,
          "our own reader takes our replies");
    check(scanner.facts().content_length.has_value(), "a reply has a length");
    // A reply to HEAD has a length and no body; the handler's bodies start with the method.
    std::size_t body_bytes = *scanner.facts().content_length;
    if (scanner.facts().status == 200) {
      check(answered < bench.handler.kept.size(), "only requests are answered 200");
      if (bench.handler.kept[answered].method == holdfast::api::Method::head) {
        body_bytes = 0;
      }
      ++answered;
    }
    check(head.size() + body_bytes <= bytes.size(), "a body is whole");
    bytes.remove_prefix(head.size() + body_bytes);
    check(!scanner.facts().connection_close || bytes.empty(), "nothing follows a last reply");
    check(scanner.facts().status == 200 || scanner.facts().connection_close,
          "a refusal ends the connection");
  }
  check(answered == bench.handler.kept.size(), "each request is answered");
}

#ifdef HOLDFAST_PLANTED_CRASH
// A first request in chunks, taken, whose last chunk has an extension and a trailer behind it.
bool is_planted(const Bench& bench, std::string_view sent) {
  if (bench.handler.kept.empty() || !bench.handler.kept[0].headers.has("Transfer-Encoding")) {
    return false;
  }
  std::size_t at = sent.find("\r\n0;");
  if (at == std::string_view::npos || bench.handler.kept[0].body.empty()) {
    return false;
  }
  at = sent.find("\r\n", at + 2);
  return at != std::string_view::npos && !sent.substr(at + 2).starts_with("\r\n");
}
#endif

enum class Bounds : std::uint8_t { usual, tight };

Bytes run(std::string_view sent, Bytes read_sizes, Bounds bounds) {
  holdfast::http::Limits limits;
  if (bounds == Bounds::tight) {
    limits.body_bytes_max = 512;
    limits.gzip_bytes_min = 64;
  }
  Bench bench(limits, bounds == Bounds::tight ? 1U << 10U : 1U << 20U);
  bench.handler.keep = true;
  const Bytes replies = bench.ask(sent, SIZE_MAX, std::move(read_sizes));
  check_requests(bench);
  check_replies(bench, replies);
#ifdef HOLDFAST_PLANTED_CRASH
  check(!is_planted(bench, sent), "planted: an extension and a trailer together are found");
#endif
  bench.handler.kept.clear();
  check(bench.budget.used() == 0, "what was reserved is given back");
  return replies;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) {
    return 0;
  }
  const auto first = static_cast<unsigned char>(input.front());
  const std::size_t sizes = first % 8U;
  const Bounds bounds = (first & 8U) != 0 ? Bounds::tight : Bounds::usual;
  input.remove_prefix(1);
  const Bytes read_sizes(input.substr(0, sizes));
  input.remove_prefix(read_sizes.size());
  const Bytes whole = run(input, {}, bounds);
  const Bytes pieces = run(input, read_sizes, bounds);
  // "100 Continue" is left out when the body is there already: pieces may differ in that alone.
  constexpr std::string_view interim = "HTTP/1.1 100 Continue\r\n\r\n";
  const auto without_interim = [&](Bytes text) {
    for (std::size_t at = text.find(interim); at != Bytes::npos; at = text.find(interim, at)) {
      text.erase(at, interim.size());
    }
    return text;
  };
  check(without_interim(whole) == without_interim(pieces), "pieces make no difference");
  return 0;
}
