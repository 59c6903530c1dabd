// day/story.h: what happens to one person, step after step, each with what it changes. Stories run
// side by side and touch nobody else's, so that the day may mix their steps as time has it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "day/board.h"
#include "day/messages.h"
#include "day/plan.h"
#include "day/record.h"

namespace holdfast::day {

/// What the stories of a day share.
struct Desk {
  const PlanOptions& options;
  Random& random;
  std::string prefix;  ///< "D7-"
  Messages messages;
  std::vector<Clinician> clinicians;  ///< who stay
  std::uint64_t numbers = 0;

  /// "D7-O12": no other has it.
  std::string number(std::string_view letters);
  [[nodiscard]] Time at(std::int64_t minute) const;
  const Clinician& clinician();
};

/// Words of an act: a reason, outputs.
struct Said {
  std::string reason;
  std::string reason_code;
  std::vector<Output> outputs;
};

class Story {
 public:
  /// Registers its person. `minute`: when it begins.
  Story(Desk& desk, std::int64_t minute);

  [[nodiscard]] Desk& desk() { return desk_; }
  [[nodiscard]] const Person& person() const { return person_; }
  [[nodiscard]] const std::vector<std::string>& numbers() const { return numbers_; }
  [[nodiscard]] std::vector<Step> steps() && { return std::move(steps_); }
  [[nodiscard]] Time now() const { return desk_.at(minute_); }
  [[nodiscard]] bool chance(std::uint64_t of, std::uint64_t all) {
    return desk_.random.chance(of, all);
  }
  /// Half of what can go both ways, where both are there.
  [[nodiscard]] bool by_v2();

  /// Some time passes. False: nothing more happens in it.
  [[nodiscard]] bool goes_on();
  /// So many minutes pass, and nothing happens in them.
  void waits(std::int64_t minutes) { minute_ += minutes; }
  /// Another person, on the same line or the other one.
  Person registers();

  void put(std::string_view kind, std::string says, Puts puts);
  void put(std::string_view kind, std::string says, Put one);
  void send(std::string_view kind, std::string says, Message message);
  void act(const DutyKey& duty, std::string_view name, Said said = {});

  void hand(const DutyKey& duty, std::string owner);

  // What the last step changes.
  void opens(Duty duty);
  /// Whatever is about `focus` moves by its rules.
  void hears(std::string_view focus, Heard heard);
  void changes(Change change);

  /// The duty that opens with a request.
  void opens_for(const Request& request, const Opening& opening);
  [[nodiscard]] const Duty* duty(std::string_view focus, std::string_view pathway) const {
    return board_.find({std::string(focus), std::string(pathway)});
  }
  [[nodiscard]] bool is_in(const DutyKey& key, std::string_view state) const;

 private:
  Step& step(std::string_view kind, std::string says);

  Desk& desk_;
  std::int64_t minute_;
  std::vector<Step> steps_;
  Board board_;
  std::vector<std::string> numbers_;
  Person person_;
};

// One each, told from beginning to end; it may stop anywhere.
void tell_laboratory(Story& story);
void tell_imaging(Story& story);
void tell_unordered_result(Story& story);
void tell_referral(Story& story);
void tell_stay(Story& story);
void tell_clinic_letter(Story& story);
void tell_blood(Story& story);
void tell_operation(Story& story);
void tell_merge(Story& story);
void tell_death(Story& story);
void tell_leaver(Story& story);
void tell_closing_clinic(Story& story);
void tell_dictation(Story& story);

/// A stay that begins now, by either line.
Visit admit(Story& story, const Person& person);
/// Sets of vital signs of a stay, somebody who deteriorates, who comes. False: nothing more
/// happens.
[[nodiscard]] bool observe(Story& story, const Visit& visit);
/// One set that comes after the stay, and moves nothing.
void observe_late(Story& story, const Visit& visit);
/// A request by either line, with the duty that it opens.
[[nodiscard]] Request ask_for(Story& story, Kind kind, const Person& person, const Clinician& by);
/// What a laboratory or the X-ray department does with it, and what becomes of the result.
void work_on(Story& story, const Request& request);
/// A date for a request; by SIU it names the request in SCH-26.
struct Booking {
  Request request;
  std::string number;
  Time start;
  bool v2 = false;
};
/// Drawn for one of the next `days`.
[[nodiscard]] Booking draw_booking(Story& story, const Request& request, std::uint64_t days);
/// It is made (booked), not kept (not_attended), or called off (cancelled_by_us, which SIU^S15 says
/// without who it was: then as cancelled_by_patient).
void say_booking(Story& story, const Booking& booking, Heard heard);
/// A note that says that it is so, for an act that needs evidence.
[[nodiscard]] std::vector<Output> evidence(Story& story);
/// A letter that somebody dictates, and whose it is from then on: its key.
DutyKey dictate(Story& story, const Clinician& author);
enum class Line : std::uint8_t { any, v2 };
/// A result, by either line unless one is asked for.
void report(Story& story, const Request& request, std::string_view number, Stage stage,
            Judgement judged, Line line = Line::any);

}  // namespace holdfast::day
