#include "http/gzip.h"

#include <algorithm>
#include <array>
#include <memory>

#include <zlib.h>

#include "base/check.h"
#include "base/text.h"
#include "http/limits.h"

namespace holdfast::http {
namespace {

BytesView take_until(BytesView& rest, char mark) {
  const std::size_t end = std::min(rest.find(mark), rest.size());
  const BytesView taken = trimmed(rest.substr(0, end));
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return taken;
}

// weight = OWS ";" OWS "q=" qvalue; only whether it is above zero matters here.
bool has_weight(BytesView parameters) {
  while (!parameters.empty()) {
    const BytesView parameter = take_until(parameters, ';');
    if (parameter.size() > 2 && api::same_text(parameter.substr(0, 2), "q=")) {
      return parameter.substr(2).find_first_of("123456789") != BytesView::npos;
    }
  }
  return true;
}

struct Deflate {
  z_stream stream{};
  Deflate() = default;
  Deflate(const Deflate&) = delete;
  Deflate& operator=(const Deflate&) = delete;
  ~Deflate() { deflateEnd(&stream); }
};

constexpr int gzip_window_bits = 15 + 16;  // 32 KiB window, gzip wrapper
constexpr int memory_level = 8;

// Compresses all of `input` (Z_NO_FLUSH), or ends the stream (Z_FINISH), appending to `output`.
void run(z_stream& stream, BytesView input, int flush, Bytes& output) {
  std::array<char, 16384> buffer;
  // zlib reads through a pointer to mutable bytes unless ZLIB_CONST; it does not write there.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream.avail_in = static_cast<uInt>(input.size());
  for (;;) {  // ends: each turn that fills the buffer has used input or pending output
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    const int outcome = deflate(&stream, flush);
    check(outcome == Z_OK || outcome == Z_STREAM_END || outcome == Z_BUF_ERROR,
          "deflate fails only when it is used wrongly");
    output.append(buffer.data(), buffer.size() - stream.avail_out);
    if (stream.avail_out != 0) {
      return;
    }
  }
}

}  // namespace

bool accepts_gzip(const api::Headers& request) {
  for (std::size_t i = 0; i < request.size(); ++i) {
    const auto [name, value] = request.at(i);
    if (!api::same_text(name, "Accept-Encoding")) {
      continue;
    }
    BytesView rest = value;
    while (!rest.empty()) {
      BytesView element = take_until(rest, ',');
      const BytesView coding = take_until(element, ';');
      if (api::same_text(coding, "gzip") || api::same_text(coding, "x-gzip")) {
        return has_weight(element);
      }
    }
  }
  return false;
}

bool is_worth_gzip(const api::Headers& reply) {
  if (reply.has("Content-Encoding") || reply.has("Content-Range")) {
    return false;
  }
  const std::string_view type = reply.find("Content-Type").value_or("");
  return type.starts_with("text/") || type.find("json") != BytesView::npos ||
         type.find("xml") != BytesView::npos || type.find("javascript") != BytesView::npos;
}

Task<Result<Bytes>> gzip(const api::Body& body, int level, Executor& on) {
  const auto state = std::make_unique<Deflate>();
  if (deflateInit2(&state->stream, level, Z_DEFLATED, gzip_window_bits, memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    co_return fail(Code::unavailable, "no memory to compress a reply");
  }
  Bytes output;
  std::size_t since_turn = 0;
  for (std::size_t i = 0; i < body.pieces(); ++i) {
    BytesView rest = body.piece(i);
    while (!rest.empty()) {
      const BytesView slice = rest.substr(0, gzip_slice_bytes);
      run(state->stream, slice, Z_NO_FLUSH, output);
      rest.remove_prefix(slice.size());
      since_turn += slice.size();
      if (since_turn >= gzip_slice_bytes) {
        since_turn = 0;
        co_await on.turn();
      }
    }
  }
  run(state->stream, BytesView(), Z_FINISH, output);
  co_return output;
}

}  // namespace holdfast::http
