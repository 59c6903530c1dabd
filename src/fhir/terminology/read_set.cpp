// fhir/terminology/read_set.cpp: a ValueSet into rules. https://hl7.org/fhir/R4/valueset.html
// One that has no compose but an expansion lists what that expansion holds.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "fhir/terminology/layer.h"
#include "fhir/terminology/read.h"

namespace holdfast::fhir::terminology {
namespace {

Result<Operator> operator_of(JsonValue raw) {
  TRY(const std::string text, needed_text(raw, "op"));
  constexpr std::array<std::string_view, 9> names{
      "=", "is-a", "descendent-of", "is-not-a", "regex", "in", "not-in", "generalizes", "exists"};
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) {
    return fail(Code::value, fmt::format("'{}' is no operator of a value set filter", text),
                raw.document().path(raw.index()));
  }
  return static_cast<Operator>(found - names.begin());
}

Status status_of(JsonValue resource) {
  const std::string text = text_of(resource, "status");
  for (const Status status : {Status::draft, Status::active, Status::retired}) {
    if (name(status) == text) {
      return status;
    }
  }
  return Status::unknown;
}

}  // namespace

Result<void> Reading::read_set(JsonValue resource) {
  ValueSetRow row{};
  const std::string url = text_of(resource, "url");
  row.url = intern(url);
  row.version = intern(text_of(resource, "version"));
  row.name = intern(text_of(resource, "name"));
  row.title = intern(text_of(resource, "title"));
  row.status = status_of(resource);
  row.first_rule = static_cast<std::uint32_t>(rows_.rules.size());
  const auto compose = resource.find("compose");
  const auto expansion = resource.find("expansion");
  if (compose) {
    const auto inactive = compose->find("inactive");
    row.flags = inactive && inactive->raw() == "false" ? set_active_only : 0;
    TRY_OK(read_rules(*compose, "include", 0));
    TRY_OK(read_rules(*compose, "exclude", rule_exclude));
  } else if (const auto contains = expansion ? expansion->find("contains") : std::nullopt) {
    TRY_OK(read_expansion(*contains, row.first_rule));
  }
  const std::size_t rules = rows_.rules.size() - row.first_rule;
  if (rules > UINT16_MAX) {
    return fail(Code::too_large, fmt::format("ValueSet {} has {} rules", url, rules),
                resource.document().path(resource.index()));
  }
  row.rule_count = static_cast<std::uint16_t>(rules);
  value_sets_[url] = static_cast<std::uint32_t>(rows_.value_sets.size());
  rows_.value_sets.push_back(row);
  return ok();
}

Result<void> Reading::read_rules(JsonValue compose, std::string_view key, std::uint8_t flags) {
  if (const auto rules = compose.find(key)) {
    for (const JsonValue rule : rules->children()) {
      TRY_OK(read_rule(rule, flags));
    }
  }
  return ok();
}

Result<void> Reading::read_rule(JsonValue raw, std::uint8_t flags) {
  RuleRow rule{};
  rule.flags = flags;
  rule.version = intern(text_of(raw, "version"));
  rule.listed = static_cast<std::uint32_t>(rows_.listed.size());
  rule.filters = static_cast<std::uint32_t>(rows_.filters.size());
  rule.imports = static_cast<std::uint32_t>(rows_.imports.size());
  const std::string url = text_of(raw, "system");
  const auto concepts = raw.find("concept");
  const auto filters = raw.find("filter");
  if (url.empty() && (concepts || filters)) {
    return fail(Code::required, "codes and filters need a system",
                raw.document().path(raw.index()));
  }
  if (!url.empty()) {
    rule.system = system_named(url) + 1;
  }
  if (concepts) {
    rule.flags |= rule_listed;
    for (const JsonValue concept_ : concepts->children()) {
      TRY(const std::string code, needed_text(concept_, "code"));
      const std::string display = text_of(concept_, "display");
      if (const auto number = member(rule.system - 1, code, display)) {
        rows_.listed.push_back(ListedRow{*number, intern(display)});
      }
    }
  }
  if (filters) {
    for (const JsonValue filter : filters->children()) {
      TRY_OK(read_filter(filter));
    }
  }
  if (const auto imports = raw.find("valueSet")) {
    for (const JsonValue import_ : imports->children()) {
      rows_.imports.push_back(intern(import_.is_string() ? import_.text() : std::string()));
    }
  }
  rule.listed_count = static_cast<std::uint32_t>(rows_.listed.size()) - rule.listed;
  const std::size_t filter_count = rows_.filters.size() - rule.filters;
  const std::size_t import_count = rows_.imports.size() - rule.imports;
  if (filter_count > UINT16_MAX || import_count > UINT16_MAX) {
    return fail(Code::too_large, "more filters or imports than one rule may have",
                raw.document().path(raw.index()));
  }
  rule.filter_count = static_cast<std::uint16_t>(filter_count);
  rule.import_count = static_cast<std::uint16_t>(import_count);
  rows_.rules.push_back(rule);
  return ok();
}

Result<void> Reading::read_filter(JsonValue raw) {
  FilterRow filter{};
  TRY(const std::string property, needed_text(raw, "property"));
  TRY(filter.op, operator_of(raw));
  TRY(const std::string value, needed_text(raw, "value"));
  filter.property = intern(property);
  filter.value = intern(value);
  rows_.filters.push_back(filter);
  return ok();
}

// A rule for each stretch of entries of one system: systems may take turns.
Result<void> Reading::read_expansion(JsonValue contains, std::uint32_t first_rule) {
  for (const JsonValue entry : contains.children()) {
    const std::string url = text_of(entry, "system");
    const std::string code = text_of(entry, "code");
    if (!url.empty() && !code.empty()) {
      RuleRow rule{};
      rule.flags = rule_listed;
      rule.system = system_named(url) + 1;
      rule.listed = static_cast<std::uint32_t>(rows_.listed.size());
      const std::string display = text_of(entry, "display");
      if (const auto number = member(rule.system - 1, code, display)) {
        rows_.listed.push_back(ListedRow{*number, intern(display)});
        rule.listed_count = 1;
      }
      if (rows_.rules.size() > first_rule && rows_.rules.back().system == rule.system) {
        rows_.rules.back().listed_count += rule.listed_count;
      } else {
        rows_.rules.push_back(rule);
      }
    }
    if (const auto nested = entry.find("contains")) {
      TRY_OK(read_expansion(*nested, first_rule));
    }
  }
  return ok();
}

}  // namespace holdfast::fhir::terminology
