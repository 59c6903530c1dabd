// cli/certificates.h: reads certificates and keys, and makes what `holdfast hl7` needs of them.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "server/tls.h"
#include "world/tls/tls_context.h"

namespace holdfast::cli {

/// A private key. Code::usage where anybody but its owner may read it; a key that belongs to root
/// may be readable by a group (mode 640), as packages install them.
[[nodiscard]] Result<Bytes> read_key_file(const std::string& path);

/// Over this machine's files.
[[nodiscard]] server::TlsReader certificate_reader();

/// Paths as flags give them; empty: not given.
struct CertificateFlags {
  std::string ca;
  std::string certificate;
  std::string key;
};
/// Of the flags --ca, --cert and --key. Code::usage.
[[nodiscard]] Result<std::shared_ptr<const TlsContext>> client_context(
    const CertificateFlags& flags);
[[nodiscard]] Result<std::shared_ptr<const TlsContext>> server_context(
    const CertificateFlags& flags);

}  // namespace holdfast::cli
