#include "api/patching.h"

#include <algorithm>

#include <fmt/format.h>

#include "api/condition.h"
#include "api/format.h"
#include "api/stored.h"
#include "api/writing.h"
#include "fhir/check.h"
#include "fhir/json_patch.h"
#include "fhir/meta.h"
#include "fhir/path/fhirpath_patch.h"
#include "fhir/subset.h"
#include "fhir/xml.h"
#include "fhir/xml_patch.h"
#include "search/matches.h"

namespace holdfast::api {
namespace {

// Lines of what a patch made are nowhere in what was sent.
Error of_result(Error error) {
  error.what = fmt::format("the patched resource would not be valid: {}", error.what);
  error.where = fhir::split_where(error.where).expression;
  for (Error& further : error.more) {
    further.where = fhir::split_where(further.where).expression;
  }
  return error;
}

// The record holds JSON, where the order of members says nothing; so an XML Patch may put elements
// where XML would not have them.
Result<Bytes> apply_to_xml(fhir::JsonValue resource, BytesView patch) {
  TRY(const Bytes xml, fhir::xml_from_json(resource));
  TRY(const Bytes patched, fhir::apply_xml_patch(xml, patch));
  auto json = fhir::json_from_xml(patched, fhir::XmlOrder::any);
  if (!json) {
    return fail(of_result(std::move(json).error()));
  }
  return json;
}

Result<Bytes> apply_patch(const Parts& parts, const Patch& patch, fhir::JsonValue resource,
                          fhir::JsonReader& reader) {
  if (patch.form == PatchForm::xml_patch) {
    return apply_to_xml(resource, patch.document);
  }
  TRY(const fhir::Json document, reader.read(Bytes(patch.document)));
  const fhir::JsonValue by = document.root();
  switch (patch.form) {
    case PatchForm::meta_add: return fhir::add_meta(resource, by);
    case PatchForm::meta_delete: return fhir::delete_meta(resource, by);
    case PatchForm::fhirpath_patch:
      return fhir::path::apply_fhirpath_patch(resource, by, parts.clock.wall(), reader);
    case PatchForm::json_patch:
    case PatchForm::xml_patch: break;
  }
  return fhir::apply_json_patch(resource, by);
}

// The resource that a patch means, at this moment.
Result<std::string> patched_id(const Parts& parts, const Patch& patch, const node::Moment& moment) {
  if (patch.condition.empty()) {
    return patch.id;
  }
  const std::string_view type = fhir::name(patch.type);
  TRY(auto found, search::matches({*moment.reader, parts.node.codec(), *moment.params}, patch.type,
                                  patch.condition));
  if (found.empty()) {
    return fail(Code::not_found,
                fmt::format("the condition {}?{} selects nothing", type, patch.condition));
  }
  if (found.size() > 1) {
    return fail(Code::multiple_matches,
                fmt::format("the condition {}?{} selects {} and {}; make it narrower", type,
                            patch.condition, found[0], found[1]));
  }
  return std::move(found[0]);
}

Result<views::Body> current_body(const Parts& parts, const Patch& patch, const std::string& id,
                                 const node::Moment& moment) {
  const std::string name = fmt::format("{}/{}", fhir::name(patch.type), id);
  TRY(const auto current, views::read_current(*moment.reader, patch.type, id));
  if (!current) {
    return fail(Code::not_found, fmt::format("there is no {}", name));
  }
  if (current->presence == views::Presence::deleted) {
    return fail(Code::deleted, fmt::format("{} was deleted; that deletion is its version {}", name,
                                           current->version.value));
  }
  if (patch.if_match && *patch.if_match != current->version) {
    return fail(Code::conflict,
                fmt::format("If-Match names version {} of {}, but version {} is current; read it, "
                            "and send the change again on top of that",
                            patch.if_match->value, name, current->version.value));
  }
  return stored_row(parts, moment, current->row);
}

Result<void> check_patched(fhir::JsonValue resource, const views::BodyHeader& from) {
  if (auto checked = fhir::check_resource(resource); !checked) {
    return fail(of_result(std::move(checked).error()));
  }
  TRY_OK(fhir::check_whole(resource));
  TRY(const fhir::TypeId type, fhir::type_of(resource));
  const auto id = resource.find("id");
  if (type != from.type || !id || id->text() != from.id) {
    return fail(Code::value, "a patch changes neither resourceType nor id");
  }
  return ok();
}

Result<Issues> judge_patched(const Parts& parts, fhir::JsonValue resource, Telling telling) {
  auto issues = parts.judge.judge(resource, telling);
  if (!issues) {
    return fail(of_result(std::move(issues).error()));
  }
  drop_lines(*issues);
  return issues;
}

struct MadeOperation {
  Operation operation;
  decide::PreparedOperation prepared;
  Issues issues;
};

Result<MadeOperation> make(const Parts& parts, const Patch& patch, const node::Moment& moment,
                           Telling telling) {
  TRY(std::string id, patched_id(parts, patch, moment));
  TRY(views::Body body, current_body(parts, patch, id, moment));
  fhir::ReaderPool::Lease reader = parts.readers.take();
  Bytes patched;
  {
    TRY(const fhir::Json resource, reader->read(std::move(body.bytes)));
    TRY(patched, apply_patch(parts, patch, resource.root(), *reader));
  }
  TRY(fhir::Json json, reader->read(std::move(patched)));
  TRY_OK(check_patched(json.root(), body.header));
  MadeOperation made;
  TRY(made.issues, judge_patched(parts, json.root(), telling));
  json.minify();
  made.prepared = decide::prepare_operation(patch.type, json.root(), parts.node.extracting());
  Operation& operation = made.operation;
  operation.verb = Verb::patch;
  operation.type = fhir::name(patch.type);
  operation.id = std::move(id);
  operation.if_match = body.header.version;
  operation.condition = patch.condition;
  operation.full_url = patch.full_url;
  operation.patch_form = patch.form;
  operation.patch = patch.document;
  operation.body = json.release();
  return made;
}

Result<void> make_all(const Parts& parts, std::vector<Patching>& patches,
                      const node::Moment& moment, Telling telling, decide::Prepared& prepared) {
  std::uint64_t bytes = 0;
  for (auto& [at, patch, issues] : patches) {
    auto made = make(parts, patch, moment, telling);
    if (made && (bytes += made->operation.body.size()) > patched_bytes_max) {
      made =
          fail(Code::too_costly,
               fmt::format("the patches of one Bundle make resources of more than {} bytes; send "
                           "fewer at once",
                           patched_bytes_max));
    }
    if (!made) {
      if (prepared.operations.size() > 1) {
        made.error().where = fmt::format("Bundle.entry[{}]", at);
        for (Error& further : made.error().more) {
          further.where = made.error().where;
        }
      }
      return fail(std::move(made).error());
    }
    issues = std::move(made->issues);
    prepared.command.operations[at] = std::move(made->operation);
    prepared.operations[at] = std::move(made->prepared);
  }
  return ok();
}

// What stands in the places of the patches of a Command whose key was used could not happen in any
// case: no resource has a version 0.
void fill_places(const std::vector<Patching>& patches, decide::Prepared& prepared) {
  for (const auto& [at, patch, issues] : patches) {
    Operation& operation = prepared.command.operations[at];
    operation.verb = Verb::patch;
    operation.type = fhir::name(patch.type);
    operation.id = patch.id;
    operation.if_match = Version{0};
    prepared.operations[at].type = patch.type;
  }
}

// `prepared` as it is at this moment.
Result<decide::Prepared> prepare_now(const Parts& parts, const decide::Prepared& prepared,
                                     std::vector<Patching>& patches, Telling telling) {
  const node::Moment moment = parts.node.view();
  if (!moment.behind.empty()) {
    return fail(Code::unavailable, std::string(moment.behind));
  }
  decide::Prepared now = prepared;
  TRY(const bool used, was_used(now.command, moment));
  if (used) {
    fill_places(patches, now);
  } else {
    TRY_OK(make_all(parts, patches, moment, telling, now));
  }
  return now;
}

// Whether it was a patch that came too late, and not another operation that is refused.
bool may_try_again(const Error& error, const std::vector<Patching>& patches,
                   std::size_t operations) {
  if (error.code != Code::conflict && error.code != Code::precondition) {
    return false;
  }
  return operations == 1 || std::ranges::any_of(patches, [&](const Patching& patching) {
           return error.where == fmt::format("Bundle.entry[{}]", patching.operation);
         });
}

struct PatchTerms {
  Command command;  ///< without operations
  Patch patch;      ///< without document
};

Result<PatchTerms> read_terms(const Parts& parts, const Call& call, PatchForm form) {
  const Headers& headers = call.request.headers;
  TRY_OK(refuse_conditions(headers, {"If-None-Match", "If-None-Exist"}, "a patch"));
  PatchTerms terms;
  terms.patch.form = form;
  terms.patch.type = call.match.type;
  if (call.match.interaction == Interaction::patch_selected) {
    TRY(terms.patch.condition, address_condition(parts, call.match.type, call.request.query()));
  } else {
    TRY_OK(check_parameters(call, {}));
    terms.patch.id = call.match.id;
  }
  TRY(const auto tag, condition(headers, "If-Match"));
  if (tag) {
    TRY(terms.patch.if_match, if_match(*tag));
  }
  TRY(terms.command, start_command(parts, call.request));
  return terms;
}

}  // namespace

Result<Bytes> read_patch_document(const Parts& parts, const PatchContent& content, Bytes body) {
  if (content.form == PatchForm::xml_patch) {
    return body;
  }
  TRY(Bytes text, json_content(content.format, std::move(body)));
  fhir::ReaderPool::Lease reader = parts.readers.take();
  TRY(fhir::Json json, reader->read(std::move(text)));
  if (content.form != PatchForm::json_patch) {
    if (auto checked = fhir::check_resource(json.root()); !checked) {
      return fail(placed_in(content.format, std::move(checked).error()));
    }
    TRY(const fhir::TypeId type, fhir::type_of(json.root()));
    if (fhir::name(type) != "Parameters") {
      return fail(Code::structure, fmt::format("this takes Parameters, not a {}", fhir::name(type)),
                  "resourceType");
    }
  }
  json.minify();
  return json.release();
}

Task<Result<node::Committed>> submit_patched(const Parts& parts, Executor& on,
                                             decide::Prepared prepared,
                                             std::vector<Patching>& patches, Telling telling) {
  for (std::size_t attempt = 0; attempt < patch_attempts_max; ++attempt) {
    CO_TRY(decide::Prepared now, prepare_now(parts, prepared, patches, telling));
    auto committed = co_await parts.node.submit(on, std::move(now));
    if (committed || !may_try_again(committed.error(), patches, prepared.operations.size())) {
      co_return committed;
    }
  }
  co_return fail(Code::overloaded, "others change this resource all the time; send the same again");
}

Task<Reply> patch_one(const Parts& parts, Call& call, Executor& on, const PatchContent& content,
                      Reply (*show)(const Parts&, const Call&, const node::Committed&,
                                    const Issues&)) {
  auto terms = read_terms(parts, call, content.form);
  if (!terms) {
    co_return refusal(terms.error(), Origin::request);
  }
  auto document = read_patch_document(parts, content, std::move(call.request.body));
  if (!document) {
    co_return refusal(document.error(), Origin::content);
  }
  decide::Prepared prepared;
  prepared.command = std::move(terms->command);
  prepared.command.operations.resize(1);
  prepared.operations.resize(1);
  std::vector<Patching> patches(1);
  patches[0].patch = std::move(terms->patch);
  patches[0].patch.document = *std::move(document);
  const auto committed =
      co_await submit_patched(parts, on, std::move(prepared), patches, telling(call));
  co_return committed ? show(parts, call, *committed, patches[0].issues)
                      : refusal(committed.error(), Origin::content);
}

}  // namespace holdfast::api
