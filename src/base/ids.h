// base/ids.h: every number has its own type, so that a position is never taken for a version.
#pragma once

#include <compare>
#include <cstdint>

namespace holdfast {

/// Number of an entry in the journal: from 1, without gaps. 0 is "before the first".
struct Position {
  std::uint64_t value = 0;
  auto operator<=>(const Position&) const = default;
  [[nodiscard]] Position next() const { return {value + 1}; }
};

/// Dense internal number of one version of one resource: grows with position, from 1. A snapshot
/// is a high-water mark: a row above it is not seen.
struct RowId {
  std::uint64_t value = 0;
  auto operator<=>(const RowId&) const = default;
};

/// FHIR versionId of a resource: 1, 2, 3 …
struct Version {
  std::uint64_t value = 0;
  auto operator<=>(const Version&) const = default;
};

/// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds.
struct Time {
  std::int64_t ms = 0;
  auto operator<=>(const Time&) const = default;
};

/// A span of time in nanoseconds.
struct Duration {
  std::int64_t ns = 0;
  auto operator<=>(const Duration&) const = default;
  friend Duration operator+(Duration a, Duration b) { return {a.ns + b.ns}; }
  friend Duration operator-(Duration a, Duration b) { return {a.ns - b.ns}; }
  [[nodiscard]] std::int64_t ms() const { return ns / 1'000'000; }
};
constexpr Duration nanoseconds(std::int64_t n) { return {n}; }
constexpr Duration microseconds(std::int64_t n) { return {n * 1'000}; }
constexpr Duration milliseconds(std::int64_t n) { return {n * 1'000'000}; }
constexpr Duration seconds(std::int64_t n) { return {n * 1'000'000'000}; }

/// A moment on the boot clock: nanoseconds since some fixed start; never goes back, and counts
/// while the machine sleeps. Means nothing in another run.
struct Instant {
  std::int64_t ns = 0;
  auto operator<=>(const Instant&) const = default;
  friend Instant operator+(Instant at, Duration by) { return {at.ns + by.ns}; }
  friend Duration operator-(Instant a, Instant b) { return {a.ns - b.ns}; }
};
constexpr Instant never{INT64_MAX};

}  // namespace holdfast
