// search/composite_query.cpp: https://hl7.org/fhir/R4/search.html#composite
#include <algorithm>

#include "search/moment.h"
#include "search/text.h"
#include "search/value_query.h"
#include "views/forms.h"
#include "views/values.h"

namespace holdfast::search {
namespace {

// Parts that all hold of one element. Ranges go by the first part, behind each of its forms by the
// second, and so on.
class CompositeQuery final : public ValueQuery {
 public:
  CompositeQuery(std::vector<fhir::ParamKind> kinds, std::vector<ValueQueryPtr> parts)
      : kinds_(std::move(kinds)), parts_(std::move(parts)) {}

  Result<void> add_ranges(const Moment& moment, BytesView base,
                          std::vector<KeyRange>& to) const override {
    std::vector<Bytes> bases{Bytes(base)};
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const bool is_last = i + 1 == parts_.size();
      std::vector<Bytes> longer;
      for (const Bytes& one : bases) {
        std::vector<KeyRange> ranges;
        TRY_OK(parts_[i]->add_ranges(moment, one, ranges));
        for (KeyRange& range : ranges) {
          if (is_last) {
            to.push_back(std::move(range));
          } else if (range.exact) {
            longer.push_back(std::move(range.from));
          } else {
            TRY_OK(add_forms_in(moment, i, one, range, longer));
          }
        }
      }
      if (longer.size() > bases_max) {
        for (const Bytes& one : bases) {
          to.push_back(forms_beginning(one, {}));
        }
        return ok();
      }
      bases = std::move(longer);
    }
    return ok();
  }
  Verdict judge(BytesView form) const override {
    Verdict all = Verdict::yes;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const std::size_t bytes = form_bytes(i, form);
      const Verdict one = parts_[i]->judge(form.substr(0, bytes));
      if (one == Verdict::no) {
        return one;
      }
      all = one == Verdict::ask ? one : all;
      form.remove_prefix(bytes);
    }
    return all;
  }
  bool is_tight() const override { return false; }

 private:
  // So many beginnings are looked behind; of more the whole range is read.
  static constexpr std::size_t bases_max = 64;

  // Of the form of part `i` that `forms` begins with.
  [[nodiscard]] std::size_t form_bytes(std::size_t i, BytesView forms) const {
    return leading_form_bytes(kinds_[i], forms).value_or(forms.size());
  }

  // The beginnings that a range of part `i` holds: one seek each.
  Result<void> add_forms_in(const Moment& moment, std::size_t i, BytesView base,
                            const KeyRange& range, std::vector<Bytes>& to) const {
    for (const views::Table table : tables_seen(moment)) {
      const auto cursor =
          moment.reader.scan(table, range.from, range.until, views::Direction::forward);
      while (cursor->valid() && to.size() <= bases_max) {
        const BytesView forms = cursor->key().substr(base.size());
        const BytesView form = forms.substr(0, form_bytes(i, forms));
        Bytes key = Bytes(base) + Bytes(form);
        const Bytes next = views::after_prefix(key);
        if (parts_[i]->judge(form) != Verdict::no && std::ranges::find(to, key) == to.end()) {
          to.push_back(std::move(key));
        }
        if (next.empty()) {
          break;
        }
        cursor->seek(next);
      }
      TRY_OK(cursor->status());
    }
    return ok();
  }

  const std::vector<fhir::ParamKind> kinds_;
  const std::vector<ValueQueryPtr> parts_;
};

}  // namespace

Result<ValueQueryPtr> composite_query(const Asked& asked, std::string_view text) {
  if (!asked.modifier.empty()) {
    return fail(Code::unsupported, "a composite has the modifier ':missing' only");
  }
  const auto texts = split_unescaped(text, '$');
  if (texts.size() != asked.param.parts.size()) {
    return fail(Code::value, quoted(text) + " has " + std::to_string(texts.size()) +
                                 " parts; this parameter takes " +
                                 std::to_string(asked.param.parts.size()) + ", separated by '$'");
  }
  std::vector<ValueQueryPtr> parts;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    fhir::SearchParam part;
    part.kind = asked.param.parts[i];
    TRY(auto query, value_query({asked.type, part, {}, asked.now}, texts[i]));
    parts.push_back(std::move(query));
  }
  return ValueQueryPtr(std::make_shared<CompositeQuery>(asked.param.parts, std::move(parts)));
}

}  // namespace holdfast::search
