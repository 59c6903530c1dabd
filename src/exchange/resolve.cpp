#include "exchange/resolve.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/text.h"
#include "exchange/edit.h"
#include "exchange/merge.h"
#include "exchange/patient_links.h"
#include "fhir/check.h"
#include "fhir/member.h"
#include "search/matches.h"
#include "views/versions.h"

namespace holdfast::exchange {
namespace {

using hl7v2::Draft;
using hl7v2::DraftMode;

std::string condition_of(const hl7v2::BusinessId& id) {
  return search::identifier_condition(id.system, id.value);
}

struct There {
  Stored stored;
  bool by_merge = false;  ///< the message names one that was merged into this
};

class Resolving {
 public:
  Resolving(const hl7v2::Mapped& mapped, const Ground& ground) : mapped_(mapped), ground_(ground) {}

  Result<Resolved> run() {
    for (const Draft& draft : mapped_.drafts) {
      TRY_OK(find(draft));
    }
    for (std::size_t i = 0; i < mapped_.drafts.size(); ++i) {
      if (!left_out_[i]) {
        TRY_OK(write(mapped_.drafts[i], found_[i]));
      }
    }
    return std::move(resolved_);
  }

 private:
  /// Which resource a draft means, and what it is called.
  Result<void> find(const Draft& draft) {
    std::optional<There> there;
    for (const hl7v2::BusinessId& id : draft.find) {
      TRY(const auto ids, find_by_identifier(ground_, draft.type, id));
      std::optional<There> meant;
      for (const std::string& one : ids) {
        TRY(There there_now, read(draft.type, one));
        if (meant && meant->stored.id != there_now.stored.id) {
          return fail(Code::multiple_matches,
                      fmt::format("{} is the identifier of {}/{} and of {}/{}", id.token(),
                                  fhir::name(draft.type), meant->stored.id, fhir::name(draft.type),
                                  there_now.stored.id));
        }
        // Named itself, it is not by a merge, whatever else leads to it.
        const bool by_merge = there_now.by_merge && (!meant || meant->by_merge);
        meant = std::move(there_now);
        meant->by_merge = by_merge;
      }
      if (there && meant && there->stored.id != meant->stored.id) {
        return fail(
            Code::mismatch,
            fmt::format("the identifiers of one {} lead to {} and, {}, to {}",
                        fhir::name(draft.type), there->stored.id, id.token(), meant->stored.id));
      }
      if (meant && !there) {
        there = std::move(meant);
      } else if (meant) {
        there->by_merge = there->by_merge || meant->by_merge;
      }
    }
    bool left_out = false;
    if (draft.type == encounter_ && draft.find.empty() && mapped_.trigger.starts_with("ADT^")) {
      TRY(there, open_visit());
      left_out = !there && !begins_a_visit() && !is_referred_to(draft.local);
    }
    left_out_.push_back(left_out);
    if (left_out) {
      resolved_.left_out.push_back(draft.local);
    }
    const std::string id = there ? there->stored.id : new_uuid(ground_.random);
    const bool known = there || draft.find.empty();
    resolved_.names.push_back(known ? fmt::format("{}/{}", fhir::name(draft.type), id)
                                    : "urn:uuid:" + id);
    ids_.push_back(id);
    found_.push_back(std::move(there));
    return ok();
  }

  /// A visit that goes without a number is the one that the patient is on: an update must not make
  /// another. Nothing if there is none, or if there are several, of which nobody can tell.
  Result<std::optional<There>> open_visit() {
    const std::size_t patient = mapped_.patient.value;
    if (patient == 0 || patient > resolved_.names.size() || !found_[patient - 1]) {
      return std::nullopt;
    }
    const search::Source source{*ground_.moment.reader, ground_.codec, *ground_.moment.params};
    TRY(const auto ids,
        search::matches(source, encounter_,
                        fmt::format("subject={}&status=planned,arrived,triaged,in-progress,onleave",
                                    resolved_.names[patient - 1])));
    if (ids.size() != 1) {
      return std::nullopt;
    }
    TRY(There there, read(encounter_, ids.front()));
    return there;
  }
  /// HL7 v2.8 section 3.3: admit, register, pre-admit, pending admission.
  [[nodiscard]] bool begins_a_visit() const {
    const std::string_view event = std::string_view(mapped_.trigger).substr(4);
    return event == "A01" || event == "A04" || event == "A05" || event == "A14";
  }
  [[nodiscard]] bool is_referred_to(hl7v2::Local local) const {
    return std::ranges::any_of(mapped_.drafts, [&](const Draft& draft) {
      return std::ranges::any_of(draft.references, [&](const hl7v2::LocalReference& reference) {
        return reference.to == local;
      });
    });
  }

  /// The resource of that id; of one that was merged, the one that stands for it today.
  Result<There> read(fhir::TypeId type, const std::string& id) {
    There there;
    const bool may_be_merged = type == patient_ || type == encounter_ || type == account_;
    if (may_be_merged && !takes_back_) {
      TRY(there.stored, survivor_of(ground_, type, id));
      there.by_merge = there.stored.id != id;
    } else {
      TRY(there.stored, read_stored(ground_, type, id));
    }
    return there;
  }

  /// The draft's body with its references to other drafts filled in.
  [[nodiscard]] Bytes named(const Draft& draft) const {
    Bytes body;
    std::size_t done = 0;
    for (const hl7v2::LocalReference& reference : draft.references) {
      body += BytesView(draft.body).substr(done, reference.offset - done);
      body += resolved_.names[reference.to.value - 1];
      done = reference.offset + reference.bytes;
    }
    body += BytesView(draft.body).substr(done);
    return body;
  }

