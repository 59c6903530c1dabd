#include "journal/record.h"

#include <fstream>
#include <regex>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "journal/segment.h"

namespace holdfast::journal {
namespace {

Community community_of(char letter) {
  Community community;
  community.bytes.fill(letter);
  return community;
}

Header example_header(BytesView command, BytesView outcome) {
  Header header;
  header.magic = {0x8877665544332211};
  header.kind = 1;
  header.flags = 2;
  header.position = {42};
  header.time = {1'767'225'600'123};
  header.key.bytes.fill('k');
  header.durable_through = {40};
  header.dictionary = 7;
  header.payload_hash = payload_hash(sha256(command), sha256(outcome));
  header.previous_hash = sha256("the entry before");
  return header;
}

Bytes example_record(BytesView command, BytesView outcome) {
  Header header = example_header(command, outcome);
  Bytes bytes;
  append_record(bytes, header, community_of('c'), command, outcome);
  return bytes;
}

TEST(Record, ComesBackAsItWasWritten) {
  for (const std::size_t size : {0U, 1U, 7U, 8U, 9U, 100U, 70'000U}) {
    const Bytes command(size, 'x');
    const Bytes bytes = example_record(command, "outcome");
    EXPECT_EQ(bytes.size() % record_align_bytes, 0U);
    EXPECT_EQ(bytes.size(), record_bytes(size, 7));
    EXPECT_LE(bytes.size(), size + 7 + record_overhead_bytes);
    const auto record = decode_record(bytes, community_of('c'), RecordMagic{0x8877665544332211});
    ASSERT_TRUE(record) << record.error().what;
    EXPECT_EQ(record->command(), command);
    EXPECT_EQ(record->outcome(), "outcome");
    EXPECT_EQ(record->header.position, Position{42});
    EXPECT_EQ(record->header.time, Time{1'767'225'600'123});
    EXPECT_EQ(record->header.kind, 1);
    EXPECT_EQ(record->header.flags, 2);
    EXPECT_EQ(record->header.dictionary, 7U);
    EXPECT_EQ(record->header.durable_through, Position{40});
    EXPECT_EQ(record->header.previous_hash, sha256("the entry before"));
  }
}

TEST(Record, NoBitCanFlipUnnoticed) {
  const Bytes good = example_record("a command", "its outcome");
  std::size_t found = 0;
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<char>(static_cast<unsigned char>(bad[bit / 8]) ^ (1U << (bit % 8)));
    const auto record = decode_record(bad, community_of('c'), RecordMagic{0x8877665544332211});
    found += !record && record.error().code == Code::corrupt ? 1U : 0U;
  }
  EXPECT_EQ(found, good.size() * 8);
}

// Whoever mends the checksum after an edit still breaks the hash.
TEST(Record, AnEditedHeaderBreaksTheHashEvenWithAGoodChecksum) {
  Bytes bytes = example_record("a command", "its outcome");
  bytes[24] = static_cast<char>(bytes[24] + 1);
  store_little(bytes.data() + 172, crc32c(BytesView(bytes).substr(0, 172)));
  const auto header = decode_header(bytes, community_of('c'), std::nullopt);
  ASSERT_FALSE(header);
  EXPECT_NE(header.error().what.find("hash"), std::string::npos);
}

TEST(Record, OfAnotherCommunityIsRefused) {
  const Bytes bytes = example_record("a command", "its outcome");
  EXPECT_TRUE(decode_record(bytes, community_of('c'), std::nullopt));
  EXPECT_FALSE(decode_record(bytes, community_of('d'), std::nullopt));
}

TEST(Record, ShorterThanItsLengthIsRefused) {
  const Bytes bytes = example_record("a command", "its outcome");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_record(BytesView(bytes).substr(0, size), community_of('c'), std::nullopt));
  }
}

TEST(Record, ThatWouldBeDurableBeforeItIsWrittenIsRefused) {
  Header header = example_header("a", "b");
  header.durable_through = header.position;
  Bytes bytes;
  append_record(bytes, header, community_of('c'), "a", "b");
  EXPECT_FALSE(decode_record(bytes, community_of('c'), std::nullopt));
}

