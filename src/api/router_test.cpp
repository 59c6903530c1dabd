#include "api/router.h"

#include <gtest/gtest.h>

namespace holdfast::api {
namespace {

TEST(Router, KnowsTheTypeThatARouteNamesItself) {
  const auto report = match(Method::get, "/fhir/Binary/7/$mapping-report");
  ASSERT_TRUE(report);
  EXPECT_EQ(fhir::name(report->type), "Binary");
  EXPECT_EQ(report->id, "7");
  const auto pause = match(Method::post, "/fhir/Endpoint/channel-gp/$pause");
  ASSERT_TRUE(pause);
  EXPECT_EQ(fhir::name(pause->type), "Endpoint");
  EXPECT_FALSE(match(Method::post, "/fhir/Patient/channel-gp/$pause"));
}

TEST(Router, FindsEachInteraction) {
  struct Case {
    Method method;
    std::string_view path;
    Interaction interaction;
  };
  for (const Case& c : {
           Case{Method::get, "/fhir/metadata", Interaction::capabilities},
           Case{Method::head, "/fhir/metadata", Interaction::capabilities},
           Case{Method::post, "/fhir", Interaction::bundle},
           Case{Method::post, "/fhir/", Interaction::bundle},
           Case{Method::get, "/fhir/Patient", Interaction::search},
           Case{Method::get, "/fhir", Interaction::search_all},
           Case{Method::post, "/fhir/_search", Interaction::search_all_form},
           Case{Method::get, "/fhir/_search", Interaction::search_all},
           Case{Method::get, "/fhir/Patient/_search", Interaction::search},
           Case{Method::post, "/fhir/Patient", Interaction::create},
           Case{Method::post, "/fhir/Patient/_search", Interaction::search_form},
           Case{Method::get, "/fhir/Patient/7", Interaction::read},
           Case{Method::get, "/fhir/Patient/metadata.7", Interaction::read},
           Case{Method::put, "/fhir/Patient/7", Interaction::update},
           Case{Method::remove, "/fhir/Patient/7", Interaction::remove},
           Case{Method::put, "/fhir/Patient", Interaction::update_selected},
           Case{Method::remove, "/fhir/Patient", Interaction::remove_selected},
           Case{Method::get, "/fhir/Patient/7/_history", Interaction::history},
           Case{Method::get, "/fhir/Patient/_history", Interaction::history_type},
           Case{Method::get, "/fhir/_history", Interaction::history_system},
           Case{Method::get, "/fhir/Patient/7/_history/2", Interaction::vread},
           Case{Method::get, "/fhir/Patient/7/Observation", Interaction::compartment},
           Case{Method::get, "/fhir/Patient/7/*", Interaction::compartment},
           Case{Method::post, "/fhir/Patient/7/*/_search", Interaction::compartment_form},
           Case{Method::patch, "/fhir/Patient/7", Interaction::patch},
           Case{Method::patch, "/fhir/Patient", Interaction::patch_selected},
           Case{Method::get, "/fhir/$meta", Interaction::meta_system},
           Case{Method::get, "/fhir/Patient/$meta", Interaction::meta},
           Case{Method::get, "/fhir/Patient/7/$meta", Interaction::meta},
           Case{Method::get, "/fhir/Patient/7/_history/2/$meta", Interaction::meta},
           Case{Method::post, "/fhir/Patient/7/$meta-add", Interaction::meta_add},
           Case{Method::post, "/fhir/Patient/7/$meta-delete", Interaction::meta_delete},
           Case{Method::get, "/fhir/$explain", Interaction::explain_all},
           Case{Method::post, "/fhir/$explain", Interaction::explain_all_form},
           Case{Method::get, "/fhir/Patient/$explain", Interaction::explain},
           Case{Method::post, "/fhir/Patient/$explain", Interaction::explain_form},
           Case{Method::get, "/journal/checkpoint", Interaction::checkpoint},
           Case{Method::get, "/journal/proof", Interaction::proof},
           Case{Method::get, "/health/live", Interaction::live},
           Case{Method::get, "/health/ready", Interaction::ready},
       }) {
    const auto found = match(c.method, c.path);
    ASSERT_TRUE(found) << c.path << ": " << found.error().what;
    EXPECT_EQ(found->interaction, c.interaction) << c.path;
  }
}

TEST(Router, TakesTypeIdVersionAndCompartmentFromThePath) {
  const auto vread = match(Method::get, "/fhir/Observation/a%2Db/_history/12");
  ASSERT_TRUE(vread);
  EXPECT_EQ(fhir::name(vread->type), "Observation");
  EXPECT_EQ(vread->id, "a-b");
  EXPECT_EQ(vread->version, "12");
  const auto all = match(Method::get, "/fhir/Patient/7/*");
  ASSERT_TRUE(all);
  EXPECT_FALSE(all->other);
  EXPECT_EQ(fhir::name(*match(Method::get, "/fhir/Patient/7/Condition")->other), "Condition");
}

TEST(Router, RefusesEachForItsOwnReason) {
  struct Case {
    Method method;
    std::string_view path;
    Code code;
  };
  for (const Case& c : {
           Case{Method::get, "/", Code::not_found},
           Case{Method::get, "/fhirx", Code::not_found},
           Case{Method::get, "/fhir/Patient/7/_history/2/3", Code::not_found},
           Case{Method::get, "/fhir/Patient/$export", Code::not_found},
           Case{Method::get, "/fhir/patient/7", Code::unknown_type},
           Case{Method::get, "/fhir/Resource/7", Code::unknown_type},
           Case{Method::get, "/fhir/Patient/7/Foo", Code::unknown_type},
           Case{Method::get, "/fhir/Patient/a b", Code::value},
           Case{Method::get, "/fhir/Patient/a%20b", Code::value},
           Case{Method::get, "/fhir/Patient/a%2fb", Code::value},
           Case{Method::get, "/fhir/Patient/%zz", Code::syntax},
           Case{Method::patch, "/fhir/Patient/7/_history/1", Code::method},
           Case{Method::get, "/fhir/Patient/7/$meta-add", Code::method},
           Case{Method::post, "/fhir/Patient/7", Code::method},
           Case{Method::put, "/fhir/Patient/7/_history", Code::method},
           Case{Method::post, "/fhir/metadata", Code::method},
           Case{Method::put, "/fhir", Code::method},
           Case{Method::unknown, "/fhir/Patient", Code::method},
       }) {
    const auto found = match(c.method, c.path);
    ASSERT_FALSE(found) << c.path;
    EXPECT_EQ(name(found.error().code), name(c.code)) << c.path;
  }
}

TEST(Router, NamesTheMethodsOfAnAddress) {
  EXPECT_EQ(allowed_methods("/fhir/Patient/7"), "GET, HEAD, PUT, DELETE, PATCH, OPTIONS");
  EXPECT_EQ(allowed_methods("/fhir"), "POST, GET, HEAD, OPTIONS");
  EXPECT_EQ(allowed_methods("/nowhere"), "");
}

}  // namespace
}  // namespace holdfast::api
