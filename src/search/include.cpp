#include "search/include.h"

#include <algorithm>
#include <set>

#include "search/candidate.h"
#include "search/rows.h"
#include "search/term.h"
#include "search/vocabulary.h"
#include "views/postings.h"
#include "views/values.h"
#include "views/versions.h"

namespace holdfast::search {
namespace {

class Following {
 public:
  Following(const Moment& moment, const std::vector<Include>& includes)
      : moment_(moment), includes_(includes), candidate_(moment) {}

  Result<std::vector<RowId>> run(const std::vector<RowId>& page) {
    known_.insert(page.begin(), page.end());
    for (const RowId row : page) {
      TRY_OK(follow(row, false));
    }
    // What was reached may lead on; found_ grows meanwhile.
    const bool iterates = std::ranges::any_of(includes_, &Include::iterate);
    for (std::size_t i = 0; iterates && i < found_.size(); ++i) {
      TRY_OK(follow(found_[i], true));
    }
    return std::move(found_);
  }

 private:
  Result<void> follow(RowId row, bool only_iterating) {
    candidate_.set(row);
    TRY_OK(candidate_.load());
    const fhir::TypeId type = candidate_.header().type;
    const std::string id = candidate_.header().id;
    for (const Include& include : includes_) {
      if (only_iterating && !include.iterate) {
        continue;
      }
      if (include.reverse) {
        if (!include.target || *include.target == type) {
          TRY_OK(each_param(include, [&](const fhir::SearchParam& param) {
            return add_referrers(param, type, id);
          }));
        }
      } else if (include.source == type) {
        TRY_OK(each_param(include, [&](const fhir::SearchParam& param) {
          return add_targets(param, include.target);
        }));
      }
    }
    return ok();
  }

  template <class Take>
  Result<void> each_param(const Include& include, Take&& take) {
    if (include.param != nullptr) {
      return take(*include.param);
    }
    for (const fhir::SearchParam& param : moment_.params.of(include.source)) {
      if (param.kind == fhir::ParamKind::reference) {
        TRY_OK(take(param));
      }
    }
    return ok();
  }

  Result<void> add_targets(const fhir::SearchParam& param, std::optional<fhir::TypeId> wanted) {
    std::vector<Target> targets;
    for (const fhir::ExtractedValue& value : candidate_.values()) {
      for (const fhir::IndexUse& use : param.uses) {
        if (use.index != value.index) {
          continue;
        }
        const views::Forms& forms = candidate_.forms(value);
        for (std::size_t i = 0; i < forms.size(); ++i) {
          auto target = target_in(forms[i]);
          const bool counts = target && (!use.only || *use.only == target->type) &&
                              (!wanted || *wanted == target->type);
          if (counts) {
            targets.push_back(*std::move(target));
          }
        }
      }
    }
    for (const Target& target : targets) {
      TRY(const auto current,
          views::read_as_of(moment_.reader, target.type, target.id, moment_.row_max));
      if (current && current->presence == views::Presence::present) {
        TRY_OK(add(current->row));
      }
    }
    return ok();
  }

  Result<void> add_referrers(const fhir::SearchParam& param, fhir::TypeId type,
                             const std::string& id) {
    for (const fhir::IndexUse& use : param.uses) {
      if (use.only && *use.only != type) {
        continue;
      }
      Bytes prefix = views::index_prefix(use.index);
      views::append_target(prefix, type, id);
      const RowsPtr rows = posting_rows(moment_, views::Direction::forward, prefix);
      for (; rows->valid(); rows->next()) {
        TRY_OK(moment_.budget.spend(1));
        TRY_OK(add(rows->row()));
      }
      TRY_OK(rows->status());
    }
    return ok();
  }

  Result<void> add(RowId row) {
    if (!known_.insert(row).second) {
      return ok();
    }
    if (found_.size() == included_max) {
      return fail(Code::too_costly, "the includes of this page lead to more than " +
                                        std::to_string(included_max) +
                                        " resources; ask for fewer with _count, or include less");
    }
    found_.push_back(row);
    return ok();
  }

  const Moment& moment_;
  const std::vector<Include>& includes_;
  Candidate candidate_;
  std::set<RowId> known_;
  std::vector<RowId> found_;
};

}  // namespace

Result<std::vector<RowId>> included_rows(const Source& source, const std::vector<Include>& includes,
                                         const Snapshot& snapshot, const std::vector<RowId>& page,
                                         const PageLimits& limits) {
  if (includes.empty() || page.empty()) {
    return std::vector<RowId>();
  }
  TRY(const views::State state, views::read_state(source.reader));
  Budget budget(limits.candidates_max);
  Vocabulary vocabulary;
  const Moment moment{source.reader,
                      source.codec,
                      source.params,
                      snapshot.row,
                      snapshot.row,
                      snapshot.position,
                      state.position == snapshot.position,
                      Position{state.undo_pruned},
                      source.lists,
                      snapshot.time,
                      budget,
                      vocabulary};
  return Following(moment, includes).run(page);
}

}  // namespace holdfast::search
