#include "clinical/tables.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace holdfast::clinical {
namespace {

const TableText& chosen(std::span<const TableText> own, std::string_view name) {
  const auto found = std::ranges::find(own, name, &TableText::name);
  return found == own.end() ? shipped_table(name) : *found;
}

}  // namespace

Result<Tables> read_tables(std::span<const TableText> own) {
  std::vector<std::string_view> names;
  for (const TableText& one : shipped_tables()) {
    names.push_back(one.name);
  }
  for (const TableText& one : own) {
    if (std::ranges::find(names, one.name) == names.end()) {
      const auto meant = nearest(one.name, names);
      return fail(Code::value,
                  fmt::format("{}:1: there is no table '{}'{}", one.file, one.name,
                              meant ? fmt::format("; did you mean '{}'?", *meant) : ""));
    }
    if (std::ranges::count(own, one.name, &TableText::name) > 1) {
      return fail(Code::value,
                  fmt::format("{}:1: the table '{}' is given twice", one.file, one.name));
    }
  }
  Tables tables;
  const TableText& blood = chosen(own, "blood");
  TRY(tables.blood, read_blood(blood.text, blood.file));
  const TableText& news2 = chosen(own, "news2");
  TRY(tables.news2, read_news2(news2.text, news2.file));
  const TableText& phone = chosen(own, "phone");
  TRY(tables.phone, read_phone(phone.text, phone.file));
  const TableText& results = chosen(own, "results");
  TRY(tables.results, read_flags(results.text, results.file));
  const TableText& rtt = chosen(own, "rtt");
  TRY(tables.rtt, read_rtt(rtt.text, rtt.file));
  return tables;
}

std::vector<Edition> editions(const Tables& tables) {
  return {tables.blood.edition, tables.news2.edition, tables.phone.edition, tables.results.edition,
          tables.rtt.edition};
}

}  // namespace holdfast::clinical
