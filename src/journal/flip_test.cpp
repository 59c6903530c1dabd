// Every byte of a small journal is flipped once. What is wrong is found, or is a tear in the last
// unsealed batch and treated as such; no wrong byte is ever served.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/sanitized.h"
#include "journal/test_journal.h"

namespace holdfast::journal {
namespace {

// A sanitizer takes its time: every 61st byte.
constexpr std::uint64_t stride = sanitized ? 61 : 1;
/// Opening reads headers, ends and the last segment only: elsewhere it is tried now and then.
constexpr std::uint64_t opening_stride = 101;
constexpr std::uint64_t unbegun_stride = 13;
constexpr std::uint64_t flip_segment_bytes = 8U << 10U;
constexpr std::uint64_t flip_segments = 126;

class Flip : public ::testing::Test {
 protected:
  Flip() : journal_(disk_, flip_segment_bytes) {}

  // Sealed segments, and a last one with a sealed part and an unsealed batch of three.
  void SetUp() override {
    journal_.create_and_open();
    SimRandom sizes(7);
    const auto command = [&](std::uint64_t size) {
      expected_.push_back(fmt::format("{}:{}", expected_.size(), Bytes(size, 'x')));
      return expected_.back();
    };
    while (journal_.opened.segments->all().size() < flip_segments) {
      journal_.write({command(sizes.below(900))});
      if (sizes.chance(1, 5)) {
        ASSERT_TRUE(journal_.seal());
      }
    }
    journal_.write({command(300)});
    ASSERT_TRUE(journal_.seal());
    sealed_ = expected_.size();
    unsealed_from_ = journal_.opened.segments->all().back().limit;
    const Bytes first = command(100);
    const Bytes second = command(700);
    const Bytes third = command(40);
    journal_.write({first, second, third});
    unsealed_until_ = journal_.opened.segments->all().back().limit;
    ASSERT_TRUE(journal_.prepare());
    clean_ = disk_.contents();
    segments_ = journal_.opened.segments->all();
    last_ = segment_path(journal_.options, segments_.back().number);
    const auto report = journal_.scrub();
    ASSERT_TRUE(report && report->damage.empty() && report->entries == expected_.size());
  }

  static void flip(Bytes& bytes, std::uint64_t at) {
    bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ (1U << (at % 8)));
  }

  // As a running node sees it, which has opened the journal before the rot.
  void check_running(const Segment& segment, const std::string& where) {
    Scrub scrub(journal_.opened.segments, disk_, Scrub::Slack::check_all, {}, segment.number);
    bool found = false;
    for (bool done = false; !done && !found;) {
      const auto step = scrub.step(1);
      ASSERT_TRUE(step) << where;
      done = *step;
      found = !scrub.report().damage.empty();
    }
    ASSERT_TRUE(found) << where;
    Cursor cursor = journal_.opened.reader->from(segment.first);
    const std::uint64_t end =
        segment.last ? expected_.size() + 1 : segments_[segment.number.value].first.value;
    for (std::uint64_t position = segment.first.value; position < end; ++position) {
      const auto record = cursor.next();
      if (!record) {
        ASSERT_EQ(record.error().code, Code::corrupt) << where;
        break;
      }
      ASSERT_TRUE(*record) << where;
      ASSERT_EQ((*record)->command(), expected_[position - 1]) << where;
      ASSERT_EQ((*record)->outcome(), "done") << where;
    }
  }

