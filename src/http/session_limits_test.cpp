// What one connection may cost: sizes, admission to the budget, time.
#include "http/session.h"

#include <gtest/gtest.h>

#include "http/test_wire.h"

namespace holdfast::http {
namespace {

using test::Bench;
using test::get;
using test::get_with;
using test::post_chunked;
using test::see;

// --- sizes ---

TEST(Session, RefusesALargeBodyBeforeItIsRead) {
  Bench bench;
  bench.handler.bytes_max = 1000;
  auto connection = bench.connect();
  connection->send(
      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
      "Content-Length: 1001\r\n\r\n");
  bench.settle();
  const auto seen = see(connection->take());
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].status, 413);
  EXPECT_TRUE(seen[0].says("too-long"));
  EXPECT_TRUE(connection->closed());
  EXPECT_EQ(bench.budget.used(), 0U);
  EXPECT_EQ(bench.edge.counts.of(Refused::body_too_large), 1U);
}

TEST(Session, RefusesBodiesBeyond32MiBHoweverTheyAreFramed) {
  Bench sized;
  EXPECT_EQ(
      see(sized.ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 33554433\r\n\r\n")).at(0).status,
      413);
  Bench one_chunk;
  EXPECT_EQ(see(one_chunk.ask(post_chunked("2000001\r\n"))).at(0).status, 413);
  Bench huge_chunk;
  EXPECT_EQ(see(huge_chunk.ask(post_chunked("ffffffffffffffff\r\n"))).at(0).status, 413);
  Bench many_chunks;
  std::string body;
  for (int i = 0; i < 33; ++i) {
    body += "100000\r\n" + std::string(0x100000, 'x') + "\r\n";
  }
  EXPECT_EQ(see(many_chunks.ask(post_chunked(body + "0\r\n\r\n"))).at(0).status, 413);
  EXPECT_EQ(many_chunks.budget.used(), 0U);
}

TEST(Session, TakesABodyOfExactly32MiB) {
  for (const bool in_chunks : {false, true}) {
    Bench bench;
    bench.handler.next = api::Reply{};
    bench.handler.keep = true;
    const std::string body(32U << 20U, 'x');
    const std::string request =
        in_chunks ? post_chunked("2000000\r\n" + body + "\r\n0\r\n\r\n")
                  : "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 33554432\r\n\r\n" + body;
    EXPECT_EQ(see(bench.ask(request)).at(0).status, 200);
    EXPECT_EQ(bench.handler.kept.at(0).body, body);
    EXPECT_EQ(bench.budget.used(), body.size());
    bench.handler.kept.clear();
    EXPECT_EQ(bench.budget.used(), 0U);
  }
}

TEST(Session, RefusesFloodsOfHeaders) {
  struct Flood {
    std::string bytes;
    int status;
  };
  std::string many_fields = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 200; ++i) {
    many_fields += "X: y\r\n";
  }
  const std::string endless_line = "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(200'000, 'x');
  std::string long_lines = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 50; ++i) {
    long_lines += "X: " + std::string(1000, 'y') + "\r\n";
  }
  for (const Flood& flood :
       {Flood{many_fields, 431}, Flood{endless_line, 431}, Flood{long_lines, 431},
        Flood{"GET /" + std::string(200'000, 'x'), 414},
        Flood{"GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\n", 414},
        Flood{std::string(200'000, 'x'), 414}}) {
    for (const std::size_t read_max : {std::size_t{999}, std::size_t{1'000'000}}) {
      Bench bench;
      const auto seen = see(bench.ask(flood.bytes, read_max));
      ASSERT_EQ(seen.size(), 1U);
      EXPECT_EQ(seen[0].status, flood.status) << flood.bytes.substr(0, 30);
      EXPECT_EQ(bench.edge.counts.of(Refused::head_too_large), 1U);
    }
  }
}

TEST(Session, TakesTheLargestHeadThatIsAllowed) {
  std::string request =
      "GET /" + std::string(target_bytes_max - 1, 'q') + " HTTP/1.1\r\nHost: h\r\n";
  request += "X: " + std::string(head_bytes_max - request.size() - 7, 'x') + "\r\n\r\n";
  ASSERT_EQ(request.size(), head_bytes_max);
  Bench bench;
  EXPECT_EQ(see(bench.ask(request)).at(0).status, 200);
  request.insert(request.size() - 4, "x");
  EXPECT_EQ(see(bench.ask(request)).at(0).status, 431);
}

// --- admission ---

TEST(Session, SaysBusyWhenTheBudgetIsFullAndRecovers) {
  Bench bench({}, 1000);
  bench.handler.keep = true;
  const std::string sized =
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 600\r\n\r\n" + std::string(600, 'a');
  EXPECT_EQ(see(bench.ask(sized)).at(0).status, 200);
  EXPECT_EQ(bench.budget.used(), 600U);
  for (const std::string& request : {sized, post_chunked("1\r\na\r\n0\r\n\r\n")}) {
    const auto busy = see(bench.ask(request));
    ASSERT_EQ(busy.size(), 1U);
    EXPECT_EQ(busy[0].status, 503);
    EXPECT_TRUE(busy[0].says("Retry-After: 1\r\n"));
    EXPECT_TRUE(busy[0].says("Connection: close\r\n"));
    EXPECT_TRUE(busy[0].says("throttled"));
  }
  EXPECT_EQ(bench.edge.counts.of(Refused::overloaded), 2U);
  EXPECT_EQ(see(bench.ask(get)).at(0).status, 200) << "reads need no admission";
  bench.handler.kept.clear();
  EXPECT_EQ(see(bench.ask(sized)).at(0).status, 200);
}

TEST(Session, GrowsTheAdmissionOfAChunkedBodyInSteps) {
  Bench bench({}, 1U << 20U);
  auto connection = bench.connect();
  const std::string chunk = "8000\r\n" + std::string(0x8000, 'x') + "\r\n";
  connection->send(post_chunked(chunk));
  bench.settle();
  EXPECT_EQ(bench.budget.used(), chunked_step_bytes);
  connection->send(chunk + chunk);
  bench.settle();
  EXPECT_EQ(bench.budget.used(), 2 * chunked_step_bytes);
  for (int i = 0; i < 40; ++i) {
    connection->send(chunk);
  }
  bench.settle();
  const auto seen = see(connection->take());
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].status, 503);
  EXPECT_EQ(bench.budget.used(), 0U);
}

TEST(Session, ReservesABodyBeforeItComes) {
  Bench bench;
  auto connection = bench.connect();
  connection->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\nabc");
  bench.settle();
  EXPECT_EQ(bench.budget.used(), 5000U);
  connection->end();
  bench.settle();
  EXPECT_EQ(bench.budget.used(), 0U);
  EXPECT_EQ(connection->take(), "") << "nobody is there to be answered";
}

TEST(Session, TellsAClientThatWaitsToGoOn) {
  Bench bench;
  auto connection = bench.connect();
  connection->send(
      "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\n"
      "Content-Length: 3\r\n\r\n");
  bench.settle();
  EXPECT_EQ(connection->take(), "HTTP/1.1 100 Continue\r\n\r\n");
  connection->send("abc");
  bench.settle();
  EXPECT_EQ(see(connection->take()).at(0).body, "POST /a abc");
  // It did not wait: the interim reply may be left out (RFC 9110 section 10.1.1).
  connection->send(
      "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
      "Content-Length: 3\r\n\r\nabc");
  bench.settle();
  EXPECT_EQ(see(connection->take()).at(0).status, 200);
}

// --- time ---

TEST(Session, ClosesASilentConnectionWithoutAWord) {
  Bench bench;
  auto connection = bench.connect();
  bench.pass(seconds(59));
  EXPECT_FALSE(connection->closed());
  bench.pass(seconds(2));
  EXPECT_TRUE(connection->closed());
  EXPECT_EQ(connection->take(), "");
  EXPECT_EQ(bench.edge.counts.of(Refused::slow), 0U);
}

TEST(Session, GivesAHeadTenSecondsHoweverItDrips) {
  Bench bench;
  auto connection = bench.connect();
  bench.pass(seconds(50));
  for (int second = 0; second < 11; ++second) {
    connection->send("G");
    bench.pass(seconds(1));
  }
  const auto seen = see(connection->take());
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].status, 408);
  EXPECT_TRUE(connection->closed());
}

