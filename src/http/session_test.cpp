#include "http/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "base/hash.h"
#include "http/test_wire.h"

namespace holdfast::http {
namespace {

using test::Bench;
using test::see;
using test::Seen;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view get = "GET /fhir/Patient/1 HTTP/1.1\r\nHost: localhost\r\n\r\n";

TEST(Session, AnswersAndKeepsTheConnection) {
  Bench bench;
  auto connection = bench.connect();
  connection->send(get);
  bench.settle();
  const auto first = see(connection->take());
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].status, 200);
  EXPECT_EQ(first[0].body, "GET /fhir/Patient/1 ");
  EXPECT_TRUE(first[0].says("Date: Mon, 24 Nov 2025 16:00:00 GMT\r\n"));
  EXPECT_TRUE(first[0].says("X-Request-Id: "));
  EXPECT_FALSE(first[0].says("Connection"));
  connection->send(get);
  bench.settle();
  EXPECT_EQ(see(connection->take()).size(), 1U);
  EXPECT_FALSE(connection->closed());
  EXPECT_NE(bench.handler.ids.at(0), bench.handler.ids.at(1));
}

TEST(Session, GivesTheSameRepliesForEverySplitOfAPipelinedPair) {
  const std::string pair =
      "POST /fhir/Patient HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\n\r\n{\"a\":1}"
      "PUT /fhir/Patient/2?x=%20 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6;ext=\"1\"\r\n world\r\n0\r\nTrailer: x\r\n\r\n";
  Bench whole;
  auto reference = whole.connect();
  reference->send(pair);
  whole.settle();
  const Bytes expected = reference->take();
  ASSERT_EQ(see(expected).size(), 2U);
  EXPECT_EQ(see(expected)[0].body, "POST /fhir/Patient {\"a\":1}");
  EXPECT_EQ(see(expected)[1].body, "PUT /fhir/Patient/2?x=%20 hello world");
  for (std::size_t cut = 1; cut < pair.size(); ++cut) {
    Bench bench;
    auto connection = bench.connect();
    connection->send(std::string_view(pair).substr(0, cut));
    bench.settle();
    connection->send(std::string_view(pair).substr(cut));
    bench.settle();
    ASSERT_EQ(connection->take(), expected) << "cut at " << cut;
    ASSERT_FALSE(connection->closed());
  }
  Bench dripping;
  auto connection = dripping.connect();
  connection->up->read_max = 1;
  connection->send(pair);
  dripping.settle();
  EXPECT_EQ(connection->take(), expected);
}

TEST(Session, AnswersManyPipelinedRequestsInOrder) {
  Bench bench;
  auto connection = bench.connect();
  std::string many;
  for (int i = 0; i < 500; ++i) {
    many += "GET /n/" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  }
  connection->send(many);
  bench.settle();
  const auto seen = see(connection->take());
  ASSERT_EQ(seen.size(), 500U);
  for (std::size_t i = 0; i < 500; ++i) {
    ASSERT_EQ(seen[i].body, "GET /n/" + std::to_string(i) + " ");
  }
}

std::string with(std::string_view line) {
  return "GET /fhir HTTP/1.1\r\nHost: h\r\n" + std::string(line) + "\r\n\r\n";
}
std::string chunked(std::string_view body) {
  return "POST /fhir HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(body);
}

TEST(Session, TakesWhatIsUnusualButClear) {
  struct Clear {
    std::string bytes;
    std::string asked;
  };
  for (const Clear& clear : {
           Clear{"\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a"},
           Clear{"GET http://other.example:81/a?b=c HTTP/1.1\r\nHost: h\r\n\r\n", "GET /a?b=c"},
           Clear{"GET HTTPS://[::1]:8?b HTTP/1.1\r\nHost: h\r\n\r\n", "GET /?b"},
           Clear{"OPTIONS * HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", "OPTIONS *"},
           Clear{"BREW /pot HTTP/1.1\r\nHost: h\r\n\r\n", "BREW /pot"},
           Clear{"get /a HTTP/1.1\r\nHost: h\r\n\r\n", "get /a"},
           Clear{"GET /a HTTP/1.0\r\n\r\n", "GET /a"},
           Clear{"GET /a HTTP/1.1\r\nhOST:h\r\nX-Name: \xc3\xa9\r\nEmpty:\r\n\r\n", "GET /a"},
           Clear{"POST /a HTTP/1.1\r\nHost: h\r\ntransfer-encoding:\tCHUNKED \r\n\r\n0\r\n\r\n",
                 "POST /a"},
       }) {
    Bench bench;
    const auto seen = see(bench.ask(clear.bytes));
    ASSERT_EQ(seen.size(), 1U) << clear.bytes;
    EXPECT_EQ(seen[0].status, 200) << clear.bytes;
    EXPECT_THAT(bench.handler.asked, ElementsAre(clear.asked));
  }
}

