// exchange/evidence_test.cpp: whatever strangers write, what we say of it is a resource.
#include "exchange/evidence.h"

#include <gtest/gtest.h>

#include "fhir/check.h"
#include "fhir/json.h"

namespace holdfast::exchange {
namespace {

About about(std::string_view type, std::string_view id) {
  return {"lab", "integration", type, id, "b1", Time{1'709'288'100'000}};
}

void expect_resource(Bytes body) {
  fhir::JsonReader reader;
  const Bytes shown = body;
  const auto json = reader.read(std::move(body));
  ASSERT_TRUE(json) << shown;
  const auto good = fhir::check_resource(json->root());
  EXPECT_TRUE(good) << (good ? "" : good.error().what) << shown;
}

TEST(Evidence, IsAResourceWhateverStrangersWrite) {
  const std::string half = std::string(1999, 'x') + "\xe2\x82\xac";
  for (const std::string& text :
       {std::string("a\x01\x7f b"), std::string("\xff\xfe"), std::string(), half,
        std::string(" \r\n\t"), std::string("a\0b", 3), std::string(3'000'000, 'y')}) {
    expect_resource(task_body(about(text, text), {ItemKind::refused, text, {}}));
    expect_resource(binary_body(about(text, text)));
    expect_resource(provenance_body(about(text, text), {"Patient/1"}, "2024"));
  }
}

}  // namespace
}  // namespace holdfast::exchange
