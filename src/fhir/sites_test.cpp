#include "fhir/sites.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/time.h"
#include "fhir/check.h"
#include "fhir/extract.h"
#include "fhir/test_data.h"

namespace holdfast::fhir {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr Time noon{1'768'478'400'000};

std::string composed(const std::string& body, std::vector<Replacement> replacements = {}) {
  const Json json = read_json(body);
  return compose(body, find_sites(json.root()), "new-1", Version{7}, noon, replacements);
}

TEST(Classify, TellsTheFormsApart) {
  const auto kind = [](std::string_view text) { return classify(text).kind; };
  EXPECT_EQ(kind("Patient/123"), SiteKind::relative);
  EXPECT_EQ(kind("Patient/123/_history/4"), SiteKind::relative);
  EXPECT_EQ(kind("Patient?identifier=http://x|1"), SiteKind::conditional);
  EXPECT_EQ(kind("urn:uuid:c757873d-ec9a-4326-a141-556f43239520"), SiteKind::urn);
  EXPECT_EQ(kind("urn:oid:1.2.3"), SiteKind::urn);
  EXPECT_EQ(kind("urn:iso:std:iso:3166"), SiteKind::absolute);
  EXPECT_EQ(kind("#p1"), SiteKind::fragment);
  EXPECT_EQ(kind("http://a/fhir/Patient/1"), SiteKind::absolute);
  EXPECT_EQ(kind("mailto:x"), SiteKind::absolute);
  for (const char* other : {"", "Patient", "Patient/", "Patient/a b", "Nothing/1", "Patient/1/2",
                            "/Patient/1", "Nothing?x=1", "Patient/1/_history/", "123", ":x"}) {
    EXPECT_EQ(kind(other), SiteKind::other) << other;
  }
  EXPECT_EQ(classify("Patient/1").type, type_id("Patient"));
  EXPECT_EQ(classify("Group?x=1").type, type_id("Group"));
  EXPECT_EQ(classify("http://a/fhir/Patient/1").type, type_id("Patient"));
  EXPECT_EQ(classify("http://a/Patient/1/_history/2").type, type_id("Patient"));
  EXPECT_FALSE(classify("http://a/b/c").type);
  EXPECT_FALSE(classify("http://Patient").type);
}

TEST(ParseLiteral, TakesTypeIdAndVersionApart) {
  const auto found = parse_literal("Encounter/a.b-1/_history/12");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->type, type_id("Encounter"));
  EXPECT_EQ(found->id, "a.b-1");
  EXPECT_EQ(found->version, "12");
  EXPECT_EQ(parse_literal("Encounter/1")->version, "");
  EXPECT_FALSE(parse_literal("Encounter"));
}

TEST(Sites, AreTheReferencesAndLinksInOrder) {
  const std::string body =
      R"({"resourceType":"Observation","id":"o","contained":[{"resourceType":"Device","id":"d","patient":{"reference":"Patient/9"}}],)"
      R"("status":"final","extension":[{"url":"http://e","valueUuid":"urn:uuid:c757873d-ec9a-4326-a141-556f43239520"}],)"
      R"("code":{"coding":[{"system":"http:\/\/loinc.org","code":"1"}]},"subject":{"reference":"urn:uuid:1","display":"Patient/1"},)"
      R"("text":{"status":"generated","div":"<div><a href=\"Patient/2\">x</a><img src='urn:uuid:3'/></div>"}})";
  const Json json = read_json(body);
  ASSERT_TRUE(check_resource(json.root()));
  const Sites sites = find_sites(json.root());
  std::vector<std::pair<std::string, SiteElement>> found;
  for (const Site& site : sites.sites) {
    found.emplace_back(site_text(body, site), site.element);
  }
  EXPECT_THAT(
      found,
      ElementsAre(Pair("Patient/9", SiteElement::reference),
                  Pair("urn:uuid:c757873d-ec9a-4326-a141-556f43239520", SiteElement::uuid),
                  Pair(R"(http:\/\/loinc.org)", SiteElement::uri),
                  Pair("urn:uuid:1", SiteElement::reference), Pair("Patient/2", SiteElement::link),
                  Pair("urn:uuid:3", SiteElement::link)));
  std::string scratch = "from before";
  EXPECT_EQ(site_value(body, sites.sites[0], scratch), "Patient/9");
  EXPECT_EQ(site_value(body, sites.sites[2], scratch), "http://loinc.org");
  EXPECT_EQ(sites.sites[2].kind, SiteKind::absolute);
  EXPECT_EQ(body.substr(sites.id.begin, sites.id.end - sites.id.begin), "o");
}

TEST(Sites, AreRelativeToTheResource) {
  const Json json = read_json(
      R"({"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Basic","id":"x","code":{"text":"t"},"subject":{"reference":"Patient/1"}}}]})");
  const JsonValue resource = *(*json.root().find("entry")->children().begin()).find("resource");
  const Sites sites = find_sites(resource);
  ASSERT_EQ(sites.sites.size(), 1U);
  EXPECT_EQ(site_text(resource.raw(), sites.sites[0]), "Patient/1");
  EXPECT_EQ(resource.raw().substr(0, sites.type_end), R"({"resourceType":"Basic")");
}

