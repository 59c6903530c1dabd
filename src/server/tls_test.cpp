#include "server/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/carriers.h"
#include "server/config.h"
#include "world/tls/test_certificates.h"

namespace holdfast::server {
namespace {

using ::testing::HasSubstr;

struct Files {
  Files() {
    TlsIdentity identity = ca.issue();
    all["own.pem"] = identity.certificate.text;
    all["own.key"] = identity.key.text;
    all["ca.pem"] = ca.pem().text;
  }
  TlsReader reader() {
    const auto read = [this](const std::string& path) -> Result<Bytes> {
      const auto found = all.find(path);
      if (found == all.end()) {
        return fail(Code::usage, "cannot open the file");
      }
      return found->second;
    };
    return {read, read};
  }
  holdfast::testing::TestCa ca;
  std::map<std::string, Bytes> all;
};

struct Made {
  std::string why;
  Config config;
};
Made make(const std::string& text) {
  Files files;
  Origins origins;
  origins.file = "holdfast.toml";
  origins.file_text = text;
  auto config = read_config(origins);
  if (!config) {
    return {config.error().what, {}};
  }
  const auto done = make_tls(*config, files.reader(), holdfast::testing::certificates_now);
  return {done ? std::string() : done.error().what, *std::move(config)};
}

constexpr const char* listener =
    "mllp_tls = '127.0.0.1:0'\nmllp_tls_certificate = 'own.pem'\nmllp_tls_key = 'own.key'\n";
constexpr const char* channel =
    "[[channel]]\nname = 'gp'\nto = '127.0.0.1:1'\nroute = [{type = 'Patient'}]\n";

TEST(MakeTls, WithoutTlsNothingIsMade) {
  const Made made = make(channel);
  EXPECT_EQ(made.why, "");
  EXPECT_EQ(made.config.tls.mllp, nullptr);
  EXPECT_TRUE(made.config.tls.expiries().empty());
}

TEST(MakeTls, ListenerAndChannelsHaveTheirContexts) {
  const Made made =
      make(std::string(listener) + "mllp_tls_client_ca = 'ca.pem'\n" + channel +
           "tls = true\ntls_ca = 'ca.pem'\ntls_certificate = 'own.pem'\ntls_key = 'own.key'\n");
  EXPECT_EQ(made.why, "");
  EXPECT_NE(made.config.tls.mllp, nullptr);
  EXPECT_EQ(made.config.tls.channels.count("gp"), 1U);
  EXPECT_EQ(made.config.tls.expiries().size(), 2U) << "own.pem and ca.pem, each once";
}

TEST(MakeTls, AChannelToAFhirServerHasItsContext) {
  const Made made = make(
      "[[channel]]\nname = 'gp'\nkind = 'fhir'\nto = 'https://gp.example/fhir'\ntls = true\n"
      "tls_ca = 'ca.pem'\nroute = [{type = 'Patient'}]\n");
  EXPECT_EQ(made.why, "");
  EXPECT_EQ(made.config.tls.channels.count("gp"), 1U);
}

TEST(MakeTls, FilesAreReadAgainAllOrNone) {
  Made made = make(std::string(listener) + channel + "tls = true\ntls_ca = 'ca.pem'\n");
  ASSERT_EQ(made.why, "");
  Files files;  // another CA, other keys
  const auto again = read_tls(made.config, files.reader(), holdfast::testing::certificates_now);
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_NE(again->mllp, made.config.tls.mllp);
  EXPECT_NE(again->channels.at("gp"), made.config.tls.channels.at("gp"));
  files.all["ca.pem"] = "torn";
  const auto torn = read_tls(made.config, files.reader(), holdfast::testing::certificates_now);
  ASSERT_FALSE(torn);
  EXPECT_THAT(torn.error().what, HasSubstr("channel gp: ca.pem holds no certificate"));
}

TEST(FhirBase, HasItsPortByItsScheme) {
  EXPECT_EQ(read_fhir_base("https://gp.example/fhir/")->address, "gp.example:443");
  EXPECT_EQ(read_fhir_base("https://gp.example/fhir/")->path, "/fhir");
  EXPECT_EQ(read_fhir_base("http://gp.example")->address, "gp.example:80");
  EXPECT_EQ(read_fhir_base("https://gp.example:8443/r4")->address, "gp.example:8443");
  EXPECT_EQ(read_fhir_base("ftp://gp.example").error().code, Code::usage);
}

TEST(MakeTls, WhatIsMissingOrOfNoUseIsSaid) {
  const std::string own = "[[neighbour]]\nname = 'lab'\nsenders = ['LAB']\ncertificates = ['a']\n";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"mllp_tls = '127.0.0.1:0'\n", "needs mllp_tls_certificate and mllp_tls_key"},
      {"mllp_tls_key = 'own.key'\n", "go with mllp_tls"},
      {std::string(listener) + own, "neighbour lab is known by certificates"},
      {own, "neighbour lab is known by certificates"},
      {std::string(listener) + "mllp_tls_client_ca = 'none.pem'\n", "none.pem: cannot open"},
      {"mllp_tls = '127.0.0.1:0'\nmllp_tls_certificate = 'ca.pem'\nmllp_tls_key = 'own.key'\n",
       "own.key holds the key of another certificate than ca.pem does"},
      {std::string(channel) + "tls = true\n", "tls needs tls_ca"},
      {std::string(channel) + "tls_ca = 'ca.pem'\n", "go with tls = true"},
      {std::string(channel) + "tls = 'yes'\n", "tls is neither true nor false"},
      {std::string(channel) + "tls = true\ntls_ca = 'ca.pem'\ntls_key = 'own.key'\n",
       "tls_certificate and tls_key go together"},
      {std::string(channel) + "tls = true\ntls_ca = 'own.key'\n",
       "channel gp: own.key holds no certificate"},
      {std::string(channel) + "kind = 'folder'\ntls = true\ntls_ca = 'ca.pem'\n",
       "tls is for channels over MLLP and to FHIR servers"},
      {"[[channel]]\nname = 'gp'\nkind = 'fhir'\nto = 'https://gp/fhir'\nroute = [{type = "
       "'Patient'}]\n",
       "https:// takes tls = true, and tls_ca"},
      {"[[channel]]\nname = 'gp'\nkind = 'fhir'\nto = 'http://gp/fhir'\ntls = true\ntls_ca = "
       "'ca.pem'\nroute = [{type = 'Patient'}]\n",
       "tls = true takes an address that begins with https://"}};
  for (const auto& [text, says] : cases) {
    EXPECT_THAT(make(text).why, HasSubstr(says)) << text;
  }
}

}  // namespace
}  // namespace holdfast::server
