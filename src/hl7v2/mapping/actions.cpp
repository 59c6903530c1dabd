#include "hl7v2/mapping/actions.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "hl7v2/mapping/naming.h"

namespace holdfast::hl7v2 {
namespace {

using tables::TriggerAction;

constexpr IdentityParts cx{1, 4, 5};
constexpr IdentityParts ei{1, 2, 0};

/// Identifiers in these fields of a segment, in their order, each once.
std::vector<BusinessId> identifiers(Reading& reading, const Segment& segment,
                                    std::initializer_list<std::uint16_t> fields,
                                    IdentityParts parts = cx) {
  std::vector<BusinessId> found;
  for (const std::uint16_t number : fields) {
    const Value field = reading.field(segment, tables::segment_name(segment.name()), number);
    const std::size_t count = Pieces(field.raw, reading.message().delimiters().repetition).count();
    for (std::size_t i = 1; i <= count; ++i) {
      std::optional<BusinessId> one = read_identity(reading, reading.part(field, i), parts);
      if (one && std::ranges::find(found, *one) == found.end()) {
        found.push_back(*std::move(one));
      }
    }
  }
  return found;
}

/// A PID, with the MRG and PV1 that come before the next one; of several MRG each has its PV1.
struct Subject {
  struct Prior {
    std::uint32_t mrg = 0;
    std::optional<std::uint32_t> pv1;
  };
  std::optional<std::uint32_t> pid;
  std::optional<std::uint32_t> pv1;
  std::vector<Prior> prior;
  std::uint32_t instance = 0;
};

std::vector<Subject> subjects(const Groups& groups) {
  std::vector<Subject> all;
  for (const Placed& placed : groups.placed()) {
    if (placed.name == tables::segment_name("PID")) {
      all.emplace_back().pid = placed.segment;
      all.back().instance = placed.instance;
    } else if (!all.empty() && placed.name == tables::segment_name("MRG")) {
      all.back().prior.push_back({placed.segment, std::nullopt});
    } else if (!all.empty() && placed.name == tables::segment_name("PV1")) {
      Subject& subject = all.back();
      if (!subject.pv1) {
        subject.pv1 = placed.segment;
      }
      if (!subject.prior.empty() && !subject.prior.back().pv1) {
        subject.prior.back().pv1 = placed.segment;
      }
    }
  }
  return all;
}

class Adding {
 public:
  Adding(Mapper& mapper, const Finish& finish, const tables::TriggerRow& trigger, Mapped& into)
      : mapper_(mapper), finish_(finish), trigger_(trigger), into_(into) {}

  Result<void> events() {
    const std::vector<Subject> all = subjects(mapper_.groups());
    switch (trigger_.action) {
      case TriggerAction::nothing: return ok();
      case TriggerAction::link:
      case TriggerAction::unlink: return link(all);
      case TriggerAction::cancel: cancel(all); return ok();
      case TriggerAction::merge:
      case TriggerAction::move:
      case TriggerAction::change:
        for (const Subject& subject : all) {
          for (const Subject::Prior& prior : subject.prior) {
            TRY_OK(two_sides(subject, prior));
          }
        }
        return ok();
    }
    return ok();
  }

  void orders();
  void results();

 private:
  [[nodiscard]] Segment segment(std::uint32_t index) const {
    return mapper_.reading().message().segment(index);
  }
  Party party(const Subject& subject) {
    Reading& reading = mapper_.reading();
    Party party;
    if (subject.pid) {
      party.patient = identifiers(reading, segment(*subject.pid), {3, 2, 4});
      party.account = identifiers(reading, segment(*subject.pid), {18});
    }
    if (subject.pv1) {
      party.visit = identifiers(reading, segment(*subject.pv1), {19, 50});
    }
    return party;
  }
  Party prior(std::uint32_t mrg) {
    Reading& reading = mapper_.reading();
    return {identifiers(reading, segment(mrg), {1, 4, 2}), identifiers(reading, segment(mrg), {3}),
            identifiers(reading, segment(mrg), {5, 6})};
  }
  /// The draft of that type in that group or one around it; 0 if there is none.
  [[nodiscard]] Local draft(std::string_view type, std::uint32_t instance) const {
    const std::optional<fhir::TypeId> wanted = fhir::type_id(type);
    for (std::uint32_t i = 0; i < mapper_.roots().size(); ++i) {
      const Root& root = mapper_.roots()[i];
      if (wanted && root.type == wanted->value && root.resource != tables::none &&
          mapper_.groups().within(instance, root.instance)) {
        return finish_.local(i);
      }
    }
    return {};
  }
  Result<void> link(const std::vector<Subject>& all);
  void cancel(const std::vector<Subject>& all);
  Result<void> two_sides(const Subject& subject, const Subject::Prior& prior);
  Result<void> different(const std::vector<BusinessId>& one, const std::vector<BusinessId>& other,
                         std::string_view what) const;
  void order(std::uint32_t segment_index, std::uint32_t root);

