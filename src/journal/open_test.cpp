#include "journal/open.h"

#include <string>

#include <fmt/format.h>

#include "journal/test_journal.h"
#include "world/sim/sim_disk.h"

namespace holdfast::journal {
namespace {

const char* const first_segment = "segments/00000001.seg";

/// A journal of a few segments on a disk in memory, to be harmed.
class Opening : public ::testing::Test {
 protected:
  void SetUp() override {
    journal.create_and_open();
    while (journal.opened.segments->all().size() < 4) {
      commands.push_back(fmt::format("{}:{}", commands.size(), Bytes(700, 'x')));
      journal.write({commands.back()});
    }
    journal.write({"sealed"});
    commands.push_back("sealed");
    ASSERT_TRUE(journal.seal());
    ASSERT_TRUE(journal.prepare());
  }
  Bytes& last_bytes() {
    const SegmentNumber number = journal.opened.segments->all().back().number;
    return disk.bytes(segment_path(journal.options, number));
  }

  MemoryDisk disk;
  TestJournal journal{disk};
  std::vector<Bytes> commands;
};

TEST_F(Opening, OfASoundJournalFindsEverythingAndChangesNothing) {
  const auto before = disk.contents();
  ASSERT_TRUE(journal.open());
  const OpeningReport& report = journal.opened.report;
  EXPECT_TRUE(report.damage.empty());
  EXPECT_TRUE(report.torn.empty());
  EXPECT_EQ(report.rewritten, 0U);
  EXPECT_EQ(report.segments, 4U);
  EXPECT_EQ(report.head.position.value, commands.size());
  EXPECT_EQ(journal.commands(), commands);
  for (const auto& [path, bytes] : before) {
    EXPECT_EQ(*disk.contents().at(path), *bytes) << path;
  }
  EXPECT_EQ(before.size(), disk.contents().size());
}

TEST_F(Opening, KeepsATornTailReportsItAndCutsIt) {
  const std::uint64_t end = journal.opened.segments->all().back().limit;
  journal.write({"torn"});
  Bytes& bytes = last_bytes();
  const std::uint64_t until = journal.opened.segments->all().back().limit;
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(until - 20),
            bytes.begin() + static_cast<std::ptrdiff_t>(until), '\0');
  const Bytes torn_bytes = bytes.substr(end, until - end);
  ASSERT_TRUE(journal.open());
  ASSERT_EQ(journal.opened.report.torn.size(), 1U);
  const Torn torn = journal.opened.report.torn[0];
  EXPECT_EQ(torn.position.value, commands.size() + 1);
  EXPECT_EQ(torn.offset, end);
  const Bytes& kept = *disk.contents().at("segments/" + torn.file);
  EXPECT_EQ(kept, torn_bytes.substr(0, used_bytes(torn_bytes)));
  EXPECT_TRUE(all_zero(BytesView(last_bytes()).substr(end)));
  EXPECT_EQ(last_bytes().size(), journal.options.segment_bytes);
  // It is reported at each opening until the audit entry about it is durable.
  ASSERT_TRUE(journal.open());
  ASSERT_EQ(journal.opened.report.torn.size(), 1U);
  EXPECT_EQ(journal.opened.report.torn[0].file, torn.file);
  journal.write({"the audit entry"});
  ASSERT_TRUE(run_to_end(journal.opened.writer->audited(torn.file)));
  EXPECT_FALSE(run_to_end(journal.opened.writer->audited(torn.file)));
  EXPECT_FALSE(run_to_end(journal.opened.writer->audited("../x")));
  ASSERT_TRUE(journal.open());
  EXPECT_TRUE(journal.opened.report.torn.empty());
}

TEST_F(Opening, DamageBeforeTheSealIsNamedAndNeverCut) {
  Bytes& bytes = last_bytes();
  const std::uint64_t end = journal.opened.segments->all().back().limit;
  const std::uint64_t at = end - seal_bytes - 20;  // in the last record's payload
  bytes[at] = static_cast<char>(bytes[at] + 1);
  const auto before = disk.contents();
  ASSERT_TRUE(journal.open());
  const OpeningReport& report = journal.opened.report;
  ASSERT_EQ(report.damage.size(), 1U);
  EXPECT_EQ(report.damage[0].kind, DamageKind::record);
  EXPECT_EQ(report.damage[0].first.value, commands.size());
  EXPECT_EQ(report.damage[0].last.value, commands.size());
  EXPECT_LE(report.damage[0].offset, at);
  EXPECT_GT(report.damage[0].end, at);
  EXPECT_FALSE(journal.opened.writer) << "writes are refused";
  commands.pop_back();
  EXPECT_EQ(journal.commands(), commands) << "what is good is served";
  for (const auto& [path, was] : before) {
    EXPECT_EQ(*disk.contents().at(path), *was) << path;
  }
  const std::string text = describe(report.damage[0], journal.options);
  EXPECT_NE(text.find("position " + std::to_string(commands.size() + 1)), std::string::npos)
      << text;
}

TEST_F(Opening, EntriesBehindDamageAreServedToo) {
  Bytes& bytes = last_bytes();
  std::fill_n(bytes.begin() + segment_header_bytes, 100, 'z');
  ASSERT_TRUE(journal.open());
  const Position first = journal.opened.segments->all().back().first;
  ASSERT_EQ(journal.opened.report.damage.size(), 1U);
  EXPECT_EQ(journal.opened.report.damage[0].first, first);
  const auto lost = journal.opened.reader->read(first);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, Code::corrupt);
  EXPECT_FALSE(lost.error().where.empty());
  const auto behind = journal.opened.reader->read({commands.size()});
  if (first.value < commands.size()) {
    ASSERT_TRUE(behind) << behind.error().what;
    EXPECT_EQ(behind->command(), commands.back());
  }
}

