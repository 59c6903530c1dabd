// api/everything.cpp: $everything of a patient, of all patients one after the other, or of an
// encounter. Every page shows the moment of the first: `next` carries it, signed, in `_page`.
//
// https://hl7.org/fhir/R4/operation-patient-everything.html
// https://hl7.org/fhir/R4/operation-encounter-everything.html
//
// The compartment comes first, as matches, then what it refers to outside of it, as included; of a
// patient each once. Of all patients, what belongs to two of them comes with both, once on a page.
// `_type` and `_since` choose among these; they do not change what counts as referred to.
#include <set>

#include <fmt/format.h>

#include "api/interactions.h"
#include "api/operation_input.h"
#include "base/time.h"
#include "fhir/primitive.h"
#include "search/everything.h"
#include "search/page_link.h"
#include "views/body_scan.h"
#include "views/versions.h"

namespace holdfast::api {
namespace {

constexpr std::string_view page_parameter = "_page";
constexpr std::size_t everything_page_bytes_max = std::size_t{16} << 20U;
/// Entries of one page; without `_count` a page has as many.
constexpr std::uint64_t everything_count_max = 10'000;
/// Patients and resources that a page of all patients looks at to find those that are asked for:
/// then it ends, with what it has.
constexpr std::uint64_t everything_looked_at_max = 10'000;
/// What an entry takes beside its resource, and a usual resource: for the first allocation.
constexpr std::size_t entry_bytes_usual = 1'600;

/// What is asked for, on every page.
struct Asked {
  search::CareDates dates;
  std::optional<Time> since;
  std::vector<fhir::TypeId> types;  ///< empty: all
  std::uint64_t count = everything_count_max;
  std::string understood;  ///< the same as parameters of an address

  [[nodiscard]] bool chooses() const { return since || !types.empty(); }
};

/// Where a page begins, or the next one.
struct Place {
  RowId patient;             ///< of all patients: whose everything it is; 0 before the first
  bool is_referred = false;  ///< in what the compartment refers to
  std::uint64_t shown = 0;   ///< so many of that before it
};

void add_understood(Asked& asked, std::string_view name, std::string_view value) {
  asked.understood += fmt::format("{}{}=", asked.understood.empty() ? "" : "&", name);
  for (const char c : value) {
    asked.understood += c == '+' ? std::string("%2B") : std::string(1, c);
  }
}

Result<Time> read_since(std::string_view text) {
  const auto range = parse_search_date(text);
  if (!range) {
    return fail(
        Code::value,
        fmt::format("_since is a date or time such as 2026-11-23T20:35:01Z, not '{}'", text),
        "http._since");
  }
  return range->from;
}

Result<void> read_date(Asked& asked, const OperationInput& input, std::string_view name,
                       std::string& to) {
  to = input.text(name);
  if (to.empty()) {
    return ok();
  }
  if (!fhir::is_date(to) && !fhir::is_date_time(to)) {
    return fail(Code::value, fmt::format("{} is a date, not '{}'", name, to),
                fmt::format("http.{}", name));
  }
  add_understood(asked, name, to);
  return ok();
}

Result<void> read_types(Asked& asked, const OperationInput& input) {
  std::string all;
  for (std::string_view list : input.texts("_type")) {
    while (!list.empty()) {
      const std::string_view name = list.substr(0, list.find(','));
      list.remove_prefix(std::min(list.size(), name.size() + 1));
      const auto type = fhir::type_id(name);
      if (!type) {
        return fail(Code::value, fmt::format("'{}' is no resource type of FHIR R4", name),
                    "http._type");
      }
      asked.types.push_back(*type);
      all += fmt::format("{}{}", all.empty() ? "" : ",", name);
    }
  }
  if (!all.empty()) {
    add_understood(asked, "_type", all);
  }
  return ok();
}

Result<Asked> read_asked(const OperationInput& input) {
  Asked asked;
  TRY_OK(read_date(asked, input, "start", asked.dates.start));
  TRY_OK(read_date(asked, input, "end", asked.dates.end));
  if (input.has("_since")) {
    TRY(asked.since, read_since(input.text("_since")));
    add_understood(asked, "_since", input.text("_since"));
  }
  TRY_OK(read_types(asked, input));
  TRY(const auto count, input.number("_count"));
  if (count) {
    if (*count == 0) {
      return fail(Code::value, "_count of $everything is at least 1", "http._count");
    }
    asked.count = std::min(*count, everything_count_max);
    add_understood(asked, "_count", fmt::format("{}", asked.count));
  }
  return asked;
}

/// One page on its way.
class Writing {
 public:
  Writing(const Parts& parts, const node::Moment& moment, const Asked& asked,
          const search::PageLink& link, const fhir::SearchParams& params, std::string base)
      : asked_(asked),
        snapshot_(link.snapshot),
        source_{*moment.reader, parts.node.codec(), params, nullptr, &parts.node.bodies()},
        scan_(source_.reader, source_.codec, source_.bodies),
        base_(std::move(base)) {}

