// day/plan.h: a day of a hospital: what happens, in which order, and what each step changes of what
// is owed. Made from a seed alone: the same seed, date and options give the same plan, byte for
// byte.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "day/board.h"
#include "day/duty.h"
#include "world/random.h"

namespace holdfast::day {

/// The assigning authority of every number of the day, as HL7 v2 names it and as the record does.
inline constexpr std::string_view authority = "SIMTRUST";
inline constexpr std::string_view number_system = "urn:holdfast:authority:SIMTRUST";
/// MSH-3 of its messages: who the server's configuration has to know.
inline constexpr std::string_view sender = "SIMHOSPITAL";

/// Resources that go in together, each under its id.
struct Put {
  std::string type;
  std::string id;
  std::string body;
};
using Puts = std::vector<Put>;
/// An HL7 v2 message; segments end with CR.
struct Message {
  Bytes bytes;
};
/// What a person does with an item.
struct Output {
  std::string type;
  std::string text;       ///< one of these two
  std::string reference;  ///< "DocumentReference/d7-doc3"
};
struct Act {
  DutyKey duty;
  std::string patient;  ///< record number of whose it is by then
  std::string name;     ///< of the act; empty: it is handed to `owner`
  std::string owner;
  std::string reason;
  std::string reason_code;
  std::vector<Output> outputs;
};

struct Step {
  std::int64_t minute = 0;  ///< since the day began
  std::string kind;         ///< "laboratory order": what came, for the summary
  std::string says;         ///< "full blood count for Ada Byrne, asked for by Dr Hill"
  std::variant<Puts, Message, Act> does;
  std::vector<Change> changes;
};

enum class Lines : std::uint8_t { fhir, fhir_and_v2 };

struct PlanOptions {
  std::uint64_t seed = 1;
  std::uint64_t events = 600;
  std::uint64_t days = 1;
  Time begins;  ///< midnight of the first day
  Lines lines = Lines::fhir_and_v2;
};

struct Plan {
  std::vector<Step> steps;
  std::vector<std::string> patients;  ///< record numbers of everybody who was registered
};

/// `random` begins at the seed.
[[nodiscard]] Plan make_plan(const PlanOptions& options, Random& random);

/// What is owed after the first `steps` of it.
[[nodiscard]] Board board_after(const Plan& plan, std::size_t steps);

/// Whose referral a person may look up: the first of somebody who was registered by FHIR, and so
/// has an id that is known beforehand.
struct Watched {
  std::int64_t minute = 0;
  std::string patient;  ///< "Patient/d7-p12"; empty: there is none
};
[[nodiscard]] Watched first_referral(const Plan& plan);

}  // namespace holdfast::day
