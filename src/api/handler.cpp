#include "api/handler.h"

#include <fmt/format.h>

#include "api/format.h"
#include "api/interactions.h"

namespace holdfast::api {
namespace {

// A Call of the request, or why there is none. The route is told first: what an address takes does
// not depend on what else is wrong.
Result<Call> read_call(Request& request) {
  Call call;
  TRY(call.match, match(request.method, request.path()));
  if (const std::string_view query = request.query(); !query.empty()) {
    TRY(call.parameters, parse_parameters(query));
  }
  call.prefer = preferences(request.headers);
  // Its forms are not those of FHIR: it reads them itself.
  if (call.match.interaction != Interaction::chronology) {
    TRY(call.format, reply_format(request.headers, call.parameters));
  }
  TRY_OK(layout(call.parameters));
  return call;
}

// The form of a refusal of a request that has no Call: what can still be known of it.
Format refusal_format(const Request& request) {
  auto parameters = parse_parameters(request.query());
  return reply_format(request.headers, parameters ? *parameters : std::vector<Parameter>())
      .value_or(Format::json);
}

Reply refuse_address(const Error& error, const Request& request) {
  Reply reply = refusal(error, Origin::request);
  if (error.code == Code::method) {
    reply.headers.add("Allow", allowed_methods(request.path()));
  }
  return reply;
}

Reply show_options(const Request& request) {
  const std::string methods = request.target == "*"
                                  ? std::string("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
                                  : allowed_methods(request.path());
  if (methods.empty()) {
    return refusal(Error{Code::not_found, "nothing is at this address", {}, {}}, Origin::request);
  }
  Reply reply;
  reply.status = 204;
  reply.headers.add("Allow", methods);
  if (methods.find("PATCH") != std::string::npos) {
    reply.headers.add("Accept-Patch", accept_patch());
  }
  return reply;
}

Reply or_refusal(Result<Reply> result) {
  return result ? *std::move(result) : refusal(result.error(), Origin::request);
}

Result<Reply> answer_moment(const Parts& parts, const Call& call, const node::Moment& moment) {
  switch (call.match.interaction) {
    case Interaction::read: return read(parts, call, moment);
    case Interaction::vread: return vread(parts, call, moment);
    case Interaction::history:
    case Interaction::history_type:
    case Interaction::history_system: return history(parts, call, moment);
    case Interaction::search:
    case Interaction::search_form:
    case Interaction::search_all:
    case Interaction::search_all_form:
    case Interaction::compartment:
    case Interaction::compartment_form: return search(parts, call, moment);
    case Interaction::explain:
    case Interaction::explain_form:
    case Interaction::explain_all:
    case Interaction::explain_all_form: return explain(parts, call, moment);
    case Interaction::meta:
    case Interaction::meta_system: return meta(parts, call, moment);
    case Interaction::expand:
    case Interaction::validate_in_set:
    case Interaction::validate_in_system:
    case Interaction::lookup:
    case Interaction::subsumes:
    case Interaction::translate: return terminology_operation(parts, call, moment);
    case Interaction::everything_patient:
    case Interaction::everything_encounter: return everything(parts, call, moment);
    case Interaction::chronology: return chronology(parts, call, moment);
    case Interaction::validate: return validate(parts, call, moment);
    case Interaction::capabilities: return capabilities(parts, call);
    case Interaction::openapi: return openapi(parts, call);
    case Interaction::mapping_report: return mapping_report(parts, call, moment);
    case Interaction::channel_queue: return channel_queue(parts, call, moment);
    case Interaction::channel_sent: return channel_sent(parts, call, moment);
    case Interaction::work_list: return work_list(parts, call, moment);
    case Interaction::ledger: return ledger(parts, call, moment);
    case Interaction::oversight: return oversight(parts, call, moment);
    case Interaction::open_duties: return open_duties(parts, call, moment);
    case Interaction::pending: return pending(parts, call, moment);
    case Interaction::check_pathways: return check_pathways(parts, call, moment);
    case Interaction::whereabouts: return where_is_my_referral(parts, call, moment);
    case Interaction::checkpoint: return checkpoint(parts, call);
    case Interaction::proof: return proof(parts, call);
    case Interaction::live: return live(parts, call);
    case Interaction::ready: return ready(parts, call);
    case Interaction::bundle:
    case Interaction::create:
    case Interaction::update:
    case Interaction::update_selected:
    case Interaction::remove:
    case Interaction::remove_selected:
    case Interaction::patch:
    case Interaction::patch_selected:
    case Interaction::meta_add:
    case Interaction::meta_delete:
    case Interaction::take_up:
    case Interaction::channel_pause:
    case Interaction::channel_resume:
    case Interaction::channel_fence:
    case Interaction::channel_test:
    case Interaction::channel_replay:
    case Interaction::channel_divert:
    case Interaction::channel_end_diversion:
    case Interaction::channel_pass_on:
    case Interaction::duty_retry:
    case Interaction::duty_skip:
    case Interaction::duty_resend:
    case Interaction::item_advance:
    case Interaction::item_assign:
    case Interaction::item_close:
    case Interaction::item_reopen:
    case Interaction::item_hand_over:
    case Interaction::item_accept:
    case Interaction::item_decline:
    case Interaction::item_withdraw_offer:
    case Interaction::close_many:
    case Interaction::confirm:
    case Interaction::reconcile:
    case Interaction::process_message: break;
  }
  check(false, "an interaction that writes does not come here");
  return Reply{};
}

// What a damaged end of the journal makes unknowable. A version that is found stays what it is.
bool tells_what_is_there(Interaction interaction) {
  switch (interaction) {
    case Interaction::read:
    case Interaction::history:
    case Interaction::history_type:
    case Interaction::history_system:
    case Interaction::meta:
    case Interaction::meta_system:
    case Interaction::search:
    case Interaction::search_form:
    case Interaction::search_all:
    case Interaction::search_all_form:
    case Interaction::compartment:
    case Interaction::compartment_form:
    case Interaction::explain:
    case Interaction::explain_form:
    case Interaction::explain_all:
    case Interaction::explain_all_form:
    case Interaction::everything_patient:
    case Interaction::everything_encounter:
    case Interaction::chronology:
    case Interaction::channel_queue:
    case Interaction::work_list:
    case Interaction::ledger:
    case Interaction::oversight:
    case Interaction::whereabouts:
    case Interaction::check_pathways:
    case Interaction::open_duties:
    case Interaction::pending:
    case Interaction::channel_sent: return true;
    default: return false;
  }
}

Reply refuse_behind(const node::Moment& moment) {
  return refusal(Error{Code::unavailable, std::string(moment.behind), {}, {}}, Origin::request);
}

/// What may read a whole record.
bool is_long(const Call& call) {
  const Interaction interaction = call.match.interaction;
  const auto has = [&](std::string_view name) { return parameter(call, name).has_value(); };
  if (interaction == Interaction::work_list) {
    return has("pathway") || has("state") || has("overseer") || has("_page") || has("teams") ||
           has("pending-at-discharge");
  }
  return interaction == Interaction::everything_patient ||
         interaction == Interaction::everything_encounter ||
         interaction == Interaction::chronology || interaction == Interaction::channel_sent ||
         interaction == Interaction::ledger || interaction == Interaction::oversight ||
         interaction == Interaction::channel_replay ||
         interaction == Interaction::channel_pass_on || interaction == Interaction::reconcile ||
         interaction == Interaction::open_duties || interaction == Interaction::pending ||
         interaction == Interaction::check_pathways || interaction == Interaction::close_many ||
         interaction == Interaction::confirm;
}

bool is_form(Interaction interaction) {
  return interaction == Interaction::search_form || interaction == Interaction::search_all_form ||
         interaction == Interaction::compartment_form || interaction == Interaction::explain_form ||
         interaction == Interaction::explain_all_form;
}

// https://hl7.org/fhir/R4/http.html#search: parameters of the address count beside those of the
// form.
Result<void> add_form(Call& call) {
  TRY(const std::vector<Parameter> form, parse_parameters(call.request.body));
  call.parameters.insert(call.parameters.end(), form.begin(), form.end());
  TRY(call.format, reply_format(call.request.headers, call.parameters));
  TRY_OK(layout(call.parameters));
  return ok();
}

}  // namespace

Reply answer_reading(const Parts& parts, const Call& call, const node::Moment& moment) {
  const bool behind = !moment.behind.empty();
  if (behind && tells_what_is_there(call.match.interaction)) {
    return refuse_behind(moment);
  }
  auto reply = answer_moment(parts, call, moment);
  if (behind && !reply && reply.error().code == Code::not_found &&
      call.match.interaction == Interaction::vread) {
    return refuse_behind(moment);
  }
  return or_refusal(std::move(reply));
}

FhirHandler::FhirHandler(node::Node& node, World& world, Options options,
                         std::unique_ptr<const Definitions> definitions)
    : options_(std::move(options)),
      bulk_(world.bulk),
      definitions_(std::move(definitions)),
      judge_(*definitions_, world.clock, options_.judging),
      capabilities_(world.clock.wall()),
      parts_{node,          world.random, options_,    readers_,
             capabilities_, openapi_,     world.clock, definitions_->terminology(),
             judge_} {}

Executor& FhirHandler::next_bulk() {
  return *bulk_[bulk_turn_.fetch_add(1, std::memory_order_relaxed) % bulk_.size()];
}

std::uint64_t FhirHandler::body_bytes_max(const Request& head) const {
  switch (head.method) {
    case Method::get:
    case Method::head:
    case Method::remove:
    case Method::options: return 0;
    default: break;
  }
  const bool is_form = head.path().ends_with("/_search") || head.path().ends_with("/$explain");
  return is_form ? form_bytes_max : request_body_bytes_max;
}

Task<Reply> FhirHandler::handle(Request request, Executor& on) {
  if (request.method == Method::options) {
    co_return show_options(request);
  }
  auto call = read_call(request);
  if (!call) {
    Reply reply = refuse_address(call.error(), request);
    if (refusal_format(request) == Format::xml) {
      write_as_xml(readers_, reply, Layout::compact, Deed::reading);
    }
    co_return reply;
  }
  call->request = std::move(request);
  const bool large = call->request.body.size() >= bulk_body_bytes_min || is_long(*call);
  Executor& there = large ? next_bulk() : on;
  if (large) {
    co_await there.turn();
  }
  Reply reply = co_await answer(*call, there);
  if (large) {
    co_await on.turn();
  }
  if (call->format == Format::xml && reply.body.size() >= bulk_body_bytes_min) {
    co_await next_bulk().turn();
    lay_out(*call, reply);
    co_await on.turn();
  } else {
    lay_out(*call, reply);
  }
  co_return reply;
}

// The form and the layout that were asked for.
void FhirHandler::lay_out(const Call& call, Reply& reply) {
  const bool indents = layout(call.parameters).value_or(Layout::compact) == Layout::indented &&
                       reply.body.size() <= indented_bytes_max;
  if (call.format == Format::xml) {
    write_as_xml(readers_, reply, indents ? Layout::indented : Layout::compact,
                 deed_of(call.match.interaction));
  } else if (indents && reply.headers.find("Content-Type") == fhir_json) {
    reply.body = indent(reply.body.joined());
  }
}

Task<Reply> FhirHandler::answer(Call& call, Executor& on) {
  switch (call.match.interaction) {
    case Interaction::create: return create(parts_, call, on);
    case Interaction::update:
    case Interaction::update_selected: return update(parts_, call, on);
    case Interaction::remove:
    case Interaction::remove_selected: return remove(parts_, call, on);
    case Interaction::patch:
    case Interaction::patch_selected: return patch(parts_, call, on);
    case Interaction::meta_add:
    case Interaction::meta_delete: return change_meta(parts_, call, on);
    case Interaction::channel_pause:
    case Interaction::channel_resume:
    case Interaction::channel_fence: return set_channel(parts_, call, on);
    case Interaction::channel_test: return test_channel(parts_, call, on);
    case Interaction::channel_replay: return replay_channel(parts_, call, on);
    case Interaction::channel_divert:
    case Interaction::channel_end_diversion: return divert_channel(parts_, call, on);
    case Interaction::channel_pass_on: return pass_on(parts_, call, on);
    case Interaction::duty_retry:
    case Interaction::duty_skip:
    case Interaction::duty_resend: return change_duty(parts_, call, on);
    case Interaction::item_advance:
    case Interaction::item_assign:
    case Interaction::item_close:
    case Interaction::item_reopen:
    case Interaction::item_hand_over:
    case Interaction::item_accept:
    case Interaction::item_decline:
    case Interaction::item_withdraw_offer: return change_item(parts_, call, on);
    case Interaction::close_many: return close_many(parts_, call, on);
    case Interaction::confirm: return confirm(parts_, call, on);
    case Interaction::reconcile: return reconcile_list(parts_, call, on);
    case Interaction::process_message: return process_message(parts_, call, on);
    case Interaction::take_up: return take_up(parts_, call, on);
    case Interaction::bundle: return bundle(parts_, call, on);
    default: return answer_now(call);
  }
}

Task<Reply> FhirHandler::answer_now(Call& call) {
  if (is_form(call.match.interaction)) {
    if (const auto good = check_form_type(call.request.headers); !good) {
      co_return refusal(good.error(), Origin::content);
    }
    if (const auto good = add_form(call); !good) {
      co_return refusal(good.error(), Origin::request);
    }
  }
  const node::Moment moment = parts_.node.view();
  Reply reply = answer_reading(parts_, call, moment);
  if (reply.status < 500 && !reply.headers.has("Holdfast-Position")) {
    add_position(reply, moment.state.position);
  }
  co_return reply;
}

}  // namespace holdfast::api
