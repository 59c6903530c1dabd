#include "hl7v2/rendering/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "fhir/type.h"
#include "hl7v2/rendering/fields.h"
#include "hl7v2/rendering/header.h"
#include "hl7v2/rendering/moments.h"
#include "hl7v2/rendering/naming.h"
#include "hl7v2/rendering/selector.h"

namespace holdfast::hl7v2 {
namespace {

using out::text;

class Renderer {
 public:
  Renderer(const Envelope& envelope, RecordReader& record, fhir::JsonReader& reader)
      : envelope_(envelope),
        documents_(record, reader),
        selector_(documents_, {}),
        naming_(envelope.overlay),
        fields_(documents_, selector_, naming_, envelope),
        now_(to_dtm(envelope.time, envelope.zone)) {
    selector_.say(out::Said::version, envelope.version);
    selector_.say(out::Said::order, envelope.order == OrderMessage::oml ? "OML" : "ORM");
    selector_.say(out::Said::now, now_);
    selector_.say(out::Said::sender, envelope.sending_application);
  }

  Result<Rendered> run(BytesView focus, std::optional<BytesView> before);

 private:
  Result<const out::EventRow*> choose();
  Result<void> lines(std::uint32_t first, std::uint32_t end, const Item& context);
  Result<void> line(std::uint32_t at, const Item& context);
  Result<void> require(const out::LineRow& row, const Item& context);
  Result<void> group(std::uint32_t at, const Item& item, std::set<std::uint64_t>& seen);
  Result<void> segment(const out::LineRow& row, const Item& context);
  Result<void> write(const out::LineRow& row, const Item& item);

