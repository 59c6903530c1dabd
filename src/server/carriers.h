// server/carriers.h: the ways out that a process has: MLLP, a FHIR server, a folder.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/planted.h"
#include "exchange/carrier.h"
#include "world/disk.h"
#include "world/world.h"

namespace holdfast::server {

/// Opens a folder of the machine as a Disk of its own; null where there are none (simulated).
using OpenFolder = std::function<Result<std::unique_ptr<Disk>>(const std::string& folder)>;

class ServerCarriers final : public exchange::Carriers {
 public:
  /// Borrows the world.
  ServerCarriers(World& world, OpenFolder open_folder, Bug planted)
      : world_(world), open_folder_(std::move(open_folder)), planted_(planted) {}
  std::unique_ptr<exchange::Carrier> make(const exchange::Channel& channel, Executor& on) override;

 private:
  World& world_;
  OpenFolder open_folder_;
  Bug planted_;
};

/// Of "http://host:port/base": Code::usage for anything else, with what to do.
struct FhirBase {
  std::string address;  ///< "host:port"
  std::string path;     ///< "/base"; without a '/' at its end
};
[[nodiscard]] Result<FhirBase> read_fhir_base(std::string_view url);

}  // namespace holdfast::server