TEST(Redaction, TakesThePartOutAndLeavesTheHash) {
  const Bytes command(100, 'x');
  const Bytes outcome(50, 'y');
  const Bytes whole = example_record(command, outcome);
  const auto without = redact(whole, community_of('c'), Redacted::command);
  ASSERT_TRUE(without);
  EXPECT_EQ(without->size(), whole.size());
  EXPECT_EQ(without->find("xx"), Bytes::npos);
  const auto record = decode_record(*without, community_of('c'), std::nullopt);
  ASSERT_TRUE(record) << record.error().what;
  EXPECT_EQ(record->redacted, Redacted::command);
  EXPECT_EQ(record->command(), "");
  EXPECT_EQ(record->outcome(), outcome);
  EXPECT_EQ(BytesView(record->raw).substr(header_bytes, 32), sha256(command).view());
  const auto original = decode_record(whole, community_of('c'), std::nullopt);
  EXPECT_EQ(record->header.hash, original->header.hash);

  const auto twice = redact(*without, community_of('c'), Redacted::both);
  ASSERT_TRUE(twice);
  EXPECT_TRUE(decode_record(*twice, community_of('c'), std::nullopt));
  EXPECT_EQ(
      redact(example_record("short", outcome), community_of('c'), Redacted::command).error().code,
      Code::unsupported);
}

TEST(Redaction, CannotHideAnEdit) {
  const Bytes command(100, 'x');
  Bytes bytes = *redact(example_record(command, "outcome"), community_of('c'), Redacted::command);
  bytes[header_bytes] = static_cast<char>(bytes[header_bytes] + 1);
  const std::size_t size = bytes.size();
  store_little(bytes.data() + size - 4,
               crc32c(BytesView(bytes).substr(header_bytes, size - header_bytes - 4)));
  EXPECT_FALSE(decode_record(bytes, community_of('c'), std::nullopt));
}

TEST(SegmentHeader, ComesBackAndNoBitCanFlipUnnoticed) {
  SegmentHeader header;
  header.community = community_of('c');
  header.number = {3};
  header.first = {1000};
  header.segment_bytes = segment_bytes_default;
  header.previous_chain = sha256("the entry before");
  header.created = {1'767'225'600'000};
  header.magic = {77};
  const Bytes good = encode_segment_header(header);
  ASSERT_EQ(good.size(), segment_header_bytes);
  const auto read = decode_segment_header(good);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->first, header.first);
  EXPECT_EQ(read->previous_chain, header.previous_chain);
  EXPECT_EQ(read->magic, header.magic);
  EXPECT_EQ(read->number, header.number);
  for (std::size_t byte = 0; byte < good.size(); ++byte) {
    Bytes bad = good;
    bad[byte] = static_cast<char>(static_cast<unsigned char>(bad[byte]) ^ (1U << (byte % 8)));
    EXPECT_FALSE(decode_segment_header(bad)) << byte;
  }
}

TEST(SegmentHeader, OfAnotherVersionIsNotCalledDamage) {
  SegmentHeader header;
  header.number = header.number.next();
  header.first = {1};
  header.segment_bytes = segment_bytes_default;
  header.magic = {77};
  Bytes bytes = encode_segment_header(header);
  store_little(bytes.data() + 8, format_version + 1);
  store_little(bytes.data() + 4092, crc32c(BytesView(bytes).substr(0, 4092)));
  EXPECT_EQ(decode_segment_header(bytes).error().code, Code::unsupported);
}

TEST(FileNames, ComeBackAsTheyWereWritten) {
  EXPECT_EQ(segment_path(Options{}, {1}), "segments/00000001.seg");
  EXPECT_EQ(segment_number_of("00000001.seg"), SegmentNumber{1});
  for (const char* other : {"00000000.seg", "1.seg", "00000001.sig", "0000000a.seg", "x",
                            "000000001.seg", "-0000001.seg"}) {
    EXPECT_FALSE(segment_number_of(other)) << other;
  }
  for (const char* each : {"00000003-00012a40-p57.torn", "00000003-00012a40-p57-2.torn",
                           "00000003-00012a40-p57.audited.torn"}) {
    const auto torn = parse_torn_file_name(each);
    ASSERT_TRUE(torn) << each;
    EXPECT_EQ(torn_file_name(*torn), each);
  }
  for (const char* other : {"3-12a40-p57.torn", "00000003-00012a40-p57", ".torn", "a.torn"}) {
    EXPECT_FALSE(parse_torn_file_name(other)) << other;
  }
}