TEST(Session, HandsOverWhoAskedAndHowToNameIt) {
  Bench bench;
  bench.handler.keep = true;
  bench.ask(
      "POST http://ward.example:81/a?b HTTP/1.1\r\nHost: h\r\nX-Request-Id: ward-7\r\n"
      "If-Match: W/\"1\"\r\nif-match: W/\"2\"\r\nContent-Length: 3\r\n\r\nabc"
      "GET /c HTTP/1.1\r\nHost: h\r\nX-Request-Id: no token\r\n\r\n");
  ASSERT_EQ(bench.handler.kept.size(), 2U);
  const api::Request& first = bench.handler.kept[0];
  EXPECT_EQ(first.host, "ward.example:81");
  EXPECT_EQ(first.path(), "/a");
  EXPECT_EQ(first.query(), "b");
  EXPECT_EQ(first.peer, "192.0.2.7:40000");
  EXPECT_EQ(first.request_id, "ward-7");
  EXPECT_EQ(first.method, api::Method::post);
  EXPECT_THAT(first.headers.all("IF-MATCH"), ElementsAre("W/\"1\"", "W/\"2\""));
  EXPECT_EQ(first.body, "abc");
  EXPECT_GE(first.body.capacity(), first.body.size() + api::body_spare_bytes);
  EXPECT_EQ(first.admitted.size(), 1U);
  EXPECT_EQ(bench.handler.kept[1].host, "h");
  EXPECT_NE(bench.handler.kept[1].request_id, "no token");
}

TEST(Session, EndsWhenTheClientSaysSo) {
  for (const std::string_view request :
       {"GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Close\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n"}) {
    Bench bench;
    auto connection = bench.connect();
    connection->send(request);
    connection->send(get);
    bench.settle();
    const auto seen = see(connection->take());
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_TRUE(seen[0].says("Connection: close\r\n"));
    EXPECT_TRUE(connection->closed());
    EXPECT_EQ(bench.handler.asked.size(), 1U);
  }
}

TEST(Session, AnswersHeadWithTheLengthAndNoBody) {
  Bench bench;
  auto connection = bench.connect();
  connection->send("HEAD /abc HTTP/1.1\r\nHost: h\r\n\r\n");
  bench.settle();
  const auto seen = see(connection->take(), true);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_TRUE(seen[0].says("Content-Length: 10\r\n"));  // "HEAD /abc "
  bench.handler.next = api::Reply{};
  bench.handler.next->status = 204;
  bench.handler.next->body = "nothing may follow a 204";
  connection->send(get);
  bench.settle();
  const auto empty = see(connection->take());
  ASSERT_EQ(empty.size(), 1U);
  EXPECT_EQ(empty[0].status, 204);
  EXPECT_FALSE(empty[0].says("Content-Length"));
}

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
  EXPECT_EQ(see(one_chunk.ask(chunked("2000001\r\n"))).at(0).status, 413);
  Bench huge_chunk;
  EXPECT_EQ(see(huge_chunk.ask(chunked("ffffffffffffffff\r\n"))).at(0).status, 413);
  Bench many_chunks;
  std::string body;
  for (int i = 0; i < 33; ++i) {
    body += "100000\r\n" + std::string(0x100000, 'x') + "\r\n";
  }
  EXPECT_EQ(see(many_chunks.ask(chunked(body + "0\r\n\r\n"))).at(0).status, 413);
  EXPECT_EQ(many_chunks.budget.used(), 0U);
}

