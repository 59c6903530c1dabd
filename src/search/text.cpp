#include "search/text.h"

namespace holdfast::search {
std::vector<std::string_view> split_unescaped(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;  // whatever follows is not a separator
    } else if (text[i] == separator) {
      parts.push_back(text.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  parts.push_back(text.substr(begin));
  return parts;
}

Result<std::string> unescape(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      plain.push_back(text[i]);
      continue;
    }
    ++i;
    if (i == text.size() || std::string_view("\\,|$").find(text[i]) == std::string_view::npos) {
      return fail(Code::value, "in a search value '\\' stands before ',', '|', '$' or '\\' only");
    }
    plain.push_back(text[i]);
  }
  return plain;
}

}  // namespace holdfast::search
