#include "exchange/actions.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "base/check.h"
#include "exchange/edit.h"
#include "exchange/patient_links.h"
#include "fhir/json_writer.h"

namespace holdfast::exchange {
namespace {

using fhir::JsonValue;
using hl7v2::BusinessId;
using hl7v2::Level;

/// `resource`, read again from its bytes, for one edit after another.
Bytes then(fhir::JsonReader& reader, Bytes resource, const Edit& edit) {
  const auto json = reader.read(std::move(resource));
  check(json.has_value(), "what an edit wrote is JSON");
  return edit(json->root());
}

Bytes old_identifier(const BusinessId& id) {
  fhir::JsonWriter to;
  to.open('{');
  to.text("use", "old");
  to.text("system", id.system);
  to.text("value", id.value);
  to.close('}');
  return to.take();
}

bool is_that(JsonValue identifier, const BusinessId& id) {
  const auto text = [&](std::string_view key) {
    const auto found = identifier.find(key);
    return found && found->is_string() ? found->text() : std::string();
  };
  return text("system") == id.system && text("value") == id.value;
}

/// With each of `ids` as an old identifier: marked where it is there, added where not.
Bytes with_old(JsonValue resource, const std::vector<BusinessId>& ids) {
  fhir::JsonWriter to;
  to.open('[');
  std::vector<bool> there(ids.size(), false);
  if (const auto identifiers = resource.find("identifier")) {
    for (const JsonValue identifier : identifiers->children()) {
      const auto found =
          std::ranges::find_if(ids, [&](const BusinessId& id) { return is_that(identifier, id); });
      if (found == ids.end()) {
        to.raw(identifier.raw());
      } else {
        there[static_cast<std::size_t>(found - ids.begin())] = true;
        to.raw(with_member(identifier, "use", Bytes("\"old\"")));
      }
    }
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!there[i]) {
      to.raw(old_identifier(ids[i]));
    }
  }
  to.close(']');
  return with_member(resource, "identifier", to.take());
}

/// One message's actions, one after the other.
class Acting {
 public:
  Acting(const hl7v2::Mapped& mapped, const Ground& ground, Resolved& resolved)
      : mapped_(mapped), ground_(ground), resolved_(resolved) {}

  Result<void> run() {
    for (const hl7v2::Action& action : mapped_.actions) {
      TRY_OK(std::visit([this](const auto& one) { return take(one); }, action));
    }
    return ok();
  }

 private:
  /// The resource that these identifiers lead to, without following merges.
  Result<std::optional<std::string>> find(fhir::TypeId type, const std::vector<BusinessId>& ids) {
    for (const BusinessId& id : ids) {
      TRY(const auto found, find_by_identifier(ground_, type, id));
      if (found.size() > 1) {
        return fail(Code::multiple_matches, fmt::format("{} is the identifier of two {} resources",
                                                        id.token(), fhir::name(type)));
      }
      if (!found.empty()) {
        return found.front();
      }
    }
    return std::nullopt;
  }
  [[nodiscard]] std::string name_of(hl7v2::Local local) const {
    return local.value == 0 ? std::string() : resolved_.names[local.value - 1];
  }
  Result<void> change(fhir::TypeId type, std::string_view name, const Edit& how) {
    return edit(resolved_, ground_, type, name, how);
  }
  void add_item(ItemKind kind, std::string what) {
    Item item;
    item.kind = kind;
    item.what = std::move(what);
    resolved_.items.push_back(std::move(item));
  }

  Result<void> take(const hl7v2::LinkPatients& link) {
    TRY(const auto one, find(patient_, link.one.patient));
    TRY(const auto other, find(patient_, link.other.patient));
    if (!one || !other) {
      return fail(Code::not_found, "a patient that is to be linked is not known here");
    }
    const std::string first = "Patient/" + *one;
    const std::string second = "Patient/" + *other;
    const bool links = link.kind == hl7v2::LinkPatients::Kind::link;
    const auto between = [&](const std::string& with) {
      return [this, links, with](JsonValue patient) {
        if (links) {
          return with_link(patient, with, "seealso");
        }
        Bytes apart = without_links(patient, with);
        const auto active = patient.find("active");
        const bool retired = active && active->raw() == "false" && apart != patient.raw();
        return retired ? then(ground_.reader, std::move(apart),
                              [](JsonValue again) {
                                return with_member(again, "active", Bytes("true"));
                              })
                       : apart;
      };
    };
    TRY_OK(change(patient_, first, between(second)));
    return change(patient_, second, between(first));
  }

