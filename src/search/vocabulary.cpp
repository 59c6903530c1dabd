#include "search/vocabulary.h"

#include <algorithm>
#include <deque>
#include <set>

#include <fmt/format.h>

#include "fhir/json.h"
#include "fhir/terminology/terminology.h"
#include "search/rows.h"
#include "views/postings.h"
#include "views/values.h"
#include "views/versions.h"

namespace holdfast::search {
namespace {

namespace terminology = fhir::terminology;
using terminology::Terminology;
using terminology::Truth;

/// Reading a resource into tables costs about as much as a key for so many of its bytes.
constexpr std::uint64_t bytes_a_key = 64;

std::string text_of(fhir::JsonValue object, std::string_view key) {
  const auto value = object.find(key);
  return value && value->is_string() ? value->text() : std::string();
}

std::pair<std::string, std::string> split_canonical(std::string_view canonical) {
  const std::size_t bar = canonical.find('|');
  return bar == std::string_view::npos ? std::pair(std::string(canonical), std::string())
                                       : std::pair(std::string(canonical.substr(0, bar)),
                                                   std::string(canonical.substr(bar + 1)));
}

// ---- what the record holds --------------------------------------------------------------------

/// The value sets and code systems of the record that a question leads to, directly or by others.
class Stored {
 public:
  explicit Stored(const Moment& moment) : moment_(moment) {}

  /// ValueSet/id. Code::value if there is none.
  Result<void> take_set(std::string_view id) {
    const fhir::TypeId type = *fhir::type_id("ValueSet");
    TRY(const auto current, views::read_as_of(moment_.reader, type, id, moment_.row_max));
    if (!current || current->presence != views::Presence::present) {
      return fail(Code::value, fmt::format("':in' names ValueSet/{}, which is not there", id));
    }
    return take_row(current->row);
  }
  /// What is stored under that canonical, or is named by a set that is built in. True if stored.
  Result<bool> take(std::string_view type, const std::string& canonical) {
    if (!asked_.emplace(type, canonical).second) {
      return false;
    }
    TRY(const auto row, find(*fhir::type_id(type), canonical));
    if (row) {
      TRY_OK(take_row(*row));
      return true;
    }
    if (type == "ValueSet") {
      follow_built_in(canonical);
    }
    return false;
  }
  /// Until nothing more is named.
  Result<void> follow() {
    while (!named_.empty()) {
      const auto [type, canonical] = std::move(named_.front());
      named_.pop_front();
      TRY(const bool found, take(type, canonical));
      (void)found;
    }
    return ok();
  }
  /// What is built in, and what was taken over it.
  [[nodiscard]] Result<Terminology> laid_over() const {
    Terminology built_in;
    if (taken_.empty()) {
      return built_in;
    }
    std::vector<fhir::JsonValue> roots;
    for (const fhir::Json& one : taken_) {
      roots.push_back(one.root());
    }
    return Terminology::over(built_in, roots);
  }

 private:
  // Of several with that url (and version, if one is said) the one that was changed last.
  Result<std::optional<RowId>> find(fhir::TypeId type, const std::string& canonical) {
    const auto [url, version] = split_canonical(canonical);
    const fhir::SearchParam* param = moment_.params.find(type, "url");
    std::optional<RowId> found;
    for (const fhir::IndexUse& use :
         param == nullptr ? std::vector<fhir::IndexUse>() : param->uses) {
      Bytes prefix = views::index_prefix(use.index);
      views::append_value_text(prefix, url);
      const RowsPtr rows = posting_rows(moment_, views::Direction::backward, prefix);
      for (; rows->valid() && (!found || *found < rows->row()); rows->next()) {
        TRY_OK(moment_.budget.spend(Budget::body_cost));
        TRY(const views::Body body, views::read_body(moment_.reader, moment_.codec, rows->row()));
        TRY(const fhir::Json json, reader_.read(Bytes(body.bytes)));
        // A url may be longer than a key.
        if (text_of(json.root(), "url") == url &&
            (version.empty() || text_of(json.root(), "version") == version)) {
          found = rows->row();
        }
      }
      TRY_OK(rows->status());
    }
    return found;
  }

