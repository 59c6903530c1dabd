#include "cli/answer.h"

#include <charconv>

#include <fmt/format.h>

#include "cli/remote.h"
#include "fhir/json.h"

namespace holdfast::cli {
namespace {

int number_at_start(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// 422 with only not-found issues: conditional references that select nothing.
bool asks_for_others(int status, fhir::JsonValue outcome) {
  const auto issues = outcome.find("issue");
  if (status != 422 || !issues || issues->size() == 0) {
    return false;
  }
  for (const fhir::JsonValue issue : issues->children()) {
    const auto code = issue.find("code");
    if (!code || !code->equals("not-found")) {
      return false;
    }
  }
  return true;
}

void add_reason(Verdict& verdict, std::string reason) {
  if (verdict.reasons.size() < Verdict::reasons_max) {
    verdict.reasons.push_back(std::move(reason));
  }
}

// https://hl7.org/fhir/R4/http.html#transaction-response
void judge_entry(Verdict& verdict, const Outbound& sent, std::size_t index, fhir::JsonValue entry) {
  const auto response = entry.find("response");
  const auto text = response ? response->find("status") : std::nullopt;
  const int status = text && text->is_string() ? number_at_start(text->raw_text()) : 0;
  if (status == 201) {
    ++verdict.created;
  } else if (status >= 200 && status < 300) {
    ++verdict.matched;
  } else {
    const auto outcome = response ? response->find("outcome") : std::nullopt;
    verdict.refused = true;
    ++verdict.refused_entries;
    verdict.unmatched_only = verdict.unmatched_only && outcome && asks_for_others(status, *outcome);
    const std::string place = index < sent.lines.size() ? fmt::format("line {}", sent.lines[index])
                                                        : fmt::format("entry {}", index);
    add_reason(verdict, fmt::format("{}: {} {}", place, status,
                                    outcome ? diagnostics_of(outcome->raw())
                                            : std::string("no explanation")));
  }
}

void judge_bundle(Verdict& verdict, const Outbound& sent, const http::Incoming& reply) {
  fhir::JsonReader reader;
  const auto json = reader.read(reply.body);
  const auto entries = json ? json->root().find("entry") : std::nullopt;
  if (!json) {
    verdict.refused = true;
    verdict.unmatched_only = false;
    add_reason(verdict, fmt::format("the reply is no JSON: {}", json.error().what));
    return;
  }
  if (!entries) {
    return;  // an empty Bundle
  }
  std::size_t index = 0;
  for (const fhir::JsonValue entry : entries->children()) {
    judge_entry(verdict, sent, index++, entry);
  }
  if (verdict.refused_entries > verdict.reasons.size()) {
    verdict.reasons.push_back(
        fmt::format("and {} more", verdict.refused_entries - verdict.reasons.size()));
  }
}

}  // namespace

Verdict judge(const Outbound& sent, const http::Incoming& reply) {
  Verdict verdict;
  verdict.unmatched_only = true;
  if (const auto position = reply.headers.find("Holdfast-Position")) {
    std::from_chars(position->data(), position->data() + position->size(), verdict.position);
  }
  if (reply.status < 200 || reply.status > 299) {
    verdict.refused = true;
    fhir::JsonReader reader;
    const auto outcome = reader.read(reply.body);
    verdict.unmatched_only = outcome && asks_for_others(reply.status, outcome->root());
    add_reason(verdict, fmt::format("{} {}", reply.status, diagnostics_of(reply.body)));
  } else if (sent.shipment == Shipment::resource) {
    ++(reply.status == 201 ? verdict.created : verdict.matched);
  } else {
    judge_bundle(verdict, sent, reply);
  }
  if (!sent.refused_lines.empty()) {
    verdict.refused = true;
    verdict.unmatched_only = false;
    verdict.refused_entries += sent.refused_lines.size();
    for (const std::string& line : sent.refused_lines) {
      add_reason(verdict, line);
    }
  }
  verdict.unmatched_only = verdict.unmatched_only && verdict.refused;
  return verdict;
}

}  // namespace holdfast::cli
