// One connection: requests found in its bytes, answered in order, and its end.
#include "http/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/test_wire.h"

namespace holdfast::http {
namespace {

using test::Bench;
using test::get;
using test::see;
using testing::ElementsAre;

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