  Result<void> take_row(RowId row) {
    TRY(views::Body body, views::read_body(moment_.reader, moment_.codec, row));
    bytes_ += body.bytes.size();
    if (taken_.size() == stored_vocabulary_max || bytes_ > stored_vocabulary_bytes_max) {
      return fail(Code::too_large,
                  fmt::format("that value set leads to more than {} value sets and code systems of "
                              "this record, or to more than {} bytes of them",
                              stored_vocabulary_max, stored_vocabulary_bytes_max));
    }
    TRY_OK(moment_.budget.spend(Budget::body_cost + body.bytes.size() / bytes_a_key));
    TRY(fhir::Json json, reader_.read(std::move(body.bytes)));
    if (const auto compose = json.root().find("compose")) {
      for (const std::string_view name : {"include", "exclude"}) {
        if (const auto rules = compose->find(name)) {
          for (const fhir::JsonValue rule : rules->children()) {
            follow_rule(rule);
          }
        }
      }
    }
    taken_.push_back(std::move(json));
    return ok();
  }
  void follow_rule(fhir::JsonValue rule) {
    if (std::string system = text_of(rule, "system"); !system.empty()) {
      named_.emplace_back("CodeSystem", std::move(system));
    }
    if (const auto sets = rule.find("valueSet"); sets && sets->is_array()) {
      for (const fhir::JsonValue set : sets->children()) {
        named_.emplace_back("ValueSet", set.text());
      }
    }
  }
  // What the record holds counts before what is built in, also where a built-in set names it.
  void follow_built_in(const std::string& canonical) {
    const Terminology in;
    const auto set = in.value_set(canonical);
    if (!set) {
      return;
    }
    const terminology::Tables& tables = in.tables(set->layer);
    const terminology::ValueSetRow& row = in.row(*set);
    for (unsigned i = 0; i < row.rule_count; ++i) {
      const terminology::RuleRow& rule = tables.rules[row.first_rule + i];
      if (rule.system != 0) {
        named_.emplace_back("CodeSystem", in.text(set->layer, tables.systems[rule.system - 1].url));
      }
      for (unsigned k = 0; k < rule.import_count; ++k) {
        named_.emplace_back("ValueSet", in.text(set->layer, tables.imports[rule.imports + k]));
      }
    }
  }

