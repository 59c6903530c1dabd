#include "api/judging.h"

#include <fmt/format.h>

namespace holdfast::api {
namespace {

using validation::IssueType;
using validation::Severity;

Code code_of(const validation::Issue& issue) {
  if (issue.severity != Severity::error) {
    return Code::remark;
  }
  switch (issue.type) {
    case IssueType::structure:
    case IssueType::extension: return Code::structure;
    case IssueType::required: return Code::required;
    case IssueType::code_invalid: return Code::code_invalid;
    case IssueType::not_found: return Code::unmatched;
    case IssueType::not_supported: return Code::unsupported;
    case IssueType::too_costly: return Code::too_costly;
    case IssueType::invariant:
    case IssueType::business_rule: return Code::invariant;
    case IssueType::value:
    case IssueType::informational: break;
  }
  return Code::value;
}

// With a last word on those that were only counted.
Issues told_of(validation::Report& report) {
  std::array<std::size_t, validation::severities> hidden{};
  for (std::size_t i = 0; i < hidden.size(); ++i) {
    hidden[i] = report.count(static_cast<Severity>(i));
  }
  Issues issues = report.take();
  for (const validation::Issue& issue : issues) {
    --hidden[static_cast<std::size_t>(issue.severity)];
  }
  for (std::size_t i = 0; i < hidden.size(); ++i) {
    if (hidden[i] != 0) {
      const auto severity = static_cast<Severity>(i);
      issues.push_back(
          {severity,
           IssueType::informational,
           fmt::format("{} more of severity {} are not shown", hidden[i], name(severity)),
           {},
           {}});
    }
  }
  return issues;
}

}  // namespace

std::string_view name(Strictness strictness) {
  constexpr std::array<std::string_view, 3> names{"off", "warn", "refuse"};
  return names[static_cast<std::size_t>(strictness)];
}

Result<std::unique_ptr<const Definitions>> Definitions::over(
    std::span<const Bytes> terminology, std::span<const Bytes> structure_definitions) {
  fhir::JsonReader reader;
  std::vector<fhir::Json> read;
  std::vector<fhir::JsonValue> roots;
  read.reserve(terminology.size());
  for (const Bytes& text : terminology) {
    TRY(fhir::Json json, reader.read(Bytes(text)));
    read.push_back(std::move(json));
    roots.push_back(read.back().root());
  }
  fhir::terminology::Terminology known;
  if (!roots.empty()) {
    TRY(known, fhir::terminology::Terminology::over(known, roots));
  }
  std::unique_ptr<Definitions> made(new Definitions(std::move(known)));
  TRY(made->validator_, validation::Validator::over(structure_definitions, made->terminology_));
  return std::unique_ptr<const Definitions>(std::move(made));
}

Judge::Lease Judge::take() {
  {
    const std::scoped_lock lock(mutex_);
    if (!idle_.empty()) {
      Lease workspace = std::move(idle_.back());
      idle_.pop_back();
      return workspace;
    }
  }
  return std::make_unique<validation::Workspace>();
}

void Judge::give_back(Lease workspace) {
  const std::scoped_lock lock(mutex_);
  if (idle_.size() < kept_max) {
    idle_.push_back(std::move(workspace));
  }
}

void Judge::count(const validation::Report& report) {
  counts_.resources.fetch_add(1, std::memory_order_relaxed);
  for (std::size_t i = 0; i < validation::severities; ++i) {
    counts_.issues[i].fetch_add(report.count(static_cast<Severity>(i)), std::memory_order_relaxed);
  }
}

Result<Issues> Judge::judge(fhir::JsonValue resource, Telling telling,
                            validation::BundleEntries* entries) {
  if (terms_.strictness == Strictness::off) {
    return Issues();
  }
  Lease workspace = take();
  validation::Terms terms;
  terms.unknown_profile = terms_.unknown_profile;
  terms.now = clock_.wall();
  terms.entries = entries;
  terms.detail =
      telling == Telling::issues ? validation::Detail::texts : validation::Detail::counts;
  const validation::Validator& validator = definitions_.validator();
  validation::Report report = validator.validate(resource, terms, *workspace);
  count(report);
  const bool refuses = terms_.strictness == Strictness::refuse && report.has_errors();
  if (refuses && terms.detail == validation::Detail::counts) {
    terms.detail = validation::Detail::texts;  // what most content never needs
    report = validator.validate(resource, terms, *workspace);
  }
  give_back(std::move(workspace));
  if (refuses) {
    counts_.refused.fetch_add(1, std::memory_order_relaxed);
    return fail(refusal_of(told_of(report)));
  }
  return telling == Telling::issues ? told_of(report) : Issues();
}

Issues Judge::examine(fhir::JsonValue resource, std::span<const std::string> profiles) {
  Lease workspace = take();
  validation::Terms terms;
  terms.unknown_profile = terms_.unknown_profile;
  terms.now = clock_.wall();
  terms.profiles = profiles;
  validation::Report report =
      definitions_.validator().check_and_validate(resource, terms, *workspace);
  give_back(std::move(workspace));
  return told_of(report);
}

void drop_lines(Issues& issues) {
  for (validation::Issue& issue : issues) {
    issue.where = std::string(fhir::split_where(issue.where).expression);
  }
}

Error refusal_of(Issues issues) {
  Error first;
  for (const Severity severity : {Severity::error, Severity::warning, Severity::information}) {
    for (validation::Issue& issue : issues) {
      if (issue.severity != severity) {
        continue;
      }
      Error told{code_of(issue), std::move(issue.text), std::move(issue.where), {}};
      if (first.what.empty()) {
        first = std::move(told);
      } else {
        first.more.push_back(std::move(told));
      }
    }
  }
  return first;
}

}  // namespace holdfast::api