  Mapper& mapper_;
  const Finish& finish_;
  const tables::TriggerRow& trigger_;
  Mapped& into_;
};

/// Both name somebody, and not the same one: all that the second is known by belongs to the first.
Result<void> Adding::different(const std::vector<BusinessId>& one,
                               const std::vector<BusinessId>& other, std::string_view what) const {
  const std::string_view trigger = tables::text(trigger_.what);
  if (one.empty() || other.empty()) {
    return fail(Code::required,
                fmt::format("{}: the {} of one side has no identifier", trigger, what));
  }
  const bool same = std::ranges::all_of(
      other, [&](const BusinessId& id) { return std::ranges::find(one, id) != one.end(); });
  if (same) {
    return fail(Code::conflict,
                fmt::format("{}: {} {} is on both sides", trigger, what, other.front().token()));
  }
  return ok();
}

Result<void> Adding::link(const std::vector<Subject>& all) {
  if (all.size() < 2) {
    return fail(Code::required,
                fmt::format("{}: two PID are expected", tables::text(trigger_.what)));
  }
  LinkPatients link;
  link.kind = trigger_.action == TriggerAction::link ? LinkPatients::Kind::link
                                                     : LinkPatients::Kind::unlink;
  link.one = party(all[0]);
  link.other = party(all[1]);
  TRY_OK(different(link.one.patient, link.other.patient, "patient"));
  into_.actions.emplace_back(std::move(link));
  return ok();
}

void Adding::cancel(const std::vector<Subject>& all) {
  const std::string_view what = tables::text(trigger_.what);
  if (all.empty()) {
    into_.actions.emplace_back(CancelEvent{std::string(what.substr(4)),
                                           std::string(tables::text(trigger_.cancelled)),
                                           {},
                                           into_.patient,
                                           into_.encounter});
    return;
  }
  for (const Subject& subject : all) {
    CancelEvent event;
    event.trigger = std::string(what.substr(4));
    event.cancelled = std::string(tables::text(trigger_.cancelled));
    event.party = party(subject);
    event.patient = draft("Patient", subject.instance);
    event.encounter = into_.encounter;
    into_.actions.emplace_back(std::move(event));
  }
}

Result<void> Adding::two_sides(const Subject& subject, const Subject::Prior& prior_of) {
  Party now = party(subject);
  if (prior_of.pv1) {
    now.visit = identifiers(mapper_.reading(), segment(*prior_of.pv1), {19, 50});
  }
  Party before = prior(prior_of.mrg);
  const Local patient = draft("Patient", subject.instance);
  const Level level = trigger_.level;
  if (trigger_.action == TriggerAction::move) {
    // What moves may be named without the patient that it moves from.
    const bool named = level == Level::account ? !before.account.empty()
                       : level == Level::visit ? !before.visit.empty()
                                               : false;
    if (!named || !before.patient.empty()) {
      TRY_OK(different(now.patient, before.patient, "patient"));
    }
    into_.actions.emplace_back(Move{level, std::move(before), std::move(now), patient});
    return ok();
  }
  const bool account = level == Level::account;
  const bool visit = level == Level::visit || level == Level::alternate_visit;
  TRY_OK(account ? different(now.account, before.account, "account")
         : visit ? different(now.visit, before.visit, "visit")
                 : different(now.patient, before.patient, "patient"));
  if (trigger_.action == TriggerAction::merge) {
    into_.actions.emplace_back(Merge{level, std::move(now), std::move(before), patient});
  } else {
    into_.actions.emplace_back(ChangeIdentifier{level, std::move(before), std::move(now), patient});
  }
  return ok();
}

// HL7 table 0119.
OrderControl::Kind control_kind(std::string_view code) {
  using Kind = OrderControl::Kind;
  struct Row {
    std::string_view code;
    Kind kind;
  };
  constexpr Row rows[] = {
      {"CA", Kind::cancel},        {"DC", Kind::discontinue},  {"HD", Kind::hold},
      {"RL", Kind::release},       {"RP", Kind::replace},      {"RO", Kind::replacement},
      {"XO", Kind::change},        {"CR", Kind::cancelled},    {"OC", Kind::cancelled},
      {"DR", Kind::discontinued},  {"OD", Kind::discontinued}, {"HR", Kind::held},
      {"OH", Kind::held},          {"OE", Kind::released},     {"OR", Kind::released},
      {"RQ", Kind::replaced},      {"RU", Kind::replaced},     {"XR", Kind::changed},
      {"XX", Kind::changed},       {"OK", Kind::accepted},     {"NA", Kind::number_assigned},
      {"SN", Kind::number_wanted}, {"SC", Kind::status},       {"SR", Kind::status},
      {"SS", Kind::status},        {"UA", Kind::refused},      {"UC", Kind::refused},
      {"UD", Kind::refused},       {"UF", Kind::refused},      {"UH", Kind::refused},
      {"UM", Kind::refused},       {"UN", Kind::refused},      {"UR", Kind::refused},
      {"UX", Kind::refused}};
  const auto* found = std::ranges::find(rows, code, &Row::code);
  return found == std::end(rows) ? Kind::other : found->kind;
}

void Adding::order(std::uint32_t index, std::uint32_t instance) {
  Reading& reading = mapper_.reading();
  const Segment orc = segment(index);
  const Mapper::Scope scope{instance, index, tables::segment_name("ORC"), {}};
  const auto text = [&](std::uint16_t field) { return mapper_.text_at({0, field, 0, 0}, scope); };
  const std::string_view code = text(1);
  if (code.empty() || code == "NW" || code == "RE") {
    return;  // a new order, or the results of one: drafts say all of it
  }
  OrderControl control;
  control.kind = control_kind(code);
  control.code = std::string(code);
  control.placer = identifiers(reading, orc, {2}, ei);
  control.filler = identifiers(reading, orc, {3}, ei);
  control.group = identifiers(reading, orc, {4}, ei);
  const Value parents = reading.field(orc, tables::segment_name("ORC"), 8);
  const Value parent = reading.part(parents, 1);
  for (const std::size_t part : {1U, 2U}) {
    if (std::optional<BusinessId> id = read_identity(reading, reading.part(parent, part), ei)) {
      control.parent.push_back(*std::move(id));
    }
  }
  if (const std::optional<std::uint32_t> obr =
          mapper_.groups().find(tables::segment_name("OBR"), instance, index)) {
    // The numbers may stand in the OBR alone.
    if (control.placer.empty()) {
      control.placer = identifiers(reading, segment(*obr), {2}, ei);
    }
    if (control.filler.empty()) {
      control.filler = identifiers(reading, segment(*obr), {3}, ei);
    }
  }
  control.reason = std::string(mapper_.text_at({0, 16, 2, 0}, scope));
  if (control.reason.empty()) {
    control.reason = std::string(text(16));
  }
  control.order = draft("ServiceRequest", instance);
  into_.actions.emplace_back(std::move(control));
}

void Adding::orders() {
  for (const Placed& placed : mapper_.groups().placed()) {
    if (placed.name == tables::segment_name("ORC")) {
      order(placed.segment, placed.instance);
    }
  }
}

void Adding::results() {
  using Why = RetractResult::Why;
  for (std::uint32_t i = 0; i < mapper_.roots().size(); ++i) {
    const Root& root = mapper_.roots()[i];
    const Local local = finish_.local(i);
    if (root.resource == tables::none || local.value == 0) {
      continue;
    }
    const Draft& one = into_.drafts[local.value - 1];
    const std::string_view type = fhir::name(one.type);
    std::optional<Why> why;
    if (type == "Observation") {
      why = one.result_status == "D"   ? std::optional(Why::deleted)
            : one.result_status == "W" ? std::optional(Why::wrong)
            : one.result_status == "X" ? std::optional(Why::not_obtained)
                                       : std::nullopt;
    } else if (type == "DiagnosticReport" && one.result_status == "X") {
      why = Why::order_cancelled;
    }
    if (why) {
      into_.actions.emplace_back(
          RetractResult{*why, local, draft("ServiceRequest", root.instance)});
    }
  }
}

}  // namespace

Result<void> add_actions(Mapper& mapper, const Finish& finish, const tables::TriggerRow& trigger,
                         Mapped& into) {
  Adding adding(mapper, finish, trigger, into);
  TRY_OK(adding.events());
  adding.orders();
  adding.results();
  return ok();
}

}  // namespace holdfast::hl7v2
