// server/carriers.h: the ways out that a process has: MLLP, a FHIR server, a folder.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/planted.h"
#include "exchange/carrier.h"
#include "server/tls.h"
#include "world/disk.h"
#include "world/tls/tls_network.h"
#include "world/world.h"

namespace holdfast::server {

/// Opens a folder of the machine as a Disk of its own; null where there are none (simulated).
using OpenFolder = std::function<Result<std::unique_ptr<Disk>>(const std::string& folder)>;

class ServerCarriers final : public exchange::Carriers {
 public:
  /// Borrows the world. A channel with TLS has its context in `tls`.
  ServerCarriers(World& world, OpenFolder open_folder, Bug planted,
                 const std::vector<exchange::Channel>& channels, const TlsContexts& tls);
  std::unique_ptr<exchange::Carrier> make(const exchange::Channel& channel, Executor& on) override;
  /// Connections from now on are made with these, of the same channels. From any thread.
  void renew(const TlsContexts& tls);

 private:
  [[nodiscard]] Network& network_for(const exchange::Channel& channel);

  World& world_;
  OpenFolder open_folder_;
  Bug planted_;
  std::map<std::string, TlsNetwork, std::less<>> tls_;  ///< by channel
};

/// Of "http://host:port/base", or https: Code::usage for anything else, with what to do.
struct FhirBase {
  std::string address;  ///< "host:port"
  std::string path;     ///< "/base"; without a '/' at its end
};
[[nodiscard]] Result<FhirBase> read_fhir_base(std::string_view url);

}  // namespace holdfast::server
