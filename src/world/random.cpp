#include "world/random.h"

#include <array>

#include "base/text.h"

namespace holdfast {

std::string new_uuid(Random& random) {
  std::array<char, uuid_bytes> raw{};
  random.fill(raw);
  raw[6] = static_cast<char>((static_cast<unsigned char>(raw[6]) & 0x0fU) | 0x40U);
  raw[8] = static_cast<char>((static_cast<unsigned char>(raw[8]) & 0x3fU) | 0x80U);
  return uuid_text({raw.data(), raw.size()});
}

}  // namespace holdfast
