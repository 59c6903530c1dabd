// cli/hl7_coverage.cpp: `holdfast hl7 coverage`: how much of what has come each line of a
// neighbour's overlay explained, whose lines they are, and what nobody has explained yet.
#include <CLI/CLI.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/hl7.h"
#include "cli/hl7_kept.h"
#include "exchange/map_coverage.h"

namespace holdfast::cli {
namespace {

struct CoverageOptions {
  std::string server;
  std::string config;
  std::string neighbour;
  std::string since;
  std::vector<std::string> files;
  std::uint64_t count = 10'000;
  std::size_t show = 40;
};

std::string percent(std::uint64_t part, std::uint64_t all) {
  const std::uint64_t tenths = all == 0 ? 0 : (part * 1000 + all / 2) / all;
  return fmt::format("{}.{}%", tenths / 10, tenths % 10);
}

std::string_view or_nobody(const std::string& owner) {
  return owner.empty() ? std::string_view("nobody") : std::string_view(owner);
}

std::string shown(const hl7v2::OverlayLine& line) {
  return line.table.empty() ? line.from : line.table + " " + line.from;
}

struct Share {
  std::uint64_t lines = 0;
  std::uint64_t used = 0;
};

void print_lines(const std::vector<exchange::MapCoverage::Line>& lines, std::size_t show) {
  std::map<std::pair<std::string, std::string>, Share> shares;  // by kind and owner
  std::uint64_t unused = 0;
  for (const auto& line : lines) {
    Share& share = shares[{line.line.kind, line.owner}];
    ++share.lines;
    (line.messages > 0 ? share.used : unused) += 1;
  }
  for (const auto& [name, share] : shares) {
    fmt::print("  {}.csv  owner={} lines={} used={}\n", name.first, or_nobody(name.second),
               share.lines, share.used);
  }
  std::size_t left = show;
  for (const auto& line : lines) {
    if (line.messages == 0 && left > 0) {
      --left;
      fmt::print("  not used: {}.csv '{}' owner={}\n", line.line.kind, shown(line.line),
                 or_nobody(line.owner));
    }
  }
  if (unused > show) {
    fmt::print("  … and {} more lines that are not used\n", unused - show);
  }
}

void print_lacks(const exchange::MapCoverage& coverage, std::size_t show) {
  const auto lacks = coverage.lacks();
  for (std::size_t i = 0; i < lacks.size() && i < show; ++i) {
    const auto& lack = lacks[i];
    fmt::print("  {}  {}{}  in {} message(s), first {}\n", hl7v2::name(lack.kind), lack.place,
               lack.raw.empty() ? std::string() : fmt::format(" '{}'", lack.raw), lack.messages,
               lack.first);
  }
  if (lacks.size() > show) {
    fmt::print("  … and {} more; --show 0 shows all\n", lacks.size() - show);
  }
  if (coverage.lacks_left_out() > 0) {
    fmt::print("  … and others, in {} message(s), that were too many to tell apart\n",
               coverage.lacks_left_out());
  }
}

void print(const exchange::Neighbour& neighbour, const exchange::MapCoverage& coverage,
           std::size_t show) {
  const auto& totals = coverage.totals();
  fmt::print(
      "neighbour={} owner={} messages={} not_mapped={} values={} mapped={} set_aside={} "
      "unmapped={}\n",
      neighbour.name, neighbour.owner, totals.messages, totals.not_mapped, totals.values,
      percent(totals.mapped, totals.values), percent(totals.set_aside, totals.values),
      percent(totals.values - totals.mapped - totals.set_aside, totals.values));
  print_lines(coverage.lines(), show);
  print_lacks(coverage, show);
  for (const std::string& failure : coverage.failures()) {
    fmt::print("  not mapped: {}\n", failure);
  }
}

Result<void> cover_files(const CoverageOptions& options, exchange::MapCoverage& coverage) {
  TRY(const FileMessages files, read_messages(options.files));
  for (const FileMessage& message : files.messages) {
    coverage.add(message.bytes);
  }
  return ok();
}

Result<void> cover(const CoverageOptions& options, const exchange::Neighbour& neighbour) {
  exchange::MapCoverage coverage(neighbour);
  if (!options.files.empty()) {
    TRY_OK(cover_files(options, coverage));
  } else {
    TRY(const ServerAddress address, parse_server(options.server));
    const auto take = [&coverage](const KeptMessage& message) -> Result<void> {
      coverage.add(message.bytes);
      return ok();
    };
    TRY_OK(each_kept(address, {neighbour.name, options.since, options.count}, take));
  }
  print(neighbour, coverage, options.show == 0 ? SIZE_MAX : options.show);
  return ok();
}

Result<void> cover_all(const CoverageOptions& options) {
  if (options.server.empty() == options.files.empty()) {
    return fail(Code::usage, "name a server that has messages (--server), or files; one of them");
  }
  TRY(const auto config, read_neighbours(options.config));
  bool any = false;
  for (const server::NeighbourSetting& setting : config.neighbours) {
    if (!options.neighbour.empty() && setting.neighbour.name != options.neighbour) {
      continue;
    }
    if (any && !options.files.empty()) {
      return fail(Code::usage, "files are of one neighbour: say which (--neighbour)");
    }
    any = true;
    TRY_OK(cover(options, setting.neighbour));
  }
  if (!any) {
    return fail(Code::usage,
                options.neighbour.empty()
                    ? fmt::format("{} has no neighbour", options.config)
                    : fmt::format("{} has no neighbour '{}'", options.config, options.neighbour));
  }
  return ok();
}

int run_coverage(const CoverageOptions& options) {
  const auto done = cover_all(options);
  return done ? exit_ok : end_with("hl7 coverage", done.error());
}

}  // namespace

Command add_hl7_coverage(CLI::App& parent) {
  auto options = std::make_shared<CoverageOptions>();
  CLI::App* const app = parent.add_subcommand(
      "coverage",
      "what an overlay explains of the messages that came, by owner, and what it lacks");
  app->add_option("files", options->files, "messages in files or folders, of one neighbour");
  app->add_option("--server", options->server, "or a server that has kept them");
  app->add_option("--config", options->config, "configuration file with its neighbours")
      ->required();
  app->add_option("--neighbour", options->neighbour, "only this one");
  app->add_option("--since", options->since, "only what came from then on: 2026-11-01");
  app->add_option("--count", options->count, "the newest so many of a neighbour")
      ->capture_default_str();
  app->add_option("--show", options->show, "so many lines and lacks; 0: all")
      ->capture_default_str();
  app->footer(
      "Of each overlay: how many of its lines said something, by their owner, and which did not; "
      "then the\ncodes, units and systems that nothing explains, those of most messages first, and "
      "places whose values\nno rule takes. Writes nothing, and shows no value of a patient.\n"
      "  holdfast hl7 coverage --config holdfast.toml --server http://127.0.0.1:8080\n"
      "  holdfast hl7 coverage --config holdfast.toml --neighbour lab samples/lab");
  return {app, [options] { return run_coverage(*options); }};
}

}  // namespace holdfast::cli
