#include "http/head.h"

#include <gtest/gtest.h>

#include "http/beast_head.h"
#include "http/chunked.h"
#include "http/gzip.h"
#include "http/limits.h"
#include "http/reply_head.h"

namespace holdfast::http {
namespace {

using Progress = HeadScanner::Progress;

TEST(HeadScanner, SaysTheSameForEverySplit) {
  const std::string head =
      "\r\nPOST /a?b HTTP/1.1\r\nHost: h:1\r\nContent-Length: 12\r\nConnection: x, close\r\n\r\n";
  const std::string bytes = head + "rest\r\n\r\n";
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    HeadScanner scanner(HeadKind::request);
    const Progress early = scanner.scan(std::string_view(bytes).substr(0, cut));
    EXPECT_EQ(early, cut < head.size() ? Progress::incomplete : Progress::complete) << cut;
    EXPECT_TRUE(cut <= 2 || scanner.begun(std::string_view(bytes).substr(0, cut)));
    if (early == Progress::incomplete) {
      ASSERT_EQ(scanner.scan(bytes), Progress::complete);
    }
    EXPECT_EQ(scanner.begin(), 2U);
    EXPECT_EQ(scanner.end(), head.size());
    EXPECT_EQ(scanner.facts().content_length, 12U);
    EXPECT_EQ(scanner.facts().fields, 3U);
    EXPECT_TRUE(scanner.facts().connection_close);
    EXPECT_FALSE(scanner.facts().chunked);
  }
}

TEST(HeadScanner, ReadsStatusLines) {
  for (const auto& [line, status] :
       std::vector<std::pair<std::string, int>>{{"HTTP/1.1 200 OK", 200},
                                                {"HTTP/1.1 404 ", 404},
                                                {"HTTP/1.0 599", 599},
                                                {"HTTP/1.1 99 X", 0},
                                                {"HTTP/2.0 200 OK", 0},
                                                {"HTTP/1.1 2000 OK", 0},
                                                {"http/1.1 200 OK", 0},
                                                {"", 0},
                                                {"HTTP/1.1 200 O\001K", 0}}) {
    HeadScanner scanner(HeadKind::reply);
    const Progress progress = scanner.scan(line + "\r\n\r\n");
    EXPECT_EQ(progress, status == 0 ? Progress::refused : Progress::complete) << line;
    EXPECT_EQ(scanner.facts().status, status) << line;
  }
}

// What the strict reader lets through, Beast reads too, and sees the same fields. The other way
// round it does not hold, which is why there are two.
TEST(HeadScanner, AgreesWithBeastOnEachByteThatMayStandInAHead) {
  for (unsigned c = 0; c < 256; ++c) {
    for (int place = 0; place < 4; ++place) {
      std::string parts[4] = {"GET", "/a", "Name", "value"};
      parts[place].insert(1, 1, static_cast<char>(c));
      const std::string head = parts[0] + " " + parts[1] + " HTTP/1.1\r\nHost: h\r\n" + parts[2] +
                               ": " + parts[3] + "\r\n\r\n";
      HeadScanner scanner(HeadKind::request);
      if (scanner.scan(head) != Progress::complete) {
        continue;
      }
      api::Request request;
      const Result<void> parsed = parse_request_head(head, scanner.facts(), request);
      ASSERT_TRUE(parsed.has_value()) << c << " at " << place << " " << parsed.error().what;
      EXPECT_EQ(request.method_text, parts[0]);
      EXPECT_EQ(request.target, parts[1]);
      ASSERT_EQ(request.headers.size(), 2U);
      if (c != ':') {
        EXPECT_EQ(request.headers.at(1).name, parts[2]);
        EXPECT_EQ(request.headers.at(1).value, parts[3]);
      }
    }
  }
}

TEST(Authority, IsAHostWithAnOptionalPort) {
  for (const std::string_view text :
       {"h", "h:80", "h:", "a.b-c.example:65535", "[::1]", "[::1]:8", "10.0.0.1", "%41"}) {
    EXPECT_TRUE(is_authority(text)) << text;
  }
  for (const std::string_view text : {"", ":80", "a b", "a,b", "a@b", "a/b", "a:b", "a:1:2", "[::1",
                                      "::1", "a]", "[::1]x", "a:123456", "a\xc3"}) {
    EXPECT_FALSE(is_authority(text)) << text;
  }
}

TEST(ContentLength, IsDigitsThatFit) {
  EXPECT_EQ(parse_content_length("0"), 0U);
  EXPECT_EQ(parse_content_length("0005"), 5U);
  EXPECT_EQ(parse_content_length("9999999999999999999"), 9999999999999999999U);
  for (const std::string_view text : {"", "-1", "+1", "1 ", "1,1", "0x1", "99999999999999999999"}) {
    EXPECT_FALSE(parse_content_length(text)) << text;
  }
}

TEST(ChunkedDecoder, GivesTheSameForEverySplit) {
  const std::string bytes =
      "a;x=y\r\n0123456789\r\n00003\r\n\r\n\r\r\nB \t;\"q\"\r\nhello world\r\n0\r\nT: "
      "v\r\n\r\nnext";
  const std::string expected = "0123456789\r\n\rhello world";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    ChunkedDecoder decoder;
    Bytes body;
    const std::string_view first = std::string_view(bytes).substr(0, cut);
    const auto early = decoder.feed(first, body, 100);
    const auto late = decoder.feed(std::string_view(bytes).substr(early.used), body, 100);
    EXPECT_EQ(late.progress, ChunkedDecoder::Progress::complete) << cut;
    EXPECT_EQ(early.used + late.used, bytes.size() - 4) << cut;
    EXPECT_EQ(body, expected) << cut;
  }
}

