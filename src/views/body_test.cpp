#include "views/body.h"

#include <gtest/gtest.h>

#include "views/keys.h"
#include "views/values.h"

namespace holdfast::views {
namespace {

BodyHeader some_header() {
  return {fhir::TypeId{3},
          "0f8fad5b-d9cb-469f-a165-70867728950e",
          Version{7},
          Position{1234567},
          Time{1'700'000'000'123},
          Presence::present,
          MadeBy::meta_delete};
}

Bytes some_body(std::size_t i) {
  return R"({"resourceType":"Observation","status":"final","code":{"coding":[{"system":)"
         R"("http://loinc.org","code":"8302-2","display":"Body Height"}]},"value":)" +
         std::to_string(i * 7919 % 10007) + R"(,"subject":{"reference":"Patient/)" +
         std::to_string(i * 104729) + R"("}})";
}

std::shared_ptr<const Dictionary> trained(std::uint64_t number) {
  DictionaryTrainer trainer;
  for (std::size_t i = 0; i < 4000; ++i) {
    trainer.offer(some_body(i));
  }
  auto bytes = trainer.train();
  EXPECT_TRUE(bytes.has_value());
  auto dictionary = Dictionary::load(number, *bytes);
  EXPECT_TRUE(dictionary.has_value());
  return *dictionary;
}

TEST(Body, ComesBackAsItWasWithAndWithoutDictionary) {
  BodyCodec codec;
  std::vector<Bytes> rows;
  for (const std::size_t size : {0U, 1U, 40U, 5000U, 3U << 20U}) {
    Bytes body;
    while (body.size() < size) {
      body += some_body(body.size());
    }
    body.resize(size);
    const Bytes raw = BodyCodec::encode_raw(some_header(), body);
    rows.push_back(codec.compress(raw));
    const auto back = codec.decode(rows.back());
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(back->header, some_header());
    EXPECT_EQ(back->bytes, body);
    EXPECT_EQ(codec.decode(raw)->bytes, body);
    for (const Bytes& row : {raw, rows.back()}) {
      Bytes behind(size % 97, 'x');
      const Bytes before = behind;
      EXPECT_EQ(*codec.decode_onto(behind, row), some_header());
      EXPECT_EQ(behind, before + body);
    }
    EXPECT_LE(rows.back().size(), raw.size());
  }
  codec.add(trained(5));
  const Bytes raw = BodyCodec::encode_raw(some_header(), some_body(1));
  const Bytes packed = codec.compress(raw);
  EXPECT_LT(packed.size(), raw.size() / 2);
  EXPECT_EQ(codec.decode(packed)->bytes, some_body(1));
  EXPECT_EQ(codec.decode(rows[3])->bytes.size(), 5000U);
  codec.add(trained(9));
  EXPECT_EQ(codec.decode(packed)->bytes, some_body(1)) << "older dictionaries stay known";
}

TEST(Body, LeavesOutTheStartThatItsHeaderRepeatsAndGivesItBack) {
  BodyCodec codec;
  codec.add(trained(5));
  const BodyHeader header = some_header();
  const std::string start = R"({"resourceType":")" + std::string(fhir::name(header.type)) +
                            R"(","id":")" + header.id +
                            R"(","meta":{"versionId":"7","lastUpdated":"2023-11-14T22:13:20.123Z")";
  const std::string rest = R"(,"profile":["http://p"]},"status":"final"})";
  const auto packed_size = [&](const std::string& body) {
    const Bytes packed = codec.compress(BodyCodec::encode_raw(header, body));
    EXPECT_EQ(codec.decode(packed)->bytes, body);
    EXPECT_EQ(codec.decode(packed)->header, header);
    return packed.size();
  };
  const std::size_t usual = packed_size(start + rest);
  EXPECT_LT(usual + 30, packed_size(" " + start + rest));
  // Whatever differs from the header in a single place is kept as it is.
  for (std::size_t i = 0; i < start.size(); ++i) {
    std::string other = start + rest;
    other[i] = other[i] == 'x' ? 'y' : 'x';
    EXPECT_GT(packed_size(other), usual);
  }
  packed_size(start);
}

