// world/sim/sim_node.h: a file or folder of the simulated disk, and which names of a folder are on
// the medium. The model is stated in sim_disk.h. Only sim_disk.cpp and sim_open_file.* include it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "world/sim/sim_file.h"

namespace holdfast {

/// A file or a folder.
struct SimNode {
  using Names = std::map<std::string, std::shared_ptr<SimNode>>;
  /// One atomic change of a folder: each name gets a node, or none.
  struct NameChange {
    std::uint64_t number;
    std::vector<std::pair<std::string, std::shared_ptr<SimNode>>> names;
  };

  explicit SimNode(bool folder) : is_folder(folder) {}

  bool is_folder;
  SimFileData data;
  Names cached;
  Names durable;
  std::deque<NameChange> unsynced;
  std::uint64_t last_change = 0;

  static void apply(const NameChange& change, Names& names) {
    for (const auto& [name, node] : change.names) {
      if (node == nullptr) {
        names.erase(name);
      } else {
        names[name] = node;
      }
    }
  }
  void change(std::vector<std::pair<std::string, std::shared_ptr<SimNode>>> names) {
    unsynced.push_back({++last_change, std::move(names)});
    apply(unsynced.back(), cached);
  }
  void make_names_durable(std::uint64_t last) {
    while (!unsynced.empty() && unsynced.front().number <= last) {
      apply(unsynced.front(), durable);
      unsynced.pop_front();
    }
  }
  /// Each change up to `last` survives or vanishes.
  void settle_names(std::uint64_t last, Random& random) {
    const Fate fate = draw_fate(random);
    std::uint64_t kept = fate == Fate::prefix ? random.below(unsynced.size() + 1) : 0;
    while (!unsynced.empty() && unsynced.front().number <= last) {
      bool survives = fate == Fate::all_kept;
      if (fate == Fate::prefix) {
        survives = kept > 0;
        kept -= survives ? 1U : 0U;
      } else if (fate == Fate::each_change || fate == Fate::each_sector) {
        survives = random.chance(1, 2);
      }
      if (survives) {
        apply(unsynced.front(), durable);
      }
      unsynced.pop_front();
    }
  }
  void cut_power(Random& random) {
    if (!is_folder) {
      data.cut_power(random);
      return;
    }
    settle_names(last_change, random);
    cached = durable;
    for (const auto& [name, node] : cached) {
      node->cut_power(random);
    }
  }
  void forget_clean_pages() {
    if (!is_folder) {
      data.forget_clean_pages();
      return;
    }
    cached = durable;
    for (const NameChange& each : unsynced) {
      apply(each, cached);
    }
    for (const auto& [name, node] : cached) {
      node->forget_clean_pages();
    }
  }
};

}  // namespace holdfast
