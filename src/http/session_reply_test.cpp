// How replies leave a connection.
#include "http/session.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "http/test_wire.h"

namespace holdfast::http {
namespace {

using test::Bench;
using test::get;
using test::get_with;
using test::see;
using test::Seen;

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
    return see(bench.ask(get_with("Accept-Encoding: " + std::string(accept)))).at(0);
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

}  // namespace
}  // namespace holdfast::http
