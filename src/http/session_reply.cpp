// How replies leave a Session, and how it ends.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "http/gzip.h"
#include "http/session.h"

namespace holdfast::http {

Task<bool> Session::write(BytesView bytes) {
  const Instant deadline = on_.now() + edge_.limits.write_time_max;
  const Result<void> written = co_await stream_->write(bytes, deadline);
  if (written) {
    Counts::add(edge_.counts.bytes_out, bytes.size());
  }
  co_return written.has_value();
}

// Small pieces leave together, large ones without being copied.
Task<bool> Session::write_all(Bytes head, const api::Body& body) {
  Bytes gathered = std::move(head);
  for (std::size_t i = 0; i < body.pieces(); ++i) {
    BytesView rest = body.piece(i);
    if (gathered.size() + rest.size() <= joined_reply_bytes_max) {
      gathered.append(rest);
      continue;
    }
    const bool head_written = co_await write(gathered);
    if (!head_written) {
      co_return false;
    }
    gathered.clear();
    if (rest.size() <= joined_reply_bytes_max) {
      gathered.append(rest);
      continue;
    }
    while (!rest.empty()) {
      const BytesView slice = rest.substr(0, reply_piece_bytes);
      const bool written = co_await write(slice);
      if (!written) {
        co_return false;
      }
      rest.remove_prefix(slice.size());
    }
  }
  if (gathered.empty()) {
    co_return true;
  }
  co_return co_await write(gathered);
}

Task<Session::After> Session::send(api::Reply reply, Delivery how) {
  ReplyFraming framing;
  const std::size_t plain_bytes = reply.body.size();
  if (how.gzip && plain_bytes >= edge_.limits.gzip_bytes_min && !is_bodiless(reply.status) &&
      is_worth_gzip(reply.headers)) {
    Result<Bytes> packed = co_await gzip(reply.body, edge_.limits.gzip_level, on_);
    if (packed && packed->size() < plain_bytes) {
      reply.body = *std::move(packed);
      framing.content_encoding = "gzip";
    }
  }
  if (reply.connection == api::Connection::close ||
      edge_.draining.load(std::memory_order_relaxed)) {
    how.connection = api::Connection::close;
  }
  framing.body_bytes = reply.body.size();
  framing.date = date_.at(edge_.clock.wall());
  framing.request_id = how.request_id;
  framing.connection = how.connection;
  Bytes head;
  head.reserve(512 + std::min(framing.body_bytes, joined_reply_bytes_max));
  if (!append_reply_head(head, reply.status, reply.headers, framing)) {
    Counts::add(edge_.counts.replies_malformed);
    reply = api::Reply{};
    reply.status = 500;
    framing.body_bytes = 0;
    framing.content_encoding = {};
    check(append_reply_head(head, 500, reply.headers, framing), "an empty reply can be written");
  }
  Counts::add(reply.status < 400   ? edge_.counts.replies_2xx
              : reply.status < 500 ? edge_.counts.replies_4xx
                                   : edge_.counts.replies_5xx);
  if (how.method == api::Method::head || is_bodiless(reply.status)) {
    reply.body = api::Body();
  }
  const bool written = co_await write_all(std::move(head), reply.body);
  if (!written) {
    Counts::add(edge_.counts.replies_unsent);
    co_return After::end;
  }
  ended_by_reply_ = how.connection == api::Connection::close;
  co_return ended_by_reply_ ? After::end : After::next_request;
}

Task<void> Session::refuse() {
  Counts::add(edge_.counts.of(refusal_.reason));
  api::Reply reply = refusal_reply(refusal_, edge_.limits);
  Delivery how;
  how.connection = api::Connection::close;
  how.request_id = next_request_id();
  static_cast<void>(co_await send(std::move(reply), std::move(how)));
}

// RFC 9112 section 9.6: a close with unread bytes resets the connection, and the reply that says
// why may be lost with it. So we end our direction and read on for a little, dropping everything.
Task<void> Session::linger() {
  stream_->shut_write();
  in_.consume(in_.size());
  in_.set_capacity(chunked_buffer_bytes);
  const Instant deadline = on_.now() + edge_.limits.linger_time_max;
  std::size_t dropped = 0;
  while (dropped < linger_bytes_max) {
    const Result<std::size_t> got = co_await read(in_.room(), deadline);
    if (!got || *got == 0) {
      break;
    }
    dropped += *got;
  }
}

}  // namespace holdfast::http