  Result<void> take(const hl7v2::Merge& merge) {
    if (merge.level == Level::account || merge.level == Level::visit ||
        merge.level == Level::alternate_visit) {
      return merge_lesser(merge);
    }
    TRY(const auto surviving, find(patient_, merge.surviving.patient));
    TRY(const auto retired, find(patient_, merge.retired.patient));
    const std::string survivor = name_of(merge.survivor).empty() && surviving
                                     ? "Patient/" + *surviving
                                     : name_of(merge.survivor);
    if (survivor.empty()) {
      return fail(Code::not_found, "the patient who survives the merge is not known here");
    }
    if (!retired) {
      return change(patient_, survivor,
                    [&](JsonValue patient) { return with_old(patient, merge.retired.patient); });
    }
    TRY(const Stored stands_for_retired, survivor_of(ground_, patient_, *retired));
    if (surviving && stands_for_retired.id == *surviving && *retired != *surviving) {
      return ok();  // it was merged so before
    }
    if (surviving) {
      TRY(const Stored stands_for_survivor, survivor_of(ground_, patient_, *surviving));
      if (stands_for_survivor.id != *surviving && stands_for_survivor.id == stands_for_retired.id) {
        return fail(Code::mismatch,
                    fmt::format("Patient/{} was merged into Patient/{} before, and is now to be "
                                "the one that stays",
                                *surviving, stands_for_survivor.id));
      }
    }
    const std::string gone = "Patient/" + *retired;
    TRY_OK(change(patient_, gone, [&](JsonValue patient) {
      return then(ground_.reader, with_link(patient, survivor, "replaced-by"),
                  [](JsonValue again) { return with_member(again, "active", Bytes("false")); });
    }));
    return change(patient_, survivor,
                  [&](JsonValue patient) { return with_link(patient, gone, "replaces"); });
  }

  /// Of accounts and visits.
  Result<void> merge_lesser(const hl7v2::Merge& merge) {
    const bool account = merge.level == Level::account;
    const fhir::TypeId type = account ? account_ : encounter_;
    const auto& stays = account ? merge.surviving.account : merge.surviving.visit;
    const auto& goes = account ? merge.retired.account : merge.retired.visit;
    TRY(const auto survivor, find(type, stays));
    TRY(const auto retired, find(type, goes));
    const auto called = [&](const std::string& id) {
      return fmt::format("{}/{}", fhir::name(type), id);
    };
    const std::string drafted = drafted_as(type, stays);
    const std::string staying = survivor ? called(*survivor) : drafted;
    if (staying.empty()) {
      add_item(ItemKind::identity_conflict,
               fmt::format("{} was merged into {} by its sender, which is not known here: find out "
                           "what it is",
                           goes.empty() ? "?" : goes[0].token(),
                           stays.empty() ? "?" : stays[0].token()));
      return ok();
    }
    if (!retired) {
      // Its number becomes an old one of that which stays.
      return change(type, staying, [&](JsonValue resource) { return with_old(resource, goes); });
    }
    if (survivor) {
      TRY(const bool done, is_merged(type, *survivor, *retired));
      if (done) {
        return ok();
      }
    }
    // Both hold data: each keeps its own, and the one that goes says which one stands for it.
    const Bytes status = account ? "\"inactive\"" : "\"entered-in-error\"";
    const std::string going = called(*retired);
    TRY_OK(change(type, going, [&](JsonValue resource) {
      return then(ground_.reader, with_reference(resource, replaced_by_extension, staying),
                  [&](JsonValue again) { return with_member(again, "status", status); });
    }));
    return change(type, staying, [&](JsonValue resource) {
      return with_reference(resource, replaces_extension, going);
    });
  }

  /// What this message calls the resource with one of these numbers; empty where it says nothing.
  [[nodiscard]] std::string drafted_as(fhir::TypeId type,
                                       const std::vector<BusinessId>& ids) const {
    for (const hl7v2::Draft& draft : mapped_.drafts) {
      const bool is_it = draft.type == type && std::ranges::any_of(ids, [&](const BusinessId& id) {
                           return std::ranges::find(draft.find, id) != draft.find.end();
                         });
      if (is_it) {
        return name_of(draft.local);
      }
    }
    return {};
  }

  /// Whether that was so before. Code::mismatch where it was the other way round.
  Result<bool> is_merged(fhir::TypeId type, const std::string& survivor,
                         const std::string& retired) {
    if (survivor == retired) {
      return true;
    }
    TRY(const Stored of_retired, survivor_of(ground_, type, retired));
    TRY(const Stored of_survivor, survivor_of(ground_, type, survivor));
    if (of_survivor.id == retired) {
      return fail(Code::mismatch,
                  fmt::format("{0}/{1} was merged into {0}/{2} before, and is now to be the one "
                              "that stays",
                              fhir::name(type), survivor, retired));
    }
    return of_retired.id == of_survivor.id;
  }