TEST_F(Opening, AMissingSegmentIsDamage) {
  ASSERT_TRUE(disk.remove("segments/00000002.seg"));
  ASSERT_TRUE(journal.open());
  const auto all = journal.opened.segments->all();
  ASSERT_FALSE(journal.opened.report.damage.empty());
  EXPECT_EQ(journal.opened.report.damage[0].kind, DamageKind::missing);
  EXPECT_EQ(journal.opened.report.damage[0].segment, SegmentNumber{2});
  EXPECT_EQ(journal.opened.report.damage[0].last.value, all[1].first.value - 1);
  EXPECT_FALSE(journal.opened.writer);
  EXPECT_TRUE(journal.opened.reader->read({1}));
  EXPECT_FALSE(journal.opened.reader->read(journal.opened.report.damage[0].first));
  EXPECT_TRUE(journal.opened.reader->read({commands.size()}));
}

TEST_F(Opening, ASegmentOfAnotherJournalIsDamage) {
  MemoryDisk other_disk;
  TestJournal other(other_disk);
  other.community.bytes.fill('d');
  other.create_and_open();
  while (other.opened.segments->all().size() < 4) {
    other.write({Bytes(700, 'y')});
  }
  disk.bytes("segments/00000002.seg") = *other_disk.contents().at("segments/00000002.seg");
  ASSERT_TRUE(journal.open());
  EXPECT_FALSE(journal.opened.report.damage.empty());
  EXPECT_FALSE(journal.opened.writer);
}

TEST_F(Opening, AHeaderThatIsGoneIsDamageAndItsEntriesAreServed) {
  Bytes& bytes = disk.bytes("segments/00000002.seg");
  std::fill_n(bytes.begin(), segment_header_bytes, '\0');
  ASSERT_TRUE(journal.open());
  ASSERT_FALSE(journal.opened.report.damage.empty());
  EXPECT_EQ(journal.opened.report.damage[0].kind, DamageKind::header);
  EXPECT_FALSE(journal.opened.writer);
  EXPECT_EQ(journal.commands(), commands);
}

TEST_F(Opening, TheLastHeaderGoneIsDamageNotAnEmptySegment) {
  std::fill_n(last_bytes().begin(), segment_header_bytes, '\0');
  ASSERT_TRUE(journal.open());
  EXPECT_FALSE(journal.opened.writer);
  EXPECT_EQ(journal.commands(), commands);
}

TEST_F(Opening, ForInspectionChangesNothing) {
  Bytes& bytes = last_bytes();
  bytes[bytes.size() - 1] = 1;
  const auto before = disk.contents();
  journal.options.access = Access::inspect;
  ASSERT_TRUE(journal.open());
  EXPECT_FALSE(journal.opened.writer);
  ASSERT_EQ(journal.opened.report.torn.size(), 1U);
  EXPECT_TRUE(journal.opened.report.torn[0].file.empty());
  EXPECT_EQ(journal.commands(), commands);
  EXPECT_EQ(disk.contents(), before);
}

