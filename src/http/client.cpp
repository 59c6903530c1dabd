#include "http/client.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "http/beast_head.h"
#include "http/limits.h"
#include "http/reply_head.h"

namespace holdfast::http {
namespace {

constexpr std::size_t client_buffer_bytes = 16 << 10;

Result<Bytes> request_head(const Outgoing& request, BytesView host) {
  const auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!is_token(request.method) || request.target.empty() ||
      !std::ranges::all_of(request.target, visible)) {
    return fail(Code::usage, "a request needs a method and a target without spaces");
  }
  Bytes head;
  head.reserve(512 + std::min(request.body.size(), joined_reply_bytes_max));
  fmt::format_to(std::back_inserter(head), "{} {} HTTP/1.1\r\nHost: {}\r\n", request.method,
                 request.target, host);
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    const auto [name, value] = request.headers.at(i);
    const std::size_t at = head.size();
    head.append(name).append(": ").append(value);
    if (!parse_field_line(BytesView(head).substr(at))) {
      return fail(Code::usage, fmt::format("header {} cannot be sent", i + 1));
    }
    head.append("\r\n");
  }
  // RFC 9110 section 8.6: with a method that gives meaning to a body, 0 is said too.
  const bool has_meaning =
      request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (has_meaning || !request.body.empty()) {
    fmt::format_to(std::back_inserter(head), "Content-Length: {}\r\n", request.body.size());
  }
  head.append("\r\n");
  return head;
}

}  // namespace

Client::Client(std::unique_ptr<Stream> stream, Bytes host, std::uint64_t reply_bytes_max)
    : stream_(std::move(stream)), host_(std::move(host)), reply_bytes_max_(reply_bytes_max) {
  in_.set_capacity(client_buffer_bytes);
}

Client::~Client() { close(); }

void Client::close() {
  reusable_ = false;
  stream_->close();
}

Task<Result<std::unique_ptr<Client>>> Client::connect(Network& network, Executor& on, Bytes address,
                                                      Instant deadline) {
  CO_TRY(auto stream, co_await network.connect(on, address, deadline));
  co_return std::make_unique<Client>(std::move(stream), std::move(address));
}

Task<Result<Incoming>> Client::send(Outgoing request, Instant deadline) {
  if (!reusable_) {
    co_return fail(Code::closed, "this connection has ended");
  }
  CO_TRY(Bytes head, request_head(request, host_));
  reusable_ = false;  // until a whole reply says otherwise
  const bool bodiless = request.method == "HEAD";
  const Result<void> written = co_await write_request(std::move(head), request.body, deadline);
  // A server that refuses a large body answers and closes before it has read it all.
  Result<Incoming> reply = co_await read_reply(bodiless, deadline);
  if (!reply && !written) {
    co_return fail(written.error());
  }
  if (!written) {
    reusable_ = false;
  }
  co_return reply;
}

Task<Result<void>> Client::write_request(Bytes head, const api::Body& body, Instant deadline) {
  if (head.size() + body.size() <= joined_reply_bytes_max) {
    for (std::size_t i = 0; i < body.pieces(); ++i) {
      head.append(body.piece(i));
    }
    co_return co_await stream_->write(head, deadline);
  }
  CO_TRY_OK(co_await stream_->write(head, deadline));
  for (std::size_t i = 0; i < body.pieces(); ++i) {
    if (!body.piece(i).empty()) {
      CO_TRY_OK(co_await stream_->write(body.piece(i), deadline));
    }
  }
  co_return ok();
}

Task<Result<void>> Client::read_more(Instant deadline) {
  if (in_.size() == in_.capacity()) {
    in_.set_capacity(in_.capacity() * 2);  // only heads fill it, and the scanner bounds those
  }
  CO_TRY(const std::size_t got, co_await stream_->read(in_.room(), deadline));
  if (got == 0) {
    co_return fail(Code::closed, "the server ended the connection within a reply");
  }
  in_.filled(got);
  co_return ok();
}

