#include "base/nhs_number.h"

#include <cstddef>

namespace holdfast {

// https://www.datadictionary.nhs.uk/attributes/nhs_number.html
std::optional<std::string> nhs_number(std::string_view of) {
  std::string digits;
  for (const char c : of) {
    if (c >= '0' && c <= '9') {
      digits.push_back(c);
    } else if (c != ' ' && c != '-') {
      return std::nullopt;
    }
  }
  if (digits.size() != 10) {
    return std::nullopt;
  }
  int sum = 0;
  for (int i = 0; i < 9; ++i) {
    sum += (digits[static_cast<std::size_t>(i)] - '0') * (10 - i);
  }
  const int wanted = 11 - sum % 11;  // 11 is written 0; 10 is never issued
  if (wanted == 10 || wanted % 11 != digits[9] - '0') {
    return std::nullopt;
  }
  return digits;
}

}  // namespace holdfast
