// server/tls.h: the certificates of the configuration: which files, and what is in them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "world/tls/tls_context.h"

namespace holdfast::server {

struct Config;

/// Of the MLLP listener over TLS; as paths.
struct TlsFiles {
  std::string certificate;
  std::string key;
  std::string client_ca;  ///< empty: clients show no certificate
};

struct TlsContexts {
  std::shared_ptr<const TlsContext> mllp;  ///< null: no listener over TLS
  std::map<std::string, std::shared_ptr<const TlsContext>, std::less<>> channels;  ///< by name

  /// When each file's certificates end; no file twice.
  [[nodiscard]] std::vector<TlsExpiry> expiries() const;
};

/// Reads files: whoever may touch them. A key that others may read is refused there.
struct TlsReader {
  std::function<Result<Bytes>(const std::string& path)> certificate;
  std::function<Result<Bytes>(const std::string& path)> key;
};

/// Of all the files that the configuration names, as they are now: to be read again while
/// connections last. Code::usage says which file is of no use, and why.
[[nodiscard]] Result<TlsContexts> read_tls(const Config& config, const TlsReader& reader, Time now);

/// Makes config.tls of all the files that the configuration names. Code::usage says what is
/// missing, of no use, or wrong in which file; also where a neighbour is known by certificates that
/// no connection could show.
[[nodiscard]] Result<void> make_tls(Config& config, const TlsReader& reader, Time now);

}  // namespace holdfast::server
