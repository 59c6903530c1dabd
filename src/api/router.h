// api/router.h: the one table of what this server answers. Requests are matched against it, and
// the CapabilityStatement is written from it, so neither can promise what the other lacks.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/message.h"
#include "base/result.h"
#include "fhir/type.h"

namespace holdfast::api {

enum class Interaction : std::uint8_t {
  capabilities,
  openapi,
  bundle,
  read,
  vread,
  history,
  history_type,
  history_system,
  create,
  update,
  update_selected,  ///< by a condition in the query
  remove,
  remove_selected,
  patch,
  patch_selected,
  meta,         ///< of one version, resource or type
  meta_system,  ///< of everything
  meta_add,
  meta_delete,
  expand,
  validate_in_set,
  validate_in_system,
  lookup,
  subsumes,
  translate,
  everything_patient,  ///< of one, or of all
  everything_encounter,
  chronology,  ///< of a patient, an item, or anything
  validate,
  search,
  search_form,
  search_all,
  search_all_form,
  compartment,
  compartment_form,
  explain,  ///< of a search: how it is gone about
  explain_form,
  explain_all,
  explain_all_form,
  mapping_report,  ///< of a Binary that stands for a message
  take_up,         ///< of the same
  channel_queue,   ///< of the Endpoint of a way out to a neighbour; as those below
  channel_sent,
  channel_pause,
  channel_resume,
  channel_fence,
  channel_test,
  channel_replay,
  channel_divert,
  channel_end_diversion,
  channel_pass_on,
  duty_retry,  ///< of a Task about a message that was not taken; as those below
  duty_skip,
  duty_resend,
  item_advance,  ///< of a Task that is an item of a pathway; as those below
  item_assign,
  item_close,
  item_reopen,
  item_hand_over,
  item_accept,
  item_decline,
  item_withdraw_offer,
  close_many,      ///< items together, as one person proposes it
  confirm,         ///< of such a proposal, by a second person
  open_duties,     ///< of whoever may own items
  pending,         ///< of a patient or a stay: what is open behind a discharge
  check_pathways,  ///< a dry run of other definitions
  whereabouts,     ///< of a patient's referrals
  reconcile,       ///< a neighbour's list against ours
  oversight,
  ledger,
  work_list,
  process_message,
  checkpoint,
  proof,
  live,
  ready,
};

/// Where the CapabilityStatement names it, if it does.
enum class Level : std::uint8_t {
  none,
  type,
  system,
  type_operation,
  system_operation,
  own_operation  ///< of the one type that the pattern names
};

struct Route {
  Method method;
  /// Segments: literal, {type} of R4, {id}, {version}, {other}: a type or '*'.
  std::string_view pattern;
  Interaction interaction;
  Level level;
  std::string_view
      code;  ///< CapabilityStatement.rest(.resource).interaction.code, or operation.name
};

inline constexpr std::array routes{
    Route{Method::get, "/fhir/metadata", Interaction::capabilities, Level::none, ""},
    Route{Method::get, "/fhir/openapi.json", Interaction::openapi, Level::none, ""},
    Route{Method::post, "/fhir", Interaction::bundle, Level::system, "transaction"},
    Route{Method::get, "/fhir", Interaction::search_all, Level::system, "search-system"},
    Route{Method::post, "/fhir/_search", Interaction::search_all_form, Level::none, ""},
    Route{Method::get, "/fhir/$explain", Interaction::explain_all, Level::system_operation,
          "explain"},
    Route{Method::post, "/fhir/$explain", Interaction::explain_all_form, Level::system_operation,
          "explain"},
    Route{Method::get, "/fhir/{type}/$explain", Interaction::explain, Level::type_operation,
          "explain"},
    Route{Method::post, "/fhir/{type}/$explain", Interaction::explain_form, Level::type_operation,
          "explain"},
    // Not in the standard, but clients that are much used send it; no id can be read in it.
    Route{Method::get, "/fhir/_search", Interaction::search_all, Level::none, ""},
    Route{Method::get, "/fhir/{type}/_search", Interaction::search, Level::none, ""},
    Route{Method::get, "/fhir/{type}", Interaction::search, Level::type, "search-type"},
    Route{Method::post, "/fhir/{type}", Interaction::create, Level::type, "create"},
    Route{Method::post, "/fhir/{type}/_search", Interaction::search_form, Level::none, ""},
    Route{Method::get, "/fhir/{type}/{id}", Interaction::read, Level::type, "read"},
    Route{Method::put, "/fhir/{type}/{id}", Interaction::update, Level::type, "update"},
    Route{Method::put, "/fhir/{type}", Interaction::update_selected, Level::none, ""},
    Route{Method::remove, "/fhir/{type}", Interaction::remove_selected, Level::none, ""},
    Route{Method::remove, "/fhir/{type}/{id}", Interaction::remove, Level::type, "delete"},
    Route{Method::patch, "/fhir/{type}", Interaction::patch_selected, Level::none, ""},
    Route{Method::patch, "/fhir/{type}/{id}", Interaction::patch, Level::type, "patch"},
    Route{Method::get, "/fhir/$meta", Interaction::meta_system, Level::system_operation, "meta"},
    Route{Method::get, "/fhir/{type}/$meta", Interaction::meta, Level::type_operation, "meta"},
    Route{Method::get, "/fhir/{type}/{id}/$meta", Interaction::meta, Level::type_operation, "meta"},
    Route{Method::get, "/fhir/{type}/{id}/_history/{version}/$meta", Interaction::meta,
          Level::type_operation, "meta"},
    Route{Method::post, "/fhir/{type}/{id}/$meta-add", Interaction::meta_add, Level::type_operation,
          "meta-add"},
    Route{Method::post, "/fhir/{type}/{id}/$meta-delete", Interaction::meta_delete,
          Level::type_operation, "meta-delete"},
    Route{Method::post, "/fhir/{type}/$validate", Interaction::validate, Level::type_operation,
          "validate"},
    Route{Method::get, "/fhir/{type}/{id}/$validate", Interaction::validate, Level::type_operation,
          "validate"},
    Route{Method::post, "/fhir/{type}/{id}/$validate", Interaction::validate, Level::type_operation,
          "validate"},
    Route{Method::get, "/fhir/{type}/{id}/$chronology", Interaction::chronology,
          Level::type_operation, "chronology"},
    Route{Method::get, "/fhir/Binary/{id}/$mapping-report", Interaction::mapping_report,
          Level::own_operation, "mapping-report"},
    Route{Method::post, "/fhir/Binary/{id}/$take-up", Interaction::take_up, Level::own_operation,
          "take-up"},
    Route{Method::get, "/fhir/Endpoint/{id}/$queue", Interaction::channel_queue,
          Level::own_operation, "queue"},
    Route{Method::get, "/fhir/Endpoint/{id}/$sent", Interaction::channel_sent, Level::own_operation,
          "sent"},
    Route{Method::post, "/fhir/Endpoint/{id}/$pause", Interaction::channel_pause,
          Level::own_operation, "pause"},
    Route{Method::post, "/fhir/Endpoint/{id}/$resume", Interaction::channel_resume,
          Level::own_operation, "resume"},
    Route{Method::post, "/fhir/Endpoint/{id}/$fence", Interaction::channel_fence,
          Level::own_operation, "fence"},
    Route{Method::post, "/fhir/Endpoint/{id}/$test", Interaction::channel_test,
          Level::own_operation, "test"},
    Route{Method::post, "/fhir/Endpoint/{id}/$replay", Interaction::channel_replay,
          Level::own_operation, "replay"},
    Route{Method::post, "/fhir/Endpoint/{id}/$divert", Interaction::channel_divert,
          Level::own_operation, "divert"},
    Route{Method::post, "/fhir/Endpoint/{id}/$end-diversion", Interaction::channel_end_diversion,
          Level::own_operation, "end-diversion"},
    Route{Method::post, "/fhir/Endpoint/{id}/$pass-on", Interaction::channel_pass_on,
          Level::own_operation, "pass-on"},
    Route{Method::post, "/fhir/Task/{id}/$retry", Interaction::duty_retry, Level::own_operation,
          "retry"},
    Route{Method::post, "/fhir/Task/{id}/$skip", Interaction::duty_skip, Level::own_operation,
          "skip"},
    Route{Method::post, "/fhir/Task/{id}/$resend", Interaction::duty_resend, Level::own_operation,
          "resend"},
    Route{Method::post, "/fhir/Task/{id}/$advance", Interaction::item_advance, Level::own_operation,
          "advance"},
    Route{Method::post, "/fhir/Task/{id}/$assign", Interaction::item_assign, Level::own_operation,
          "assign"},
    Route{Method::post, "/fhir/Task/{id}/$close", Interaction::item_close, Level::own_operation,
          "close"},
    Route{Method::post, "/fhir/Task/{id}/$reopen", Interaction::item_reopen, Level::own_operation,
          "reopen"},
    Route{Method::post, "/fhir/Task/{id}/$hand-over", Interaction::item_hand_over,
          Level::own_operation, "hand-over"},
    Route{Method::post, "/fhir/Task/{id}/$accept", Interaction::item_accept, Level::own_operation,
          "accept"},
    Route{Method::post, "/fhir/Task/{id}/$decline", Interaction::item_decline, Level::own_operation,
          "decline"},
    Route{Method::post, "/fhir/Task/{id}/$withdraw-offer", Interaction::item_withdraw_offer,
          Level::own_operation, "withdraw-offer"},
    Route{Method::post, "/fhir/Task/$close-many", Interaction::close_many, Level::own_operation,
          "close-many"},
    Route{Method::post, "/fhir/List/{id}/$confirm", Interaction::confirm, Level::own_operation,
          "confirm"},
    Route{Method::get, "/fhir/Task/$work-list", Interaction::work_list, Level::own_operation,
          "work-list"},
    Route{Method::get, "/fhir/Practitioner/{id}/$open-duties", Interaction::open_duties,
          Level::own_operation, "open-duties"},
    Route{Method::get, "/fhir/PractitionerRole/{id}/$open-duties", Interaction::open_duties,
          Level::own_operation, "open-duties"},
    Route{Method::get, "/fhir/CareTeam/{id}/$open-duties", Interaction::open_duties,
          Level::own_operation, "open-duties"},
    Route{Method::get, "/fhir/Organization/{id}/$open-duties", Interaction::open_duties,
          Level::own_operation, "open-duties"},
    Route{Method::get, "/fhir/Patient/{id}/$pending", Interaction::pending, Level::own_operation,
          "pending"},
    Route{Method::get, "/fhir/Encounter/{id}/$pending", Interaction::pending, Level::own_operation,
          "pending"},
    Route{Method::post, "/fhir/$check-pathways", Interaction::check_pathways,
          Level::system_operation, "check-pathways"},
    Route{Method::get, "/fhir/$ledger", Interaction::ledger, Level::system_operation, "ledger"},
    Route{Method::post, "/fhir/$reconcile", Interaction::reconcile, Level::system_operation,
          "reconcile"},
    Route{Method::post, "/fhir/$process-message", Interaction::process_message,
          Level::system_operation, "process-message"},
    Route{Method::get, "/fhir/$oversight", Interaction::oversight, Level::system_operation,
          "oversight"},
    Route{Method::get, "/fhir/Patient/{id}/$where-is-my-referral", Interaction::whereabouts,
          Level::own_operation, "where-is-my-referral"},
    Route{Method::get, "/fhir/ValueSet/$expand", Interaction::expand, Level::own_operation,
          "expand"},
    Route{Method::post, "/fhir/ValueSet/$expand", Interaction::expand, Level::own_operation,
          "expand"},
    Route{Method::get, "/fhir/ValueSet/{id}/$expand", Interaction::expand, Level::own_operation,
          "expand"},
    Route{Method::post, "/fhir/ValueSet/{id}/$expand", Interaction::expand, Level::own_operation,
          "expand"},
    Route{Method::get, "/fhir/ValueSet/$validate-code", Interaction::validate_in_set,
          Level::own_operation, "validate-code"},
    Route{Method::post, "/fhir/ValueSet/$validate-code", Interaction::validate_in_set,
          Level::own_operation, "validate-code"},
    Route{Method::get, "/fhir/ValueSet/{id}/$validate-code", Interaction::validate_in_set,
          Level::own_operation, "validate-code"},
    Route{Method::post, "/fhir/ValueSet/{id}/$validate-code", Interaction::validate_in_set,
          Level::own_operation, "validate-code"},
    Route{Method::get, "/fhir/CodeSystem/$validate-code", Interaction::validate_in_system,
          Level::own_operation, "validate-code"},
    Route{Method::post, "/fhir/CodeSystem/$validate-code", Interaction::validate_in_system,
          Level::own_operation, "validate-code"},
    Route{Method::get, "/fhir/CodeSystem/{id}/$validate-code", Interaction::validate_in_system,
          Level::own_operation, "validate-code"},
    Route{Method::post, "/fhir/CodeSystem/{id}/$validate-code", Interaction::validate_in_system,
          Level::own_operation, "validate-code"},
    Route{Method::get, "/fhir/CodeSystem/$lookup", Interaction::lookup, Level::own_operation,
          "lookup"},
    Route{Method::post, "/fhir/CodeSystem/$lookup", Interaction::lookup, Level::own_operation,
          "lookup"},
    Route{Method::get, "/fhir/CodeSystem/$subsumes", Interaction::subsumes, Level::own_operation,
          "subsumes"},
    Route{Method::post, "/fhir/CodeSystem/$subsumes", Interaction::subsumes, Level::own_operation,
          "subsumes"},
    Route{Method::get, "/fhir/CodeSystem/{id}/$subsumes", Interaction::subsumes,
          Level::own_operation, "subsumes"},
    Route{Method::post, "/fhir/CodeSystem/{id}/$subsumes", Interaction::subsumes,
          Level::own_operation, "subsumes"},
    Route{Method::get, "/fhir/ConceptMap/$translate", Interaction::translate, Level::own_operation,
          "translate"},
    Route{Method::post, "/fhir/ConceptMap/$translate", Interaction::translate, Level::own_operation,
          "translate"},
    Route{Method::get, "/fhir/ConceptMap/{id}/$translate", Interaction::translate,
          Level::own_operation, "translate"},
    Route{Method::post, "/fhir/ConceptMap/{id}/$translate", Interaction::translate,
          Level::own_operation, "translate"},
    Route{Method::get, "/fhir/Patient/$everything", Interaction::everything_patient,
          Level::own_operation, "everything"},
    Route{Method::post, "/fhir/Patient/$everything", Interaction::everything_patient,
          Level::own_operation, "everything"},
    Route{Method::get, "/fhir/Patient/{id}/$everything", Interaction::everything_patient,
          Level::own_operation, "everything"},
    Route{Method::post, "/fhir/Patient/{id}/$everything", Interaction::everything_patient,
          Level::own_operation, "everything"},
    Route{Method::get, "/fhir/Encounter/{id}/$everything", Interaction::everything_encounter,
          Level::own_operation, "everything"},
    Route{Method::post, "/fhir/Encounter/{id}/$everything", Interaction::everything_encounter,
          Level::own_operation, "everything"},
    Route{Method::get, "/fhir/{type}/{id}/_history", Interaction::history, Level::type,
          "history-instance"},
    Route{Method::get, "/fhir/{type}/_history", Interaction::history_type, Level::type,
          "history-type"},
    Route{Method::get, "/fhir/_history", Interaction::history_system, Level::system,
          "history-system"},
    Route{Method::get, "/fhir/{type}/{id}/_history/{version}", Interaction::vread, Level::type,
          "vread"},
    Route{Method::get, "/fhir/{type}/{id}/{other}", Interaction::compartment, Level::none, ""},
    Route{Method::post, "/fhir/{type}/{id}/{other}/_search", Interaction::compartment_form,
          Level::none, ""},
    Route{Method::get, "/journal/checkpoint", Interaction::checkpoint, Level::none, ""},
    Route{Method::get, "/journal/proof", Interaction::proof, Level::none, ""},
    Route{Method::get, "/health/live", Interaction::live, Level::none, ""},
    Route{Method::get, "/health/ready", Interaction::ready, Level::none, ""},
};

/// A route with what its placeholders stood for.
struct Match {
  Interaction interaction{};
  fhir::TypeId type{};
  std::string id;
  std::string version;
  std::optional<fhir::TypeId> other;  ///< of a compartment; nothing for '*'
};

/// The route of a request; HEAD is GET. `path` is as sent, without the query.
/// not_found (no such address), unknown_type, value (an id outside its grammar), method (the
/// address is there, but not for this method), syntax.
[[nodiscard]] Result<Match> match(Method method, std::string_view path);

/// "GET, HEAD, OPTIONS, POST": what the address takes; empty if nothing is there.
[[nodiscard]] std::string allowed_methods(std::string_view path);

}  // namespace holdfast::api