  Result<void> write(const Draft& draft, const std::optional<There>& there) {
    const std::size_t index = draft.local.value - 1;
    if (there && ground_.again != nullptr && draft.mode != DraftMode::create_if_absent) {
      TRY(const bool outdated, has_newer_evidence(ground_.moment, ground_.codec, ground_.reader,
                                                  *ground_.again, draft.type, there->stored.id));
      if (outdated) {
        resolved_.outdated.push_back(draft.local);
        return ok();
      }
    }
    if (draft.mode != DraftMode::create_if_absent) {
      resolved_.written.push_back(resolved_.names[index]);
    }
    if (there) {
      return draft.mode == DraftMode::create_if_absent ? ok() : update(draft, *there);
    }
    Operation operation;
    operation.verb = Verb::create;
    operation.id = ids_[index];
    if (!draft.find.empty()) {
      operation.condition = condition_of(draft.find.front());
      operation.full_url = resolved_.names[index];
      if (draft.mode == DraftMode::merge) {
        operation.if_match = Version{0};
      }
    }
    return add(std::move(operation), named(draft));
  }

  Result<void> update(const Draft& draft, const There& there) {
    TRY(const fhir::Json existing, ground_.reader.read(there.stored.body));
    TRY(fhir::Json said, ground_.reader.read(named(draft)));
    if (there.by_merge) {
      // The numbers stay with the one that was merged: the merge may be taken back.
      TRY(said, ground_.reader.read(with_member(said.root(), "identifier", std::nullopt)));
    }
    if (draft.type == patient_) {
      TRY_OK(check_same_person(existing.root(), said.root(), there.stored.id));
    }
    TRY(Bytes body, merged(existing.root(), said.root(), draft.said, draft.removed, ground_.paths));
    if (body == there.stored.body) {
      return ok();
    }
    Operation operation;
    operation.verb = Verb::update;
    operation.id = there.stored.id;
    operation.if_match = there.stored.version;
    return add(std::move(operation), std::move(body));
  }

  /// Two people may be given one number. A birth date that differs is never merged by a program.
  static Result<void> check_same_person(fhir::JsonValue existing, fhir::JsonValue said,
                                        const std::string& id) {
    const std::string known = fhir::text_member(existing, "birthDate");
    const std::string born = fhir::text_member(said, "birthDate");
    const std::size_t both = std::min(known.size(), born.size());
    if (known.substr(0, both) != born.substr(0, both)) {
      return fail(Code::mismatch,
                  fmt::format("the identifiers are those of Patient/{}, born {}, and the message "
                              "says born {}",
                              id, known, born));
    }
    return ok();
  }

  Result<void> add(Operation operation, Bytes body) {
    return add_operation(resolved_.prepared, std::move(operation), std::move(body), ground_.reader,
                         ground_.extracting);
  }

  const fhir::TypeId patient_ = *fhir::type_id("Patient");
  const fhir::TypeId encounter_ = *fhir::type_id("Encounter");
  const fhir::TypeId account_ = *fhir::type_id("Account");
  const hl7v2::Mapped& mapped_;
  const Ground& ground_;
  Resolved resolved_;
  /// A message that takes a merge back means each patient by itself.
  const bool takes_back_ = std::ranges::any_of(mapped_.actions, [](const hl7v2::Action& action) {
    return std::holds_alternative<hl7v2::LinkPatients>(action);
  });
  std::vector<bool> left_out_;
  std::vector<std::string> ids_;
  std::vector<std::optional<There>> found_;
};

}  // namespace

Result<std::vector<std::string>> find_by_identifier(const Ground& ground, fhir::TypeId type,
                                                    const hl7v2::BusinessId& id) {
  const search::Source source{*ground.moment.reader, ground.codec, *ground.moment.params};
  return search::matches(source, type, condition_of(id));
}

Result<Resolved> resolve(const hl7v2::Mapped& mapped, const Ground& ground) {
  return Resolving(mapped, ground).run();
}

Result<Stored> read_stored(const Ground& ground, fhir::TypeId type, const std::string& id) {
  TRY(const auto current, views::read_current(*ground.moment.reader, type, id));
  if (!current || current->presence == views::Presence::deleted) {
    return fail(Code::not_found, fmt::format("there is no {}/{}", fhir::name(type), id));
  }
  TRY(views::Body body, views::read_body(*ground.moment.reader, ground.codec, current->row));
  return Stored{id, current->version, std::move(body.bytes)};
}

Result<decide::PreparedOperation> put_body(Operation& operation, Bytes body,
                                           fhir::JsonReader& reader,
                                           const fhir::SearchParams& extracting) {
  TRY(fhir::Json json, reader.read(std::move(body)));
  TRY_OK(fhir::check_resource(json.root()));
  TRY(const fhir::TypeId type, fhir::type_of(json.root()));
  json.minify();
  decide::PreparedOperation prepared = decide::prepare_operation(type, json.root(), extracting);
  operation.type = fhir::name(type);
  operation.body = json.release();
  return prepared;
}

Result<void> add_operation(decide::Prepared& prepared, Operation operation, Bytes body,
                           fhir::JsonReader& reader, const fhir::SearchParams& extracting) {
  TRY(decide::PreparedOperation one, put_body(operation, std::move(body), reader, extracting));
  prepared.operations.push_back(std::move(one));
  prepared.command.operations.push_back(std::move(operation));
  return ok();
}

Result<void> add_new(decide::Prepared& prepared, std::string_view id, Bytes body,
                     fhir::JsonReader& reader, const fhir::SearchParams& extracting) {
  Operation operation;
  operation.verb = Verb::create;
  operation.id = id;
  return add_operation(prepared, std::move(operation), std::move(body), reader, extracting);
}

}  // namespace holdfast::exchange
