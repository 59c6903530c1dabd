// api/proposal_reply.cpp: what a proposal to close items says to whoever made it and whoever
// confirms it, and whether an item could be closed so.
#include <fmt/format.h>

#include <map>
#include <tuple>
#include <utility>

#include "api/item_change.h"
#include "api/operation_input.h"
#include "api/proposal.h"
#include "api/stored.h"
#include "api/writing.h"
#include "base/time.h"
#include "decide/decide.h"
#include "fhir/member.h"
#include "fhir/sites.h"

namespace holdfast::api {
namespace {

constexpr std::uint64_t shown_unless_asked = 50;

/// What is current and not deleted.
Result<fhir::Json> read_there(const Parts& parts, const node::Moment& moment,
                              const std::string& reference) {
  const auto literal = fhir::parse_literal(reference);
  TRY(const auto current, literal ? views::read_current(*moment.reader, literal->type, literal->id)
                                  : Result<std::optional<views::Current>>(std::nullopt));
  if (!current || current->presence == views::Presence::deleted) {
    return fail(Code::invariant, fmt::format("there is no {}", reference));
  }
  TRY(views::Body body, stored_row(parts, moment, current->row));
  fhir::ReaderPool::Lease reader = parts.readers.take();
  return reader->read(std::move(body.bytes));
}

bool is_active(fhir::JsonValue resource) {
  const auto active = resource.find("active");
  return !active || active->raw() != "false";
}

class Showing {
 public:
  Showing(const Parts& parts, const node::Moment& moment, const Proposal& proposal,
          std::uint64_t shown_max)
      : parts_(parts), moment_(moment), proposal_(proposal), shown_max_(shown_max) {}

  Result<Reply> show(const std::string& id) {
    const bool waits = proposal_.confirmed_by.empty();
    std::size_t good = 0;
    for (const ProposedItem& one : proposal_.items) {
      good += is_good(one) ? 1U : 0U;
    }
    const std::size_t bad = proposal_.items.size() - good;
    to_.reference("proposal", fmt::format("List/{}", id));
    to_.text("status", "Code", waits ? "proposed" : "confirmed");
    to_.text("text", "String", words(good, bad));
    to_.reference("by", proposal_.by);
    if (!waits) {
      to_.reference("confirmed-by", proposal_.confirmed_by);
      to_.reference("provenance", proposal_.provenance);
    }
    to_.number(waits ? "closable" : "closed", good);
    to_.number(waits ? "not-closable" : "left", bad);
    TRY_OK(write_items());
    for (const auto& [group, count] : groups_) {
      to_.open("of");
      to_.text("pathway", "Code", std::get<0>(group));
      to_.text("state", "Code", std::get<1>(group));
      to_.text("owner", "String", std::get<2>(group));
      to_.text("fate", "Code", name(std::get<3>(group)));
      to_.number("count", count);
      to_.close();
    }
    return to_.reply();
  }

 private:
  static bool is_good(const ProposedItem& one) {
    return one.fate == Fate::close || one.fate == Fate::closed;
  }

  [[nodiscard]] std::string words(std::size_t good, std::size_t bad) const {
    if (proposal_.confirmed_by.empty()) {
      return fmt::format(
          "{} item{} would be closed; {} could not be closed so and stay{} open. Nothing is closed "
          "until somebody else than {} confirms it.",
          good, good == 1 ? "" : "s", bad, bad == 1 ? "s" : "", proposal_.by);
    }
    return fmt::format("{} item{} closed, as {} proposed and {} confirmed; {} left as they were.",
                       good, good == 1 ? " was" : "s were", proposal_.by, proposal_.confirmed_by,
                       bad);
  }

  /// As it was when it was shown; counts all of them.
  Result<void> write_items() {
    static const fhir::TypeId task = *fhir::type_id("Task");
    std::uint64_t shown = 0;
    std::uint64_t shown_bad = 0;
    for (const ProposedItem& one : proposal_.items) {
      TRY(const views::Body body, stored_version(parts_, moment_, task, one.id, one.version));
      TRY_OK(reader_.read(body.bytes, json_));
      TRY(const auto item, views::read_item(json_.root(), one.id));
      if (!item) {
        return fail(Code::structure, fmt::format("Task/{} is no item of a pathway", one.id));
      }
      ++groups_[{item->pathway, item->state, item->owner, one.fate}];
      std::uint64_t& count = is_good(one) ? shown : shown_bad;
      if (count < shown_max_) {
        ++count;
        write_item(one, *item);
      }
    }
    return ok();
  }

  void write_item(const ProposedItem& one, const views::Item& item) {
    to_.open(is_good(one) ? "item" : "not-closed");
    to_.reference("task", fmt::format("Task/{}/_history/{}", one.id, one.version.value));
    to_.text("pathway", "Code", item.pathway);
    to_.text("state", "Code", item.state);
    to_.text("owner", "String", item.owner);
    if (!item.patient.empty()) {
      to_.reference("patient", item.patient);
    }
    to_.text("opened", "Instant", to_instant(item.opened));
    if (item.due) {
      to_.text("due", "Instant", to_instant(*item.due));
    }
    if (!one.why.empty()) {
      to_.text("why", "String", one.why);
    }
    to_.close();
  }

