#include "decide/follow.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "decide/following.h"
#include "fhir/sites.h"
#include "views/versions.h"

namespace holdfast::decide {
namespace {

bool is_move(const pathway::Signal& signal) { return signal.move != nullptr; }

/// Before there are pathways nothing is an item, whatever it says.
Result<void> refuse_items(const Prepared& prepared) {
  for (const Operation& operation : prepared.command.operations) {
    if (operation.type == "Task" && operation.body.find(views::item_extension) != Bytes::npos) {
      return fail(Code::invariant,
                  fmt::format("Task/{} says that it is an item ({}), and no pathways are in force "
                              "that it could be one of",
                              operation.id, views::item_extension));
    }
  }
  return ok();
}

}  // namespace

Result<void> follow(const views::Reader& view, const views::BodyCodec& codec,
                    const fhir::SearchParams& params, const Rules& rules, const Prepared& prepared,
                    Bug planted, Outcome& outcome) {
  return rules.pathways == nullptr
             ? refuse_items(prepared)
             : Following(view, codec, params, rules, prepared, planted, outcome).run();
}

fhir::JsonReader& task_reader() {
  thread_local fhir::JsonReader one;  // tidy: nothing but its working memory is kept
  return one;
}

Result<void> Following::run() {
  const std::size_t operations = outcome_.results.size();
  for (std::size_t i = 0; i < operations; ++i) {
    TRY_OK(change(i));
  }
  for (std::size_t i = 0; i < operations; ++i) {
    TRY_OK(hear(i));
  }
  for (std::size_t i = 0; i < operations; ++i) {
    const auto& all = signals_[i].all;
    if (!writes(i) || std::ranges::none_of(all, is_move)) {
      continue;
    }
    TRY(const bool news, says_something_new(i));
    for (const pathway::Signal& signal : all) {
      if (signal.move != nullptr && news) {
        TRY_OK(signal.move->news2 ? score(i, signal) : move(i, signal));
      }
    }
  }
  if (prepared_.command.tick) {
    TRY_OK(tick(*prepared_.command.tick));
  }
  TRY_OK(show_blood());
  TRY_OK(show_clocks());
  return make();
}

Result<void> Following::hear(std::size_t index) {
  const pathway::Signals& signals = signals_[index];
  const bool removed = outcome_.results[index].status == Status::removed;
  if (removed) {
    TRY_OK(guard_removal(index));
  }
  if ((removed && pathway::is_owner_type(prepared_.operations[index].type)) ||
      (writes(index) && signals.ends_owner)) {
    TRY_OK(leave(index));
  }
  if (writes(index) && signals.replaced_by) {
    TRY_OK(replace_patient(index, *signals.replaced_by));
  }
  for (const pathway::Signal& signal : signals.all) {
    if (signal.open != nullptr && writes(index)) {
      TRY_OK(open(index, signal));
    }
  }
  return ok();
}

Result<std::vector<std::string>> Following::about(std::string_view focus, views::Which which) {
  // Of many observations each refers to one stay: looked up once.
  const auto known = which == views::Which::all ? about_.find(std::string(focus)) : about_.end();
  std::vector<std::string> ids;
  if (known != about_.end()) {
    ids = known->second;
  } else {
    TRY(ids, views::items_about(view_, focus, which, items_about_max + 1));
    if (which == views::Which::all) {
      about_.emplace(focus, ids);
    }
  }
  if (ids.size() > items_about_max) {
    return fail(Code::too_large, fmt::format("there are more than {} items about {}: none of them "
                                             "may be passed over",
                                             items_about_max, focus));
  }
  if (const auto made = made_about_.find(focus); made != made_about_.end()) {
    ids.insert(ids.end(), made->second.begin(), made->second.end());
  }
  return ids;
}

Result<void> Following::move(std::size_t index, const pathway::Signal& signal) {
  TRY(auto subjects, meant(index, signal.links, signal.named, *signal.definition));
  if (signal.move->link.empty()) {
    subjects.push_back(reference_to(index));
  }
  for (const std::string& subject : subjects) {
    TRY(const auto ids, about(subject, views::Which::all));
    for (const std::string& id : ids) {
      TRY_OK(move_item(id, index, signal));
    }
  }
  return ok();
}

Result<void> Following::move_item(const std::string& id, std::size_t index,
                                  const pathway::Signal& signal, const Scored* scored) {
  TRY(Touched* const touched, touch(id));
  views::Item& item = touched->item;
  const pathway::Move& rule = *signal.move;
  if (item.pathway != signal.definition->name ||
      std::ranges::find(rule.from, item.state) == rule.from.end() ||
      (planted_ == Bug::drop_reopening && !item.is_open())) {
    return ok();
  }
  if (rule.judge) {
    TRY_OK(take_judgement(item, index, signal));
  }
  if (scored != nullptr) {
    take_urgency(item, *signal.definition, urgency_named(*signal.definition, scored->urgency), {});
  }
  const auto due_from = scored != nullptr ? std::optional(scored->time) : signal.due_from;
  pathway::enter(definitions_, *signal.definition, item, *signal.definition->state(rule.to),
                 rules_.now, due_from);
  TRY_OK(keep_owned(item, *signal.definition));
  plant(item, index);
  if (scored != nullptr) {
    touched->why = scored->why;
  } else if (!rule.why.empty()) {
    touched->why = fmt::format("{}: {}", rule.why, reference_to(index));
  }
  const Touched from = *touched;
  return go_on(from, rule.then, due_from);
}

void Following::plant(views::Item& item, std::size_t index) const {
  const std::string& type = prepared_.command.operations[index].type;
  const bool revoked = planted_ == Bug::close_on_cancel && type == "ServiceRequest" &&
                       item.state != "received" && item.state != "ordered";
  const bool written = planted_ == Bug::letter_closes && type == "DocumentReference";
  if (revoked || written) {
    item.status = "completed";
    item.due.reset();
    item.wake.reset();
  }
}

Result<void> Following::tick(const Tick& tick) {
  const Time until = std::min(tick.until, rules_.now);
  // First, so that an entry that has fewer items than it may has seen all absences (apply.cpp).
  TRY(const std::size_t covered, cover_absent(until, tick.items_max));
  TRY(const auto ids, views::items_to_wake(view_, until, tick.items_max - covered));
  for (const std::string& id : ids) {
    TRY(Touched* const touched, touch(id));
    if (touched->definition == nullptr) {
      continue;
    }
    if (touched->definition->shows_blood &&
        pathway::is_looked_at(definitions_, *touched->definition, touched->item, until)) {
      continue;  // show_blood() looks
    }
    const bool late = pathway::escalate(definitions_, *touched->definition, touched->item, until);
    if (planted_ == Bug::alert_twice && late) {
      touched->item.wake = touched->before.wake;
    }
    if (planted_ == Bug::age_out && late &&
        until.ms - touched->item.opened.ms > std::int64_t{180} * 86'400'000) {
      touched->item.status = "completed";
      touched->item.wake.reset();
    }
  }
  return ok();
}

Result<Following::Touched*> Following::touch(const std::string& id) {
  const auto known = touched_.find(id);
  if (known != touched_.end()) {
    return &known->second;
  }
  static const fhir::TypeId task = *fhir::type_id("Task");
  // By the Task itself, which is read anyway: the row of table item lies somewhere else in the
  // store, and says the same (views::check_items).
  TRY(const auto current, views::read_current(view_, task, id));
  views::Body body;
  std::optional<views::Item> item;
  if (current && current->presence == views::Presence::present) {
    TRY(body, views::read_body(view_, codec_, current->row));
    fhir::Json json;
    TRY_OK(task_reader().read(body.bytes, json));
    TRY(item, views::read_item(json.root(), id));
  }
  if (!item) {
    return fail(Code::corrupt, fmt::format("items: Task/{} is named and is not there; run "
                                           "`holdfast verify`, then `holdfast rebuild`",
                                           id));
  }
  Touched touched;
  touched.before = *item;
  touched.item = *std::move(item);
  touched.definition = definitions_.find(touched.item.pathway);
  touched.current = current->version;
  touched.stored = body.bytes;
  touched.task = std::move(body.bytes);
  return &touched_.emplace(id, std::move(touched)).first->second;
}

Following::Touched& Following::add_made(Touched made) {
  const std::string id = made.item.id;
  made_about_[made.item.focus].insert(id);
  made_in_[made.item.parent].insert(id);
  const auto [at, fresh] = touched_.emplace(id, std::move(made));
  check(fresh, "an id that is made is new");
  return at->second;
}

Result<void> Following::make() {
  std::vector<Made> others;
  fhir::Json json;
  for (auto& [id, touched] : touched_) {
    end_offer(touched);
    if (touched.current.value > 0 && !touched.operation && !touched.told &&
        touched.item == touched.before) {
      continue;
    }
    TRY_OK(cover(touched));
    if (touched.definition == nullptr) {
      return fail(
          Code::invariant,
          fmt::format("Task/{} is an item of pathway '{}', of which there is no definition: "
                      "bring it back before items of it are changed",
                      id, touched.item.pathway));
    }
    Made made;
    made.operation = touched.operation;
    if (!touched.operation) {
      made.type = "Task";
      made.id = id;
      made.version = Version{touched.current.value + 1};
    }
    if (touched.current.value == 0) {
      if (touched.beside.inputs && !touched.beside.inputs->empty()) {
        touched.wording.more.append(touched.wording.more.empty() ? "" : ",")
            .append("\"input\":[" + *touched.beside.inputs + "]");
      }
      made.body = pathway::task_of(*touched.definition, touched.item, touched.wording, rules_.now);
    } else {
      TRY_OK(task_reader().read(touched.task, json));
      made.body = pathway::changed_task(json.root(), *touched.definition, touched.item, touched.why,
                                        touched.beside, rules_.now);
    }
    (touched.operation ? outcome_.made : others).push_back(std::move(made));
  }
  std::ranges::sort(outcome_.made, {}, [](const Made& one) { return *one.operation; });
  std::ranges::move(others, std::back_inserter(outcome_.made));
  for (const auto& [whose, count] : before_) {
    outcome_.before.push_back({whose.first, whose.second, count});
  }
  return ok();
}

bool Following::writes(std::size_t index) const {
  const Status status = outcome_.results[index].status;
  return status == Status::created || status == Status::updated;
}

std::string Following::reference_to(std::size_t index) const {
  return prepared_.command.operations[index].type + "/" + outcome_.results[index].id;
}

std::string Following::where(std::size_t index) const {
  return outcome_.results.size() == 1 ? std::string() : fmt::format("Bundle.entry[{}]", index);
}

std::string Following::target(std::size_t index, std::uint32_t site) const {
  const auto& replaced = outcome_.results[index].substitutions;
  const auto at = std::ranges::find(replaced, site, &Substitution::site);
  std::string scratch;
  std::string text(at != replaced.end()
                       ? std::string_view(outcome_.targets[at->target])
                       : fhir::site_value(prepared_.command.operations[index].body,
                                          prepared_.operations[index].sites.sites[site], scratch));
  if (const auto literal = fhir::parse_literal(text)) {
    return fmt::format("{}/{}", fhir::name(literal->type), literal->id);
  }
  return text;
}

Bytes Following::resolved_body(std::size_t index) const {
  const OperationResult& result = outcome_.results[index];
  std::vector<fhir::Replacement> replacements;
  for (const Substitution& one : result.substitutions) {
    replacements.push_back({one.site, outcome_.targets[one.target]});
  }
  return fhir::compose(prepared_.command.operations[index].body, prepared_.operations[index].sites,
                       result.id, result.version, rules_.now, replacements);
}

std::string Following::next_id() {
  Bytes text(prepared_.command.key.view());
  append_text(text, "made");
  append_varint(text, made_ids_++);
  return uuid_text(sha256(text).view().substr(0, uuid_bytes));
}

}  // namespace holdfast::decide
