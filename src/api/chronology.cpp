// api/chronology.cpp: $chronology of a patient, an item or any other resource: every entry of the
// journal that touched it, in order, as a document that proves itself (docs/EVIDENCE.md) or as a
// page for people.
//
// Of a patient: what views/touched.h counts as touching it. Of a Task: each version of it and of
// what it has ever had in focus, and the ends of what those versions owed. Of anything else: its
// versions, and the ends of what they owed.
#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "api/interactions.h"
#include "api/stored.h"
#include "evidence/document.h"
#include "evidence/page.h"
#include "evidence/words.h"
#include "fhir/member.h"
#include "fhir/sites.h"
#include "views/outbox.h"
#include "views/timeline.h"
#include "views/touched.h"
#include "views/versions.h"

namespace holdfast::api {
namespace {

/// Entries of one part; without `_count` a part has as many.
constexpr std::uint64_t chronology_count_max = 1000;
/// A part ends before it is longer, but for one entry that is longer alone.
constexpr std::size_t chronology_bytes_max = std::size_t{16} << 20U;
/// Versions that are looked at to find the entries of an item.
constexpr std::size_t item_versions_max = 100'000;
constexpr std::size_t versions_at_once = 1000;

struct Asked {
  Position after;
  std::size_t count = chronology_count_max;
};

Result<Asked> read_asked(const Call& call, Position last) {
  TRY_OK(check_parameters(call, {"after", "_count"}));
  Asked asked;
  if (const auto text = parameter(call, "after")) {
    const auto after = parse_count(*text);
    if (!after || *after > last.value) {
      return fail(
          Code::value,
          fmt::format("after is the position of an entry, up to {}, not '{}'", last.value, *text),
          "http.after");
    }
    asked.after = Position{*after};
  }
  if (const auto text = parameter(call, "_count")) {
    const auto count = parse_count(*text);
    if (!count || *count == 0) {
      return fail(Code::value, "_count of $chronology is at least 1", "http._count");
    }
    asked.count = std::min(*count, chronology_count_max);
  }
  return asked;
}

/// Entries of one item, from the versions of it.
class ItemEntries {
 public:
  ItemEntries(const Parts& parts, const node::Moment& moment) : parts_(parts), moment_(moment) {}

  Result<void> add(fhir::TypeId type, const std::string& id) {
    if (!known_.insert({type, id}).second) {
      return ok();
    }
    std::optional<RowId> after;
    for (;;) {
      TRY(const auto rows,
          views::read_timeline(*moment_.reader, {type, id}, {RowId{1}, moment_.state.last_row},
                               views::Direction::forward, after, versions_at_once));
      looked_at_ += rows.size();
      if (looked_at_ > item_versions_max) {
        return fail(Code::too_costly, fmt::format("the chronology of this item has more than {} "
                                                  "versions to look at",
                                                  item_versions_max));
      }
      for (const RowId row : rows) {
        TRY_OK(add_version(type, row));
      }
      if (rows.size() < versions_at_once) {
        return ok();
      }
      after = rows.back();
    }
  }

  [[nodiscard]] const std::set<Position>& positions() const { return positions_; }

 private:
  Result<void> add_version(fhir::TypeId type, RowId row) {
    TRY(const views::BodyHeader header, views::read_body_header(*moment_.reader, row));
    positions_.insert(header.position);
    TRY_OK(add_ends(header.position, row));
    const bool is_item = fhir::name(type) == "Task" && depth_ == 0;
    if (!is_item || header.presence == views::Presence::deleted) {
      return ok();
    }
    TRY(const views::Body body, stored_row(parts_, moment_, row));
    fhir::ReaderPool::Lease reader = parts_.readers.take();
    TRY(const fhir::Json json, reader->read(body.bytes));
    const auto focus = json.root().find("focus");
    const std::string text =
        focus && focus->is_object() ? fhir::text_member(*focus, "reference") : std::string();
    const auto literal = fhir::parse_literal(text);
    if (!literal) {
      return ok();
    }
    ++depth_;  // what the focus has in focus is not the item
    auto added = add(literal->type, std::string(literal->id));
    --depth_;
    return added;
  }

  // The entries that say how what this version owed has ended.
  Result<void> add_ends(Position position, RowId row) {
    if (!channels_) {
      TRY(channels_, views::read_channels(*moment_.reader));
    }
    for (const std::string& channel : *channels_) {
      std::optional<DutyName> after = DutyName{Position{position.value - 1}, UINT32_MAX};
      for (bool goes_on = true; goes_on;) {
        TRY(const auto past, views::read_past(*moment_.reader, channel, after, versions_at_once));
        goes_on = past.size() == versions_at_once;
        for (const views::Past& one : past) {
          after = one.name;
          goes_on = goes_on && one.name.position == position;
          if (one.name.position == position && one.row == row) {
            positions_.insert(one.by);
          }
        }
      }
    }
    return ok();
  }

