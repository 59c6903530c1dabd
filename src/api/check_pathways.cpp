// api/check_pathways.cpp: $check-pathways: a dry run of other definitions of pathways against what
// is open now: what they would change, what stands in their way, and how the due times of open
// items would come out. Writes nothing: definitions come into force at a start (docs/PATHWAYS.md).
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "api/check_tables.h"
#include "api/each_open.h"
#include "api/interactions.h"
#include "api/operation_input.h"
#include "base/local_time.h"
#include "fhir/member.h"
#include "pathway/difference.h"
#include "views/items.h"

namespace holdfast::api {
namespace {

constexpr std::size_t files_max = 500;
constexpr std::size_t places_max = 100'000;

Result<std::vector<pathway::File>> read_files(const Parts& parts, const Call& call) {
  TRY(const OperationInput input,
      OperationInput::read(parts, call,
                           OperationInput::Names{"$check-pathways", {}, {}, {}, {"file"}}));
  TRY(const auto groups, input.objects("file"));
  std::vector<pathway::File> files;
  for (const fhir::JsonValue group : groups) {
    pathway::File file;
    if (const auto all = group.find("part")) {
      for (const fhir::JsonValue part : all->children()) {
        const std::string of = fhir::text_member(part, "name");
        if (of != "name" && of != "text") {
          return fail(Code::unsupported,
                      fmt::format("a `file` has the parts `name` and `text`, not '{}'", of));
        }
        (of == "name" ? file.name : file.text) = fhir::text_member(part, "valueString");
      }
    }
    if (file.name.empty() || file.text.empty()) {
      return fail(Code::required, "a `file` needs the parts `name` and `text`, both valueString");
    }
    files.push_back(std::move(file));
  }
  if (files.empty() || files.size() > files_max) {
    return fail(Code::required,
                fmt::format("it needs each file of the set as a `file`, 1 to {}", files_max));
  }
  std::ranges::sort(files, {}, &pathway::File::name);
  return files;
}

/// How the due times of the open items of a state would come out.
struct Outlook {
  std::uint64_t overdue_at_once = 0;  ///< of `sooner`
  std::uint64_t sooner = 0;
  std::uint64_t later = 0;
  std::uint64_t same = 0;
  std::uint64_t not_known = 0;  ///< somebody set it
};

class Check {
 public:
  Check(const Parts& parts, const node::Moment& moment)
      : parts_(parts),
        moment_(moment),
        now_(std::max(parts.clock.wall(), moment.state.time)),
        in_force_(parts.node.pathways()) {}

  Result<Reply> run(std::vector<pathway::File> files) {
    const auto next =
        pathway::Definitions::read(pathway::with_clinical_tables(std::move(files), in_force_));
    if (!next) {
      return show({next.error().what}, {});
    }
    TRY(states_, views::read_states(*moment_.reader));
    std::vector<pathway::InUse> in_use;
    for (const views::StateCount& one : states_) {
      in_use.push_back({one.pathway, one.state, one.open});
    }
    const auto changes = pathway::differences(in_force_, **next);
    TRY_OK(look_at_items(**next, changes));
    note_shared(**next);
    if (in_force_ != nullptr) {
      TRY(tables_, look_at_tables(parts_, moment_, *in_force_, **next));
    }
    return show(pathway::faults_of_change(in_force_, **next, in_use, to_local(now_).day), changes);
  }

 private:
  /// Walks what is open, where a state with open items has other due times.
  Result<void> look_at_items(const pathway::Definitions& next,
                             const std::vector<pathway::PathwayChange>& changes) {
    for (const pathway::PathwayChange& one : changes) {
      for (const pathway::StateChange& state : one.states) {
        if (state.due_changes && open_in(one.pathway, state.state) > 0) {
          outlooks_[{one.pathway, state.state}] = {};
        }
      }
    }
    if (outlooks_.empty()) {
      return ok();
    }
    TRY(const bool all,
        each_open(moment_, places_max, [&](const views::Item& item) -> Result<void> {
          count(next, item);
          return ok();
        }));
    is_bound_ = !all;
    return ok();
  }

  void count(const pathway::Definitions& next, const views::Item& item) {
    const auto at = outlooks_.find({item.pathway, item.state});
    if (at == outlooks_.end()) {
      return;
    }
    Outlook& outlook = at->second;
    const auto due = pathway::due_under(*in_force_, next, item);
    if (!due) {
      ++outlook.not_known;
    } else if (*due == *item.due) {
      ++outlook.same;
    } else if (*due > *item.due) {
      ++outlook.later;
    } else {
      ++outlook.sooner;
      outlook.overdue_at_once += *due <= now_ && now_ < *item.due ? 1U : 0U;
    }
  }