  /// Everything of one subject, from `at` on. False where the page ended first: then `at` is where
  /// the next one begins.
  Result<bool> write_subject(const search::Subject& subject, Place& at) {
    TRY_OK(read_first_row());
    TRY(const auto compartment,
        search::compartment_rows(source_, snapshot_, subject, asked_.dates));
    search::Referred referred(source_, snapshot_, subject);
    const std::vector<search::TypedRow> matches = chosen(compartment);
    matches_ = matches.size();
    looked_at_ += compartment.size();
    const bool reads_all = !at.is_referred && at.shown == 0 && !asked_.chooses();
    if (!at.is_referred) {
      TRY(const bool all, write_rows(matches, "match", at.shown, reads_all ? &referred : nullptr));
      if (!all) {
        return false;
      }
      at.is_referred = true;
      at.shown = 0;
    }
    if (!reads_all) {
      TRY_OK(referred.add_rows(compartment));
    }
    TRY(const auto rows, referred.rows(compartment));
    TRY(const bool all, write_rows(chosen(rows), "include", at.shown, nullptr));
    return all;
  }

  /// The same of one patient after the other.
  Result<bool> write_patients(Place& at) {
    removes_doubles_ = true;
    RowId before{at.patient.value == 0 ? 0 : at.patient.value - 1};
    for (;;) {
      TRY(const auto next, search::patient_rows(source_, snapshot_, before, 1));
      if (next.empty()) {
        return true;
      }
      before = next.front().row;
      if (before != at.patient) {
        at = Place{before, false, 0};
      }
      if (looked_at_ > everything_looked_at_max) {
        return false;
      }
      TRY(const auto header, views::read_body_header(source_.reader, before));
      TRY(const bool all, write_subject({header.type, header.id}, at));
      if (!all) {
        return false;
      }
    }
  }

  [[nodiscard]] std::uint64_t matches() const { return matches_; }
  [[nodiscard]] std::size_t entries() const { return entries_; }
  [[nodiscard]] Bytes& text() { return text_; }

 private:
  Result<void> read_first_row() {
    if (asked_.since && first_row_.value == 0) {
      TRY(first_row_, views::first_row_at(source_.reader, *asked_.since, snapshot_.row));
    }
    return ok();
  }

  [[nodiscard]] std::vector<search::TypedRow> chosen(
      const std::vector<search::TypedRow>& rows) const {
    if (!asked_.chooses()) {
      return rows;
    }
    std::vector<search::TypedRow> left;
    for (const search::TypedRow& row : rows) {
      const bool is_type =
          asked_.types.empty() ||
          std::find(asked_.types.begin(), asked_.types.end(), row.type) != asked_.types.end();
      if (is_type && row.row >= first_row_) {
        left.push_back(row);
      }
    }
    return left;
  }

