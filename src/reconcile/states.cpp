#include "reconcile/states.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace holdfast::reconcile {
namespace {

struct Word {
  std::string_view word;
  Stand stand;
};
// FHIR's codes of request-status, task-status, appointmentstatus and diagnostic-report-status,
// those that e-RS publishes, and what people write. As normal() gives them.
constexpr std::array words{
    Word{"open", Stand::open},
    Word{"active", Stand::open},
    Word{"draft", Stand::open},
    Word{"new", Stand::open},
    Word{"requested", Stand::open},
    Word{"received", Stand::open},
    Word{"accepted", Stand::open},
    Word{"ready", Stand::open},
    Word{"in-progress", Stand::open},
    Word{"on-hold", Stand::open},
    Word{"waiting", Stand::open},
    Word{"pending", Stand::open},
    Word{"proposed", Stand::open},
    Word{"waitlist", Stand::open},
    Word{"booked", Stand::open},
    Word{"checked-in", Stand::open},
    Word{"arrived", Stand::open},
    Word{"registered", Stand::open},
    Word{"partial", Stand::open},
    Word{"preliminary", Stand::open},
    Word{"interim", Stand::open},
    Word{"ordered", Stand::open},
    Word{"collected", Stand::open},
    Word{"referred", Stand::open},
    Word{"triage", Stand::open},
    Word{"awaiting-triage", Stand::open},
    Word{"awaiting-booking", Stand::open},
    Word{"not-booked", Stand::open},
    Word{"completed", Stand::answered},
    Word{"complete", Stand::answered},
    Word{"fulfilled", Stand::answered},
    Word{"done", Stand::answered},
    Word{"final", Stand::answered},
    Word{"amended", Stand::answered},
    Word{"corrected", Stand::answered},
    Word{"appended", Stand::answered},
    Word{"reported", Stand::answered},
    Word{"resulted", Stand::answered},
    Word{"closed", Stand::closed},
    Word{"discharged", Stand::closed},
    Word{"cancelled", Stand::closed},
    Word{"canceled", Stand::closed},
    Word{"revoked", Stand::closed},
    Word{"rejected", Stand::closed},
    Word{"declined", Stand::closed},
    Word{"failed", Stand::closed},
    Word{"noshow", Stand::closed},
    Word{"withdrawn", Stand::closed},
    Word{"ended", Stand::closed},
    Word{"entered-in-error", Stand::closed},
};

/// "In Progress", "IN_PROGRESS": in-progress.
std::string normal(std::string_view text) {
  std::string to(trimmed(text));
  for (char& c : to) {
    c = c == ' ' || c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return to;
}

}  // namespace

std::string_view name(Stand stand) {
  switch (stand) {
    case Stand::open: return "open";
    case Stand::answered: return "answered";
    case Stand::closed: return "closed";
  }
  return "";
}

Result<void> States::add(std::string_view rule) {
  const std::size_t at = rule.rfind('=');
  const std::string word = normal(rule.substr(0, at));
  const std::string_view means =
      at == std::string_view::npos ? std::string_view() : trimmed(rule.substr(at + 1));
  for (const Stand stand : {Stand::open, Stand::answered, Stand::closed}) {
    if (means == name(stand) && !word.empty()) {
      own_[word] = stand;
      return ok();
    }
  }
  return fail(
      Code::value,
      fmt::format("a state is given as WORD=open, WORD=answered or WORD=closed, not '{}'", rule),
      "http.state");
}

std::optional<Stand> States::find(std::string_view word) const {
  const std::string asked = normal(word);
  if (const auto own = own_.find(asked); own != own_.end()) {
    return own->second;
  }
  const auto at = std::ranges::find(words, asked, &Word::word);
  return at == words.end() ? std::nullopt : std::optional(at->stand);
}

}  // namespace holdfast::reconcile