  const Parts& parts_;
  const node::Moment& moment_;
  const Proposal& proposal_;
  const std::uint64_t shown_max_;
  fhir::JsonReader reader_;
  fhir::Json json_;
  std::map<std::tuple<std::string, std::string, std::string, Fate>, std::size_t> groups_;
  ParametersWriter to_;
};

}  // namespace

Result<std::string> read_reference_of(const OperationInput& input, std::string_view name) {
  std::string text(input.text(name));
  if (input.type(name) == "Reference") {
    TRY(const auto given, input.object(name));
    text = views::owner_of(*given);
  }
  if (text.empty()) {
    return fail(Code::required, fmt::format("it needs `{}`, a reference", name),
                fmt::format("http.{}", name));
  }
  return text;
}

Result<Version> version_of_task(const node::Moment& moment, const std::string& id) {
  TRY(const auto current, views::read_current(*moment.reader, *fhir::type_id("Task"), id));
  if (!current || current->presence == views::Presence::deleted) {
    return fail(Code::not_found, fmt::format("there is no Task/{}", id));
  }
  return current->version;
}

Result<std::string> person_of(const Parts& parts, const node::Moment& moment,
                              const std::string& who) {
  const auto literal = fhir::parse_literal(who);
  const std::string_view type = literal ? fhir::name(literal->type) : std::string_view();
  if (type != "Practitioner" && type != "PractitionerRole") {
    return fail(Code::value,
                fmt::format("`by` is a person, as Practitioner/7, or a role of one, as "
                            "PractitionerRole/7, not '{}'",
                            who),
                "http.by");
  }
  const std::string reference = fmt::format("{}/{}", type, literal->id);
  TRY(const fhir::Json json, read_there(parts, moment, reference));
  if (!is_active(json.root())) {
    return fail(Code::invariant, fmt::format("{} is not active", reference));
  }
  if (type == "Practitioner") {
    return reference;
  }
  const auto practitioner = json.root().find("practitioner");
  const std::string person =
      practitioner ? fhir::text_member(*practitioner, "reference") : std::string();
  const auto named = fhir::parse_literal(person);
  if (!named || fhir::name(named->type) != "Practitioner") {
    return fail(Code::invariant, fmt::format("{} names no Practitioner", reference));
  }
  return person_of(parts, moment, person);
}

Result<decide::Prepared> try_to_close(const Parts& parts, const node::Moment& moment,
                                      const std::string& id, const AskedChange& asked) {
  TRY(const ItemTask task, read_item_task(parts, id, moment));
  TRY(Bytes body, changed_task(parts, task, asked));
  TRY(Content content, read_content(parts, Format::json, std::move(body), Telling::nothing));
  decide::Prepared prepared;
  Operation operation;
  operation.verb = Verb::update;
  operation.type = "Task";
  operation.id = id;
  operation.if_match = task.version;
  operation.body = std::move(content.body);
  prepared.command.operations.push_back(std::move(operation));
  prepared.operations.push_back(std::move(content.prepared));
  fhir::ReaderPool::Lease reader = parts.readers.take();
  const pathway::Definitions* const pathways = parts.node.pathways();
  decide::note_signals(prepared, pathways, *reader);
  const Time now = std::max(parts.clock.wall(), moment.state.time);
  TRY_OK(decide::decide(*moment.reader, parts.node.codec(), *moment.params, prepared,
                        decide::Rules{pathways, now}));
  return prepared;
}

Result<std::uint64_t> read_shown_max(const OperationInput& input) {
  TRY(const auto count, input.number("_count"));
  return count ? std::min<std::uint64_t>(*count, proposed_items_max) : shown_unless_asked;
}

Result<Reply> show_proposal(const Parts& parts, const node::Moment& moment, const std::string& id,
                            Version version, std::uint64_t shown_max) {
  TRY(const views::Body body, stored_version(parts, moment, *fhir::type_id("List"), id, version));
  fhir::ReaderPool::Lease reader = parts.readers.take();
  TRY(const fhir::Json json, reader->read(body.bytes));
  TRY(const Proposal proposal, read_proposal(json.root(), id));
  return Showing(parts, moment, proposal, shown_max).show(id);
}

Reply show_written_proposal(const Parts& parts, const std::string& id, Version version,
                            const node::Committed& committed, std::uint64_t shown_max) {
  auto reply = show_proposal(parts, parts.node.view(), id, version, shown_max);
  if (!reply) {
    return refusal(reply.error(), Origin::content);
  }
  add_position(*reply, committed.position);
  return *std::move(reply);
}

}  // namespace holdfast::api
