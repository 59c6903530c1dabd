#include "http/client.h"

#include <gtest/gtest.h>

#include "http/test_wire.h"

namespace holdfast::http {
namespace {

using test::Bench;
using test::Pipe;
using test::WireStream;

/// A client whose server is the test itself, which has already said `reply`.
struct Scripted {
  explicit Scripted(Bytes reply, std::size_t read_max = SIZE_MAX, std::uint64_t bytes_max = 1000)
      : client(std::make_unique<WireStream>(bench.on, down, up), "h", bytes_max) {
    down->data = std::move(reply);
    down->ended = true;
    down->read_max = read_max;
  }
  Result<Incoming> get(Bytes method = "GET") {
    Outgoing request;
    request.method = std::move(method);
    auto reply = run_task(bench.on, client.send(std::move(request), bench.on.now() + seconds(5)));
    return std::move(reply).value();
  }
  Bench bench;
  std::shared_ptr<Pipe> up = std::make_shared<Pipe>();
  std::shared_ptr<Pipe> down = std::make_shared<Pipe>();
  Client client;
};

TEST(Client, TalksToASessionOverOneConnection) {
  Bench bench;
  auto up = std::make_shared<Pipe>();
  auto down = std::make_shared<Pipe>();
  bench.on.spawn(
      serve_connection(bench.edge, bench.on, std::make_unique<WireStream>(bench.on, up, down)));
  Client client(std::make_unique<WireStream>(bench.on, down, up), "ward.example:80");
  for (const std::size_t size : {std::size_t{0}, std::size_t{10}, std::size_t{3'000'000}}) {
    Outgoing request;
    request.method = "POST";
    request.target = "/fhir/Patient";
    request.headers.add("Content-Type", "application/fhir+json");
    request.body = std::vector<Bytes>{Bytes(size / 2, 'a'), Bytes(size - size / 2, 'b')};
    const Bytes expected = "POST /fhir/Patient " + request.body.joined();
    auto reply = run_task(bench.on, client.send(std::move(request), bench.on.now() + seconds(5)));
    ASSERT_TRUE(reply && *reply);
    EXPECT_EQ((*reply)->status, 200);
    EXPECT_EQ((*reply)->body, expected);
    EXPECT_TRUE(client.reusable());
  }
  EXPECT_EQ(bench.edge.counts.requests, 3U);
}

TEST(Client, HearsARefusalThatComesBeforeItHasSentTheBody) {
  Bench bench;
  bench.handler.bytes_max = 1000;
  auto up = std::make_shared<Pipe>();
  auto down = std::make_shared<Pipe>();
  up->capacity = 5000;
  bench.on.spawn(
      serve_connection(bench.edge, bench.on, std::make_unique<WireStream>(bench.on, up, down)));
  Client client(std::make_unique<WireStream>(bench.on, down, up), "h");
  Outgoing request;
  request.method = "POST";
  request.body = Bytes(1'000'000, 'x');
  auto reply = run_task(bench.on, client.send(std::move(request), bench.on.now() + seconds(5)));
  ASSERT_TRUE(reply && *reply) << reply->error().what;
  EXPECT_EQ((*reply)->status, 413);
  EXPECT_FALSE(client.reusable());
}

TEST(Client, ReadsEveryFramingInAnyPieces) {
  struct Framing {
    Bytes reply;
    bool reusable;
  };
  for (const Framing& framing :
       {Framing{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", true},
        Framing{
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
            true},
        Framing{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                true},
        Framing{"HTTP/1.1 200 OK\r\n\r\nhello", false},
        Framing{"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", false},
        Framing{"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", false}}) {
    for (const std::size_t read_max : {std::size_t{1}, std::size_t{3}, SIZE_MAX}) {
      Scripted scripted(framing.reply, read_max);
      const Result<Incoming> reply = scripted.get();
      ASSERT_TRUE(reply) << framing.reply << reply.error().what;
      EXPECT_EQ(reply->status, 200);
      EXPECT_EQ(reply->body, "hello");
      EXPECT_EQ(scripted.client.reusable(), framing.reusable) << framing.reply;
    }
  }
}

TEST(Client, ExpectsNoBodyWhereThereIsNone) {
  for (const Bytes method : {"HEAD", "GET"}) {
    Scripted scripted(method == "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n"
                                       : "HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n");
    const Result<Incoming> reply = scripted.get(method);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, "");
    EXPECT_TRUE(scripted.client.reusable());
  }
}

TEST(Client, RefusesWhatIsNoReplyAndIsOfNoMoreUse) {
  struct Broken {
    Bytes reply;
    Code code;
  };
  for (const Broken& broken :
       {Broken{"", Code::closed}, Broken{"HTTP/1.1 200 OK\r\nContent-Le", Code::closed},
        Broken{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", Code::closed},
        Broken{"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello", Code::syntax},
        Broken{"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", Code::too_large},
        Broken{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
               Code::syntax},
        Broken{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", Code::syntax},
        Broken{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n", Code::too_large},
        Broken{"HTTP/1.1 200 OK\r\n\r\n" + Bytes(1001, 'x'), Code::too_large},
        Broken{"HTTP/1.1 101 Switching Protocols\r\n\r\n", Code::syntax},
        Broken{"HTTP/1.1 200 OK\r\nX: " + Bytes(100'000, 'x'), Code::syntax},
        Broken{"SSH-2.0-OpenSSH_9.2\r\n", Code::syntax}}) {
    Scripted scripted(broken.reply);
    const Result<Incoming> reply = scripted.get();
    ASSERT_FALSE(reply) << broken.reply;
    EXPECT_EQ(reply.error().code, broken.code) << broken.reply << reply.error().what;
    EXPECT_FALSE(scripted.client.reusable());
    const Result<Incoming> again = scripted.get();
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Code::closed);
  }
}

TEST(Client, GivesUpAtItsDeadline) {
  Scripted scripted("HTTP/1.1 200 OK\r\n");
  scripted.down->ended = false;
  const Result<Incoming> reply = scripted.get();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::timeout);
}

TEST(Client, SendsNothingThatCouldBeReadInTwoWays) {
  for (const auto& [method, target, field] : std::vector<std::array<Bytes, 3>>{
           {"GET", "/a b", "x"}, {"G T", "/", "x"}, {"GET", "", "x"}, {"GET", "/", "x\r\ny: z"}}) {
    Scripted scripted("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    Outgoing request;
    request.method = method;
    request.target = target;
    request.headers.add("X", field);
    auto reply = run_task(scripted.bench.on,
                          scripted.client.send(std::move(request), Instant{seconds(5).ns}));
    ASSERT_TRUE(reply && !*reply);
    EXPECT_EQ(reply->error().code, Code::usage);
    EXPECT_EQ(scripted.up->data, "");
  }
}

}  // namespace
}  // namespace holdfast::http
