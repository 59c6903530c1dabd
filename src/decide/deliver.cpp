// decide/deliver.cpp: what becomes a duty to send, and which duties end (docs/adr/0017). A route is
// never asked here: the Command says what it found.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "decide/decision.h"
#include "fhir/type.h"
#include "views/outbox.h"
#include "views/providers.h"
#include "views/versions.h"

namespace holdfast::decide {
namespace {

bool writes(Status status) {
  return status == Status::created || status == Status::updated || status == Status::removed;
}

/// Held is what is not, released what is.
bool may_follow(const Settlement& one) {
  return one.settled == Settled::held || one.settled == Settled::tried ? !one.was_held
         : one.settled == Settled::released                            ? one.was_held
                                                                       : true;
}

bool is_before(const Delivery& a, const Delivery& b) {
  const std::uint64_t none = UINT64_MAX;
  return (a.operation ? std::uint64_t{*a.operation} : none) <
         (b.operation ? std::uint64_t{*b.operation} : none);
}

}  // namespace

Result<std::optional<Owed>> Decision::owed(std::uint32_t index) const {
  const Delivery& delivery = prepared_.command.deliveries[index];
  if (delivery.channel.empty()) {
    return fail(Code::structure, "a delivery names no channel");
  }
  if (delivery.operation) {
    if (*delivery.operation >= outcome_.results.size()) {
      return fail(Code::structure, fmt::format("a delivery names operation {} of {}",
                                               *delivery.operation, outcome_.results.size()));
    }
    return writes(outcome_.results[*delivery.operation].status) ? std::optional(Owed{index, {}})
                                                                : std::nullopt;
  }
  TRY(const RowId row, row_named(delivery));
  return Owed{index, row};
}

Result<RowId> Decision::row_named(const Delivery& delivery) const {
  std::optional<views::Current> current;
  if (const auto type = fhir::type_id(delivery.type)) {
    TRY(current, views::read_current(view_, *type, delivery.id));
  }
  if (!current || current->presence == views::Presence::deleted) {
    return fail(Code::not_found,
                fmt::format("{}/{} cannot be sent to channel '{}': it is not there", delivery.type,
                            delivery.id, delivery.channel));
  }
  return current->row;
}

Result<void> Decision::owe() {
  const auto& deliveries = prepared_.command.deliveries;
  if (!std::ranges::is_sorted(deliveries, is_before)) {
    return fail(Code::structure, "deliveries are named in the order of their operations");
  }
  for (std::uint32_t i = 0; i < deliveries.size(); ++i) {
    if (planted_ == Bug::deliver_to_one_less && i > 0 && i + 1 == deliveries.size()) {
      continue;
    }
    if (deliveries[i].provision) {
      TRY_OK(provide(i));
      continue;
    }
    TRY(const auto one, owed(i));
    if (one) {
      outcome_.owed.push_back(*one);
    }
  }
  return ok();
}

Result<void> Decision::settle() {
  std::set<std::pair<std::string_view, DutyName>> settled;
  for (const Settlement& one : prepared_.command.settlements) {
    if (!settled.emplace(one.channel, one.duty).second) {
      return fail(Code::structure, fmt::format("number {} of entry {} is settled twice",
                                               one.duty.index, one.duty.position.value));
    }
    TRY(const auto duty, views::read_duty(view_, one.channel, one.duty));
    bool again = false;
    if (duty && one.settled == Settled::tried) {
      TRY(const auto beginning, views::read_beginning_of(view_, one.channel, *duty));
      again = !beginning || beginning->tried;
    }
    if (!duty || duty->held != one.was_held || again || !may_follow(one)) {
      return fail(Code::conflict,
                  fmt::format("number {} of entry {} {} channel '{}'", one.duty.index,
                              one.duty.position.value,
                              !duty   ? "is not owed (any more) to"
                              : again ? "need not be said to be tried for"
                                      : (duty->held ? "is held already for" : "is not held for"),
                              one.channel));
    }
  }
  outcome_.settles = !settled.empty();
  return ok();
}

}  // namespace holdfast::decide
