// api/our_side.h: what this record knows of the things on a neighbour's list, for $reconcile. Reads
// one moment; patients are remembered, since a list names each many times.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/call.h"
#include "fhir/json.h"
#include "reconcile/compare.h"
#include "views/item.h"

namespace holdfast::api {

/// Requests that one scope may have: a comparison holds them all.
inline constexpr std::size_t in_scope_max = 100'000;
/// Open items that are looked at to find them.
inline constexpr std::size_t open_items_max = 1'000'000;

class OurSide {
 public:
  OurSide(const Parts& parts, const node::Moment& moment, std::string_view source)
      : parts_(parts), moment_(moment), source_(source) {}

  /// What has the number of that line. Whether its answer has come is looked up only where their
  /// state says that it should have.
  Result<std::optional<reconcile::Ours>> find(const reconcile::Row& row,
                                              const reconcile::States& states);
  /// Requests in the scope that are open here. Code::too_costly behind the bounds above.
  Result<std::vector<reconcile::Ours>> open_in(const reconcile::Scope& scope);
  /// "Patient/7": the one who has that NHS number; empty where nobody has, or several.
  Result<std::string> patient_with(const std::string& nhs_number);

 private:
  Result<std::vector<std::string>> ids_with(const std::string& type,
                                            const reconcile::Number& number);
  /// Whether it came from that neighbour, whatever became of it.
  Result<std::optional<reconcile::Ours>> find_message(const std::string& control_id);
  Result<reconcile::Ours> describe(const std::string& type, const std::string& id);
  Result<void> describe_by_items(reconcile::Ours& ours, const std::vector<std::string>& items);
  /// By its own status, where no pathway follows it.
  Result<void> describe_by_itself(reconcile::Ours& ours, const std::string& type,
                                  const std::string& id);
  Result<std::optional<fhir::Json>> body(const std::string& reference);
  Result<const std::vector<std::string>*> nhs_numbers_of(const std::string& patient);
  Result<bool> has_answer(const std::string& reference);
  Result<std::optional<reconcile::Ours>> in_scope(const views::Item& item,
                                                  const reconcile::Scope& scope);
  [[nodiscard]] std::string state_words(const views::Item& item) const;

  const Parts& parts_;
  const node::Moment& moment_;
  const std::string_view source_;
  std::map<std::string, std::vector<std::string>> nhs_numbers_;
};

}  // namespace holdfast::api
