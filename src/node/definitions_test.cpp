// What must stay true while definitions change (docs/adr/0012): of a node, and of the build itself
// with other writes between its steps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/check.h"
#include "node/fold.h"
#include "node/index_build.h"
#include "node/test_node.h"
#include "search/matches.h"
#include "views/stored_postings.h"

namespace holdfast::node {
namespace {

using apply::command;
using apply::create;
using apply::remove;
using apply::update;
using testing::ElementsAre;
using testing::HasSubstr;

Bytes parameter(const std::string& code, const std::string& type, const std::string& base,
                const std::string& expression) {
  return R"({"resourceType":"SearchParameter","url":"urn:test:)" + code + R"(","code":")" + code +
         R"(","type":")" + type + R"(","base":[")" + base + R"("],"expression":")" + expression +
         "\"}";
}
const Bytes contact = parameter("contact", "string", "Patient", "Patient.contact.name.family");
const Bytes marital = parameter("marital", "token", "Patient", "Patient.maritalStatus");
const Bytes sex = parameter("sex", "token", "Patient", "Patient.gender");  // a path that is there

std::string of_contact(const std::string& family) {
  return R"("gender":"male","contact":[{"name":{"family":")" + family + R"("}}])";
}

class DefinitionsTest : public NodeTest {
 protected:
  Result<Position> define(std::vector<Bytes> parameters) {
    auto& io = static_cast<SimExecutor&>(*machine.world().io[0]);
    auto defined = run_task(io, node->define(io, std::move(parameters)));
    return defined ? *std::move(defined) : fail(Code::timeout, "no answer");
  }
  /// Ids that the query selects, or the reason why it is refused.
  std::vector<std::string> found(const std::string& query) {
    const Moment moment = node->view();
    auto ids = search::matches({*moment.reader, node->codec(), *moment.params},
                               *fhir::type_id("Patient"), query, 1000);
    return ids ? *std::move(ids) : std::vector{ids.error().what};
  }
  void settle() { scheduler.run_for(seconds(2)); }
  void expect_sound_indexes() {
    const Moment moment = node->view();
    EXPECT_EQ(moment.state.active, moment.state.definitions);
    const auto sums = views::sum_indexes(*moment.reader, node->codec(), node->extracting());
    ASSERT_TRUE(sums) << sums.error().what;
    EXPECT_EQ(sums->computed, sums->stored);
  }
};

TEST_F(DefinitionsTest, AreSearchedByOnceTheirIndexesAreComplete) {
  ASSERT_TRUE(open());
  for (int i = 0; i < 700; ++i) {
    ASSERT_TRUE(submit(command(
        create("Patient", "p" + std::to_string(i), of_contact(i % 100 == 0 ? "Hall" : "Other")))));
  }
  EXPECT_THAT(found("contact=hall"), ElementsAre(HasSubstr("contact")));
  const auto defined = define({contact, sex});
  ASSERT_TRUE(defined) << defined.error().what;
  EXPECT_EQ(node->view().state.definitions, *defined);
  EXPECT_EQ(node->view().state.active, Position{});
  EXPECT_THAT(found("contact=hall"), ElementsAre(HasSubstr("contact")));
  // Written while the index is made: found by the old definitions now, by the new ones later.
  ASSERT_TRUE(submit(command(update("Patient", "p0", of_contact("Other")))));
  ASSERT_TRUE(submit(command(create("Patient", "new", of_contact("Hall")))));
  EXPECT_EQ(found("gender=male").size(), 701U);
  // At the first moment that searches go by them.
  scheduler.run_until([&] { return node->view().state.active == *defined; });
  EXPECT_THAT(found("contact=hall"),
              testing::UnorderedElementsAre("p100", "p200", "p300", "p400", "p500", "p600", "new"));
  EXPECT_EQ(found("sex=male").size(), 701U);
  settle();
  expect_sound_indexes();
  EXPECT_EQ(node->load().indexed_of, 0U);
}

TEST_F(DefinitionsTest, AreSearchedByWithAllThatWasMadeForThem) {
  ASSERT_TRUE(open());
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(submit(command(create("Patient", "p" + std::to_string(i), of_contact("Hall")))));
  }
  settle();
  const auto defined = define({contact});
  ASSERT_TRUE(defined);
  // Nothing is written meanwhile that would show readers another moment of the store.
  scheduler.run_until([&] { return node->view().state.active == *defined; });
  EXPECT_EQ(found("contact=hall").size(), 50U);
}

