// sim/judge.h: whether the record is what the journal, the clients and the simple model say.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "node/node.h"
#include "sim/ledger.h"
#include "sim/model.h"
#include "world/sim/sim_network.h"
#include "world/world.h"

namespace holdfast::sim {

/// Everything that was promised can be read in the view, now. For after each recovery.
/// What neighbours were told of their messages.
void judge_messages(node::Node& node, Ledger& ledger);
/// What receivers were owed, and what came; `all_is_over`: nothing may be owed any more.
void judge_deliveries(node::Node& node, Ledger& ledger, bool all_is_over);
[[nodiscard]] bool all_is_delivered(node::Node& node);
void judge_promises(node::Node& node, Ledger& ledger);

/// After rot: asks the server over HTTP for everything that was promised. It may refuse with a
/// reason (5xx and an OperationOutcome), but what it does answer must be right. Only what was
/// promised from the entry at `cut_from` on may be gone: the opening has put that tail aside, since
/// nothing proved that it was ever durable. 0: nothing was put aside.
Task<void> judge_answers(SimNetwork& network, Executor& on, Ledger& ledger, std::uint64_t cut_from);

/// Files in which openings have put torn tails aside.
[[nodiscard]] std::set<std::string> torn_files(Disk& disk);
/// The lowest position in the names of those that came after `before`; 0 where none did.
[[nodiscard]] std::uint64_t first_put_aside(const std::set<std::string>& before,
                                            const std::set<std::string>& after);

/// Every search and every history that was followed to its end found exactly what was there at its
/// position, in the order that was asked for.
void judge_searches(const Model& model, Ledger& ledger);

struct JudgeOptions {
  std::uint64_t segment_bytes = 0;
  Time true_time;  ///< what the wall clock would show had it never leapt
};

/// All of it, against a node that has nothing in flight:
///  1. the journal is whole: every byte, chain and tree
///  2. entry times never go back, and never leapt
///  3. each outcome is what the model expects, and what decide() says when asked again
///  4. folding the journal anew gives the live digest, and so do the live rows
///     and each index holds exactly what the current bodies give
///  5. every version the model has can be read, with its content; and every promise is among them
///  6. nothing that was refused is there
///  7. every search and every history that was followed found exactly what was there at its
///  position
/// Code of the world's disk faults must be off. Returns the number of entries.
std::uint64_t judge_all(World& world, node::Node& node, Ledger& ledger,
                        const JudgeOptions& options);

}  // namespace holdfast::sim
