#include "evidence/page.h"

#include <utility>

#include <fmt/format.h>

#include "base/time.h"
#include "evidence/london.h"
#include "evidence/words.h"

namespace holdfast::evidence {
namespace {

// Printed, an entry is not torn over two pages if it fits on one, and links show no colour.
constexpr std::string_view style = R"(<style>
body{font:16px/1.45 sans-serif;max-width:60rem;margin:1rem auto;padding:0 1rem;color:#111;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin:0 0 .3rem}
table{border-collapse:collapse}th{text-align:left;vertical-align:top;padding:.1rem 1rem .1rem 0;font-weight:600}
td{word-break:break-word}.entry{border-top:2px solid #444;padding:.6rem 0;break-inside:avoid}
.utc,.small{color:#444;font-size:.85rem}.part{border:2px solid #111;padding:.5rem}ul{margin:.3rem 0;padding-left:1.4rem}
a{color:#00468b}
@media print{body{font-size:11pt;max-width:none;margin:0}a{color:inherit;text-decoration:none}.screen{display:none}}
</style>)";

/// Text of others, whose direction of writing does not reach beyond it.
std::string foreign(std::string_view text) { return fmt::format("<bdi>{}</bdi>", html(text)); }

std::string row(std::string_view name, std::string_view content) {
  return fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", name, content);
}

std::string_view said_of_message(Disposition disposition) {
  switch (disposition) {
    case Disposition::applied: return "it was taken over";
    case Disposition::faulty:
      return "it could not be taken over: it was kept, and an item was opened";
    case Disposition::refused: return "it was refused and kept";
  }
  return "";
}

std::string_view said_of_settlement(Settled settled) {
  switch (settled) {
    case Settled::delivered: return "was delivered: the receiver acknowledged it";
    case Settled::held: return "was not taken by the receiver: it is held for somebody to decide";
    case Settled::released: return "was held and is tried again";
    case Settled::tried: return "is about to be sent: from here on the receiver may have it";
    case Settled::dead: return "is not sent any more: that was decided";
    case Settled::needless: return "needed no message";
  }
  return "";
}

/// Behind the number of a duty.
std::string_view said_of_provided(std::optional<Provided> what) {
  if (what == Provided::begins) {
    return ", as a new order";
  }
  return what == Provided::withdrawn ? ", as an order that is not to be done there" : "";
}

std::string_view done(Status status) {
  switch (status) {
    case Status::created: return "Recorded new:";
    case Status::updated: return "Changed:";
    case Status::removed: return "Deleted:";
    case Status::matched: return "Found to be there already:";
    case Status::absent: return "Asked to delete what is not there:";
  }
  return "";
}

}  // namespace

std::string PageWriter::entry_link(Position position) const {
  return shown_.contains(position)
             ? fmt::format(R"(<a href="#entry-{0}">entry {0}</a>)", position.value)
             : fmt::format("entry {}", position.value);
}

std::string PageWriter::version_link(std::string_view type, const OperationResult& result) const {
  const std::string name =
      html(fmt::format("{}/{}/_history/{}", type, result.id, result.version.value));
  return result.status == Status::matched || result.version.value == 0
             ? html(fmt::format("{}/{}", type, result.id))
             : fmt::format(R"(<a href="{}/{}">{}</a>)", html(title_.base), name, name);
}

Result<void> PageWriter::add(const Entry& entry) {
  const journal::Header& header = entry.record.header;
  shown_.insert(header.position);
  entries_ += fmt::format(
      "<section class=\"entry\" id=\"entry-{0}\">\n<h2>{1}</h2>\n"
      "<p class=\"utc\">{2} UTC, entry {0} of the journal</p>\n",
      header.position.value, london(header.time), to_instant(header.time));
  if (entry.said) {
    add_origin(*entry.said);
    TRY_OK(add_operations(*entry.said));
    TRY_OK(add_duties(*entry.said, header.position));
  } else if (entry.record.redacted != journal::Redacted::none) {
    entries_ +=
        "<p>The content of this entry was taken out by order; its hash is still there.</p>\n";
  } else {
    entries_ += fmt::format("<p>The system noted something of itself ({}).</p>\n",
                            word(static_cast<EntryKind>(header.kind)));
  }
  entries_ += "</section>\n";
  return ok();
}

void PageWriter::add_origin(const Said& said) {
  const Command& command = said.command;
  entries_ += "<table>\n";
  entries_ += row("Who", foreign(command.principal.name));
  entries_ += row("Why", command.purpose.empty() ? "not stated" : foreign(command.purpose));
  entries_ += row("Through", foreign(command.channel));
  if (command.message) {
    const Message& message = *command.message;
    const std::string type = message_type(message);
    entries_ += row(
        "Message",
        fmt::format(
            R"(from {}, number {}{}; {} (<a href="{}/Binary/{}">as it came</a>{}))",
            message.neighbour.empty() ? "a system that is not known" : foreign(message.neighbour),
            message.control_id.empty() ? "none" : foreign(message.control_id),
            type.empty() ? "" : ", " + foreign(type), said_of_message(message.disposition),
            html(title_.base), html(message.evidence),
            message.attempt > 1 ? fmt::format(", taken up again, attempt {}", message.attempt)
                                : std::string()));
  }
  entries_ += "</table>\n";
}

Result<void> PageWriter::add_operations(const Said& said) {
  if (said.outcome.results.empty()) {
    return ok();
  }
  entries_ += "<ul>\n";
  for (std::size_t i = 0; i < said.outcome.results.size(); ++i) {
    if (i == operations_shown_max) {
      entries_ += fmt::format("<li>and {} further operations, which the document names</li>\n",
                              said.outcome.results.size() - i);
      break;
    }
    TRY_OK(add_operation(said.command.operations[i], said.outcome.results[i]));
  }
  entries_ += "</ul>\n";
  return ok();
}

Result<void> PageWriter::add_operation(const Operation& operation, const OperationResult& result) {
  entries_ += fmt::format("<li>{} {}", done(result.status), html(plain_type(operation.type)));
  if (const std::string title = operation.body.empty() ? "" : title_of(operation.body);
      !title.empty()) {
    entries_ += fmt::format(" “{}”", foreign(title));
  }
  if (!result.id.empty()) {
    entries_ += fmt::format(" ({})", version_link(operation.type, result));
  }
  const std::string state = member_text(operation, "status");
  if (!state.empty()) {
    entries_ += fmt::format("; state <b>{}</b>", foreign(state));
  }
  if (writes(result) && result.version.value > 1) {
    TRY(const auto before, looks_.before(operation, result));
    if (before) {
      entries_ +=
          fmt::format("; before that{} since {}",
                      before->state.empty() ? std::string(" as it was")
                                            : fmt::format(" <b>{}</b>", foreign(before->state)),
                      entry_link(before->position));
    }
  }
  entries_ += "</li>\n";
  return ok();
}

Result<void> PageWriter::add_duties(const Said& said, Position position) {
  const std::vector<MadeDuty> duties = duties_of(said.command, said.outcome);
  if (duties.empty() && said.command.settlements.empty()) {
    return ok();
  }
  entries_ += "<ul>\n";
  for (const MadeDuty& made : duties) {
    const std::string channel(made.channel);
    TRY(const std::string stands, looks_.duty(channel, DutyName{position, made.index}));
    entries_ += fmt::format("<li>To be sent to {} (number {}{}): {}</li>\n", foreign(channel),
                            made.index, said_of_provided(made.provided), html(stands));
  }
  for (const Settlement& one : said.command.settlements) {
    entries_ += fmt::format(
        "<li>What {} owed to {} (number {}) {}{}</li>\n", entry_link(one.duty.position),
        foreign(one.channel), one.duty.index, said_of_settlement(one.settled),
        one.settled == Settled::held && !one.answer.empty() ? ". It said: " + foreign(one.answer)
                                                            : std::string());
  }
  entries_ += "</ul>\n";
  return ok();
}

Bytes PageWriter::page(const Head& head, const journal::Checkpoint& checkpoint) const {
  const std::string name =
      title_.name.empty() ? head.subject : fmt::format("{} ({})", title_.name, head.subject);
  Bytes page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<title>Chronology of {}</title>\n{}\n</head>\n<body>\n<h1>Chronology of {}</h1>\n",
      html(name), style, foreign(name));
  if (!head.next.empty() || head.after.value > 0) {
    page += fmt::format(
        "<p class=\"part\"><b>This is a part.</b> It holds the entries after number {} through "
        "number {} of the journal.{}{}</p>\n",
        head.after.value, head.through.value,
        head.after.value > 0 ? " Earlier ones are in the part before it." : "",
        head.next.empty()
            ? std::string(" It is the last part.")
            : fmt::format(R"( <a href="{}">The next part</a> follows.)", html(head.next)));
  }
  page += fmt::format(
      "<p>Every entry of the record that touched this {}, in order: {} entries, as of {} ({} UTC). "
      "Times are those of the clocks in London, with their offset. What somebody looked at and did "
      "not change is not on this page: reading is not recorded yet.</p>\n",
      head.subject.starts_with("Patient/") ? "patient" : "item", head.count, london(head.made),
      to_instant(head.made));
  for (const std::string& other : title_.see_also) {
    page += fmt::format(
        "<p>This record was joined with that of {}, which has a <a href=\"{}/{}/"
        "$chronology?_format=html\">chronology of its own</a>.</p>\n",
        foreign(other), html(title_.base), html(other));
  }
  page += entries_;
  page += fmt::format(
      "<section class=\"entry\">\n<h2>How this can be checked</h2>\n<p>This page is for reading. "
      "The "
      "same entries with their original bytes and proofs are in the <a href=\"{}\">evidence "
      "document</a>; <code>holdfast verify --evidence FILE</code> checks it without this "
      "server.</p>\n<table class=\"small\">\n",
      html(title_.document));
  page += row("Journal", fmt::format("{}, {} entries", html(checkpoint.origin), checkpoint.size));
  page += row("Root", to_hex(checkpoint.root.view()));
  page += row("Key", html(head.verifier));
  page += "</table>\n</section>\n</body>\n</html>\n";
  return page;
}

}  // namespace holdfast::evidence
