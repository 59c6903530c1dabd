#include "cli/packages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include <fmt/format.h>

namespace holdfast::cli {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

const Bytes manifest = R"({"name":"acme.base","version":"1.2.3","fhirVersions":["4.0.1"]})";
const Bytes parameter =
    R"({"resourceType":"SearchParameter","url":"urn:a","code":"a","type":"token"})";

// ustar: name, size, type and checksum are what a reader looks at.
Bytes tar_of(const std::vector<std::pair<std::string, Bytes>>& files) {
  Bytes tar;
  for (const auto& [name, bytes] : files) {
    Bytes header(512, '\0');
    header.replace(0, name.size(), name);
    header.replace(100, 8, "0000644\0", 8);
    header.replace(124, 12, fmt::format("{:011o}", bytes.size()) + '\0');
    header.replace(148, 8, "        ");
    header[156] = '0';
    header.replace(257, 8,
                   "ustar\0"
                   "00",
                   8);
    unsigned sum = 0;
    for (const char c : header) {
      sum += static_cast<unsigned char>(c);
    }
    header.replace(148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
    tar += header + bytes + Bytes((512 - bytes.size() % 512) % 512, '\0');
  }
  return tar + Bytes(1024, '\0');
}

Bytes gzip(const Bytes& plain) {
  ::z_stream stream{};
  EXPECT_EQ(::deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  Bytes packed(::deflateBound(&stream, plain.size()), '\0');
  Bytes in = plain;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  return packed;
}

class PackagesTest : public testing::Test {
 protected:
  PackagesTest() : root_(fs::temp_directory_path() / fmt::format("packages.{}", ::getpid())) {
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  ~PackagesTest() override { fs::remove_all(root_); }

  void put(const std::string& name, const Bytes& bytes) {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary) << bytes;
  }
  std::string refusal() {
    const auto read = read_packages(root_.string());
    return read ? "read" : read.error().what;
  }
  fs::path root_;
};

TEST_F(PackagesTest, AreReadFromArchivesAndFoldersAlike) {
  const Bytes profile = R"({"resourceType":"StructureDefinition", "url":"urn:p"})";
  put("b.tgz", gzip(tar_of({{"package/package.json", manifest},
                            {"package/.index.json", "not looked at"},
                            {"package/example/bad.json", "not looked at"},
                            {"package/SearchParameter-a.json", parameter},
                            {"package/p.json", profile}})));
  put("c/package/package.json", manifest);
  put("c/package/v.json", R"({"resourceType":"ValueSet","url":"urn:v"})");
  put("c/package/same.json", parameter);  // the same twice is once
  put("c/package/built-in.json", R"({"resourceType":"SearchParameter",)"
                                 R"("url":"http://hl7.org/fhir/SearchParameter/Patient-active"})");
  put("c/package/ig.json", R"({"resourceType":"ImplementationGuide","url":"urn:i"})");
  put("d/package.json", manifest);  // unpacked without its outer folder
  put("d/s.json", R"({"resourceType":"CodeSystem","url":"urn:s"})");
  const auto read = read_packages(root_.string());
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_THAT(read->names, ElementsAre("acme.base 1.2.3", "acme.base 1.2.3", "acme.base 1.2.3"));
  EXPECT_THAT(read->search_parameters, ElementsAre(parameter));
  EXPECT_THAT(read->structure_definitions,
              ElementsAre(R"({"resourceType":"StructureDefinition","url":"urn:p"})"));
  EXPECT_EQ(read->value_sets.size(), 1U);
  EXPECT_EQ(read->code_systems.size(), 1U);
}

TEST_F(PackagesTest, ThatCannotBeUsedAreNamed) {
  put("x.tgz", gzip(tar_of({{"package/package.json", manifest}})).substr(0, 60));
  EXPECT_THAT(refusal(), testing::AllOf(HasSubstr("x.tgz"), HasSubstr("ends in the middle")));
  put("x.tgz", "no gzip");
  EXPECT_THAT(refusal(), testing::AllOf(HasSubstr("x.tgz"), HasSubstr("gzip")));
  fs::remove(root_ / "x.tgz");
  put("readme.txt", "hello");
  EXPECT_THAT(refusal(), HasSubstr("readme.txt: neither a folder nor a .tgz"));
  fs::remove(root_ / "readme.txt");
  put("e/nothing.json", "{}");
  EXPECT_THAT(refusal(), HasSubstr("e: it has no package.json"));
  put("e/package.json", R"({"name":"x","version":"1","fhirVersions":["5.0.0"]})");
  EXPECT_THAT(refusal(), HasSubstr("for FHIR [\"5.0.0\"]"));
  put("e/package.json", manifest);
  put("e/nothing.json", R"({"resourceType":"ValueSet")");
  EXPECT_THAT(refusal(), HasSubstr("package e: nothing.json"));
  put("e/nothing.json", R"({"resourceType":"ValueSet"})");
  EXPECT_THAT(refusal(), HasSubstr("a ValueSet without url"));
  put("e/nothing.json", parameter);
  put("f/package.json", manifest);
  put("f/other.json", R"({"resourceType":"SearchParameter","url":"urn:a","code":"b"})");
  EXPECT_THAT(refusal(), testing::AllOf(HasSubstr("package f: other.json"),
                                        HasSubstr("another than that of package e")));
  fs::remove_all(root_);
  EXPECT_THAT(refusal(), HasSubstr("folder of packages"));
}

}  // namespace
}  // namespace holdfast::cli
