#include "hl7v2/mapping/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "fhir/json.h"

namespace holdfast::hl7v2 {
namespace {

using Kind = Finding::Kind;

constexpr std::array<std::string_view, 11> kind_names = {
    "unmapped",        "unmapped-code",  "unmapped-unit", "unmapped-system",
    "unconverted",     "bad-identifier", "local-segment", "unexpected-segment",
    "unknown-segment", "merged",         "doubt"};

/// First byte of an encoded report: other versions are refused.
constexpr char report_version = 1;
/// No report has more: a message has no more leaves.
constexpr std::uint64_t findings_max = std::uint64_t{1} << 24U;

std::uint32_t share(std::uint64_t part, std::uint64_t all) {
  return all == 0 ? 10'000U : static_cast<std::uint32_t>(part * 10'000 / all);
}

/// A code of https://hl7.org/fhir/R4/valueset-issue-type.html
std::string_view issue_code(Kind kind) {
  switch (kind) {
    case Kind::unmapped:
    case Kind::local_segment:
    case Kind::unknown_segment: return "not-supported";
    case Kind::unexpected_segment: return "structure";
    case Kind::unmapped_code:
    case Kind::unmapped_unit:
    case Kind::unmapped_system: return "code-invalid";
    case Kind::unconverted:
    case Kind::bad_identifier: return "value";
    case Kind::merged: return "duplicate";
    case Kind::doubt: return "informational";
  }
  return "informational";
}

std::string_view severity(Kind kind) {
  return kind == Kind::unmapped || kind == Kind::local_segment || kind == Kind::doubt ||
                 kind == Kind::unmapped_system
             ? "information"
             : "warning";
}

/// As a string of FHIR, which holds no control characters but tab and line ends.
void append_shown(Bytes& to, std::string_view text) {
  std::string shown(text);
  for (char& c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f) {
      c = '?';
    }
  }
  fhir::append_json_escaped(to, shown);
}

void append_issue(Bytes& to, std::string_view level, std::string_view code,
                  std::string_view details, std::string_view expression) {
  to.append(fmt::format(R"({{"severity":"{}","code":"{}","diagnostics":")", level, code));
  append_shown(to, details);
  to.push_back('"');
  if (!expression.empty()) {
    to.append(R"(,"expression":[")");
    append_shown(to, expression);
    to.append("\"]");
  }
  to.push_back('}');
}

std::string percent(std::uint32_t hundredths) {
  return fmt::format("{}.{:02}%", hundredths / 100, hundredths % 100);
}

}  // namespace

std::string Place::text() const {
  if (segment.empty()) {
    return {};
  }
  std::string text = number > 1 ? fmt::format("{}[{}]", segment, number) : segment;
  if (field == 0) {
    return text;
  }
  text.append(fmt::format("-{}", field));
  if (repetition > 1) {
    text.append(fmt::format("[{}]", repetition));
  }
  if (component != 0) {
    text.append(fmt::format(".{}", component));
    if (subcomponent != 0) {
      text.append(fmt::format(".{}", subcomponent));
    }
  }
  return text;
}

std::string_view name(Finding::Kind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

std::uint32_t Report::mapped_share() const { return share(mapped, leaves); }
std::uint32_t Report::accounted_share() const {
  return share(std::uint64_t{mapped} + set_aside, leaves);
}

Bytes encode(const Report& report) {
  Bytes to(1, report_version);
  append_text(to, report.structure);
  append_varint(to, report.leaves);
  append_varint(to, report.mapped);
  append_varint(to, report.set_aside);
  append_varint(to, report.findings.size());
  std::string_view what;  // most findings say what the one before said
  for (const Finding& finding : report.findings) {
    to.push_back(static_cast<char>(finding.kind));
    append_text(to, finding.place.segment);
    for (const std::uint32_t number :
         {finding.place.number, finding.place.field, finding.place.repetition,
          finding.place.component, finding.place.subcomponent}) {
      append_varint(to, number);
    }
    append_text(to, finding.raw);
    append_text(to, finding.what == what ? std::string_view() : finding.what);
    what = finding.what;
  }
  return to;
}

Result<Report> decode_report(BytesView bytes) {
  ByteReader reader(bytes);
  const auto number = [&] { return static_cast<std::uint32_t>(reader.varint()); };
  Report report;
  const BytesView version = reader.bytes(1);
  if (reader.failed() || version[0] != report_version) {
    return fail(Code::corrupt, "not a mapping report of this version");
  }
  report.structure = reader.text();
  report.leaves = number();
  report.mapped = number();
  report.set_aside = number();
  const std::uint64_t count = reader.varint();
  if (reader.failed() || count > findings_max || count > bytes.size()) {
    return fail(Code::corrupt, "mapping report: counts");
  }
  std::string what;
  for (std::uint64_t i = 0; i < count && !reader.failed(); ++i) {
    Finding finding;
    const BytesView kind = reader.bytes(1);
    if (reader.failed() || static_cast<unsigned char>(kind[0]) >= kind_names.size()) {
      return fail(Code::corrupt, "mapping report: kind of a finding");
    }
    finding.kind = static_cast<Kind>(kind[0]);
    finding.place.segment = reader.text();
    finding.place.number = number();
    finding.place.field = number();
    finding.place.repetition = number();
    finding.place.component = number();
    finding.place.subcomponent = number();
    finding.raw = reader.text();
    if (const BytesView said = reader.text(); !said.empty()) {
      what = said;
    }
    finding.what = what;
    report.findings.push_back(std::move(finding));
  }
  if (reader.failed() || !reader.at_end()) {
    return fail(Code::corrupt, "mapping report: its end");
  }
  return report;
}

// https://hl7.org/fhir/R4/operationoutcome.html
Bytes operation_outcome(const Report& report) {
  Bytes to = R"({"resourceType":"OperationOutcome","issue":[)";
  append_issue(to, "information", "informational",
               fmt::format("{}: {} values, {} mapped, {} set aside ({} mapped, {} accounted for)",
                           report.structure, report.leaves, report.mapped, report.set_aside,
                           percent(report.mapped_share()), percent(report.accounted_share())),
               {});
  for (const Finding& finding : report.findings) {
    to.push_back(',');
    const std::string place = finding.place.text();
    append_issue(
        to, severity(finding.kind), issue_code(finding.kind),
        fmt::format("{}: '{}' {} ({})", place, finding.raw, finding.what, name(finding.kind)),
        place);
  }
  to.append("]}");
  return to;
}

}  // namespace holdfast::hl7v2
