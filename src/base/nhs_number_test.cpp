#include "base/nhs_number.h"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

TEST(NhsNumber, ItsLastDigitChecksTheOthers) {
  EXPECT_EQ(nhs_number("943 476 5919"), "9434765919");
  EXPECT_EQ(nhs_number("943-476-5919"), "9434765919");
  EXPECT_FALSE(nhs_number("9434765918"));
  EXPECT_FALSE(nhs_number("9434756919"));  // two digits changed places
}

TEST(NhsNumber, HasTenDigitsAndNothingElse) {
  for (const char* text : {"", "943476591", "94347659190", "943476591x", "943.476.5919"}) {
    EXPECT_FALSE(nhs_number(text)) << text;
  }
}

}  // namespace
}  // namespace holdfast
