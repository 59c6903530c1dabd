// api/handler.h: the door for HTTP: takes a whole request, answers with a whole reply. Finds the
// route, checks what every request must have, and calls the interaction. Everything heavy (reading,
// checking, extracting) happens on the executor that the request came in on, before the sequencer.
#pragma once

#include "api/call.h"
#include "api/message.h"
#include "node/node.h"
#include "world/clock.h"
#include "world/random.h"

namespace holdfast::api {

class FhirHandler final : public Handler {
 public:
  /// Borrows node, clock and random; they outlive it.
  FhirHandler(node::Node& node, const Clock& clock, Random& random, Options options);

  /// GET, HEAD, DELETE and OPTIONS bring none, a search form little, the others as much as there
  /// is.
  [[nodiscard]] std::uint64_t body_bytes_max(const Request& head) const override;
  Task<Reply> handle(Request request, Executor& on) override;

 private:
  Task<Reply> answer(Call& call, Executor& on);
  Task<Reply> answer_now(Call& call);

  const Options options_;
  ReaderPool readers_;
  Parts parts_;
};

/// A search sent as a form.
constexpr std::uint64_t form_bytes_max = std::uint64_t{256} << 10U;
/// `_pretty=true` leaves larger bodies as they are.
constexpr std::size_t indented_bytes_max = std::size_t{1} << 20U;

/// The same JSON with line ends and two spaces a level. `json` is minified and valid.
[[nodiscard]] Bytes indent(BytesView json);

}  // namespace holdfast::api
