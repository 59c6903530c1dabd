#include "exchange/resolve.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/text.h"
#include "exchange/actions.h"
#include "exchange/edit.h"
#include "exchange/merge.h"
#include "fhir/check.h"
#include "search/matches.h"
#include "views/versions.h"

namespace holdfast::exchange {
namespace {

using hl7v2::Draft;
using hl7v2::DraftMode;

/// https://hl7.org/fhir/R4/search.html#escaping, then RFC 3986.
std::string condition_of(const hl7v2::BusinessId& id) {
  const auto quoted = [](std::string_view text) {
    std::string escaped;
    for (const char c : text) {
      if (c == '\\' || c == '|' || c == ',' || c == '$') {
        escaped.push_back('\\');
      }
      escaped.push_back(c);
    }
    return percent_encode(escaped);
  };
  return fmt::format("identifier={}%7C{}", quoted(id.system), quoted(id.value));
}

/// A resource that is there, with its version and content.
struct There {
  std::string id;
  Version version;
  Bytes body;
  bool by_merge = false;  ///< the message names one that was merged into this
};

std::string text_member(fhir::JsonValue of, std::string_view name) {
  const auto member = of.find(name);
  return member && member->is_string() ? member->text() : std::string();
}

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
    followed_ = false;
    for (const hl7v2::BusinessId& id : draft.find) {
      TRY(auto ids, find_by_identifier(ground_, draft.type, id));
      if (draft.type == patient_ && !takes_back_) {
        TRY_OK(follow_merges(ids));
      }
      if (ids.size() > 1) {
        return fail(Code::multiple_matches,
                    fmt::format("{} is the identifier of {}/{} and of {}/{}", id.token(),
                                fhir::name(draft.type), ids[0], fhir::name(draft.type), ids[1]));
      }
      if (ids.empty()) {
        continue;
      }
      if (there && there->id != ids[0]) {
        return fail(Code::mismatch,
                    fmt::format("the identifiers of one {} lead to {} and, {}, to {}",
                                fhir::name(draft.type), there->id, id.token(), ids[0]));
      }
      if (!there) {
        TRY(there, read(draft.type, ids[0]));
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
    const std::string id = there ? there->id : new_uuid(ground_.random);
    const bool known = there || draft.find.empty();
    resolved_.names.push_back(known ? fmt::format("{}/{}", fhir::name(draft.type), id)
                                    : "urn:uuid:" + id);
    if (there) {
      there->by_merge = followed_;
    }
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

  /// What was merged counts as the one that it was merged into.
  Result<void> follow_merges(std::vector<std::string>& ids) {
    for (std::string& id : ids) {
      TRY(std::string survivor, survivor_of(ground_, id));
      followed_ = followed_ || survivor != id;
      id = std::move(survivor);
    }
    std::ranges::sort(ids);
    ids.erase(std::ranges::unique(ids).begin(), ids.end());
    return ok();
  }

  Result<There> read(fhir::TypeId type, const std::string& id) {
    TRY(const auto current, views::read_current(*ground_.moment.reader, type, id));
    check(current.has_value(), "search finds what is current");
    TRY(views::Body body, views::read_body(*ground_.moment.reader, ground_.codec, current->row));
    return There{id, current->version, std::move(body.bytes), false};
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
    return add(draft.type, std::move(operation), named(draft));
  }

  Result<void> update(const Draft& draft, const There& there) {
    TRY(const fhir::Json existing, ground_.reader.read(there.body));
    TRY(fhir::Json said, ground_.reader.read(named(draft)));
    if (there.by_merge) {
      // The numbers stay with the one that was merged: the merge may be taken back.
      TRY(said, ground_.reader.read(with_member(said.root(), "identifier", std::nullopt)));
    }
    if (draft.type == patient_) {
      TRY_OK(check_same_person(existing.root(), said.root(), there.id));
    }
    TRY(Bytes body, merged(existing.root(), said.root(), draft.said, draft.removed, ground_.paths));
    if (body == there.body) {
      return ok();
    }
    Operation operation;
    operation.verb = Verb::update;
    operation.id = there.id;
    operation.if_match = there.version;
    return add(draft.type, std::move(operation), std::move(body));
  }

  /// Two people may be given one number. A birth date that differs is never merged by a program.
  static Result<void> check_same_person(fhir::JsonValue existing, fhir::JsonValue said,
                                        const std::string& id) {
    const std::string known = text_member(existing, "birthDate");
    const std::string born = text_member(said, "birthDate");
    const std::size_t both = std::min(known.size(), born.size());
    if (known.substr(0, both) != born.substr(0, both)) {
      return fail(Code::mismatch,
                  fmt::format("the identifiers are those of Patient/{}, born {}, and the message "
                              "says born {}",
                              id, known, born));
    }
    return ok();
  }

  Result<void> add(fhir::TypeId type, Operation operation, Bytes body) {
    TRY(fhir::Json json, ground_.reader.read(std::move(body)));
    TRY_OK(fhir::check_resource(json.root()));
    json.minify();
    operation.type = fhir::name(type);
    resolved_.prepared.operations.push_back(
        decide::prepare_operation(type, json.root(), ground_.extracting));
    operation.body = json.release();
    resolved_.prepared.command.operations.push_back(std::move(operation));
    return ok();
  }

  const fhir::TypeId patient_ = *fhir::type_id("Patient");
  const fhir::TypeId encounter_ = *fhir::type_id("Encounter");
  const hl7v2::Mapped& mapped_;
  const Ground& ground_;
  Resolved resolved_;
  /// A message that takes a merge back means each patient by itself.
  const bool takes_back_ = std::ranges::any_of(mapped_.actions, [](const hl7v2::Action& action) {
    return std::holds_alternative<hl7v2::LinkPatients>(action);
  });
  bool followed_ = false;
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

Result<void> add_new(decide::Prepared& prepared, std::string_view id, Bytes body,
                     fhir::JsonReader& reader, const fhir::SearchParams& extracting) {
  TRY(fhir::Json json, reader.read(std::move(body)));
  TRY_OK(fhir::check_resource(json.root()));
  TRY(const fhir::TypeId type, fhir::type_of(json.root()));
  json.minify();
  Operation operation;
  operation.verb = Verb::create;
  operation.type = fhir::name(type);
  operation.id = id;
  prepared.operations.push_back(decide::prepare_operation(type, json.root(), extracting));
  operation.body = json.release();
  prepared.command.operations.push_back(std::move(operation));
  return ok();
}

}  // namespace holdfast::exchange
