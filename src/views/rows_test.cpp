// The rows of one resource through its life, and what verify recomputes from them.
#include <gtest/gtest.h>

#include <array>

#include "base/hash.h"
#include "fhir/extract.h"
#include "fhir/json.h"
#include "fhir/params/compile.h"
#include "views/extracted.h"
#include "views/facts.h"
#include "views/mem_kv.h"
#include "views/requests.h"
#include "views/tree.h"
#include "views/undo.h"
#include "views/values.h"
#include "views/versions.h"

namespace holdfast::views {
namespace {

const fhir::TypeId patient = *fhir::type_id("Patient");

/// A view under construction, one entry per call.
class Life {
 public:
  Life() : work_(kv_.snapshot()) {}

  RowId put(std::string_view id, BytesView body, Presence presence = Presence::present) {
    const auto before = *read_current(work_, patient, id);
    state_.position = state_.position.next();
    state_.time = Time{state_.time.ms + 60'000};
    state_.last_row = RowId{state_.last_row.value + 1};
    const Version version{before ? before->version.value + 1 : 1};
    if (before && before->presence == Presence::present) {
      supersede(work_, state_, before->row, listed());
      --state_.resources;
    }
    write_version(work_,
                  {patient, id, version, state_.last_row, state_.position, state_.time, presence,
                   body, presence == Presence::deleted ? MadeBy::remove : MadeBy::put},
                  before);
    if (presence == Presence::present) {
      write_postings(work_, state_.last_row, listed());
      ++state_.resources;
    }
    state_.digest.add(version_fact("Patient", id, version,
                                   presence == Presence::present ? sha256(body) : Hash{}));
    return state_.last_row;
  }
  static Postings listed() {
    Postings postings;
    postings.add_listing(patient);
    return postings;
  }

  WorkLayer& work() { return work_; }
  State& state() { return state_; }

 private:
  MemKv kv_;
  WorkLayer work_;
  State state_;
};

TEST(Versions, AreAllThereAndOneIsCurrent) {
  Life life;
  life.put("a", "{1}");
  life.put("b", "{2}");
  life.put("a", "{3}");
  life.put("a", "", Presence::deleted);
  life.put("a", "{5}");
  const Reader& view = life.work();
  EXPECT_EQ(*read_current(view, patient, "a"), (Current{RowId{5}, Version{4}, Presence::present}));
  EXPECT_EQ(*read_current(view, patient, "ab"), std::nullopt);
  EXPECT_EQ(*read_version(view, patient, "a", Version{1}), RowId{1});
  EXPECT_EQ(*read_version(view, patient, "a", Version{2}), RowId{3});
  EXPECT_EQ(*read_version(view, patient, "a", Version{3}), RowId{4});
  EXPECT_EQ(*read_version(view, patient, "a", Version{4}), RowId{5});
  EXPECT_EQ(*read_version(view, patient, "a", Version{5}), std::nullopt);
  EXPECT_EQ(*read_version(view, patient, "a", Version{0}), std::nullopt);
  const BodyCodec codec;
  EXPECT_EQ(read_body(view, codec, RowId{3})->bytes, "{3}");
  EXPECT_EQ(read_body(view, codec, RowId{4})->header.presence, Presence::deleted);
  EXPECT_EQ(read_body(view, codec, RowId{6}).error().code, Code::corrupt);
  EXPECT_EQ((*read_as_of(view, patient, "a", RowId{2}))->row, RowId{1});
  EXPECT_EQ((*read_as_of(view, patient, "a", RowId{3}))->row, RowId{3});
  EXPECT_EQ((*read_as_of(view, patient, "a", RowId{9}))->row, RowId{5});
  EXPECT_EQ(*read_as_of(view, patient, "b", RowId{1}), std::nullopt);
  EXPECT_EQ(*first_row_at(view, Time{0}, RowId{5}), RowId{1});
  EXPECT_EQ(*first_row_at(view, Time{180'000}, RowId{5}), RowId{3});
  EXPECT_EQ(*first_row_at(view, Time{180'001}, RowId{5}), RowId{4});
  EXPECT_EQ(*first_row_at(view, Time{INT64_MAX}, RowId{5}), RowId{6});
}

TEST(Facts, ComeOutAsApplyAddedThemUp) {
  Life life;
  for (int i = 0; i < 40; ++i) {
    const std::string id = "p" + std::to_string(i % 13);
    const auto now = *read_current(life.work(), patient, id);
    const bool remove = i % 5 == 4 && now && now->presence == Presence::present;
    life.put(id, remove ? "" : "{" + std::to_string(i) + "}",
             remove ? Presence::deleted : Presence::present);
  }
  const BodyCodec codec;
  const auto facts = digest_of_view(life.work(), codec);
  ASSERT_TRUE(facts.has_value()) << facts.error().what;
  EXPECT_EQ(facts->digest, life.state().digest);
  EXPECT_EQ(facts->last_row, life.state().last_row);
  EXPECT_EQ(facts->resources, life.state().resources);
}

TEST(Facts, NoticeWhateverDoesNotAgree) {
  const BodyCodec codec;
  const auto after = [&](auto&& tamper) {
    Life life;
    life.put("a", "{1}");
    life.put("a", "{2}");
    life.put("b", "{3}");
    tamper(life.work());
    const auto facts = digest_of_view(life.work(), codec);
    return facts.has_value() && facts->digest == life.state().digest &&
           facts->resources == life.state().resources && facts->last_row == life.state().last_row;
  };
  EXPECT_TRUE(after([](WorkLayer&) {}));
  const auto body = [](std::string_view text) {
    return BodyCodec::encode_raw({patient, "a", {1}, {1}, {60'000}, Presence::present}, text);
  };
  EXPECT_FALSE(after([&](WorkLayer& w) { w.put(Table::body, body_key({1}), body("{9}")); }));
  EXPECT_FALSE(after([](WorkLayer& w) { w.erase(Table::body, body_key({1})); }));
  EXPECT_FALSE(after([](WorkLayer& w) { w.erase(Table::body, body_key({3})); }));
  EXPECT_FALSE(after([](WorkLayer& w) { w.erase(Table::current, current_key(patient, "b")); }));
  EXPECT_FALSE(
      after([](WorkLayer& w) { w.erase(Table::history, history_key(patient, "a", {1})); }));
  EXPECT_FALSE(after([](WorkLayer& w) {
    Bytes key = listing_prefix(patient);
    append_row(key, RowId{3});
    w.erase(Table::posting, key);
  }));
  EXPECT_FALSE(after([](WorkLayer& w) { w.erase(Table::past, past_key(patient, RowId{1})); }));
  EXPECT_FALSE(after([](WorkLayer& w) { w.put(Table::past, past_key(patient, RowId{3}), {}); }))
      << "what is current is no past";
  EXPECT_FALSE(after([](WorkLayer& w) { write_postings(w, RowId{1}, Life::listed()); }));
  // The counts stay what they were: only the rows themselves are wrong.
  EXPECT_FALSE(after([](WorkLayer& w) {
    Bytes key = listing_prefix(patient);
    append_row(key, RowId{3});
    w.erase(Table::posting, key);
    write_postings(w, RowId{1}, Life::listed());
  })) << "what is listed is not current";
  const auto swap = [](WorkLayer& w, Table table, const Bytes& one, const Bytes& other) {
    const Bytes kept = *w.get(table, one).value();
    w.put(table, one, *w.get(table, other).value());
    w.put(table, other, kept);
  };
  EXPECT_FALSE(after([&](WorkLayer& w) {
    swap(w, Table::current, current_key(patient, "a"), current_key(patient, "b"));
  })) << "each leads to the other's row";
  EXPECT_FALSE(after([&](WorkLayer& w) {
    w.put(Table::history, history_key(patient, "b", {1}),
          *w.get(Table::history, history_key(patient, "a", {1})).value());
  })) << "a version that was never made";
}

TEST(Facts, AreTheSameReadInParts) {
  Life life;
  for (int i = 0; i < 9; ++i) {
    life.put("p" + std::to_string(i % 4), "{" + std::to_string(i) + "}");
  }
  const BodyCodec codec;
  const auto indexes = read_indexes(life.work());
  ASSERT_TRUE(indexes.has_value());
  for (std::uint64_t cut = 1; cut <= 10; ++cut) {
    const std::array parts{*read_bodies(life.work(), codec, RowId{1}, RowId{cut}),
                           *read_bodies(life.work(), codec, RowId{cut}, std::nullopt)};
    const auto facts = compare(parts, *indexes);
    ASSERT_TRUE(facts.has_value()) << facts.error().what;
    EXPECT_EQ(facts->digest, life.state().digest);
    EXPECT_EQ(facts->last_row, RowId{9});
    const auto first_only = compare({&parts.front(), 1}, *indexes);
    EXPECT_EQ(first_only.has_value(), cut == 10);
  }
  EXPECT_FALSE(read_bodies(life.work(), codec, RowId{1}, RowId{11}).has_value()) << "row 10";
}

TEST(Undo, IsForgottenAfterItsTimeABoundedNumberAtOnce) {
  Life life;
  for (int i = 0; i < 600; ++i) {
    life.put("a", "{}");
  }
  State& state = life.state();
  const auto undo_rows = [&] {
    std::size_t count = 0;
    const auto cursor = life.work().scan(Table::undo, {}, {}, Direction::forward);
    for (; cursor->valid(); cursor->next()) {
      ++count;
    }
    return count;
  };
  ASSERT_EQ(undo_rows(), 2U * 599);
  // A minute passes per entry; everything but the last quarter of an hour is old.
  ASSERT_TRUE(prune_undo(life.work(), state, state.time).has_value());
  EXPECT_EQ(undo_rows(), 2U * (599 - undo_versions_pruned_max));
  EXPECT_EQ(state.undo_pruned, 1 + undo_versions_pruned_max);
  ASSERT_TRUE(prune_undo(life.work(), state, state.time).has_value());
  ASSERT_TRUE(prune_undo(life.work(), state, state.time).has_value());
  EXPECT_EQ(undo_rows(), 2U * 15);
  EXPECT_EQ(state.undo_pruned, 585U);
  EXPECT_EQ(state.undo_oldest.ms, state.time.ms - undo_kept_ms + 60'000);
  ASSERT_TRUE(prune_undo(life.work(), state, state.time).has_value());
  EXPECT_EQ(undo_rows(), 2U * 15);
}

TEST(Requests, KeepPositionAndHash) {
  Life life;
  const IdempotencyKey key = idempotency_key({"someone"}, "key");
  EXPECT_EQ(*read_request(life.work(), key), std::nullopt);
  const Request request{Position{1u << 20}, sha256("bytes")};
  write_request(life.work(), key, request);
  EXPECT_EQ(*read_request(life.work(), key), request);
  EXPECT_EQ(*read_request(life.work(), idempotency_key({"someone else"}, "key")), std::nullopt);
}

TEST(Tree, KeepsNodes) {
  Life life;
  write_tree_node(life.work(), {3, 500}, sha256("node"));
  EXPECT_EQ(*read_tree_node(life.work(), {3, 500}), sha256("node"));
  EXPECT_EQ(*read_tree_node(life.work(), {3, 501}), std::nullopt);
}

TEST(State, ComesBackAndIsRefusedWhenCut) {
  State state{Position{5}, sha256("c"), Time{-7}, RowId{9}, 3, Digest{{1, UINT64_MAX, 3, 4}}, 2};
  EXPECT_EQ(*decode_state(encode(state)), state);
  const Bytes bytes = encode(state);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_state(BytesView(bytes).substr(0, size)).has_value());
  }
  EXPECT_FALSE(decode_state(bytes + "x").has_value());
  Life life;
  EXPECT_EQ(*read_state(life.work()), State{});
  write_state(life.work(), state);
  EXPECT_EQ(*read_state(life.work()), state);
}

TEST(Digest, AddsModuloTwoToThe256InAnyOrder) {
  Hash one;
  one.bytes[0] = 1;
  Hash ones;
  ones.bytes.fill(0xff);
  Digest sum;
  sum.add(ones);
  sum.add(one);
  EXPECT_EQ(sum, Digest{}) << "the carry runs through all lanes";
  sum.add(ones);
  sum.add(ones);
  EXPECT_EQ(sum.lanes,
            (std::array<std::uint64_t, 4>{UINT64_MAX - 1, UINT64_MAX, UINT64_MAX, UINT64_MAX}));
  Digest a;
  Digest b;
  a.add(sha256("1"));
  a.add(sha256("2"));
  b.add(sha256("2"));
  b.add(sha256("1"));
  EXPECT_EQ(a, b);
  EXPECT_EQ(a.hex().size(), 64U);
  EXPECT_NE(version_fact("Patient", "1", {1}, {}), version_fact("Patient", "1", {2}, {}));
  EXPECT_NE(version_fact("Patient", "11", {1}, {}), version_fact("Patient1", "1", {1}, {}));
}

std::vector<Bytes> keys_of(const Postings& postings) {
  std::vector<Bytes> keys;
  for (std::size_t i = 0; i < postings.size(); ++i) {
    keys.emplace_back(postings.key(i));
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

TEST(Postings, AreTheSameFromANewBodyAndFromTheStoredOne) {
  const fhir::TypeId observation = *fhir::type_id("Observation");
  const std::vector<std::string> targets{"Practitioner/9", "Patient/7"};
  // Every hole is filled: the urn with the patient, the condition with the practitioner.
  const auto fill = [&](BytesView body) {
    fhir::JsonReader reader;
    const auto json = reader.read(Bytes(body));
    EXPECT_TRUE(json.has_value());
    fhir::Sites sites;
    fhir::Extraction extraction;
    fhir::examine(json->root(), fhir::standard_search_params(), sites, extraction);
    PreparedPostings prepared;
    prepare_postings(prepared, json->root(), fhir::standard_search_params(), sites, extraction);
    std::vector<Substitution> substitutions;
    for (std::uint32_t i = 0; i < sites.sites.size(); ++i) {
      if (fhir::is_hole(sites.sites[i].kind)) {
        substitutions.push_back({i, sites.sites[i].kind == fhir::SiteKind::urn ? 1U : 0U});
      }
    }
    Postings postings;
    fill_postings(postings, observation, "o1", prepared, fhir::standard_search_params(),
                  {body, sites, substitutions, targets});
    return keys_of(postings);
  };
  const std::string head =
      R"({"resourceType":"Observation","identifier":[{"system":"http://x","value":"1"}],)";
  const auto made = fill(head + R"("subject":{"reference":"urn:uuid:a"},)"
                                R"("performer":[{"reference":"Practitioner?identifier=1"}]})");
  const auto stored = fill(head + R"("subject":{"reference":"Patient/7"},)"
                                  R"("performer":[{"reference":"Practitioner\/9"}]})");
  EXPECT_EQ(made, stored);
  const auto has = [&](const Bytes& prefix) {
    return std::find(made.begin(), made.end(), prefix) != made.end();
  };
  const auto prefix_of = [](std::string_view code) {
    const auto* param = fhir::standard_search_params().find(*fhir::type_id("Observation"), code);
    return index_prefix(param->uses.front().index);
  };
  EXPECT_TRUE(has(listing_prefix(observation)));
  Bytes identifier = prefix_of("identifier");
  append_token(identifier, "http://x", "1");
  EXPECT_TRUE(has(identifier));
  Bytes subject = prefix_of("subject");
  append_target(subject, patient, "7");
  EXPECT_TRUE(has(subject));
  EXPECT_TRUE(has(compartment_prefix("7", observation)));
}

}  // namespace
}  // namespace holdfast::views
