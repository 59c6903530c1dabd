// api/interactions.h: what the server does, one function an interaction, one file each. All take a
// Call whose headers and address are checked and answer with a Reply, whatever happens.
#pragma once

#include "api/call.h"
#include "api/message.h"
#include "base/task.h"
#include "node/node.h"
#include "world/executor.h"

namespace holdfast::api {

/// Those that only read: each sees exactly `moment`. They neither wait nor write.
/// The GET of a batch or transaction runs through here too.
[[nodiscard]] Reply answer_reading(const Parts& parts, const Call& call,
                                   const node::Moment& moment);

/// https://hl7.org/fhir/R4/http.html#read
[[nodiscard]] Result<Reply> read(const Parts& parts, const Call& call, const node::Moment& moment);
/// https://hl7.org/fhir/R4/http.html#vread
[[nodiscard]] Result<Reply> vread(const Parts& parts, const Call& call, const node::Moment& moment);
/// https://hl7.org/fhir/R4/http.html#history, of one resource, of a type, of everything
[[nodiscard]] Result<Reply> history(const Parts& parts, const Call& call,
                                    const node::Moment& moment);
/// https://hl7.org/fhir/R4/http.html#search, of a type or a compartment, GET or form
[[nodiscard]] Result<Reply> search(const Parts& parts, const Call& call,
                                   const node::Moment& moment);
/// $explain: takes what a search takes, and says how that search is gone about instead of what it
/// finds. GET or form, of a type or of everything. Our own; the standard has no such operation.
[[nodiscard]] Result<Reply> explain(const Parts& parts, const Call& call,
                                    const node::Moment& moment);
/// https://hl7.org/fhir/R4/resource-operation-meta.html
[[nodiscard]] Result<Reply> meta(const Parts& parts, const Call& call, const node::Moment& moment);
/// https://hl7.org/fhir/R4/operation-patient-everything.html, and of encounters
[[nodiscard]] Result<Reply> everything(const Parts& parts, const Call& call,
                                       const node::Moment& moment);
/// $chronology: every entry that touched a patient, an item or another resource, with its bytes and
/// proofs, or as a page (docs/EVIDENCE.md). Our own.
[[nodiscard]] Result<Reply> chronology(const Parts& parts, const Call& call,
                                       const node::Moment& moment);
/// https://hl7.org/fhir/R4/terminology-service.html: $expand, $validate-code, $lookup, $subsumes,
/// $translate, of a type or of a stored resource, by address or with Parameters
[[nodiscard]] Reply terminology_operation(const Parts& parts, const Call& call,
                                          const node::Moment& moment);
/// https://hl7.org/fhir/R4/resource-operation-validate.html
[[nodiscard]] Reply validate(const Parts& parts, const Call& call, const node::Moment& moment);
/// Binary/[id]/$mapping-report: what the mapping of a message did not take over, as an
/// OperationOutcome. Our own.
[[nodiscard]] Result<Reply> mapping_report(const Parts& parts, const Call& call,
                                           const node::Moment& moment);
/// Endpoint/[id]/$queue of a channel: what is owed to it. Our own, as are all operations on
/// channels.
[[nodiscard]] Result<Reply> channel_queue(const Parts& parts, const Call& call,
                                          const node::Moment& moment);
/// Endpoint/[id]/$sent: how what was owed ended; with `duty`, one message and its answer.
[[nodiscard]] Result<Reply> channel_sent(const Parts& parts, const Call& call,
                                         const node::Moment& moment);
/// Task/$work-list: what somebody has to do, in the order in which it wants doing. Our own.
[[nodiscard]] Result<Reply> work_list(const Parts& parts, const Call& call,
                                      const node::Moment& moment);
/// [type]/[id]/$open-duties of a Practitioner, PractitionerRole, CareTeam or Organization: what
/// they would leave behind. Our own.
[[nodiscard]] Result<Reply> open_duties(const Parts& parts, const Call& call,
                                        const node::Moment& moment);
/// Patient/[id]/$pending, Encounter/[id]/$pending: what is open behind a discharge. Our own.
[[nodiscard]] Result<Reply> pending(const Parts& parts, const Call& call,
                                    const node::Moment& moment);
/// $check-pathways: a dry run of other definitions of pathways. Our own.
[[nodiscard]] Result<Reply> check_pathways(const Parts& parts, const Call& call,
                                           const node::Moment& moment);
/// $ledger: how many items were opened, and how many of those are closed and open. Our own.
[[nodiscard]] Result<Reply> ledger(const Parts& parts, const Call& call,
                                   const node::Moment& moment);
/// $oversight: all that is open, seen from above. Our own.
[[nodiscard]] Result<Reply> oversight(const Parts& parts, const Call& call,
                                      const node::Moment& moment);
/// Patient/[id]/$where-is-my-referral: where it is, in words that a patient reads. Our own.
[[nodiscard]] Result<Reply> where_is_my_referral(const Parts& parts, const Call& call,
                                                 const node::Moment& moment);
/// https://hl7.org/fhir/R4/http.html#capabilities
[[nodiscard]] Result<Reply> capabilities(const Parts& parts, const Call& call);
/// https://hl7.org/fhir/R4/terminologycapabilities.html, as `mode=terminology` asks for it.
[[nodiscard]] Reply terminology_capabilities(const Parts& parts);
/// The same for programs that know OpenAPI, with an ETag (openapi.h)
[[nodiscard]] Result<Reply> openapi(const Parts& parts, const Call& call);
/// The statement itself, from the table of routes and the definitions built in.
[[nodiscard]] Bytes capability_statement(const Options& options, Time built,
                                         const fhir::SearchParams& params,
                                         const validation::Library& library);

/// https://hl7.org/fhir/R4/http.html#create, with If-None-Exist #ccreate
Task<Reply> create(const Parts& parts, Call& call, Executor& on);
/// https://hl7.org/fhir/R4/http.html#update, also as create, and by condition #cond-update
Task<Reply> update(const Parts& parts, Call& call, Executor& on);
/// https://hl7.org/fhir/R4/http.html#delete, also by condition #cdelete
Task<Reply> remove(const Parts& parts, Call& call, Executor& on);
/// https://hl7.org/fhir/R4/http.html#patch, also by condition
Task<Reply> patch(const Parts& parts, Call& call, Executor& on);
/// https://hl7.org/fhir/R4/resource-operation-meta-add.html and -meta-delete.html
Task<Reply> change_meta(const Parts& parts, Call& call, Executor& on);
/// https://hl7.org/fhir/R4/http.html#transaction, batch and transaction
Task<Reply> bundle(const Parts& parts, Call& call, Executor& on);

/// Endpoint/[id]/$pause, $resume, $fence: whether a channel sends
Task<Reply> set_channel(const Parts& parts, Call& call, Executor& on);
/// Endpoint/[id]/$test: a message that says that it is a test, through the queue of the channel
Task<Reply> test_channel(const Parts& parts, Call& call, Executor& on);
/// Endpoint/[id]/$replay: what was sent from some time on, again, as it is now
Task<Reply> replay_channel(const Parts& parts, Call& call, Executor& on);
/// Endpoint/[id]/$divert, $end-diversion: whose neighbour does what its neighbour was to do
Task<Reply> divert_channel(const Parts& parts, Call& call, Executor& on);
/// Endpoint/[id]/$pass-on: orders that its neighbour has become another's
Task<Reply> pass_on(const Parts& parts, Call& call, Executor& on);
/// Binary/[id]/$take-up of one that stands for a message
Task<Reply> take_up(const Parts& parts, Call& call, Executor& on);
/// Task/[id]/$retry, $skip, $resend: of an item about a message that a neighbour did not take
Task<Reply> change_duty(const Parts& parts, Call& call, Executor& on);
/// https://hl7.org/fhir/R4/messageheader-operation-process-message.html, of BaRS
Task<Reply> process_message(const Parts& parts, Call& call, Executor& on);
/// Task/[id]/$advance, $assign, $close, $reopen, $hand-over, $accept, $decline, $withdraw-offer of
/// an item of a pathway. Our own.
Task<Reply> change_item(const Parts& parts, Call& call, Executor& on);
/// Task/$close-many: a proposal to close items together; nothing closes. Our own.
Task<Reply> close_many(const Parts& parts, Call& call, Executor& on);
/// List/[id]/$confirm: a second person confirms such a proposal. Our own.
Task<Reply> confirm(const Parts& parts, Call& call, Executor& on);
/// $reconcile: a neighbour's own list against ours; each difference becomes an item. Our own.
Task<Reply> reconcile_list(const Parts& parts, Call& call, Executor& on);

/// Signed statement of what the journal holds, as text (C2SP tlog-checkpoint).
[[nodiscard]] Result<Reply> checkpoint(const Parts& parts, const Call& call);
/// `?position=&size=`: that an entry is in the journal of that size. `?from=&to=`: that the
/// journal of size `to` continues the one of size `from`. RFC 6962 section 2.1.
[[nodiscard]] Result<Reply> proof(const Parts& parts, const Call& call);
/// Whether the process runs; whether it can do its work, with the reasons.
[[nodiscard]] Result<Reply> live(const Parts& parts, const Call& call);
[[nodiscard]] Result<Reply> ready(const Parts& parts, const Call& call);

}  // namespace holdfast::api