  // From `shown` on, which counts along. False where the page is full.
  Result<bool> write_rows(const std::vector<search::TypedRow>& rows, std::string_view mode,
                          std::uint64_t& shown, search::Referred* referred) {
    const std::uint64_t most = std::min<std::uint64_t>(rows.size() - std::min(shown, rows.size()),
                                                       asked_.count - entries_);
    text_.reserve(std::min(text_.size() + most * entry_bytes_usual, everything_page_bytes_max));
    const std::string end = fmt::format(R"(,"search":{{"mode":"{}"}}}})", mode);
    for (; shown < rows.size(); ++shown) {
      const RowId row = rows[shown].row;
      if (removes_doubles_ && !on_page_.insert(row).second) {
        continue;
      }
      if (entries_ == asked_.count) {
        return false;
      }
      const std::size_t before = text_.size();
      text_ += entries_ == 0 ? R"({"resource":)" : R"(,{"resource":)";
      const std::size_t begin = text_.size();
      TRY(const views::BodyHeader header, scan_.append(text_, row));
      const std::size_t body_end = text_.size();
      if (body_end > everything_page_bytes_max && entries_ > 0) {
        text_.resize(before);
        return false;
      }
      if (referred != nullptr) {
        TRY_OK(referred->add(BytesView(text_).substr(begin, body_end - begin)));
      }
      write_url(header);
      text_ += end;
      ++entries_;
    }
    return true;
  }

  void write_url(const views::BodyHeader& header) {
    if (base_.empty()) {
      return;
    }
    text_ += R"(,"fullUrl":")";
    text_ += base_;
    text_ += '/';
    text_ += fhir::name(header.type);
    text_ += '/';
    text_ += header.id;
    text_ += '"';
  }

