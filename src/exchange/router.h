// exchange/router.h: which channels a Command's changes are owed to (docs/adr/0017). Looked at
// where the Command is made; what it finds is journaled with it.
#pragma once

#include <memory>
#include <vector>

#include "exchange/channel.h"
#include "fhir/path/program.h"
#include "fhir/reader_pool.h"
#include "fhir/type.h"
#include "node/outbox_hooks.h"

namespace holdfast::exchange {

/// From any thread.
class Router final : public node::Routes {
 public:
  /// `channels` outlives it.
  explicit Router(const Channels& channels);
  ~Router() override;

  /// A version goes to each channel once, however many routes take it; not to the channel of the
  /// neighbour that it came from. What is deleted is owed to channels that can say so (FHIR). What
  /// the Command itself addresses goes there and nowhere else.
  /// An expression that fails on a body counts as true: rather too much is sent than too little.
  /// An order goes to one of the channels of providers: the first that takes it, in the order of
  /// the configuration. It is nobody's while it is a draft, or no order yet (docs/adr/0026).
  void route(decide::Prepared& prepared) const override;

 private:
  struct Rule;
  struct Work;
  void route_operation(const Command& command, std::uint32_t index, Work& work) const;
  void route_order(const Command& command, std::uint32_t index, Work& work) const;
  /// The body of an operation; null where it is no JSON.
  [[nodiscard]] const fhir::Json* read(const Operation& operation, Work& work) const;
  [[nodiscard]] bool takes(const Rule& rule, const Operation& operation, Work& work) const;
  void route_message(const Command& command, std::uint32_t index, Work& work) const;

  const Channels& channels_;
  std::vector<std::vector<Rule>> by_type_;  ///< by TypeId
  std::vector<Rule> of_messages_;
  std::vector<Rule> of_providers_;  ///< of ServiceRequest
  mutable fhir::ReaderPool readers_;
};

}  // namespace holdfast::exchange
