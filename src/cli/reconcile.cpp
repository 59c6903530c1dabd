// cli/reconcile.cpp: `holdfast reconcile`: a neighbour's own list, as it is in a file, against what
// a server has. The server compares and writes; here is the table that somebody at a console reads.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "base/hash.h"
#include "cli/command.h"
#include "cli/machine.h"
#include "cli/parameters_reply.h"
#include "cli/progress.h"
#include "cli/remote.h"
#include "fhir/json.h"
#include "fhir/json_writer.h"
#include "fhir/member.h"

namespace holdfast::cli {
namespace {

/// In base64, with what stands around it, it still is a request that a server takes.
constexpr std::uint64_t file_bytes_max = std::uint64_t{23} << 20U;

struct ReconcileOptions {
  std::string server;
  std::string file;
  std::string source;
  std::vector<std::string> kinds;
  std::string from, to, organisation, identifier_system;
  std::vector<std::string> states;
  bool dry_run = false;
};

/// What it looks like: the name of a file says little.
std::string_view media_type_of(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) {
    text.remove_prefix(3);
  }
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && text[first] == '{') {
    return "application/fhir+json";
  }
  for (const std::string_view segment : {"FHS", "BHS", "MSH"}) {
    if (text.starts_with(segment) && text.size() > 3 && text[3] != ',' && text[3] != '_') {
      return "x-application/hl7-v2+er7";
    }
  }
  return "text/csv";
}

void write_parameter(fhir::JsonWriter& to, std::string_view name, std::string_view value) {
  if (!value.empty()) {
    to.open('{');
    to.text("name", name);
    to.text("valueString", value);
    to.close('}');
  }
}

Bytes request_body(const ReconcileOptions& options, BytesView file) {
  fhir::JsonWriter to(file.size() * 4 / 3 + 2048);
  to.open('{');
  to.text("resourceType", "Parameters");
  to.open("parameter", '[');
  write_parameter(to, "source", options.source);
  for (const std::string& kind : options.kinds) {
    write_parameter(to, "kind", kind);
  }
  write_parameter(to, "from", options.from);
  write_parameter(to, "to", options.to);
  write_parameter(to, "organisation", options.organisation);
  write_parameter(to, "identifier-system", options.identifier_system);
  for (const std::string& state : options.states) {
    write_parameter(to, "state", state);
  }
  if (options.dry_run) {
    write_parameter(to, "dry-run", "true");
  }
  to.open('{');
  to.text("name", "list");
  to.open("resource", '{');
  to.text("resourceType", "Binary");
  to.text("contentType", media_type_of(file));
  to.text("data", to_base64(file));
  to.close('}');
  to.close('}');
  to.close(']');
  to.close('}');
  return to.take();
}

/// The reply as a table, and what of it decides the exit code.
class Table {
 public:
  explicit Table(fhir::JsonValue reply) : reply_(reply) {}

  int print() {
    rows_.push_back({"", "KIND", "NUMBER", "THERE", "HERE", "ITEM", "STATE", "OWNER"});
    if (const auto all = reply_.find("parameter")) {
      for (const fhir::JsonValue one : all->children()) {
        take(one);
      }
    }
    print_rows();
    for (const std::string& line : texts_) {
      fmt::print("{}\n", line);
    }
    fmt::print("{}{}\n", rows_.size() + texts_.size() > 1 ? "\n" : "", summary_);
    fmt::print("{}\n", counts_);
    return different_ || not_compared_ ? exit_failed : exit_ok;
  }

 private:
  using Cells = std::array<std::string, 8>;

  void take(fhir::JsonValue one) {
    const std::string name = fhir::text_member(one, "name");
    if (name == "difference") {
      rows_.push_back({part(one, "news"), part(one, "kind"), part(one, "number"),
                       part(one, "theirs"), part(one, "ours"), part(one, "item"),
                       part(one, "state"), part(one, "owner")});
      const std::string kind = part(one, "kind");
      if (kind == "identity-conflict" || kind == "count-differs") {
        texts_.push_back(part(one, "text"));
      }
    } else if (name == "gone-since") {
      rows_.push_back({"gone", "", part(one, "number"), "", "", part(one, "item"),
                       part(one, "state"), part(one, "owner")});
    } else if (name == "note") {
      const std::string about = part(one, "about");
      not_compared_ = not_compared_ || about.ends_with("not compared");
      texts_.push_back(fmt::format("{} {}: {}", part(one, "count"), about, part(one, "named")));
    } else if (name == "text") {
      summary_ = value_in(one);
    } else if (one.find("valueUnsignedInt")) {
      different_ = different_ || (name == "different" && value_in(one) != "0");
      counts_ += fmt::format("{}{}={}", counts_.empty() ? "" : " ", name, value_in(one));
    }
  }

