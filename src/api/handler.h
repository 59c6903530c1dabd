// api/handler.h: the door for HTTP: takes a whole request, answers with a whole reply. Finds the
// route, checks what every request must have, and calls the interaction. Everything heavy (reading,
// checking, extracting) happens before the sequencer: for small requests on the executor that they
// came in on, for large ones on one for bulk, so that no small one waits for them, and so that no
// more of them are taken apart at once than there are of those executors.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "api/call.h"
#include "api/message.h"
#include "node/node.h"
#include "world/world.h"

namespace holdfast::api {

class FhirHandler final : public Handler {
 public:
  /// Borrows the node and the parts of the world; they outlive it.
  FhirHandler(node::Node& node, World& world, Options options,
              std::unique_ptr<const Definitions> definitions);

  /// GET, HEAD, DELETE and OPTIONS bring none, a search form little, the others as much as there
  /// is.
  [[nodiscard]] std::uint64_t body_bytes_max(const Request& head) const override;
  Task<Reply> handle(Request request, Executor& on) override;

  /// Who takes messages up again. Before the first request.
  void set_taker(MessageTaker& taker) { parts_.taker = &taker; }
  /// What this channel judged.
  [[nodiscard]] const JudgedCounts& judged() const { return judge_.counts(); }

 private:
  Task<Reply> answer(Call& call, Executor& on);
  Task<Reply> answer_now(Call& call);
  void lay_out(const Call& call, Reply& reply);

  Executor& next_bulk();

  const Options options_;
  const std::vector<Executor*> bulk_;
  std::atomic<std::size_t> bulk_turn_ = 0;
  fhir::ReaderPool readers_;
  const std::unique_ptr<const Definitions> definitions_;
  Judge judge_;
  CapabilityStatements capabilities_;
  OpenApi openapi_;
  Parts parts_;
};

/// Bodies from here on are taken apart on an executor for bulk: it takes some tenths of a
/// millisecond.
constexpr std::size_t bulk_body_bytes_min = std::size_t{64} << 10U;
/// A search sent as a form.
constexpr std::uint64_t form_bytes_max = std::uint64_t{256} << 10U;
/// `_pretty=true` leaves larger bodies as they are.
constexpr std::size_t indented_bytes_max = std::size_t{1} << 20U;

/// The same JSON with line ends and two spaces a level. `json` is minified and valid.
[[nodiscard]] Bytes indent(BytesView json);

}  // namespace holdfast::api
