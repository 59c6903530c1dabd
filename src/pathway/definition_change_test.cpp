// Other definitions come into force only where somebody answers for them and no item is lost.
#include <gtest/gtest.h>

#include "pathway/difference.h"
#include "pathway/shipped.h"

namespace holdfast::pathway {
namespace {

constexpr std::string_view approved = "approved = [\"Dr A. Bell (clinical)\", \"C. Dean\"]\n";

/// Those that ship, with the catch-all changed; its head is replaced.
std::shared_ptr<const Definitions> changed(const std::string& head) {
  auto files = shipped_files();
  for (File& file : files) {
    if (file.name == "unclassified.toml") {
      const std::string from = "version = 1\n";
      file.text.replace(file.text.find(from), from.size(), head);
    }
  }
  auto read = Definitions::read(std::move(files));
  EXPECT_TRUE(read.has_value()) << read.error().what;
  return read ? *read : nullptr;
}

std::string refusal(const std::string& head, std::string_view today = "2026-12-02",
                    std::vector<InUse> in_use = {}) {
  const auto next = changed(head);
  const auto may = check_change(shipped().get(), *next, in_use, *parse_day(today));
  return may ? std::string() : may.error().what;
}

TEST(DefinitionChange, NeedsAHigherVersionTwoPeopleAndItsDay) {
  EXPECT_EQ(refusal("version = 2\n" + std::string(approved)), "");
  EXPECT_NE(refusal("version = 1\n" + std::string(approved)).find("higher one"), std::string::npos);
  EXPECT_NE(refusal("version = 2\n").find("not approved"), std::string::npos);
  for (const char* names : {"[\"A (clinical)\"]", "[\"A\", \"B\"]", "[\"A (clinical)\", \"A\"]",
                            "[\"A (clinical)\", \"A (clinical)\", \"A\"]"}) {
    EXPECT_NE(refusal(std::string("version = 2\napproved = ") + names + "\n").find("not approved"),
              std::string::npos)
        << names;
  }
  EXPECT_NE(refusal("version = 2\n" + std::string(approved), "2026-11-30").find("effective on"),
            std::string::npos);
}

TEST(DefinitionChange, ThoseThatAreAlreadyInForceNeedNothing) {
  EXPECT_TRUE(check_change(shipped().get(), *shipped(), {}, *parse_day("2026-01-01")).has_value());
  EXPECT_TRUE(check_change(nullptr, *shipped(), {}, *parse_day("2026-01-01")).has_value());
}

TEST(DefinitionChange, KeepsEveryStateThatAnItemIsIn) {
  const std::string head = "version = 2\n" + std::string(approved);
  EXPECT_EQ(refusal(head, "2026-12-02", {{"unclassified", "in-hand", 3}}), "");
  EXPECT_NE(refusal(head, "2026-12-02", {{"unclassified", "lost", 3}}).find("3 open items"),
            std::string::npos);
  EXPECT_NE(refusal(head, "2026-12-02", {{"unclassified", "done", 1}}), "");
  EXPECT_NE(refusal(head, "2026-12-02", {{"gone", "received", 1}}), "");
}

/// Those that ship, with a text of a clinical table replaced.
std::vector<File> with_table(const std::string& name, const std::string& from,
                             const std::string& to) {
  auto files = with_clinical_tables(shipped_files(), nullptr);
  for (File& file : files) {
    if (file.name == name) {
      const std::size_t at = file.text.find(from);
      EXPECT_NE(at, std::string::npos) << from;
      file.text.replace(std::min(at, file.text.size()), from.size(), to);
    }
  }
  return files;
}

std::string refusal_of_table(const std::string& version, const std::string& people,
                             std::string_view today) {
  auto files = with_table("clinical/phone.toml", "version = \"1\"", version);
  for (File& file : files) {
    if (const std::size_t at = file.text.find("approved_by = []");
        file.name == "clinical/phone.toml" && at != std::string::npos) {
      file.text.replace(at, 16, people);
    }
  }
  const auto next = Definitions::read(std::move(files));
  EXPECT_TRUE(next.has_value()) << next.error().what;
  const auto may = check_change(shipped().get(), **next, {}, *parse_day(today));
  return may ? std::string() : may.error().what;
}

TEST(DefinitionChange, AnotherEditionOfAClinicalTableNeedsTheSame) {
  const std::string two =
      R"(approved_by = [{ name = "Dr A. Bell", clinical = true }, { name = "C. Dean" }])";
  EXPECT_EQ(refusal_of_table("version = \"2\"", two, "2026-12-02"), "");
  EXPECT_NE(refusal_of_table("version = \"1\" # ours", two, "2026-12-02").find("another one"),
            std::string::npos);
  EXPECT_NE(refusal_of_table("version = \"2\"", "approved_by = []", "2026-12-02")
                .find("'phone' version 2 is not approved"),
            std::string::npos);
  EXPECT_NE(refusal_of_table("version = \"2\"", two, "2026-11-01").find("effective on 2026-11-30"),
            std::string::npos);
}

TEST(DefinitionChange, AClinicalTableThatIsLeftOutStaysAsItIsInForce) {
  auto own =
      Definitions::read(with_table("clinical/phone.toml", "version = \"1\"", "version = \"ours\""));
  ASSERT_TRUE(own.has_value()) << own.error().what;
  EXPECT_EQ((*own)->clinical().phone.edition.version, "ours");
  const auto next = Definitions::read(with_clinical_tables(shipped_files(), own->get()));
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ((*next)->files(), (*own)->files());
  // A record that was made before tables were part of the set has those of the program.
  const auto old = Definitions::read(shipped_files());
  const auto pinned = Definitions::read(with_clinical_tables(shipped_files(), old->get()));
  EXPECT_TRUE(table_differences(**old, **pinned).empty());
  EXPECT_EQ((*pinned)->files().size(), (*old)->files().size() + 5);
}

TEST(DefinitionChange, AClinicalTableThatCannotBeReadIsNamedWithItsLine) {
  const auto wrong = Definitions::read(
      with_table("clinical/phone.toml", "version = \"1\"", "version = \"1\"\nverison = 2"));
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().code, Code::usage);
  EXPECT_TRUE(wrong.error().what.starts_with("clinical/phone.toml:")) << wrong.error().what;
  auto files = shipped_files();
  files.push_back({"clinical/phones.toml", "table = \"phone\"\n"});
  const auto unknown = Definitions::read(std::move(files));
  ASSERT_FALSE(unknown.has_value());
  EXPECT_NE(unknown.error().what.find("did you mean 'phone'"), std::string::npos);
}

TEST(DefinitionChange, ShowsTheLinesOfATableThatDiffer) {
  const auto next = Definitions::read(
      with_table("clinical/phone.toml", "version = \"1\"", "# why\nversion = \"2\""));
  ASSERT_TRUE(next.has_value());
  const auto changes = table_differences(*shipped(), **next);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].now.version, "1");
  EXPECT_EQ(changes[0].gone, std::vector<std::string>{"version = \"1\""});
  EXPECT_EQ(changes[0].come, std::vector<std::string>{"version = \"2\""});
}

}  // namespace
}  // namespace holdfast::pathway
