// cli/hl7_explain.cpp: `holdfast hl7 explain`: a message field by field, with the names of the
// standard, then what the mapping makes of it and what it leaves.
#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "cli/hl7.h"
#include "exchange/neighbour.h"
#include "hl7v2/charset.h"
#include "hl7v2/mapping/map.h"
#include "hl7v2/message.h"

namespace holdfast::cli {
namespace {

struct ExplainOptions {
  std::vector<std::string> paths;
  bool resources = false;
};

constexpr std::size_t shown_bytes_max = 120;

std::string shown(BytesView raw) {
  std::string text;
  for (const char c : raw.substr(0, shown_bytes_max)) {
    const auto byte = static_cast<unsigned char>(c);
    text += byte < ' ' ? fmt::format("<{:02x}>", byte) : std::string(1, c);
  }
  if (raw.size() > shown_bytes_max) {
    text += fmt::format("… ({} bytes)", raw.size());
  }
  return text;
}

void print_field(std::string_view segment, std::size_t number, const hl7v2::Field& field) {
  const auto named = hl7v2::field_name(segment, static_cast<std::uint32_t>(number));
  const std::string title =
      named ? fmt::format("{} ({})", named->name, named->data_type) : std::string("?");
  std::size_t repetition = 0;
  for (const BytesView raw : field.repetitions()) {
    ++repetition;
    if (raw.empty()) {
      continue;
    }
    fmt::print("  {:<10} {:<44} {}\n",
               fmt::format("{}-{}{}", segment, number,
                           repetition > 1 ? fmt::format("[{}]", repetition) : ""),
               repetition == 1 ? title : "", raw == "\"\"" ? "\"\" (delete)" : shown(raw));
  }
}

void print_message(const hl7v2::Message& message) {
  for (std::size_t i = 0; i < message.segments(); ++i) {
    const hl7v2::Segment segment = message.segment(i);
    fmt::print("{}{}\n", shown(segment.name()),
               segment.well_named() ? "" : "   (not the name of a segment)");
    for (std::size_t number = 1; number <= segment.fields(); ++number) {
      print_field(segment.name(), number, segment.field(number));
    }
  }
}

void print_mapping(const hl7v2::Message& message, bool resources) {
  const hl7v2::Overlay overlay;
  const hl7v2::IdentifierPolicy identifiers;
  const auto mapped = hl7v2::map(message, {overlay, identifiers});
  if (!mapped) {
    fmt::print("\nNot mapped: {}. Such a message is kept, and becomes somebody's item.\n",
               mapped.error().what);
    return;
  }
  const hl7v2::Report& report = mapped->report;
  fmt::print(
      "\n{} by the tables of {}: {} values, {}.{:02}% mapped, {} set aside with a reason, "
      "{} unmapped\n",
      mapped->trigger, report.structure, report.leaves, report.mapped_share() / 100,
      report.mapped_share() % 100, report.set_aside, report.unmapped());
  for (const hl7v2::Draft& draft : mapped->drafts) {
    std::string found_by;
    for (const hl7v2::BusinessId& id : draft.find) {
      found_by += (found_by.empty() ? "found by " : ", ") + id.token();
    }
    fmt::print("  {:<20} {}\n", fhir::name(draft.type),
               found_by.empty() ? std::string("new each time") : found_by);
    if (resources) {
      fmt::print("    {}\n", draft.body);
    }
  }
  for (const hl7v2::Finding& finding : report.findings) {
    fmt::print("  {:<16} {:<18} {}: {}\n", name(finding.kind), finding.place.text(), finding.what,
               shown(finding.raw));
  }
}

int run_explain(const ExplainOptions& options) {
  const auto found = read_messages(options.paths);
  if (!found) {
    return end_with("hl7 explain", found.error());
  }
  for (const std::string& fault : found->faults) {
    fmt::print(stderr, "hl7 explain: {}\n", fault);
  }
  int code = exit_ok;
  for (const FileMessage& file : found->messages) {
    fmt::print("== {}\n", file.name);
    const hl7v2::Decoded decoded = hl7v2::decode(file.bytes, hl7v2::Charset::utf8);
    if (decoded.doubt) {
      fmt::print("Character set: read as {}, in doubt: {}\n", name(decoded.charset),
                 decoded.doubt->what);
    }
    const auto message = hl7v2::Message::parse(decoded.text());
    if (!message) {
      fmt::print("This is no message: {}\n", message.error().what);
      code = exit_failed;
      continue;
    }
    if (message->fault()) {
      fmt::print("Its components cannot be told apart: {}\n", message->fault()->what);
      code = exit_failed;
    }
    print_message(*message);
    print_mapping(*message, options.resources);
  }
  return code;
}

}  // namespace

Command add_hl7_explain(CLI::App& parent) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* const app =
      parent.add_subcommand("explain", "show messages field by field, with their mapping");
  app->add_flag("--resources", options->resources, "print the FHIR resources as well");
  app->add_option("PATH", options->paths, "files, and folders with all below them")->required();
  app->footer(
      "Without a neighbour's overlay: what the tables that are built in make of it.\n"
      "  holdfast hl7 explain message.hl7\n"
      "  holdfast hl7 explain --resources message.hl7");
  return {app, [options] { return run_explain(*options); }};
}

}  // namespace holdfast::cli
