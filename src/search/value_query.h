// search/value_query.h: one value that a query asks for, as a test on the forms that lie in keys,
// and as the ranges of keys where forms that pass can lie. One class for each kind of parameter.
// Inside search/ only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "fhir/search_params.h"
#include "fhir/selector.h"
#include "views/kv.h"
#include "views/values.h"

namespace holdfast::search {

/// https://hl7.org/fhir/R4/search.html#prefix
enum class Prefix : std::uint8_t { eq, ne, gt, lt, ge, le, sa, eb, ap };

/// Keys [from, until) of the posting table, without rows.
struct KeyRange {
  Bytes from;
  Bytes until;
  /// Every key in it has the one form that `from` ends in: its rows lie sorted.
  bool exact = false;
  /// Every form in it is a `yes`.
  bool tight = false;
  /// What was asked for in its own words, where the query has others that mean the same.
  bool literal = false;
};

/// What the form of a value says about whether it is asked for.
enum class Verdict : std::uint8_t {
  no,
  yes,
  ask,  ///< the form does not say: ask holds(), with the body
};
[[nodiscard]] constexpr Verdict verdict(bool passes) { return passes ? Verdict::yes : Verdict::no; }

/// How many bytes at the beginning of `forms` are the form of one value of that kind; nothing if
/// none lies there whole.
[[nodiscard]] std::optional<std::size_t> leading_form_bytes(fhir::ParamKind kind, BytesView forms);

struct Moment;
class ValueQuery;
using ValueQueryPtr = std::shared_ptr<const ValueQuery>;

class ValueQuery {
 public:
  ValueQuery() = default;
  ValueQuery(const ValueQuery&) = delete;
  ValueQuery& operator=(const ValueQuery&) = delete;
  virtual ~ValueQuery() = default;

  /// Ranges that hold every form behind `base` that is not a `no`, perhaps with others. `base`
  /// begins keys: an index, and in a composite the forms of parts before. `moment` is for those
  /// that depend on what there is (units).
  virtual Result<void> add_ranges(const Moment& moment, BytesView base,
                                  std::vector<KeyRange>& to) const = 0;
  [[nodiscard]] virtual Verdict judge(BytesView form) const = 0;
  /// No key says anything: only holds() does, of every value of the parameter.
  [[nodiscard]] virtual bool is_by_body_only() const { return false; }
  /// All that lies in any of the ranges is a `yes`.
  [[nodiscard]] virtual bool is_tight() const = 0;
  /// Of a value that judge() asks about.
  [[nodiscard]] virtual bool holds(fhir::JsonValue resource, const fhir::Selected& value) const;
  /// What it means depends on what the record holds: at() first, and only what that gives is asked.
  [[nodiscard]] virtual bool depends_on_moment() const { return false; }
  [[nodiscard]] virtual Result<ValueQueryPtr> at(const Moment& moment,
                                                 const fhir::SearchParam& param) const;
  /// What at() found out, for people; empty where there is nothing to say.
  [[nodiscard]] virtual std::string explain() const { return {}; }
};

/// What the query is for: the parameter's type, kind and targets, and the moment it is asked.
struct Asked {
  fhir::TypeId type;
  const fhir::SearchParam& param;
  std::string_view modifier;
  Time now;
};

/// One of the values between commas, escapes still in it. Code::value for what is none;
/// Code::unsupported for a modifier that the kind does not have.
[[nodiscard]] Result<ValueQueryPtr> value_query(const Asked& asked, std::string_view text);

// One for each kind; composites are made of them.
[[nodiscard]] Result<ValueQueryPtr> token_query(const Asked& asked, std::string_view text);
/// `:in`, `:above` and `:below` of a token.
[[nodiscard]] bool is_code_modifier(std::string_view modifier);
[[nodiscard]] Result<ValueQueryPtr> code_query(const Asked& asked, std::string_view text);
[[nodiscard]] Result<ValueQueryPtr> reference_query(const Asked& asked, std::string_view text);
[[nodiscard]] Result<ValueQueryPtr> date_query(const Asked& asked, std::string_view text);
[[nodiscard]] Result<ValueQueryPtr> number_query(const Asked& asked, std::string_view text);
[[nodiscard]] Result<ValueQueryPtr> quantity_query(const Asked& asked, std::string_view text);
[[nodiscard]] Result<ValueQueryPtr> string_query(const Asked& asked, std::string_view text);
[[nodiscard]] Result<ValueQueryPtr> uri_query(const Asked& asked, std::string_view text);
[[nodiscard]] Result<ValueQueryPtr> composite_query(const Asked& asked, std::string_view text);

/// Kinds of which a form says all: both_query() may join them.
[[nodiscard]] bool can_be_both(fhir::ParamKind kind);
/// Both of one and the same value.
[[nodiscard]] ValueQueryPtr both_query(ValueQueryPtr one, ValueQueryPtr other);

/// Whether a form of a reference counts for a parameter that is narrowed to one type.
[[nodiscard]] bool leads_to(BytesView form, std::optional<fhir::TypeId> only);

/// The length classes that dates behind `base` have: a seek each.
[[nodiscard]] Result<std::vector<views::DateClass>> date_classes_in(const Moment& moment,
                                                                    BytesView base);

/// Takes a prefix off `text`; eq where there is none.
[[nodiscard]] Prefix take_prefix(std::string_view& text);

/// The range of all keys with `base` and then a form that begins with `form`.
[[nodiscard]] KeyRange forms_beginning(BytesView base, BytesView form);
/// The same keys in ranges that lie apart, those first that were asked for literally, and sorted.
[[nodiscard]] std::vector<KeyRange> apart(std::vector<KeyRange> ranges);
/// Any value at all.
[[nodiscard]] ValueQueryPtr any_value_query();
/// The range of exactly that form behind `base`.
[[nodiscard]] KeyRange exactly(BytesView base, BytesView form);

}  // namespace holdfast::search