TEST(Session, TakesABodyOfExactly32MiB) {
  for (const bool in_chunks : {false, true}) {
    Bench bench;
    bench.handler.next = api::Reply{};
    bench.handler.keep = true;
    const std::string body(32U << 20U, 'x');
    const std::string request =
        in_chunks ? chunked("2000000\r\n" + body + "\r\n0\r\n\r\n")
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
  for (const std::string& request : {sized, chunked("1\r\na\r\n0\r\n\r\n")}) {
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
  connection->send(chunked(chunk));
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
  connection->send(chunked(""));
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
  connection->send(with("Bad line"));
  for (int i = 0; i < 30; ++i) {
    connection->send(std::string(1000, 'x'));
    bench.pass(milliseconds(100));
  }
  EXPECT_TRUE(connection->up->broken) << "closed after linger_time_max";
  EXPECT_GT(connection->up->reads, 10U) << "and read until then";
}

// --- replies ---

TEST(Session, SendsPiecesInOrderWhateverTheirSizes) {
  for (const std::size_t large : {std::size_t{10}, std::size_t{17'000}, std::size_t{700'000}}) {
    Bench bench;
    bench.handler.next = api::Reply{};
    std::vector<Bytes> pieces{"a", Bytes(large, 'b'), "", "c", Bytes(16'000, 'd'), "e"};
    const Bytes expected = api::Body(pieces).joined();
    bench.handler.next->body = std::move(pieces);
    const auto seen = see(bench.ask(get));
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].body, expected);
  }
  Bench bench;
  bench.handler.next = api::Reply{};
  bench.handler.next->body = std::make_shared<const Bytes>(Bytes(300'000, 'z'));
  EXPECT_EQ(see(bench.ask(get)).at(0).body, Bytes(300'000, 'z'));
}

TEST(Session, TurnsAReplyThatWouldBreakTheFramingInto500) {
  for (const auto& [name, value] :
       std::vector<std::pair<Bytes, Bytes>>{{"Location", "a\r\nSet-Cookie: b"},
                                            {"X\r\n", "a"},
                                            {"Content-Length", "3"},
                                            {"Transfer-Encoding", "chunked"},
                                            {"Connection", "upgrade"}}) {
    Bench bench;
    bench.handler.next = api::Reply{};
    bench.handler.next->headers.add(name, value);
    bench.handler.next->body = "secret";
    const auto seen = see(bench.ask(get));
    ASSERT_EQ(seen.size(), 1U);
    EXPECT_EQ(seen[0].status, 500);
    EXPECT_FALSE(seen[0].says("Set-Cookie"));
    EXPECT_FALSE(seen[0].says("secret"));
    EXPECT_EQ(bench.edge.counts.replies_malformed, 1U);
  }
}

Bytes gunzip(BytesView packed) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 31), Z_OK);
  Bytes out(4U << 20U, '\0');
  Bytes in(packed);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(Session, CompressesLargeTextForThoseWhoAsk) {
  Bytes text;
  for (int i = 0; text.size() < 300'000; ++i) {
    text += "{\"resourceType\":\"Patient\",\"id\":\"" + std::to_string(i) + "\"}";
  }
  const auto asked_with = [&](std::string_view accept, std::string_view type, Bytes body) {
    Bench bench;
    bench.handler.next = api::Reply{};
    bench.handler.next->headers.add("Content-Type", type);
    bench.handler.next->headers.add("ETag", "\"v1\"");
    bench.handler.next->body = std::move(body);
    return see(bench.ask(with("Accept-Encoding: " + std::string(accept)))).at(0);
  };
  const Seen packed = asked_with("br, gzip;q=0.5", "application/fhir+json", text);
  EXPECT_TRUE(packed.says("Content-Encoding: gzip\r\n"));
  EXPECT_TRUE(packed.says("Vary: Accept-Encoding\r\n"));
  EXPECT_TRUE(packed.says("ETag: W/\"v1\"\r\n"));
  EXPECT_LT(packed.body.size(), text.size() / 3);
  EXPECT_EQ(gunzip(packed.body), text);
  EXPECT_EQ(asked_with("gzip;q=0", "application/fhir+json", text).body, text);
  EXPECT_EQ(asked_with("br", "application/fhir+json", text).body, text);
  EXPECT_EQ(asked_with("gzip", "image/png", text).body, text);
  EXPECT_EQ(asked_with("gzip", "application/fhir+json", text.substr(0, 1000)).body,
            text.substr(0, 1000));
  EXPECT_TRUE(
      asked_with("gzip", "application/fhir+json", text.substr(0, 1000)).says("ETag: \"v1\"\r\n"));
}

TEST(Session, EndsEachConnectionWithItsReplyWhileDraining) {
  Bench bench;
  auto connection = bench.connect();
  bench.handler.held = true;
  connection->send(get);
  connection->send(get);
  bench.settle();
  bench.edge.draining = true;
  bench.handler.held = false;
  bench.pass(milliseconds(50));
  const auto seen = see(connection->take());
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_TRUE(seen[0].says("Connection: close\r\n"));
  EXPECT_TRUE(connection->closed());
}

TEST(Session, CountsWhatItDoes) {
  Bench bench;
  bench.ask(std::string(get) + std::string(get));
  bench.ask("nonsense\r\n");
  EXPECT_EQ(bench.edge.counts.requests, 2U);
  EXPECT_EQ(bench.edge.counts.requests_in_flight, 0U);
  EXPECT_EQ(bench.edge.counts.replies_2xx, 2U);
  EXPECT_EQ(bench.edge.counts.replies_4xx, 1U);
  EXPECT_EQ(bench.edge.counts.bytes_in, 2 * get.size() + 10);
  EXPECT_EQ(bench.edge.counts.of(Refused::syntax), 1U);
}

}  // namespace
}  // namespace holdfast::http
