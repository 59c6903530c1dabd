#include "server/neighbours_toml.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/toml_table.h"
#include "hl7v2/charset.h"
#include "hl7v2/filter.h"

namespace holdfast::server {
namespace {

using exchange::Neighbour;

Result<void> set_senders(NeighbourSetting& to, const toml::node& node) {
  TRY(const auto texts, texts_in(node));
  for (const std::string& text : texts) {
    const std::size_t bar = text.find('|');
    to.neighbour.senders.push_back(
        {text.substr(0, bar), bar == std::string::npos ? std::string() : text.substr(bar + 1)});
  }
  return ok();
}

Result<void> set_processing(NeighbourSetting& to, const toml::node& node) {
  TRY(const std::string text, text_in(node));
  if (text != "P" && text != "T" && text != "D") {
    return fail(Code::usage, fmt::format("is '{}', not P (production), T or D", text));
  }
  to.neighbour.processing = static_cast<exchange::Processing>(text.front());
  return ok();
}

Result<void> set_take(NeighbourSetting& to, const toml::node& node) {
  TRY(const std::string text, text_in(node));
  if (text != "map" && text != "evidence") {
    return fail(Code::usage,
                fmt::format("is '{}', not map (into the record) or evidence (kept only)", text));
  }
  to.neighbour.take = text == "map" ? exchange::Take::map : exchange::Take::evidence;
  return ok();
}

Result<void> set_answer(NeighbourSetting& to, const toml::node& node) {
  TRY(const std::string text, text_in(node));
  if (text != "acknowledge" && text != "order") {
    return fail(Code::usage,
                fmt::format("is '{}', not acknowledge (ACK, whatever comes) or order (an order is "
                            "answered by ORR, ORL, ORG or ORI)",
                            text));
  }
  to.neighbour.answer_orders =
      text == "order" ? exchange::AnswerOrders::order : exchange::AnswerOrders::acknowledge;
  return ok();
}

using Key = TableKey<NeighbourSetting>;
constexpr std::array keys{
    Key{"name",
        [](NeighbourSetting& to, const toml::node& node) -> Result<void> {
          TRY(to.neighbour.name, text_in(node));
          return ok();
        }},
    Key{"title",
        [](NeighbourSetting& to, const toml::node& node) -> Result<void> {
          TRY(to.neighbour.title, text_in(node));
          return ok();
        }},
    Key{"senders", set_senders},
    Key{"addresses",
        [](NeighbourSetting& to, const toml::node& node) -> Result<void> {
          TRY(to.neighbour.addresses, texts_in(node));
          return ok();
        }},
    Key{"certificates",
        [](NeighbourSetting& to, const toml::node& node) -> Result<void> {
          TRY(to.neighbour.certificates, texts_in(node));
          return ok();
        }},
    Key{"processing", set_processing},
    Key{"take", set_take},
    Key{"sequence",
        [](NeighbourSetting& to, const toml::node& node) -> Result<void> {
          TRY(to.neighbour.sequence, truth_in(node));
          return ok();
        }},
    Key{"answer", set_answer},
    Key{"charset",
        [](NeighbourSetting& to, const toml::node& node) -> Result<void> {
          TRY(const std::string text, text_in(node));
          TRY(to.neighbour.charset, hl7v2::charset_named(text));
          return ok();
        }},
    Key{"zone",
        [](NeighbourSetting& to, const toml::node& node) -> Result<void> {
          TRY(const std::string text, text_in(node));
          TRY(to.neighbour.overlay.zone, hl7v2::Zone::named(text));
          return ok();
        }},
    Key{"filter",
        [](NeighbourSetting& to, const toml::node& node) -> Result<void> {
          TRY(const std::string text, text_in(node));
          TRY(to.neighbour.filter, hl7v2::Filter::parse(text));
          return ok();
        }},
    Key{"owner",
        [](NeighbourSetting& to, const toml::node& node) -> Result<void> {
          TRY(to.neighbour.owner, text_in(node));
          return ok();
        }},
    Key{"overlay",
        [](NeighbourSetting& to, const toml::node& node) -> Result<void> {
          TRY(to.overlay_folder, text_in(node));
          return ok();
        }},
    Key{"folder",
        [](NeighbourSetting& to, const toml::node& node) -> Result<void> {
          TRY(to.drop_folder, text_in(node));
          return ok();
        }},
};

Result<NeighbourSetting> read_one(const toml::table& table, std::size_t number) {
  NeighbourSetting setting;
  const auto named = table["name"].value<std::string>();
  const std::string which = named ? *named : fmt::format("number {}", number);
  if (const auto read = read_table(setting, table, keys, neighbour_help()); !read) {
    return fail(Code::usage, fmt::format("neighbour {}: {}", which, read.error().what));
  }
  return setting;
}

}  // namespace

std::string_view neighbour_help() {
  return "name, title, senders, addresses, certificates, processing, take, sequence, answer, "
         "charset, zone, filter, owner, overlay, folder";
}

Result<std::vector<NeighbourSetting>> read_neighbours(const toml::node& node,
                                                      std::string_view file) {
  const toml::array* const array = node.as_array();
  if (array == nullptr || !array->is_homogeneous<toml::table>()) {
    return fail(Code::usage, fmt::format("{}: neighbours are written as [[neighbour]]", file));
  }
  std::vector<NeighbourSetting> all;
  std::vector<Neighbour> plain;
  for (const toml::node& one : *array) {
    auto setting = read_one(*one.as_table(), all.size() + 1);
    if (!setting) {
      return fail(Code::usage, fmt::format("{}: {}", file, setting.error().what));
    }
    plain.push_back(setting->neighbour);
    all.push_back(*std::move(setting));
  }
  if (const auto fit = exchange::Neighbours::of(std::move(plain)); !fit) {
    return fail(Code::usage, fmt::format("{}: {}", file, fit.error().what));
  }
  return all;
}

}  // namespace holdfast::server
