#include "api/outcome.h"

#include <set>

#include <gtest/gtest.h>

#include "api/server_for_test.h"

namespace holdfast::api {
namespace {

constexpr auto last_code = Code::usage;

// https://hl7.org/fhir/R4/valueset-issue-type.html, all of it.
const std::set<std::string_view> issue_types{
    "invalid",       "structure", "required",         "value",         "invariant",  "security",
    "login",         "unknown",   "expired",          "forbidden",     "suppressed", "processing",
    "not-supported", "duplicate", "multiple-matches", "not-found",     "deleted",    "too-long",
    "code-invalid",  "extension", "too-costly",       "business-rule", "conflict",   "transient",
    "lock-error",    "no-store",  "exception",        "timeout",       "incomplete", "throttled",
    "informational"};

TEST(Outcome, EveryCodeHasAStatusAndAnIssueTypeOfTheValueSet) {
  for (int i = 0; i <= static_cast<int>(last_code); ++i) {
    const auto code = static_cast<Code>(i);
    for (const Origin origin : {Origin::request, Origin::content}) {
      const Meaning found = meaning(code, origin);
      EXPECT_GE(found.status, 400) << name(code);
      EXPECT_LT(found.status, 600) << name(code);
      EXPECT_TRUE(issue_types.contains(found.issue)) << name(code) << ' ' << found.issue;
      EXPECT_GT(status_line(found.status).size(), 4U) << found.status;
    }
  }
}

TEST(Outcome, WhatTheCallerCannotHelpIsNotBlamedOnTheCaller) {
  for (const Code code : {Code::overloaded, Code::unavailable, Code::no_space, Code::io,
                          Code::corrupt, Code::closed, Code::timeout}) {
    EXPECT_GE(meaning(code, Origin::content).status, 500) << name(code);
  }
  for (const Code code : {Code::overloaded, Code::unavailable, Code::no_space}) {
    EXPECT_TRUE(refusal(Error{code, "full", {}, {}}, Origin::request).headers.has("Retry-After"));
  }
}

TEST(Outcome, TellsPlaceExpressionAndEveryFault) {
  const Error error{Code::value,
                    "not a \"date\"",
                    "Patient.birthDate (line 3, column 17)",
                    {Error{Code::required, "gone", "Patient.link[0].other", {}}}};
  const Document json(operation_outcome(error, Origin::content));
  EXPECT_EQ(json.at("resourceType"), "OperationOutcome");
  EXPECT_EQ(json.at("issue.0.severity"), "error");
  EXPECT_EQ(json.at("issue.0.code"), "value");
  EXPECT_EQ(json.at("issue.0.diagnostics"), "not a \"date\"");
  EXPECT_EQ(json.at("issue.0.expression.0"), "Patient.birthDate");
  EXPECT_EQ(json.at("issue.0.location.0"), "line 3, column 17");
  EXPECT_EQ(json.at("issue.1.code"), "required");
  EXPECT_EQ(json.at("issue.1.expression.0"), "Patient.link[0].other");
  EXPECT_EQ(json.at("issue.1.location.0"), "");
}

TEST(Outcome, CountsTheIssuesThatItLeavesOut) {
  Error error{Code::value, "first", {}, {}};
  error.more.resize(500, Error{Code::value, "another", {}, {}});
  const Document json(operation_outcome(error, Origin::content));
  EXPECT_EQ(json.at("issue.99.diagnostics"), "402 further issues are not shown");
  EXPECT_EQ(json.at("issue.100.code"), "");
}

}  // namespace
}  // namespace holdfast::api
