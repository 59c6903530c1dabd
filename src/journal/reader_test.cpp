#include "journal/reader.h"

#include <filesystem>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "journal/test_journal.h"
#include "world/real/real_disk.h"

namespace holdfast::journal {
namespace {

class Reading : public ::testing::Test {
 protected:
  void SetUp() override {
    journal.create_and_open();
    SimRandom sizes(3);
    for (int i = 0; i < 200; ++i) {
      commands.push_back(fmt::format("{}:{}", i, Bytes(sizes.below(2'000), 'x')));
      journal.write({commands.back()});
    }
    count = commands.size();
  }
  MemoryDisk disk;
  TestJournal journal{disk, 128U << 10U};
  std::vector<Bytes> commands;
  std::uint64_t count = 0;
};

TEST_F(Reading, ByPositionGivesEachEntryInAnyOrder) {
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t position = 1 + i * 77 % count;
      const auto record = journal.opened.reader->read({position});
      ASSERT_TRUE(record) << record.error().what;
      EXPECT_EQ(record->header.position.value, position);
      EXPECT_EQ(record->command(), commands[position - 1]);
    }
    ASSERT_TRUE(journal.open());
  }
  EXPECT_EQ(journal.opened.reader->read({count + 1}).error().code, Code::not_found);
}

TEST_F(Reading, FromAnywhereGivesAllThatFollowsInOrder) {
  for (const std::uint64_t from : {std::uint64_t{1}, std::uint64_t{2}, count / 2, count}) {
    Cursor cursor = journal.opened.reader->from({from});
    for (std::uint64_t position = from; position <= count; ++position) {
      EXPECT_EQ(cursor.position().value, position);
      const auto record = cursor.next();
      ASSERT_TRUE(record && *record);
      EXPECT_EQ((*record)->command(), commands[position - 1]);
    }
    const auto end = cursor.next();
    ASSERT_TRUE(end);
    EXPECT_FALSE(*end);
  }
}

TEST_F(Reading, GoesOnWhenTheJournalGrows) {
  Cursor cursor = journal.opened.reader->from({count});
  ASSERT_TRUE(*cursor.next());
  for (int i = 0; i < 300; ++i) {
    ASSERT_FALSE(*cursor.next());
    const Bytes command = fmt::format("later {}", i);
    journal.write({command, Bytes(1'000, 'y')});
    ASSERT_TRUE(journal.opened.reader->read(journal.opened.reader->durable()));
    const auto first = cursor.next();
    ASSERT_TRUE(first && *first) << first.error().what;
    EXPECT_EQ((*first)->command(), command);
    ASSERT_TRUE(*cursor.next());
  }
}

TEST_F(Reading, HeadersOnlyGiveTheSameChain) {
  Cursor headers = journal.opened.reader->from({1});
  Cursor records = journal.opened.reader->from({1});
  Hash before;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto header = headers.next_header();
    const auto record = records.next();
    ASSERT_TRUE(header && *header && record && *record);
    EXPECT_EQ((*header)->hash, (*record)->header.hash);
    EXPECT_EQ((*header)->previous_hash, before);
    before = (*header)->hash;
  }
  EXPECT_EQ(before, journal.opened.writer->durable().hash);
}

// A view holds position and hash; another hash is an error, not something to patch.
TEST_F(Reading, AViewWithAnotherHashIsRefused) {
  for (const std::uint64_t position : {std::uint64_t{1}, count / 2, count - 1}) {
    const Hash hash = journal.opened.reader->read({position})->header.hash;
    Cursor good = journal.opened.reader->from({position + 1}, hash);
    EXPECT_TRUE(good.next());
    Cursor bad = journal.opened.reader->from({position + 1}, sha256("another"));
    const auto refused = bad.next();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::corrupt);
    EXPECT_FALSE(bad.next()) << "it stays there";
  }
  Cursor genesis = journal.opened.reader->from({1}, Hash{});
  EXPECT_TRUE(genesis.next());
}

TEST_F(Reading, StopsAtFirstBrokenHash) {
  Bytes& bytes = disk.bytes("segments/00000001.seg");
  std::uint64_t at = segment_header_bytes;
  const auto first = decode_header(BytesView(bytes).substr(at), journal.community, std::nullopt);
  at += first->record_bytes();
  Header second = *decode_header(BytesView(bytes).substr(at), journal.community, std::nullopt);
  second.previous_hash = sha256("a fork");
  const auto forged = encode_header(second, journal.community);
  bytes.replace(at, forged.size(), BytesView(forged.data(), forged.size()));
  ASSERT_TRUE(journal.open());
  Cursor cursor = journal.opened.reader->from({1});
  ASSERT_TRUE(cursor.next());
  const auto broken = cursor.next();
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, Code::corrupt);
  EXPECT_NE(broken.error().where.find("00000001.seg"), std::string::npos);
  EXPECT_FALSE(cursor.next()) << "it stays there";
}

// A record may hold a copy of older records of its own segment, magic and all: nobody is fooled,
// even where a search for the next record goes through it.
TEST(Search, ACopyOfTheJournalInAPayloadIsNotTheJournal) {
  MemoryDisk disk;
  TestJournal journal(disk, 64U << 10U);
  journal.create_and_open();
  journal.write({"one"});
  journal.write({"two"});
  const Bytes copy = disk.contents().at("segments/00000001.seg")->substr(segment_header_bytes, 440);
  for (std::size_t shift = 0; shift < 8; ++shift) {
    journal.write({Bytes(shift, ' ') + copy});
  }
  journal.write({"last"});
  ASSERT_TRUE(journal.seal());
  ASSERT_TRUE(journal.open());
  EXPECT_EQ(journal.commands().size(), 11U);
  EXPECT_TRUE(journal.scrub()->damage.empty());
  // The header of the third is hit: the search for the fourth passes the copy inside the third.
  Bytes& bytes = disk.bytes("segments/00000001.seg");
  std::uint64_t at = segment_header_bytes;
  for (int i = 0; i < 2; ++i) {
    at +=
        decode_header(BytesView(bytes).substr(at), journal.community, std::nullopt)->record_bytes();
  }
  bytes[at] = static_cast<char>(bytes[at] + 1);
  ASSERT_TRUE(journal.open());
  ASSERT_EQ(journal.opened.report.damage.size(), 1U);
  EXPECT_EQ(journal.opened.report.damage[0].first, Position{3});
  EXPECT_EQ(journal.opened.report.damage[0].last, Position{3});
}

/// A journal in a folder of the machine, gone at the test's end.
class OnRealDisk : public ::testing::Test {
 protected:
  OnRealDisk() {
    std::string pattern = (std::filesystem::temp_directory_path() / "holdfast-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    root = pattern;
    disk = RealDisk::open_root(root, RootMode::must_exist).value();
    journal = std::make_unique<TestJournal>(*disk, 64U << 10U);
    journal->create_and_open();
  }
  ~OnRealDisk() override {
    journal.reset();
    std::filesystem::remove_all(root);
  }
  void write(const Bytes& command) {
    journal->write({command});
    if (journal->opened.writer->wants_preparation()) {
      ASSERT_TRUE(journal->prepare());
    }
  }
  std::string root;
  std::unique_ptr<RealDisk> disk;
  std::unique_ptr<TestJournal> journal;
};

TEST_F(OnRealDisk, AJournalComesBack) {
  std::vector<Bytes> commands;
  for (int i = 0; i < 100; ++i) {
    commands.push_back(fmt::format("{}:{}", i, Bytes(2'000, 'x')));
    write(commands.back());
  }
  ASSERT_TRUE(journal->open());
  EXPECT_EQ(journal->commands(), commands);
  EXPECT_EQ(journal->opened.report.rewritten, 1U);
  EXPECT_TRUE(journal->scrub()->damage.empty());
}

// Readers on threads of their own: by position and in order, up to what is durable just then.
class EagerReader {
 public:
  EagerReader(Reader& reader, std::uint64_t seed) : reader_(reader), random_(seed) {}
  void run(std::uint64_t until) {
    Cursor cursor = reader_.from({1});
    for (std::uint64_t seen = 0; seen < until;) {
      const auto record = cursor.next();
      if (!record) {
        return;
      }
      if (!*record) {
        std::this_thread::yield();
        continue;
      }
      ++seen;
      const std::uint64_t position = 1 + random_.below(reader_.durable().value);
      const auto other = reader_.read({position});
      good = good && (*record)->command() == command(seen) && other &&
             other->command() == command(position);
      read = seen;
    }
  }
  static Bytes command(std::uint64_t position) {
    return fmt::format("{}:{}", position, Bytes(position * 37 % 3'000, 'x'));
  }
  bool good = true;
  std::uint64_t read = 0;

 private:
  Reader& reader_;
  SimRandom random_;
};

TEST_F(OnRealDisk, ThreadsReadWhileTheWriterWrites) {
  constexpr std::uint64_t entries = 300;
  std::vector<std::unique_ptr<EagerReader>> readers;
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < 3; ++i) {
    readers.push_back(std::make_unique<EagerReader>(*journal->opened.reader, i));
    threads.emplace_back(&EagerReader::run, readers.back().get(), entries);
  }
  for (std::uint64_t position = 1; position <= entries; ++position) {
    write(EagerReader::command(position));
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const auto& reader : readers) {
    EXPECT_TRUE(reader->good);
    EXPECT_EQ(reader->read, entries);
  }
}

TEST_F(OnRealDisk, AKeyFileIsForItsOwnerOnly) {
  const auto file = disk->open("key", OpenMode::create_private);
  ASSERT_TRUE(file);
  EXPECT_TRUE((*file)->write(0, "secret"));
  EXPECT_EQ(std::filesystem::status(root + "/key").permissions() & std::filesystem::perms::all,
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(disk->open("key", OpenMode::create_private).error().code, Code::conflict);
}

}  // namespace
}  // namespace holdfast::journal
