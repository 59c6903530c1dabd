#include "api/bundle_plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "api/bundle_entry.h"
#include "api/format.h"
#include "fhir/check.h"

namespace holdfast::api {
namespace {

using fhir::Json;
using fhir::JsonValue;

std::string at_entry(std::size_t index) { return fmt::format("Bundle.entry[{}]", index); }

// The Bundle with each resource replaced by an empty Parameters, line ends kept: what is checked
// when a resource of a batch is faulty, since then the Bundle itself must be told from it.
Bytes without_resources(const Json& json) {
  const BytesView all = json.bytes();
  Bytes bare;
  bare.reserve(all.size());
  std::size_t copied = 0;
  for (const JsonValue entry : json.root().find("entry")->children()) {
    const auto resource = entry.find("resource");
    if (!resource || !resource->is_object()) {
      continue;
    }
    bare.append(all.substr(copied, resource->begin() - copied));
    bare.append(R"({"resourceType":"Parameters"})");
    const BytesView dropped = resource->raw();
    bare.append(static_cast<std::size_t>(std::count(dropped.begin(), dropped.end(), '\n')), '\n');
    copied = resource->end();
  }
  bare.append(all.substr(copied));
  return bare;
}

// POST [type]/$validate, or of a resource: what is wrong with the resource is its answer.
bool asks_to_validate(JsonValue entry) {
  const auto request = entry.find("request");
  const std::string url = text_of(request, "url").value_or("");
  return text_of(request, "method") == "POST" &&
         std::string_view(url).substr(0, url.find('?')).ends_with("/$validate");
}

// Faults by entry of a Bundle whose own structure is sound. Before minify(): lines are the
// sender's.
using Faults = std::vector<std::optional<Error>>;

Result<Faults> check_bundle(fhir::ReaderPool::Lease& reader, const Json& json, BundleKind kind) {
  const auto entries = json.root().find("entry");
  Faults faults(entries && entries->is_array() ? entries->size() : 0);
  auto all = fhir::check_resource(json.root());
  if (all) {
    return faults;
  }
  if (kind == BundleKind::transaction || faults.empty()) {
    return std::unexpected(std::move(all).error());
  }
  std::size_t index = 0;
  for (const JsonValue entry : entries->children()) {
    const auto resource = entry.find("resource");
    if (resource && resource->is_object() && !asks_to_validate(entry)) {
      if (auto checked = fhir::check_resource(*resource); !checked) {
        faults[index] = std::move(checked).error();
      }
    }
    ++index;
  }
  TRY(const Json bare, reader->read(without_resources(json)));
  TRY_OK(fhir::check_resource(bare.root()));
  return faults;
}

Result<BundleKind> kind_of(JsonValue bundle) {
  TRY(const fhir::TypeId type, fhir::type_of(bundle));
  if (fhir::name(type) != "Bundle") {
    return fail(Code::structure,
                fmt::format("this address takes a Bundle of type batch or transaction, not a {}",
                            fhir::name(type)),
                "resourceType");
  }
  const auto text = text_of(bundle, "type");
  if (text == "transaction") {
    return BundleKind::transaction;
  }
  if (text == "batch") {
    return BundleKind::batch;
  }
  return fail(Code::value,
              fmt::format("this address takes a Bundle of type batch or transaction{}",
                          text ? fmt::format(", not {}", *text) : std::string()),
              "Bundle.type");
}

// "request.url" becomes "Bundle.entry[3].request.url"; what begins at the Bundle stays.
Error located(Error error, std::size_t index) {
  const std::string entry = at_entry(index);
  const auto locate = [&entry](std::string& where) {
    if (where.empty()) {
      where = entry;
    } else if (!where.starts_with("Bundle")) {
      where = fmt::format("{}.{}", entry, where);
    }
  };
  locate(error.where);
  for (Error& further : error.more) {
    locate(further.where);
  }
  return error;
}

// https://hl7.org/fhir/R4/bundle.html: invariant bdl-7, without the case of versions.
void refuse_same_names(std::vector<BundleEntry>& entries, const std::vector<std::string>& names) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!names[i].empty() && !seen.insert(names[i]).second &&
        entries[i].kind != BundleEntry::Kind::refused) {
      entries[i].kind = BundleEntry::Kind::refused;
      entries[i].error = Error{Code::structure,
                               fmt::format("another entry has the same fullUrl {}", names[i]),
                               at_entry(i) + ".fullUrl",
                               {}};
    }
  }
}

// What a write brings, before minify(): lines are the sender's. The others have none.
using Judged = std::vector<Issues>;

