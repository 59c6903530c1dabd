// search/both_query.cpp: two bounds of one value as one range: `date=ge2024&date=lt2025`.
#include <algorithm>

#include "search/value_query.h"

namespace holdfast::search {
namespace {

/// Whether `a` ends first; an empty end is that of the table.
bool ends_before(const KeyRange& a, const KeyRange& b) {
  return !a.until.empty() && (b.until.empty() || a.until < b.until);
}

// Ranges of one query lie apart, so each of the one overlaps few of the other.
void add_overlaps(std::vector<KeyRange> some, std::vector<KeyRange> others, const ValueQuery& one,
                  const ValueQuery& other, std::vector<KeyRange>& to) {
  std::ranges::sort(some, {}, &KeyRange::from);
  std::ranges::sort(others, {}, &KeyRange::from);
  for (std::size_t a = 0, b = 0; a < some.size() && b < others.size();) {
    KeyRange both;
    both.from = std::max(some[a].from, others[b].from);
    const bool is_first = ends_before(some[a], others[b]);
    both.until = is_first ? some[a].until : others[b].until;
    both.literal = some[a].literal && others[b].literal;
    both.tight = (one.is_tight() || some[a].tight) && (other.is_tight() || others[b].tight);
    if (both.until.empty() || both.from < both.until) {
      to.push_back(std::move(both));
    }
    ++(is_first ? a : b);
  }
}

class BothQuery final : public ValueQuery {
 public:
  BothQuery(ValueQueryPtr one, ValueQueryPtr other)
      : one_(std::move(one)), other_(std::move(other)) {}

  Result<void> add_ranges(const Moment& moment, BytesView base,
                          std::vector<KeyRange>& to) const override {
    std::vector<KeyRange> some;
    TRY_OK(one_->add_ranges(moment, base, some));
    std::vector<KeyRange> others;
    TRY_OK(other_->add_ranges(moment, base, others));
    add_overlaps(std::move(some), std::move(others), *one_, *other_, to);
    return ok();
  }
  Verdict judge(BytesView form) const override {
    return verdict(one_->judge(form) == Verdict::yes && other_->judge(form) == Verdict::yes);
  }
  bool is_tight() const override { return false; }

 private:
  const ValueQueryPtr one_;
  const ValueQueryPtr other_;
};

}  // namespace

bool can_be_both(fhir::ParamKind kind) {
  return kind == fhir::ParamKind::date || kind == fhir::ParamKind::number ||
         kind == fhir::ParamKind::quantity;
}

ValueQueryPtr both_query(ValueQueryPtr one, ValueQueryPtr other) {
  return std::make_shared<BothQuery>(std::move(one), std::move(other));
}

}  // namespace holdfast::search
