#include "views/key_runs.h"

#include <algorithm>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "views/keys.h"

namespace holdfast::views {
namespace {

/// Values of several lengths, and rows behind them.
Bytes random_key(std::mt19937_64& random) {
  static constexpr std::string_view values[] = {"d", "dat", "date", "x", "x\xff", "\xff\xff", "e"};
  Bytes key(values[random() % std::size(values)]);
  append_row(key, RowId{1 + random() % 3000});
  return key;
}

KeyRunPtr run_of(const std::vector<Bytes>& sorted, BytesView until, Generation since = {1}) {
  Bytes keys;
  std::vector<std::uint32_t> ends;
  for (const Bytes& key : sorted) {
    keys.append(key);
    ends.push_back(static_cast<std::uint32_t>(keys.size()));
  }
  return std::make_shared<const KeyRun>(sorted.front(), until, since, keys, ends);
}

TEST(KeyRun, HasTheKeysItWasMadeOf) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<Bytes> keys;
    const Bytes shared(random() % 5, 'p');
    for (std::size_t n = 1 + random() % 60; n > 0; --n) {
      Bytes key = shared + random_key(random);
      key.resize(round % 2 == 0 ? key.size() : shared.size() + row_key_bytes, 'z');
      keys.push_back(key);
    }
    std::ranges::sort(keys);
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    const KeyRunPtr run = run_of(keys, {});
    ASSERT_EQ(run->size(), keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      ASSERT_EQ(Bytes(run->beginning()) + Bytes(run->rest(i)), keys[i]);
    }
    for (int i = 0; i < 50; ++i) {
      const Bytes target = i % 2 == 0 ? random_key(random) : shared + random_key(random);
      const auto first = std::ranges::lower_bound(keys, target);
      ASSERT_EQ(run->first_at(target), static_cast<std::size_t>(first - keys.begin()));
    }
  }
}

