// sim/judge_searches.cpp: what searches and histories found, page by page over crashes, against
// what the model says was there at their position.
#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "sim/judge.h"

namespace holdfast::sim {
namespace {

class SearchJudge {
 public:
  SearchJudge(const Model& model, Ledger& ledger) : model_(model), ledger_(ledger) {}

  void run() {
    for (const Followed& search : ledger_.followed) {
      if (search.kind == Followed::Kind::history) {
        compare_history(search);
      } else {
        compare_search(search);
      }
    }
  }

 private:
  template <class... Arguments>
  void wrong(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    ledger_.violated(fmt::format(text, std::forward<Arguments>(arguments)...));
  }

  /// Exactly what was asked for, each once, in the order that was asked for.
  void compare_search(const Followed& search) {
    auto expected = model_.listing(search.type, search.position);
    const auto others =
        model_.listing(search.type == "Observation" ? "Patient" : "Observation", search.position);
    std::erase_if(expected, [&](const auto& one) {
      return !is_meant(search, one) || !is_linked(search, one, others);
    });
    std::map<Name, std::uint64_t> found;
    for (const auto& [name, version] : search.found) {
      if (!found.emplace(name, version).second) {
        wrong("a search of {} at {} found {} twice", search.type, search.position, name);
      }
    }
    if (found != expected) {
      wrong("a search of {} at {} found {} resources where {} were: {}", search.type,
            search.position, found.size(), expected.size(), difference(found, expected));
      return;
    }
    for (std::size_t i = 1; i < search.found.size(); ++i) {
      if (!search.sort.empty() && !in_order(search, search.found[i - 1], search.found[i])) {
        wrong("a search of {} at {} by {}{} shows {} before {}", search.type, search.position,
              search.descending ? "-" : "", search.sort, search.found[i - 1].first,
              search.found[i].first);
      }
    }
  }

  const ModelVersion& version_of(const std::pair<Name, std::uint64_t>& one) const {
    return model_.resources().at(one.first)[one.second - 1];
  }
  bool is_meant(const Followed& search, const std::pair<Name, std::uint64_t>& one) const {
    const ModelVersion& version = version_of(one);
    return (search.identifier.empty() || version.identifier == search.identifier) &&
           (search.from.empty() || (!version.date.empty() && version.date >= search.from));
  }
  // Both ends as they were at that moment.
  bool is_linked(const Followed& search, const std::pair<Name, std::uint64_t>& one,
                 const std::map<Name, std::uint64_t>& others) const {
    const auto leads = [&](const ModelVersion& from, const Name& to) {
      return std::ranges::find(from.references, to) != from.references.end();
    };
    const bool forward = search.type == "Observation";
    return search.linked.empty() || std::ranges::any_of(others, [&](const auto& other) {
             return version_of(other).identifier == search.linked &&
                    (forward ? leads(version_of(one), other.first)
                             : leads(version_of(other), one.first));
           });
  }
  // What has no value comes last, either way.
  bool in_order(const Followed& search, const std::pair<Name, std::uint64_t>& first,
                const std::pair<Name, std::uint64_t>& second) const {
    const ModelVersion& a = version_of(first);
    const ModelVersion& b = version_of(second);
    if (search.sort == "_lastUpdated") {
      return search.descending ? a.position >= b.position : a.position <= b.position;
    }
    if (search.sort == "_id") {
      return search.descending ? first.first > second.first : first.first < second.first;
    }
    const std::string& of_a = search.sort == "date" ? a.date : a.identifier;
    const std::string& of_b = search.sort == "date" ? b.date : b.identifier;
    if (of_a.empty() || of_b.empty()) {
      return of_b.empty();
    }
    return search.descending ? of_a >= of_b : of_a <= of_b;
  }

  /// Each version once, newest first.
  void compare_history(const Followed& history) {
    std::uint64_t before = UINT64_MAX;
    for (const auto& [name, version] : history.found) {
      const auto at = model_.resources().find(name);
      if (at == model_.resources().end() || version == 0 || version > at->second.size()) {
        wrong("a history shows {} version {}, which never was", name, version);
        return;
      }
      const std::uint64_t position = at->second[version - 1].position;
      if (position > before) {
        wrong("a history shows {} version {} after what is older", name, version);
      }
      before = position;
    }
    auto found = history.found;
    auto expected = model_.history(history.type, history.position);
    std::ranges::sort(found);
    std::ranges::sort(expected);
    if (found != expected) {
      wrong("the history of {} at {} shows {} versions where {} were",
            history.type.empty() ? "everything" : history.type, history.position, found.size(),
            expected.size());
    }
  }

  static std::string difference(const std::map<Name, std::uint64_t>& found,
                                const std::map<Name, std::uint64_t>& expected) {
    for (const auto& [name, version] : expected) {
      const auto at = found.find(name);
      if (at == found.end()) {
        return fmt::format("{} version {} is missing", name, version);
      }
      if (at->second != version) {
        return fmt::format("{} has version {}, not {}", name, at->second, version);
      }
    }
    for (const auto& [name, version] : found) {
      if (!expected.contains(name)) {
        return fmt::format("{} version {} should not be there", name, version);
      }
    }
    return "nothing";
  }

  const Model& model_;
  Ledger& ledger_;
};

}  // namespace

void judge_searches(const Model& model, Ledger& ledger) { SearchJudge(model, ledger).run(); }

}  // namespace holdfast::sim
