#include "search/criteria.h"

#include <gtest/gtest.h>

#include "fhir/params/compile.h"
#include "search/filter.h"
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
  EXPECT_TRUE(says(why("_contained=both", Code::unsupported), "through their container"));
  EXPECT_TRUE(says(why("_containedType=contained", Code::unsupported), "through their container"));
  EXPECT_TRUE(of_patient("_contained=false&_containedType=container").has_value());
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
  const auto sorted = all("_type=Patient,Observation&_sort=-identifier,_id");
  ASSERT_TRUE(sorted.has_value()) << sorted.error().what;
  EXPECT_NE(sorted->types[0].sort[0].param, sorted->types[1].sort[0].param);
  EXPECT_TRUE(says(all("_type=Patient,Observation&_sort=birthdate").error().what, "all of them"));
  EXPECT_TRUE(says(all("_type=Patient,Organization&_sort=type").error().what, "'type'"));
  EXPECT_TRUE(all("_type=Patient&_type=Observation&_sort=_id").has_value()) << "no type at all";
  EXPECT_EQ(all("birthdate=2000").error().code, Code::unsupported);
  EXPECT_EQ(all("_type=Patient&birthdate=2000")->types.size(), 1U);
  EXPECT_EQ(all("_type=Patiens").error().code, Code::value);
}

TEST(Criteria, OfAFilterAreThoseOfAQuery) {
  const auto both =
      of_patient("_filter=gender eq male and (birthdate ge 2000 or not (active eq true))");
  ASSERT_TRUE(both.has_value()) << both.error().what;
  ASSERT_EQ(both->types[0].all.size(), 2U) << "what is joined by and stands by itself";
  EXPECT_EQ(both->types[0].all[0].param->code, "gender");
  EXPECT_EQ(both->types[0].all[1].kind, Criterion::Kind::one_of);
  EXPECT_TRUE(both->types[0].all[1].parts.at(1)->negated);
  EXPECT_EQ(
      both->understood,
      "_filter=gender%20eq%20male%20and%20%28birthdate%20ge%202000%20or%20not%20%28active%20eq%"
      "20true%29%29");
  EXPECT_TRUE(of_patient("_filter=name co \"O'Neil, \\\"x\\\" \"").has_value());
  EXPECT_TRUE(of_patient("_filter=general-practitioner:Practitioner.name sw a").has_value());
  EXPECT_TRUE(says(why("_filter=gender xx male", Code::value), "character 8"));
  EXPECT_TRUE(says(why("_filter=a eq 1 and b eq 2 or c eq 3", Code::value), "parentheses"));
  EXPECT_TRUE(says(why("_filter=gender ne male", Code::unsupported), "not (… eq …)"));
  EXPECT_TRUE(says(why("_filter=birthdate po 2000", Code::unsupported), "'po'"));
  EXPECT_TRUE(says(why("_filter=name gt a", Code::unsupported), "'gt'"));
  EXPECT_TRUE(says(why("_filter=link[a eq b].other pr true", Code::unsupported), "'link'"));
  EXPECT_TRUE(says(why("_filter=gender:not eq male", Code::unsupported), "':not'"));
  why("_filter=gender pr maybe", Code::value);
  why("_filter=birthdate ge 2024-02-30", Code::value);
  why("_filter=name co \"x", Code::value);
  why("_filter=" + std::string(filter_depth_max + 1, '(') + "a eq 1", Code::too_large);
}

TEST(Criteria, CountTheTypesThatChainsMayLeadTo) {
  const auto of_composition = [](std::string_view query) {
    return parse(fhir::standard_search_params(), {*fhir::type_id("Composition"), {}}, query,
                 Handling::strict, Time{});
  };
  std::string chain = "subject";
  for (int i = 0; i < 6; ++i) {
    chain += ".subject";
  }
  EXPECT_EQ(of_composition(chain + ".nothing=1").error().code, Code::too_costly);
  EXPECT_TRUE(of_composition("subject.name=x").has_value());
  EXPECT_TRUE(of_composition("subject.subject:Patient.name=x").has_value());
  EXPECT_TRUE(of_observation("focus.focus:Patient.name=x").has_value())
      << "a type whose 'focus' is no reference does not matter";
}

TEST(Criteria, BoundWhatIsAskedOfTerminology) {
  std::string sets = "urn:0";
  for (std::size_t i = 1; i < code_sets_max; ++i) {
    sets += ",urn:" + std::to_string(i);
  }
  EXPECT_TRUE(of_patient("gender:in=" + sets).has_value());
  why("gender:in=" + sets + ",urn:x", Code::too_large);
  why("gender:in=" + sets + "&gender:not-in=urn:x", Code::too_large);
  why("gender:below=male", Code::value);
  why("gender:above=a|b|c", Code::value);
  why("birthdate:in=urn:x", Code::unsupported);
  why("_list=$current-problems", Code::unsupported);
  why("_list:not=1", Code::unsupported);
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
