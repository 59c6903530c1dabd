#include "cli/journal_fold.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "fhir/sites.h"
#include "node/fold.h"
#include "views/items.h"
#include "views/messages.h"
#include "views/outbox.h"
#include "views/providers.h"

namespace holdfast::cli {

Result<void> JournalFold::add(const journal::Record& record) {
  if (static_cast<EntryKind>(record.header.kind) == EntryKind::command) {
    TRY_OK(add_command(record));
  }
  position_ = record.header.position;
  chain_ = record.header.hash;
  tree_.append(record.header.hash);
  return ok();
}

Result<void> JournalFold::add_made(const Outcome& outcome, const journal::Header& header) {
  for (const Made& made : outcome.made) {
    if (made.operation) {
      continue;
    }
    TRY_OK(reader_.read(made.body, json_));
    const fhir::Sites sites = fhir::find_sites(json_.root());
    digest_.add(views::version_fact(
        made.type, made.id, made.version,
        sha256(fhir::compose(made.body, sites, made.id, made.version, header.time))));
    ++versions_;
  }
  for (const Before& before : outcome.before) {
    digest_.add(views::before_fact(header.position, before));
  }
  return ok();
}

Result<void> JournalFold::add_command(const journal::Record& record) {
  TRY(auto entry, node::decode_entry(record));
  const auto& [command, outcome] = entry;
  std::vector<fhir::Replacement> replacements;
  std::vector<RowId> rows(outcome.results.size());
  for (std::size_t i = 0; i < outcome.results.size(); ++i) {
    const Operation& operation = command.operations[i];
    const OperationResult& result = outcome.results[i];
    Hash body;
    if (result.status == Status::created || result.status == Status::updated) {
      const auto instead = std::ranges::find(
          outcome.made, std::optional(static_cast<std::uint32_t>(i)), &Made::operation);
      const Bytes& given = instead == outcome.made.end() ? operation.body : instead->body;
      TRY_OK(reader_.read(given, json_));
      const fhir::Sites sites = fhir::find_sites(json_.root());
      replacements.clear();
      for (const Substitution& each : result.substitutions) {
        if (instead != outcome.made.end()) {
          break;  // they are in it
        }
        if (each.site >= sites.sites.size() || each.target >= outcome.targets.size()) {
          return fail(Code::corrupt, "a substitution names a place that is not there");
        }
        replacements.push_back({each.site, outcome.targets[each.target]});
      }
      body = sha256(
          fhir::compose(given, sites, result.id, result.version, record.header.time, replacements));
    } else if (result.status != Status::removed) {
      continue;
    }
    digest_.add(views::version_fact(operation.type, result.id, result.version, body));
    rows[i] = RowId{++versions_};
  }
  TRY_OK(add_made(outcome, record.header));
  for (const MadeDuty& made : duties_of(command, outcome)) {
    const Delivery& delivery = *made.delivery;
    if (delivery.operation && *delivery.operation >= rows.size()) {
      return fail(Code::corrupt, "a delivery names an operation that is not there");
    }
    const RowId row = delivery.operation ? rows[*delivery.operation] : made.row;
    digest_.add(views::duty_fact(made.channel, {record.header.position, made.index}, row,
                                 RowId{versions_}, made.provided));
  }
  for (const Provider& one : outcome.providers) {
    const Delivery& delivery = command.deliveries[one.delivery];
    const std::string& order =
        delivery.operation ? outcome.results[*delivery.operation].id : delivery.id;
    if (views::is_row(one.what)) {
      digest_.add(views::provider_fact(order, record.header.position, one.what, one.channel));
    }
  }
  for (const Settlement& settlement : command.settlements) {
    views::add_settlement(digest_, settlement, record.header.position);
  }
  if (command.message) {
    const Message& message = *command.message;
    digest_.add(views::message_fact(
        {message.neighbour, message.control_id, command.request_hash},
        {message.attempt, message.disposition, record.header.position, message.evidence}));
  }
  return ok();
}

}  // namespace holdfast::cli