  const Asked& asked_;
  const search::Snapshot snapshot_;
  const search::Source source_;
  views::BodyScan scan_;
  const std::string base_;
  RowId first_row_{0};
  Bytes text_;
  std::size_t entries_ = 0;
  std::uint64_t matches_ = 0;
  std::uint64_t looked_at_ = 0;
  bool removes_doubles_ = false;
  std::set<RowId> on_page_;
};

search::Scope scope_of(const Match& match) {
  const bool of_patients = match.interaction == Interaction::everything_patient;
  return {fhir::type_id(of_patients ? "Patient" : "Encounter"), match.id};
}

/// The question with the moment that its pages show, and where this page begins.
struct Inquiry {
  search::PageLink link;
  Asked asked;
  Place at;
  const fhir::SearchParams* params = nullptr;
};

// https://hl7.org/fhir/R4/operation-encounter-everything.html has no dates of care.
Result<OperationInput> read_input(const Parts& parts, const Call& call, Interaction interaction) {
  if (interaction == Interaction::everything_patient) {
    return OperationInput::read(
        parts, call,
        {"$everything", {"start", "end", "_since", "_count"}, {"_type"}, std::string_view()});
  }
  return OperationInput::read(parts, call,
                              {"$everything", {"_since", "_count"}, {"_type"}, std::string_view()});
}

Result<Inquiry> first_page(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY(const OperationInput input, read_input(parts, call, call.match.interaction));
  Inquiry inquiry;
  TRY(inquiry.asked, read_asked(input));
  inquiry.link.scope = scope_of(call.match);
  inquiry.link.query = inquiry.asked.understood;
  inquiry.link.snapshot = search::snapshot_of(moment.state);
  inquiry.link.definitions = moment.state.active;
  inquiry.params = moment.params;
  return inquiry;
}

Result<Inquiry> later_page(const Parts& parts, const Call& call, std::string_view token) {
  TRY_OK(check_parameters(call, {page_parameter}));
  Inquiry inquiry;
  TRY(inquiry.link, search::open_link(token, parts.node.link_secret(), search::LinkOf::everything));
  if (inquiry.link.scope != scope_of(call.match)) {
    return fail(Code::value, "this page link belongs to another address", "http._page");
  }
  inquiry.params = parts.node.definitions(inquiry.link.definitions);
  if (inquiry.params == nullptr) {
    return fail(Code::expired,
                "this page link goes by search parameters that this record has not; begin again "
                "from the first page");
  }
  Call first;
  TRY(first.parameters, parse_parameters(inquiry.link.query));
  TRY(const OperationInput input, read_input(parts, first, call.match.interaction));
  TRY(inquiry.asked, read_asked(input));
  ByteReader reader(inquiry.link.after.key);
  inquiry.at.patient = RowId{inquiry.link.after.key.empty() ? 0 : reader.varint()};
  inquiry.at.is_referred = inquiry.link.after.criterion == 1;
  inquiry.at.shown = inquiry.link.after.row.value;
  return inquiry;
}

std::string address_of(const Parts& parts, const Call& call, const search::Scope& scope) {
  const std::string base = base_url(parts.options, call.request);
  return fmt::format("{}{}{}{}{}/$everything", base, base.empty() ? "" : "/",
                     fhir::name(*scope.type), scope.patient.empty() ? "" : "/", scope.patient);
}

std::string next_link(const Parts& parts, const Call& call, const Inquiry& inquiry,
                      std::string_view address) {
  search::PageLink next = inquiry.link;
  next.after.criterion = inquiry.at.is_referred ? 1 : 0;
  next.after.row = RowId{inquiry.at.shown};
  next.after.key.clear();
  append_varint(next.after.key, inquiry.at.patient.value);
  const bool asks_for_xml = call.format == Format::xml && parameter(call, "_format");
  return fmt::format("{}?{}={}{}", address, page_parameter,
                     search::seal(next, parts.node.link_secret(), search::LinkOf::everything),
                     asks_for_xml ? "&_format=xml" : "");
}

void write_link(fhir::JsonWriter& json, std::string_view relation, std::string_view url) {
  json.open('{');
  json.text("relation", relation);
  json.text("url", url);
  json.close('}');
}

}  // namespace

Result<Reply> everything(const Parts& parts, const Call& call, const node::Moment& moment) {
  const auto token = parameter(call, page_parameter);
  TRY(Inquiry inquiry, token ? later_page(parts, call, *token) : first_page(parts, call, moment));
  const search::Scope& scope = inquiry.link.scope;
  Writing writing(parts, moment, inquiry.asked, inquiry.link, *inquiry.params,
                  base_url(parts.options, call.request));
  const bool is_one = !scope.patient.empty();
  writing.text() = R"({"resourceType":"Bundle","type":"searchset","entry":[)";
  TRY(const bool ended, is_one ? writing.write_subject({*scope.type, scope.patient}, inquiry.at)
                               : writing.write_patients(inquiry.at));
  fhir::JsonWriter json;
  const std::string address = address_of(parts, call, scope);
  json.open('{');
  if (is_one) {
    json.number("total", writing.matches());
  }
  json.open("link", '[');
  const std::string query =
      token ? fmt::format("{}={}", page_parameter, *token) : inquiry.asked.understood;
  write_link(json, "self", fmt::format("{}{}{}", address, query.empty() ? "" : "?", query));
  if (!ended) {
    write_link(json, "next", next_link(parts, call, inquiry, address));
  }
  json.close(']');
  json.close('}');
  // An array is never empty in FHIR.
  if (writing.entries() == 0) {
    writing.text() = R"({"resourceType":"Bundle","type":"searchset")";
  } else {
    writing.text() += ']';
  }
  writing.text() += ',';
  writing.text() += BytesView(json.take()).substr(1);
  Reply reply;
  reply.headers.add("Content-Type", fhir_json);
  reply.body = std::move(writing.text());
  return reply;
}

}  // namespace holdfast::api