TEST_F(DefinitionsTest, SurviveACrashAtEachWriteOfTheStore) {
  options.unflushed_bytes_max = 1 << 10;
  ASSERT_TRUE(open());
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(submit(command(create("Patient", "p" + std::to_string(i), of_contact("Hall")))));
  }
  int sets = 0;
  for (std::size_t kept = 0; kept < 12; kept += 2) {
    for (const std::vector<Bytes>& set :
         {std::vector{contact}, std::vector{marital, contact}, std::vector<Bytes>{}}) {
      ASSERT_TRUE(define(set));
      ++sets;
      ASSERT_TRUE(submit(command(update("Patient", "p" + std::to_string(sets % 40),
                                        of_contact(sets % 2 == 0 ? "Hall" : "Other")))));
      if (sets % 3 == 0) {
        settle();
      }
      crash(Crash::process, kept);
      const auto report = open();
      ASSERT_TRUE(report) << report.error().what;
      settle();
      expect_sound_indexes();
      EXPECT_EQ(node->health().indexes, "");
    }
  }
}

TEST_F(DefinitionsTest, TheSameAgainAreNoEntry) {
  ASSERT_TRUE(open());
  EXPECT_EQ(define({}).value(), Position{});
  const auto once = define({contact, sex});
  ASSERT_TRUE(once);
  EXPECT_EQ(define({sex, contact}).value(), *once);
  settle();
  EXPECT_EQ(node->view().state.position.value, 2U);  // definitions and their activation
  crash(Crash::power, 0);
  ASSERT_TRUE(open());
  EXPECT_EQ(define({sex, contact}).value(), *once);
  EXPECT_TRUE(node->view().params->find(*fhir::type_id("Patient"), "contact") != nullptr);
}

TEST_F(DefinitionsTest, ThatCannotBeUsedAreRefusedByName) {
  ASSERT_TRUE(open());
  const auto why = [&](std::vector<Bytes> set) {
    const auto refused = define(std::move(set));
    return refused ? std::string("taken") : refused.error().what;
  };
  EXPECT_THAT(why({contact, contact}), HasSubstr("urn:test:contact is there twice"));
  EXPECT_THAT(why({parameter("a b", "token", "Patient", "Patient.active")}), HasSubstr("code"));
  EXPECT_THAT(why({parameter("x", "text", "Patient", "Patient.active")}), HasSubstr("type 'text'"));
  EXPECT_THAT(why({parameter("x", "token", "Sheep", "Sheep.active")}), HasSubstr("'Sheep'"));
  EXPECT_THAT(why({R"({"resourceType":"Patient"})"}), HasSubstr("no SearchParameter"));
  EXPECT_FALSE(define({"{"}));
  EXPECT_EQ(node->view().state.position.value, 0U);
  // What cannot be indexed is taken, and says why when somebody asks for it.
  ASSERT_TRUE(define({parameter("x", "token", "Patient", "Patient.(")}));
  settle();
  EXPECT_THAT(found("x=1"), ElementsAre(HasSubstr("x")));
  EXPECT_EQ(node->view().params->find(*fhir::type_id("Patient"), "x")->unsupported,
            "its expression is no FHIRPath");
}

TEST_F(DefinitionsTest, WhatWasPreparedUnderOlderOnesIsPreparedAgain) {
  ASSERT_TRUE(open());
  auto prepared = decide::prepare(command(create("Patient", "p", of_contact("Hall"))), reader,
                                  node->extracting());
  ASSERT_TRUE(prepared);
  ASSERT_TRUE(define({contact}));
  auto& io = static_cast<SimExecutor&>(*machine.world().io[0]);
  const auto committed = run_task(io, node->submit(io, *std::move(prepared)));
  ASSERT_TRUE(committed && *committed);
  settle();
  EXPECT_THAT(found("contact=hall"), ElementsAre("p"));
}

/// A store without a node, that drops postings where a test says so.
class ForgetfulKv final : public views::Kv {
 public:
  Result<void> write(std::span<const views::Write> writes) override {
    std::vector<views::Write> kept;
    for (const views::Write& one : writes) {
      if (one.table != views::Table::posting || !forgets || --*forgets != 0) {
        kept.push_back(one);
      }
    }
    return below.write(kept);
  }
  std::shared_ptr<const views::Reader> snapshot() override { return below.snapshot(); }
  Result<void> flush() override { return below.flush(); }
  [[nodiscard]] std::uint64_t unflushed_bytes() const override { return below.unflushed_bytes(); }
  views::MemKv below;
  std::optional<int> forgets;  ///< the posting of that number from now on
};

/// Folds commands and definitions into it, as a node would.
class BuildTest : public testing::Test {
 protected:
  BuildTest() { check(keep_catalogue(kv, epochs).has_value(), "memory takes what is written"); }

