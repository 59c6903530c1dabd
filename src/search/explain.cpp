// search/explain.cpp: an Explanation as text.
#include <fmt/format.h>

#include "search/page.h"

namespace holdfast::search {
namespace {

std::string count_text(std::uint64_t count) {
  return count >= Explanation::measured_max ? fmt::format("{} or more", Explanation::measured_max)
                                            : std::to_string(count);
}

}  // namespace

std::string text_of(const Explanation& explanation) {
  std::string text;
  for (const Explanation::Part& part : explanation.parts) {
    text += fmt::format("{}?{}: {}", fhir::name(part.type), part.asked, part.plan);
    if (part.measured) {
      text += fmt::format("; {} in all", count_text(*part.measured));
    }
    if (!part.indexes.empty()) {
      text += fmt::format("; in {}", fmt::join(part.indexes, ", "));
    }
    text += '\n';
  }
  if (explanation.types_alike > 0) {
    text += fmt::format("the same for {} more type(s)\n", explanation.types_alike);
  }
  text += fmt::format("{}\n", explanation.order);
  if (!explanation.refused.empty()) {
    text += fmt::format("refused: {}\n", explanation.refused);
    return text;
  }
  text += fmt::format("the first page has {} resource(s){}{}\n", explanation.found,
                      explanation.more ? ", and there are more" : ", and these are all",
                      explanation.total ? fmt::format("; {} in all", *explanation.total) : "");
  text += fmt::format("it cost {} of {}: a key looked at counts 1, a body read 20\n",
                      explanation.spent, explanation.candidates_max);
  return text;
}

}  // namespace holdfast::search