  const Envelope& envelope_;
  Documents documents_;
  Selector selector_;
  Naming naming_;
  Fields fields_;
  std::string now_;
  Writer writer_;
  Item focus_;
  const out::EventRow* event_ = nullptr;
  std::map<std::string_view, std::uint32_t> numbers_;  // set ids so far
  std::size_t segments_ = 0;
};

Result<const out::EventRow*> Renderer::choose() {
  const std::string_view type_name = documents_.member_text(focus_, "resourceType");
  const auto type = fhir::type_id(type_name);
  bool is_known = false;
  for (std::uint32_t i = 0; i < out::events_count; ++i) {
    const out::EventRow& row = out::events[i];
    if (!type || row.of != type->value) {
      continue;
    }
    is_known = true;
    if (!selector_.holds(row.condition, focus_)) {
      continue;
    }
    if (row.type.bytes == 0) {
      return fail(Code::unsupported, fmt::format("no message is sent of {}: {}",
                                                 documents_.label(focus_), text(row.note)));
    }
    return &row;
  }
  return fail(Code::unsupported,
              is_known
                  ? fmt::format("no message speaks of this change of {}", documents_.label(focus_))
                  : fmt::format("no message of HL7 v2 is made of a {}: of Patient, Encounter, "
                                "DiagnosticReport, ServiceRequest, DocumentReference and "
                                "Appointment there are",
                                type ? type_name : "resource without a known type"));
}

Result<void> Renderer::require(const out::LineRow& row, const Item& context) {
  if (selector_.holds(row.condition, context) && selector_.all(row.path, context).empty()) {
    return fail(Code::required, fmt::format("{} cannot be made of {}: {}", text(event_->type),
                                            documents_.label(focus_), text(row.note)));
  }
  return ok();
}

/// The group of one item, then those of what stands below it; each item once.
Result<void> Renderer::group(std::uint32_t at, const Item& item, std::set<std::uint64_t>& seen) {
  const out::LineRow& row = out::lines[at];
  if (!seen.insert(std::uint64_t{item.document} << 32U | item.value).second) {
    return ok();
  }
  for (std::uint32_t i = 0; i < row.numbers; ++i) {
    numbers_[text(out::numbers[row.first_number + i])] = 0;
  }
  selector_.variable(row.variable) = {item};
  TRY_OK(lines(at + 1, row.end, item));
  selector_.variable(row.variable).clear();
  if (row.within != out::none) {
    for (const Item& below : selector_.all(row.within, item)) {
      if (seen.size() > resources_max) {
        return fail(Code::too_large,
                    fmt::format("more than {} {}s in one message", resources_max, text(row.name)));
      }
      documents_.follow(below);
      TRY_OK(group(at, below, seen));
    }
  }
  return ok();
}

Result<void> Renderer::write(const out::LineRow& row, const Item& item) {
  if (++segments_ > rendered_segments_max) {
    return fail(Code::too_large,
                fmt::format("more than {} segments for one message", rendered_segments_max));
  }
  const out::SegmentRow& rules = out::segments[row.segment];
  std::uint32_t& number = numbers_[text(row.name)];
  if (!fields_.fill(rules, item, number + 1)) {
    return ok();
  }
  if (documents_.failure()) {
    return fail(*documents_.failure());
  }
  if (const std::uint16_t missing = fields_.missing(rules); missing != 0) {
    return fail(
        Code::required,
        fmt::format("{} needs {}-{} ({}), for which {} has nothing: give it one",
                    text(event_->type), text(row.name), missing,
                    text(out::fields[rules.first_field + missing - 1]), documents_.label(item)));
  }
  ++number;
  writer_.segment(text(row.name));
  std::uint16_t field = 0;
  std::uint16_t repetition = 1;
  for (const Cell& cell : fields_.sorted()) {
    if (cell.place.field != field) {
      writer_.field(field = cell.place.field);
      repetition = 1;
    }
    for (; repetition < cell.place.repetition; ++repetition) {
      writer_.repetition();
    }
    writer_.component(cell.place.component).subcomponent(cell.place.subcomponent);
    if (cell.text == "\"\"") {
      writer_.raw("\\X2222\\");  // two quotes that somebody wrote, not a wish to delete
    } else {
      writer_.text(cell.text);
    }
  }
  return ok();
}

Result<void> Renderer::segment(const out::LineRow& row, const Item& context) {
  if (text(row.name) == "MSH") {
    write_header(writer_, envelope_, text(event_->type), text(event_->structure));
    return ok();
  }
  const Items items = row.path == out::none ? Items{context} : selector_.all(row.path, context);
  for (const Item& item : items) {
    TRY_OK(write(row, item));
  }
  return ok();
}

Result<void> Renderer::line(std::uint32_t at, const Item& context) {
  const out::LineRow& row = out::lines[at];
  switch (row.kind) {
    case out::LineKind::let_:
      selector_.variable(row.variable) =
          row.path == out::none ? Items{} : selector_.all(row.path, context);
      return ok();
    case out::LineKind::requires_: return require(row, context);
    case out::LineKind::segment_:
      return selector_.holds(row.condition, context) ? segment(row, context) : ok();
    case out::LineKind::group_: break;
  }
  std::set<std::uint64_t> seen;
  if (selector_.holds(row.condition, context)) {
    for (const Item& item : selector_.all(row.path, context)) {
      TRY_OK(group(at, item, seen));
    }
  }
  return ok();
}

Result<void> Renderer::lines(std::uint32_t first, std::uint32_t end, const Item& context) {
  for (std::uint32_t at = first; at < end;) {
    TRY_OK(line(at, context));
    if (documents_.failure()) {
      return fail(*documents_.failure());
    }
    const out::LineRow& row = out::lines[at];
    at = row.kind == out::LineKind::group_ ? row.end : at + 1;
  }
  return ok();
}

Result<Rendered> Renderer::run(BytesView focus, std::optional<BytesView> before) {
  TRY_OK(check_envelope(envelope_));
  TRY(focus_, documents_.add(focus, true));
  selector_.variable(out::Variable::focus) = {focus_};
  selector_.variable(out::Variable::context) = {focus_};
  if (before) {
    TRY(const Item old, documents_.add(*before, false));
    selector_.variable(out::Variable::before) = {old};
  }
  TRY(event_, choose());
  const std::string_view type = text(event_->type);
  selector_.say(out::Said::event, type.substr(type.find('^') + 1));
  selector_.say(out::Said::structure, text(event_->structure));
  selector_.say(out::Said::control, text(event_->control));
  const out::MessageRow& message = out::messages[event_->message];
  TRY_OK(lines(message.first_line, message.first_line + message.lines, focus_));
  Rendered made;
  made.type = type;
  made.event = type.substr(type.find('^') + 1);
  made.bytes = in_charset(writer_.take(), envelope_.charset);
  documents_.account(made);
  return made;
}

}  // namespace

Result<Rendered> render(const Envelope& envelope, BytesView focus, std::optional<BytesView> before,
                        RecordReader& record, fhir::JsonReader& reader) {
  return Renderer(envelope, record, reader).run(focus, before);
}

}  // namespace holdfast::hl7v2
