#include "world/tls/tls_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "world/tls/test_certificates.h"

namespace holdfast {
namespace {

using testing::certificates_now;
using testing::CertificateSpec;
using ::testing::HasSubstr;
using testing::TestCa;

std::string refused(const TlsIdentity& identity, const std::optional<TlsPem>& ca = {}) {
  const auto made = TlsContext::for_server(identity, ca, certificates_now);
  if (made) {
    return "taken";
  }
  EXPECT_EQ(made.error().code, Code::usage);
  return made.error().what;
}

TEST(TlsContext, TakesACertificateWithItsKeyAndKnowsWhenItEnds) {
  const TestCa ca;
  const auto made = TlsContext::for_server(ca.issue(), ca.pem(), certificates_now);
  ASSERT_TRUE(made) << made.error().what;
  ASSERT_EQ((*made)->expiries().size(), 2U);
  EXPECT_EQ((*made)->expiries()[0].file, "server.example.pem");
  EXPECT_EQ(days_until((*made)->expiries()[0].end, certificates_now), 365);
  EXPECT_EQ((*made)->expiries()[1].file, "ca.pem");
  EXPECT_EQ(days_until((*made)->expiries()[1].end, certificates_now), 3650);
}

TEST(TlsContext, DaysAreWholeAndNegativeAfterwards) {
  EXPECT_EQ(days_until({86'400'000}, {0}), 1);
  EXPECT_EQ(days_until({86'399'999}, {0}), 0);
  EXPECT_EQ(days_until({0}, {1}), -1);
  EXPECT_EQ(days_until({0}, {86'400'001}), -2);
}

TEST(TlsContext, KeyOfAnotherCertificateIsRefused) {
  const TestCa ca;
  TlsIdentity mixed = ca.issue();
  mixed.key = testing::pem_of("other.key", TestCa::new_key().get());
  EXPECT_EQ(refused(mixed),
            "other.key holds the key of another certificate than server.example.pem does");
}

TEST(TlsContext, ExpiredAndNotYetValidCertificatesAreRefused) {
  const TestCa ca;
  CertificateSpec spec;
  spec.to_day = 0;
  spec.from_day = -10;
  TlsIdentity old = ca.issue(spec);
  EXPECT_EQ(refused(old), "taken") << "until the second in which it ends";
  spec.to_day = -1;
  EXPECT_EQ(
      refused(ca.issue(spec)),
      "server.example.pem holds a certificate that expired on 2025-12-31 (CN=server.example)");
  spec.from_day = 1;
  spec.to_day = 2;
  EXPECT_THAT(refused(ca.issue(spec)), HasSubstr("is valid from 2026-01-02 on only"));
  EXPECT_THAT(refused(ca.issue(), TestCa("Old CA", -1).pem()),
              HasSubstr("ca.pem holds a certificate that expired on 2025-12-31 (CN=Old CA)"));
}

TEST(TlsContext, OneCaOfAFileThatCountsIsEnough) {
  const TestCa ca;
  TlsPem both = TestCa("Old CA", -1).pem();
  both.text += ca.pem().text;
  EXPECT_EQ(refused(ca.issue(), both), "taken");
}

TEST(TlsContext, WhatIsNoPemIsNamed) {
  const TestCa ca;
  const TlsIdentity good = ca.issue();
  EXPECT_EQ(refused({{"c.pem", "hello"}, good.key}), "c.pem holds no certificate in PEM form");
  EXPECT_EQ(refused({{"c.pem", ""}, good.key}), "c.pem holds no certificate in PEM form");
  EXPECT_EQ(refused({good.certificate, {"k.pem", "hello"}}),
            "k.pem holds no private key in PEM form");
  EXPECT_EQ(refused({good.certificate, {"k.pem", good.certificate.text}}),
            "k.pem holds no private key in PEM form");
  TlsIdentity cut = good;
  cut.certificate.text += good.certificate.text.substr(0, 100);
  EXPECT_THAT(refused(cut), HasSubstr("holds something that is no certificate"));
  EXPECT_THAT(refused(good, TlsPem{"ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n"}),
              HasSubstr("ca.pem holds no certificate"));
}

TEST(TlsContext, EncryptedKeyIsRefusedAndNobodyIsAsked) {
  const TestCa ca;
  TlsIdentity identity = ca.issue();
  identity.key = testing::pem_of("secret.key", TestCa::new_key().get(), "passphrase");
  EXPECT_THAT(refused(identity), HasSubstr("secret.key holds an encrypted key"));
}

TEST(TlsContext, WeakKeyIsRefused) {
  const KeyPtr key(EVP_RSA_gen(1024));
  const X509Ptr made(X509_new());
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_TIME_set(X509_getm_notBefore(made.get()), certificates_now.ms / 1000 - 1);
  ASN1_TIME_set(X509_getm_notAfter(made.get()), certificates_now.ms / 1000 + 1000);
  X509_set_pubkey(made.get(), key.get());
  ASSERT_GT(X509_sign(made.get(), key.get(), EVP_sha256()), 0);
  EXPECT_EQ(
      refused({testing::pem_of("weak.pem", made.get()), testing::pem_of("weak.key", key.get())}),
      "weak.pem holds a certificate that cannot be used: ee key too small");
}

}  // namespace
}  // namespace holdfast
