#include "fhir/fold.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <utf8proc.h>

namespace holdfast::fhir {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

struct Freed {
  void operator()(utf8proc_uint8_t* text) const { std::free(text); }
};

}  // namespace

void append_folded(Bytes& to, std::string_view text) {
  const bool is_ascii =
      std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (is_ascii) {
    const std::size_t begin = to.size();
    to.append(text);
    std::transform(to.begin() + static_cast<std::ptrdiff_t>(begin), to.end(),
                   to.begin() + static_cast<std::ptrdiff_t>(begin), lower);
    return;
  }
  utf8proc_uint8_t* made = nullptr;
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE |
                                                      UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK);
  const utf8proc_ssize_t bytes =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &made, options);
  const std::unique_ptr<utf8proc_uint8_t, Freed> owner(made);
  if (bytes < 0) {
    to.append(text);
    return;
  }
  to.append(reinterpret_cast<const char*>(made), static_cast<std::size_t>(bytes));
}

Bytes folded(std::string_view text) {
  Bytes to;
  append_folded(to, text);
  return to;
}

}  // namespace holdfast::fhir
