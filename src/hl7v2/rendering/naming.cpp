#include "hl7v2/rendering/naming.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/text.h"

namespace holdfast::hl7v2 {
namespace {

using out::text;

constexpr std::string_view v2_tables = "http://terminology.hl7.org/CodeSystem/v2-";

/// The text behind `urn:holdfast:<kind>:` as somebody once wrote it.
std::optional<std::string> local_name(std::string_view system, std::string_view kind) {
  if (!system.starts_with(kind)) {
    return std::nullopt;
  }
  Result<std::string> name = percent_decode(system.substr(kind.size()), Plus::is_plus);
  return name ? std::optional(*std::move(name)) : std::nullopt;
}

/// The first name, in the order of their bytes, that stands for it.
std::string_view name_for(const Overlay::Names<std::string>& names, std::string_view value) {
  const auto found =
      std::ranges::find_if(names, [&](const auto& one) { return one.second == value; });
  return found == names.end() ? std::string_view() : std::string_view(found->first);
}

bool is_oid(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos &&
         text.find('.') != std::string_view::npos;
}

/// Rows of that key, in tables that are in its order.
std::span<const out::CodeRow> rows_of(std::span<const out::CodeRow> rows, std::string_view code) {
  const auto [first, last] = std::ranges::equal_range(
      rows, code, {}, [](const out::CodeRow& row) { return text(row.code); });
  return {first, last};
}

}  // namespace

Authority Naming::authority(std::string_view system) const {
  if (overlay_ != nullptr) {
    if (const std::string_view name = name_for(overlay_->authorities, system); !name.empty()) {
      return is_oid(name) ? Authority{{}, std::string(name), "ISO"}
                          : Authority{std::string(name), {}, {}};
    }
  }
  if (is_nhs_number(system)) {
    return {std::string(nhs_number_authority), {}, {}};
  }
  if (auto name = local_name(system, "urn:holdfast:authority:")) {
    return {*std::move(name), {}, {}};
  }
  if (system.starts_with("urn:oid:")) {
    return {{}, std::string(system.substr(8)), "ISO"};
  }
  if (system.starts_with("urn:uuid:")) {
    return {{}, std::string(system.substr(9)), "UUID"};
  }
  return system.empty() ? Authority{} : Authority{{}, std::string(system), "URI"};
}

std::string Naming::coding_system(std::string_view uri) const {
  if (overlay_ != nullptr) {
    if (const std::string_view name = name_for(overlay_->coding_systems, uri); !name.empty()) {
      return std::string(name);
    }
  }
  const auto known = rows_of({out::systems, out::systems_count}, uri);
  if (!known.empty()) {
    return std::string(text(known.front().to));
  }
  if (uri.starts_with(v2_tables) && uri.size() == v2_tables.size() + 4) {
    return fmt::format("HL7{}", uri.substr(v2_tables.size()));
  }
  if (auto name = local_name(uri, "urn:holdfast:coding-system:")) {
    return *std::move(name);
  }
  return std::string(uri.starts_with("urn:oid:") ? uri.substr(8) : uri);
}

std::optional<CodeBack> Naming::code(std::uint16_t map, std::string_view system,
                                     std::string_view code) const {
  const out::CodeMapRow& row = out::code_maps[map];
  if (overlay_ != nullptr) {
    for (const std::string_view name : {text(row.name), text(row.table)}) {
      const auto table = overlay_->codes.find(name);
      if (table == overlay_->codes.end()) {
        continue;
      }
      for (const auto& [from, to] : table->second) {
        if (to.code == code && (system.empty() || to.system == system)) {
          return CodeBack{from, to.display};
        }
      }
    }
  }
  for (const out::CodeRow& one : rows_of({out::inverse + row.first, row.count}, code)) {
    if (system.empty() || text(one.system) == system) {
      return CodeBack{text(one.to), text(one.meaning)};
    }
  }
  return std::nullopt;
}

bool Naming::means(std::uint16_t map, std::string_view from, std::string_view system,
                   std::string_view code) {
  const out::CodeMapRow& row = out::code_maps[map];
  const std::span rows{out::forward + row.first_forward, row.forward_count};
  const auto found = std::ranges::lower_bound(rows, from, {},
                                              [](const out::CodeRow& one) { return text(one.to); });
  return found != rows.end() && text(found->to) == from && text(found->code) == code &&
         text(found->system) == system;
}

bool Naming::is_table(std::uint16_t map, std::string_view system) {
  return system.starts_with(v2_tables) &&
         system.substr(v2_tables.size()) == text(out::code_maps[map].table);
}

std::string_view Naming::unit(std::string_view ucum) const {
  const std::string_view own =
      overlay_ == nullptr ? std::string_view() : name_for(overlay_->units, ucum);
  return own.empty() ? ucum : own;
}

}  // namespace holdfast::hl7v2
