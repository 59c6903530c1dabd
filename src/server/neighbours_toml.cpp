#include "server/neighbours_toml.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "hl7v2/charset.h"
#include "hl7v2/filter.h"

namespace holdfast::server {
namespace {

using exchange::Neighbour;

Result<std::string> text_in(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) {
    return *text;
  }
  return fail(Code::usage, "is no text");
}

Result<std::vector<std::string>> texts_in(const toml::node& node) {
  const toml::array* const array = node.as_array();
  if (array == nullptr || array->empty()) {
    return fail(Code::usage, "is no list of texts");
  }
  std::vector<std::string> texts;
  for (const toml::node& one : *array) {
    TRY(auto text, text_in(one));
    texts.push_back(std::move(text));
  }
  return texts;
}

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

struct Key {
  std::string_view name;
  Result<void> (*set)(NeighbourSetting&, const toml::node&);
};
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
    Key{"processing", set_processing},
    Key{"take", set_take},
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
};

const Key* find_key(std::string_view name) {
  for (const Key& key : keys) {
    if (key.name == name) {
      return &key;
    }
  }
  return nullptr;
}

Result<NeighbourSetting> read_one(const toml::table& table, std::size_t number) {
  NeighbourSetting setting;
  const auto named = table["name"].value<std::string>();
  const std::string which = named ? *named : fmt::format("number {}", number);
  for (const auto& [name, node] : table) {
    const Key* const key = find_key(name.str());
    if (key == nullptr) {
      std::vector<std::string_view> known;
      for (const Key& one : keys) {
        known.push_back(one.name);
      }
      const auto meant = nearest(name.str(), known);
      return fail(Code::usage,
                  fmt::format("neighbour {}: there is no key '{}'{}", which, name.str(),
                              meant ? fmt::format("; did you mean '{}'?", *meant)
                                    : "; it has " + std::string(neighbour_help())));
    }
    if (const auto done = key->set(setting, node); !done) {
      return fail(Code::usage,
                  fmt::format("neighbour {}: {} {}", which, name.str(), done.error().what));
    }
  }
  return setting;
}

}  // namespace

std::string_view neighbour_help() {
  return "name, title, senders, addresses, processing, take, charset, zone, filter, owner, overlay";
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