  const Parts& parts_;
  const node::Moment& moment_;
  std::set<std::pair<fhir::TypeId, std::string>> known_;
  std::set<Position> positions_;
  std::optional<std::vector<std::string>> channels_;
  std::size_t looked_at_ = 0;
  int depth_ = 0;
};

std::unexpected<Error> never_there(const Match& match) {
  return fail(Code::not_found, fmt::format("there is no {}/{}, and there never was",
                                           fhir::name(match.type), match.id));
}

/// The entries behind `asked.after`, one more than are asked for where there are more.
Result<std::vector<Position>> find_entries(const Parts& parts, const Call& call,
                                           const node::Moment& moment, const Asked& asked) {
  const Match& match = call.match;
  TRY(const auto current, views::read_current(*moment.reader, match.type, match.id));
  if (fhir::name(match.type) == "Patient") {
    TRY(auto found, views::read_touched(*moment.reader, match.id, asked.after,
                                        moment.state.position, asked.count + 1));
    if (found.empty() && !current) {
      return never_there(match);
    }
    return found;
  }
  if (!current) {
    return never_there(match);
  }
  ItemEntries entries(parts, moment);
  TRY_OK(entries.add(match.type, match.id));
  const auto begin = entries.positions().upper_bound(asked.after);
  std::vector<Position> found(begin, entries.positions().end());
  found.resize(std::min(found.size(), asked.count + 1));
  return found;
}

// ---- the page's questions ---------------------------------------------------------------------

Result<std::string> status_of(const Parts& parts, const node::Moment& moment, RowId row) {
  TRY(const views::Body body, stored_row(parts, moment, row));
  if (body.header.presence == views::Presence::deleted) {
    return "deleted";
  }
  fhir::ReaderPool::Lease reader = parts.readers.take();
  TRY(const fhir::Json json, reader->read(body.bytes));
  return fhir::text_member(json.root(), "status");
}

Result<std::optional<evidence::Before>> before(const Parts& parts, const node::Moment& moment,
                                               const Operation& operation,
                                               const OperationResult& result) {
  const auto type = fhir::type_id(operation.type);
  const Version version{result.version.value - 1};
  TRY(const auto row, type ? views::read_version(*moment.reader, *type, result.id, version)
                           : Result<std::optional<RowId>>(std::optional<RowId>()));
  if (!row) {
    return std::nullopt;
  }
  TRY(const views::BodyHeader header, views::read_body_header(*moment.reader, *row));
  TRY(std::string state, status_of(parts, moment, *row));
  return evidence::Before{header.position, std::move(state)};
}

Result<std::string> duty_stands(const node::Moment& moment, const std::string& channel,
                                DutyName name) {
  TRY(const auto past, views::read_settled(*moment.reader, channel, name));
  if (past) {
    return fmt::format("{}, says entry {}", evidence::word(past->settled), past->by.value);
  }
  TRY(const auto duty, views::read_duty(*moment.reader, channel, name));
  if (!duty) {
    return fail(Code::corrupt,
                fmt::format("number {} of entry {} is owed to nobody: run `holdfast verify`, then "
                            "`holdfast rebuild`",
                            name.index, name.position.value));
  }
  return duty->held ? "held: the receiver did not take it" : "not sent yet";
}

/// The newest body that there is, of what may have been deleted.
Result<std::optional<views::Body>> newest_body(const Parts& parts, const Call& call,
                                               const node::Moment& moment) {
  const Match& match = call.match;
  TRY(const auto current, views::read_current(*moment.reader, match.type, match.id));
  std::optional<RowId> row;
  if (current && current->presence == views::Presence::present) {
    row = current->row;
  } else if (current) {
    TRY(row, views::read_version(*moment.reader, match.type, match.id,
                                 Version{current->version.value - 1}));
  }
  if (!row) {
    return std::nullopt;
  }
  TRY(views::Body body, stored_row(parts, moment, *row));
  return body;
}

/// Patients that a Patient is joined with. https://hl7.org/fhir/R4/patient.html#links
Result<std::vector<std::string>> joined_with(const Parts& parts, const views::Body& body) {
  std::vector<std::string> names;
  fhir::ReaderPool::Lease reader = parts.readers.take();
  TRY(const fhir::Json json, reader->read(body.bytes));
  const auto links = json.root().find("link");
  if (fhir::name(body.header.type) != "Patient" || !links) {
    return names;
  }
  for (const fhir::JsonValue link : links->children()) {
    const auto other = link.find("other");
    const std::string text =
        other && other->is_object() ? fhir::text_member(*other, "reference") : std::string();
    const auto literal = fhir::parse_literal(text);
    if (literal && fhir::name(literal->type) == "Patient") {
      names.push_back(fmt::format("Patient/{}", literal->id));
    }
  }
  return names;
}

// ---- the part -----------------------------------------------------------------------------------

/// One part on its way: which entries, under which checkpoint.
class Part {
 public:
  Part(const Parts& parts, const Call& call, const node::Moment& moment, const Asked& asked)
      : parts_(parts), call_(call), moment_(moment), asked_(asked) {}

