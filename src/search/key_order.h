// search/key_order.h: the index of a sort key, in its order. Inside search/ only.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "search/finder.h"
#include "search/sort.h"
#include "views/keys.h"
#include "views/postings.h"
#include "views/values.h"

namespace holdfast::search {

/// Keys of the indexes of one parameter, merged by what they are sorted by.
class KeyOrder {
 public:
  static Result<std::unique_ptr<KeyOrder>> make(const Moment& moment, const SortKey& key) {
    auto order = std::make_unique<KeyOrder>(moment, key);
    TRY_OK(order->add_sources(moment, key));
    return order;
  }
  KeyOrder(const Moment& moment, const SortKey& key)
      : kind_(key.param->kind),
        direction_(key.descending ? views::Direction::backward : views::Direction::forward),
        multi_(key.param->uses.size() > 1 ||
               moment.params.index(key.param->uses.front().index).repeats) {}

  /// An index whose keys are in the order wanted.
  static bool is_possible(const SortKey& key) {
    return key.by == SortKey::By::parameter && key.param->kind != fhir::ParamKind::quantity &&
           key.param->kind != fhir::ParamKind::number;
  }

  /// To the first key at or past that value.
  void seek(BytesView form) {
    for (Source& source : sources_) {
      Bytes key = source.prefix + Bytes(form.substr(std::min(source.passed, form.size())));
      if (direction_ == views::Direction::backward) {
        // All that begins with it, whatever follows.
        key.append(views::row_key_bytes + 1, '\xff');
      }
      source.scan->seek(key);
    }
  }

  Result<std::optional<ValueAt>> next() {
    Source* first = nullptr;
    Bytes form;
    for (Source& source : sources_) {
      if (!source.scan->valid()) {
        TRY_OK(source.scan->status());
        continue;
      }
      Bytes here = form_at(source);
      const bool is_first = first == nullptr ||
                            (direction_ == views::Direction::forward ? here < form : here > form) ||
                            (here == form && (direction_ == views::Direction::forward
                                                  ? source.scan->row() < first->scan->row()
                                                  : source.scan->row() > first->scan->row()));
      if (is_first) {
        first = &source;
        form = std::move(here);
      }
    }
    if (first == nullptr) {
      return std::optional<ValueAt>();
    }
    ValueAt at{std::move(form), first->scan->row()};
    first->scan->next();
    return std::optional(std::move(at));
  }
  /// A row may come again under another value.
  [[nodiscard]] bool may_repeat() const { return multi_; }

 private:
  struct Source {
    Bytes prefix;
    std::size_t passed;  // bytes of the sort form that the prefix holds
    std::unique_ptr<KeyScan> scan;
  };
  Result<void> add_sources(const Moment& moment, const SortKey& key) {
    for (const fhir::IndexUse& use : key.param->uses) {
      const Bytes base = views::index_prefix(use.index);
      if (kind_ == fhir::ParamKind::date) {
        TRY(const auto classes, date_classes_in(moment, base));
        for (const views::DateClass& one : classes) {
          Bytes prefix = base;
          prefix.push_back(static_cast<char>(one.number));
          add(moment, prefix);
        }
      } else if (use.only) {
        Bytes prefix = base;
        views::append_target_type(prefix, *use.only);
        add(moment, prefix, base.size());
      } else {
        add(moment, base);
      }
    }
    return ok();
  }
  void add(const Moment& moment, const Bytes& prefix, std::size_t base = 0) {
    const KeyRange range = forms_beginning(prefix, {});
    sources_.push_back({prefix, base == 0 ? 0 : prefix.size() - base,
                        std::make_unique<KeyScan>(moment, range.from, range.until, direction_)});
  }
  [[nodiscard]] Bytes form_at(const Source& source) const {
    return sort_form(kind_, views::form_in_row_key(source.scan->key()));
  }

  const fhir::ParamKind kind_;
  const views::Direction direction_;
  std::vector<Source> sources_;
  const bool multi_;
};

}  // namespace holdfast::search
