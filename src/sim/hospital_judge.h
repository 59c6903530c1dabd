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
#include "sim/hospital_rotas.h"
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
  HospitalJudge(HospitalReport& report, const std::set<std::string>& teams,
                const pathway::Definitions& definitions)
      : report_(report), teams_(teams), definitions_(definitions) {}

  /// Every item of the record against what was known of it, after a Command or a crash.
  void look(const node::Moment& moment, const views::BodyCodec& codec, const Cause& cause);
  /// The last Tick, which was told to go up to `ticked`, found nothing more to do; it is `now`:
  /// somebody sees what belongs to those who are away.
  void look_at_absences(const node::Moment& moment, Time ticked, Time now);
  /// Index, ledger and lists: all of it.
  void look_through(const node::Moment& moment, const views::BodyCodec& codec);
  void violated(std::string what);

  [[nodiscard]] const std::map<std::string, views::Item>& items() const { return items_; }

 private:
  void compare(const views::Item* before, const views::Item& now, const node::Moment& moment,
               const Cause& cause, Time written);
  /// What time may change of an item, and what of its overseers anything may.
  void compare_overseers(const views::Item& before, const views::Item& now, const Cause& cause,
                         Time written, const std::string& name);
  /// A version that was written while its owner is away has who sees to it.
  void check_deputy(const views::Item& now, Time written, const std::string& name);
  [[nodiscard]] bool is_there(const std::string& owner) const;
  [[nodiscard]] std::string deputy_of(const views::Item& item, Time at) const;
  /// Keeps that this one sees to it, if it is so: another who would be asked later need not.
  void note_deputy(const views::Item& item, Time at);

  HospitalReport& report_;
  const std::set<std::string>& teams_;  ///< references of active ones
  const pathway::Definitions& definitions_;
  HospitalRotas rotas_;
  std::map<std::string, views::Item> items_;
  /// Ids of items whose owner is away: who was rightly asked since that was said.
  std::map<std::string, std::set<std::string>> asked_;
};

}  // namespace holdfast::sim
