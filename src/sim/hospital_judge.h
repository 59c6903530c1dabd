// sim/hospital_judge.h: what must be so of items after each entry. Knows them from the record's own
// table and from what it saw before; shares no code with decide or the engine.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "model/command.h"
#include "node/node.h"
#include "pathway/definition.h"
#include "sim/hospital.h"
#include "views/items.h"

namespace holdfast::sim {

/// What whoever sent a Command knows of it.
struct Cause {
  bool is_tick = false;
  std::string acted_on;  ///< id of the item that a person changed; empty: none
  /// Pathways whose items it may close: a procedure that is done, a visit that took place.
  std::set<std::string> closes;
};

class HospitalJudge {
 public:
  HospitalJudge(HospitalReport& report, const std::set<std::string>& teams)
      : report_(report), teams_(teams) {}

  /// Every item of the record against what was known of it, after a Command or a crash.
  void look(const node::Moment& moment, const Cause& cause);
  /// Index, ledger and lists: all of it.
  void look_through(const node::Moment& moment, const views::BodyCodec& codec);
  void violated(std::string what);

  [[nodiscard]] const std::map<std::string, views::Item>& items() const { return items_; }

 private:
  void compare(const views::Item* before, const views::Item& now, const node::Moment& moment,
               const Cause& cause);

  HospitalReport& report_;
  const std::set<std::string>& teams_;  ///< references of active ones
  std::map<std::string, views::Item> items_;
};

}  // namespace holdfast::sim
