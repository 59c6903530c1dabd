// pathway/definition.h: a pathway as data: what opens an item, the states it goes through, what
// moves it on, until when, who owns it, and what may close it. Read from TOML; docs/PATHWAYS.md
// says how to write one. Immutable once it is read, and as long-lived as the node that goes by it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "clinical/tables.h"
#include "fhir/path/program.h"
#include "fhir/type.h"
#include "pathway/calendar.h"
#include "views/item.h"

namespace holdfast::pathway {

/// A condition on the resource that is written. Empty text: always.
struct Condition {
  std::string text;  ///< FHIRPath
  std::optional<fhir::path::Program> program;
};

/// A code with its system.
struct Coded {
  std::string system;
  std::string code;
  bool operator==(const Coded&) const = default;
};

/// How fast something has to be done: the first that holds of the resource that opens the item.
struct Urgency {
  std::string name;
  Condition when;
  std::string priority;  ///< Task.priority that goes with it; empty: that of the resource
};

/// Until when a state has to be left.
struct Due {
  std::string urgency;  ///< empty: of all that no other row names
  Span within;
  std::string source;  ///< where the figure is from, or "local default"
};

/// Somebody more who sees an item that is late: first at its due time, or half of the way to it.
struct Step {
  Span after;         ///< behind the due time
  bool half = false;  ///< half of the time until it is due; of the first step only
  views::Owner to;
};

/// Another item that begins, with the same subject and this one as its parent.
struct Then {
  std::string pathway;
  std::string state;
  std::string only_if;  ///< urgency that this one has by then; empty: always
};

struct State {
  std::string name;
  std::string title;
  std::string status;  ///< Task.status
  std::vector<Due> due;
  std::vector<Step> steps;            ///< those of the definition where it has none of its own
  std::optional<views::Owner> owner;  ///< whose it becomes; nothing: it stays whose it is
  /// Items that begin when one comes here while a warning stands and nobody says why in spite of
  /// it.
  std::vector<Then> warned;
  std::string on_due;  ///< open state that it comes into when its due time passes; empty: it stays
  [[nodiscard]] bool is_closed() const { return views::is_final_status(status); }
};

/// What may have come before the resource that opens: resources of a type that refer to it.
struct CameBefore {
  fhir::TypeId on{};
  std::string by;  ///< the search parameter by which they do
};

/// What an item begins with.
struct Open {
  fhir::TypeId on{};
  Condition when;
  std::vector<Coded> codes;     ///< one of them is there; empty: whatever there is
  std::vector<std::string> in;  ///< elements that the codes are looked for in
  std::string state;
  std::vector<std::string>
      owner;  ///< elements with a reference, then literal owners; the last is one
  std::vector<std::string> unless_linked;  ///< not where one of these refers to what has an item
  /// Elements with a reference to what an open item is about, of which this is a part.
  std::vector<std::string> part_of;
  std::string due_from;        ///< element with the time that due times count from; empty: receipt
  bool unless_vitals = false;  ///< not a report of nothing but the vital signs of a ward
  bool judge = false;          ///< the urgency is how the results are judged (pathway/judgement.h)
  /// Element with the time that says whether it lies before what the record answers for.
  std::string dated;
  /// Items of this pathway about those go on in this one, in the state that they are in, and come
  /// themselves into `superseded`, which is closed.
  std::vector<CameBefore> came_before;
  std::string superseded;
  bool beside = false;     ///< another duty about the same: others may open, too
  bool with_open = false;  ///< only where the patient has open items
  std::string why;         ///< for people; becomes Task.statusReason of those items
  std::vector<Then> then;
};

/// What the record hears, and an item moves by.
struct Move {
  fhir::TypeId on{};
  Condition when;
  std::vector<std::string> link;  ///< elements that refer to what the item is about; empty: itself
  std::vector<std::string> from;  ///< states
  std::string to;
  std::string due_from;
  bool judge = false;  ///< as of Open
  /// The urgency is the early warning score of the set that the Command brings; a set that is not
  /// whole moves nothing, and the item says what is missing.
  bool news2 = false;
  std::string why;  ///< for people; becomes Task.statusReason where it opens again
  std::vector<Then> then;
};

/// What a person does: a change of the Task.
struct Act {
  std::string name;
  std::string title;
  std::vector<std::string> from;
  std::string to;
  /// "reason": Task.statusReason; any other word: a Task.output of that type
  std::vector<std::string> needs;
  std::vector<std::string> reasons;  ///< codes that Task.statusReason may have; empty: any
  std::vector<Then> then;
};

struct Definition {
  std::string file;  ///< that it was read from
  std::string name;
  std::uint32_t version = 0;
  std::string title;
  bool catch_all = false;             ///< asked when no other definition takes a resource
  views::Owner fallback;              ///< whose items become if their owner is there no longer
  std::vector<std::string> approved;  ///< names; none: a draft
  std::string effective;              ///< day
  /// State in which an item begins about a code or a unit that no clinical table knows, once for
  /// each and each sender; empty: this is not the pathway of those.
  std::string unknown_codes;
  /// Its items show what the record knows of the patient's blood, and warn
  /// (clinical/blood_record.h).
  bool shows_blood = false;
  /// Its items keep the clock of the patient's waiting time (clinical/waiting.h), and are due no
  /// later than its standards allow.
  bool keeps_clock = false;
  std::vector<std::string> unknown_again;  ///< closed states that the next such value opens again
  std::vector<Urgency> urgencies;          ///< the last has no condition
  std::vector<State> states;
  std::vector<Open> opens;
  std::vector<Move> moves;
  std::vector<Act> acts;

