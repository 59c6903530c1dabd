#include "server/carriers.h"

#include <fmt/format.h>

#include <utility>

#include "base/check.h"
#include "http/client.h"

namespace holdfast::server {
namespace {

using exchange::Acknowledgement;
using exchange::Channel;
using exchange::Parcel;

/// The HL7 word for what a FHIR server says. 4xx is about this resource; 429 and 5xx are about the
/// server: whether it was taken is not known, or it was not, so it is sent again.
/// https://hl7.org/fhir/R4/http.html#update
Result<Acknowledgement> acknowledgement_of(const Parcel& parcel, const http::Incoming& reply) {
  Acknowledgement answer;
  answer.text = fmt::format("HTTP {}", reply.status);
  answer.message = fmt::format("HTTP {}\n", reply.status) + reply.body.substr(0, 4096);
  const bool gone = parcel.removed && (reply.status == 404 || reply.status == 410);
  if ((reply.status >= 200 && reply.status < 300) || gone) {
    answer.code = "AA";
    return answer;
  }
  if (reply.status >= 400 && reply.status < 500 && reply.status != 408 && reply.status != 429) {
    const bool forbidden = reply.status == 401 || reply.status == 403 || reply.status == 405;
    answer.code = forbidden ? "AR" : "AE";
    return answer;
  }
  return fail(Code::unavailable, fmt::format("the FHIR server answers {}", answer.text));
}

/// Puts each version to a FHIR server, under the id it has here.
class FhirCarrier final : public exchange::Carrier {
 public:
  FhirCarrier(const Channel& channel, Network& network, Executor& on)
      : channel_(channel), network_(network), on_(on) {}

  Task<Result<void>> reach(const Parcel& /*parcel*/, Instant deadline) override {
    CO_TRY(const FhirBase base, read_fhir_base(channel_.to));
    if (!client_ || !client_->reusable()) {
      CO_TRY(client_, co_await http::Client::connect(network_, on_, base.address, deadline));
    }
    co_return ok();
  }

  Task<Result<Acknowledgement>> carry(const Parcel& parcel, Instant deadline) override {
    CO_TRY(const FhirBase base, read_fhir_base(channel_.to));
    CO_TRY_OK(co_await reach(parcel, deadline));
    http::Outgoing request;
    request.method = parcel.removed ? "DELETE" : "PUT";
    request.target = fmt::format("{}/{}/{}", base.path, parcel.type, parcel.id);
    request.headers.add("Accept", "application/fhir+json");
    request.headers.add("X-Request-Id", parcel.control_id);
    request.headers.add("Prefer", "return=minimal");
    if (!parcel.removed) {
      request.headers.add("Content-Type", parcel.media_type);
      request.body = parcel.bytes;
    }
    CO_TRY(const http::Incoming reply, co_await client_->send(std::move(request), deadline));
    co_return acknowledgement_of(parcel, reply);
  }

  void close() override {
    if (client_) {
      client_->close();
    }
  }

 private:
  const Channel& channel_;
  Network& network_;
  Executor& on_;
  std::unique_ptr<http::Client> client_;
};

/// A file a message: written under another name, synced, and then called what it is, so that
/// whoever reads the folder never finds half of one.
class FolderCarrier final : public exchange::Carrier {
 public:
  FolderCarrier(const Channel& channel, const OpenFolder& open) : channel_(channel), open_(open) {}

  Task<Result<void>> reach(const Parcel& /*parcel*/, Instant /*deadline*/) override {
    co_return ok();
  }

  Task<Result<Acknowledgement>> carry(const Parcel& parcel, Instant /*deadline*/) override {
    if (!disk_) {
      if (!open_) {
        co_return fail(Code::unavailable, "there are no folders here");
      }
      CO_TRY(disk_, open_(channel_.to));
    }
    const std::string name = file_name(parcel);
    const std::string part = name + ".part";
    CO_TRY_OK(remove_if_there(part));
    {
      CO_TRY(const auto file, disk_->open(part, OpenMode::create_new));
      CO_TRY_OK(file->write(0, parcel.bytes));
      CO_TRY_OK(co_await file->sync());
    }
    CO_TRY_OK(disk_->rename(part, name));
    CO_TRY_OK(co_await disk_->sync_directory(""));
    Acknowledgement answer;
    answer.code = "AA";
    answer.message = fmt::format("written as {}", name);
    co_return answer;
  }

  void close() override {}

 private:
  static std::string file_name(const Parcel& parcel) {
    std::string name;
    for (const char c : parcel.control_id.substr(0, 100)) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      name.push_back(plain || c == '-' ? c : '_');
    }
    return name + ".hl7";
  }

  Result<void> remove_if_there(const std::string& name) {
    const auto removed = disk_->remove(name);
    return removed || removed.error().code == Code::not_found ? ok() : removed;
  }

  const Channel& channel_;
  const OpenFolder& open_;
  std::unique_ptr<Disk> disk_;
};

}  // namespace

Result<FhirBase> read_fhir_base(std::string_view url) {
  constexpr std::string_view plain = "http://";
  constexpr std::string_view over_tls = "https://";
  const bool tls = url.starts_with(over_tls);
  if (!tls && !url.starts_with(plain)) {
    return fail(Code::usage, fmt::format("'{}' is no address of a FHIR server: it begins with "
                                         "https:// or http://",
                                         url));
  }
  const std::string_view rest = url.substr(tls ? over_tls.size() : plain.size());
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  FhirBase base;
  base.address = rest.substr(0, slash);
  base.path = rest.substr(slash);
  while (base.path.ends_with('/')) {
    base.path.pop_back();
  }
  if (base.address.empty() || base.path.find_first_of("?# ") != std::string::npos) {
    return fail(Code::usage, fmt::format("'{}' is no base URL of a FHIR server", url));
  }
  if (base.address.find(':') == std::string::npos) {
    base.address += tls ? ":443" : ":80";
  }
  return base;
}

ServerCarriers::ServerCarriers(World& world, OpenFolder open_folder, Bug planted,
                               const std::vector<Channel>& channels, const TlsContexts& tls)
    : world_(world), open_folder_(std::move(open_folder)), planted_(planted) {
  for (const Channel& channel : channels) {
    if (channel.tls.on) {
      const auto context = tls.channels.find(channel.name);
      check(context != tls.channels.end(), "a channel with TLS got its context with its files");
      tls_.try_emplace(channel.name, world.network, world.clock, context->second, channel.tls.name);
    }
  }
}

void ServerCarriers::renew(const TlsContexts& tls) {
  for (auto& [name, network] : tls_) {
    const auto context = tls.channels.find(name);
    check(context != tls.channels.end(), "the same files are read for the same channels");
    network.renew(context->second);
  }
}

Network& ServerCarriers::network_for(const Channel& channel) {
  const auto found = tls_.find(channel.name);
  return found == tls_.end() ? world_.network : found->second;
}

std::unique_ptr<exchange::Carrier> ServerCarriers::make(const Channel& channel, Executor& on) {
  switch (channel.kind) {
    case exchange::ChannelKind::mllp: break;
    case exchange::ChannelKind::fhir:
      return std::make_unique<FhirCarrier>(channel, network_for(channel), on);
    case exchange::ChannelKind::folder:
      return std::make_unique<FolderCarrier>(channel, open_folder_);
  }
  return std::make_unique<exchange::MllpCarrier>(channel, network_for(channel), on, planted_);
}

}  // namespace holdfast::server