TEST(ChunkedDecoder, NeverPassesItsBoundAndGoesOnWithMoreRoom) {
  ChunkedDecoder decoder;
  Bytes body;
  const std::string bytes = "4\r\nabcd\r\n4\r\nefgh\r\n0\r\n\r\n";
  const auto first = decoder.feed(bytes, body, 7);
  EXPECT_EQ(first.progress, ChunkedDecoder::Progress::too_large);
  EXPECT_EQ(body, "abcd");
  EXPECT_EQ(decoder.chunk_rest(), 4U);
  const auto second = decoder.feed(std::string_view(bytes).substr(first.used), body, 8);
  EXPECT_EQ(second.progress, ChunkedDecoder::Progress::complete);
  EXPECT_EQ(body, "abcdefgh");
}

TEST(AcceptEncoding, CountsOnlyAWeightAboveZero) {
  const auto accepts = [](std::string_view value) {
    api::Headers headers;
    headers.add("accept-encoding", value);
    return accepts_gzip(headers);
  };
  for (const std::string_view value :
       {"gzip", "deflate, GZIP", "x-gzip", "gzip;q=0.001", "br;q=1.0, gzip ; q=1", ", gzip"}) {
    EXPECT_TRUE(accepts(value)) << value;
  }
  for (const std::string_view value : {"", "br", "gzip;q=0", "gzip;q=0.000", "gzipx", "identity"}) {
    EXPECT_FALSE(accepts(value)) << value;
  }
  EXPECT_FALSE(accepts_gzip(api::Headers()));
}

TEST(DateText, ChangesWithTheSecond) {
  DateText date;
  EXPECT_EQ(date.at(Time{1'764'000'000'500}), "Mon, 24 Nov 2025 16:00:00 GMT");
  EXPECT_EQ(date.at(Time{1'764'000'000'999}), "Mon, 24 Nov 2025 16:00:00 GMT");
  EXPECT_EQ(date.at(Time{1'764'000'001'000}), "Mon, 24 Nov 2025 16:00:01 GMT");
}

TEST(Headers, AreFoundInAnyCaseAndReplacedByName) {
  api::Headers headers;
  headers.add("ETag", "W/\"1\"");
  headers.add("Link", "a");
  headers.add("link", "b");
  EXPECT_EQ(headers.find("etag"), "W/\"1\"");
  EXPECT_EQ(headers.all("LINK").size(), 2U);
  headers.set("Link", "c");
  EXPECT_EQ(headers.all("Link"), std::vector<std::string_view>{"c"});
  EXPECT_EQ(headers.size(), 2U);
  EXPECT_FALSE(headers.has("Lin"));
}

}  // namespace
}  // namespace holdfast::http
