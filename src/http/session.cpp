// Requests and their bodies; replies are in session_reply.cpp.
#include "http/session.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "http/beast_head.h"
#include "http/gzip.h"

namespace holdfast::http {
namespace {

constexpr BytesView continue_text = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr Refusal full{503, Refused::overloaded,
                       "the server has as much work as it takes at once; try again soon"};

}  // namespace

Session::Session(Edge& edge, Executor& on, std::unique_ptr<Stream> stream)
    : edge_(edge),
      on_(on),
      stream_(std::move(stream)),
      peer_(stream_->peer()),
      connection_id_(edge.random.next()) {}

Task<void> Session::serve() {
  for (;;) {  // ends: each turn reads a request within its deadlines, or ends the connection
    // The results have names because g++ 12 miscompiles a loop with co_await in its conditions.
    if (in_.empty() && edge_.draining.load(std::memory_order_relaxed)) {
      break;
    }
    const After head = co_await read_head();
    if (head == After::end) {
      break;
    }
    const After reply = co_await answer();
    if (reply == After::end) {
      break;
    }
  }
  if (ended_by_reply_) {
    co_await linger();
  }
  stream_->close();
}

Task<void> Session::turn_away() {
  refusal_ =
      Refusal{503, Refused::connection_limit, "the server has as many connections as it takes"};
  co_await refuse();
  if (ended_by_reply_) {
    co_await linger();
  }
  stream_->close();
}

void Session::stop_if_idle() {
  if (idle_) {
    stream_->close();
  }
}

void Session::stop_now() { stream_->close(); }

Bytes Session::next_request_id() {
  ++requests_;
  char text[40];  // at most 16 hexadecimal digits, a dash and 20 decimal ones
  char* const end = text + sizeof text;
  const std::to_chars_result dash = std::to_chars(text, end, connection_id_, 16);
  *dash.ptr = '-';
  const std::to_chars_result last = std::to_chars(dash.ptr + 1, end, requests_);
  return {text, last.ptr};
}

Session::Arrival Session::refuse_with(int status, Refused reason, std::string_view why) {
  refusal_ = Refusal{status, reason, why};
  return Arrival::refused;
}

Task<Result<std::size_t>> Session::read(std::span<char> into, Instant deadline) {
  Result<std::size_t> got = co_await stream_->read(into, deadline);
  if (got) {
    Counts::add(edge_.counts.bytes_in, *got);
  }
  co_return got;
}

Task<Session::After> Session::read_head() {
  scanner_ = HeadScanner(HeadKind::request);
  if (in_.empty()) {
    in_.set_capacity(idle_buffer_bytes);
  }
  bool begun = false;
  Instant deadline = on_.now() + edge_.limits.idle_time_max;
  for (;;) {  // ends: by the deadline, or when head_bytes_max are there
    const HeadScanner::Progress progress = scanner_.scan(in_.view());
    if (progress == HeadScanner::Progress::complete) {
      co_return After::next_request;
    }
    if (progress == HeadScanner::Progress::refused) {
      refusal_ = scanner_.refusal();
      co_await refuse();
      co_return After::end;
    }
    if (!begun && scanner_.begun(in_.view())) {
      begun = true;
      deadline = on_.now() + edge_.limits.head_time_max;
    }
    if (in_.size() == in_.capacity()) {
      in_.set_capacity(in_.capacity() * 2);  // scan() refuses before this passes head_bytes_max * 2
    }
    idle_ = !begun;
    const Result<std::size_t> got = co_await stream_->read(in_.room(), deadline);
    idle_ = false;
    if (!got && got.error().code == Code::timeout && begun) {
      refuse_with(408, Refused::slow, "the request header did not arrive in time");
      co_await refuse();
    }
    if (!got || *got == 0) {
      co_return After::end;
    }
    in_.filled(*got);
    Counts::add(edge_.counts.bytes_in, *got);
  }
}

// From the head's bytes to a Request without its body. False: refusal_ says why.
bool Session::begin_request(api::Request& request) {
  const HeadFacts& facts = scanner_.facts();
  const BytesView head = in_.view().substr(scanner_.begin(), scanner_.end() - scanner_.begin());
  if (!parse_request_head(head, facts, request)) {
    refuse_with(400, Refused::syntax, "the request header can be read in two ways");
    return false;
  }
  Target target = parse_target(request.target, request.method_text);
  if (target.refusal) {
    refusal_ = *target.refusal;
    return false;
  }
  request.host = target.host.empty() ? request.headers.find("Host").value_or("") : target.host;
  request.target = std::move(target.origin);
  if (facts.expectation == Expectation::other) {
    refuse_with(417, Refused::unsupported, "the only expectation served is 100-continue");
    return false;
  }
  const bool has_body = facts.chunked || facts.content_length.value_or(0) > 0;
  if (has_body && facts.content_encoded) {
    refuse_with(415, Refused::unsupported, "a request body must not be compressed");
    return false;
  }
  request.peer = peer_;
  const std::optional<std::string_view> named = request.headers.find("X-Request-Id");
  request.request_id = named && named->size() <= request_id_bytes_max && is_token(*named)
                           ? Bytes(*named)
                           : next_request_id();
  return true;
}

Task<Session::After> Session::answer() {
  api::Request request;
  const bool understood = begin_request(request);
  in_.consume(scanner_.end());
  Arrival arrival = Arrival::refused;
  if (understood) {
    arrival = co_await read_body(request);
  }
  if (arrival == Arrival::refused) {
    co_await refuse();
  }
  if (arrival != Arrival::whole) {
    co_return After::end;
  }
  Delivery how;
  how.method = request.method;
  how.gzip = edge_.limits.gzip_bytes_min > 0 && accepts_gzip(request.headers);
  how.request_id = request.request_id;
  const HeadFacts& facts = scanner_.facts();
  if (facts.connection_close || facts.minor_version == 0) {
    how.connection = api::Connection::close;
  }
  Counts::add(edge_.counts.requests);
  Counts::add(edge_.counts.requests_in_flight);
  api::Reply reply = co_await edge_.handler.handle(std::move(request), on_);
  Counts::take(edge_.counts.requests_in_flight);
  co_return co_await send(std::move(reply), std::move(how));
}

// --- bodies ---

bool Session::admit(api::Request& request, std::uint64_t bytes) {
  std::optional<Budget::Share> share = edge_.budget.reserve(bytes);
  if (!share) {
    refusal_ = full;
    return false;
  }
  request.admitted.push_back(std::move(*share));
  return true;
}

Instant Session::body_deadline(Instant started, std::uint64_t bytes) const {
  const std::uint64_t rate = std::max<std::uint64_t>(1, edge_.limits.body_bytes_per_second_min);
  const auto earned_ms = static_cast<std::int64_t>(bytes * 1000 / rate);
  return started + edge_.limits.body_time_grace + milliseconds(earned_ms);
}

// RFC 9110 section 10.1.1: a client that waits for 100 is told to go on once we mean to read.
Task<bool> Session::tell_to_continue() {
  const HeadFacts& facts = scanner_.facts();
  if (facts.expectation == Expectation::none || facts.minor_version == 0 || !in_.empty()) {
    co_return true;
  }
  co_return co_await write(continue_text);
}

Task<Session::Arrival> Session::read_body(api::Request& request) {
  const HeadFacts& facts = scanner_.facts();
  if (!facts.chunked && facts.content_length.value_or(0) == 0) {
    co_return Arrival::whole;
  }
  const std::uint64_t length_max =
      std::min({edge_.handler.body_bytes_max(request), edge_.limits.body_bytes_max,
                api::request_body_bytes_max});
  if (facts.content_length.value_or(0) > length_max) {
    co_return refuse_with(413, Refused::body_too_large, "the request body is too large");
  }
  if (!facts.chunked) {
    co_return co_await read_sized(request, *facts.content_length);
  }
  co_return co_await read_chunked(request, length_max);
}

Session::Arrival Session::end_of_body(const Result<std::size_t>& read) {
  if (!read && read.error().code == Code::timeout) {
    return refuse_with(408, Refused::slow, "the request body came too slowly");
  }
  return Arrival::gone;
}

Task<Session::Arrival> Session::read_sized(api::Request& request, std::uint64_t length) {
  if (!admit(request, length)) {
    co_return Arrival::refused;
  }
  const bool told = co_await tell_to_continue();
  if (!told) {
    co_return Arrival::gone;
  }
  const auto size = static_cast<std::size_t>(length);
  request.body.reserve(size + api::body_spare_bytes);
  resize_for_overwrite(request.body, size);
  std::size_t have = std::min(in_.size(), size);
  std::copy_n(in_.view().data(), have, request.body.data());
  in_.consume(have);
  const Instant started = on_.now();
  while (have < size) {
    const std::span<char> rest(request.body.data() + have, size - have);
    const Result<std::size_t> got = co_await read(rest, body_deadline(started, have));
    if (!got || *got == 0) {
      co_return end_of_body(got);
    }
    have += *got;
  }
  co_return Arrival::whole;
}

Task<Session::Arrival> Session::read_chunked(api::Request& request, std::uint64_t length_max) {
  std::uint64_t admitted = std::min(chunked_step_bytes, length_max);
  if (!admit(request, admitted)) {
    co_return Arrival::refused;
  }
  const bool told = co_await tell_to_continue();
  if (!told) {
    co_return Arrival::gone;
  }
  request.body.reserve(static_cast<std::size_t>(admitted) + api::body_spare_bytes);
  in_.set_capacity(chunked_buffer_bytes);
  ChunkedDecoder decoder;
  const Instant started = on_.now();
  for (;;) {  // ends: by the deadline, which only body bytes put off, and those are bounded
    const ChunkedDecoder::Step step = decoder.feed(in_.view(), request.body, admitted);
    in_.consume(step.used);
    if (step.progress == ChunkedDecoder::Progress::complete) {
      co_return Arrival::whole;
    }
    if (step.progress == ChunkedDecoder::Progress::malformed) {
      co_return refuse_with(400, Refused::syntax, "the chunked coding of the body is malformed");
    }
    if (step.progress == ChunkedDecoder::Progress::too_large) {
      if (decoder.chunk_rest() > length_max - request.body.size()) {
        co_return refuse_with(413, Refused::body_too_large, "the request body is too large");
      }
      const std::uint64_t wanted =
          std::min(length_max, std::max(admitted * 2, request.body.size() + decoder.chunk_rest()));
      if (!admit(request, wanted - admitted)) {
        co_return Arrival::refused;
      }
      admitted = wanted;
      request.body.reserve(static_cast<std::size_t>(admitted) + api::body_spare_bytes);
      continue;
    }
    const Instant deadline = body_deadline(started, request.body.size());
    const Result<std::size_t> got = co_await read(in_.room(), deadline);
    if (!got || *got == 0) {
      co_return end_of_body(got);
    }
    in_.filled(*got);
  }
}

Task<void> serve_connection(Edge& edge, Executor& on, std::unique_ptr<Stream> stream) {
  Session session(edge, on, std::move(stream));
  co_await session.serve();
}

}  // namespace holdfast::http
