// Every form of request smuggling that we know of, and other heads that are no HTTP/1.1: each is
// refused, the connection ends, and what follows on it is never taken for a request.
#include <gtest/gtest.h>

#include "http/test_wire.h"

namespace holdfast::http {
namespace {

using test::Bench;
using test::get_with;
using test::post_chunked;
using test::see;

struct Smuggled {
  const char* name;
  std::string bytes;
  int status;
};

class Smuggling : public testing::TestWithParam<Smuggled> {};

// What follows a refused request is never taken for a request, whatever the cut.
TEST_P(Smuggling, IsRefusedOnceAndNothingBehindItIsRead) {
  const std::string after = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (const std::size_t read_max : {std::size_t{1}, std::size_t{7}, std::size_t{1000000}}) {
    Bench bench;
    const auto seen = see(bench.ask(GetParam().bytes + after + after, read_max));
    ASSERT_EQ(seen.size(), 1U) << seen.back().head;
    EXPECT_EQ(seen[0].status, GetParam().status) << seen[0].body;
    EXPECT_TRUE(seen[0].says("Connection: close\r\n"));
    EXPECT_TRUE(seen[0].says("Content-Type: application/fhir+json"));
    EXPECT_TRUE(seen[0].says("\"resourceType\":\"OperationOutcome\""));
    EXPECT_TRUE(bench.handler.asked.empty()) << bench.handler.asked[0];
  }
}

std::string post(std::string_view fields, std::string_view version = "1.1") {
  return "POST /fhir HTTP/" + std::string(version) + "\r\n" + std::string(fields) + "\r\n0\r\n\r\n";
}

INSTANTIATE_TEST_SUITE_P(
    Forms, Smuggling,
    testing::Values(
        Smuggled{"te_xchunked", post("Host: h\r\nTransfer-Encoding: xchunked\r\n"), 400},
        Smuggled{"te_list", post("Host: h\r\nTransfer-Encoding: chunked, identity\r\n"), 400},
        Smuggled{"te_gzip_chunked", post("Host: h\r\nTransfer-Encoding: gzip, chunked\r\n"), 400},
        Smuggled{"te_identity", post("Host: h\r\nTransfer-Encoding: identity\r\n"), 400},
        Smuggled{"te_empty", post("Host: h\r\nTransfer-Encoding:\r\n"), 400},
        Smuggled{"te_quoted", post("Host: h\r\nTransfer-Encoding: \"chunked\"\r\n"), 400},
        Smuggled{"te_vertical_tab", post("Host: h\r\nTransfer-Encoding: \vchunked\r\n"), 400},
        Smuggled{"te_twice",
                 post("Host: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
                 400},
        Smuggled{"te_folded", post("Host: h\r\nTransfer-Encoding:\r\n chunked\r\n"), 400},
        Smuggled{"te_space_before_colon", post("Host: h\r\nTransfer-Encoding : chunked\r\n"), 400},
        Smuggled{"te_in_http_10", post("Host: h\r\nTransfer-Encoding: chunked\r\n", "1.0"), 400},
        Smuggled{"te_and_length",
                 post("Host: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400},
        Smuggled{"length_and_te",
                 post("Host: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400},
        Smuggled{"lengths_differ", post("Host: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n"),
                 400},
        Smuggled{"lengths_equal", post("Host: h\r\nContent-Length: 5\r\nContent-Length: 5\r\n"),
                 400},
        Smuggled{"length_list", post("Host: h\r\nContent-Length: 5, 5\r\n"), 400},
        Smuggled{"length_plus", post("Host: h\r\nContent-Length: +5\r\n"), 400},
        Smuggled{"length_minus", post("Host: h\r\nContent-Length: -5\r\n"), 400},
        Smuggled{"length_hex", post("Host: h\r\nContent-Length: 0x5\r\n"), 400},
        Smuggled{"length_empty", post("Host: h\r\nContent-Length: \r\n"), 400},
        Smuggled{"length_space", post("Host: h\r\nContent-Length: 5 5\r\n"), 400},
        Smuggled{"length_wraps", post("Host: h\r\nContent-Length: 18446744073709551621\r\n"), 400},
        Smuggled{"no_host", post("Content-Length: 5\r\n"), 400},
        Smuggled{"two_hosts", post("Host: a\r\nHost: b\r\nContent-Length: 5\r\n"), 400},
        Smuggled{"two_equal_hosts", get_with("Host: h"), 400},
        Smuggled{"host_list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
        Smuggled{"host_user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
        Smuggled{"host_empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
        Smuggled{"host_port", "GET / HTTP/1.1\r\nHost: a:80x\r\n\r\n", 400},
        Smuggled{"fold", get_with("X: a\r\n b"), 400},
        Smuggled{"fold_tab", get_with("X: a\r\n\tb"), 400},
        Smuggled{"first_field_folded", "GET / HTTP/1.1\r\n X: a\r\nHost: h\r\n\r\n", 400},
        Smuggled{"bare_lf", "GET / HTTP/1.1\nHost: h\n\n", 400},
        Smuggled{"bare_lf_in_head", get_with("X: a\nContent-Length: 3"), 400},
        Smuggled{"bare_lf_at_end", "GET / HTTP/1.1\r\nHost: h\r\n\n", 400},
        Smuggled{"bare_cr", get_with("X: a\rContent-Length: 3"), 400},
        Smuggled{"cr_cr_lf", get_with("X: a\r"), 400},
        Smuggled{"nul_in_value", get_with(std::string("X: a\0b", 6)), 400},
        Smuggled{"nul_in_name", get_with(std::string("X\0: a", 5)), 400},
        Smuggled{"no_colon", get_with("X"), 400}, Smuggled{"empty_name", get_with(": a"), 400},
        Smuggled{"name_with_space", get_with("X Y: a"), 400},
        Smuggled{"delete_in_value", get_with("X: \x7f"), 400},
        Smuggled{"two_spaces", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        Smuggled{"tab_separated", "GET\t/\tHTTP/1.1\r\nHost: h\r\n\r\n", 400},
        Smuggled{"space_in_target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        Smuggled{"high_byte_in_target", "GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        Smuggled{"fragment", "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        Smuggled{"relative_target", "GET fhir HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        Smuggled{"star_for_get", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        Smuggled{"absolute_user", "GET http://a@b/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        Smuggled{"absolute_scheme", "GET ftp://b/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        Smuggled{"http_09", "GET /\r\n\r\n", 400},
        Smuggled{"leading_space", " GET / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        Smuggled{"two_empty_lines", "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        Smuggled{"http_2_preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        Smuggled{"http_12", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505},
        Smuggled{"connect", "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", 501},
        Smuggled{"expectation", get_with("Expect: miracles"), 417},
        Smuggled{"encoded_body",
                 "POST / HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nContent-Length: "
                 "3\r\n\r\nabc",
                 415},
        Smuggled{"chunk_size_empty", post_chunked("\r\n0\r\n\r\n"), 400},
        Smuggled{"chunk_size_negative", post_chunked("-1\r\n0\r\n\r\n"), 400},
        Smuggled{"chunk_size_0x", post_chunked("0x3\r\nabc\r\n0\r\n\r\n"), 400},
        Smuggled{"chunk_size_space", post_chunked(" 3\r\nabc\r\n0\r\n\r\n"), 400},
        Smuggled{"chunk_size_trailing_space", post_chunked("3 \r\nabc\r\n0\r\n\r\n"), 400},
        Smuggled{"chunk_size_wraps", post_chunked("10000000000000003\r\nabc\r\n0\r\n\r\n"), 400},
        Smuggled{"chunk_bare_lf", post_chunked("3\nabc\r\n0\r\n\r\n"), 400},
        Smuggled{"chunk_ext_bare_lf", post_chunked("3;a\nabc\r\n0\r\n\r\n"), 400},
        Smuggled{"chunk_ext_bare_cr", post_chunked("3;a\rb\r\nabc\r\n0\r\n\r\n"), 400},
        Smuggled{"chunk_ext_long",
                 post_chunked("3;" + std::string(300, 'x') + "\r\nabc\r\n0\r\n\r\n"), 400},
        Smuggled{"chunk_too_short", post_chunked("2\r\nabc\r\n0\r\n\r\n"), 400},
        Smuggled{"chunk_too_long", post_chunked("4\r\nabc\r\n0\r\n\r\n"), 400},
        Smuggled{"chunk_end_bare_lf", post_chunked("3\r\nabc\n0\r\n\r\n"), 400},
        Smuggled{"trailer_folded", post_chunked("0\r\nA: b\r\n c\r\n\r\n"), 400},
        Smuggled{"trailer_bare_lf", post_chunked("0\r\nA: b\n\r\n"), 400},
        Smuggled{"trailer_long", post_chunked("0\r\nA: " + std::string(9000, 'x') + "\r\n\r\n"),
                 400}),
    [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace holdfast::http
