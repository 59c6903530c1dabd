// hl7v2/text_test.cpp: escapes there and back, paths, filters, writing.
#include "hl7v2/text.h"

#include <gtest/gtest.h>

#include <random>

#include "hl7v2/filter.h"
#include "hl7v2/path.h"
#include "hl7v2/writer.h"

namespace holdfast::hl7v2 {
namespace {

std::string plain(BytesView raw) { return unescaped(raw, {}); }

TEST(Text, EscapesMeanWhatTheStandardSays) {
  EXPECT_EQ(plain(R"(a\F\b\S\c\T\d\R\e\E\f)"), "a|b^c&d~e\\f");
  EXPECT_EQ(plain(R"(\X41\\X0d0A\.)"), "A\r\n.");
  EXPECT_EQ(plain(R"(one\.br\two\.sp\three\.sp2\four\.sp+3\x)"), "one\ntwo\nthree\n\nfour\n\n\nx");
  EXPECT_EQ(plain(R"(\H\bold\N\ \.in+4\in\.ce\mid\.sk3\x)"), "bold in\nmid   x");
  EXPECT_EQ(unescaped("!P!", {.escape = '!', .truncation = '#'}), "#");
}

TEST(Text, WhatIsNoEscapeStays) {
  for (const BytesView raw : {R"(C:\Users\x)", R"(\)", R"(\\)", R"(\X4\)", R"(\Xzz\)", R"(\Z12\)",
                              R"(\.sp100000\)", R"(\.xx\)", R"(\C2842\)", R"(\P\)", R"(5 \ 6)"}) {
    EXPECT_EQ(plain(raw), raw);
  }
  EXPECT_EQ(plain(R"(C:\T\x\F\)"), "C:&x|");
  EXPECT_EQ(plain(R"(a\b\F\c)"), R"(a\b|c)");
}

TEST(Text, AnyTextComesBack) {
  std::mt19937 random(11);
  constexpr BytesView alphabet = "|^~\\&#.brXFSTRE\n\t\x01 a\xc3\xa9";
  const Delimiters by{.truncation = '#'};
  for (int run = 0; run < 20'000; ++run) {
    std::string text;
    for (std::size_t i = random() % 20; i > 0; --i) {
      text.push_back(alphabet[random() % alphabet.size()]);
    }
    const std::string raw = escaped(text, by);
    ASSERT_EQ(raw.find_first_of("|^~&#\r\n\t\x01"), std::string::npos) << raw;
    ASSERT_EQ(unescaped(raw, by), text) << raw;
  }
  EXPECT_EQ(escaped("a\r\nb\rc\nd", {}), R"(a\.br\b\.br\c\.br\d)");
  EXPECT_EQ(escaped("a|b", {.escape = '\0'}), "a b");
}

constexpr BytesView order =
    "MSH|^~\\&|A|B\rPID|1||1^^^X~2^^^Y||Doe^Jo\rOBX|1|ST|C||one\rOBX|2|CE|D||x^y&z~u\r";

TEST(Path, NamesWhatItSays) {
  const Message message = *Message::parse(order);
  const auto all = [&](std::string_view text) {
    std::string joined;
    for (const BytesView found : select(message, *Path::parse(text))) {
      joined += std::string(found) + ";";
    }
    return joined;
  };
  EXPECT_EQ(all("PID-5.2"), "Jo;");
  EXPECT_EQ(all("PID-3"), "1^^^X;");
  EXPECT_EQ(all("PID-3[2]"), "2^^^Y;");
  EXPECT_EQ(all("PID-3[*].4"), "X;Y;");
  EXPECT_EQ(all("OBX[2]-5.2.2"), "z;");
  EXPECT_EQ(all("OBX[*]-5"), "one;x^y&z;");
  EXPECT_EQ(all("OBX[*]-5[2]"), "u;");
  EXPECT_EQ(all("OBX[3]-5"), "");
  EXPECT_EQ(all("ZZZ-1"), "");
  EXPECT_EQ(all("MSH-2"), "^~\\&;");
  EXPECT_EQ(all("MSH-3"), "A;");
  EXPECT_EQ(all("OBX"), "OBX|1|ST|C||one;");
  EXPECT_EQ(first_text(message, *Path::parse("OBX[2]-5")), "x");
}

TEST(Path, ReadsWhatItWrites) {
  for (const std::string_view text :
       {"PID-5.1", "OBX[2]-5[3].1.2", "PID-3[*].4", "OBX[*]-5", "MSH", "ZU8[2]"}) {
    EXPECT_EQ(Path::parse(text)->text(), text);
  }
  for (const std::string_view text :
       {"", "PI", "pid-1", "PID-", "PID-0", "PID-1.", "PID-1.0", "PID-1.1.1.1", "PID5", "PID-3[",
        "PID-3[]", "PID-3[0]", "PID-99999999999", "PID-1 ", "PID[*"}) {
    const auto path = Path::parse(text);
    ASSERT_FALSE(path) << text;
    EXPECT_EQ(path.error().code, Code::syntax);
  }
}

TEST(Path, ReplacesOneValue) {
  const Message message = *Message::parse(order);
  const auto with = [&](std::string_view path, std::string_view value) {
    auto bytes = replaced(message, *Path::parse(path), value);
    EXPECT_TRUE(bytes) << path;
    return bytes.value_or(Bytes());
  };
  EXPECT_EQ(with("PID-5.1", "O|Hara"),
            "MSH|^~\\&|A|B\rPID|1||1^^^X~2^^^Y||O\\F\\Hara^Jo\rOBX|1|ST|C||one\r"
            "OBX|2|CE|D||x^y&z~u\r");
  EXPECT_EQ(select(*Message::parse(with("OBX[2]-7[2].3.2", "n")), *Path::parse("OBX[2]-7[2].3.2"))
                .front(),
            "n");
  EXPECT_EQ(with("MSH-3", "C").substr(0, 13), "MSH|^~\\&|C|B\r");
  EXPECT_EQ(with("MSH-6", "D").substr(0, 16), "MSH|^~\\&|A|B||D\r");
  EXPECT_EQ(with("PID-3[2].4", ""),
            "MSH|^~\\&|A|B\rPID|1||1^^^X~2^^^||Doe^Jo\rOBX|1|ST|C||one\r"
            "OBX|2|CE|D||x^y&z~u\r");
  EXPECT_EQ(replaced(message, *Path::parse("PV1-2"), "x").error().code, Code::not_found);
  for (const std::string_view path : {"MSH-1", "MSH-2", "PID", "PID-3[*]", "OBX[*]-1"}) {
    EXPECT_EQ(replaced(message, *Path::parse(path), "x").error().code, Code::value) << path;
  }
}

TEST(Filter, HoldsWhereItShould) {
  const Message message = *Message::parse(order);
  const auto holds = [&](std::string_view text) {
    auto filter = Filter::parse(text);
    EXPECT_TRUE(filter) << text << (filter ? "" : filter.error().what);
    return filter && filter->accepts(message);
  };
  EXPECT_TRUE(holds("MSH-3 = 'A'"));
  EXPECT_FALSE(holds("MSH-3 = 'B'"));
  EXPECT_TRUE(holds("MSH-3 != 'B'"));
  EXPECT_TRUE(holds("PID-3[*].4 = 'Y'"));
  EXPECT_FALSE(holds("PID-3[*].4 != 'Y'"));
  EXPECT_TRUE(holds("PID-3[*].4 in ('Q', 'X')"));
  EXPECT_TRUE(holds("PID-5 starts 'D' and not PV1-2 exists"));
  EXPECT_TRUE(holds("MSH-3 = 'B' and MSH-3 = 'A' or MSH-4 = 'B'"));
  EXPECT_FALSE(holds("MSH-3 = 'B' and (MSH-3 = 'A' or MSH-4 = 'B')"));
  EXPECT_TRUE(holds("(PID-5.2='Jo')"));
  EXPECT_FALSE(holds("PID-5.1 = 'it''s'"));
  EXPECT_FALSE(holds("PID-9 exists"));
  EXPECT_TRUE(holds("PID-9 != 'x'"));
}

TEST(Filter, SaysWhatIsWrong) {
  for (const std::string_view text :
       {"", "MSH-3", "MSH-3 = A", "MSH-3 = 'A", "MSH-3 = 'A' or", "(MSH-3 = 'A'", "MSH-3 in 'A'",
        "MSH-3 = 'A' MSH-4 = 'B'", "MSH-3 existsx", "msh-3 = 'A'", "not"}) {
    const auto filter = Filter::parse(text);
    ASSERT_FALSE(filter) << text;
    EXPECT_EQ(filter.error().code, Code::syntax) << text;
  }
  EXPECT_FALSE(Filter::parse(std::string(100'000, '(')));
  std::string negations;
  for (int i = 0; i < 100'000; ++i) {
    negations += "not ";
  }
  EXPECT_EQ(Filter::parse(negations + "MSH-3 exists").error().code, Code::too_large);
}

TEST(Writer, WritesWhatIsReadBack) {
  Writer writer;
  writer.text(3, "Hold|fast").field(9).text("ACK").component(2).text("R01");
  writer.text(10, "1");
  writer.segment("PID").field(3).text("1").component(4).text("X").subcomponent(2).text("2.16");
  writer.repetition().text("2").component(5).text("NH");
  writer.field(5).component(2).text("Jo");
  EXPECT_EQ(writer.take(),
            "MSH|^~\\&|Hold\\F\\fast||||||ACK^R01|1\rPID|||1^^^X&2.16~2^^^^NH||^Jo\r");
}

}  // namespace
}  // namespace holdfast::hl7v2