  Result<void> take(const hl7v2::Move& move) {
    const bool visit = move.level == Level::visit || move.level == Level::alternate_visit;
    const bool account = move.level == Level::account;
    TRY(const auto receiver, find(patient_, move.to.patient));
    const std::string to = name_of(move.receiver).empty() && receiver ? "Patient/" + *receiver
                                                                      : name_of(move.receiver);
    const auto& ids = visit ? move.from.visit : move.from.account;
    if ((!visit && !account) || to.empty()) {
      add_item(ItemKind::identity_conflict,
               "the sender moved single numbers from one patient to another: somebody has to "
               "decide what of the record goes with them");
      return ok();
    }
    const fhir::TypeId type = visit ? encounter_ : account_;
    TRY(const auto moved, find(type, ids));
    if (!moved) {
      add_item(ItemKind::identity_conflict,
               fmt::format("the sender moved {} to another patient; it is not known here",
                           ids.empty() ? "something without a number" : ids[0].token()));
      return ok();
    }
    fhir::JsonWriter subject;
    subject.open('{');
    subject.text("reference", to);
    subject.close('}');
    Bytes reference = subject.take();
    return change(type, fmt::format("{}/{}", fhir::name(type), *moved), [&](JsonValue resource) {
      return with_member(resource, "subject", visit ? reference : Bytes("[" + reference + "]"));
    });
  }

  Result<void> take(const hl7v2::ChangeIdentifier& renamed) {
    const std::string name = name_of(renamed.subject);
    if (name.empty()) {
      add_item(ItemKind::identity_conflict,
               "the sender gave something another number that is not known here");
      return ok();
    }
    const fhir::TypeId type = mapped_.drafts[renamed.subject.value - 1].type;
    const hl7v2::Party& before = renamed.before;
    const auto& ids = type == patient_   ? before.patient
                      : type == account_ ? before.account
                                         : before.visit;
    return change(type, name, [&](JsonValue resource) { return with_old(resource, ids); });
  }

  /// What it takes back is in the drafts.
  static Result<void> take(const hl7v2::CancelEvent&) { return ok(); }

  Result<void> take(const hl7v2::RetractResult& retracted) {
    using Why = hl7v2::RetractResult::Why;
    if (retracted.why == Why::wrong) {
      add_item(ItemKind::wrong_patient,
               fmt::format("the sender says that {} was not of this patient. It is marked as "
                           "entered in error; tell everybody who has seen it",
                           name_of(retracted.result)));
    } else if (retracted.why != Why::deleted) {
      add_item(ItemKind::order_request,
               fmt::format("{} cannot be had: repeat or cancel the order {}",
                           name_of(retracted.result), name_of(retracted.order)));
    }
    return ok();
  }

  Result<void> take(const hl7v2::OrderControl& control) {
    using Kind = hl7v2::OrderControl::Kind;
    switch (control.kind) {
      case Kind::cancel:
      case Kind::discontinue:
      case Kind::hold:
      case Kind::release:
      case Kind::replace:
      case Kind::change:
      case Kind::refused: break;
      default: return ok();
    }
    const auto& ids = control.placer.empty() ? control.filler : control.placer;
    add_item(ItemKind::order_request,
             fmt::format("order {} ({}): the sender says {}{}{}. Answer it",
                         ids.empty() ? "without a number" : ids[0].token(), name_of(control.order),
                         control.code, control.reason.empty() ? "" : ": ", control.reason));
    resolved_.items.back().order = name_of(control.order);
    resolved_.items.back().control = control.code;
    return ok();
  }

  const fhir::TypeId patient_ = *fhir::type_id("Patient");
  const fhir::TypeId encounter_ = *fhir::type_id("Encounter");
  const fhir::TypeId account_ = *fhir::type_id("Account");
  const hl7v2::Mapped& mapped_;
  const Ground& ground_;
  Resolved& resolved_;
};

}  // namespace

void look_for_old_numbers(hl7v2::Mapped& mapped) {
  for (const hl7v2::Action& action : mapped.actions) {
    const auto* const renamed = std::get_if<hl7v2::ChangeIdentifier>(&action);
    if (renamed == nullptr || renamed->subject.value == 0) {
      continue;
    }
    hl7v2::Draft& draft = mapped.drafts[renamed->subject.value - 1];
    const std::string_view type = fhir::name(draft.type);
    const hl7v2::Party& before = renamed->before;
    const auto& ids = type == "Patient"   ? before.patient
                      : type == "Account" ? before.account
                                          : before.visit;
    draft.find.insert(draft.find.end(), ids.begin(), ids.end());
  }
}

Result<void> act(const hl7v2::Mapped& mapped, const Ground& ground, Resolved& resolved) {
  return Acting(mapped, ground, resolved).run();
}

}  // namespace holdfast::exchange
