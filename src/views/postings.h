// views/postings.h: what search finds a version by. A posting is a key without value: index, type,
// value, row; the rows of one value are a sorted list of numbers.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "fhir/type.h"
#include "views/keys.h"
#include "views/kv.h"
#include "views/overlay.h"

namespace holdfast::views {

/// Longest value in a key. Of a longer one the key has the beginning and the row's value the rest,
/// so that the answer stays exact.
inline constexpr std::size_t posting_value_bytes_max = 1024;

/// Where the rows of one value lie: index, type and value, without the row. Made only by the
/// functions below, one for each kind of index.
struct PostingPrefix {
  Bytes key;
  Bytes rest;  ///< of a value longer than posting_value_bytes_max
  bool operator==(const PostingPrefix&) const = default;
};

/// Every current resource of the type.
[[nodiscard]] PostingPrefix listing_prefix(fhir::TypeId type);

/// https://hl7.org/fhir/R4/search.html#token: [system]|[code], [code], [system]|
/// Each is a value of its own; |[code] is a code that has no system.
[[nodiscard]] PostingPrefix token_prefix(IndexNumber index, fhir::TypeId type,
                                         std::string_view system, std::string_view code);
[[nodiscard]] PostingPrefix token_code_prefix(IndexNumber index, fhir::TypeId type,
                                              std::string_view code);
[[nodiscard]] PostingPrefix token_system_prefix(IndexNumber index, fhir::TypeId type,
                                                std::string_view system);

/// Resources of `type` whose reference parameter `index` points to target_type/target_id.
[[nodiscard]] PostingPrefix reference_prefix(IndexNumber index, fhir::TypeId type,
                                             fhir::TypeId target_type, std::string_view target_id);
/// The same for what is not on this server: an absolute URL, a URN, a canonical; its exact text.
[[nodiscard]] PostingPrefix uri_prefix(IndexNumber index, fhir::TypeId type, std::string_view uri);

/// Resources of `type` in the compartment of Patient/`patient`.
[[nodiscard]] PostingPrefix compartment_prefix(std::string_view patient, fhir::TypeId type);
/// The types that Patient/`patient` has anything of, now or in the undo table.
[[nodiscard]] Result<std::vector<fhir::TypeId>> compartment_types(const Reader& reader,
                                                                  std::string_view patient);

/// All postings of one version. Reused from one to the next: no allocation once it is warm.
class Postings {
 public:
  void clear();
  void add(const PostingPrefix& prefix);
  void add_listing(fhir::TypeId type);
  /// system|code, code, and system, of those that are not empty.
  void add_token(IndexNumber index, fhir::TypeId type, std::string_view system,
                 std::string_view code);
  void add_reference(IndexNumber index, fhir::TypeId type, fhir::TypeId target_type,
                     std::string_view target_id);
  void add_compartment(std::string_view patient, fhir::TypeId type);

  [[nodiscard]] std::size_t size() const { return items_.size(); }
  struct Item {
    std::uint32_t key_begin;
    std::uint32_t key_end;   ///< the key without its row
    std::uint32_t rest_end;  ///< and what did not fit into it
  };
  [[nodiscard]] std::span<const Item> items() const { return items_; }
  [[nodiscard]] BytesView key(const Item& item) const;
  [[nodiscard]] BytesView rest(const Item& item) const;

  /// Calls take(key, value) for each row of the posting table; a key may come twice, with the
  /// same value.
  template <class Take>
  void each_row(RowId row, Take&& take) const {
    const std::map<BytesView, Bytes> rests = long_values();
    Bytes full;
    for (const Item& item : items_) {
      full.assign(key(item));
      append_row(full, row);
      const auto found = rests.empty() ? rests.end() : rests.find(key(item));
      take(BytesView(full), found == rests.end() ? BytesView{} : BytesView(found->second));
    }
  }

 private:
  void end_item(std::size_t begin, std::string_view rest);
  [[nodiscard]] std::map<BytesView, Bytes> long_values() const;
  Bytes bytes_;
  std::vector<Item> items_;
  bool has_rest_ = false;
};

/// Whether a posting row with this value stands for the value that ends in `rest`.
[[nodiscard]] bool holds_rest(BytesView value, BytesView rest);

/// Puts the postings of `row`.
void write_postings(WorkLayer& layer, RowId row, const Postings& postings);

}  // namespace holdfast::views
