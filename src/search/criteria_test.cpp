#include "search/criteria.h"

#include <gtest/gtest.h>

#include "fhir/params/compile.h"
#include "search/page_link.h"
#include "search/text.h"
#include "views/postings.h"
#include "views/values.h"

namespace holdfast::search {
namespace {

const fhir::TypeId patient = *fhir::type_id("Patient");
const fhir::TypeId observation = *fhir::type_id("Observation");

Result<Criteria> of_patient(std::string_view query, Handling handling = Handling::strict) {
  return parse(fhir::standard_search_params(), {patient, {}}, query, handling, Time{});
}
Result<Criteria> of_observation(std::string_view query) {
  return parse(fhir::standard_search_params(), {observation, {}}, query, Handling::strict, Time{});
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

Bytes token(std::string_view system, std::string_view code) {
  Bytes form;
  views::append_token(form, system, code);
  return form;
}

// Which of these forms the only value of the query's only criterion takes.
std::vector<std::size_t> takes(const Result<Criteria>& criteria, const std::vector<Bytes>& forms) {
  EXPECT_TRUE(criteria.has_value());
  std::vector<std::size_t> taken;
  const ValueQuery& query = *criteria->types.at(0).all.at(0).any.at(0);
  for (std::size_t i = 0; i < forms.size(); ++i) {
    if (query.judge(forms[i]) == Verdict::yes) {
      taken.push_back(i);
    }
  }
  return taken;
}

TEST(Criteria, ReadTokensAsTheStandardWritesThem) {
  const std::vector<Bytes> forms{token("urn:x", "1"), token("", "1"),   token("urn:x", "2"),
                                 token("", "a,b"),    token("", "a|b"), token("", "a\\b"),
                                 token("", "a$b c+d")};
  using Taken = std::vector<std::size_t>;
  EXPECT_EQ(takes(of_patient("identifier=urn:x|1"), forms), Taken{0});
  EXPECT_EQ(takes(of_patient("identifier=urn%3Ax%7C1"), forms), Taken{0});
  EXPECT_EQ(takes(of_patient("identifier=|1"), forms), Taken{1});
  EXPECT_EQ(takes(of_patient("identifier=1"), forms), (Taken{0, 1}));
  EXPECT_EQ(takes(of_patient("identifier=urn:x|"), forms), (Taken{0, 2}));
  EXPECT_EQ(takes(of_patient("identifier=a%5C%2Cb"), forms), Taken{3});
  EXPECT_EQ(takes(of_patient("identifier=a\\|b"), forms), Taken{4});
  EXPECT_EQ(takes(of_patient("identifier=a\\\\b"), forms), Taken{5});
  EXPECT_EQ(takes(of_patient("identifier=a\\$b+c%2Bd"), forms), Taken{6});
  const auto two = of_patient("identifier=1,2&identifier=3");
  ASSERT_TRUE(two.has_value());
  EXPECT_EQ(two->types[0].all.size(), 2U);
  EXPECT_EQ(two->types[0].all[0].any.size(), 2U);
}

TEST(Criteria, NameWhatIsNotKnownAndWhatWasMeant) {
  EXPECT_TRUE(says(why("identifer=1", Code::unsupported), "did you mean 'identifier'"));
  EXPECT_TRUE(says(why("_lastupdated=2020", Code::unsupported), "'_lastUpdated'"));
  EXPECT_TRUE(says(why("zzzzzzzz=1", Code::unsupported), "'zzzzzzzz' is not known for Patient"));
  EXPECT_TRUE(says(why("_text=x", Code::unsupported), "gives no expression"));
  EXPECT_TRUE(says(why("identifier:exact=x", Code::unsupported), "':exact'"));
  EXPECT_TRUE(says(why("identifier:of-type=x", Code::value), "system|code|value"));
  EXPECT_TRUE(says(why("_id:exact=x", Code::unsupported), "':exact'"));
  EXPECT_TRUE(says(why("family:exct=x", Code::unsupported), "':exct'"));
  EXPECT_TRUE(says(why("_sort=brithdate", Code::unsupported), "did you mean 'birthdate'"));
  EXPECT_TRUE(says(why("_include=Patient:name", Code::value), "is no reference"));
  EXPECT_TRUE(says(why("_include:iterat=Patient:link", Code::unsupported), "':iterate'"));
  EXPECT_TRUE(says(why("general-practitioner.brithdate=2000", Code::unsupported), "'brithdate'"));
  EXPECT_TRUE(says(why("general-practitioner:Medication.code=x", Code::unsupported),
                   "'general-practitioner' leads to no 'Medication'"));
  EXPECT_TRUE(says(why("family:=x", Code::unsupported), "no modifier stands behind the colon"));
  EXPECT_TRUE(says(why("_summary=true&_elements=id&_summary=count", Code::value), "comes twice"));
  EXPECT_TRUE(says(why("_sort=family&_sort=birthdate", Code::value), "with commas"));
  EXPECT_TRUE(says(why("name.family=x", Code::value), "is no reference"));
  EXPECT_TRUE(says(why("_has:Observation:code:code=1", Code::value), "is no reference"));
  why("birthdate=2024-02-30", Code::value);
  why("birthdate=1980&birthdate:missing=maybe", Code::value);
  std::string chain = "link:Patient";
  for (int i = 0; i < 50; ++i) {
    chain += ".link:Patient";
  }
  EXPECT_TRUE(says(why(chain + ".name=x", Code::too_costly), "at most 8 links"));
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
}

TEST(Criteria, OverSeveralTypesTakeWhatAllOfThemHave) {
  const auto all = [](std::string_view query) {
    return parse(fhir::standard_search_params(), {}, query, Handling::strict, Time{});
  };
  const auto two = all("_type=Patient,Observation&_tag=x");
  ASSERT_TRUE(two.has_value()) << two.error().what;
  ASSERT_EQ(two->types.size(), 2U);
  EXPECT_EQ(two->types[0].type, observation);
  EXPECT_EQ(two->types[1].type, patient);
  EXPECT_EQ(all("_id=1")->types.size(), fhir::type_count);
  EXPECT_EQ(all("birthdate=2000").error().code, Code::unsupported);
  EXPECT_EQ(all("_type=Patient&birthdate=2000")->types.size(), 1U);
  EXPECT_EQ(all("_type=Patiens").error().code, Code::value);
}

TEST(Criteria, IgnoreWhatIsNotKnownOnlyWhenAskedTo) {
  const auto criteria =
      of_patient("identifer=1&identifier=2&family:exct=x&_count=7&_format=json", Handling::lenient);
  ASSERT_TRUE(criteria.has_value());
  EXPECT_EQ(criteria->ignored, (std::vector<std::string>{"identifer", "family:exct"}));
  EXPECT_EQ(criteria->understood, "identifier=2&_count=7");
  EXPECT_EQ(criteria->types[0].all.size(), 1U);
  EXPECT_FALSE(of_patient("identifier=%zz", Handling::lenient).has_value())
      << "what is known must still be right";
}

TEST(Criteria, BoundCountAndAlternatives) {
  EXPECT_EQ(of_patient("")->count, count_default);
  EXPECT_EQ(of_patient("_count=99999999999999999999999")->count, count_max);
  EXPECT_EQ(of_patient("_count=5")->count, 5U);
  EXPECT_TRUE(of_patient("_count=0")->counts_only());
  EXPECT_TRUE(of_patient("_summary=count")->counts_only());
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

Bytes target(std::string_view type, std::string_view id) {
  Bytes form;
  views::append_target(form, *fhir::type_id(type), id);
  return form;
}
Bytes url(std::string_view text, std::string_view version) {
  Bytes form;
  views::append_target_url(form, text, version);
  return form;
}

TEST(Criteria, ReadReferencesInAllForms) {
  Bytes identifier;
  views::append_target_identifier(identifier, "urn:x", "7");
  const std::vector<Bytes> forms{target("Patient", "7"), target("Group", "7"),
                                 target("Patient", "8"), url("http://a/Patient/7", ""), identifier};
  using Taken = std::vector<std::size_t>;
  EXPECT_EQ(takes(of_observation("subject=Patient/7"), forms), Taken{0});
  EXPECT_EQ(takes(of_observation("subject:Patient=7"), forms), Taken{0});
  EXPECT_EQ(takes(of_observation("subject=7"), forms), (Taken{0, 1}));
  EXPECT_EQ(takes(of_observation("subject=http://a/Patient/7"), forms), Taken{3});
  EXPECT_EQ(takes(of_observation("subject:identifier=urn:x|7"), forms), Taken{4});
  EXPECT_EQ(takes(of_observation("subject:identifier=7"), forms), Taken{4});
  EXPECT_FALSE(of_observation("subject:Patient=Group/7").has_value());
  EXPECT_FALSE(of_observation("subject:missing=7").has_value());
  EXPECT_TRUE(of_observation("subject:missing=true").has_value());
}

TEST(Criteria, ReadNumbersAsPreciseAsTheyAreWritten) {
  const auto amount = [](std::string_view number, std::string_view unit) {
    Bytes form;
    views::append_unit(form, {"http://unitsofmeasure.org", std::string(unit), ""});
    const auto value = fhir::Decimal::parse(number);
    views::append_number(form, {value, value});
    return form;
  };
  const std::vector<Bytes> forms{amount("5.35", "mg"),  amount("5.449", "mg"),
                                 amount("5.45", "mg"),  amount("0.0054", "g"),
                                 amount("5.4", "/min"), amount("-5.4", "mg")};
  using Taken = std::vector<std::size_t>;
  EXPECT_EQ(takes(of_observation("value-quantity=5.4"), forms), (Taken{0, 1, 4}));
  EXPECT_EQ(takes(of_observation("value-quantity=5.40"), forms), Taken{4});
  EXPECT_EQ(takes(of_observation("value-quantity=gt5.4"), forms), (Taken{1, 2}));
  EXPECT_EQ(takes(of_observation("value-quantity=54e-1|http://unitsofmeasure.org|mg"), forms),
            (Taken{0, 1, 3}));
  EXPECT_EQ(takes(of_observation("value-quantity=5.4||/min"), forms), Taken{4});
  EXPECT_EQ(takes(of_observation("value-quantity=ap-5"), forms), Taken{5});
  EXPECT_EQ(takes(of_observation("value-quantity=lt0"), forms), Taken{5});
}

TEST(Criteria, ListWhatATypeCanBeSearchedBy) {
  std::vector<std::string> names;
  const auto known = parameters_of(fhir::standard_search_params(), patient);
  for (const SearchParameter& parameter : known) {
    names.emplace_back(parameter.name);
    const std::string value = parameter.kind == "date" ? "=2000" : "=a";
    EXPECT_TRUE(of_patient(std::string(parameter.name) + value).has_value()) << parameter.name;
  }
  for (const char* const name : {"identifier", "general-practitioner", "family", "_tag"}) {
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  }
  EXPECT_EQ(std::find(names.begin(), names.end(), "_content"), names.end());
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
}

TEST(PageLink, ComesBackOnlyUnderTheSecretThatSignedIt) {
  const Bytes secret(32, 's');
  PageLink link{{patient, "p1"},
                "identifier=1&_count=2",
                Handling::lenient,
                {Position{7}, RowId{9}, Time{-5}},
                Position{3},
                {PageCursor::Order::sorted, 3, Bytes("k\0y", 3), RowId{4}},
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