TEST(Compose, PutsIdAndMetaBehindResourceType) {
  EXPECT_EQ(
      composed(R"({"resourceType":"Basic","code":{"text":"a"}})"),
      R"({"resourceType":"Basic","id":"new-1","meta":{"versionId":"7","lastUpdated":"2026-01-15T12:00:00.000Z"},"code":{"text":"a"}})");
  EXPECT_EQ(
      composed(R"({"resourceType":"Basic"})"),
      R"({"resourceType":"Basic","id":"new-1","meta":{"versionId":"7","lastUpdated":"2026-01-15T12:00:00.000Z"}})");
  EXPECT_EQ(
      composed(R"({"code":1.50,"resourceType":"Basic"})"),
      R"({"code":1.50,"resourceType":"Basic","id":"new-1","meta":{"versionId":"7","lastUpdated":"2026-01-15T12:00:00.000Z"}})");
}

TEST(Compose, ReplacesWhatIsThere) {
  EXPECT_EQ(
      composed(R"({"id":"old","resourceType":"Basic","x":1})"),
      R"({"id":"new-1","meta":{"versionId":"7","lastUpdated":"2026-01-15T12:00:00.000Z"},"resourceType":"Basic","x":1})");
  EXPECT_EQ(
      composed(
          R"({"resourceType":"Basic","meta":{"profile":["p"],"lastUpdated":"x","versionId":"9"}})"),
      R"({"resourceType":"Basic","id":"new-1","meta":{"profile":["p"],"lastUpdated":"2026-01-15T12:00:00.000Z","versionId":"7"}})");
  EXPECT_EQ(
      composed(R"({"resourceType":"Basic","meta":{"profile":["p"]}})"),
      R"({"resourceType":"Basic","id":"new-1","meta":{"versionId":"7","lastUpdated":"2026-01-15T12:00:00.000Z","profile":["p"]}})");
  EXPECT_EQ(
      composed(R"({"resourceType":"Basic","meta":{"profile":["p"],"versionId":"9"}})"),
      R"({"resourceType":"Basic","id":"new-1","meta":{"lastUpdated":"2026-01-15T12:00:00.000Z","profile":["p"],"versionId":"7"}})");
  EXPECT_EQ(
      composed(R"({"resourceType":"Basic","meta":{"lastUpdated":"9"}})"),
      R"({"resourceType":"Basic","id":"new-1","meta":{"versionId":"7","lastUpdated":"2026-01-15T12:00:00.000Z"}})");
  EXPECT_EQ(
      composed(R"({"resourceType":"Basic","meta":{}})"),
      R"({"resourceType":"Basic","id":"new-1","meta":{"versionId":"7","lastUpdated":"2026-01-15T12:00:00.000Z"}})");
}

TEST(Compose, PutsReplacementsIn) {
  const std::string body =
      R"({"resourceType":"Basic","id":"a","subject":{"reference":"urn:uuid:1"},"author":{"reference":"Patient?x=1"}})";
  const std::string with_quote = "Patient/\"\\";
  EXPECT_EQ(
      composed(body, {{0, "Patient/77"}, {1, with_quote}}),
      R"({"resourceType":"Basic","id":"new-1","meta":{"versionId":"7","lastUpdated":"2026-01-15T12:00:00.000Z"},"subject":{"reference":"Patient/77"},"author":{"reference":"Patient/\"\\"}})");
}

TEST(Compose, ANewBodyIsAGoodResourceWithTheSameValues) {
  JsonReader reader;
  std::size_t composed_count = 0;
  for (const auto& file : std::filesystem::directory_iterator(definitions_package())) {
    const std::string file_name = file.path().filename();
    // Every type has an example; the definitions themselves are many alike.
    if (file.path().extension() != ".json" || file_name.starts_with("StructureDefinition") ||
        file_name.starts_with("SearchParameter") || file_name.starts_with("ValueSet") ||
        file_name.starts_with("CodeSystem") || file_name.starts_with("Bundle")) {
      continue;
    }
    Result<Json> json = reader.read(file_bytes(file.path()));
    if (!json || !check_resource(json->root())) {
      continue;
    }
    json->minify();
    const Sites sites = find_sites(json->root());
    const Bytes body = compose(json->bytes(), sites, "new-1", Version{7}, noon);
    const Json again = read_json(body);
    ASSERT_TRUE(check_resource(again.root())) << file_name;
    EXPECT_TRUE(again.is_minified());
    EXPECT_TRUE(again.root().find("id")->equals("new-1")) << file_name;
    EXPECT_TRUE(again.root().find("meta")->find("versionId")->equals("7")) << file_name;
    EXPECT_TRUE(again.root().find("meta")->find("lastUpdated")->equals(to_instant(noon)));
    for (const JsonValue member : json->root().children()) {
      if (member.raw_key() != "id" && member.raw_key() != "meta") {
        EXPECT_EQ(again.root().find(member.raw_key())->raw(), member.raw()) << file_name;
      }
    }
    // Composing again changes nothing: what is there is replaced by itself.
    EXPECT_EQ(compose(body, find_sites(again.root()), "new-1", Version{7}, noon), body);
    ++composed_count;
  }
  EXPECT_GT(composed_count, 500U);
}

}  // namespace
}  // namespace holdfast::fhir
