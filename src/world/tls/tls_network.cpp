#include "world/tls/tls_network.h"

#include <utility>

namespace holdfast {
namespace {

/// Of "host:port" and "[::1]:port".
std::string host_of(const std::string& address) {
  const std::string host = address.substr(0, address.rfind(':'));
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

}  // namespace

Task<Result<std::unique_ptr<Stream>>> TlsListener::accept(Executor& on) {
  CO_TRY(auto plain, co_await below_.accept(on));
  TlsStream::Parts parts{on,      std::move(plain), context_.load(), {}, clock_.wall(),
                         limits_, counts_};
  co_return std::make_unique<TlsStream>(std::move(parts));
}

Result<std::unique_ptr<Listener>> TlsNetwork::listen(Executor& /*on*/, const std::string& address) {
  return fail(Code::unsupported, "a client's TLS context has no certificate to listen with",
              address);
}

Task<Result<std::unique_ptr<Stream>>> TlsNetwork::connect(Executor& on, std::string address,
                                                          Instant deadline) {
  std::string expected = server_name_.empty() ? host_of(address) : server_name_;
  CO_TRY(auto plain, co_await below_.connect(on, std::move(address), deadline));
  TlsStream::Parts parts{
      on, std::move(plain), context_.load(), std::move(expected), clock_.wall(), limits_, {}};
  auto stream = std::make_unique<TlsStream>(std::move(parts));
  CO_TRY_OK(co_await stream->handshake(deadline));
  co_return stream;
}

}  // namespace holdfast
