#include "exchange/ourselves.h"

#include <utility>

namespace holdfast::exchange {

Task<Result<void>> submit_as_ourselves(World& world, Executor& on, node::Node& node,
                                       decide::Prepared prepared) {
  world.random.fill(prepared.command.key.bytes);
  prepared.command.principal.name = "holdfast:delivery";
  prepared.command.channel = "delivery";
  const auto committed = co_await node.submit(on, std::move(prepared));
  if (!committed) {
    co_return fail(committed.error());
  }
  co_return ok();
}

}  // namespace holdfast::exchange
