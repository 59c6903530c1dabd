#include "api/reconciling.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "api/channels.h"
#include "pathway/definition.h"

namespace holdfast::api {
namespace {

using reconcile::Difference;

class Running {
 public:
  Running(const Parts& parts, const AskedList& asked, const node::Moment& moment,
          decide::Prepared* prepared)
      : parts_(parts),
        asked_(asked),
        moment_(moment),
        prepared_(prepared),
        ours_(parts, moment, asked.source) {}

  Result<Run> run() {
    TRY_OK(check_pathways());
    TRY_OK(compare());
    for (Difference& one : run_.comparison.differences) {
      TRY_OK(look_at(one));
    }
    TRY_OK(look_at_standing());
    if (to_write_ > written_max) {
      return fail(Code::too_large,
                  fmt::format("{} differences would be written, and one run opens at most {}: is "
                              "this the right list, and does it cover what was stated? dry-run "
                              "shows them; a list in parts opens them",
                              to_write_, written_max));
    }
    run_.is_made = true;
    return std::move(run_);
  }

 private:
  /// A finding that nobody would own is not written.
  Result<void> check_pathways() const {
    const pathway::Definitions* const all = parts_.node.pathways();
    if (prepared_ != nullptr &&
        (all == nullptr || all->opens(*fhir::type_id("DetectedIssue")).empty())) {
      return fail(Code::unsupported,
                  "no pathway in force opens items for differences (pathways/reconciliation.toml "
                  "does): nobody would own them. dry-run shows them");
    }
    for (const std::string& kind : asked_.scope.kinds) {
      if (all == nullptr || all->find(kind) == nullptr) {
        return fail(Code::value, fmt::format("kind is a pathway in force, not '{}'", kind),
                    "http.kind");
      }
    }
    return ok();
  }

  Result<void> compare() {
    std::vector<std::optional<reconcile::Ours>> ours;
    ours.reserve(asked_.list.rows.size());
    std::set<std::string> systems;
    for (const reconcile::Row& row : asked_.list.rows) {
      TRY(auto one, ours_.find(row, asked_.states));
      ours.push_back(std::move(one));
      systems.insert(row.number.system);
    }
    if (!asked_.identifier_system.empty()) {
      systems.insert(asked_.identifier_system);
    }
    if (systems.empty() && asked_.scope.is_stated()) {
      return fail(Code::required,
                  "a list without lines needs `identifier-system`: which numbers are missing in it",
                  "http.identifier-system");
    }
    TRY(const auto in_scope, ours_.open_in(asked_.scope));
    run_.comparison =
        reconcile::compare(asked_.source, asked_.list, asked_.states, ours, in_scope, systems);
    return ok();
  }

  Result<void> look_at(Difference& one) {
    if (one.pathway.empty() && asked_.scope.kinds.size() == 1) {
      one.pathway = *asked_.scope.kinds.begin();  // the list is about nothing else
    }
    if (one.patient.empty() && !one.nhs_number.empty()) {
      TRY(one.patient, ours_.patient_with(one.nhs_number));
    }
    TRY(const auto before, read_finding(parts_, moment_, one.id));
    const bool stands = before && !before->is_deleted && !before->is_gone;
    const News news = !before || before->is_deleted ? News::opened
                      : before->is_gone             ? News::again
                      : before->text == one.text    ? News::known
                                                    : News::changed;
    run_.news.push_back(news);
    if (stands && news == News::known) {
      return ok();
    }
    return write(one.id, before ? &*before : nullptr,
                 finding_body(one, {asked_.source, news == News::opened ? "preliminary" : "amended",
                                    asked_.scope.organisation, parts_.clock.wall()}));
  }

  /// What an earlier list had, and this one has not.
  Result<void> look_at_standing() {
    TRY(const auto ids, standing_findings(parts_, moment_, asked_.source));
    for (const std::string& id : ids) {
      TRY(auto before, read_finding(parts_, moment_, id));
      if (!before || before->is_deleted || before->is_gone) {
        continue;
      }
      switch (reconcile::fate_of(before->standing, run_.comparison, asked_.scope)) {
        case reconcile::Fate::stands: break;
        case reconcile::Fate::not_said: ++run_.not_said; break;
        case reconcile::Fate::gone: {
          TRY(Bytes body, gone_body(parts_, *before, parts_.clock.wall()));
          TRY_OK(write(id, &*before, std::move(body)));
          run_.gone.push_back(*std::move(before));
          break;
        }
      }
    }
    return ok();
  }

  /// A create under its own id is refused where somebody else was faster: both are made anew.
  Result<void> write(const std::string& id, const Finding* before, Bytes body) {
    if (prepared_ == nullptr || ++to_write_ > written_max) {
      return ok();
    }
    Operation operation;
    operation.verb = before == nullptr ? Verb::create : Verb::update;
    operation.id = id;
    if (before != nullptr && !before->is_deleted) {
      operation.if_match = before->version;
    }
    return add_operation(parts_, *prepared_, std::move(operation), std::move(body));
  }

  const Parts& parts_;
  const AskedList& asked_;
  const node::Moment& moment_;
  decide::Prepared* const prepared_;
  OurSide ours_;
  Run run_;
  std::size_t to_write_ = 0;
};

}  // namespace

std::string_view name(News news) {
  switch (news) {
    case News::opened: return "new";
    case News::known: return "known";
    case News::changed: return "changed";
    case News::again: return "again";
  }
  return "";
}

Result<Run> make_run(const Parts& parts, const AskedList& asked, const node::Moment& moment,
                     decide::Prepared* prepared) {
  return Running(parts, asked, moment, prepared).run();
}

}  // namespace holdfast::api
