#include "world/tls/tls_stream.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace holdfast {
namespace {

/// So much is made into records before it is sent.
constexpr std::size_t chunk_bytes = std::size_t{64} << 10U;
/// A close_notify mostly finds room at once; else it gets this long.
constexpr Duration goodbye_time_max = seconds(5);
/// How long, and for how many bytes, whoever is refused may read why.
constexpr Duration linger_time_max = seconds(1);
constexpr std::size_t linger_bytes_max = std::size_t{64} << 10U;

}  // namespace

/// While it lives the flag is set; afterwards whoever waits for that looks again.
class TlsStream::Busy {
 public:
  Busy(bool& flag, Bell& bell) : flag_(flag), bell_(bell) { flag_ = true; }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy() {
    flag_ = false;
    bell_.ring();
  }

 private:
  bool& flag_;
  Bell& bell_;
};

TlsStream::TlsStream(Parts parts)
    : on_(parts.on),
      bell_(parts.on),
      context_(std::move(parts.context)),
      limits_(parts.limits),
      counts_(std::move(parts.counts)),
      engine_(*context_, std::move(parts.server_name), parts.now),
      below_(std::move(parts.below)) {}

std::unexpected<Error> TlsStream::break_off(Error why) {
  if (!broken_) {
    broken_ = Error{Code::closed, why.what, why.where, {}};
  }
  below_->close();
  bell_.ring();
  return fail(std::move(why));
}

Task<Result<void>> TlsStream::flush(Instant deadline) {
  while (flushing_) {  // ends: that flush has a deadline too
    if (on_.now() >= deadline) {
      co_return fail(Code::timeout, "write: the other side takes nothing");
    }
    co_await bell_.wait(deadline);
  }
  if (broken_) {
    co_return fail(*broken_);
  }
  const Busy busy(flushing_, bell_);
  while (engine_.has_output()) {  // ends: with the deadline
    const Bytes wire = engine_.take();
    auto written = co_await below_->write(wire, deadline);
    if (!written) {
      co_return break_off(std::move(written).error());
    }
  }
  if (shut_ && !closed_) {
    below_->shut_write();
  }
  co_return ok();
}

Task<Result<void>> TlsStream::handshake(Instant deadline) {
  while (shaking_) {  // a reader and a writer came at once: one of them does it
    if (on_.now() >= deadline) {
      co_return fail(Code::timeout, "the TLS handshake is not over yet");
    }
    co_await bell_.wait(deadline);
  }
  if (closed_) {
    co_return fail(Code::closed, "closed by this side");
  }
  if (broken_) {
    co_return fail(*broken_);
  }
  if (established_) {
    co_return ok();
  }
  const Busy busy(shaking_, bell_);
  if (!handshake_until_) {
    handshake_until_ = on_.now() + limits_.handshake_time_max;
  }
  auto done = co_await shake(std::min(deadline, *handshake_until_));
  if (done) {
    established_ = true;
    if (counts_) {
      counts_->established.fetch_add(1, std::memory_order_relaxed);
    }
    co_return ok();
  }
  Error why = std::move(done).error();
  if (why.code == Code::timeout && on_.now() >= *handshake_until_) {
    why = {
        Code::closed,
        fmt::format("TLS handshake: not over within {} s", limits_.handshake_time_max.ms() / 1000),
        {},
        {}};
  } else if (why.code == Code::timeout && !broken_) {
    co_return fail(std::move(why));  // this caller's time is over, not the handshake's
  }
  if (counts_ && !closed_) {
    const std::string from = peer();  // without its port: one who tries again is no news
    counts_->note_failure(fmt::format("{}: {}", from.substr(0, from.rfind(':')), why.what));
  }
  co_return break_off(std::move(why));
}