TEST(Zeros, AreFoundAtEveryLength) {
  for (std::size_t size = 0; size < 40; ++size) {
    Bytes bytes(size, '\0');
    EXPECT_EQ(used_bytes(bytes), 0U);
    EXPECT_TRUE(all_zero(bytes));
    for (std::size_t at = 0; at < size; ++at) {
      bytes.assign(size, '\0');
      bytes[at] = 1;
      EXPECT_EQ(used_bytes(bytes), at + 1) << size;
      EXPECT_FALSE(all_zero(bytes));
    }
  }
}

// The page for people and the program agree: its example is decoded here, from its own text.
TEST(FormatPage, ItsExampleIsARecord) {
  std::ifstream page(std::string(HOLDFAST_SOURCE_DIR) + "/docs/JOURNAL_FORMAT.md");
  ASSERT_TRUE(page) << "docs/JOURNAL_FORMAT.md is part of the format";
  std::stringstream text;
  text << page.rdbuf();
  const std::string all = text.str();
  const auto block = [&all](const std::string& title) {
    const std::size_t start = all.find("```hex " + title + "\n");
    EXPECT_NE(start, std::string::npos) << title;
    const std::size_t from = all.find('\n', start) + 1;
    std::string hex;
    std::istringstream lines(all.substr(from, all.find("```", from) - from));
    for (std::string line; std::getline(lines, line);) {
      // "0000  11 22 …": the offset, then the bytes.
      const std::size_t gap = line.find("  ");
      EXPECT_NE(gap, std::string::npos) << line;
      for (const char c : line.substr(gap)) {
        if (c != ' ') {
          hex.push_back(c);
        }
      }
    }
    const auto bytes = from_hex(hex);
    EXPECT_TRUE(bytes) << title;
    return bytes.value_or(Bytes());
  };
  const Bytes community_bytes = block("community");
  ASSERT_EQ(community_bytes.size(), 16U);
  Community community;
  std::copy(community_bytes.begin(), community_bytes.end(), community.bytes.begin());

  const auto record = decode_record(block("record"), community, std::nullopt);
  ASSERT_TRUE(record) << record.error().what;
  EXPECT_EQ(record->header.position, Position{2});
  EXPECT_EQ(record->header.durable_through, Position{1});
  EXPECT_EQ(record->header.time, Time{1'767'225'600'250});
  EXPECT_EQ(record->header.kind, 1);
  EXPECT_EQ(record->command(), "{\"resourceType\":\"Patient\"}");
  EXPECT_EQ(record->outcome(), "201");
  EXPECT_NE(all.find(to_hex(record->header.hash.view())), std::string::npos)
      << "the page names the hash";

  const auto seal = decode_record(block("seal"), community, record->header.magic);
  ASSERT_TRUE(seal) << seal.error().what;
  EXPECT_TRUE(seal->header.is_seal());
  EXPECT_EQ(seal->header.durable_through, Position{2});
  EXPECT_EQ(seal->header.previous_hash, record->header.hash);

  const Bytes head = block("segment");
  Bytes header(segment_header_bytes, '\0');
  ASSERT_EQ(head.size(), 112U + 4U);
  std::copy_n(head.begin(), 112, header.begin());
  std::copy_n(head.begin() + 112, 4, header.end() - 4);
  const auto segment = decode_segment_header(header);
  ASSERT_TRUE(segment) << segment.error().what;
  EXPECT_EQ(segment->community, community);
  EXPECT_EQ(segment->magic, record->header.magic);
}

}  // namespace
}  // namespace holdfast::journal
