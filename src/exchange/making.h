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
#include "views/messages.h"
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

/// What the record knows of a message that has come.
struct Standing {
  std::uint32_t others = 0;  ///< as views::KnownMessage says
  Turn turn;                 ///< of its number
  /// It is there, and has its turn only now: refused because it came too early, or taken before
  /// its sender's numbers began anew. This is another attempt at it.
  std::optional<views::MessageRow> kept;
};

/// Whether making a Command anew may help: it was made from what is no longer so.
[[nodiscard]] bool is_stale(Code code);
/// What its sender is told of a message that came before, when nothing more is known.
[[nodiscard]] Verdict verdict_on(Disposition before);
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

  /// `failed`: why the record did not take what was made before; then it is kept, and becomes
  /// somebody's item.
  [[nodiscard]] Made make(const Incoming& incoming, const node::Moment& moment,
                          const Standing& standing, const std::optional<Error>& failed,
                          const Manners& manners);
  /// What taking it up again would do. The refusals of mapping and resolving: it stays as it is
  /// then. Code::unsupported for links and merges of one that was applied: they are not repeated.
  [[nodiscard]] Result<Made> make_again(const Incoming& incoming, const node::Moment& moment,
                                        const Standing& standing, const Again& again);
  /// Kept with one item, whatever is in it.
  [[nodiscard]] Made make_kept(const Incoming& incoming, const Standing& standing,
                               Disposition disposition, const Verdict& verdict,
                               const std::optional<Item>& item);

 private:
  struct Extra;
  [[nodiscard]] Made make_mapped(const Incoming& incoming, const node::Moment& moment,
                                 const Standing& standing);
  [[nodiscard]] Result<Made> map_and_resolve(const Incoming& incoming, const node::Moment& moment,
                                             const Standing& standing, const Again* again);
  /// What was taken before is not taken again: it only gets its number.
  [[nodiscard]] Made make_numbered(const Incoming& incoming, const Standing& standing);
  [[nodiscard]] Made make_refused(const Incoming& incoming, const Standing& standing,
                                  const Manners& manners);
  [[nodiscard]] Made finish(const Incoming& incoming, const Standing& standing, Verdict verdict,
                            Extra extra, const Again* again = nullptr);

  node::Node& node_;
  Clock& clock_;
  Random& random_;
  const std::string strangers_owner_;
  fhir::ReaderPool readers_;
  ElementPaths paths_;
};

}  // namespace holdfast::exchange
