// decide/following.h: the items that a decision touches, while it is being made. Inside this
// folder.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "clinical/blood_record.h"
#include "clinical/waiting.h"
#include "decide/follow.h"
#include "fhir/json.h"
#include "pathway/item_task.h"
#include "pathway/judgement.h"
#include "pathway/rota.h"
#include "pathway/signals.h"
#include "pathway/step.h"
#include "views/items.h"

namespace holdfast::decide {

class Following {
 public:
  Following(const views::Reader& view, const views::BodyCodec& codec,
            const fhir::SearchParams& params, const Rules& rules, const Prepared& prepared,
            Bug planted, Outcome& outcome)
      : view_(view),
        codec_(codec),
        params_(params),
        rules_(rules),
        definitions_(*rules.pathways),
        prepared_(prepared),
        signals_(*prepared.signals),
        planted_(planted),
        outcome_(outcome) {}

  Result<void> run();

 private:
  /// An item that is touched. One version comes of it, however much happens to it.
  struct Touched {
    views::Item item;
    views::Item before;
    const pathway::Definition* definition = nullptr;
    Version current;  ///< 0: it is new
    Bytes stored;     ///< the Task that is there
    Bytes task;       ///< the same, or what an operation sent in its place, ids resolved
    std::optional<std::uint32_t> operation;  ///< that writes it
    pathway::Wording wording;                ///< of a new one
    std::string why;
    pathway::Beside beside;
    std::string reason;        ///< that a person gave for the act that he did; empty: none
    bool told = false;         ///< it is written for `why` alone
    bool left = false;         ///< its owner has ended; what he offered stays offered
    bool due_by_hand = false;  ///< a person has set the due time
    std::optional<clinical::Day> clock_from;     ///< of a new one, where what opens it says it
    std::vector<clinical::RttEvent> clock_said;  ///< of a waiting time, by a person's act
  };

  // follow.cpp: what resources bring about
  Result<void> hear(std::size_t index);
  Result<void> move(std::size_t index, const pathway::Signal& signal);
  /// What a set of observations came to.
  struct Scored {
    std::string_view urgency;
    std::string why;
    Time time;  ///< of the set
  };
  /// `scored`: of a move by score.
  Result<void> move_item(const std::string& id, std::size_t index, const pathway::Signal& signal,
                         const Scored* scored = nullptr);
  /// Bugs that close what nobody closed.
  void plant(views::Item& item, std::size_t index) const;
  Result<void> tick(const Tick& tick);
  Result<void> make();
  Result<std::vector<std::string>> about(std::string_view focus, views::Which which);

  // follow_open.cpp: an item begins
  Result<void> open(std::size_t index, const pathway::Signal& signal);
  [[nodiscard]] bool is_before(const pathway::Signal& signal) const;
  /// Whether a report is the ward's own: nothing but vital signs, at least one of them scored.
  Result<bool> is_vitals_only(std::size_t index, const pathway::Signal& signal);
  /// Whether an item is there that has that duty already, open or closed.
  Result<bool> is_followed(const std::string& focus, const pathway::Signal& signal);
  Result<views::Owner> owner_of(std::size_t index, const pathway::Signal& signal);
  /// An item that opens again, or goes on: its owner may have left while it was closed.
  Result<void> keep_owned(views::Item& item, const pathway::Definition& definition);
  Result<void> go_on(const Touched& from, const std::vector<pathway::Then>& thens,
                     std::optional<Time> due_from);
  void hurry(Touched& touched, const pathway::Definition& definition, const Touched& from) const;

  // follow_links.cpp: who is meant
  /// What a signal refers to, by reference or by number, each once.
  Result<std::vector<std::string>> meant(std::size_t index, const std::vector<std::uint32_t>& sites,
                                         const std::vector<pathway::NamedLink>& named,
                                         const pathway::Definition& definition);
  /// "Type/id" of what has that number in the record or in this Command; nothing where none has or
  /// several have.
  Result<std::optional<std::string>> known_as(const pathway::NamedLink& named, fhir::TypeId type);
  /// What came before `index` and refers to it: "DiagnosticReport/7".
  Result<std::vector<std::string>> came_before(std::size_t index, const pathway::Signal& signal);
  /// The new item goes on where items about those are. The state that it begins in.
  Result<const pathway::State*> take_over(Touched& touched, std::size_t index,
                                          const pathway::Signal& signal);
  /// The item that the new one is a part of, and what it takes from there.
  Result<void> join(views::Item& item, std::size_t index, const pathway::Signal& signal);

