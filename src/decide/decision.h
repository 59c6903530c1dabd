// decide/decision.h: a decision while it is being made: the Command, the view below it, and the
// results so far. One file per kind of operation adds to it; nothing here is kept.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/planted.h"
#include "decide/prepared.h"
#include "model/outcome.h"
#include "views/body.h"
#include "views/kv.h"

namespace holdfast::decide {

class Decision {
 public:
  Decision(const views::Reader& view, const views::BodyCodec& codec,
           const fhir::SearchParams& params, const Prepared& prepared, Bug planted)
      : view_(view), codec_(codec), params_(params), prepared_(prepared), planted_(planted) {
    outcome_.results.resize(prepared.command.operations.size());
  }

  /// https://hl7.org/fhir/R4/http.html#trules: deletes, then creates, then updates and patches,
  /// then the references of all.
  Result<Outcome> run();

 private:
  [[nodiscard]] const Operation& operation(std::size_t index) const {
    return prepared_.command.operations[index];
  }
  [[nodiscard]] std::string where(std::size_t index) const;

  /// That what this Command was made from is still so: the newest attempt, and the others.
  Result<void> check_message() const;
  Result<void> check_sequence(const Message& message) const;
  /// Which of the Command's deliveries are owed, now that it is known what it writes.
  Result<void> owe();
  [[nodiscard]] Result<std::optional<Owed>> owed(std::uint32_t index) const;
  /// The current version of what a delivery names. Code::not_found where it is not there.
  [[nodiscard]] Result<RowId> row_named(const Delivery& delivery) const;
  /// Who does the order that delivery `index` is about, and what neighbours are told of that
  /// (docs/adr/0026).
  Result<void> provide(std::uint32_t index);
  /// Where what is meant for that channel goes now, by the words of Endpoints.
  [[nodiscard]] Result<std::string> diverted(std::string channel) const;
  /// That each duty that it settles is there, and in the state that it is taken out of.
  Result<void> settle();
  Result<void> run_all(Verb verb, Result<void> (Decision::*one)(std::size_t));
  Result<void> remove(std::size_t index);
  Result<void> create(std::size_t index);
  Result<void> update(std::size_t index);
  Result<void> patch(std::size_t index);
  /// The resource that an operation names by its id.
  struct Named {
    Version newest;      ///< 0: it never was there; a deletion counts
    bool there = false;  ///< and is not deleted
  };
  /// Claims it for this operation, and checks If-Match.
  Result<Named> take_named(std::size_t index, const std::string& id);
  /// If-Match against what is there now.
  Result<void> check_version(std::size_t index, std::optional<Version> current) const;
  /// No two operations may mean one resource, whatever they do to it.
  Result<void> claim(std::size_t index, const std::string& id);

  /// What the operation's condition selects; nothing if that is nothing, an error if it is several.
  [[nodiscard]] Result<std::optional<std::string>> selected(std::size_t index) const;
  /// That the Command removes exactly what this operation's condition selects.
  Result<void> check_all_are_named(std::size_t index);
  /// The id that a conditional update writes to.
  Result<std::string> updated_by_condition(std::size_t index);
  /// What `query` selects in the record below this Command; an error names the operation.
  Result<std::vector<std::string>> matching(std::size_t index, fhir::TypeId type,
                                            std::string_view query, std::size_t limit) const;

  Result<void> resolve_references();
  Result<void> resolve_references_of(std::size_t index);
  Result<std::optional<std::string>> target_of(std::size_t index, const fhir::Site& site);
  Result<std::string> conditional_target(std::size_t index, const std::string& text,
                                         fhir::TypeId type);
  [[nodiscard]] std::string reference_to(std::size_t index) const;
  std::uint32_t intern_target(std::string text);

  const views::Reader& view_;
  const views::BodyCodec& codec_;
  const fhir::SearchParams& params_;
  const Prepared& prepared_;
  const Bug planted_;
  Outcome outcome_;
  std::map<std::pair<std::string_view, std::string>, std::size_t> claimed_;  // type, id
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> created_if_none_;
  std::map<std::pair<std::string_view, std::string>, std::size_t> updated_if_none_;
  std::set<std::pair<std::string_view, std::string_view>> removed_by_;  // type, condition: checked
  std::set<std::string> provided_;  ///< orders of which it is decided who does them
  std::map<std::string_view, std::size_t> by_full_url_;
  std::map<std::string, std::string> conditional_;     // query text -> "Type/id"
  std::map<std::string, std::uint32_t> target_index_;  // text -> index into outcome_.targets
};

}  // namespace holdfast::decide