Task<Result<void>> TlsStream::shake(Instant until) {
  std::array<char, 4096> wire;
  for (;;) {  // ends: at `until`, or with handshake_bytes_max
    auto over = engine_.handshake();
    auto flushed = co_await flush(until);  // of a failed one, the alert that says why
    if (!over) {
      if (flushed) {
        co_await linger();
      }
      co_return fail(std::move(over).error());
    }
    if (!flushed || *over) {
      co_return flushed;
    }
    if (handshake_bytes_ > limits_.handshake_bytes_max) {
      co_return fail(Code::closed, "TLS handshake: longer than any may be");
    }
    const auto came = co_await below_->read(wire, until);
    if (!came && came.error().code != Code::timeout) {
      co_return fail(Code::closed, "TLS handshake: " + came.error().what);
    }
    if (!came) {
      co_return fail(came.error());
    }
    if (*came == 0) {
      co_return fail(Code::closed, "TLS handshake: the other side ended the connection");
    }
    handshake_bytes_ += *came;
    engine_.feed(BytesView(wire.data(), *came));
  }
}

Task<void> TlsStream::linger() {
  below_->shut_write();
  const Instant until = on_.now() + linger_time_max;
  std::array<char, 1024> unread;
  for (std::size_t total = 0; total < linger_bytes_max;) {
    const auto came = co_await below_->read(unread, until);
    if (!came || *came == 0) {
      break;
    }
    total += *came;
  }
}

Task<Result<std::size_t>> TlsStream::read(std::span<char> into, Instant deadline) {
  check(!into.empty(), "a read of nothing would look like the end");
  CO_TRY_OK(co_await handshake(deadline));
  for (;;) {  // ends: with the deadline, or with bytes
    if (closed_) {
      co_return fail(Code::closed, "read: closed by this side");
    }
    if (broken_) {
      co_return fail(*broken_);
    }
    auto got = engine_.read(into);
    if (engine_.has_output() && !flushing_) {       // an answer of the protocol, or an alert
      static_cast<void>(co_await flush(deadline));  // a failure breaks off, and is said below
    }
    if (!got) {
      co_return break_off(std::move(got).error());
    }
    if (got->bytes > 0) {
      co_return got->bytes;
    }
    if (got->end) {
      co_return std::size_t{0};
    }
    if (broken_ || closed_) {
      continue;
    }
    // The records come into the reader's own space and are made into what they say there.
    const std::span<char> wire = into.size() >= small_.size() ? into : std::span<char>(small_);
    CO_TRY(const std::size_t came, co_await below_->read(wire, deadline));
    if (came == 0) {
      Error cut{Code::closed, "read: cut off, the connection ended without a close_notify", {}, {}};
      co_return break_off(std::move(cut));
    }
    engine_.feed(BytesView(wire.data(), came));
  }
}

Task<Result<void>> TlsStream::write(BytesView bytes, Instant deadline) {
  CO_TRY_OK(co_await handshake(deadline));
  for (;;) {  // ends: with the deadline, or with the bytes
    CO_TRY_OK(co_await flush(deadline));
    if (closed_ || shut_) {
      co_return fail(Code::closed, "write: this side has ended it");
    }
    if (bytes.empty()) {
      co_return ok();
    }
    const BytesView chunk = bytes.substr(0, chunk_bytes);
    if (auto made = engine_.write(chunk); !made) {
      co_return break_off(std::move(made).error());
    }
    bytes.remove_prefix(chunk.size());
  }
}

// Begun here and not awaited: mostly the network takes it at once. What it waits for ends with
// below_, which goes first.
void TlsStream::begin_goodbye() {
  engine_.say_end();
  if (!flushing_) {
    goodbye_ = flush(on_.now() + goodbye_time_max);
    goodbye_.start();
  }
}

void TlsStream::shut_write() {
  if (closed_ || broken_ || std::exchange(shut_, true)) {
    return;
  }
  if (established_) {
    begin_goodbye();
  } else {
    below_->shut_write();
  }
}

void TlsStream::close() {
  if (std::exchange(closed_, true)) {
    return;
  }
  if (established_ && !broken_ && !shut_ && !engine_.has_unread()) {
    begin_goodbye();
  }
  below_->close();
  bell_.ring();
}

}  // namespace holdfast
