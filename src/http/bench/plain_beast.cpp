#include "http/bench/plain_beast.h"

#include <chrono>
#include <thread>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

namespace holdfast::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(asio::ip::tcp::socket socket, const Bytes& body)
      : stream_(std::move(socket)), body_(body) {
    stream_.socket().set_option(asio::ip::tcp::no_delay(true));
  }
  void read() {
    request_ = {};
    stream_.expires_after(std::chrono::seconds(60));
    beast::http::async_read(stream_, buffer_, request_,
                            [self = shared_from_this()](beast::error_code error, std::size_t) {
                              if (!error) {
                                self->write();
                              }
                            });
  }

 private:
  void write() {
    reply_ = {beast::http::status::ok, request_.version()};
    reply_.set(beast::http::field::content_type, "application/fhir+json;charset=utf-8");
    reply_.set(beast::http::field::etag, "W/\"1\"");
    reply_.body() = body_;
    reply_.prepare_payload();
    beast::http::async_write(stream_, reply_,
                             [self = shared_from_this()](beast::error_code error, std::size_t) {
                               if (!error) {
                                 self->read();
                               }
                             });
  }
  beast::tcp_stream stream_;
  const Bytes& body_;
  beast::flat_buffer buffer_;
  beast::http::request<beast::http::string_body> request_;
  beast::http::response<beast::http::string_body> reply_;
};

}  // namespace

struct PlainBeast::Inside {
  explicit Inside(Bytes all) : body(std::move(all)) {
    accept();
    thread = std::thread([this] { io.run(); });
  }
  ~Inside() {
    io.stop();
    thread.join();
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  void accept() {
    acceptor.async_accept([this](beast::error_code error, asio::ip::tcp::socket socket) {
      if (!error) {
        std::make_shared<Connection>(std::move(socket), body)->read();
        accept();
      }
    });
  }

  const Bytes body;
  asio::io_context io{1};
  asio::ip::tcp::acceptor acceptor{io, {asio::ip::make_address("127.0.0.1"), 0}};
  std::thread thread;
};

PlainBeast::PlainBeast(Bytes body) : inside_(std::make_unique<Inside>(std::move(body))) {}
PlainBeast::~PlainBeast() = default;

std::uint16_t PlainBeast::port() const { return inside_->acceptor.local_endpoint().port(); }

}  // namespace holdfast::http
