#include "hl7v2/answer_text.h"

namespace holdfast::hl7v2 {
namespace {

std::string text_of_err(const Segment& err) {
  std::string said = err.field(8).text();
  if (said.empty()) {
    said = err.field(7).text();
  }
  for (const std::size_t component : {9U, 2U}) {
    if (said.empty()) {
      said = err.field(3).component(component).text();
    }
  }
  return said;
}

}  // namespace

std::string answer_text(const Message& answer) {
  std::string text;
  if (const auto msa = answer.find("MSA")) {
    text = msa->field(3).text();
  }
  for (std::size_t number = 1; const auto err = answer.find("ERR", number); ++number) {
    const std::string said = text_of_err(*err);
    if (!said.empty() && text.find(said) == std::string::npos) {
      text += (text.empty() ? "" : "; ") + said;
    }
  }
  return text;
}

}  // namespace holdfast::hl7v2
