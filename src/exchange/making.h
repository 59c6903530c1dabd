// exchange/making.h: from a message to the Command that carries it out, or keeps it and opens an
// item. Reads one Moment and writes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "decide/prepared.h"
#include "exchange/answer.h"
#include "exchange/counts.h"
#include "exchange/element_paths.h"
#include "exchange/evidence.h"
#include "exchange/incoming.h"
#include "fhir/reader_pool.h"
#include "hl7v2/mapping/map.h"
#include "node/node.h"
#include "world/clock.h"
#include "world/random.h"

namespace holdfast::exchange {

/// How a connection has behaved: of a fault that repeats, the first opens an item.
struct Manners {
  std::uint32_t refused = 0;
  std::uint32_t broken = 0;
};

/// A message that is there and is taken up again.
struct Again {
  std::uint32_t attempt = 2;
  Disposition before{};  ///< what became of it at the attempt before
  std::string evidence;  ///< id of its Binary
  Time came;             ///< the first time
  Principal author;      ///< who asks for it
};

/// Whether making a Command anew may help: it was made from what is no longer so.
[[nodiscard]] bool is_stale(Code code);
/// Whether what a neighbour's message says goes into the record, or it is only kept.
[[nodiscard]] bool is_mapped(const Neighbour& neighbour, const hl7v2::Message& message);

struct Made {
  std::vector<std::string> outdated;  ///< resources left as newer evidence has them
  decide::Prepared prepared;
  Verdict verdict;           ///< what its sender is told once it is committed
  std::uint32_t leaves = 0;  ///< of its mapping report
  std::uint32_t unmapped = 0;
};

class Maker {
 public:
  /// All borrowed. From any thread.
  Maker(node::Node& node, Clock& clock, Random& random, std::string strangers_owner)
      : node_(node), clock_(clock), random_(random), strangers_owner_(std::move(strangers_owner)) {}

  /// `others`: as views::KnownMessage says. `failed`: why the record did not take what was made
  /// before; then it is kept, and becomes somebody's item.
  [[nodiscard]] Made make(const Incoming& incoming, const node::Moment& moment,
                          std::uint32_t others, const std::optional<Error>& failed,
                          const Manners& manners);
  /// What taking it up again would do. The refusals of mapping and resolving: it stays as it is
  /// then. Code::unsupported for links and merges of one that was applied: they are not repeated.
  [[nodiscard]] Result<Made> make_again(const Incoming& incoming, const node::Moment& moment,
                                        std::uint32_t others, const Again& again);
  /// Kept with one item, whatever is in it.
  [[nodiscard]] Made make_kept(const Incoming& incoming, std::uint32_t others,
                               Disposition disposition, const Verdict& verdict,
                               const std::optional<Item>& item);

 private:
  struct Extra;
  [[nodiscard]] Made make_mapped(const Incoming& incoming, const node::Moment& moment,
                                 std::uint32_t others);
  [[nodiscard]] Result<Made> map_and_resolve(const Incoming& incoming, const node::Moment& moment,
                                             std::uint32_t others, const Again* again);
  [[nodiscard]] Made finish(const Incoming& incoming, std::uint32_t others, Verdict verdict,
                            Extra extra, const Again* again = nullptr);

  node::Node& node_;
  Clock& clock_;
  Random& random_;
  const std::string strangers_owner_;
  fhir::ReaderPool readers_;
  ElementPaths paths_;
};

}  // namespace holdfast::exchange
