#include "api/writing.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/format.h"
#include "api/stored.h"
#include "decide/follow.h"
#include "fhir/check.h"
#include "fhir/sites.h"
#include "fhir/subset.h"
#include "views/requests.h"

namespace holdfast::api {
namespace {

// 200 with a body, or the bare status: https://hl7.org/fhir/R4/http.html#ops
void add_content(Reply& reply, const Parts& parts, const Call& call, const Written& what,
                 const Issues& issues) {
  if (call.prefer.content == Return::minimal) {
    return;
  }
  reply.headers.add("Content-Type", fhir_json);
  const std::string named = fmt::format("{}/{}", fhir::name(what.type), what.id);
  const std::string done =
      fmt::format("{} is {}", what.id.empty() ? "what the condition selects" : named,
                  what.status == Status::created   ? "created"
                  : what.status == Status::updated ? "updated"
                  : what.status == Status::matched ? "there already, and selected by If-None-Exist"
                  : what.status == Status::removed ? "deleted"
                                                   : "not there; nothing was deleted");
  if (call.prefer.content == Return::operation_outcome) {
    reply.body = success_outcome(done, issues);
    return;
  }
  auto body = stored_version(parts, parts.node.view(), what.type, what.id, what.version);
  // It is durable whatever happens now: the reply must not say otherwise.
  reply.body = body ? std::move(body->bytes)
                    : success_outcome(fmt::format("{}, but reading it back failed: {}", done,
                                                  body.error().what));
}

decide::Prepared prepare(Terms terms, Content content) {
  terms.operation.type = fhir::name(content.type);
  if (content.id && !terms.operation.condition.empty() && terms.operation.verb == Verb::update) {
    terms.operation.id = *std::move(content.id);
  }
  terms.operation.body = std::move(content.body);
  decide::Prepared prepared;
  prepared.command = std::move(terms.command);
  prepared.command.operations.push_back(std::move(terms.operation));
  prepared.operations.push_back(std::move(content.prepared));
  return prepared;
}

}  // namespace

Telling telling(const Call& call) {
  return call.prefer.content == Return::operation_outcome ? Telling::issues : Telling::nothing;
}

namespace {

/// Whoever ends leaves items to the fallbacks of their pathways: whoever ended them is told how
/// many.
void add_moved(Reply& reply, const node::Committed& committed, std::string_view type,
               std::string_view id) {
  const std::string why = decide::owner_has_ended(fmt::format("{}/{}", type, id));
  const auto moved = std::ranges::count_if(committed.outcome.made, [&](const Made& made) {
    return !made.operation && made.body.find(why) != Bytes::npos;
  });
  if (moved > 0) {
    reply.headers.add("Holdfast-Items-Moved", std::to_string(moved));
  }
}

}  // namespace

Reply show_written(const Parts& parts, const Call& call, const node::Committed& committed,
                   const Issues& issues) {
  const auto what = written(parts, committed, 0, call.match.type);
  if (!what) {
    return refusal(what.error(), Origin::content);
  }
  Reply reply;
  reply.status = http_status(what->status);
  add_position(reply, committed.position);
  if (!committed.outcome.made.empty()) {
    add_moved(reply, committed, fhir::name(what->type), what->id);
  }
  const bool gone = what->status == Status::removed || what->status == Status::absent;
  if (what->status != Status::absent) {
    add_version_headers(reply.headers, what->version, what->time);
  }
  if (!gone) {
    const std::string base = base_url(parts.options, call.request);
    reply.headers.add(
        "Location", fmt::format("{}{}{}", base, base.empty() ? "" : "/", local_version_url(*what)));
    add_content(reply, parts, call, *what, issues);
  } else if (call.prefer.content == Return::operation_outcome) {
    reply.status = 200;
    add_content(reply, parts, call, *what, issues);
  }
  return reply;
}

Result<Content> read_content(const Parts& parts, Format format, Bytes body, Telling telling) {
  TRY(Bytes text, json_content(format, std::move(body)));
  fhir::ReaderPool::Lease reader = parts.readers.take();
  auto read = reader->read(std::move(text));
  if (!read) {
    return fail(placed_in(format, std::move(read).error()));
  }
  fhir::Json json = *std::move(read);
  if (auto good = fhir::check_resource(json.root()); !good) {
    return fail(placed_in(format, std::move(good).error()));
  }
  if (auto whole = fhir::check_whole(json.root()); !whole) {
    return fail(placed_in(format, std::move(whole).error()));
  }
  auto issues = parts.judge.judge(json.root(), telling);
  if (!issues) {
    return fail(placed_in(format, std::move(issues).error()));
  }
  json.minify();
  Content content;
  content.issues = *std::move(issues);
  if (format == Format::xml) {
    drop_lines(content.issues);
  }
  const auto type = json.root().find("resourceType");
  content.type = *fhir::type_id(type->text());
  if (const auto id = json.root().find("id")) {
    content.id = id->text();
  }
  content.prepared = decide::prepare_operation(content.type, json.root(), parts.node.extracting());
  content.body = json.release();
  return content;
}

Hash request_hash(const Request& request) {
  const auto header = [&request](std::string_view name) {
    return request.headers.find(name).value_or("");
  };
  // None of the parts before the body can hold a line end.
  return sha256({request.method_text, "\n", request.target, "\n", header("If-Match"), "\n",
                 header("If-None-Exist"), "\n", request.body});
}

Result<Command> start_command(const Parts& parts, const Request& request) {
  Command command;
  TRY(const auto key, given_key(request.headers));
  if (key) {
    command.key = idempotency_key(parts.options.principal, *key);
    command.key_origin = KeyOrigin::given;
  } else {
    parts.random.fill(command.key.bytes);
  }
  TRY(command.purpose, given_purpose(request.headers));
  command.request_hash = request_hash(request);
  command.principal = parts.options.principal;
  command.channel = "http";
  return command;
}

Result<bool> was_used(const Command& command, const node::Moment& moment) {
  if (command.key_origin != KeyOrigin::given) {
    return false;
  }
  TRY(const auto before, views::read_request(*moment.reader, command.key));
  return before.has_value();
}

Result<Written> written(const Parts& parts, const node::Committed& committed, std::size_t operation,
                        fhir::TypeId type) {
  const OperationResult& result = committed.outcome.results[operation];
  Written written{result.status, type, result.id, result.version, committed.time};
  if (result.status == Status::matched) {
    const node::Moment moment = parts.node.view();
    TRY(const auto row, views::read_version(*moment.reader, type, result.id, result.version));
    if (!row) {
      return fail(Code::corrupt, fmt::format("version {} of {}/{} was matched and is not there",
                                             result.version.value, fhir::name(type), result.id));
    }
    TRY(const views::BodyHeader header, views::read_body_header(*moment.reader, *row));
    written.time = header.time;
  }
  return written;
}

int http_status(Status status) {
  switch (status) {
    case Status::created: return 201;
    case Status::updated:
    case Status::matched: return 200;
    case Status::removed:
    case Status::absent: return 204;
  }
  return 500;
}

std::string local_version_url(const Written& written) {
  return fmt::format("{}/{}/_history/{}", fhir::name(written.type), written.id,
                     written.version.value);
}

Task<Reply> write_one(const Parts& parts, const Call& call, Executor& on, decide::Prepared prepared,
                      Origin origin, Issues issues) {
  const auto committed = co_await parts.node.submit(on, std::move(prepared));
  if (!committed) {
    co_return refusal(committed.error(), origin);
  }
  co_return show_written(parts, call, *committed, issues);
}

Task<Reply> write_content(const Parts& parts, Call& call, Executor& on,
                          Result<Terms> (*read_terms)(const Parts&, const Call&),
                          Result<void> (*check_address)(const Content&, const Match&)) {
  const auto format = content_format(call.request.headers);
  if (!format) {
    co_return refusal(format.error(), Origin::content);
  }
  auto terms = read_terms(parts, call);
  if (!terms) {
    co_return refusal(terms.error(), Origin::request);
  }
  auto content = read_content(parts, *format, std::move(call.request.body), telling(call));
  if (!content) {
    co_return refusal(content.error(), Origin::content);
  }
  if (const auto same = check_address(*content, call.match); !same) {
    co_return refusal(same.error(), Origin::request);
  }
  Issues issues = std::move(content->issues);
  auto prepared = prepare(*std::move(terms), *std::move(content));
  co_return co_await write_one(parts, call, on, std::move(prepared), Origin::content,
                               std::move(issues));
}

}  // namespace holdfast::api
