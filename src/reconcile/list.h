// reconcile/list.h: what a neighbour says it has, whatever form its list came in: one line for each
// order, referral, appointment or report, and what of the file could not be taken as a line.
// Nothing of a file is passed over in silence.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "fhir/json.h"

namespace holdfast::reconcile {

/// Lines of one list. What has more is refused whole: a list that is read in part would make
/// differences that there are not.
inline constexpr std::size_t rows_max = 100'000;
/// Of each kind of note so many are named; all are counted.
inline constexpr std::size_t named_max = 20;

inline constexpr std::string_view nhs_number_system = "https://fhir.nhs.uk/Id/nhs-number";
/// https://digital.nhs.uk/services/e-referral-service: the number of a referral there.
inline constexpr std::string_view ubrn_system = "https://fhir.nhs.uk/Id/UBRN";

/// Number of a message: MSH-10, as its sender counts.
inline constexpr std::string_view control_id_system = "urn:holdfast:control-id";
inline constexpr std::string_view message_type = "message";

inline constexpr std::array<std::string_view, 5> types_compared{
    message_type, "ServiceRequest", "Task", "DiagnosticReport", "Appointment"};

/// An identifier. Without a system it is compared by its value alone.
struct Number {
  std::string system;
  std::string value;
  auto operator<=>(const Number&) const = default;
};

struct Row {
  std::string type = "ServiceRequest";  ///< what is meant, as FHIR calls it
  Number number;
  std::vector<Number> others;  ///< further numbers of the same thing: it may be known here by those
  std::string nhs_number;      ///< ten digits; empty where the list does not say
  std::string state;           ///< the neighbour's own word; empty where it does not say
  std::string kind;            ///< the pathway that it belongs to, if the list says
  std::string authored;        ///< a day, "2026-11-30"; empty where the list does not say
  std::string place;           ///< "line 7", "entry 3"
  [[nodiscard]] std::pair<std::string, Number> key() const { return {type, number}; }
};

/// A count that a list states, and what was counted: of a batch trailer, of Bundle.total.
struct Stated {
  std::string number;  ///< what the list calls itself: BHS-11, Bundle.identifier
  std::string what;    ///< a sentence
  bool differs = false;
};

/// What was not taken as it stood: "no identifier", with where.
class Notes {
 public:
  void add(std::string_view about, std::string where);
  struct Note {
    std::size_t count = 0;
    std::vector<std::string> named;
  };
  [[nodiscard]] const std::map<std::string, Note, std::less<>>& all() const { return notes_; }
  [[nodiscard]] std::size_t count(std::string_view about) const;

 private:
  std::map<std::string, Note, std::less<>> notes_;
};
inline constexpr std::string_view note_duplicate = "named more than once";
inline constexpr std::string_view note_no_number = "without an identifier, not compared";
inline constexpr std::string_view note_column = "column that is not known, not read";
inline constexpr std::string_view note_nhs_number = "NHS number that is none, not compared";
inline constexpr std::string_view note_authored = "date that is none, not read";
inline constexpr std::string_view note_kind = "kind that is no pathway in force, not read";
inline constexpr std::string_view note_other_type = "entry of a type that is not compared";

struct List {
  std::vector<Row> rows;  ///< no two with the same key
  std::size_t lines = 0;  ///< as they came, the notes included
  std::vector<Stated> stated;
  Notes notes;
};

/// Adds a line unless it has no number, or one that is there already: both become notes.
/// Code::too_large behind rows_max.
class ListMaker {
 public:
  explicit ListMaker(std::string default_system) : default_system_(std::move(default_system)) {}
  Result<void> add(Row row);
  [[nodiscard]] List& list() { return list_; }

 private:
  std::string default_system_;
  List list_;
  std::map<std::pair<std::string, Number>, std::size_t> seen_;  ///< index of the row
};

/// RFC 4180: UTF-8, a header line, then one line each. Code::syntax with the line for what is no
/// CSV, half a line, or other encodings; Code::required without a column `identifier`.
/// `default_system`: of identifiers without one.
[[nodiscard]] Result<List> read_csv(BytesView bytes, const std::string& default_system);

/// A Bundle of requests, tasks, reports or appointments, or a List as e-RS gives its work-list.
/// Code::structure for anything else.
[[nodiscard]] Result<List> read_resource(fhir::JsonValue resource,
                                         const std::string& default_system);

/// The messages of an HL7 v2 batch, each by its control id, and what its trailers count.
[[nodiscard]] Result<List> read_batch(BytesView bytes);

/// A file in the form that its media type names, or that it looks like where there is none.
/// Code::media_type for others.
[[nodiscard]] Result<List> read_list(BytesView bytes, std::string_view media_type,
                                     fhir::JsonReader& reader, const std::string& default_system);

}  // namespace holdfast::reconcile
