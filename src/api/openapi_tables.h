// api/openapi_tables.h: what OpenAPI says of an interaction beside its route, and the parameters
// that interactions share. Included by openapi*.cpp only; openapi_test.cpp looks that every route
// has a row.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "api/router.h"
#include "base/check.h"

namespace holdfast::api {

/// What a request brings.
enum class Brings : std::uint8_t { nothing, resource, bundle, parameters, patch, form };
/// What a reply of success holds.
enum class Answers : std::uint8_t {
  resource,
  bundle,
  parameters,
  statement,
  nothing,
  text,
  json,
  evidence
};

struct InteractionText {
  Interaction interaction;
  std::string_view name;     ///< stands in operation ids
  std::string_view summary;  ///< a sentence without a full stop
  Brings brings;
  Answers answers;
  /// Parameters of the address, as components.parameters names them, blanks between.
  std::string_view takes;
};

inline constexpr std::string_view search_takes =
    "_count _sort _include _revinclude _summary _elements _total _page criteria";
inline constexpr std::string_view history_takes =
    "_count _since _at _sort _summary _elements _page";
inline constexpr std::string_view write_takes = "Prefer Idempotency-Key";

inline constexpr std::array interaction_texts{
    InteractionText{Interaction::capabilities, "capabilities", "What this server does",
                    Brings::nothing, Answers::resource, "mode"},
    InteractionText{Interaction::openapi, "openapi", "What this server answers, as OpenAPI",
                    Brings::nothing, Answers::json, "If-None-Match"},
    InteractionText{Interaction::bundle, "bundle", "A batch or a transaction", Brings::bundle,
                    Answers::bundle, write_takes},
    InteractionText{Interaction::read, "read", "The current version of a resource", Brings::nothing,
                    Answers::resource, "_summary _elements If-None-Match If-Modified-Since"},
    InteractionText{Interaction::vread, "vread", "One version of a resource", Brings::nothing,
                    Answers::resource, "_summary _elements"},
    InteractionText{Interaction::history, "history", "All versions of a resource", Brings::nothing,
                    Answers::bundle, history_takes},
    InteractionText{Interaction::history_type, "history_type", "All versions of a type",
                    Brings::nothing, Answers::bundle, history_takes},
    InteractionText{Interaction::history_system, "history_system", "All versions there are",
                    Brings::nothing, Answers::bundle, history_takes},
    InteractionText{Interaction::create, "create",
                    "A new resource; with If-None-Exist only if there is none", Brings::resource,
                    Answers::resource, "If-None-Exist Prefer Idempotency-Key"},
    InteractionText{Interaction::update, "update",
                    "A new version of a resource, or a resource of that id", Brings::resource,
                    Answers::resource, "If-Match Prefer Idempotency-Key"},
    InteractionText{Interaction::update_selected, "update_selected",
                    "Update of the resource that the condition selects", Brings::resource,
                    Answers::resource, "If-Match Prefer Idempotency-Key criteria"},
    InteractionText{Interaction::remove, "delete",
                    "A version that says that the resource is deleted", Brings::nothing,
                    Answers::nothing, "If-Match Prefer Idempotency-Key"},
    InteractionText{Interaction::remove_selected, "delete_selected",
                    "Deletion of what the condition selects", Brings::nothing, Answers::nothing,
                    "If-Match Prefer Idempotency-Key criteria"},
    InteractionText{Interaction::patch, "patch",
                    "Changes of a resource: JSON Patch, XML Patch or FHIRPath Patch", Brings::patch,
                    Answers::resource, "If-Match Prefer Idempotency-Key"},
    InteractionText{Interaction::patch_selected, "patch_selected",
                    "Changes of the resource that the condition selects", Brings::patch,
                    Answers::resource, "If-Match Prefer Idempotency-Key criteria"},
    InteractionText{Interaction::meta, "meta", "Profiles, tags and labels", Brings::nothing,
                    Answers::parameters, ""},
    InteractionText{Interaction::meta_system, "meta_system", "All profiles, tags and labels in use",
                    Brings::nothing, Answers::parameters, ""},
    InteractionText{Interaction::meta_add, "meta_add", "Adds profiles, tags and labels",
                    Brings::parameters, Answers::parameters, "If-Match Prefer Idempotency-Key"},
    InteractionText{Interaction::meta_delete, "meta_delete", "Takes profiles, tags and labels away",
                    Brings::parameters, Answers::parameters, "If-Match Prefer Idempotency-Key"},
    InteractionText{Interaction::expand, "expand", "The codes of a value set", Brings::parameters,
                    Answers::resource, "input"},
    InteractionText{Interaction::validate_in_set, "validate_in_set",
                    "Whether a code is in a value set", Brings::parameters, Answers::parameters,
                    "input"},
    InteractionText{Interaction::validate_in_system, "validate_in_system",
                    "Whether a code is in a code system", Brings::parameters, Answers::parameters,
                    "input"},
    InteractionText{Interaction::lookup, "lookup", "What a code means", Brings::parameters,
                    Answers::parameters, "input"},
    InteractionText{Interaction::subsumes, "subsumes", "Whether a code includes another one",
                    Brings::parameters, Answers::parameters, "input"},
    InteractionText{Interaction::translate, "translate", "The same in another code system",
                    Brings::parameters, Answers::parameters, "input"},
    InteractionText{Interaction::everything_patient, "everything_patient",
                    "All of a patient's record", Brings::parameters, Answers::bundle,
                    "start end _since _type _count _page"},
    InteractionText{Interaction::everything_encounter, "everything_encounter",
                    "All that belongs to an encounter", Brings::parameters, Answers::bundle,
                    "_since _type _count _page"},
    InteractionText{Interaction::chronology, "chronology",
                    "Every entry that touched a patient, an item or another resource, with proofs",
                    Brings::nothing, Answers::evidence, "_count after"},
    InteractionText{Interaction::search, "search", "Search of one type", Brings::nothing,
                    Answers::bundle, search_takes},
    InteractionText{Interaction::search_form, "search_form", "Search of one type, as a form",
                    Brings::form, Answers::bundle, search_takes},
    InteractionText{Interaction::search_all, "search_all", "Search of several types, or all",
                    Brings::nothing, Answers::bundle,
                    "_type _count _sort _summary _elements _total _page criteria"},
    InteractionText{Interaction::search_all_form, "search_all_form",
                    "Search of several types, as a form", Brings::form, Answers::bundle,
                    "_type _count _sort _summary _elements _total _page criteria"},
    InteractionText{Interaction::compartment, "compartment",
                    "Search in the compartment of a patient", Brings::nothing, Answers::bundle,
                    search_takes},
    InteractionText{Interaction::compartment_form, "compartment_form",
                    "Search in the compartment of a patient, as a form", Brings::form,
                    Answers::bundle, search_takes},
    InteractionText{Interaction::validate, "validate",
                    "Whether a resource is what FHIR and a profile say", Brings::parameters,
                    Answers::resource, "input"},
    InteractionText{Interaction::explain, "explain", "How a search of one type is gone about",
                    Brings::nothing, Answers::parameters, search_takes},
    InteractionText{Interaction::explain_form, "explain_form", "The same of a search as a form",
                    Brings::form, Answers::parameters, search_takes},
    InteractionText{Interaction::explain_all, "explain_all",
                    "How a search of several types is gone about", Brings::nothing,
                    Answers::parameters,
                    "_type _count _sort _summary _elements _total _page criteria"},
    InteractionText{Interaction::explain_all_form, "explain_all_form",
                    "The same of a search as a form", Brings::form, Answers::parameters,
                    "_type _count _sort _summary _elements _total _page criteria"},
    InteractionText{Interaction::mapping_report, "mapping_report",
                    "What the mapping of a message did not take over", Brings::nothing,
                    Answers::resource, ""},
    InteractionText{Interaction::take_up, "take_up",
                    "A message is mapped once more: shown, or done where dryRun is false",
                    Brings::parameters, Answers::parameters, ""},
    InteractionText{Interaction::channel_queue, "channel_queue", "What is owed to a channel",
                    Brings::nothing, Answers::parameters, "_count after"},
    InteractionText{Interaction::channel_sent, "channel_sent",
                    "How what was owed to a channel ended; one message with its answer",
                    Brings::nothing, Answers::parameters, "_count before duty"},
    InteractionText{Interaction::channel_pause, "channel_pause",
                    "A channel sends nothing until it is resumed", Brings::parameters,
                    Answers::resource, "If-Match Prefer Idempotency-Key"},
    InteractionText{Interaction::channel_resume, "channel_resume", "A channel sends again",
                    Brings::parameters, Answers::resource, "If-Match Prefer Idempotency-Key"},
    InteractionText{Interaction::channel_fence, "channel_fence",
                    "A channel is switched off until it is resumed", Brings::parameters,
                    Answers::resource, "If-Match Prefer Idempotency-Key"},
    InteractionText{Interaction::channel_test, "channel_test",
                    "A message that says that it is a test, through the queue of a channel",
                    Brings::parameters, Answers::parameters, "Idempotency-Key"},
    InteractionText{Interaction::channel_replay, "channel_replay",
                    "What was sent from some time on, again, as it is now", Brings::parameters,
                    Answers::parameters, "Idempotency-Key"},
    InteractionText{Interaction::channel_divert, "channel_divert",
                    "New orders of this channel go to another", Brings::parameters,
                    Answers::resource, "If-Match Prefer Idempotency-Key"},
    InteractionText{Interaction::channel_end_diversion, "channel_end_diversion",
                    "New orders of this channel go to it again", Brings::parameters,
                    Answers::resource, "If-Match Prefer Idempotency-Key"},
    InteractionText{Interaction::channel_pass_on, "channel_pass_on",
                    "Orders that this channel's neighbour has become another's", Brings::parameters,
                    Answers::parameters, "Idempotency-Key"},
    InteractionText{Interaction::duty_retry, "duty_retry", "A held message is tried again",
                    Brings::parameters, Answers::resource, "If-Match Prefer Idempotency-Key"},
    InteractionText{Interaction::duty_skip, "duty_skip", "A held message is not sent",
                    Brings::parameters, Answers::resource, "If-Match Prefer Idempotency-Key"},
    InteractionText{Interaction::duty_resend, "duty_resend",
                    "A message is sent again, as it is now or edited", Brings::parameters,
                    Answers::parameters, "If-Match Idempotency-Key"},
    InteractionText{Interaction::item_advance, "item_advance",
                    "An item of a pathway goes to another state, by an act of its pathway",
                    Brings::parameters, Answers::resource, "If-Match Prefer Idempotency-Key"},
    InteractionText{Interaction::item_assign, "item_assign", "An item becomes somebody else's",
                    Brings::parameters, Answers::resource, "If-Match Prefer Idempotency-Key"},
    InteractionText{Interaction::item_close, "item_close",
                    "An item is closed, with the reason and the evidence that its pathway asks for",
                    Brings::parameters, Answers::resource, "If-Match Prefer Idempotency-Key"},
    InteractionText{Interaction::item_reopen, "item_reopen", "A closed item is opened again",
                    Brings::parameters, Answers::resource, "If-Match Prefer Idempotency-Key"},
    InteractionText{Interaction::item_hand_over, "item_hand_over",
                    "An item is offered to another owner, and stays where it is until accepted",
                    Brings::parameters, Answers::resource, "If-Match Prefer Idempotency-Key"},
    InteractionText{Interaction::item_accept, "item_accept",
                    "An item becomes that of whoever it is offered to", Brings::parameters,
                    Answers::resource, "If-Match Prefer Idempotency-Key"},
    InteractionText{Interaction::item_decline, "item_decline",
                    "Whoever an item is offered to does not take it", Brings::parameters,
                    Answers::resource, "If-Match Prefer Idempotency-Key"},
    InteractionText{Interaction::item_withdraw_offer, "item_withdraw_offer",
                    "The owner of an item takes his offer of it back", Brings::parameters,
                    Answers::resource, "If-Match Prefer Idempotency-Key"},
    InteractionText{
        Interaction::open_duties, "open_duties",
        "What somebody would leave behind: items that they own, are offered or oversee, "
        "and drafts",
        Brings::nothing, Answers::parameters, "_count"},
    InteractionText{
        Interaction::pending, "pending",
        "The open items of a patient that were there before a stay ended, or that would "
        "be if it ended now",
        Brings::nothing, Answers::bundle, "_count _page"},
    InteractionText{Interaction::check_pathways, "check_pathways",
                    "A dry run of other definitions of pathways against what is open: what would "
                    "change, and what stands in the way",
                    Brings::parameters, Answers::parameters, ""},
    InteractionText{Interaction::close_many, "close_many",
                    "One person proposes items to be closed together, and sees which and how many; "
                    "nothing closes",
                    Brings::parameters, Answers::parameters, "Idempotency-Key"},
    InteractionText{Interaction::confirm, "confirm",
                    "A second person confirms a proposal: what is as it was shown is closed",
                    Brings::parameters, Answers::parameters, "If-Match Idempotency-Key"},
    InteractionText{Interaction::process_message, "process_message",
                    "A referral or a booking as a message of the NHS Booking and Referral Standard",
                    Brings::bundle, Answers::bundle, ""},
    InteractionText{Interaction::work_list, "work_list",
                    "The open items of an owner or an overseer, or those that somebody is asked to "
                    "take over, the most urgent first",
                    Brings::nothing, Answers::bundle,
                    "owner overseer offered teams pathway state pending-at-discharge _count _page"},
    InteractionText{Interaction::ledger, "ledger",
                    "How many items were opened, by pathway, organisation and day, and how many of "
                    "those are closed and open",
                    Brings::nothing, Answers::parameters,
                    "pathway organisation from to _count after"},
    InteractionText{Interaction::reconcile, "reconcile",
                    "A neighbour's own list against ours; each difference becomes one item",
                    Brings::parameters, Answers::parameters, "Idempotency-Key"},
    InteractionText{Interaction::oversight, "oversight",
                    "What is open, seen from above: by owner, overseer, state and age",
                    Brings::nothing, Answers::parameters, ""},
    InteractionText{Interaction::whereabouts, "whereabouts",
                    "Where a patient's referrals are, in words that a patient reads",
                    Brings::nothing, Answers::parameters, "ServiceRequest"},
    InteractionText{Interaction::checkpoint, "checkpoint",
                    "Signed statement of what the journal holds", Brings::nothing, Answers::text,
                    ""},
    InteractionText{Interaction::proof, "proof",
                    "That an entry is in the journal, or that one journal continues another",
                    Brings::nothing, Answers::json, "position size from to"},
    InteractionText{Interaction::live, "live", "Whether the process runs", Brings::nothing,
                    Answers::json, ""},
    InteractionText{Interaction::ready, "ready", "Whether it can do its work", Brings::nothing,
                    Answers::json, ""},
};

static_assert(std::ranges::all_of(routes,
                                  [](const Route& route) {
                                    return std::ranges::find(interaction_texts, route.interaction,
                                                             &InteractionText::interaction) !=
                                           interaction_texts.end();
                                  }),
              "a route whose interaction has no row above");
[[nodiscard]] inline const InteractionText& row_of(Interaction interaction) {
  const auto* found =
      std::ranges::find(interaction_texts, interaction, &InteractionText::interaction);
  check(found != interaction_texts.end(), "every interaction is described");
  return *found;
}

/// A parameter that several operations share.
struct SharedParameter {
  std::string_view name;
  std::string_view in;
  std::string_view what;
  std::string_view type = "string";
};
inline constexpr std::array shared_parameters{
    SharedParameter{"id", "path", "Of a resource: 1 to 64 letters, digits, '-' and '.'"},
    SharedParameter{"version", "path", "Of a version: 1, 2, …"},
    SharedParameter{"_count", "query", "Entries of a page", "integer"},
    SharedParameter{"_sort", "query",
                    "Search parameters to sort by, '-' before those that descend"},
    SharedParameter{"_include", "query", "[type]:[parameter] that the matches refer by"},
    SharedParameter{"_revinclude", "query",
                    "[type]:[parameter] by which others refer to the matches"},
    SharedParameter{"_summary", "query", "true, text, data, count or false"},
    SharedParameter{"_elements", "query", "Names of the elements to show"},
    SharedParameter{"_total", "query", "none, estimate or accurate"},
    SharedParameter{"_page", "query", "As a next link carries it, and nothing beside it"},
    SharedParameter{"_since", "query", "What was written at that time or later"},
    SharedParameter{"_at", "query", "What was current at that time"},
    SharedParameter{"_type", "query", "Types, commas between"},
    SharedParameter{"start", "query", "First day of care"},
    SharedParameter{"end", "query", "Last day of care"},
    SharedParameter{"mode", "query", "full or terminology"},
    SharedParameter{"position", "query", "Of an entry", "integer"},
    SharedParameter{"size", "query", "Of a journal, in entries", "integer"},
    SharedParameter{"from", "query", "Size of the earlier journal; of $ledger the first day"},
    SharedParameter{"to", "query", "Size of the later journal; of $ledger the last day"},
    SharedParameter{"after", "query",
                    "Those behind it: of $queue a duty as it names them, of $chronology the "
                    "position of an entry, of $ledger a row"},
    SharedParameter{"before", "query", "A duty as $sent names it: those before it"},
    SharedParameter{"duty", "query", "A duty as $queue and $sent name it: that one alone"},
    SharedParameter{"owner", "query", "Whose list: CareTeam/7, or team:pathology"},
    SharedParameter{"overseer", "query", "1: what that one was made overseer of"},
    SharedParameter{"teams", "query",
                    "1: with the lists of the roles, teams and organisations that the owner is in"},
    SharedParameter{"pending-at-discharge", "query",
                    "1: only what was open when its patient was discharged"},
    SharedParameter{"offered", "query", "1: what that one is asked to take over"},
    SharedParameter{"pathway", "query", "Of that pathway only"},
    SharedParameter{"state", "query", "In that state only"},
    SharedParameter{"organisation", "query", "Of the items that it answers for"},
    SharedParameter{"ServiceRequest", "query", "Of that request only"},
    SharedParameter{"_format", "query", "json or xml; of $chronology json or html"},
    SharedParameter{"_pretty", "query", "true or false"},
    SharedParameter{"If-Match", "header", "W/\"version\" that must be the current one"},
    SharedParameter{"If-None-Match", "header", "Entity tag that is known already"},
    SharedParameter{"If-Modified-Since", "header", "Time of what is known already"},
    SharedParameter{"If-None-Exist", "header", "Search that must find nothing"},
    SharedParameter{
        "Prefer", "header",
        "return=minimal, representation or OperationOutcome; handling=strict or lenient"},
    SharedParameter{"Idempotency-Key", "header",
                    "The same key does one thing, and gives one reply"},
};

}  // namespace holdfast::api
