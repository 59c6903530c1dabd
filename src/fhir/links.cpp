#include "fhir/links.h"

#include <algorithm>
#include <cstring>

#include "fhir/json_text.h"

namespace holdfast::fhir {

std::size_t find_link(BytesView resource, std::size_t from) {
  constexpr std::string_view mark = R"("reference":")";
  const void* const found =
      ::memmem(resource.data() + from, resource.size() - from, mark.data(), mark.size());
  return found == nullptr
             ? BytesView::npos
             : static_cast<std::size_t>(static_cast<const char*>(found) - resource.data()) +
                   mark.size();
}

std::string_view link_text(BytesView resource, std::size_t& at, std::string& scratch) {
  const std::size_t begin = at;
  const std::size_t quote = std::min(resource.find('"', begin), resource.size());
  const bool is_escaped = resource.substr(begin, quote - begin).find('\\') != BytesView::npos;
  at = quote;
  if (is_escaped) {
    for (at = begin; at < resource.size() && resource[at] != '"';) {
      at += resource[at] == '\\' ? 2U : 1U;
    }
    at = std::min(at, resource.size());
  }
  const BytesView text = resource.substr(begin, at - begin);
  if (!is_escaped) {
    return text;
  }
  scratch.clear();
  append_unescaped(scratch, text);
  return scratch;
}

}  // namespace holdfast::fhir
