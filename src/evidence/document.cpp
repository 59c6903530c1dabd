#include "evidence/document.h"

#include <fmt/format.h>

#include "base/time.h"
#include "fhir/json_writer.h"

namespace holdfast::evidence {

Bytes head_line(const Head& head) {
  fhir::JsonWriter json(2048);
  json.open('{');
  json.text("format", format_name);
  json.number("version", format_version);
  json.text("subject", head.subject);
  json.text("community", to_hex(head.community.view()));
  json.text("verifier", head.verifier);
  json.text("checkpoint", head.checkpoint);
  json.text("made", to_instant(head.made));
  json.number("after", head.after.value);
  json.number("through", head.through.value);
  json.number("count", head.count);
  json.boolean("complete", head.after.value == 0 && head.next.empty());
  if (!head.next.empty()) {
    json.text("next", head.next);
  }
  json.open("entries", '[');
  Bytes line = json.take();
  line += '\n';
  return line;
}

void DocumentWriter::add(BytesView line) {
  if (count_ > 0) {
    lines_ += ",\n";
  }
  lines_ += line;
  ++count_;
}

Bytes DocumentWriter::body(Head& head) const {
  head.count = count_;
  Bytes body = head_line(head);
  body.reserve(body.size() + lines_.size() + 1);
  body += lines_;
  if (count_ > 0) {
    body += '\n';
  }
  return body;
}

std::string statement_text(const Head& head, const std::string& origin,
                           const journal::Checkpoint& checkpoint, BytesView body) {
  return fmt::format("{} {}\n{}\n{}\n{} {} {}\n{} {}\n{}\n", format_name, format_version, origin,
                     head.subject, head.after.value, head.through.value, head.count,
                     checkpoint.size, to_base64(checkpoint.root.view()),
                     to_base64(sha256(body).view()));
}

Bytes statement_line(std::string_view note) {
  Bytes line = R"(],"statement":")";
  fhir::append_json_escaped(line, note);
  line += "\"}\n";
  return line;
}

}  // namespace holdfast::evidence