Bytes name_of(std::size_t i) { return "run " + std::to_string(100'000 + i); }

void look_and_keep(KeyRuns& runs, std::size_t i, std::size_t& found) {
  const Bytes from = name_of(i);
  const KeyRuns::Look look = runs.look(from, {1});
  found += look.run ? 1U : 0U;
  if (look.has_room && look.was_asked) {
    std::vector<Bytes> keys;
    for (int k = 0; k < 40; ++k) {
      keys.push_back(from + std::to_string(10 + k) + "....................");
    }
    keys.insert(keys.begin(), from);
    runs.keep(run_of(keys, name_of(i) + "\xff"));
  }
}

// More than there is room for, in turns: what got a place keeps it.
TEST(KeyRuns, WhatIsReadInTurnsDoesNotPushItselfOut) {
  KeyRuns runs(std::size_t{64} << 10U);
  std::size_t found = 0;
  for (int turn = 0; turn < 20; ++turn) {
    for (std::size_t i = 0; i < 200; ++i) {
      look_and_keep(runs, i, found);
      ASSERT_LE(runs.bytes(), std::size_t{64} << 10U);
    }
  }
  EXPECT_GT(runs.size(), 20U);
  EXPECT_GT(found, runs.size() * 15);
}

TEST(KeyRuns, WhatIsReadNoMoreMakesRoom) {
  KeyRuns runs(std::size_t{64} << 10U);
  std::size_t found = 0;
  for (int turn = 0; turn < 3; ++turn) {
    for (std::size_t i = 0; i < 200; ++i) {
      look_and_keep(runs, i, found);
    }
  }
  found = 0;
  for (int turn = 0; turn < 200; ++turn) {
    for (std::size_t i = 1000; i < 1010; ++i) {
      look_and_keep(runs, i, found);
    }
  }
  EXPECT_GT(found, 1000U);
}

TEST(KeyRuns, DoNotOverlap) {
  KeyRuns runs(std::size_t{64} << 10U);
  runs.keep(run_of({"d", "e"}, "g"));
  runs.keep(run_of({"a", "e"}, "f"));
  runs.keep(run_of({"f"}, "h"));
  runs.keep(run_of({"x"}, ""));
  runs.keep(run_of({"y"}, "z"));
  EXPECT_EQ(runs.size(), 2U);
  runs.keep(run_of({"a", "b"}, "d"));
  runs.keep(run_of({"g"}, "x"));
  EXPECT_EQ(runs.size(), 4U);
}

TEST(KeyRuns, AreKeptOnlyAsOfNow) {
  KeyRuns runs(std::size_t{64} << 10U);
  runs.begin_write();
  runs.keep(run_of({"a"}, "b"));
  EXPECT_EQ(runs.generation(), Generation{});
  runs.end_write({});
  runs.keep(run_of({"a"}, "b"));
  EXPECT_EQ(runs.size(), 0U);
  runs.keep(run_of({"a"}, "b", runs.generation()));
  EXPECT_EQ(runs.size(), 1U);
  EXPECT_EQ(runs.look("a", {1}).run, nullptr) << "it may look otherwise from there";
  EXPECT_NE(runs.look("a", runs.generation()).run, nullptr);
}

std::vector<Write> writes_of(const std::vector<Bytes>& keys) {
  std::vector<Write> writes;
  for (const Bytes& key : keys) {
    writes.push_back({Table::posting, key, BytesView()});
  }
  return writes;
}

// Runs with gaps between them, beside each other and to the end of the table; few written keys
// beside many runs, and many beside few.
TEST(KeyRuns, AWriteTakesAwayThoseItTouchesAndNoOthers) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 300; ++round) {
    KeyRuns runs(std::size_t{64} << 20U);
    std::vector<KeyRunPtr> kept;
    const std::size_t steps = 1 + random() % (round % 3 == 0 ? 5 : 400);
    for (std::size_t i = 0; i < steps; ++i) {
      const std::size_t last = i + random() % 2;  // or there is a gap
      const bool is_open = i + 1 == steps && random() % 2 == 0;
      if (random() % 4 != 0) {
        kept.push_back(run_of({name_of(i * 10 + random() % 5)},
                              is_open ? Bytes() : name_of(last * 10 + 6 + random() % 4)));
        runs.keep(kept.back());
      }
      i = last;
    }
    std::vector<Bytes> written;
    for (std::size_t n = random() % (round % 2 == 0 ? 8 : 3000); n > 0; --n) {
      written.push_back(name_of(random() % (steps * 11)) + (random() % 2 == 0 ? "" : "a"));
    }
    if (round % 5 != 0) {
      std::ranges::sort(written);  // as layers are
    }
    runs.begin_write();
    runs.end_write(writes_of(written));
    for (const KeyRunPtr& run : kept) {
      const bool is_touched =
          std::ranges::any_of(written, [&](const Bytes& key) { return run->covers(key); });
      ASSERT_EQ(runs.look(run->from(), runs.generation()).run, is_touched ? nullptr : run);
    }
  }
}

/// Looks once; makes a run where it is worth it. Whether it did.
bool look_and_make(KeyRuns& runs, const Bytes& from) {
  const KeyRuns::Look look = runs.look(from, runs.generation());
  if (look.run || !look.has_room || !look.was_asked) {
    return false;
  }
  runs.keep(run_of({from}, from + "\xff", runs.generation()));
  return true;
}
void write_into(KeyRuns& runs, const Bytes& from) {
  runs.begin_write();
  runs.end_write(writes_of({from + "a"}));
}

TEST(KeyRuns, WhatIsWrittenIntoBeforeItIsUsedIsKeptSeldom) {
  KeyRuns runs(std::size_t{64} << 10U);
  std::size_t made = 0;
  for (int i = 0; i < 3000; ++i) {
    made += look_and_make(runs, "a") ? 1U : 0U;
    write_into(runs, "a");
  }
  EXPECT_GT(made, 5U);
  EXPECT_LT(made, 60U);
  for (int i = 0; i < 200; ++i) {
    look_and_make(runs, "a");
  }
  write_into(runs, "a");
  EXPECT_FALSE(look_and_make(runs, "a"));
  EXPECT_TRUE(look_and_make(runs, "a")) << "it was worth it";
}

}  // namespace
}  // namespace holdfast::views