  void fold(const Command& given) {
    auto prepared = decide::prepare(given, reader, *epochs.newest().params);
    ASSERT_TRUE(prepared);
    views::WorkLayer work(kv.snapshot());
    const auto outcome = decide::decide(work, codec, *epochs.newest().params, *prepared);
    ASSERT_TRUE(outcome) << outcome.error().what;
    const auto facts = next_facts();
    const auto composed = apply::compose(*prepared, *outcome, facts.time);
    ASSERT_TRUE(fold_command(work, folded, *prepared, *outcome, composed, facts,
                             {codec, reader, *epochs.newest().params, Bug::none}));
    write(std::move(work));
  }
  void define(const std::vector<Bytes>& parameters) {
    const auto payload = encode_definitions(parameters);
    ASSERT_TRUE(payload);
    views::WorkLayer work(kv.snapshot());
    const auto facts = next_facts();
    ASSERT_TRUE(epochs.learn(facts.position, *payload));
    ASSERT_TRUE(
        fold_other(work, folded, EntryKind::definitions, *payload, facts, &epochs.newest()));
    write(std::move(work));
  }
  apply::EntryFacts next_facts() {
    const Position position = folded.state.position.next();
    return {position, Time{static_cast<std::int64_t>(position.value)},
            sha256(folded.state.chain.view())};
  }
  void write(views::WorkLayer&& work) {
    const auto layer = std::move(work).freeze(folded.state.position, folded.state.position);
    ASSERT_TRUE(views::write_layer(kv, *layer, codec));
  }
  views::IndexSums sums() {
    const auto sums = views::sum_indexes(*kv.snapshot(), codec, *epochs.newest().params);
    EXPECT_TRUE(sums);
    return sums ? *sums : views::IndexSums();
  }

  ForgetfulKv kv;
  views::BodyCodec codec;
  Epochs epochs;
  fhir::JsonReader reader;
  Folded folded;
  BuildCounts counts;
};

TEST_F(BuildTest, IsRightWhateverIsWrittenBetweenItsSteps) {
  std::mt19937_64 random(20261124);
  const auto one_write = [&] {
    const std::string id = "p" + std::to_string(random() % 1500);
    const auto there = views::read_current(*kv.snapshot(), *fhir::type_id("Patient"), id);
    if (random() % 3 == 0 && there && *there && (*there)->presence == views::Presence::present) {
      fold(command(remove("Patient", id)));
    } else {
      fold(command(update("Patient", id, of_contact("f" + std::to_string(random() % 50)))));
    }
  };
  for (int i = 0; i < 2500; ++i) {
    one_write();
  }
  auto build = std::make_unique<IndexBuild>(kv, codec, epochs, counts);
  for (const std::vector<Bytes>& set : {std::vector{contact}, std::vector{marital}}) {
    define(set);
    EXPECT_NE(sums().computed, sums().stored) << "there is nothing to build";
    int steps = 0;
    for (bool more = true; more; ++steps) {
      if (random() % 5 == 0) {  // a stop, and a start
        build = std::make_unique<IndexBuild>(kv, codec, epochs, counts);
      }
      const auto step = build->step();
      ASSERT_TRUE(step) << step.error().what;
      more = *step;
      for (int i = 0; i < 60; ++i) {
        one_write();
      }
    }
    EXPECT_GT(steps, 10);
    const auto last = sums();
    EXPECT_EQ(last.computed, last.stored);
    ASSERT_TRUE(build->ready());
    EXPECT_EQ(build->ready()->definitions, folded.state.definitions);
    EXPECT_EQ(read_complete(*kv.snapshot()).value(), epochs.newest().params->index_count());
    fold(command(update("Patient", "p1", R"("maritalStatus":{"coding":[{"code":"M"}]})")));
  }
}

TEST_F(BuildTest, ThatLacksAPostingIsNoticedAndNeverComplete) {
  for (int i = 0; i < 600; ++i) {
    fold(command(create("Patient", "p" + std::to_string(i), of_contact("Hall"))));
  }
  define({contact});
  const std::size_t before = read_complete(*kv.snapshot()).value();
  IndexBuild build(kv, codec, epochs, counts);
  kv.forgets = 300;
  Result<bool> more = true;
  while (more && *more) {
    more = build.step();
  }
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, Code::corrupt);
  EXPECT_THAT(more.error().what, HasSubstr("hold 599 postings where 600 belong"));
  EXPECT_FALSE(build.ready());
  EXPECT_EQ(read_complete(*kv.snapshot()).value(), before);
  EXPECT_FALSE(build.step().value());
}

}  // namespace
}  // namespace holdfast::node
