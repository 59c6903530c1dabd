// api/indent.cpp: the layout for people that _pretty=true asks for; changes no value.
#include "api/handler.h"

namespace holdfast::api {
namespace {

void new_line(Bytes& to, std::size_t depth) {
  to.push_back('\n');
  to.append(depth * 2, ' ');
}

// Copies the string that begins at `at`; the index behind its closing quote.
std::size_t copy_string(Bytes& to, BytesView json, std::size_t at) {
  std::size_t end = at + 1;
  while (end < json.size() && json[end] != '"') {
    end += json[end] == '\\' ? 2U : 1U;
  }
  to.append(json.substr(at, end + 1 - at));
  return end + 1;
}

}  // namespace

Bytes indent(BytesView json) {
  Bytes to;
  to.reserve(json.size() * 2);
  std::size_t depth = 0;
  for (std::size_t i = 0; i < json.size();) {
    const char c = json[i];
    if (c == '"') {
      i = copy_string(to, json, i);
      continue;
    }
    if ((c == '}' || c == ']') && depth > 0) {
      --depth;
      if (!to.ends_with('{') && !to.ends_with('[')) {
        new_line(to, depth);
      }
    }
    to.push_back(c);
    if (c == '{' || c == '[') {
      ++depth;
      if (i + 1 < json.size() && json[i + 1] != '}' && json[i + 1] != ']') {
        new_line(to, depth);
      }
    } else if (c == ',') {
      new_line(to, depth);
    } else if (c == ':') {
      to.push_back(' ');
    }
    ++i;
  }
  to.push_back('\n');
  return to;
}

}  // namespace holdfast::api
