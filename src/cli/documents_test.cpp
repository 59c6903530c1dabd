#include "cli/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include <fmt/format.h>

namespace holdfast::cli {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class DocumentsTest : public testing::Test {
 protected:
  DocumentsTest() : root_(fs::temp_directory_path() / fmt::format("documents.{}", ::getpid())) {
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  ~DocumentsTest() override { fs::remove_all(root_); }

  std::string put(const std::string& name, const Bytes& bytes) {
    const fs::path path = root_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
  }
  static Bytes zstd(const Bytes& plain) {
    Bytes packed(ZSTD_compressBound(plain.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 3));
    return packed;
  }
  // One member as ustar writes it.
  static Bytes member(const std::string& name, const Bytes& bytes, char type = '0') {
    Bytes block(512, '\0');
    block.replace(0, name.size(), name);
    block.replace(100, 7, "0000644");
    block.replace(124, 11, fmt::format("{:011o}", bytes.size()));
    block.replace(148, 8, "        ");
    block[156] = type;
    block.replace(257, 6, std::string("ustar\0", 6));
    block.replace(263, 2, "00");
    unsigned sum = 0;
    for (const char c : block) {
      sum += static_cast<unsigned char>(c);
    }
    block.replace(148, 7, fmt::format("{:06o}", sum) + '\0');
    return block + bytes + Bytes((512 - bytes.size() % 512) % 512, '\0');
  }
  static Bytes end() { return Bytes(1024, '\0'); }

  struct Found {
    std::vector<std::string> names;
    std::vector<Bytes> bodies;
    std::vector<std::string> broken;
  };
  Found read_all(Documents& documents) {
    Found found;
    while (auto document = documents.next([](std::uint64_t) { return true; })) {
      EXPECT_EQ(document->number, found.names.size());
      found.names.push_back(fs::path(document->name).filename().string());
      found.bodies.push_back(document->bytes);
      found.broken.push_back(document->unreadable ? document->unreadable->what : "");
    }
    return found;
  }
  Found read(const std::vector<std::string>& paths) {
    auto documents = Documents::at(paths);
    EXPECT_TRUE(documents);
    return read_all(*documents);
  }

  fs::path root_;
};

TEST_F(DocumentsTest, ReadsPlainAndPackedFilesInOrderOfTheirNames) {
  put("in/b.json", "{\"b\":1}");
  put("in/a.json.zst", zstd("{\"a\":1}"));
  put("in/deeper/c.json", "{\"c\":1}");
  put("in/README.md", "text");
  auto documents = Documents::at({(root_ / "in").string()});
  ASSERT_TRUE(documents);
  const Found found = read_all(*documents);
  EXPECT_THAT(found.bodies, ElementsAre("{\"a\":1}", "{\"b\":1}", "{\"c\":1}"));
  EXPECT_THAT(documents->passed_over(), ElementsAre(HasSubstr("README.md")));
}

TEST_F(DocumentsTest, TarGivesEachFileWithItsOwnBytes) {
  const Bytes large(1'000'000, 'x');
  const Bytes tar = member("d/", "", '5') + member("d/a.json", "{}") + member("d/b.txt", "no") +
                    member("d/c.json", large) + member("d/e.json", "") + end();
  for (const bool packed : {false, true}) {
    const std::string path = packed ? put("x.tar.zst", zstd(tar)) : put("x.tar", tar);
    const Found found = read({path});
    ASSERT_EQ(found.bodies.size(), 3U);
    EXPECT_EQ(found.bodies[0], "{}");
    EXPECT_EQ(found.bodies[1], large);
    EXPECT_EQ(found.bodies[2], "");
  }
}

TEST_F(DocumentsTest, TarTakesLongNamesOfBothKinds) {
  const std::string name = "dir/" + std::string(150, 'n') + ".json";
  const std::string record = " path=" + name + "\n";
  const std::size_t length = record.size() + 3;
  const Bytes tar = member("pax", fmt::format("{}{}", length, record), 'x') +
                    member("short.json", "{\"pax\":1}") + member("long", name + '\0', 'L') +
                    member("cut.json", "{\"gnu\":1}") + member("plain.json", "{}") + end();
  const Found found = read({put("x.tar", tar)});
  const std::string file = std::string(150, 'n') + ".json";
  EXPECT_THAT(found.names, ElementsAre(file, file, "x.tar: plain.json"));
}

TEST_F(DocumentsTest, BrokenArchiveIsNamedAndTheNextFileStillRead) {
  const Bytes whole = member("a.json", "{\"a\":1}") + member("b.json", Bytes(5000, 'b')) + end();
  Bytes flipped = whole;
  flipped[512 + 512 + 3] = 'X';  // the name in the second header
  const Found found =
      read({put("cut.tar", whole.substr(0, 3000)), put("flipped.tar", flipped),
            put("no.tar.zst", "this is no zstd"),
            put("cut.json.zst", zstd(Bytes(100'000, 'q')).substr(0, 12)), put("z.json", "{}")});
  ASSERT_EQ(found.bodies.size(), 8U);
  EXPECT_EQ(found.bodies[0], "{\"a\":1}");
  EXPECT_THAT(found.broken[1], HasSubstr("ends within a file"));
  EXPECT_THAT(found.broken[2], HasSubstr("ends within a file"));
  EXPECT_EQ(found.bodies[3], "{\"a\":1}");
  EXPECT_THAT(found.broken[4], HasSubstr("sum is wrong"));
  EXPECT_THAT(found.broken[5], HasSubstr("zstd"));
  EXPECT_THAT(found.broken[6], HasSubstr("middle of a frame"));
  EXPECT_EQ(found.bodies[7], "{}");
}

TEST_F(DocumentsTest, NdjsonComesInPortionsOfWholeLines) {
  Bytes lines;
  for (int i = 0; i < 250; ++i) {
    lines += fmt::format("{{\"n\":{}}}\n", i);
  }
  lines += "{\"last\":true}";  // without a line end
  auto documents = Documents::at({put("x.ndjson", lines)});
  ASSERT_TRUE(documents);
  Bytes joined;
  std::vector<std::uint64_t> first;
  while (auto document = documents->next([](std::uint64_t) { return true; })) {
    EXPECT_EQ(document->kind, DocumentKind::lines);
    first.push_back(document->first_line);
    joined += document->bytes;
  }
  EXPECT_EQ(joined, lines);
  EXPECT_THAT(first, ElementsAre(1, 101, 201));
}

TEST_F(DocumentsTest, NdjsonPortionsAreBoundedInBytesToo) {
  const Bytes line = Bytes(400'000, 'x') + "\n";
  const Found found = read({put("x.ndjson", line + line + line + line + line)});
  ASSERT_EQ(found.bodies.size(), 3U);
  EXPECT_EQ(found.bodies[0].size(), 2 * line.size());
  EXPECT_EQ(found.bodies[2].size(), line.size());
}

TEST_F(DocumentsTest, NumbersAreTheSameInEveryPass) {
  Bytes lines;
  for (int i = 0; i < 250; ++i) {
    lines += "{}\n";
  }
  const Bytes tar = member("a.json", "{\"a\":1}") + member("l.ndjson", lines) +
                    member("z.json", "{\"z\":1}") + end();
  auto documents = Documents::at({put("x.tar", tar), put("y.json", "{\"y\":1}")});
  ASSERT_TRUE(documents);
  EXPECT_EQ(read_all(*documents).bodies.size(), 6U);
  documents->rewind();
  std::vector<Bytes> wanted;
  const auto only = [](std::uint64_t number) { return number == 0 || number >= 4; };
  while (auto document = documents->next(only)) {
    if (only(document->number)) {
      wanted.push_back(document->bytes);
    } else {
      EXPECT_EQ(document->bytes, "");
    }
  }
  EXPECT_THAT(wanted, ElementsAre("{\"a\":1}", "{\"z\":1}", "{\"y\":1}"));
}

TEST_F(DocumentsTest, TooLargeADocumentIsRefusedWithoutKeepingIt) {
  const Bytes huge(document_bytes_max + 1, ' ');
  const Found found =
      read({put("x.json.zst", zstd(huge)), put("x.ndjson.zst", zstd("{}\n" + huge + "\n{}\n")),
            put("y.json", "{}")});
  ASSERT_EQ(found.bodies.size(), 4U);
  EXPECT_THAT(found.broken[0], HasSubstr("more than"));
  EXPECT_EQ(found.bodies[1].size(), 3U);
  EXPECT_THAT(found.broken[2], HasSubstr("more than"));
  EXPECT_EQ(found.bodies[3], "{}");
}

TEST_F(DocumentsTest, PathsThatMakeNoSenseAreUsage) {
  for (const std::string& path : {(root_ / "none").string(), put("x.docx", "x")}) {
    const auto documents = Documents::at({path});
    ASSERT_FALSE(documents);
    EXPECT_EQ(documents.error().code, Code::usage);
  }
}

}  // namespace
}  // namespace holdfast::cli
