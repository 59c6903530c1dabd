#include "clinical/edition.h"

#include <algorithm>

#include <fmt/format.h>

namespace holdfast::clinical {
namespace {

constexpr std::size_t approvers = 2;

Result<std::vector<Approver>> read_approvers(Fields& fields) {
  const Value* const value = fields.find("approved_by");
  if (value == nullptr || value->kind != Value::Kind::list) {
    return fields.wrong("approved_by is no list: [] for a draft, else two people");
  }
  std::vector<Approver> all;
  for (const Value& one : value->items) {
    if (one.kind != Value::Kind::table) {
      return fields.wrong(one, "approved_by names people as { name = \"…\", clinical = true }");
    }
    Fields person(one, fields.file());
    Approver approver;
    TRY(approver.name, person.text("name"));
    TRY(approver.clinical, person.flag_if("clinical"));
    TRY_OK(person.done());
    if (std::ranges::find(all, approver.name, &Approver::name) != all.end()) {
      return fields.wrong(one, fmt::format("approved_by names {} twice", approver.name));
    }
    all.push_back(std::move(approver));
  }
  if (!all.empty() && all.size() != approvers) {
    return fields.wrong(*value, "approved_by names two people, or nobody for a draft");
  }
  if (!all.empty() && std::ranges::none_of(all, &Approver::clinical)) {
    return fields.wrong(*value, "approved_by names no clinician");
  }
  return all;
}

}  // namespace

std::string Edition::text() const {
  return fmt::format("{} {} ({}){}", table, version, to_text(effective),
                     is_draft() ? ", a draft" : "");
}

Result<Edition> read_edition(Fields& fields, std::string_view table) {
  Edition edition;
  TRY(edition.table, fields.text("table"));
  if (edition.table != table) {
    return fields.wrong(fmt::format("it is the table '{}', not '{}'", edition.table, table));
  }
  TRY(edition.version, fields.text("version"));
  TRY(edition.source, fields.text("source"));
  TRY(const std::string effective, fields.text("effective"));
  const auto day = parse_day(effective);
  if (!day) {
    return fields.wrong(*fields.find("effective"),
                        fmt::format("effective is '{}', no day such as 2026-11-30", effective));
  }
  edition.effective = *day;
  TRY(edition.approved_by, read_approvers(fields));
  return edition;
}

}  // namespace holdfast::clinical