  const Moment& moment_;
  fhir::JsonReader reader_;
  std::set<std::pair<std::string, std::string>> asked_;
  std::deque<std::pair<std::string, std::string>> named_;  // type, canonical
  std::vector<fhir::Json> taken_;
  std::size_t bytes_ = 0;
};

// ---- sets of codes ----------------------------------------------------------------------------

bool has_letters(std::string_view code) {
  return std::ranges::any_of(
      code, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

// Whether the system takes a code as it is written and in no other case of its letters.
bool is_exact(const Terminology& in, std::string_view system, std::string_view code) {
  const auto known = in.system(system);
  return !has_letters(code) ||
         (known && in.row(*known).case_rule == terminology::CaseRule::sensitive);
}

class ValueSetCodes final : public CodeSet {
 public:
  ValueSetCodes(Terminology in, terminology::ValueSetId set, std::string name)
      : in_(std::move(in)), set_(set), name_(std::move(name)) {}

  Result<bool> has(std::string_view system, std::string_view code) const override {
    switch (in_.holds(set_, system, code)) {
      case Truth::yes: return true;
      case Truth::no: return false;
      case Truth::unknown: break;
    }
    return fail(Code::unsupported,
                fmt::format("the record has the code '{}', and whether {} holds it cannot be known "
                            "here: {}",
                            code.substr(0, 100), name_,
                            in_.contains(set_, {system, {}, code, {}}).message));
  }
  std::optional<std::vector<std::string>> codes() const override {
    std::vector<std::string> all;
    bool exact = true;
    const auto visited =
        in_.visit_members(set_, [&](std::string_view system, std::string_view code) {
          exact = exact && is_exact(in_, system, code);
          all.emplace_back(code);
        });
    if (!visited || !exact) {
      return std::nullopt;
    }
    std::ranges::sort(all);
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }
  const std::string& name() const override { return name_; }

 private:
  const Terminology in_;
  const terminology::ValueSetId set_;
  const std::string name_;
};

class HierarchyCodes final : public CodeSet {
 public:
  /// `codes` sorted.
  HierarchyCodes(Terminology in, std::string system, std::vector<std::string> codes,
                 std::string name)
      : in_(std::move(in)),
        system_(std::move(system)),
        codes_(std::move(codes)),
        name_(std::move(name)) {}

  // A code is compared as its system says: it is the concept that counts.
  Result<bool> has(std::string_view system, std::string_view code) const override {
    if (!system.empty() && system != system_) {
      return false;
    }
    const auto found = in_.find(system_, code);
    return found && std::ranges::binary_search(codes_, in_.code(*found));
  }
  std::optional<std::vector<std::string>> codes() const override {
    const bool exact = std::ranges::all_of(
        codes_, [&](const std::string& code) { return is_exact(in_, system_, code); });
    return exact ? std::optional(codes_) : std::nullopt;
  }
  const std::string& name() const override { return name_; }

 private:
  const Terminology in_;
  const std::string system_;
  const std::vector<std::string> codes_;
  const std::string name_;
};

}  // namespace

Result<CodeSetPtr> Vocabulary::value_set(const Moment& moment, const std::string& named) {
  if (const auto known = known_.find(named); known != known_.end()) {
    return known->second;
  }
  constexpr std::string_view by_id = "ValueSet/";
  Stored stored(moment);
  const bool is_by_id = named.starts_with(by_id);
  bool is_stored = is_by_id;
  if (is_by_id) {
    TRY_OK(stored.take_set(std::string_view(named).substr(by_id.size())));
  } else {
    TRY(is_stored, stored.take("ValueSet", named));
  }
  TRY_OK(stored.follow());
  TRY(Terminology in, stored.laid_over());
  terminology::ValueSetId set;
  if (is_stored) {
    // The first that was taken is the first of its layer.
    set = {static_cast<std::uint32_t>(in.layer_count() - 1), 0};
  } else if (const auto built_in = in.value_set(named)) {
    set = *built_in;
  } else {
    return fail(Code::value,
                fmt::format("the value set '{}' is neither stored here nor built in; name it by "
                            "its url or as ValueSet/[id], or store it first",
                            named));
  }
  auto made =
      std::make_shared<ValueSetCodes>(std::move(in), set, fmt::format("the value set {}", named));
  known_.emplace(named, made);
  return CodeSetPtr(std::move(made));
}

Result<CodeSetPtr> Vocabulary::hierarchy(const Moment& moment, Way way, const std::string& system,
                                         const std::string& code) {
  const std::string name =
      fmt::format("what is {} {}|{}", way == Way::below ? "below" : "above", system, code);
  if (const auto known = known_.find(name); known != known_.end()) {
    return known->second;
  }
  Stored stored(moment);
  TRY(const bool is_stored, stored.take("CodeSystem", system));
  (void)is_stored;
  TRY(Terminology in, stored.laid_over());
  std::vector<std::string> codes;
  const auto add = [&codes](std::string_view /*system*/, std::string_view one) {
    codes.emplace_back(one);
  };
  const auto visited =
      way == Way::below ? in.visit_below(system, code, add) : in.visit_above(system, code, add);
  if (!visited) {
    // What a search names and is not there is a wrong value, not an address without resource.
    Error why = visited.error();
    why.code = why.code == Code::not_found ? Code::value : why.code;
    return fail(std::move(why));
  }
  std::ranges::sort(codes);
  auto made = std::make_shared<HierarchyCodes>(std::move(in), system, std::move(codes), name);
  known_.emplace(name, made);
  return CodeSetPtr(std::move(made));
}

}  // namespace holdfast::search
