// sim/hospital.h: one seed is some years of a hospital: requests, appointments, results, letters
// and people who act, forget, leave and err, on a node of a simulated machine that crashes; and
// after every entry the invariants of pathways are looked at. No HTTP: what is judged here is what
// becomes of duties. The same seed gives the same trace.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/planted.h"

namespace holdfast::sim {

struct HospitalOptions {
  std::uint64_t seed = 1;
  std::uint64_t events = 400;
  std::uint64_t years = 10;  ///< that pass meanwhile
  Bug bug = Bug::none;
};

struct HospitalReport {
  std::vector<std::string> violations;  ///< empty: every invariant held
  std::uint64_t trace = 0;              ///< equal for equal seeds
  std::uint64_t entries = 0;
  std::uint64_t opened = 0;
  std::uint64_t closed = 0;
  std::uint64_t reopened = 0;
  std::uint64_t open = 0;       ///< at the end
  std::uint64_t escalated = 0;  ///< steps
  std::uint64_t covered = 0;    ///< items that got a deputy because an absence began
  std::uint64_t refused = 0;    ///< commands that had to be
  std::uint64_t crashes = 0;
};

[[nodiscard]] HospitalReport live_in_hospital(const HospitalOptions& options);

}  // namespace holdfast::sim
