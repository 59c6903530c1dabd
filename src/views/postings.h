// views/postings.h: what search finds a version by. A posting is a key without value: index, value,
// row; the rows of one value are a sorted list of numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "fhir/search_params.h"
#include "fhir/type.h"
#include "views/keys.h"
#include "views/kv.h"
#include "views/overlay.h"

namespace holdfast::views {

/// Every current resource of the type.
[[nodiscard]] Bytes listing_prefix(fhir::TypeId type);
/// Everything in the compartment of Patient/`patient`: a type and a row stand behind it.
[[nodiscard]] Bytes compartment_prefix(std::string_view patient);
/// Resources of `type` in it.
[[nodiscard]] Bytes compartment_prefix(std::string_view patient, fhir::TypeId type);
/// All of an index; a form (views/values.h) goes behind it.
[[nodiscard]] Bytes index_prefix(fhir::IndexId index);
/// The index of search parameters that a posting lies in; nothing for a listing or compartment.
[[nodiscard]] std::optional<fhir::IndexId> index_of_key(BytesView key);
/// The form in the key of a posting of such an index, which ends in a row or does not.
[[nodiscard]] BytesView form_in_key(BytesView key);
[[nodiscard]] BytesView form_in_row_key(BytesView key);

/// The patient in whose compartment such a key says that something lies, the id as append_id()
/// writes it; nothing for any other key.
[[nodiscard]] inline std::optional<BytesView> compartment_in_key(BytesView key) {
  constexpr std::size_t index_bytes = sizeof(IndexNumber::value);
  return IndexNumber{load_big<std::uint16_t>(key.data())} == index_number::compartment
             ? std::optional(key.substr(index_bytes, key.size() - index_bytes - 1))
             : std::nullopt;
}

/// The types that Patient/`patient` has anything of, now or in the undo table.
[[nodiscard]] Result<std::vector<fhir::TypeId>> compartment_types(const Reader& reader,
                                                                  std::string_view patient);

/// All postings of one version, as keys that only the row is missing from. Reused from one to the
/// next: no allocation once it is warm.
class Postings {
 public:
  void clear() {
    bytes_.clear();
    ends_.clear();
  }
  void add(BytesView prefix);
  void add_listing(fhir::TypeId type);
  void add_compartment(std::string_view patient, fhir::TypeId type);
  /// `form` as views/values.h writes them.
  void add_form(fhir::IndexId index, BytesView form);
  void add_all(const Postings& other);

  /// The patient whose compartment it lies in; of several, the first by its id. Empty: of none.
  [[nodiscard]] std::string patient() const;

  [[nodiscard]] std::size_t size() const { return ends_.size(); }
  /// The key without its row.
  [[nodiscard]] BytesView key(std::size_t i) const {
    const std::uint32_t begin = i == 0 ? 0 : ends_[i - 1];
    return BytesView(bytes_).substr(begin, ends_[i] - begin);
  }
  /// Calls take(key) for each row of the posting table; a key may come twice.
  template <class Take>
  void each_row(RowId row, Take&& take) const {
    Bytes full;
    for (std::size_t i = 0; i < size(); ++i) {
      full.assign(key(i));
      append_row(full, row);
      take(BytesView(full));
    }
  }

 private:
  void end_item();
  Bytes bytes_;
  std::vector<std::uint32_t> ends_;
};

/// Puts the postings of `row`.
void write_postings(WorkLayer& layer, RowId row, const Postings& postings);

}  // namespace holdfast::views
