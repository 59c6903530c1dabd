#include "world/tls/tls_handles.h"

#include <array>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/check.h"
#include "base/hash.h"

namespace holdfast {
namespace {

constexpr std::int64_t seconds_a_day = 86'400;

struct FreeNames {
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

std::string utf8_of(const ASN1_STRING* text) {
  unsigned char* made = nullptr;
  const int size = ASN1_STRING_to_UTF8(&made, text);
  if (size < 0) {
    ERR_clear_error();
    return {};
  }
  std::string copy(reinterpret_cast<const char*>(made), static_cast<std::size_t>(size));
  OPENSSL_free(made);
  return copy;
}

// A name with a NUL in it is two names for two readers: it is nobody's.
std::string name_of(const ASN1_STRING* text) {
  std::string name = utf8_of(text);
  return name.find('\0') == std::string::npos ? name : std::string();
}

Time time_of(const ASN1_TIME* time) {
  struct FreeTime {
    void operator()(ASN1_TIME* made) const { ASN1_TIME_free(made); }
  };
  const std::unique_ptr<ASN1_TIME, FreeTime> epoch(ASN1_TIME_set(nullptr, 0));
  int days = 0;
  int rest = 0;
  if (epoch == nullptr || ASN1_TIME_diff(&days, &rest, epoch.get(), time) != 1) {
    ERR_clear_error();
    return {};  // no time: as good as long ago
  }
  return {(std::int64_t{days} * seconds_a_day + rest) * 1000};
}

}  // namespace

BioPtr bio_over(BytesView text) {
  BioPtr bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  check(bio != nullptr, "memory for a BIO");
  return bio;
}

std::string openssl_says() {
  const unsigned long last = ERR_peek_last_error();  // what it meant for TLS; before it, why
  const char* const reason = last == 0 ? nullptr : ERR_reason_error_string(last);
  std::string text = reason != nullptr ? reason : "the connection failed";
  ERR_clear_error();
  return text;
}

std::string subject_of(const X509* certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  check(bio != nullptr, "memory for a BIO");
  // RFC 2253 escapes what is not printable: fit for a log line.
  X509_NAME_print_ex(bio.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  std::string text(BIO_ctrl_pending(bio.get()), '\0');
  if (!text.empty()) {
    BIO_read(bio.get(), text.data(), static_cast<int>(text.size()));
  }
  return text;
}

PeerCertificate describe(X509* certificate) {
  PeerCertificate shown;
  shown.subject = subject_of(certificate);
  const X509_NAME* const subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at >= 0) {
    shown.common_name = name_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  }
  const std::unique_ptr<GENERAL_NAMES, FreeNames> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) {
      if (std::string dns = name_of(name->d.dNSName); !dns.empty()) {
        shown.dns_names.push_back(std::move(dns));
      }
    }
  }
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  check(size > 0, "a certificate that was read can be written");
  const BytesView form(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  shown.sha256 = to_hex(sha256(form).view());
  OPENSSL_free(der);
  ERR_clear_error();
  return shown;
}

Time not_after(const X509* certificate) { return time_of(X509_get0_notAfter(certificate)); }
Time not_before(const X509* certificate) { return time_of(X509_get0_notBefore(certificate)); }

}  // namespace holdfast
