#include "apply/apply.h"

#include <algorithm>

#include <fmt/format.h>

#include "apply/owing.h"
#include "base/check.h"
#include "views/absences.h"
#include "views/extracted.h"
#include "views/feed.h"
#include "views/items.h"
#include "views/messages.h"
#include "views/outbox.h"
#include "views/sequence.h"
#include "views/stored_postings.h"
#include "views/touched.h"
#include "views/undo.h"
#include "views/versions.h"

namespace holdfast::apply {
namespace {

// What a history says of a version.
views::MadeBy made_by(const Operation& operation, Status status) {
  switch (operation.verb) {
    case Verb::create: return views::MadeBy::create;
    case Verb::update:
      return status == Status::created ? views::MadeBy::put_new : views::MadeBy::put;
    case Verb::remove: return views::MadeBy::remove;
    case Verb::patch: break;
  }
  switch (operation.patch_form) {
    case PatchForm::meta_add: return views::MadeBy::meta_add;
    case PatchForm::meta_delete: return views::MadeBy::meta_delete;
    case PatchForm::json_patch:
    case PatchForm::xml_patch:
    case PatchForm::fhirpath_patch: break;
  }
  return views::MadeBy::patch;
}

/// A version that the entry writes: an operation's, or one that decide made.
struct Written {
  const decide::PreparedOperation* prepared = nullptr;
  const Composed::Body* stored = nullptr;
  std::string_view type;
  std::string_view id;
  Version version;
  views::MadeBy made_by{};
  BytesView body;                                       ///< before it was composed
  const std::vector<Substitution>* replaced = nullptr;  ///< null: nothing is
};

/// Where the body that takes the place of an operation's lies among those made; nothing: none does.
std::optional<std::size_t> instead_of(const Outcome& outcome, std::size_t operation) {
  const auto at = std::ranges::lower_bound(outcome.made, operation, {}, [](const Made& made) {
    return made.operation ? std::size_t{*made.operation} : SIZE_MAX;
  });
  if (at == outcome.made.end() || at->operation != operation) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(at - outcome.made.begin());
}

class Fold {
 public:
  Fold(views::WorkLayer& work, views::State& state, const decide::Prepared& prepared,
       const Outcome& outcome, const Composed& composed, const EntryFacts& facts,
       const Tools& tools)
      : work_(work),
        state_(state),
        prepared_(prepared),
        outcome_(outcome),
        composed_(composed),
        facts_(facts),
        tools_(tools),
        owing_(prepared, outcome, facts, tools) {}

  Result<void> run() {
    for (std::size_t i = 0; i < outcome_.results.size(); ++i) {
      switch (outcome_.results[i].status) {
        case Status::created:
        case Status::updated: {
          TRY_OK(write(of_operation(i)));
          owing_.note(i, state_.last_row, postings_);
          break;
        }
        case Status::removed: {
          TRY_OK(remove(i));
          owing_.note(i, state_.last_row, postings_);
          break;
        }
        case Status::matched:
        case Status::absent: break;
      }
    }
    for (std::size_t i = 0; i < outcome_.made.size(); ++i) {
      if (!outcome_.made[i].operation) {
        TRY_OK(write(of_made(i)));
      }
    }
    if (prepared_.command.tick) {
      TRY_OK(views::raise_wake_floor(work_, state_.time));
      const Tick& tick = *prepared_.command.tick;
      if (outcome_.made.size() < tick.items_max) {  // else it may have stopped half-way
        views::raise_absence_floor(work_, std::min(tick.until, state_.time));
      }
    }
    TRY_OK(views::write_before(work_, state_, outcome_.before));
    if (prepared_.command.message) {
      TRY_OK(attempt(*prepared_.command.message));
    }
    TRY_OK(owing_.write(work_, state_, touched_, stored_));
    TRY_OK(settle());
    touched_.write(work_, facts_.position);
    return ok();
  }

 private:
  Result<void> settle() {
    views::OutboxWriter outbox(work_, state_.digest);
    for (const Settlement& one : prepared_.command.settlements) {
      TRY(const views::Duty duty, outbox.settle(one, facts_.position));
      touched_.note(duty);
    }
    return ok();
  }

  Result<void> attempt(const Message& message) {
    const views::MessageName name{message.neighbour, message.control_id,
                                  prepared_.command.request_hash};
    const views::MessageRow row{message.attempt, message.disposition, facts_.position,
                                message.evidence};
    views::write_message(work_, name, row);
    state_.digest.add(views::message_fact(name, row));
    if (message.sequence != 0) {
      views::write_sequence(work_, message.neighbour, message.sequence);
    }
    const bool came = message.attempt == 1 && message.disposition != Disposition::refused;
    return came && !message.neighbour.empty()
               ? views::count_message(work_, message.neighbour, facts_.time)
               : ok();
  }