TEST(Body, KeepsTheRequestThatMadeItAndRefusesOneThatThereIsNot) {
  for (const MadeBy made_by : {MadeBy::create, MadeBy::put_new, MadeBy::put, MadeBy::patch,
                               MadeBy::meta_add, MadeBy::meta_delete, MadeBy::remove}) {
    BodyHeader header = some_header();
    header.made_by = made_by;
    const Bytes raw = BodyCodec::encode_raw(header, some_body(1));
    EXPECT_EQ(BodyCodec::decode_header(raw)->made_by, made_by);
    EXPECT_EQ(BodyCodec::decode_header(BodyCodec().compress(raw))->made_by, made_by);
  }
  Bytes raw = BodyCodec::encode_raw(some_header(), some_body(1));
  raw[1] = static_cast<char>(7U << 2U);
  EXPECT_FALSE(BodyCodec::decode_header(raw).has_value());
}

TEST(Body, NamesTheDictionaryThatIsMissing) {
  BodyCodec knows;
  knows.add(trained(5));
  const Bytes packed = knows.compress(BodyCodec::encode_raw(some_header(), some_body(1)));
  const auto back = BodyCodec().decode(packed);
  ASSERT_FALSE(back.has_value());
  EXPECT_EQ(back.error().code, Code::corrupt);
  EXPECT_NE(back.error().what.find("dictionary 5"), std::string::npos);
  EXPECT_EQ(BodyCodec::decode_header(packed)->id, some_header().id) << "its header needs none";
}

TEST(Body, RefusesEveryTruncationAndNeverReadsPastTheEnd) {
  BodyCodec codec;
  const Bytes packed =
      codec.compress(BodyCodec::encode_raw(some_header(), some_body(1) + some_body(2)));
  for (std::size_t size = 0; size < packed.size(); ++size) {
    const Bytes cut = packed.substr(0, size);
    EXPECT_FALSE(codec.decode(cut).has_value()) << size;
  }
}

TEST(Body, TrainsTheSameDictionaryFromTheSameBodies) {
  EXPECT_EQ(trained(1)->bytes(), trained(1)->bytes());
  EXPECT_LE(trained(1)->bytes().size(), dictionary_bytes);
}

TEST(Body, DoesNotTakeBytesThatAreNoDictionary) {
  EXPECT_FALSE(Dictionary::load(1, Bytes(1000, 'x')).has_value());
}

TEST(Keys, GiveIdsBackAndKeepThemApart) {
  const std::vector<std::string> ids{"0f8fad5b-d9cb-469f-a165-70867728950e",
                                     "0F8FAD5B-D9CB-469F-A165-70867728950E",
                                     "0f8fad5b-d9cb-469f-a165-70867728950",
                                     "0f8fad5bd9cb-469f-a165-70867728950e0",
                                     "1",
                                     "12",
                                     "a.b-C",
                                     std::string(64, 'z')};
  std::vector<Bytes> keys;
  for (const std::string& id : ids) {
    Bytes key;
    append_id(key, id);
    ByteReader reader(key);
    EXPECT_EQ(read_id(reader), id);
    EXPECT_TRUE(reader.at_end() && !reader.failed());
    keys.push_back(key);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    for (std::size_t j = 0; j < keys.size(); ++j) {
      EXPECT_TRUE(i == j || !keys[i].starts_with(keys[j])) << ids[i] << " and " << ids[j];
    }
  }
  for (const BytesView bad :
       {BytesView(""), BytesView("\x01short"), BytesView("\x02no end"), BytesView("\x03")}) {
    ByteReader reader(bad);
    EXPECT_EQ(read_id(reader), "");
    EXPECT_TRUE(reader.failed());
  }
}

TEST(Keys, OrderTextsAsTheirBytesAndNoneBeginsAnother) {
  using namespace std::string_literals;
  const std::vector<Bytes> texts{"",     "\0"s,   "\0\0"s, "\0\x01"s, "\0\xff"s, "a",
                                 "a\0"s, "a\0b"s, "aa",    "b",       "\xff"};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    for (std::size_t j = i + 1; j < texts.size(); ++j) {
      Bytes a;
      Bytes b;
      append_value_text(a, texts[i]);
      append_value_text(b, texts[j]);
      EXPECT_LT(a, b) << i << " " << j;
      EXPECT_FALSE(b.starts_with(a));
    }
  }
}

}  // namespace
}  // namespace holdfast::views
