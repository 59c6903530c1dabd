// fhir/validation/validation_testing.h: for tests: a validator over definitions written in the
// test, and what it finds as lines.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "fhir/test_data.h"
#include "fhir/validation/validator.h"

namespace holdfast::fhir::validation {

inline constexpr std::string_view ward = "https://example.org/ward/StructureDefinition/";

/// A StructureDefinition with a differential.
inline Bytes profile(std::string_view name, std::string_view type, std::string_view base,
                     std::string_view elements, std::string_view more = "") {
  return fmt::format(
      R"({{"resourceType":"StructureDefinition","url":"{}{}","name":"{}","status":"draft",)"
      R"("kind":"resource","abstract":false,"type":"{}","baseDefinition":"{}{}",)"
      R"("derivation":"constraint"{},"differential":{{"element":[{}]}}}})",
      ward, name, name, type,
      base.starts_with("https:") ? "" : "http://hl7.org/fhir/StructureDefinition/", base, more,
      elements);
}
inline std::string on(std::string_view name) { return std::string(ward) + std::string(name); }

/// A Patient with these members.
inline std::string patient(std::string_view members) {
  return fmt::format(R"({{"resourceType":"Patient"{}{}}})", members.empty() ? "" : ",", members);
}

struct Bench {
  /// StructureDefinitions, and the value sets and code systems that they use.
  explicit Bench(const std::vector<Bytes>& definitions = {}, const std::vector<Bytes>& sets = {}) {
    std::vector<Json> read;
    std::vector<JsonValue> roots;
    for (const Bytes& set : sets) {
      read.push_back(read_json(set));
    }
    for (const Json& json : read) {
      roots.push_back(json.root());
    }
    auto over = terminology::Terminology::over(terminology::Terminology(), roots);
    EXPECT_TRUE(over.has_value()) << over.error().what;
    terminology = std::make_unique<terminology::Terminology>(*std::move(over));
    auto made = Validator::over(definitions, *terminology);
    EXPECT_TRUE(made.has_value()) << made.error().what << " " << made.error().where;
    validator = *std::move(made);
  }

  Report report(std::string_view resource, const std::vector<std::string>& profiles = {}) {
    const Json json = read_json(Bytes(resource));
    terms.profiles = profiles;
    Report found = validator->check_and_validate(json.root(), terms, workspace);
    terms.profiles = {};
    return found;
  }
  /// "error required Patient.identifier: …", one a line, without line and column; remarks only if
  /// asked for.
  std::string operator()(std::string_view resource, const std::vector<std::string>& profiles = {},
                         Severity least = Severity::warning) {
    std::string lines;
    const Report found = report(resource, profiles);
    for (const Issue& issue : found.issues()) {
      if (issue.severity <= least) {
        lines += fmt::format("{} {} {}: {}\n", name(issue.severity), name(issue.type),
                             split_where(issue.where).expression, issue.text);
      }
    }
    return lines;
  }
  /// Only errors.
  std::string errors(std::string_view resource, const std::vector<std::string>& profiles = {}) {
    return (*this)(resource, profiles, Severity::error);
  }

  std::unique_ptr<terminology::Terminology> terminology;
  std::unique_ptr<Validator> validator;
  Workspace workspace;
  Terms terms;
};

}  // namespace holdfast::fhir::validation