  [[nodiscard]] const State* state(std::string_view name) const;
};

/// What all definitions of a set share: `settings.toml`.
struct Settings {
  std::string organisation;  ///< answers for items in the ledger
  /// What is loaded as history and dated before this opens nothing, and is counted; nothing: no
  /// load is history.
  std::optional<Time> cut_over;
};

/// A file of a set: its name, and what is in it.
struct File {
  std::string name;
  std::string text;
  bool operator==(const File&) const = default;
};

/// All that are in force together, the calendar that they count by, and the clinical tables that
/// they judge by.
class Definitions {
 public:
  /// `calendar.toml` and `settings.toml` are what all share; `clinical/NAME.toml` are clinical
  /// tables, each as this program ships it where it is not among the files; each other file is a
  /// definition. Code::usage names the file, the key and what is wrong: with what is not known,
  /// with a definition that could lose an item (definition_check.cpp), and with two that would take
  /// one resource.
  [[nodiscard]] static Result<std::shared_ptr<const Definitions>> read(std::vector<File> files);

  [[nodiscard]] const std::vector<Definition>& all() const { return all_; }
  [[nodiscard]] const Definition* find(std::string_view name) const;
  /// That of codes and units that no table knows; null where there is none.
  [[nodiscard]] const Definition* of_unknown_codes() const;
  [[nodiscard]] const Calendar& calendar() const { return calendar_; }
  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] const clinical::Tables& clinical() const { return clinical_; }
  [[nodiscard]] const std::vector<File>& files() const { return files_; }

  /// Rules for resources of a type, in the order in which they are asked; catch-alls last.
  struct OpenRule {
    const Definition* definition;
    const Open* open;
  };
  struct MoveRule {
    const Definition* definition;
    const Move* move;
  };
  [[nodiscard]] std::span<const OpenRule> opens(fhir::TypeId type) const;
  [[nodiscard]] std::span<const MoveRule> moves(fhir::TypeId type) const;

 private:
  void index();

  std::vector<File> files_;
  std::vector<Definition> all_;
  Calendar calendar_;
  Settings settings_;
  clinical::Tables clinical_;
  std::vector<std::vector<OpenRule>> opens_;  ///< by type
  std::vector<std::vector<MoveRule>> moves_;  ///< by type
};

/// Such a file of a set is a clinical table: "clinical/phone.toml".
[[nodiscard]] bool is_clinical_table(const File& file);
/// The set with each clinical table that it leaves out: as `now` has it (null: there is none), else
/// as this program ships it. So that figures change only with who changes them, and not with the
/// program.
[[nodiscard]] std::vector<File> with_clinical_tables(std::vector<File> files,
                                                     const Definitions* now);

/// The files as one text, and back: what an entry of the journal carries.
[[nodiscard]] Bytes encode_files(std::span<const File> files);
[[nodiscard]] Result<std::vector<File>> decode_files(BytesView bytes);

/// That no item that goes by `definition` can be lost: each state that is open can be left, has a
/// due time for each urgency, somebody to go to, and a way to a state that is closed; nothing names
/// what is not there. Code::usage says which state or rule is not so.
[[nodiscard]] Result<void> check_definition(const Definition& definition);

/// Open items in one state.
struct InUse {
  std::string pathway;
  std::string state;
  std::uint64_t open = 0;
};
/// That `next` may follow `now` (null: there was none) on that day: each definition that is new or
/// differs has a higher version than before, names two who approve it, one of them "(clinical)",
/// and is effective by then; each clinical table that differs has another version, is approved by
/// two, and is effective; and each state with an open item is there and open in it. Code::invariant
/// says what is not so. The first set needs no approval: there is nothing yet that
/// it could harm.
[[nodiscard]] Result<void> check_change(const Definitions* now, const Definitions& next,
                                        std::span<const InUse> in_use, LocalDay today);

}  // namespace holdfast::pathway
