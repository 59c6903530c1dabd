#include "server/tls.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "server/config.h"

namespace holdfast::server {
namespace {

Result<TlsPem> read_pem(const std::function<Result<Bytes>(const std::string&)>& read,
                        const std::string& path) {
  auto text = read(path);
  if (!text) {
    return fail(Code::usage, fmt::format("{}: {}", path, text.error().what));
  }
  return TlsPem{path, *std::move(text)};
}

Result<TlsIdentity> read_identity(const TlsReader& reader, const std::string& certificate,
                                  const std::string& key) {
  TlsIdentity identity;
  TRY(identity.certificate, read_pem(reader.certificate, certificate));
  TRY(identity.key, read_pem(reader.key, key));
  return identity;
}

Result<std::shared_ptr<const TlsContext>> make_listener(const Config& config,
                                                        const TlsReader& reader, Time now) {
  const TlsFiles& files = config.mllp_tls_files;
  if (config.mllp_tls.empty()) {
    if (files.certificate.empty() && files.key.empty() && files.client_ca.empty()) {
      return nullptr;
    }
    return fail(Code::usage,
                "mllp_tls_certificate, mllp_tls_key and mllp_tls_client_ca go with mllp_tls, the "
                "address to listen on");
  }
  if (files.certificate.empty() || files.key.empty()) {
    return fail(Code::usage, "mllp_tls needs mllp_tls_certificate and mllp_tls_key, PEM files");
  }
  TRY(const TlsIdentity identity, read_identity(reader, files.certificate, files.key));
  std::optional<TlsPem> client_ca;
  if (!files.client_ca.empty()) {
    TRY(client_ca, read_pem(reader.certificate, files.client_ca));
  }
  return TlsContext::for_server(identity, client_ca, now);
}

Result<std::shared_ptr<const TlsContext>> make_channel(const exchange::ChannelTls& tls,
                                                       const TlsReader& reader, Time now) {
  TRY(const TlsPem ca, read_pem(reader.certificate, tls.ca));
  std::optional<TlsIdentity> identity;
  if (!tls.certificate.empty()) {
    TRY(identity, read_identity(reader, tls.certificate, tls.key));
  }
  return TlsContext::for_client(ca, identity, now);
}

/// Certificates that nobody could show would shut their neighbour out.
Result<void> check_neighbours(const Config& config) {
  const bool asks = !config.mllp_tls.empty() && !config.mllp_tls_files.client_ca.empty();
  for (const NeighbourSetting& setting : config.neighbours) {
    if (!asks && !setting.neighbour.certificates.empty()) {
      return fail(Code::usage,
                  fmt::format("neighbour {} is known by certificates, and no connection asks for "
                              "one: that takes mllp_tls and mllp_tls_client_ca",
                              setting.neighbour.name));
    }
  }
  return ok();
}

}  // namespace

std::vector<TlsExpiry> TlsContexts::expiries() const {
  std::vector<TlsExpiry> all;
  const auto add = [&](const std::shared_ptr<const TlsContext>& context) {
    for (const TlsExpiry& one : context->expiries()) {
      if (std::ranges::find(all, one.file, &TlsExpiry::file) == all.end()) {
        all.push_back(one);
      }
    }
  };
  if (mllp) {
    add(mllp);
  }
  for (const auto& [name, context] : channels) {
    add(context);
  }
  return all;
}

Result<TlsContexts> read_tls(const Config& config, const TlsReader& reader, Time now) {
  TlsContexts contexts;
  TRY(contexts.mllp, make_listener(config, reader, now));
  for (const exchange::Channel& channel : config.channels) {
    if (!channel.tls.on) {
      continue;
    }
    auto made = make_channel(channel.tls, reader, now);
    if (!made) {
      return fail(Code::usage, fmt::format("channel {}: {}", channel.name, made.error().what));
    }
    contexts.channels[channel.name] = *std::move(made);
  }
  return contexts;
}

Result<void> make_tls(Config& config, const TlsReader& reader, Time now) {
  TRY_OK(check_neighbours(config));
  TRY(config.tls, read_tls(config, reader, now));
  return ok();
}

}  // namespace holdfast::server
