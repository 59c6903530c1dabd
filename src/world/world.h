// world/world.h: everything outside the program that a node may touch, in one bundle.
#pragma once

#include <vector>

#include "world/clock.h"
#include "world/disk.h"
#include "world/executor.h"
#include "world/random.h"
#include "world/stream.h"

namespace holdfast {

/// Borrowed: whoever assembled the world owns the parts. Random is for the executor it is used on:
/// real ones are thread-safe, the simulated world has one thread.
struct World {
  Clock& clock;
  Disk& disk;  ///< rooted at the data directory
  Random& random;
  Network& network;
  std::vector<Executor*> io;    ///< at least one; sessions are spread over them
  std::vector<Executor*> bulk;  ///< at least one; large requests, so that small ones need not wait
  Executor& sequencer;          ///< decides and appends; nothing else runs there
  Executor& background;         ///< view writes, segment preparation, scrub
};

}  // namespace holdfast
