#include "http/beast_head.h"

#include <boost/beast/http/basic_parser.hpp>
#include <fmt/format.h>

namespace holdfast::http {
namespace {

namespace beast = boost::beast;
using beast::error_code;

// Beast's parser without its field container: what it finds goes straight into ours.
template <bool is_request>
class HeadParser final : public beast::http::basic_parser<is_request> {
 public:
  HeadParser(api::Headers& headers, api::Request* request) : headers_(headers), request_(request) {
    this->header_limit(head_bytes_max + 1);
    this->body_limit(boost::none);  // the session bounds bodies
    this->skip(true);               // and reads them
  }

 private:
  using View = beast::string_view;
  static BytesView bytes(View view) { return {view.data(), view.size()}; }

  void on_request_impl(beast::http::verb, View method, View target, int, error_code&) override {
    request_->method_text = bytes(method);
    request_->method = api::method_named(request_->method_text);
    request_->target = bytes(target);
  }
  void on_response_impl(int, View, int, error_code&) override {}
  void on_field_impl(beast::http::field, View name, View value, error_code&) override {
    headers_.add(bytes(name), bytes(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(View, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, View, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View, error_code&) override { return 0; }
  void on_finish_impl(error_code&) override {}

  api::Headers& headers_;
  api::Request* request_;  // null for a reply, whose start line the scanner has read
};

template <bool is_request>
Result<void> parse(BytesView head, const HeadFacts& facts, api::Headers& headers,
                   api::Request* request) {
  headers.reserve(facts.fields, head.size());
  HeadParser<is_request> parser(headers, request);
  error_code error;
  const std::size_t used = parser.put(boost::asio::const_buffer(head.data(), head.size()), error);
  if (error) {
    return fail(Code::syntax, fmt::format("the HTTP head is malformed: {}", error.message()));
  }
  if (!parser.is_header_done() || used != head.size() || headers.size() != facts.fields) {
    return fail(Code::syntax, "the HTTP head can be read in two ways");
  }
  return ok();
}

}  // namespace

Result<void> parse_request_head(BytesView head, const HeadFacts& facts, api::Request& into) {
  return parse<true>(head, facts, into.headers, &into);
}

Result<void> parse_reply_head(BytesView head, const HeadFacts& facts, api::Headers& into) {
  return parse<false>(head, facts, into, nullptr);
}

}  // namespace holdfast::http