  [[nodiscard]] Written of_operation(std::size_t index) const {
    const OperationResult& result = outcome_.results[index];
    const Operation& operation = prepared_.command.operations[index];
    Written written{&prepared_.operations[index],
                    &composed_.bodies[index],
                    operation.type,
                    result.id,
                    result.version,
                    made_by(operation, result.status),
                    operation.body,
                    &result.substitutions};
    if (const auto made = instead_of(outcome_, index)) {
      written.prepared = &prepared_.made[*made];
      written.body = outcome_.made[*made].body;
      written.replaced = nullptr;
    }
    return written;
  }
  [[nodiscard]] Written of_made(std::size_t index) const {
    const Made& made = outcome_.made[index];
    return {&prepared_.made[index],
            &composed_.bodies[outcome_.results.size() + index],
            made.type,
            made.id,
            made.version,
            made.version.value == 1 ? views::MadeBy::put_new : views::MadeBy::put,
            made.body,
            nullptr};
  }

  Result<void> write(const Written& written) {
    TRY(const auto before, current(written));
    if (before) {
      TRY_OK(retire(*before));
    }
    const RowId row = next_row();
    views::write_version(
        work_, version_row(written, row, views::Presence::present, written.stored->bytes), before);
    const decide::PreparedOperation& prepared = *written.prepared;
    if (written.replaced != nullptr && replaces_a_value(prepared, *written.replaced)) {
      TRY_OK(fill_from_stored(prepared.type, written.id, written.stored->bytes));
    } else {
      static const std::vector<Substitution> nothing;
      const auto& replaced = written.replaced != nullptr ? *written.replaced : nothing;
      const views::SiteTexts texts{written.body, prepared.sites, replaced, outcome_.targets};
      views::fill_postings(postings_, prepared.type, written.id, prepared.postings, tools_.params,
                           texts);
    }
    views::write_postings(work_, row, postings_);
    touched_.note(postings_, tools_.params);
    if (!before || before->presence == views::Presence::deleted) {
      ++state_.resources;
    }
    state_.digest.add(
        views::version_fact(written.type, written.id, written.version, written.stored->hash));
    return note_item(written, before);
  }

  Result<void> remove(std::size_t index) {
    const Written written = of_operation(index);
    TRY(const auto before, current(written));
    if (!before || before->presence == views::Presence::deleted) {
      return contradiction(written, "removes what is not there");
    }
    TRY_OK(retire(*before));
    views::write_version(work_, version_row(written, next_row(), views::Presence::deleted, {}),
                         before);
    --state_.resources;
    state_.digest.add(views::version_fact(written.type, written.id, written.version, Hash{}));
    return note_item(written, before);
  }

  Result<void> note_absences(const Written& written, const std::optional<views::Current>& before) {
    std::vector<Bytes> was;
    std::vector<Bytes> is;
    if (before && before->presence == views::Presence::present) {
      TRY(const views::Body old, views::read_body(work_, tools_.codec, before->row));
      TRY_OK(tools_.reader.read(old.bytes, json_));
      was = views::absence_keys(json_.root(), written.id, old.header.time);
    }
    if (!written.stored->bytes.empty()) {
      TRY_OK(tools_.reader.read(written.stored->bytes, json_));
      is = views::absence_keys(json_.root(), written.id, state_.time);
    }
    views::write_absences(work_, was, is);
    return ok();
  }

  /// Table item says what the Task says, and when a PractitionerRole is not there.
  Result<void> note_item(const Written& written, const std::optional<views::Current>& before) {
    if (written.type == "PractitionerRole") {
      return note_absences(written, before);
    }
    if (written.type != "Task") {
      return ok();
    }
    // Of the body that was read anyway: its row lies somewhere else in the store.
    std::optional<views::Item> was;
    if (before && before->presence == views::Presence::present) {
      TRY_OK(tools_.reader.read(retired_, json_));
      TRY(was, views::read_item(json_.root(), written.id));
    }
    std::optional<views::Item> is;
    if (!written.stored->bytes.empty()) {
      TRY_OK(tools_.reader.read(written.stored->bytes, json_));
      TRY(is, views::read_item(json_.root(), written.id));
    }
    return was || is ? views::write_item(work_, was, is, state_.time) : ok();
  }

  /// What is current, which the Outcome's version must follow.
  Result<std::optional<views::Current>> current(const Written& written) {
    TRY(auto before, views::read_current(work_, written.prepared->type, written.id));
    const std::uint64_t newest = before ? before->version.value : 0;
    if (written.version.value != newest + 1) {
      return contradiction(written, fmt::format("makes version {} where {} is the newest",
                                                written.version.value, newest));
    }
    return before;
  }

