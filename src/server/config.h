// server/config.h: everything that an operator may decide, in one table. Each setting is a key of
// the TOML file, a flag and an environment variable; the flag wins over the environment, that over
// the file, that over the default. What is not understood is refused, never ignored.
//
//   ingest_bytes_max = "128MiB"      --ingest-bytes-max 128MiB HOLDFAST_INGEST_BYTES_MAX=128MiB
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/call.h"
#include "base/result.h"
#include "exchange/channel.h"
#include "exchange/intake.h"
#include "exchange/mllp.h"
#include "http/limits.h"
#include "node/node.h"
#include "pathway/definition.h"
#include "server/log.h"
#include "server/neighbours.h"
#include "server/packages.h"
#include "server/tls.h"

namespace holdfast::server {

struct Config {
  std::string data;                     ///< the data directory
  std::string http = "127.0.0.1:8080";  ///< port 0 picks one
  std::string mllp;                     ///< address for HL7 v2 over MLLP; empty: none
  std::string mllp_tls;                 ///< address for the same over TLS; empty: none
  TlsFiles mllp_tls_files;
  TlsContexts tls;  ///< what those files and the channels' hold: made by make_tls()
  Level log_level = Level::info;
  unsigned io_threads = 0;  ///< 0: one a core
  std::uint64_t view_cache_bytes = std::uint64_t{32} << 20U;
  std::uint64_t view_write_bytes = std::uint64_t{96} << 20U;
  /// Requests in flight have this long once the server is asked to end.
  Duration drain_time_max = seconds(20);
  std::string packages_folder;  ///< FHIR packages; empty: none
  Packages packages;            ///< what is in it: no setting, read by whoever reads files
  /// Folder of definitions of pathways; empty: those that ship come into force where there are
  /// none.
  std::string pathways_folder;
  std::vector<pathway::File> pathways;  ///< what is in it: read by whoever reads files
  node::Options node;
  http::Limits limits;
  api::Options api;
  std::vector<NeighbourSetting> neighbours;  ///< [[neighbour]] of the file
  std::vector<exchange::Channel> channels;   ///< [[channel]] of the file
  exchange::MllpLimits mllp_limits;
  exchange::IntakeOptions intake;
};

enum class Shape : std::uint8_t {
  value,     ///< a text or a number
  presence,  ///< a flag without a value; in TOML true or false
};

/// One line of the table.
struct Setting {
  std::string_view key;   ///< as in TOML
  std::string_view what;  ///< a sentence for --help
  Shape shape = Shape::value;
  /// Code::usage when the text is no such value, or outside the range.
  Result<void> (*set)(Config& config, std::string_view text);
  /// The value as set() would take it.
  std::string (*show)(const Config& config);
};
[[nodiscard]] std::span<const Setting> settings();

/// "--ingest-bytes-max", "HOLDFAST_INGEST_BYTES_MAX"
[[nodiscard]] std::string flag_of(const Setting& setting);
[[nodiscard]] std::string variable_of(const Setting& setting);

/// Where values come from.
struct Origins {
  std::map<std::string, std::string, std::less<>> flags;  ///< key -> text, as far as given
  /// The value of an environment variable.
  std::function<std::optional<std::string>(const std::string& variable)> environment;
  std::string file;       ///< name of the TOML file, for messages
  std::string file_text;  ///< its content; empty: there is none
};

/// Code::usage, naming the key, where it was given, and the nearest key that exists.
[[nodiscard]] Result<Config> read_config(const Origins& origins);

/// Until there is access control, only this machine may talk to the server. Code::usage, with what
/// to do, for any other address.
[[nodiscard]] Result<void> check_loopback(std::string_view address);

}  // namespace holdfast::server