  void print_rows() const {
    if (rows_.size() < 2) {
      return;
    }
    std::array<std::size_t, 8> widths{};
    for (const Cells& row : rows_) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        widths[i] = std::max(widths[i], row[i].size());
      }
    }
    for (const Cells& row : rows_) {
      std::string line;
      for (std::size_t i = 0; i < row.size(); ++i) {
        line += fmt::format("{:<{}}  ", row[i], widths[i]);
      }
      line.resize(line.find_last_not_of(' ') + 1);
      fmt::print("{}\n", line);
    }
  }

  fhir::JsonValue reply_;
  std::vector<Cells> rows_;
  std::vector<std::string> texts_;
  std::string summary_, counts_;
  bool different_ = false;
  bool not_compared_ = false;
};

class Reconciler {
 public:
  Reconciler(const ReconcileOptions& options, ServerAddress server)
      : options_(options), remote_(network_, working_, std::move(server)) {}

  ~Reconciler() {
    working_.stop();
    working_.discard();
  }
  Reconciler(const Reconciler&) = delete;
  Reconciler& operator=(const Reconciler&) = delete;

  Result<int> run() {
    working_.start();
    return wait_for(working_, reconcile());
  }

 private:
  Task<Result<int>> reconcile() {
    CO_TRY(const std::string file, read_text_file(options_.file, file_bytes_max));
    Remote::Question question;
    question.method = "POST";
    question.target = "/fhir/$reconcile";
    question.headers.add("Content-Type", "application/fhir+json");
    question.body = std::make_shared<const Bytes>(request_body(options_, file));
    Progress progress("reconcile", 0, "");
    progress.show(0, fmt::format("comparing {} ({} bytes)", options_.file, grouped(file.size())));
    const Patience patience;
    auto reply = co_await remote_.ask(std::move(question), patience);
    progress.clear();
    if (!reply) {
      co_return fail(std::move(reply).error());
    }
    if (reply->status != 200) {
      co_return fail(Code::value, plain(diagnostics_of(reply->body)));
    }
    fhir::JsonReader reader;
    CO_TRY(const fhir::Json json, reader.read(std::move(reply->body)));
    co_return Table(json.root()).print();
  }

  const ReconcileOptions& options_;
  RealNetwork network_;
  RealExecutor working_{"reconcile"};
  Remote remote_;
};

int run_reconcile(const ReconcileOptions& options) {
  auto server = parse_server(options.server);
  if (!server) {
    return end_with("reconcile", server.error());
  }
  const auto done = Reconciler(options, *std::move(server)).run();
  return done ? *done : end_with("reconcile", done.error());
}

}  // namespace

Command add_reconcile(CLI::App& parent) {
  auto options = std::make_shared<ReconcileOptions>();
  CLI::App* const app =
      parent.add_subcommand("reconcile", "a neighbour's own list against a server's record");
  app->add_option("FILE", options->file,
                  "CSV, a FHIR Bundle or e-RS work-list (JSON), or an HL7 v2 batch")
      ->required();
  app->add_option("--server", options->server, "where it listens: http://127.0.0.1:8080")
      ->required();
  app->add_option("--source", options->source, "the neighbour's name, the same each time")
      ->required();
  app->add_option("--kind", options->kinds, "a pathway that the list covers; may be repeated")
      ->take_all();
  app->add_option("--from", options->from, "first day that the list covers, as 2026-11-01");
  app->add_option("--to", options->to, "last day that the list covers");
  app->add_option("--organisation", options->organisation,
                  "whose requests the list covers: Organization/7");
  app->add_option("--identifier-system", options->identifier_system,
                  "system of the identifiers that name none");
  app->add_option("--state", options->states,
                  "what a word of theirs means: WORD=open, =answered or =closed; may be repeated")
      ->take_all();
  app->add_flag("--dry-run", options->dry_run, "shows the differences and writes nothing");
  app->footer(
      "Each difference becomes one item; the same list again makes none. What is missing in the\n"
      "list is only told where it says what it covers: --kind, --from, --to, --organisation.\n"
      "Exit 0: nothing differs. 1: something does, or could not be compared, or was refused.\n"
      "Columns of a CSV: identifier, identifier_system, nhs_number, state, kind, authored, type.\n"
      "Examples:\n"
      "  holdfast reconcile list.csv --server http://127.0.0.1:8080 --source county \\\n"
      "    --identifier-system https://county.example/referral --kind referral --dry-run\n"
      "  holdfast reconcile worklist.json --server http://127.0.0.1:8080 --source e-RS");
  return {app, [options] { return run_reconcile(*options); }};
}

}  // namespace holdfast::cli