Task<Result<HeadFacts>> Client::read_head(Incoming& reply, Instant deadline) {
  HeadScanner scanner(HeadKind::reply);
  for (;;) {  // ends: head_bytes_max, or the deadline
    const HeadScanner::Progress progress = scanner.scan(in_.view());
    if (progress == HeadScanner::Progress::refused) {
      co_return fail(Code::syntax, fmt::format("the server's reply: {}", scanner.refusal().why));
    }
    if (progress == HeadScanner::Progress::complete) {
      break;
    }
    CO_TRY_OK(co_await read_more(deadline));
  }
  reply.headers = api::Headers();
  const BytesView head = in_.view().substr(0, scanner.end());
  CO_TRY_OK(parse_reply_head(head, scanner.facts(), reply.headers));
  reply.status = scanner.facts().status;
  in_.consume(scanner.end());
  co_return scanner.facts();
}

Task<Result<Incoming>> Client::read_reply(bool bodiless_method, Instant deadline) {
  Incoming reply;
  CO_TRY(HeadFacts facts, co_await read_head(reply, deadline));
  for (int interim = 0; facts.status < 200; ++interim) {
    if (facts.status == 101 || interim >= interim_replies_max) {
      co_return fail(Code::syntax, "the server sent an interim reply that nobody asked for");
    }
    CO_TRY(facts, co_await read_head(reply, deadline));
  }
  // RFC 9112 section 6.3
  bool until_end = false;
  if (bodiless_method || is_bodiless(facts.status)) {
    // no body, whatever the fields say
  } else if (facts.chunked) {
    CO_TRY_OK(co_await read_chunked(reply.body, deadline));
  } else if (facts.content_length) {
    CO_TRY_OK(co_await read_sized(reply.body, *facts.content_length, deadline));
  } else {
    until_end = true;
    CO_TRY_OK(co_await read_to_end(reply.body, deadline));
  }
  // Bytes that nobody asked for would be taken for the next reply.
  reusable_ = !until_end && !facts.connection_close && facts.minor_version == 1 && in_.empty();
  co_return reply;
}

Task<Result<void>> Client::read_sized(Bytes& body, std::uint64_t length, Instant deadline) {
  if (length > reply_bytes_max_) {
    co_return fail(Code::too_large, "the reply is larger than this client takes");
  }
  const auto size = static_cast<std::size_t>(length);
  resize_for_overwrite(body, size);
  std::size_t have = std::min(in_.size(), size);
  std::copy_n(in_.view().data(), have, body.data());
  in_.consume(have);
  while (have < size) {
    const std::span<char> rest(body.data() + have, size - have);
    CO_TRY(const std::size_t got, co_await stream_->read(rest, deadline));
    if (got == 0) {
      co_return fail(Code::closed, "the server ended the connection within a reply");
    }
    have += got;
  }
  co_return ok();
}

Task<Result<void>> Client::read_chunked(Bytes& body, Instant deadline) {
  ChunkedDecoder decoder;
  for (;;) {  // ends: reply_bytes_max_, or the deadline
    const ChunkedDecoder::Step step = decoder.feed(in_.view(), body, reply_bytes_max_);
    in_.consume(step.used);
    switch (step.progress) {
      case ChunkedDecoder::Progress::complete: co_return ok();
      case ChunkedDecoder::Progress::malformed:
        co_return fail(Code::syntax, "the chunked coding of the reply is malformed");
      case ChunkedDecoder::Progress::too_large:
        co_return fail(Code::too_large, "the reply is larger than this client takes");
      case ChunkedDecoder::Progress::more: break;
    }
    CO_TRY_OK(co_await read_more(deadline));
  }
}

Task<Result<void>> Client::read_to_end(Bytes& body, Instant deadline) {
  for (;;) {  // ends: reply_bytes_max_, or the deadline
    if (in_.size() > reply_bytes_max_ - body.size()) {
      co_return fail(Code::too_large, "the reply is larger than this client takes");
    }
    body.append(in_.view());
    in_.consume(in_.size());
    CO_TRY(const std::size_t got, co_await stream_->read(in_.room(), deadline));
    if (got == 0) {
      co_return ok();
    }
    in_.filled(got);
  }
}

}  // namespace holdfast::http
