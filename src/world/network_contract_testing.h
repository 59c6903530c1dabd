// world/network_contract_testing.h: what every Network promises. Run over real sockets and over the
// simulated network. Tests only.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "world/queue.h"
#include "world/stream.h"

namespace holdfast::testing {

/// One side of the tests runs on each executor; the tests themselves on `client`.
struct NetworkUnderTest {
  Network& network;
  Executor& server;
  Executor& client;
};

struct Pair {
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Stream> server;  ///< belongs to the server's executor
  std::unique_ptr<Stream> client;
};

using Accepted = Answer<Result<std::unique_ptr<Stream>>>;

inline Task<void> accept_one(Listener& listener, Executor& on, Accepted& accepted) {
  accepted.set(co_await listener.accept(on));
}

/// A connection whose two ends both live on the client's executor.
inline Task<void> connect_pair(NetworkUnderTest& under, Pair& pair) {
  auto listening = under.network.listen(under.client, "127.0.0.1:0");
  EXPECT_TRUE(listening.has_value());
  pair.listener = *std::move(listening);
  Accepted accepted(under.client);
  under.client.spawn(accept_one(*pair.listener, under.client, accepted));
  std::string address = pair.listener->address();
  auto connected = co_await under.network.connect(under.client, std::move(address),
                                                  under.client.now() + seconds(10));
  EXPECT_TRUE(connected.has_value());
  pair.client = *std::move(connected);
  auto stream = co_await accepted;
  EXPECT_TRUE(stream.has_value());
  pair.server = *std::move(stream);
}

inline Task<std::string> read_to_end(Stream& stream, Instant deadline) {
  std::string all;
  std::array<char, 5'000> some{};
  for (;;) {
    const Result<std::size_t> count = co_await stream.read(some, deadline);
    if (!count) {
      co_return all + "<" + std::string(name(count.error().code)) + ">";
    }
    if (*count == 0) {
      co_return all;
    }
    all.append(some.data(), *count);
  }
}

inline Task<void> echo(std::unique_ptr<Stream> stream, Instant deadline) {
  std::array<char, 1'000> some{};
  for (;;) {
    const Result<std::size_t> count = co_await stream->read(some, deadline);
    if (!count || *count == 0) {
      break;
    }
    const Result<void> written = co_await stream->write(BytesView(some.data(), *count), deadline);
    if (!written) {
      break;
    }
  }
  stream->shut_write();
}

/// Accepts `count` connections and echoes what comes.
inline Task<void> serve_echo(Listener& listener, Executor& on, int count, Answer<int>& served) {
  for (int i = 0; i < count; ++i) {
    auto stream = co_await listener.accept(on);
    EXPECT_TRUE(stream.has_value());
    on.spawn(echo(*std::move(stream), on.now() + seconds(60)));
  }
  served.set(count);
}

inline Task<void> check_echo(NetworkUnderTest& under) {
  auto listening = under.network.listen(under.server, "127.0.0.1:0");
  EXPECT_TRUE(listening.has_value());
  Listener& listener = **listening;
  EXPECT_FALSE(listener.address().ends_with(":0"));
  Answer<int> served(under.client);
  under.server.spawn(serve_echo(listener, under.server, 3, served));
  for (int i = 0; i < 3; ++i) {
    std::string address = listener.address();
    const Instant deadline = under.client.now() + seconds(60);
    auto connected = co_await under.network.connect(under.client, std::move(address), deadline);
    EXPECT_TRUE(connected.has_value());
    Stream& stream = **connected;
    EXPECT_TRUE(stream.peer().starts_with("127.0.0.1:")) << stream.peer();
    for (std::size_t size : {std::size_t{1}, std::size_t{999}, std::size_t{30'000}}) {
      std::string sent(size, 'x');
      for (std::size_t at = 0; at < size; ++at) {
        sent[at] = static_cast<char>('a' + at % 23);
      }
      const Result<void> written = co_await stream.write(sent, deadline);
      EXPECT_TRUE(written.has_value());
      std::string back;
      std::array<char, 700> some{};
      while (back.size() < size) {
        const Result<std::size_t> count = co_await stream.read(some, deadline);
        EXPECT_TRUE(count.has_value() && *count > 0);
        if (!count || *count == 0) {
          break;
        }
        back.append(some.data(), *count);
      }
      EXPECT_EQ(back, sent);
    }
    stream.shut_write();
    EXPECT_EQ(co_await read_to_end(stream, deadline), "");
  }
  EXPECT_EQ(co_await served, 3);
}

inline Task<void> check_deadlines(NetworkUnderTest& under) {
  Pair pair;
  co_await connect_pair(under, pair);
  std::array<char, 10> some{};
  const Instant start = under.client.now();
  for (int round = 0; round < 2; ++round) {
    const Instant deadline = under.client.now() + milliseconds(20);
    const Result<std::size_t> late = co_await pair.client->read(some, deadline);
    EXPECT_FALSE(late.has_value());
    EXPECT_EQ(late.error().code, Code::timeout);
    EXPECT_GE(under.client.now(), deadline);
  }
  EXPECT_GE((under.client.now() - start).ms(), 40);
  // After a timeout the connection is as good as before.
  EXPECT_TRUE((co_await pair.server->write("late", never)).has_value());
  const Result<std::size_t> count = co_await pair.client->read(some, never);
  EXPECT_TRUE(count.has_value() && *count > 0);
}

inline Task<void> close_later(Executor& on, Stream& stream) {
  co_await on.sleep(milliseconds(5));
  stream.close();
}

inline Task<void> check_close_while_reading(NetworkUnderTest& under) {
  Pair pair;
  co_await connect_pair(under, pair);
  std::array<char, 10> some{};
  under.client.spawn(close_later(under.client, *pair.client));
  const Result<std::size_t> read = co_await pair.client->read(some, never);
  EXPECT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, Code::closed);
  const Result<std::size_t> again = co_await pair.client->read(some, never);
  EXPECT_EQ(again.error().code, Code::closed);
  const Result<void> written = co_await pair.client->write("x", never);
  EXPECT_EQ(written.error().code, Code::closed);
  EXPECT_EQ(co_await read_to_end(*pair.server, never), "") << "the other side sees the end";
}

inline Task<void> check_half_close(NetworkUnderTest& under) {
  Pair pair;
  co_await connect_pair(under, pair);
  EXPECT_TRUE((co_await pair.client->write("question", never)).has_value());
  pair.client->shut_write();
  EXPECT_EQ(co_await read_to_end(*pair.server, never), "question");
  EXPECT_TRUE((co_await pair.server->write("answer", never)).has_value());
  pair.server.reset();
  EXPECT_EQ(co_await read_to_end(*pair.client, never), "answer");
  const Result<void> late = co_await pair.client->write("x", never);
  EXPECT_EQ(late.error().code, Code::closed) << "after shut_write nothing is sent";
}

inline Task<void> check_unread_bytes_break_the_connection(NetworkUnderTest& under) {
  Pair pair;
  co_await connect_pair(under, pair);
  EXPECT_TRUE((co_await pair.client->write("ab", never)).has_value());
  std::array<char, 1> one{};
  const Result<std::size_t> first = co_await pair.server->read(one, never);
  EXPECT_TRUE(first.has_value());
  co_await under.client.sleep(milliseconds(250));  // until both bytes are there
  pair.server.reset();
  EXPECT_EQ(co_await read_to_end(*pair.client, never), "<closed>");
}

inline Task<void> read_all_into(Stream& stream, Answer<std::size_t>& total) {
  const std::string all = co_await read_to_end(stream, never);
  total.set(all.size());
}

inline Task<void> check_back_pressure(NetworkUnderTest& under) {
  Pair pair;
  co_await connect_pair(under, pair);
  const std::string big(16 << 20, 'b');
  const Instant soon = under.client.now() + milliseconds(50);
  const Result<void> refused = co_await pair.client->write(big, soon);
  EXPECT_FALSE(refused.has_value()) << "nobody reads";
  EXPECT_EQ(refused.error().code, Code::timeout);
  // With a reader the rest goes through.
  Answer<std::size_t> total(under.client);
  under.client.spawn(read_all_into(*pair.server, total));
  EXPECT_TRUE(
      (co_await pair.client->write(BytesView(big).substr(0, 1'000'000), never)).has_value());
  pair.client->shut_write();
  EXPECT_GE(co_await total, 1'000'000U);
}

inline Task<void> close_listener_later(Executor& on, Listener& listener) {
  co_await on.sleep(milliseconds(5));
  listener.close();
}

inline Task<void> check_listeners(NetworkUnderTest& under) {
  auto first = under.network.listen(under.client, "127.0.0.1:0");
  EXPECT_TRUE(first.has_value());
  const std::string address = (*first)->address();
  auto second = under.network.listen(under.client, address);
  EXPECT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::io);
  EXPECT_EQ(under.network.listen(under.client, "nonsense").error().code, Code::usage);
  under.client.spawn(close_listener_later(under.client, **first));
  const auto accepted = co_await (*first)->accept(under.client);
  EXPECT_FALSE(accepted.has_value());
  EXPECT_EQ(accepted.error().code, Code::closed);
  std::string nobody = address;
  const auto connected = co_await under.network.connect(under.client, std::move(nobody), never);
  EXPECT_FALSE(connected.has_value());
  EXPECT_EQ(connected.error().code, Code::closed);
  first->reset();
  auto again = under.network.listen(under.client, address);
  EXPECT_TRUE(again.has_value()) << "the address is free again";
}

using NetworkCheck = Task<void> (*)(NetworkUnderTest&);
inline constexpr std::array<NetworkCheck, 7> network_checks{
    check_echo,
    check_deadlines,
    check_close_while_reading,
    check_half_close,
    check_back_pressure,
    check_listeners,
    check_unread_bytes_break_the_connection};

}  // namespace holdfast::testing
