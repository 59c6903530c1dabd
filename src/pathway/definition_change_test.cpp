// Other definitions come into force only where somebody answers for them and no item is lost.
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace holdfast::pathway
