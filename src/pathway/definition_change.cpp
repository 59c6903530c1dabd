// pathway/definition_change.cpp: what has to be so before other definitions come into force.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

#include "base/text.h"
#include "pathway/definition.h"
#include "pathway/difference.h"

namespace holdfast::pathway {
namespace {

constexpr std::string_view clinical_mark = "(clinical)";

std::unexpected<Error> refuse(std::string what) { return fail(Code::invariant, std::move(what)); }

const File* file_of(const Definitions& set, const Definition& definition) {
  for (const File& file : set.files()) {
    if (file.name == definition.file) {
      return &file;
    }
  }
  return nullptr;
}

Result<void> check_approval(const Definition* before, const Definition& next, LocalDay today) {
  if (before != nullptr && next.version <= before->version) {
    return refuse(fmt::format("pathway '{}' differs and still has version {}: give it a higher one",
                              next.name, before->version));
  }
  bool clinical = false;
  std::set<std::string> people;
  for (const std::string& name : next.approved) {
    const std::size_t mark = name.find(clinical_mark);
    clinical = clinical || mark != std::string::npos;
    people.emplace(trimmed(std::string_view(name).substr(0, mark)));
  }
  if (people.size() < 2 || !clinical) {
    return refuse(
        fmt::format("pathway '{}' version {} is not approved: `approved` names two people, "
                    "one of them with {} behind the name",
                    next.name, next.version, clinical_mark));
  }
  const auto effective = parse_day(next.effective);
  if (!effective || *effective > today) {
    return refuse(
        fmt::format("pathway '{}' version {} is effective on {}: bring it into force then",
                    next.name, next.version, next.effective.empty() ? "no day" : next.effective));
  }
  return ok();
}

/// What stands against another edition of a clinical table; empty: nothing.
std::string fault_of(const TableChange& change, LocalDay today) {
  const clinical::Edition& next = change.next;
  if (next.version == change.now.version) {
    return fmt::format("clinical table '{}' differs and still has version {}: give it another one",
                       next.table, next.version);
  }
  if (next.is_draft()) {
    return fmt::format(
        "clinical table '{}' version {} is not approved: `approved_by` names two people, one of "
        "them with clinical = true",
        next.table, next.version);
  }
  const std::string effective = clinical::to_text(next.effective);
  const auto day = parse_day(effective);
  if (!day || *day > today) {
    return fmt::format(
        "clinical table '{}' version {} is effective on {}: bring it into force then", next.table,
        next.version, effective);
  }
  return {};
}

}  // namespace

std::vector<std::string> faults_of_change(const Definitions* now, const Definitions& next,
                                          std::span<const InUse> in_use, LocalDay today) {
  std::vector<std::string> faults;
  for (const InUse& one : in_use) {
    const Definition* const definition = next.find(one.pathway);
    const State* const state = definition != nullptr ? definition->state(one.state) : nullptr;
    if (state == nullptr || state->is_closed()) {
      faults.push_back(
          fmt::format("{} open items are in state '{}' of pathway '{}', which would not be "
                      "there, or be closed: keep it until they have left it",
                      one.open, one.state, one.pathway));
    }
  }
  if (now == nullptr) {
    return faults;
  }
  for (const Definition& definition : next.all()) {
    const Definition* const before = now->find(definition.name);
    const File* const there = before != nullptr ? file_of(*now, *before) : nullptr;
    if (there == nullptr || there->text != file_of(next, definition)->text) {
      if (const auto good = check_approval(before, definition, today); !good) {
        faults.push_back(good.error().what);
      }
    }
  }
  for (const TableChange& change : table_differences(*now, next)) {
    if (std::string fault = fault_of(change, today); !fault.empty()) {
      faults.push_back(std::move(fault));
    }
  }
  return faults;
}

Result<void> check_change(const Definitions* now, const Definitions& next,
                          std::span<const InUse> in_use, LocalDay today) {
  auto faults = faults_of_change(now, next, in_use, today);
  return faults.empty() ? Result<void>() : refuse(std::move(faults.front()));
}

}  // namespace holdfast::pathway