  Result<Reply> run(Rendering rendering) {
    TRY(const auto found, find_entries(parts_, call_, moment_, asked_));
    head_.subject = fmt::format("{}/{}", fhir::name(call_.match.type), call_.match.id);
    head_.community = parts_.node.community();
    head_.verifier = parts_.node.verifier();
    TRY(head_.checkpoint, parts_.node.checkpoint_at(moment_.state.position));
    TRY(const auto key, journal::VerifierKey::parse(head_.verifier));
    TRY(checkpoint_, journal::verify_checkpoint(head_.checkpoint, key.name(), key));
    origin_ = key.name();
    head_.made = parts_.clock.wall();
    head_.after = asked_.after;
    return rendering == Rendering::page ? page(found) : document(found);
  }

 private:
  // Where the part ends, whose last entry is the one before `index` of `found`.
  void end_at(const std::vector<Position>& found, std::size_t index, std::string_view format) {
    if (index == found.size()) {
      head_.through = moment_.state.position;
      return;
    }
    head_.through = found[index - 1];
    head_.next = fmt::format("{}?after={}&_count={}{}", address(), head_.through.value,
                             asked_.count, format);
  }

  Result<Reply> document(const std::vector<Position>& found) {
    evidence::DocumentWriter writer;
    std::size_t index = 0;
    for (; index < std::min(found.size(), asked_.count); ++index) {
      TRY(const evidence::Entry entry, read(found[index]));
      TRY(const auto proof, parts_.node.inclusion_proof(found[index], checkpoint_.size));
      const Bytes line = evidence::entry_line(entry, proof);
      if (index > 0 && writer.size() + line.size() > chronology_bytes_max) {
        break;
      }
      writer.add(line);
    }
    end_at(found, index, "");
    Bytes body = writer.body(head_);
    TRY(const std::string note,
        parts_.node.sign_statement(evidence::statement_text(head_, origin_, checkpoint_, body)));
    body += evidence::statement_line(note);
    Reply reply;
    reply.headers.add("Content-Type", "application/json");
    reply.body = std::move(body);
    return reply;
  }

  Result<Reply> page(const std::vector<Position>& found) {
    TRY(evidence::Title title, make_title());
    evidence::Looks looks;
    looks.before = [this](const Operation& operation, const OperationResult& result) {
      return before(parts_, moment_, operation, result);
    };
    looks.duty = [this](const std::string& channel, DutyName name) {
      return duty_stands(moment_, channel, name);
    };
    evidence::PageWriter writer(std::move(title), std::move(looks));
    std::size_t index = 0;
    for (; index < std::min(found.size(), asked_.count); ++index) {
      if (index > 0 && writer.size() > chronology_bytes_max) {
        break;
      }
      TRY(const evidence::Entry entry, read(found[index]));
      TRY_OK(writer.add(entry));
    }
    end_at(found, index, "&_format=html");
    head_.count = index;
    Reply reply;
    reply.headers.add("Content-Type", "text/html; charset=utf-8");
    // Nothing runs and nothing is fetched, whatever an escape may have missed.
    reply.headers.add("Content-Security-Policy",
                      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                      "form-action 'none'; frame-ancestors 'none'");
    reply.headers.add("X-Content-Type-Options", "nosniff");
    reply.body = writer.page(head_, checkpoint_);
    return reply;
  }

  Result<evidence::Entry> read(Position position) {
    TRY(journal::Record record, parts_.node.read_record(position));
    return evidence::read_entry(std::move(record));
  }

  Result<evidence::Title> make_title() {
    evidence::Title title;
    title.base = base();
    title.document = fmt::format("{}?after={}&_count={}&_format=json", address(),
                                 asked_.after.value, asked_.count);
    TRY(const auto body, newest_body(parts_, call_, moment_));
    if (body) {
      title.name = evidence::title_of(body->bytes);
      TRY(title.see_also, joined_with(parts_, *body));
    }
    return title;
  }

  [[nodiscard]] std::string base() const {
    const std::string base = base_url(parts_.options, call_.request);
    return base.empty() ? "/fhir" : base;
  }
  [[nodiscard]] std::string address() const {
    return fmt::format("{}/{}/$chronology", base(), head_.subject);
  }

  const Parts& parts_;
  const Call& call_;
  const node::Moment& moment_;
  const Asked& asked_;
  evidence::Head head_;
  journal::Checkpoint checkpoint_;
  std::string origin_;
};

}  // namespace

Result<Reply> chronology(const Parts& parts, const Call& call, const node::Moment& moment) {
  if (call.is_entry) {
    return fail(Code::unsupported,
                "$chronology is no FHIR resource: ask for it by a request of its own, not in a "
                "Bundle");
  }
  TRY(const Rendering form, rendering(call.request.headers, call.parameters));
  TRY(const Asked asked, read_asked(call, moment.state.position));
  return Part(parts, call, moment, asked).run(form);
}

}  // namespace holdfast::api
