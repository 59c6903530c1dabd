// sim/hospital_events.h: what happens in a hospital, as Commands. Draws from one source, so that a
// seed fixes it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fhir/json.h"
#include "model/command.h"
#include "sim/hospital_judge.h"
#include "sim/hospital_rotas.h"
#include "world/random.h"

namespace holdfast::sim {

/// Teams are CareTeam/t0 and so on.
inline constexpr int teams_max = 8;

enum class Fate : std::uint8_t {
  accepted,  ///< it must be taken
  refused,   ///< it must be refused
  either,    ///< that depends on what is there
};

/// Something that happens, and what is known of it.
struct Event {
  Command command;
  Cause cause;
  Fate fate = Fate::either;
  /// An item must be open afterwards that is about this; empty: nothing is known.
  std::string owed;
  /// And is not counted as normal.
  bool not_normal = false;
  /// And a critical result is to be phoned, or was.
  bool critical = false;
};

/// A request that was made, or is known by its result only.
struct Request {
  std::string id;
  std::string kind;  ///< "referral", "laboratory", …
  std::string patient;
  bool active = true;
  bool followed = true;  ///< it has an item: a crash may have taken it, its result may come first
};

class HospitalEvents {
 public:
  HospitalEvents(Random& random, const pathway::Definitions& definitions)
      : random_(random), definitions_(definitions) {}

  /// Patients, teams and people to begin with.
  [[nodiscard]] Command begin();
  /// The next thing. `task` gives the body of a Task and its version.
  struct TaskNow {
    Bytes body;
    Version version;
  };
  template <class ReadTask>
  [[nodiscard]] Event next(const std::map<std::string, views::Item>& items, Time now,
                           ReadTask&& task) {
    const std::uint64_t what = random_.below(100);
    if (what < 25 || items.empty()) {
      return new_request(now);
    }
    if (what < 32) {
      return encounter(now);
    }
    if (what < 62) {
      return on_request(now);
    }
    if (what < 88) {
      const views::Item& item = any(items);
      return what < 82 ? act(item, task(item.id)) : hand_over(item, task(item.id));
    }
    if (what < 91) {
      return remove_something(items);
    }
    if (what < 95) {
      return rota(now);
    }
    return what < 98 ? team() : merge();
  }

  [[nodiscard]] const std::set<std::string>& teams() const { return teams_; }
  /// After a crash: what was to become of a team happened, or did not.
  void learn_teams(std::set<std::string> teams) { teams_ = std::move(teams); }
  /// The same of requests: `is_followed` says whether an item is about "ServiceRequest/…".
  template <class IsFollowed>
  void learn_requests(IsFollowed&& is_followed) {
    for (Request& request : requests_) {
      request.followed = is_followed("ServiceRequest/" + request.id);
    }
  }

 private:
  [[nodiscard]] Event new_request(Time now);
  [[nodiscard]] Event encounter(Time now);
  [[nodiscard]] Event on_request(Time now);
  /// It is written again; if it was not followed yet, it is now, and goes on where its result is.
  [[nodiscard]] Event again(Request& request);
  [[nodiscard]] Event report(const Request& request);
  [[nodiscard]] Event act(const views::Item& item, const TaskNow& task);
  /// An item is offered, or an offer is accepted or ended.
  [[nodiscard]] Event hand_over(const views::Item& item, const TaskNow& task);
  [[nodiscard]] Event remove_something(const std::map<std::string, views::Item>& items);
  /// Somebody goes away, or comes back.
  [[nodiscard]] Event rota(Time now);
  [[nodiscard]] Event team();
  [[nodiscard]] Event merge();
  [[nodiscard]] Operation request_body(const Request& request);
  [[nodiscard]] const views::Item& any(const std::map<std::string, views::Item>& items);
  [[nodiscard]] std::string fresh(std::string_view prefix);
  [[nodiscard]] std::string patient();
  /// A team, which may have ended, or one of the people.
  [[nodiscard]] std::string somebody();

  Random& random_;
  const pathway::Definitions& definitions_;
  fhir::JsonReader reader_;
  std::vector<Request> requests_;
  std::vector<std::string> encounters_;
  std::vector<std::string> patients_;
  std::set<std::string> teams_;
  std::uint64_t ids_ = 0;
};

}  // namespace holdfast::sim
