// Edit, delete, reorder, truncate, roll back and fork: each is found, by the scrub alone or by a
// checkpoint that was kept elsewhere.
#include "journal/scrub.h"

#include <string>

#include <fmt/format.h>

#include "journal/checkpoint.h"
#include "journal/test_journal.h"

namespace holdfast::journal {
namespace {

const char* const second_segment = "segments/00000002.seg";

class Tampering : public ::testing::Test {
 protected:
  void SetUp() override {
    journal.create_and_open();
    fill(journal, 'x');
  }
  static void fill(TestJournal& into, char letter) {
    while (into.opened.segments->all().size() < 4) {
      into.write({fmt::format("{}", Bytes(300, letter))});
    }
    ASSERT_TRUE(into.seal());
  }
  /// Offset of the n-th record of a segment, from 0.
  std::uint64_t offset(const Bytes& segment, std::uint64_t n) const {
    std::uint64_t at = segment_header_bytes;
    for (; n > 0; --n) {
      at += decode_header(BytesView(segment).substr(at), journal.community, std::nullopt)
                ->record_bytes();
    }
    return at;
  }
  /// What a scrub finds after an opening for inspection.
  ScrubReport scrub() {
    journal.options.access = Access::inspect;
    EXPECT_TRUE(journal.open());
    return journal.scrub().value();
  }

