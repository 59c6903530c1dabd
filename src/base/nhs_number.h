// base/nhs_number.h: what an NHS number is, wherever one comes in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace holdfast {

/// "943 476 5919" → "9434765919" if it is a number of ten digits whose last one is right (modulus
/// 11).
[[nodiscard]] std::optional<std::string> nhs_number(std::string_view text);

}  // namespace holdfast