  // follow_news2.cpp: sets of observations
  /// Once for each item and Command, however many observations are the set.
  Result<void> score(std::size_t index, const pathway::Signal& signal);
  struct SeenVital {
    Time at;
    std::string source;
    clinical::Observation observation;
  };
  struct BestSet {
    Time at;  ///< of its newest value
    clinical::News2 news;
  };
  /// The vital signs that the Command brings of that stay, as they come.
  Result<std::vector<SeenVital>> vitals_of_command(const std::string& subject,
                                                   const pathway::Signal& like);
  Result<std::vector<SeenVital>> vitals_of(const std::string& subject, const pathway::Signal& like,
                                           Time from, Time until);
  Result<std::vector<SeenVital>> stored_vitals(const std::string& subject, Time from, Time until);
  /// Of those, oldest first, the set that ends at `from` or later.
  [[nodiscard]] BestSet best_set(const std::vector<SeenVital>& all, Time from,
                                 const clinical::News2Patient& patient) const;
  Result<bool> has_newer_set(const std::string& subject, const pathway::Signal& like, Time time,
                             const clinical::News2Patient& patient);
  /// Items about the stay that the move may move, and whose they are.
  Result<std::vector<std::string>> hearing(const std::string& subject,
                                           const pathway::Signal& signal, std::string& patient);

  // follow_news2_patient.cpp: by which chart, and whether at all
  struct News2Of {
    clinical::News2Patient patient;
    std::string why;  ///< said behind the score; empty: nothing out of the ordinary
  };
  Result<News2Of> news2_patient(const std::string& patient);
  /// Pregnant or not, as was said last; nothing where nothing is said.
  Result<std::optional<bool>> said_pregnant(const std::string& patient);
  /// Reference of what a prescriber asked scale 2 by; empty: nobody has.
  Result<std::string> scale_two_by(const std::string& patient);
  /// Resources of `type` that `query` selects of that patient, and those of this Command. Where
  /// there are more than are read, the type goes into `not_read_`.
  Result<std::vector<std::pair<std::string, Bytes>>> bodies_of(std::string_view type,
                                                               const std::string& query,
                                                               const std::string& patient);

  // follow_results.cpp: what is said, and how results are judged
  /// Whether an update says anything else than the version before it, meta apart.
  Result<bool> says_something_new(std::size_t index);
  /// The worst of the values that a report refers to; nothing can be judged where there are none.
  Result<pathway::Judgement> judge(std::size_t index, const pathway::Signal& signal);
  /// As this Command writes it, or else as the record has it; nothing where it is none.
  Result<std::shared_ptr<const clinical::Observation>> observation_of(const std::string& reference);
  Result<void> take_judgement(views::Item& item, std::size_t index, const pathway::Signal& signal);

  // follow_mapping.cpp: codes and units that no table knows
  /// One item for each that the value cannot be judged by; none where it is known to somebody.
  Result<void> note_unmapped(const clinical::Assessment& assessment, std::string_view observation);
  Result<void> note_unmapped(const clinical::Unmapped& unmapped, std::string_view observation);
  /// One that is closed, and of which there is a value again.
  Result<void> note_again(const std::string& id, std::string_view observation);
  /// Who sends what this Command brings: the neighbour of its message, else who asks.
  [[nodiscard]] std::string source() const;

  // follow_blood.cpp: what the record knows of the patient's blood
  /// Each item that shows it and is touched, or whose patient it speaks of, says what is known now.
  Result<void> show_blood();
  Result<void> show_blood(const std::string& id);
  /// What is to be said on that item; a request's is set to wake when its sample expires.
  Result<std::vector<clinical::BloodNote>> notes_of(Touched& touched);
  /// It has come to a state in spite of warnings: recorded with the reason that was given, else
  /// somebody is asked for it.
  Result<void> pass_over(Touched& touched, const std::vector<clinical::BloodNote>& notes);

