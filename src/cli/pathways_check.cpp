// cli/pathways_check.cpp: `holdfast pathways check`: whether the definitions in a folder hold up,
// and with --server what they would change on that server's open items. Nothing is written
// anywhere.
#include <CLI/CLI.hpp>

#include <memory>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/machine.h"
#include "cli/parameters_reply.h"
#include "cli/pathway_files.h"
#include "cli/remote.h"
#include "fhir/json.h"
#include "fhir/json_writer.h"
#include "fhir/member.h"

namespace holdfast::cli {
namespace {

struct CheckOptions {
  std::string folder;
  std::string server;
};

Bytes request_body(const std::vector<pathway::File>& files) {
  fhir::JsonWriter to;
  const auto write = [&](std::string_view name, std::string_view value) {
    to.open('{');
    to.text("name", name);
    to.text("valueString", value);
    to.close('}');
  };
  to.open('{');
  to.text("resourceType", "Parameters");
  to.open("parameter", '[');
  for (const pathway::File& file : files) {
    to.open('{');
    to.text("name", "file");
    to.open("part", '[');
    write("name", file.name);
    write("text", file.text);
    to.close(']');
    to.close('}');
  }
  to.close(']');
  to.close('}');
  return to.take();
}

std::string one_line(const std::vector<std::string>& names) {
  std::string line;
  for (const std::string& who : names) {
    line += (line.empty() ? "" : ", ") + who;
  }
  return line.empty() ? "nobody" : line;
}

void print_pathway(fhir::JsonValue one) {
  fmt::print("\n{} ({}): version {} -> {}, {} open", part(one, "pathway"), part(one, "change"),
             part(one, "version-now"), part(one, "version-next"), part(one, "open"));
  const std::string effective = part(one, "effective");
  fmt::print("; approved by {}; effective {}\n", one_line(parts(one, "approved")),
             effective.empty() ? "on no day" : effective);
  for (const std::string& what : parts(one, "what")) {
    fmt::print("  {}\n", what);
  }
}

void print_state(fhir::JsonValue one) {
  fmt::print("  state {} ({} open)\n", part(one, "state"), part(one, "open"));
  for (const std::string& what : parts(one, "what")) {
    fmt::print("    {}\n", what);
  }
  if (const std::string sooner = part(one, "sooner"); !sooner.empty()) {
    fmt::print(
        "    of these, counted by it{}: {} due sooner ({} overdue at once), {} later, {} the "
        "same, {} not known\n",
        part(one, "at-least").empty() ? "" : ", at least", sooner, part(one, "overdue-at-once"),
        part(one, "later"), part(one, "same"), part(one, "not-known"));
  }
}

void print_table(fhir::JsonValue one) {
  fmt::print(
      "\nclinical table {}: version {} -> {}, {} open items go by it; approved by {}; "
      "effective {}\n",
      part(one, "table"), part(one, "version-now"), part(one, "version-next"), part(one, "open"),
      one_line(parts(one, "approved")), part(one, "effective"));
  for (const std::string& line : parts(one, "gone")) {
    fmt::print("  - {}\n", line);
  }
  for (const std::string& line : parts(one, "come")) {
    fmt::print("  + {}\n", line);
  }
}

void print_results(fhir::JsonValue one) {
  fmt::print(
      "\nthe newest {} results, judged again: {} values cannot be judged by code or unit, "
      "now {}\n",
      part(one, "looked-at"), part(one, "unmapped-next"), part(one, "unmapped-now"));
}

void print_judged(fhir::JsonValue one) {
  fmt::print("  {} -> {}: {}, such as {}\n", part(one, "now"), part(one, "next"),
             part(one, "count"), part(one, "such-as"));
}

/// Whether it is accepted.
bool print(fhir::JsonValue reply) {
  bool accepted = false;
  std::string summary;
  if (const auto all = reply.find("parameter")) {
    for (const fhir::JsonValue one : all->children()) {
      const std::string name = fhir::text_member(one, "name");
      if (name == "accepted") {
        accepted = value_in(one) == "true";
      } else if (name == "text") {
        summary = value_in(one);
      } else if (name == "fault") {
        fmt::print("refused: {}\n", value_in(one));
      } else if (name == "shared") {
        fmt::print("{} differs: it counts for all pathways\n", value_in(one));
      } else if (name == "pathway") {
        print_pathway(one);
      } else if (name == "state") {
        print_state(one);
      } else if (name == "table") {
        print_table(one);
      } else if (name == "results") {
        print_results(one);
      } else if (name == "judged") {
        print_judged(one);
      }
    }
  }
  fmt::print("\n{}\n", summary);
  return accepted;
}

class Checker {
 public:
  explicit Checker(ServerAddress server) : remote_(network_, working_, std::move(server)) {}
  ~Checker() {
    working_.stop();
    working_.discard();
  }
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;

  Result<int> run(const std::vector<pathway::File>& files) {
    working_.start();
    return wait_for(working_, check_there(files));
  }

 private:
  Task<Result<int>> check_there(const std::vector<pathway::File>& files) {
    Remote::Question question;
    question.method = "POST";
    question.target = "/fhir/$check-pathways";
    question.headers.add("Content-Type", "application/fhir+json");
    question.body = std::make_shared<const Bytes>(request_body(files));
    const Patience patience;
    auto reply = co_await remote_.ask(std::move(question), patience);
    if (!reply) {
      co_return fail(std::move(reply).error());
    }
    if (reply->status != 200) {
      co_return fail(Code::value, plain(diagnostics_of(reply->body)));
    }
    fhir::JsonReader reader;
    CO_TRY(const fhir::Json json, reader.read(std::move(reply->body)));
    co_return print(json.root()) ? exit_ok : exit_failed;
  }

  RealNetwork network_;
  RealExecutor working_{"pathways"};
  Remote remote_;
};

int run_check(const CheckOptions& options) {
  auto files = read_pathway_files(options.folder);
  if (!files) {
    return end_with("pathways check", files.error());
  }
  const auto read = pathway::Definitions::read(*files);
  if (!read) {
    fmt::print("refused: {}\n", read.error().what);
    return exit_failed;
  }
  if (options.server.empty()) {
    fmt::print(
        "{} definitions hold up by themselves; with --server they are held against what is "
        "open.\n",
        (*read)->all().size());
    return exit_ok;
  }
  auto server = parse_server(options.server);
  if (!server) {
    return end_with("pathways check", server.error());
  }
  const auto done = Checker(*std::move(server)).run(*files);
  return done ? *done : end_with("pathways check", done.error());
}

}  // namespace

Command add_pathways_check(CLI::App& parent) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App* const app = parent.add_subcommand(
      "check", "whether definitions hold up, and what they would change; writes nothing");
  app->add_option("FOLDER", options->folder, "every .toml of the set")->required();
  app->add_option("--server", options->server,
                  "hold them against what is in force and open there: http://127.0.0.1:8080");
  app->footer(
      "Exit 0: they may come into force at the next start. 1: they may not, with every reason.\n"
      "2: usage.\n"
      "Example:\n"
      "  holdfast pathways check /etc/holdfast/pathways --server http://127.0.0.1:8080");
  return {app, [options] { return run_check(*options); }};
}

}  // namespace holdfast::cli
