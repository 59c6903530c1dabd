#include "cli/certificates.h"

#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/machine.h"
#include "world/real/real_clock.h"

namespace holdfast::cli {
namespace {

/// A bundle of all public CAs has a quarter of that.
constexpr std::uint64_t pem_bytes_max = std::uint64_t{1} << 20U;

Result<Bytes> read_certificate_file(const std::string& path) {
  return read_text_file(path, pem_bytes_max);
}

Result<TlsPem> read_pem(const std::string& path) {
  auto text = read_certificate_file(path);
  if (!text) {
    return fail(Code::usage, fmt::format("{}: {}", path, text.error().what));
  }
  return TlsPem{path, *std::move(text)};
}

Result<std::optional<TlsIdentity>> read_identity(const CertificateFlags& flags) {
  if (flags.certificate.empty() != flags.key.empty()) {
    return fail(Code::usage, "--cert and --key go together");
  }
  if (flags.certificate.empty()) {
    return std::nullopt;
  }
  TlsIdentity identity;
  TRY(identity.certificate, read_pem(flags.certificate));
  auto key = read_key_file(flags.key);
  if (!key) {
    return fail(Code::usage, fmt::format("{}: {}", flags.key, key.error().what));
  }
  identity.key = {flags.key, *std::move(key)};
  return identity;
}

}  // namespace

Result<Bytes> read_key_file(const std::string& path) {
  struct ::stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return fail(Code::usage, "cannot open the file: " + std::generic_category().message(errno));
  }
  const bool roots = status.st_uid == 0 && ::geteuid() != 0;
  const ::mode_t forbidden = roots ? 037U : 077U;
  if ((status.st_mode & forbidden) != 0) {
    return fail(Code::usage,
                fmt::format("others can read this private key (mode {:o}): chmod go= it, and if "
                            "they may have read it, make a new one",
                            status.st_mode & 07777U));
  }
  return read_text_file(path, pem_bytes_max);
}

server::TlsReader certificate_reader() { return {read_certificate_file, read_key_file}; }

Result<std::shared_ptr<const TlsContext>> client_context(const CertificateFlags& flags) {
  if (flags.ca.empty()) {
    return fail(Code::usage, "--tls needs --ca FILE: who vouches for the receiver's certificate");
  }
  TRY(const TlsPem ca, read_pem(flags.ca));
  TRY(const auto identity, read_identity(flags));
  return TlsContext::for_client(ca, identity, RealClock().wall());
}

Result<std::shared_ptr<const TlsContext>> server_context(const CertificateFlags& flags) {
  TRY(const auto identity, read_identity(flags));
  if (!identity) {
    return fail(Code::usage, "--tls needs --cert FILE and --key FILE");
  }
  std::optional<TlsPem> ca;
  if (!flags.ca.empty()) {
    TRY(ca, read_pem(flags.ca));
  }
  return TlsContext::for_server(*identity, ca, RealClock().wall());
}

}  // namespace holdfast::cli