  // follow_blood_record.cpp: where it is read from
  Result<clinical::BloodRecord> blood_record(const Touched& touched);
  struct BloodOnFile {
    std::vector<std::string> numbers;  ///< all_numbers_of() the patient
    clinical::BloodRecord record;      ///< for whatever request
  };
  /// Read once for each Command.
  Result<const BloodOnFile*> blood_on_file(const std::string& patient);
  Result<void> read_specimens(clinical::BloodRecord& to);
  /// The request that a unit was issued for, as the item says that it is part of; empty: none.
  Result<std::string> request_of(const Touched& unit);
  /// What this Command writes, or else what the record has.
  Result<void> read_blood(const std::string& reference, clinical::BloodRecord& to);
  /// References to resources of `type` that `query` selects, and to those of that patient that the
  /// Command writes.
  Result<std::vector<std::string>> blood_sources(std::string_view type, const std::string& query,
                                                 const std::string& patient);
  /// Nothing where it is not there.
  Result<std::optional<Bytes>> blood_body(const std::string& reference);
  /// References of that type that the Command brings for the request, or that the Task names.
  Result<std::vector<std::string>> named_by(const Touched& touched, std::string_view type);
  Result<void> read_samples(const Touched& touched, const std::string& patient,
                            clinical::BloodRecord& to);
  /// The patient, and whoever was merged into them.
  Result<std::vector<std::string>> all_numbers_of(const std::string& patient);

  // follow_clock.cpp: how long the patient has waited
  /// Takes what the Task says of the clock that it did not say before; `act`: that it does, or
  /// null.
  Result<void> take_clock(Touched& touched, const pathway::Act* act, fhir::JsonValue task,
                          fhir::JsonValue stored, std::size_t index) const;
  /// Each item that keeps a clock, and has moved or heard of it, says what it says now, and is due
  /// no later than the standards allow.
  Result<void> show_clocks();
  /// What is known of the clock of an item, by its Task and by what it goes on from.
  struct KeptClock {
    clinical::ClockFacts facts;
    bool changed = false;
    bool is_shared_by_too_many = false;  ///< found out by what this Command says of it
  };
  Result<KeptClock*> clock_of(const std::string& id);
  /// Those that share the clock: what it goes on from, and what goes on from it.
  Result<std::vector<std::string>> clock_mates(const std::string& id);
  Result<void> hear_clock(std::size_t index, const pathway::ClockSaid& said);
  /// `goes_on`: another one that is open has it as its parent.
  Result<void> show_clock(const std::string& id, bool goes_on);

  // follow_patient.cpp: who an item is about
  /// "Patient/7": the one that stands today for the one who is named; empty where none is.
  Result<std::string> patient_of(std::size_t index, const pathway::Signal& signal);
  /// What a Patient says of itself, as far as items need it.
  struct PatientFacts {
    std::optional<std::int64_t> age;  ///< in whole years, now
    std::string gender;               ///< administrative; empty: not known
    std::string replaced_by;          ///< "Patient/8"; empty: it stands for itself
  };
  /// "Patient/7". Nothing is known of one who is not there.
  Result<PatientFacts> facts_of(const std::string& patient);

  // follow_task.cpp: what a person does with an item
  Result<void> change(std::size_t index);
  Result<void> check_fixed(const Touched& touched, fhir::JsonValue task, std::size_t index) const;
  /// `claimed`: what the Task says of the item; nothing where it leaves the extension out.
  /// `stored`: the Task as it was: what stood there says nothing of this change.
  Result<void> take_changes(Touched& touched, fhir::JsonValue task, fhir::JsonValue stored,
                            const std::optional<views::Item>& claimed, std::size_t index);
  Result<void> take_owner(Touched& touched, fhir::JsonValue task, std::size_t index);
  Result<void> take_offer(Touched& touched, const views::Owner& wanted, std::size_t index);
  // follow_act.cpp: which act, and what it needs
  /// Null where the Task asks for none.
  Result<const pathway::Act*> meant_act(const pathway::Definition& definition,
                                        const views::Item& item, fhir::JsonValue task,
                                        std::size_t index) const;
  Result<void> take_state(Touched& touched, fhir::JsonValue task, fhir::JsonValue stored,
                          std::size_t index);
  Result<void> check_needs(const Touched& touched, const pathway::Act& act, fhir::JsonValue task,
                           fhir::JsonValue stored, std::size_t index);

