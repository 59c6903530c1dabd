// views/providers.h: who does each order (docs/adr/0026). Rows of table outbox under the name of no
// channel; they change only by what an Outcome says.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "model/delivery.h"
#include "views/kv.h"
#include "views/outbox.h"
#include "views/overlay.h"
#include "views/state.h"

namespace holdfast::views {

/// Who does an order: the neighbour of one channel, or nobody (docs/adr/0026). Exactly one: the
/// newest row of the order.
struct OrderProvider {
  Provided what{};      ///< begins, known, nobody or ends
  std::string channel;  ///< empty: nobody does it
  std::string meant;    ///< whom its routes name, were it not diverted; empty: nobody
  /// By which it was to be sent there as a new order; position 0: they have it otherwise.
  DutyName since;
  /// Of Provided::begins: what was about to be sent of it first: from then on they may have it.
  /// Position 0: nothing yet.
  DutyName tried = {};
  bool operator==(const OrderProvider&) const = default;
};
/// Whether that is a row of its own, rather than something sent about one.
[[nodiscard]] constexpr bool is_row(Provided what) {
  return what != Provided::goes_on && what != Provided::withdrawn;
}

/// What the keys of all these rows begin with. No channel has an empty name.
[[nodiscard]] Bytes providers_prefix();
/// Who does an order by the entry at `by`; at most once each order.
void write_provider(WorkLayer& layer, Digest& digest, std::string_view order, Position by,
                    const OrderProvider& provider);
/// That `duty`, called `name`, is about to be sent. Code::corrupt where it is of no order that
/// began.
Result<void> mark_tried(WorkLayer& layer, std::string_view channel, DutyName name,
                        const Duty& duty);
/// Of ServiceRequest/`order`; nothing: it was never decided.
[[nodiscard]] Result<std::optional<OrderProvider>> read_provider(const Reader& reader,
                                                                 std::string_view order);
/// The row by which an order began at a provider, of that `since`. Code::corrupt where it is not
/// there.
[[nodiscard]] Result<OrderProvider> read_beginning(const Reader& reader, std::string_view order,
                                                   DutyName since);
/// Where what a duty is about began, if it is an order that was to be sent there as a new one.
struct Beginning {
  std::string order;
  DutyName since;
  bool tried = false;
};
[[nodiscard]] Result<std::optional<Beginning>> read_beginning_of(const Reader& reader,
                                                                 std::string_view channel,
                                                                 const Duty& duty);
/// Facts of the state digest: who was to do an order when, and what was tried of it first.
[[nodiscard]] Hash provider_fact(std::string_view order, Position by, Provided what,
                                 std::string_view channel);
[[nodiscard]] Hash tried_fact(std::string_view channel, DutyName name);
/// The facts of all rows. Code::corrupt for one that nobody can have written.
[[nodiscard]] Result<Digest> digest_of_providers(const Reader& reader);

}  // namespace holdfast::views