  void note_shared(const pathway::Definitions& next) {
    for (const std::string_view name : {"calendar.toml", "settings.toml"}) {
      const auto text_in = [&](const pathway::Definitions* set) {
        if (set == nullptr) {
          return std::string();
        }
        const auto at = std::ranges::find(set->files(), name, &pathway::File::name);
        return at == set->files().end() ? std::string() : at->text;
      };
      if (text_in(in_force_) != text_in(&next)) {
        shared_.emplace_back(name);
      }
    }
  }

  [[nodiscard]] std::uint64_t open_in(std::string_view pathway, std::string_view state) const {
    std::uint64_t open = 0;
    for (const views::StateCount& one : states_) {
      open += one.pathway == pathway && (state.empty() || one.state == state) ? one.open : 0;
    }
    return open;
  }

  Result<Reply> show(const std::vector<std::string>& faults,
                     const std::vector<pathway::PathwayChange>& changes) {
    to_.boolean("accepted", faults.empty());
    to_.text("text", "String", words(faults, changes));
    for (const std::string& one : faults) {
      to_.text("fault", "String", one);
    }
    for (const std::string& one : shared_) {
      to_.text("shared", "String", one);
    }
    for (const pathway::PathwayChange& one : changes) {
      write(one);
      for (const pathway::StateChange& state : one.states) {
        write(one.pathway, state);
      }
    }
    if (in_force_ != nullptr) {
      api::write(to_, tables_, *in_force_, states_);
    }
    return to_.reply();
  }

  void write(const pathway::PathwayChange& one) {
    to_.open("pathway");
    to_.text("pathway", "Code", one.pathway);
    to_.text("change", "Code", name(one.change));
    to_.number("version-now", one.version_now);
    to_.number("version-next", one.version_next);
    to_.number("open", open_in(one.pathway, {}));
    for (const std::string& who : one.approved) {
      to_.text("approved", "String", who);
    }
    if (!one.effective.empty()) {
      to_.text("effective", "String", one.effective);
    }
    for (const std::string& what : one.what) {
      to_.text("what", "String", what);
    }
    to_.close();
  }

  void write(const std::string& pathway, const pathway::StateChange& state) {
    to_.open("state");
    to_.text("pathway", "Code", pathway);
    to_.text("state", "Code", state.state);
    to_.number("open", open_in(pathway, state.state));
    for (const std::string& what : state.what) {
      to_.text("what", "String", what);
    }
    if (const auto at = outlooks_.find({pathway, state.state}); at != outlooks_.end()) {
      to_.number("overdue-at-once", at->second.overdue_at_once);
      to_.number("sooner", at->second.sooner);
      to_.number("later", at->second.later);
      to_.number("same", at->second.same);
      to_.number("not-known", at->second.not_known);
      if (is_bound_) {
        to_.boolean("at-least", true);
      }
    }
    to_.close();
  }

  [[nodiscard]] std::string words(const std::vector<std::string>& faults,
                                  const std::vector<pathway::PathwayChange>& changes) const {
    std::string text = faults.empty() ? std::string("This set may come into force.")
                                      : fmt::format("This set is refused, for {} reason{}.",
                                                    faults.size(), faults.size() == 1 ? "" : "s");
    text += fmt::format(" {} pathway{} differ{}.", changes.size(), changes.size() == 1 ? "" : "s",
                        changes.size() == 1 ? "s" : "");
    text += words_of_tables();
    Outlook sum;
    for (const auto& [where, one] : outlooks_) {
      sum.overdue_at_once += one.overdue_at_once;
      sum.sooner += one.sooner;
      sum.later += one.later;
    }
    if (!outlooks_.empty()) {
      text += fmt::format(
          " Counted by it, {}{} open items would be due sooner ({} of them overdue at once) and {} "
          "later. What is open keeps the due time that it has until it moves on.",
          is_bound_ ? "at least " : "", sum.sooner, sum.overdue_at_once, sum.later);
    }
    return text;
  }

  [[nodiscard]] std::string words_of_tables() const {
    std::string text;
    for (const pathway::TableChange& one : tables_.changes) {
      text += fmt::format(" Clinical table {}: {} -> {}.", one.next.table, one.now.version,
                          one.next.version);
    }
    std::size_t anew = 0;
    for (const auto& [from_to, one] : tables_.judged) {
      anew += one.count;
    }
    if (tables_.looked_at > 0) {
      text += fmt::format(" Of the newest {} results {} would be judged otherwise.",
                          tables_.looked_at, anew);
    }
    return text;
  }

  const Parts& parts_;
  const node::Moment& moment_;
  const Time now_;
  const pathway::Definitions* const in_force_;
  std::vector<views::StateCount> states_;
  std::map<std::pair<std::string, std::string>, Outlook> outlooks_;  ///< by pathway and state
  std::vector<std::string> shared_;
  TablesOutlook tables_;
  bool is_bound_ = false;
  ParametersWriter to_;
};

}  // namespace

Result<Reply> check_pathways(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY(auto files, read_files(parts, call));
  return Check(parts, moment).run(std::move(files));
}

}  // namespace holdfast::api