TEST_F(Opening, IsRefusedForAnotherFormatVersion) {
  Bytes& bytes = disk.bytes(first_segment);
  store_little(bytes.data() + 8, format_version + 1);
  store_little(bytes.data() + 4092, crc32c(BytesView(bytes).substr(0, 4092)));
  const auto opened = journal.open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::unsupported);
}

TEST_F(Opening, GoesOnWithAnotherSegmentSize) {
  journal.options.segment_bytes = 64U << 10U;
  ASSERT_TRUE(journal.open());
  while (journal.opened.segments->all().size() < 6) {
    commands.push_back(Bytes(5'000, 'y'));
    journal.write({commands.back()});
  }
  journal.options.segment_bytes = segment_bytes_min;
  ASSERT_TRUE(journal.open());
  EXPECT_EQ(journal.commands(), commands);
  EXPECT_TRUE(journal.scrub()->damage.empty());
}

TEST(Open, WithoutAJournalSaysSo) {
  MemoryDisk disk;
  TestJournal journal(disk);
  EXPECT_EQ(journal.open().error().code, Code::not_found);
}

TEST(Create, RefusesAJournalThatIsThere) {
  MemoryDisk disk;
  TestJournal journal(disk);
  journal.create_and_open();
  EXPECT_EQ(journal.create().error().code, Code::conflict);
  journal.write({"1"});
  EXPECT_EQ(journal.create().error().code, Code::conflict);
  ASSERT_TRUE(journal.open());
  EXPECT_EQ(journal.commands().size(), 1U);
}

TEST(Create, RefusesSegmentSizesThatAreNone) {
  MemoryDisk disk;
  for (const std::uint64_t bytes :
       {std::uint64_t{0}, std::uint64_t{4096}, std::uint64_t{10'000}, segment_bytes_max + 4096}) {
    TestJournal journal(disk, bytes);
    EXPECT_EQ(journal.create().error().code, Code::usage) << bytes;
  }
}

// The reserve is there to be given up when a tear has to be kept and the disk is full.
TEST(Open, OnAFullDiskKeepsATearInTheSpaceOfTheReserve) {
  SimDiskOptions options;
  SimDisk disk(1, nullptr, options);
  TestJournal journal(disk);
  journal.create_and_open();
  journal.write({"1"});
  ASSERT_TRUE(journal.prepare());
  ASSERT_TRUE(journal.append(Bytes(6'000, 'x')));
  disk.plan(disk.calls() + 1, DiskFault::io_error);
  ASSERT_FALSE(journal.commit());
  journal.opened = {};
  disk.restart_process();
  options.capacity_bytes = 3 * (16U << 10U);
  disk.set_options(options);
  ASSERT_TRUE(journal.open());
  EXPECT_EQ(journal.opened.report.torn.size(), 1U);
  EXPECT_EQ(journal.commands(), std::vector<Bytes>{"1"});
  ASSERT_TRUE(journal.opened.writer);
  EXPECT_EQ(journal.prepare().error().code, Code::no_space);
}

TEST(Open, OnAFullDiskWithoutReserveServesWhatIsThere) {
  SimDiskOptions options;
  SimDisk disk(1, nullptr, options);
  TestJournal journal(disk);
  journal.create_and_open();
  journal.write({"1"});
  ASSERT_TRUE(journal.append(Bytes(6'000, 'x')));
  disk.plan(disk.calls() + 1, DiskFault::io_error);
  ASSERT_FALSE(journal.commit());
  journal.opened = {};
  disk.restart_process();
  options.capacity_bytes = 16U << 10U;
  disk.set_options(options);
  ASSERT_TRUE(journal.open());
  ASSERT_TRUE(journal.opened.report.full);
  EXPECT_FALSE(journal.opened.writer);
  EXPECT_EQ(journal.commands(), std::vector<Bytes>{"1"});
  options.capacity_bytes = 1U << 20U;
  disk.set_options(options);
  ASSERT_TRUE(journal.open());
  EXPECT_TRUE(journal.opened.writer);
  EXPECT_EQ(journal.commands(), std::vector<Bytes>{"1"});
}

}  // namespace
}  // namespace holdfast::journal
