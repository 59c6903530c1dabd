// A whole journal whose files were harmed at will, opened. What must hold: opening ends, and says
// what it found; every entry that is served is the one that was written at its position, in order
// from the first; only damage that was found forbids to write; where there is none, an entry that
// is written now is there after the next opening, behind all that was served before; and a scrub
// ends and agrees.
//
// Input: harms of four bytes each: what and which file (byte), where (2 bytes), which value (byte).
// Nobody who can forge a hash is at work here.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "journal/test_journal.h"

namespace {

using namespace holdfast;
using namespace holdfast::journal;

constexpr std::uint64_t segment_bytes = segment_bytes_min;

struct Written {
  MemoryDisk::Contents files;
  std::vector<std::string> paths;
  std::vector<Bytes> commands;
};

// Three segments and some of a fourth, sealed now and then; the last batch is not. Behind it what
// the writer prepares.
Written write_journal() {
  Written written;
  MemoryDisk disk;
  TestJournal journal(disk, segment_bytes);
  journal.create_and_open();
  const auto command = [&](std::size_t size) {
    written.commands.push_back(std::to_string(written.commands.size()) + Bytes(size, 'x'));
    return written.commands.back();
  };
  for (std::size_t i = 0; journal.opened.segments->all().size() < 4; ++i) {
    journal.write({command(i * 97 % 800)});
    if (i % 3 == 0) {
      check(journal.seal().has_value(), "a seal is written");
    }
  }
  const Bytes first = command(40);
  const Bytes second = command(300);
  journal.write({first, second});
  check(journal.prepare().has_value(), "the next segments are prepared");
  check(journal.commands() == written.commands, "all of it can be read");
  written.files = disk.contents();
  for (const auto& [path, bytes] : written.files) {
    written.paths.push_back(path);
  }
  return written;
}

void harm(MemoryDisk& disk, const std::vector<std::string>& paths, ByteReader& input) {
  const auto what = input.little<std::uint8_t>();
  const std::size_t at = input.little<std::uint16_t>();
  const auto value = static_cast<char>(input.little<std::uint8_t>());
  const std::string& path = paths[what / 8U % paths.size()];
  if (input.failed() || !disk.contents().contains(path)) {
    return;
  }
  Bytes& bytes = disk.bytes(path);
  const std::size_t place = bytes.empty() ? 0 : at % bytes.size();
  switch (what % 8U) {
    case 0: bytes.resize(place); break;
    case 1: bytes.append(place, value); break;
    case 2: static_cast<void>(disk.remove(path)); break;
    case 3:
      bytes.replace(place, 512, std::min<std::size_t>(512, bytes.size() - place), '\0');
      break;
    case 4: {  // somebody has mixed up two files
      const std::string& other = paths[at % paths.size()];
      if (disk.contents().contains(other)) {
        bytes = Bytes(*disk.contents().at(other));
      }
      break;
    }
    case 5: bytes.insert(place, 1, value); break;
    default:
      if (!bytes.empty()) {
        bytes[place] = value;
      }
  }
}

bool begins(const std::vector<Bytes>& all, const std::vector<Bytes>& with) {
  return with.size() <= all.size() && std::equal(with.begin(), with.end(), all.begin());
}

// Opening looks at the ends of the segments and into the last one; a scrub looks everywhere.
ScrubReport check_scrub(TestJournal& journal, std::size_t served) {
  const auto report = journal.scrub();
  check(report.has_value(), "a scrub ends");
  check(report->entries >= served, "a scrub finds what is served");
  check(report->entries == served || !report->damage.empty(), "and more only behind damage");
  check(report->root.has_value() || report->entries != served || !report->damage.empty(),
        "a whole journal has a root");
  return *report;
}

// What is written after an opening comes behind what it served, and stays.
void check_writing(TestJournal& journal, MemoryDisk& disk, std::vector<Bytes> served) {
  journal.appended = 10'000;
  journal.write({"after the harm"});
  served.emplace_back("after the harm");
  check(journal.commands() == served, "what is written is served");
  TestJournal again(disk, segment_bytes);
  const auto opened = again.open();
  check(opened.has_value(), "what one opening has mended the next one opens");
  check(again.opened.report.damage.empty() || again.opened.writer, "and finds no more to mourn");
  check(again.commands() == served, "and nothing is lost by it");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Written written = write_journal();
  constexpr std::size_t harms_max = 64;
  ByteReader input(BytesView(reinterpret_cast<const char*>(data), size));
  MemoryDisk disk;
  disk.set_contents(written.files);
  for (std::size_t i = 0; i < harms_max && !input.at_end(); ++i) {
    harm(disk, written.paths, input);
  }
  TestJournal journal(disk, segment_bytes);
  const auto opened = journal.open();
  if (!opened) {
    check(!opened.error().what.empty(), "what cannot be opened says why");
    return 0;
  }
  const std::vector<Bytes> served = journal.commands();
  check(begins(written.commands, served), "what is served was written, in that order");
  const OpeningReport& report = journal.opened.report;
  check(journal.opened.writer || !report.damage.empty(), "only damage forbids to write");
#ifdef HOLDFAST_PLANTED_CRASH
  check(report.damage.size() < 3 || report.torn.empty() || report.torn[0].segment.value < 4,
        "planted: three places of damage and a tear in the last segment are found");
#endif
  const ScrubReport scrubbed = check_scrub(journal, served.size());
  if (journal.opened.writer && scrubbed.damage.empty()) {
    check_writing(journal, disk, served);
  }
  return 0;
}
