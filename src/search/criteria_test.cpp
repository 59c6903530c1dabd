#include "search/criteria.h"

#include <gtest/gtest.h>

#include "fhir/definitions.h"
#include "search/page_link.h"
#include "search/text.h"
#include "views/extracted.h"

namespace holdfast::search {
namespace {

const fhir::TypeId patient = *fhir::type_id("Patient");
const fhir::TypeId observation = *fhir::type_id("Observation");

Result<Criteria> of_patient(std::string_view query, Handling handling = Handling::strict) {
  return parse({patient, {}}, query, handling);
}
std::string why(std::string_view query, Code code) {
  const auto criteria = of_patient(query);
  EXPECT_FALSE(criteria.has_value()) << query;
  if (criteria) {
    return {};
  }
  EXPECT_EQ(criteria.error().code, code) << query << ": " << criteria.error().what;
  return criteria.error().what;
}
bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(Criteria, ReadTokensAsTheStandardWritesThem) {
  const auto index = views::index_of(*fhir::param_id("identifier"));
  const auto one = [&](std::string_view query) {
    const auto criteria = of_patient(query);
    EXPECT_TRUE(criteria.has_value()) << query;
    return criteria->postings.at(0).any.at(0);
  };
  EXPECT_EQ(one("identifier=urn:x|1"), views::token_prefix(index, patient, "urn:x", "1"));
  EXPECT_EQ(one("identifier=urn%3Ax%7C1"), views::token_prefix(index, patient, "urn:x", "1"));
  EXPECT_EQ(one("identifier=|1"), views::token_prefix(index, patient, "", "1"));
  EXPECT_EQ(one("identifier=1"), views::token_code_prefix(index, patient, "1"));
  EXPECT_EQ(one("identifier=urn:x|"), views::token_system_prefix(index, patient, "urn:x"));
  EXPECT_EQ(one("identifier=a%5C%2Cb"), views::token_code_prefix(index, patient, "a,b"));
  EXPECT_EQ(one("identifier=a\\|b"), views::token_code_prefix(index, patient, "a|b"));
  EXPECT_EQ(one("identifier=a\\\\b"), views::token_code_prefix(index, patient, "a\\b"));
  EXPECT_EQ(one("identifier=a\\$b+c%2Bd"), views::token_code_prefix(index, patient, "a$b c+d"));
  const auto two = of_patient("identifier=1,2&identifier=3");
  ASSERT_TRUE(two.has_value());
  EXPECT_EQ(two->postings.size(), 2U);
  EXPECT_EQ(two->postings[0].any.size(), 2U);
}

TEST(Criteria, NameWhatIsNotKnownAndWhatWasMeant) {
  EXPECT_TRUE(says(why("identifer=1", Code::unsupported), "did you mean 'identifier'"));
  EXPECT_TRUE(says(why("_lastupdated=2020", Code::unsupported), "'_lastUpdated'"));
  EXPECT_TRUE(says(why("zzzzzzzz=1", Code::unsupported), "'zzzzzzzz' is not known for Patient"));
  EXPECT_TRUE(says(why("family=x", Code::unsupported), "does not search by it yet"));
  EXPECT_TRUE(says(why("identifier:of-type=x", Code::unsupported), "':of-type'"));
  EXPECT_TRUE(says(why("_id:exact=x", Code::unsupported), "':exact'"));
  EXPECT_TRUE(says(why("_sort=birthdate", Code::unsupported), "'birthdate'"));
  EXPECT_TRUE(says(why("_summary=data", Code::unsupported), "_summary"));
  EXPECT_TRUE(says(why("_include=Patient:organization", Code::unsupported), "_include"));
  why("_count=-1", Code::value);
  why("_count=ten", Code::value);
  why("_total=yes", Code::value);
  why("_lastUpdated=yesterday", Code::value);
  why("_lastUpdated=xx2020", Code::value);
  why("identifier", Code::value);
  why("identifier=a,,b", Code::value);
  why("identifier=|", Code::value);
  why("identifier=a|b|c", Code::value);
  why("identifier=a\\b", Code::value);
  why("identifier=100%", Code::syntax);
  why("identifier=%4", Code::syntax);
  why(std::string(query_bytes_max + 1, 'a'), Code::too_large);
  EXPECT_FALSE(parse({}, "_id=1", Handling::strict).has_value());
}

TEST(Criteria, IgnoreWhatIsNotKnownOnlyWhenAskedTo) {
  const auto criteria = of_patient("identifer=1&identifier=2&family:exact=x&_count=7&_format=json",
                                   Handling::lenient);
  ASSERT_TRUE(criteria.has_value());
  EXPECT_EQ(criteria->ignored, (std::vector<std::string>{"identifer", "family:exact"}));
  EXPECT_EQ(criteria->understood, "identifier=2&_count=7");
  EXPECT_EQ(criteria->postings.size(), 1U);
  EXPECT_FALSE(of_patient("identifier=%zz", Handling::lenient).has_value())
      << "what is known must still be right";
}

TEST(Criteria, BoundCountAndAlternatives) {
  EXPECT_EQ(of_patient("")->count, count_default);
  EXPECT_EQ(of_patient("_count=99999999999999999999999")->count, count_max);
  EXPECT_EQ(of_patient("_count=5")->count, 5U);
  EXPECT_EQ(of_patient("_count=0")->summary, Summary::count);
  std::string many = "_id=1";
  for (std::size_t i = 0; i < alternatives_max; ++i) {
    many += ",1";
  }
  why(many, Code::too_large);
  std::string params;
  for (std::size_t i = 0; i <= criteria_max; ++i) {
    params += "_id=1&";
  }
  why(params, Code::too_large);
}

TEST(Criteria, ReadReferencesInAllForms) {
  const auto index = views::index_of(*fhir::param_id("subject"));
  const auto any = [&](std::string_view query) {
    const auto criteria = parse({observation, {}}, query, Handling::strict);
    EXPECT_TRUE(criteria.has_value()) << query;
    return criteria ? criteria->postings.at(0).any : std::vector<views::PostingPrefix>{};
  };
  const auto to_patient = views::reference_prefix(index, observation, patient, "7");
  EXPECT_EQ(any("subject=Patient/7"), std::vector{to_patient});
  EXPECT_EQ(any("subject:Patient=7"), std::vector{to_patient});
  const auto bare = any("subject=7");
  EXPECT_GT(bare.size(), 1U);
  EXPECT_NE(std::find(bare.begin(), bare.end(), to_patient), bare.end());
  EXPECT_EQ(any("subject=http://a/Patient/7"),
            std::vector{views::uri_prefix(index, observation, "http://a/Patient/7")});
  EXPECT_FALSE(parse({observation, {}}, "subject:Patient=Group/7", Handling::strict).has_value());
  EXPECT_FALSE(parse({observation, {}}, "subject:missing=true", Handling::strict).has_value());
}

TEST(Criteria, ListWhatATypeCanBeSearchedBy) {
  std::vector<std::string> names;
  for (const SearchParameter& parameter : parameters_of(patient)) {
    names.emplace_back(parameter.name);
    EXPECT_TRUE(parameter.name == "_lastUpdated" ||
                of_patient(std::string(parameter.name) + "=a").has_value())
        << parameter.name;
  }
  EXPECT_NE(std::find(names.begin(), names.end(), "identifier"), names.end());
  EXPECT_NE(std::find(names.begin(), names.end(), "general-practitioner"), names.end());
  EXPECT_EQ(std::find(names.begin(), names.end(), "family"), names.end());
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
}

TEST(PageLink, ComesBackOnlyUnderTheSecretThatSignedIt) {
  const Bytes secret(32, 's');
  PageLink link{{patient, "p1"},
                "identifier=1&_count=2",
                Handling::lenient,
                {Position{7}, RowId{9}, Time{-5}},
                RowId{4},
                20,
                55};
  const std::string text = seal(link, secret);
  const auto back = open_link(text, secret);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->scope.type, patient);
  EXPECT_EQ(back->scope.patient, "p1");
  EXPECT_EQ(back->query, link.query);
  EXPECT_EQ(back->handling, link.handling);
  EXPECT_EQ(back->snapshot, link.snapshot);
  EXPECT_EQ(back->after, link.after);
  EXPECT_EQ(back->shown, link.shown);
  EXPECT_EQ(back->total, link.total);
  link.total.reset();
  link.scope.type.reset();
  EXPECT_EQ(open_link(seal(link, secret), secret)->total, std::nullopt);
  EXPECT_EQ(open_link(seal(link, secret), secret)->scope.type, std::nullopt);
  EXPECT_FALSE(open_link(text, Bytes(32, 't')).has_value());
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string forged = text;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    const auto opened = open_link(forged, secret);
    ASSERT_FALSE(opened.has_value()) << i;
    EXPECT_EQ(opened.error().code, Code::value);
    EXPECT_FALSE(open_link(text.substr(0, i), secret).has_value());
  }
}

}  // namespace
}  // namespace holdfast::search
