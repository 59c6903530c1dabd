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
  bool is_escaped = false;
  while (at < resource.size() && resource[at] != '"') {
    const bool escapes = resource[at] == '\\';
    is_escaped = is_escaped || escapes;
    at += escapes ? 2 : 1;
  }
  at = std::min(at, resource.size());
  const BytesView text = resource.substr(begin, at - begin);
  if (!is_escaped) {
    return text;
  }
  scratch.clear();
  append_unescaped(scratch, text);
  return scratch;
}

}  // namespace holdfast::fhir
