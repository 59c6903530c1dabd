// api/meta.cpp: https://hl7.org/fhir/R4/resource-operation-meta.html, -meta-add.html and
// -meta-delete.html. Nothing here is overwritten: what is added or taken away makes a new version,
// and older ones keep theirs. Of a type or of everything $meta reads every resource, so there is a
// bound on how many.
#include <fmt/format.h>

#include "api/format.h"
#include "api/interactions.h"
#include "api/patching.h"
#include "api/stored.h"
#include "api/writing.h"
#include "fhir/json_writer.h"
#include "fhir/meta.h"
#include "views/keys.h"

namespace holdfast::api {
namespace {

// Each costs some tens of microseconds.
constexpr std::size_t meta_resources_max = 2000;
// Profiles, labels and tags in one answer.
constexpr std::size_t meta_entries_max = 10'000;

// The output of these operations: one parameter, `return`.
Bytes parameters_with(BytesView meta) {
  fhir::JsonWriter json(meta.size() + 96);
  json.open('{');
  json.text("resourceType", "Parameters");
  json.open("parameter", '[');
  json.open('{');
  json.text("name", "return");
  json.raw("valueMeta", meta);
  json.close('}');
  json.close(']');
  json.close('}');
  return json.take();
}

Result<Bytes> meta_of(const Parts& parts, Bytes resource) {
  fhir::ReaderPool::Lease reader = parts.readers.take();
  TRY(const fhir::Json json, reader->read(std::move(resource)));
  const auto meta = json.root().find("meta");
  return parameters_with(meta ? meta->raw() : BytesView("{}"));
}

Result<Reply> meta_of_one(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY_OK(check_parameters(call, {}));
  TRY(Reply reply,
      call.match.version.empty() ? read(parts, call, moment) : vread(parts, call, moment));
  if (reply.status == 200) {
    TRY(reply.body, meta_of(parts, reply.body.joined()));
  }
  return reply;
}

// Resources of the types whose keys begin with `prefix`: one, or all.
Result<Bytes> meta_of_all(const Parts& parts, const node::Moment& moment, BytesView prefix) {
  fhir::MetaUnion all;
  fhir::ReaderPool::Lease reader = parts.readers.take();
  std::size_t seen = 0;
  const Bytes until = views::after_prefix(prefix);
  const auto cursor =
      moment.reader->scan(views::Table::current, prefix, until, views::Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    TRY(const views::Pointer pointer, views::current_at(*cursor));
    if (pointer.at.presence == views::Presence::deleted) {
      continue;
    }
    if (++seen > meta_resources_max || all.size() > meta_entries_max) {
      return fail(Code::too_costly,
                  fmt::format("$meta of more than {} resources is not answered; ask for that of "
                              "one resource, or search by _tag, _profile or _security",
                              meta_resources_max));
    }
    TRY(views::Body body, stored_row(parts, moment, pointer.at.row));
    TRY(const fhir::Json json, reader->read(std::move(body.bytes)));
    all.add(json.root());
  }
  TRY_OK(cursor->status());
  return parameters_with(all.json());
}

// The meta of the version that was made: the same whenever it is asked for.
Reply show_changed(const Parts& parts, const Call& call, const node::Committed& committed,
                   const Issues& issues) {
  Reply reply = show_written(parts, call, committed, issues);
  const OperationResult& result = committed.outcome.results[0];
  auto body = stored_version(parts, parts.node.view(), call.match.type, result.id, result.version);
  const auto shown =
      body ? meta_of(parts, std::move(body->bytes)) : Result<Bytes>(fail(body.error()));
  reply.headers.set("Content-Type", fhir_json);
  // It is durable whatever happens now: the reply must not say otherwise.
  reply.body = shown ? *shown
                     : success_outcome(
                           fmt::format("done, but reading it back failed: {}", shown.error().what));
  return reply;
}

}  // namespace

Result<Reply> meta(const Parts& parts, const Call& call, const node::Moment& moment) {
  if (!call.match.id.empty()) {
    return meta_of_one(parts, call, moment);
  }
  TRY_OK(check_parameters(call, {}));
  Bytes prefix;
  if (call.match.interaction == Interaction::meta) {
    prefix = views::past_key(call.match.type, std::nullopt);
  }
  Reply reply;
  TRY(reply.body, meta_of_all(parts, moment, prefix));
  reply.headers.add("Content-Type", fhir_json);
  return reply;
}

Task<Reply> change_meta(const Parts& parts, Call& call, Executor& on) {
  const auto format = content_format(call.request.headers);
  if (!format) {
    co_return refusal(format.error(), Origin::content);
  }
  const PatchForm form = call.match.interaction == Interaction::meta_add ? PatchForm::meta_add
                                                                         : PatchForm::meta_delete;
  const PatchContent content{form, *format};
  co_return co_await patch_one(parts, call, on, content, show_changed);
}

}  // namespace holdfast::api