Judged judge_entries(const Parts& parts, const Json& json, Telling telling, Faults& faults) {
  Judged judged(faults.size());
  validation::BundleEntries all(json.root());
  std::size_t index = 0;
  if (faults.empty()) {
    return judged;
  }
  for (const JsonValue entry : json.root().find("entry")->children()) {
    const auto request = entry.find("request");
    const auto resource = entry.find("resource");
    const auto method = text_of(request, "method");
    const bool writes = (method == "POST" || method == "PUT") && resource &&
                        text_of(request, "url").value_or("").find('$') == std::string::npos;
    if (writes && !faults[index]) {
      auto issues = parts.judge.judge(*resource, telling, &all);
      if (issues) {
        judged[index] = *std::move(issues);
      } else {
        faults[index] = std::move(issues).error();
      }
    }
    ++index;
  }
  return judged;
}

Result<void> refuse_any(std::vector<BundleEntry>& entries) {
  std::optional<Error> first;
  for (BundleEntry& entry : entries) {
    if (entry.kind != BundleEntry::Kind::refused) {
      continue;
    }
    std::vector<Error> more = std::exchange(entry.error.more, {});
    if (!first) {
      first = std::move(entry.error);
    } else if (first->more.size() < issues_max) {
      first->more.push_back(std::move(entry.error));
    }
    for (Error& further : more) {
      if (first->more.size() < issues_max) {
        first->more.push_back(std::move(further));
      }
    }
  }
  return first ? Result<void>(std::unexpected(*std::move(first))) : ok();
}

// Of JSON, whatever the body was.
Result<BundlePlan> plan_json(const Parts& parts, std::string_view base, Bytes body,
                             Telling telling) {
  fhir::ReaderPool::Lease reader = parts.readers.take();
  TRY(Json json, reader->read(std::move(body)));
  BundlePlan plan;
  TRY(plan.kind, kind_of(json.root()));
  const auto listed = json.root().find("entry");
  if (listed && listed->is_array() && listed->size() > bundle_entries_max) {
    return fail(
        Code::too_large,
        fmt::format("{} entries in one Bundle; at most {}", listed->size(), bundle_entries_max),
        "Bundle.entry");
  }
  TRY(Faults faults, check_bundle(reader, json, plan.kind));
  Judged judged = judge_entries(parts, json, telling, faults);
  json.minify();
  plan.entries.resize(faults.size());
  std::vector<std::string> names(faults.size());
  std::size_t readings = 0;
  std::size_t patches = 0;
  std::size_t index = 0;
  if (const auto entries = json.root().find("entry")) {
    for (const JsonValue entry : entries->children()) {
      BundleEntry& planned = plan.entries[index];
      names[index] = text_of(entry, "fullUrl").value_or("");
      if (faults[index]) {
        planned.error = located(*std::move(faults[index]), index);
      } else if (auto read = read_entry(parts, base, plan.kind, entry); read) {
        planned = *std::move(read);
        planned.issues = std::move(judged[index]);
        readings += planned.kind == BundleEntry::Kind::reading ? 1 : 0;
        patches += planned.patch ? 1U : 0U;
      } else {
        planned.error = located(std::move(read).error(), index);
      }
      ++index;
    }
  }
  if (readings > bundle_reads_max) {
    return fail(
        Code::too_large,
        fmt::format("{} GETs and $validates in one Bundle; at most {}", readings, bundle_reads_max),
        "Bundle.entry");
  }
  if (patches > bundle_patches_max) {
    return fail(Code::too_large,
                fmt::format("{} patches in one Bundle; at most {}", patches, bundle_patches_max),
                "Bundle.entry");
  }
  refuse_same_names(plan.entries, names);
  if (plan.kind == BundleKind::transaction) {
    TRY_OK(refuse_any(plan.entries));
  }
  return plan;
}

void name_entry(std::string& where, const std::vector<std::size_t>& entry_of) {
  constexpr std::string_view prefix = "Bundle.entry[";
  std::size_t operation = 0;
  std::string_view rest;
  if (where.starts_with(prefix)) {
    const std::size_t end = std::min(where.find(']'), where.size());
    const std::string_view digits =
        std::string_view(where).substr(prefix.size(), end - prefix.size());
    operation = parse_count(digits).value_or(0);
    rest = std::string_view(where).substr(std::min(end + 1, where.size()));
  } else if (entry_of.size() != 1) {
    return;
  }
  if (operation < entry_of.size()) {
    where = fmt::format("{}{}]{}", prefix, entry_of[operation], rest);
  }
}

}  // namespace

Error by_entry(Error error, const std::vector<std::size_t>& entry_of) {
  name_entry(error.where, entry_of);
  for (Error& further : error.more) {
    name_entry(further.where, entry_of);
  }
  return error;
}

Result<BundlePlan> plan_bundle(const Parts& parts, std::string_view base, Format format, Bytes body,
                               Telling telling) {
  TRY(Bytes text, json_content(format, std::move(body)));
  auto plan = plan_json(parts, base, std::move(text), telling);
  if (!plan) {
    return fail(placed_in(format, std::move(plan).error()));
  }
  for (BundleEntry& entry : plan->entries) {
    entry.error = placed_in(format, std::move(entry.error));
    if (format == Format::xml) {
      drop_lines(entry.issues);
    }
  }
  return plan;
}

}  // namespace holdfast::api
