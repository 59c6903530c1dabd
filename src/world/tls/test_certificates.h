// world/tls/test_certificates.h: for tests: certificates made on the spot. Nothing of them is kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "world/clock.h"
#include "world/tls/tls_context.h"
#include "world/tls/tls_handles.h"

namespace holdfast::testing {

inline constexpr Time certificates_now{1'767'225'600'000};  // 2026-01-01
inline constexpr std::int64_t ms_a_day = 86'400'000;

/// A wall clock that tests set.
struct SetClock final : Clock {
  [[nodiscard]] Time wall() const override { return now; }
  [[nodiscard]] Instant boot() const override { return {}; }
  [[nodiscard]] bool synchronised() const override { return true; }
  Time now = certificates_now;
};

inline TlsPem pem_of(std::string file, const X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  EXPECT_EQ(PEM_write_bio_X509(bio.get(), certificate), 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {std::move(file), Bytes(text, static_cast<std::size_t>(size))};
}

inline TlsPem pem_of(std::string file, EVP_PKEY* key, std::string_view passphrase = {}) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  EXPECT_EQ(PEM_write_bio_PKCS8PrivateKey(bio.get(), key,
                                          passphrase.empty() ? nullptr : EVP_aes_256_cbc(),
                                          passphrase.empty() ? nullptr : passphrase.data(),
                                          static_cast<int>(passphrase.size()), nullptr, nullptr),
            1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {std::move(file), Bytes(text, static_cast<std::size_t>(size))};
}

struct CertificateSpec {
  std::string name = "server.example";  ///< CN
  std::string alternative =
      "DNS:server.example";    ///< as OpenSSL writes subjectAltName; empty: none
  std::string usage;           ///< extendedKeyUsage; empty: none
  std::int64_t from_day = -1;  ///< of certificates_now
  std::int64_t to_day = 365;
};

class TestCa {
 public:
  explicit TestCa(const std::string& name = "Test CA", std::int64_t to_day = 3650)
      : key_(new_key()) {
    CertificateSpec spec;
    spec.name = name;
    spec.alternative.clear();
    spec.to_day = to_day;
    certificate_ = sign(spec, key_.get(), nullptr);
  }

  [[nodiscard]] TlsPem pem() const { return pem_of("ca.pem", certificate_.get()); }
  [[nodiscard]] TlsIdentity issue(const CertificateSpec& spec = {}) const {
    const KeyPtr key = new_key();
    const X509Ptr made = sign(spec, key.get(), certificate_.get());
    return {pem_of(spec.name + ".pem", made.get()), pem_of(spec.name + ".key", key.get())};
  }
  static KeyPtr new_key() { return KeyPtr(EVP_EC_gen("P-256")); }

 private:
  static void extend(X509* made, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, made, nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    EXPECT_NE(extension, nullptr) << value;
    X509_add_ext(made, extension, -1);
    X509_EXTENSION_free(extension);
  }

  /// `issuer` null: by itself.
  [[nodiscard]] X509Ptr sign(const CertificateSpec& spec, EVP_PKEY* key, X509* issuer) const {
    static long serial = 0;
    X509Ptr made(X509_new());
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
    const auto day = [](std::int64_t number) {
      return static_cast<std::time_t>((certificates_now.ms + number * ms_a_day) / 1000);
    };
    ASN1_TIME_set(X509_getm_notBefore(made.get()), day(spec.from_day));
    ASN1_TIME_set(X509_getm_notAfter(made.get()), day(spec.to_day));
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(spec.name.data()),
                               static_cast<int>(spec.name.size()), -1, 0);
    X509_set_issuer_name(made.get(),
                         X509_get_subject_name(issuer == nullptr ? made.get() : issuer));
    X509_set_pubkey(made.get(), key);
    extend(made.get(), issuer == nullptr ? made.get() : issuer, NID_basic_constraints,
           issuer == nullptr ? "critical,CA:TRUE" : "CA:FALSE");
    if (!spec.alternative.empty()) {
      extend(made.get(), issuer, NID_subject_alt_name, spec.alternative);
    }
    if (!spec.usage.empty()) {
      extend(made.get(), issuer, NID_ext_key_usage, spec.usage);
    }
    EXPECT_GT(X509_sign(made.get(), key_.get(), EVP_sha256()), 0);
    return made;
  }

  KeyPtr key_;
  X509Ptr certificate_;
};

}  // namespace holdfast::testing
