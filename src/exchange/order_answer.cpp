#include "exchange/order_answer.h"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace holdfast::exchange {
namespace {

struct Pair {
  std::string_view order;
  OrderAnswer answer;
};
constexpr std::array pairs{
    Pair{"ORM^O01", {"ORR", "O02", "ORR_O02"}}, Pair{"OMG^O19", {"ORG", "O20", "ORG_O20"}},
    Pair{"OML^O21", {"ORL", "O22", "ORL_O22"}}, Pair{"OML^O33", {"ORL", "O34", "ORL_O34"}},
    Pair{"OML^O35", {"ORL", "O36", "ORL_O36"}}, Pair{"OMI^O23", {"ORI", "O24", "ORI_O24"}}};

/// What cannot be done, by what was asked.
struct Unable {
  std::string_view asked;
  std::string_view said;
};
constexpr std::array unables{Unable{"CA", "UC"}, Unable{"DC", "UD"}, Unable{"HD", "UH"},
                             Unable{"RL", "UR"}, Unable{"RP", "UM"}, Unable{"XO", "UX"}};
/// Asks that somebody answers: a new order is taken with its message.
constexpr std::array<std::string_view, 9> asking{"CA", "DC", "HD", "RL", "RP",
                                                 "RO", "XO", "SN", "SS"};

void echo(hl7v2::Writer& writer, const hl7v2::Segment& theirs,
          std::initializer_list<std::size_t> fields) {
  for (const std::size_t number : fields) {
    if (const hl7v2::Field field = theirs.field(number); !field.empty()) {
      writer.field(number).raw(field.raw());
    }
  }
}

/// All its fields, as they came.
void echo(hl7v2::Writer& writer, const hl7v2::Segment& theirs) {
  for (std::size_t number = 1; number <= theirs.fields(); ++number) {
    echo(writer, theirs, {number});
  }
}

}  // namespace

std::optional<OrderAnswer> order_answer_to(const hl7v2::Message& theirs) {
  const hl7v2::Field type = theirs.header().field(9);
  const std::string name = type.component(1).text() + "^" + type.component(2).text();
  const auto* const found = std::ranges::find(pairs, name, &Pair::order);
  return found == pairs.end() ? std::nullopt : std::optional(found->answer);
}

std::string_view order_control_for(std::string_view asked, Disposition disposition) {
  if (disposition == Disposition::applied) {
    return std::ranges::find(asking, asked) == asking.end() ? "OK" : "RR";
  }
  const auto* const unable = std::ranges::find(unables, asked, &Unable::asked);
  return unable == unables.end() ? "UA" : unable->said;
}

void add_orders(hl7v2::Writer& writer, const hl7v2::Message& theirs, Disposition disposition) {
  if (disposition == Disposition::refused) {
    return;
  }
  const bool any = theirs.find("ORC").has_value();
  bool named = false;
  for (std::size_t i = 0; any && i < theirs.segments(); ++i) {
    const hl7v2::Segment segment = theirs.segment(i);
    if (segment.name() == "PID" && !named) {
      named = true;
      writer.segment("PID");
      echo(writer, segment);
    } else if (segment.name() == "ORC") {
      writer.segment("ORC").text(1, order_control_for(segment.field(1).text(), disposition));
      echo(writer, segment, {2, 3, 4});
    } else if (segment.name() == "OBR") {
      writer.segment("OBR");
      echo(writer, segment, {1, 2, 3, 4});
    } else if (segment.name() == "SPM" || segment.name() == "SAC") {
      writer.segment(segment.name());
      echo(writer, segment);
    }
  }
}

}  // namespace holdfast::exchange
