// cli/bench_resources.h: resources that the workloads send when no files are given: the same for
// the same numbers, of the size and shape of a real record's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace holdfast::cli {

/// A family name that only patient `number` has.
[[nodiscard]] std::string family_of(std::uint64_t number);
/// About 700 bytes.
[[nodiscard]] Bytes make_patient(std::string_view id, std::uint64_t number);
/// A transaction of one Patient and `observations` Observations about it (about 900 bytes each),
/// all created; nothing in it is the same for another number.
[[nodiscard]] Bytes make_transaction(std::uint64_t number, std::uint64_t observations);

}  // namespace holdfast::cli