  /// The version that was current is no longer found, but by open pages. Its body is `retired_`.
  Result<void> retire(const views::Current& before) {
    if (before.presence == views::Presence::deleted) {
      return ok();
    }
    TRY(views::Body old, views::read_body(work_, tools_.codec, before.row));
    TRY_OK(fill_from_stored(old.header.type, old.header.id, old.bytes));
    retired_ = std::move(old.bytes);
    views::supersede(work_, state_, before.row, postings_, tools_.planted);
    touched_.note(postings_, tools_.params);
    return ok();
  }

  /// A uri that is replaced may be a value of any kind of index; a reference is one of its own.
  static bool replaces_a_value(const decide::PreparedOperation& prepared,
                               const std::vector<Substitution>& replaced) {
    return std::ranges::any_of(replaced, [&](const Substitution& one) {
      return prepared.sites.sites[one.site].element != fhir::SiteElement::reference;
    });
  }

  Result<void> fill_from_stored(fhir::TypeId type, std::string_view id, const Bytes& body) {
    return stored_.fill(postings_, type, id, body, tools_.params, tools_.reader);
  }

  [[nodiscard]] views::VersionRow version_row(const Written& written, RowId row,
                                              views::Presence presence, BytesView body) const {
    views::VersionRow version;
    version.type = written.prepared->type;
    version.id = written.id;
    version.version = written.version;
    version.row = row;
    version.position = facts_.position;
    version.time = facts_.time;
    version.presence = presence;
    version.body = body;
    version.made_by = written.made_by;
    return version;
  }

  RowId next_row() { return state_.last_row = RowId{state_.last_row.value + 1}; }
  [[nodiscard]] std::unexpected<Error> contradiction(const Written& written,
                                                     std::string_view what) const {
    return fail(Code::corrupt,
                fmt::format("entry {}: its outcome for {}/{} {}: view and journal contradict each "
                            "other; run `holdfast verify`, then `holdfast rebuild`",
                            facts_.position.value, written.type, written.id, what));
  }

  views::WorkLayer& work_;
  views::State& state_;
  const decide::Prepared& prepared_;
  const Outcome& outcome_;
  const Composed& composed_;
  const EntryFacts& facts_;
  const Tools& tools_;
  views::StoredPostings stored_;
  views::Postings postings_;
  fhir::Json json_;  ///< of a Task
  Bytes retired_;    ///< body of the version that was current
  Owing owing_;
  views::Touched touched_;
};

void enter(views::State& state, const EntryFacts& facts) {
  check(facts.position == state.position.next(), "entries are applied in order, each once");
  check(facts.time >= state.time, "time never goes back");
  state.position = facts.position;
  state.chain = facts.hash;
  state.time = facts.time;
}

}  // namespace

Composed compose(const decide::Prepared& prepared, const Outcome& outcome, Time time) {
  Composed composed;
  composed.bodies.resize(outcome.results.size() + outcome.made.size());
  std::vector<fhir::Replacement> replacements;
  for (std::size_t i = 0; i < outcome.results.size(); ++i) {
    const OperationResult& result = outcome.results[i];
    if (result.status != Status::created && result.status != Status::updated) {
      continue;
    }
    Composed::Body& body = composed.bodies[i];
    if (const auto made = instead_of(outcome, i)) {
      body.bytes = fhir::compose(outcome.made[*made].body, prepared.made[*made].sites, result.id,
                                 result.version, time);
    } else {
      replacements.clear();
      for (const Substitution& substitution : result.substitutions) {
        replacements.push_back({substitution.site, outcome.targets[substitution.target]});
      }
      body.bytes = fhir::compose(prepared.command.operations[i].body, prepared.operations[i].sites,
                                 result.id, result.version, time, replacements);
    }
    body.hash = sha256(body.bytes);
  }
  for (std::size_t i = 0; i < outcome.made.size(); ++i) {
    const Made& made = outcome.made[i];
    if (!made.operation) {
      Composed::Body& body = composed.bodies[outcome.results.size() + i];
      body.bytes = fhir::compose(made.body, prepared.made[i].sites, made.id, made.version, time);
      body.hash = sha256(body.bytes);
    }
  }
  return composed;
}

Result<void> apply(views::WorkLayer& work, views::State& state, const decide::Prepared& prepared,
                   const Outcome& outcome, const Composed& composed, const EntryFacts& facts,
                   const Tools& tools) {
  check(outcome.results.size() == prepared.operations.size() &&
            outcome.made.size() == prepared.made.size() &&
            outcome.results.size() + outcome.made.size() == composed.bodies.size(),
        "one result for each operation, one body for each result and each that is made");
  enter(state, facts);
  TRY_OK(Fold(work, state, prepared, outcome, composed, facts, tools).run());
  return views::prune_undo(work, state, facts.time);
}

Result<void> apply_nothing(views::WorkLayer& work, views::State& state, const EntryFacts& facts) {
  enter(state, facts);
  return views::prune_undo(work, state, facts.time);
}

}  // namespace holdfast::apply
