#include "sim/definitions.h"

#include <array>
#include <string_view>

namespace holdfast::sim {

std::vector<Bytes> draw_definitions(SimRandom& random) {
  static constexpr std::array<std::string_view, 4> offered{
      R"({"resourceType":"SearchParameter","url":"urn:sp:born","code":"born","type":"date",)"
      R"("base":["Patient"],"expression":"Patient.birthDate"})",
      R"({"resourceType":"SearchParameter","url":"urn:sp:note","code":"note","type":"string",)"
      R"("base":["Observation"],"expression":"Observation.note.text"})",
      R"({"resourceType":"SearchParameter","url":"urn:sp:use","code":"name-use","type":"token",)"
      R"("base":["Patient"],"expression":"Patient.name.use"})",
      R"({"resourceType":"SearchParameter","url":"urn:sp:in","code":"lang","type":"token",)"
      R"("base":["Resource"],"expression":"Resource.language"})"};
  std::vector<Bytes> chosen;
  for (const std::string_view one : offered) {
    if (random.chance(1, 2)) {
      chosen.emplace_back(one);
    }
  }
  return chosen;
}

}  // namespace holdfast::sim
