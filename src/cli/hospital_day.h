// cli/hospital_day.h: the steps of a day, told to a running server over HTTP and MLLP, and what
// that server says is owed. Each step can be told again: it happens once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/remote.h"
#include "day/compare.h"
#include "day/plan.h"
#include "exchange/mllp_client.h"
#include "fhir/json.h"

namespace holdfast::cli {

/// What the server remembers of a day between two runs of it.
struct DayMark {
  std::string begins;   ///< "2026-11-30"
  std::string options;  ///< what makes its content, beside the seed
  std::uint64_t reached = 0;
};

class HospitalDay {
 public:
  /// `mllp` empty: no messages are sent.
  HospitalDay(Network& network, Executor& on, ServerAddress server, std::string mllp);

  /// Code::closed, io, timeout: nobody listens there.
  Task<Result<std::optional<DayMark>>> read_mark(std::uint64_t seed);
  Task<Result<void>> write_mark(std::uint64_t seed, DayMark mark);
  /// Whether a message would be answered at all.
  Task<Result<void>> reach_mllp();

  /// Why the server did not take it; empty when it did. An error: there is no use in going on.
  Task<Result<std::string>> tell(std::string name, const day::Step& step);

  /// All items of these people, on whose work-lists each is.
  Task<Result<std::vector<day::Found>>> read_items(const std::vector<std::string>& patients);
  Task<Result<void>> read_lists(std::vector<day::Found>& items);
  /// Empty where the ledger balances, else its own words.
  Task<Result<std::string>> read_ledger();

 private:
  struct Answer {
    unsigned status = 0;
    fhir::Json json;
    std::string diagnostics;
  };
  Task<Result<Answer>> ask(std::string method, std::string target, Bytes body, std::string key);
  Task<Result<fhir::Json>> get(std::string target);
  Task<Result<std::string>> post(std::string target, Bytes body, std::string key);
  Task<Result<exchange::Acknowledgement>> send_once(const day::Message& message);
  /// Patient as Remote::ask is: a message that comes twice happens once.
  Task<Result<std::string>> send(const day::Message& message);
  [[nodiscard]] Duration patience() const;
  Task<Result<std::string>> act(std::string name, const day::Act& act);
  Task<Result<std::vector<day::Found>>> items_of(std::string patient);
  Task<Result<void>> read_list(std::string owner, std::vector<day::Found>& items);

  Network& network_;
  Executor& on_;
  const std::string mllp_;
  Remote remote_;
  fhir::JsonReader reader_;
  std::unique_ptr<exchange::MllpClient> line_;
  bool reached_ = false;  ///< it has answered once: from then on it may be away for a while
};

}  // namespace holdfast::cli
