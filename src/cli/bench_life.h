// cli/bench_life.h: the life of a patient's resource as a client of any FHIR R4 server leads it:
// create, read, update, delete, and a read of what is no longer there. Ids and versions are the
// server's: they are learned from its replies, and every later reply is held against them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cli/bench_load.h"

namespace holdfast::cli {

enum class LifeStep : std::uint8_t { create, read, update, remove, read_removed };
constexpr std::size_t life_steps = 5;
constexpr std::array<std::string_view, life_steps> life_step_names{"create", "read", "update",
                                                                   "delete", "read_deleted"};

/// The lives that are still to be led, shared by all clients.
struct Lives {
  std::uint64_t led = 0;
  std::uint64_t wanted = 0;
  std::uint64_t record_patients = 0;  ///< the patients of the record beside which they are led
};

/// One client at its work: resource after resource through all steps. Stays where it is while an
/// exchange of it is under way.
class Life {
 public:
  /// The next request, once the reply to the one before was looked at; nothing when all lives are
  /// led.
  std::optional<Exchange> next(Lives& lives);

 private:
  Exchange create(const Lives& lives);
  Exchange read();
  Exchange update(const Lives& lives);
  Exchange remove();
  Exchange read_removed();

  LifeStep step_ = LifeStep::create;
  std::uint64_t number_ = 0;
  std::string id_;
  std::string etag_;  ///< of the version written last
};

}  // namespace holdfast::cli
