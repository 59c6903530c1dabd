#include "exchange/map_coverage.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "exchange/incoming.h"
#include "hl7v2/mapping/map.h"

namespace holdfast::exchange {
namespace {

using Kind = hl7v2::Finding::Kind;

/// An overlay can mend these, each value by itself; of others the place says enough, and the value
/// may be a patient's.
bool is_about_value(Kind kind) {
  return kind == Kind::unmapped_code || kind == Kind::unmapped_unit ||
         kind == Kind::unmapped_system;
}

std::string place_of(const hl7v2::Place& place) {
  if (place.field == 0) {
    return place.segment;
  }
  return place.component == 0
             ? fmt::format("{}-{}", place.segment, place.field)
             : fmt::format("{}-{}.{}", place.segment, place.field, place.component);
}

}  // namespace

MapCoverage::MapCoverage(const Neighbour& neighbour) : neighbour_(neighbour) {
  const hl7v2::Overlay& overlay = neighbour.overlay;
  const auto add_all = [&](std::string_view kind, std::string_view table, const auto& names) {
    for (const auto& [from, to] : names) {
      lines_[{std::string(kind), std::string(table), from}] = 0;
    }
  };
  add_all("authorities", {}, overlay.authorities);
  add_all("coding-systems", {}, overlay.coding_systems);
  add_all("units", {}, overlay.units);
  add_all("defaults", {}, overlay.defaults);
  for (const auto& [table, codes] : overlay.codes) {
    add_all("codes", table, codes);
  }
}

void MapCoverage::add(const Bytes& message) {
  ++totals_.messages;
  const Incoming incoming(neighbour_, message);
  const auto fail_with = [&](const std::string& why) {
    ++totals_.not_mapped;
    if (failures_.size() < failures_max) {
      failures_.push_back(fmt::format("{} {}: {}", incoming.type, incoming.control_id, why));
    }
  };
  if (incoming.refusal) {
    fail_with(incoming.refusal->what);
    return;
  }
  std::set<hl7v2::OverlayLine> used;
  const auto mapped = hl7v2::map(
      *incoming.message, hl7v2::MapInput{neighbour_.overlay, neighbour_.identifiers, &used});
  if (!mapped) {
    fail_with(mapped.error().what);
    return;
  }
  for (const hl7v2::OverlayLine& line : used) {
    ++lines_[line];
  }
  note(mapped->report, incoming.control_id);
}

void MapCoverage::note(const hl7v2::Report& report, const std::string& control_id) {
  totals_.values += report.leaves;
  totals_.mapped += report.mapped;
  totals_.set_aside += report.set_aside;
  std::set<LackName> counted;
  for (const hl7v2::Finding& finding : report.findings) {
    LackName name{finding.kind, place_of(finding.place),
                  is_about_value(finding.kind) ? finding.raw : std::string()};
    if (!counted.insert(name).second) {
      continue;
    }
    if (lacks_.size() >= lacks_max && !lacks_.contains(name)) {
      ++lacks_left_out_;
      continue;
    }
    Seen& seen = lacks_[std::move(name)];
    if (seen.messages++ == 0) {
      seen.first = control_id;
    }
  }
}

std::vector<MapCoverage::Line> MapCoverage::lines() const {
  std::vector<Line> all;
  const auto& owners = neighbour_.overlay.owners;
  for (const auto& [line, messages] : lines_) {
    const auto owner = owners.find(line);
    all.push_back({line, owner == owners.end() ? std::string() : owner->second, messages});
  }
  return all;
}

std::vector<MapCoverage::Lack> MapCoverage::lacks() const {
  std::vector<Lack> all;
  for (const auto& [name, seen] : lacks_) {
    const auto& [kind, place, raw] = name;
    all.push_back({kind, place, raw, seen.messages, seen.first});
  }
  std::ranges::stable_sort(all,
                           [](const Lack& a, const Lack& b) { return a.messages > b.messages; });
  return all;
}

}  // namespace holdfast::exchange
