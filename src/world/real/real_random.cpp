#include "world/real/real_random.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <sys/random.h>

namespace holdfast {
namespace {

void fill_from_kernel(std::span<char> into) {
  while (!into.empty()) {
    const ::ssize_t count = ::getrandom(into.data(), into.size(), 0);
    if (count < 0) {
      check(errno == EINTR, "the kernel gives random bytes");
      continue;
    }
    into = into.subspan(static_cast<std::size_t>(count));
  }
}

// A system call costs as much as hundreds of small draws: each thread fetches a page's share and
// hands it out. What was handed out is wiped.
struct Reserve {
  std::array<char, 512> bytes{};
  std::size_t left = 0;
};

}  // namespace

void RealRandom::fill(std::span<char> into) {
  thread_local Reserve reserve;
  if (into.size() > reserve.bytes.size() / 4) {
    fill_from_kernel(into);
    return;
  }
  if (reserve.left < into.size()) {
    fill_from_kernel(reserve.bytes);
    reserve.left = reserve.bytes.size();
  }
  char* const taken = reserve.bytes.data() + (reserve.left - into.size());
  std::memcpy(into.data(), taken, into.size());
  std::memset(taken, 0, into.size());
  reserve.left -= into.size();
}

}  // namespace holdfast
