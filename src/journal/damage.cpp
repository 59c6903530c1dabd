#include "journal/damage.h"

#include <fmt/format.h>

namespace holdfast::journal {

std::string_view name(DamageKind kind) {
  switch (kind) {
    case DamageKind::record: return "record";
    case DamageKind::header: return "header";
    case DamageKind::link: return "link";
    case DamageKind::missing: return "missing";
    case DamageKind::slack: return "slack";
  }
  return "unknown";
}

std::string describe(const Damage& damage, const Options& options) {
  const std::string place = fmt::format("{} bytes {}..{}", segment_path(options, damage.segment),
                                        damage.offset, damage.end);
  const std::string lost =
      damage.last < damage.first ? std::string("no entry lost")
      : damage.first == damage.last
          ? fmt::format("position {}", damage.first.value)
          : fmt::format("positions {} to {}", damage.first.value, damage.last.value);
  return fmt::format("{}: {}: {} ({})", place, lost, damage.what, name(damage.kind));
}

}  // namespace holdfast::journal