TEST(Session, AsksABodyForAMinimumRate) {
  Bench bench;
  auto connection = bench.connect();
  connection->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
  for (int second = 0; second < 20; ++second) {  // 32 KiB a second is enough
    connection->send(std::string(32 << 10, 'x'));
    bench.pass(seconds(1));
    ASSERT_FALSE(connection->closed()) << second;
  }
  for (int second = 0; second < 60; ++second) {  // one byte a second is not, for long
    connection->send("x");
    bench.pass(seconds(1));
  }
  EXPECT_TRUE(connection->closed());
  EXPECT_EQ(see(connection->take()).at(0).status, 408);
  EXPECT_EQ(bench.budget.used(), 0U);
}

TEST(Session, DoesNotCountChunkFramingAsProgress) {
  Bench bench;
  auto connection = bench.connect();
  connection->send(post_chunked(""));
  for (int second = 0; second < 12; ++second) {
    connection->send("1\r\nx\r\n");
    bench.pass(seconds(1));
  }
  EXPECT_TRUE(connection->closed());
  EXPECT_EQ(see(connection->take()).at(0).status, 408);
}

TEST(Session, GivesUpOnAClientThatDoesNotReadItsReply) {
  Bench bench;
  auto connection = bench.connect();
  connection->down->capacity = 1000;
  bench.handler.next = api::Reply{};
  bench.handler.next->body = Bytes(1U << 20U, 'x');
  connection->send(get);
  bench.pass(seconds(25));
  EXPECT_TRUE(connection->closed());
  EXPECT_EQ(bench.edge.counts.replies_unsent, 1U);
}

TEST(Session, LingersButNotForEver) {
  Bench bench;
  auto connection = bench.connect();
  connection->send(get_with("Bad line"));
  for (int i = 0; i < 30; ++i) {
    connection->send(std::string(1000, 'x'));
    bench.pass(milliseconds(100));
  }
  EXPECT_TRUE(connection->up->broken) << "closed after linger_time_max";
  EXPECT_GT(connection->up->reads, 10U) << "and read until then";
}

}  // namespace
}  // namespace holdfast::http