  MemoryDisk disk;
  TestJournal journal{disk};
};

TEST_F(Tampering, NoneIsReportedWhereThereIsNone) {
  const ScrubReport report = scrub();
  EXPECT_TRUE(report.damage.empty());
  EXPECT_EQ(report.entries, journal.opened.report.head.position.value);
  EXPECT_EQ(report.head, journal.opened.report.head.hash);
  Frontier tree;
  Cursor cursor = journal.opened.reader->from({1});
  for (auto header = cursor.next_header(); header && *header; header = cursor.next_header()) {
    tree.append((*header)->hash);
  }
  ASSERT_TRUE(report.root);
  EXPECT_EQ(*report.root, tree.root());
}

// With checksums, hash and payload hash all made good again, the chain still tells.
TEST_F(Tampering, AnEditIsFoundByTheChain) {
  Bytes& bytes = disk.bytes(second_segment);
  const std::uint64_t at = offset(bytes, 3);
  Header header = *decode_header(BytesView(bytes).substr(at), journal.community, std::nullopt);
  const Bytes command(header.command_bytes, 'e');
  header.payload_hash = payload_hash(sha256(command), sha256("done"));
  Bytes forged;
  append_record(forged, header, journal.community, command, "done");
  bytes.replace(at, forged.size(), forged);
  const ScrubReport report = scrub();
  ASSERT_EQ(report.damage_count, 1U);
  EXPECT_NE(report.damage[0].what.find("chain"), std::string::npos);
  EXPECT_EQ(report.damage[0].first, header.position.next());
  EXPECT_FALSE(report.root);
}

TEST_F(Tampering, ADeletedEntryIsFound) {
  Bytes& bytes = disk.bytes(second_segment);
  const std::uint64_t from = offset(bytes, 3);
  const std::uint64_t until = offset(bytes, 4);
  bytes.erase(from, until - from);
  bytes.resize(journal.options.segment_bytes);
  const ScrubReport report = scrub();
  ASSERT_FALSE(report.damage.empty());
  EXPECT_EQ(report.damage[0].first, report.damage[0].last);
  EXPECT_FALSE(report.root);
}

TEST_F(Tampering, ReorderedEntriesAreFound) {
  Bytes& bytes = disk.bytes(second_segment);
  const std::uint64_t one = offset(bytes, 3);
  const std::uint64_t two = offset(bytes, 4);
  const std::uint64_t end = offset(bytes, 5);
  ASSERT_EQ(two - one, end - two);
  for (std::uint64_t i = 0; i < two - one; ++i) {
    std::swap(bytes[one + i], bytes[two + i]);
  }
  EXPECT_FALSE(scrub().damage.empty());
}

TEST_F(Tampering, ReorderedSegmentsAreFound) {
  auto contents = disk.contents();
  std::swap(contents.at(second_segment), contents.at("segments/00000003.seg"));
  disk.set_contents(contents);
  EXPECT_FALSE(scrub().damage.empty());
}

TEST_F(Tampering, ATruncatedFinishedSegmentIsFound) {
  disk.bytes(second_segment).resize(6'000);
  EXPECT_FALSE(scrub().damage.empty());
}

TEST_F(Tampering, AnEntryWithAnEarlierTimeIsFoundByTheChain) {
  Bytes& bytes = disk.bytes(second_segment);
  const std::uint64_t at = offset(bytes, 2);
  store_little<std::int64_t>(bytes.data() + at + 24, 5);
  EXPECT_FALSE(scrub().damage.empty());
}

TEST_F(Tampering, StrayBytesInTheSlackAreFound) {
  Bytes& bytes = disk.bytes(second_segment);
  bytes.back() = 1;
  const ScrubReport report = scrub();
  ASSERT_EQ(report.damage_count, 1U);
  EXPECT_EQ(report.damage[0].kind, DamageKind::slack);
  EXPECT_TRUE(report.root) << "no entry is lost by it";
}

// Whoever holds the disk can cut the end off, or write another history: the journal is sound in
// itself. Only a checkpoint that was kept elsewhere tells.
class Witness : public Tampering {
 protected:
  void SetUp() override {
    Tampering::SetUp();
    const ScrubReport report = journal.scrub().value();
    size_ = report.entries;
    root_ = *report.root;
  }
  /// What `verify` does with a checkpoint: the tree of that size has that root.
  bool agrees() {
    journal.options.access = Access::inspect;
    EXPECT_TRUE(journal.open());
    Frontier tree;
    bool same = false;
    const SeeEntry see = [&](const Header& header) -> Result<void> {
      tree.append(header.hash);
      same = same || (tree.size() == size_ && tree.root() == root_);
      return ok();
    };
    Scrub scrub(journal.opened.segments, disk, Scrub::Slack::check_all, see);
    EXPECT_TRUE(scrub.run()->damage.empty()) << "sound in itself";
    return same;
  }
  std::uint64_t size_ = 0;
  Hash root_;
};

TEST_F(Witness, AgreesWithAJournalThatHasGrown) {
  EXPECT_TRUE(agrees());
  journal.options.access = Access::read_write;
  ASSERT_TRUE(journal.open());
  journal.write({"more"});
  EXPECT_TRUE(agrees());
}

TEST_F(Witness, FindsTruncation) {
  const auto number = journal.opened.segments->all().back().number;
  ASSERT_TRUE(disk.remove(segment_path(journal.options, number)));
  EXPECT_FALSE(agrees());
}

TEST_F(Witness, FindsARollBack) {
  MemoryDisk fresh;
  TestJournal shorter(fresh);
  shorter.create_and_open();
  shorter.write({"1"});
  disk.set_contents(fresh.contents());
  EXPECT_FALSE(agrees());
}

TEST_F(Witness, FindsAFork) {
  MemoryDisk fresh;
  TestJournal forked(fresh);
  forked.create_and_open();
  fill(forked, 'y');
  disk.set_contents(fresh.contents());
  EXPECT_FALSE(agrees());
}

TEST_F(Tampering, IsFoundSliceBySliceAsWell) {
  disk.bytes(second_segment)[5'000] = 'z';
  Scrub scrub(journal.opened.segments, disk, Scrub::Slack::skip_writable);
  std::uint64_t slices = 0;
  for (bool done = false; !done; ++slices) {
    done = scrub.step(1'000).value();
  }
  EXPECT_GT(slices, 10U);
  EXPECT_EQ(scrub.report().damage_count, 1U);
}

TEST_F(Tampering, ARedactedEntryKeepsTheChainAndIsCounted) {
  Bytes& bytes = disk.bytes(second_segment);
  const std::uint64_t at = offset(bytes, 3);
  const std::uint64_t end = offset(bytes, 4);
  const Bytes without =
      *redact(BytesView(bytes).substr(at, end - at), journal.community, Redacted::command);
  bytes.replace(at, without.size(), without);
  const ScrubReport report = scrub();
  EXPECT_TRUE(report.damage.empty());
  EXPECT_EQ(report.redacted, 1U);
  EXPECT_TRUE(report.root);
}

}  // namespace
}  // namespace holdfast::journal