  // As a node sees it that starts after the rot: it serves nothing wrong, and cuts only the tail.
  void check_opening(const std::string& path, std::uint64_t at) {
    const std::string where = fmt::format("{} byte {}", path, at);
    TestJournal fresh(disk_, flip_segment_bytes);
    const auto opened = fresh.open();
    ASSERT_TRUE(opened) << where << ": " << opened.error().what;
    const OpeningReport& report = fresh.opened.report;
    const std::vector<Bytes> served = fresh.commands();
    ASSERT_LE(served.size(), expected_.size()) << where;
    ASSERT_TRUE(std::equal(served.begin(), served.end(), expected_.begin())) << where;
    const bool in_last = path == last_;
    const bool behind = path > last_;
    if (in_last && at >= unsealed_from_) {
      ASSERT_TRUE(report.damage.empty()) << where;
      ASSERT_EQ(report.torn.size(), 1U) << where;
      ASSERT_GE(served.size(), sealed_) << where;
      const auto torn = parse_torn_file_name(report.torn[0].file);
      ASSERT_TRUE(torn) << where;
      const Bytes& kept = *disk_.contents().at("segments/" + report.torn[0].file);
      Bytes before = *clean_.at(path);
      flip(before, at);
      ASSERT_EQ(kept, before.substr(torn->offset, kept.size())) << where;
      ASSERT_LE(torn->offset, at) << where;
      ASSERT_TRUE(fresh.opened.writer) << where;
      // It goes on; and the next opening finds all well.
      fresh.appended = 10'000;
      fresh.write({"after the tear"});
      ASSERT_TRUE(fresh.scrub()->damage.empty()) << where;
      ++torn_;
    } else if (in_last) {
      ASSERT_FALSE(report.damage.empty()) << where;
      ASSERT_TRUE(report.torn.empty()) << where;
      // A seal that has rotted loses nothing: then all is served, and the node goes on.
      const bool lossless = report.damage[0].kind == DamageKind::slack;
      ASSERT_EQ(fresh.opened.writer != nullptr, lossless) << where;
      ASSERT_TRUE(!lossless || served.size() == expected_.size()) << where;
      ++damaged_;
    } else if (behind) {
      ASSERT_TRUE(report.damage.empty()) << where;
      ASSERT_EQ(report.torn.size(), 1U) << where;
      ASSERT_EQ(served.size(), expected_.size()) << where;
      ASSERT_TRUE(fresh.opened.writer) << where;
      ++torn_;
    } else {
      damaged_ += report.damage.empty() ? 0U : 1U;
      ASSERT_TRUE(report.torn.empty()) << where;
      if (at < segment_header_bytes) {
        ASSERT_FALSE(report.damage.empty()) << where;
        ASSERT_FALSE(fresh.opened.writer) << where;
      }
    }
    ++opened_;
  }

  MemoryDisk disk_;
  TestJournal journal_;
  std::vector<Bytes> expected_;
  std::uint64_t sealed_ = 0;
  std::uint64_t unsealed_from_ = 0;
  std::uint64_t unsealed_until_ = 0;
  MemoryDisk::Contents clean_;
  std::vector<Segment> segments_;
  std::string last_;
  std::uint64_t opened_ = 0;
  std::uint64_t torn_ = 0;
  std::uint64_t damaged_ = 0;
};

TEST_F(Flip, OfAnyByteIsFoundAndNoWrongByteIsServed) {
  std::uint64_t flips = 0;
  std::uint64_t bytes_all = 0;
  for (const auto& [path, bytes] : clean_) {
    const auto number = segment_number_of(path.substr(path.find('/') + 1));
    ASSERT_TRUE(number);
    const bool begun = number->value <= segments_.size();
    bytes_all += bytes->size();
    for (std::uint64_t at = number->value % stride; at < bytes->size(); at += stride) {
      flip(disk_.bytes(path), at);
      ++flips;
      const Segment& segment = begun ? segments_[number->value - 1] : segments_.back();
      check_running(segment, fmt::format("{} byte {}", path, at));
      if (path == last_ || at % (path > last_ ? unbegun_stride : opening_stride) == 0) {
        check_opening(path, at);
        disk_.set_contents(clean_);
      }
      disk_.restore(path, clean_);
      if (HasFatalFailure()) {
        return;
      }
    }
  }
  EXPECT_GE(bytes_all, 1U << 20U);
  EXPECT_GT(damaged_, 0U);
  EXPECT_GT(torn_, 0U);
  fmt::print(
      "{} of {} bytes flipped (stride {}), each found, none served wrong; {} of them with "
      "an opening: {} damage, {} tears\n",
      flips, bytes_all, stride, opened_, damaged_, torn_);
}

}  // namespace
}  // namespace holdfast::journal