  // follow_absence.cpp: an owner who is not there
  /// Of a Practitioner or a PractitionerRole, now.
  struct Presence {
    bool is_away = false;      ///< notAvailable, in each active role
    bool is_off_duty = false;  ///< that, or outside of availableTime, in each
    std::optional<Time>
        back;             ///< of one who is off duty: from when on he is there by availableTime
    std::string why;      ///< what is said of the absence; may be empty
    views::Owner deputy;  ///< as he names one; empty: nobody
  };
  Result<const Presence*> presence_of(const views::Owner& owner);
  Result<std::vector<pathway::Rota>> rotas_of(const views::Owner& owner);
  Result<std::optional<pathway::Rota>> rota_of(const std::string& role);
  /// Who oversees what is the owner's meanwhile: somebody who is there, at the end `fallback`.
  Result<views::Owner> deputy_for(const views::Owner& owner, const views::Owner& fallback);
  /// Adds the deputy of an owner who is away to the overseers. Whether there was one to add.
  Result<bool> cover(Touched& touched);
  /// The same to open items of those whose absence has begun, and to what they oversee for somebody
  /// who is away; at most so many.
  Result<std::size_t> cover_absent(Time until, std::size_t items_max);
  Result<void> cover_list(views::List list, const views::Owner& whose, std::size_t items_max,
                          std::size_t& covered);

  // follow_owner.cpp: what an item rests on goes, or is replaced
  Result<void> guard_removal(std::size_t index);
  Result<void> leave(std::size_t index);
  /// Nobody is asked any longer to take over what is closed, or what another has given away.
  static void end_offer(Touched& touched);
  Result<void> replace_patient(std::size_t index, std::uint32_t site);
  Result<std::vector<std::string>> open_items_of(const std::string& patient, std::size_t index);
  /// Open items on that list of somebody who ends.
  Result<std::vector<views::Place>> left_by(views::List list, const views::Owner& owner,
                                            std::size_t index);
  /// Says why on items that stay as they are.
  Result<void> tell(const std::vector<std::string>& ids, const std::string& why);

  Result<Touched*> touch(const std::string& id);
  /// Whether the record, or this Command, has it and it is not removed.
  Result<bool> is_there(std::string_view reference);
  /// And, of an owner, is active.
  Result<bool> is_active_owner(std::string_view reference);
  /// An item that begins. Its id is new, its focus and parent are known.
  Touched& add_made(Touched made);
  [[nodiscard]] bool writes(std::size_t index) const;
  [[nodiscard]] std::string reference_to(std::size_t index) const;
  /// What a reference of an operation's body says now, without a version.
  [[nodiscard]] std::string target(std::size_t index, std::uint32_t site) const;
  [[nodiscard]] Bytes resolved_body(std::size_t index) const;
  [[nodiscard]] std::string where(std::size_t index) const;
  [[nodiscard]] std::string next_id();

  const views::Reader& view_;
  const views::BodyCodec& codec_;
  const fhir::SearchParams& params_;
  const Rules& rules_;
  const pathway::Definitions& definitions_;
  const Prepared& prepared_;
  const std::vector<pathway::Signals>& signals_;
  const Bug planted_;
  Outcome& outcome_;
  std::map<std::string, Touched> touched_;  ///< by id
  // Of those that this Command makes: it may make thousands.
  std::map<std::string, std::set<std::string>, std::less<>> made_about_;  ///< ids by focus
  std::map<std::string, std::set<std::string>, std::less<>> made_in_;     ///< ids by parent
  std::uint32_t made_ids_ = 0;
  std::map<std::pair<std::string, std::string>, std::uint64_t> before_;  // pathway, organisation
  std::set<std::pair<std::string, std::string>> scored_;                 // pathway, subject
  std::set<std::string, std::less<>> not_read_;  ///< types of which a patient has too many
  std::map<std::string, PatientFacts> patients_;
  std::map<std::string, KeptClock> clocks_;           ///< by id of the item
  std::map<std::string, BloodOnFile> blood_on_file_;  ///< by patient
  std::map<views::Owner, Presence> presence_;
  std::map<std::string, std::vector<std::string>> about_;  // all, as the view has it
};

/// Index of the urgency of that name; the last where there is none.
[[nodiscard]] std::uint16_t urgency_named(const pathway::Definition& definition,
                                          std::string_view name);
/// That urgency, with the priority that goes with it, else `priority`, else routine.
void take_urgency(views::Item& item, const pathway::Definition& definition, std::uint16_t urgency,
                  std::string_view priority);

/// Whether an item is about one unit of blood, and not about a request.
[[nodiscard]] bool is_unit_of_blood(const views::Item& item);

/// Of this thread: keeps its memory.
[[nodiscard]] fhir::JsonReader& task_reader();

}  // namespace holdfast::decide
