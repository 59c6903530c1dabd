#include "server/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <sstream>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "server/channels_toml.h"
#include "server/neighbours_toml.h"

namespace holdfast::server {
namespace {

const Setting* find_setting(std::string_view key) {
  const auto found = std::ranges::find(settings(), key, &Setting::key);
  return found == settings().end() ? nullptr : &*found;
}

Result<void> set(Config& config, const Setting& setting, std::string_view text,
                 const std::string& from) {
  auto done = setting.set(config, text);
  if (!done) {
    return fail(Code::usage, fmt::format("{}: {}", from, done.error().what));
  }
  return ok();
}

Error unknown_key(std::string_view key, const Origins& origins) {
  std::vector<std::string_view> known;
  for (const Setting& setting : settings()) {
    known.push_back(setting.key);
  }
  const auto meant = nearest(key, known);
  return {Code::usage,
          fmt::format("{}: there is no setting '{}'{}", origins.file, key,
                      meant ? fmt::format("; did you mean '{}'?", *meant)
                            : std::string("; `holdfast serve --help` lists them")),
          {},
          {}};
}

Result<std::string> text_of(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) {
    return *text;
  }
  if (const auto number = node.value_exact<std::int64_t>()) {
    return std::to_string(*number);
  }
  if (const auto yes = node.value_exact<bool>()) {
    return std::string(*yes ? "true" : "false");
  }
  return fail(Code::usage, "is neither a text, a whole number, true nor false");
}

/// That channels and neighbours fit together.
Result<void> check_channels(const Config& config, const std::string& file) {
  std::vector<exchange::Neighbour> plain;
  for (const NeighbourSetting& setting : config.neighbours) {
    plain.push_back(setting.neighbour);
  }
  TRY(const auto neighbours, exchange::Neighbours::of(std::move(plain)));
  if (const auto fit = exchange::Channels::of(config.channels, neighbours); !fit) {
    return fail(Code::usage, fmt::format("{}: {}", file, fit.error().what));
  }
  return ok();
}

Result<void> read_file(Config& config, const Origins& origins) {
  toml::table document;
  try {
    document = toml::parse(origins.file_text, origins.file);
  } catch (const toml::parse_error& error) {  // the library's only way to say it
    std::ostringstream place;
    place << error.source().begin;
    return fail(Code::usage,
                fmt::format("{}: {} ({})", origins.file, error.description(), place.str()));
  }
  for (const auto& [key, node] : document) {
    if (key.str() == "neighbour") {
      TRY(config.neighbours, read_neighbours(node, origins.file));
      continue;
    }
    if (key.str() == "channel") {
      TRY(config.channels, read_channels(node, origins.file));
      continue;
    }
    const Setting* const setting = find_setting(key.str());
    if (setting == nullptr) {
      return fail(unknown_key(key.str(), origins));
    }
    const std::string from = fmt::format("{}: {}", origins.file, key.str());
    const auto text = text_of(node);
    if (!text) {
      return fail(Code::usage, fmt::format("{} {}", from, text.error().what));
    }
    TRY_OK(set(config, *setting, *text, from));
  }
  return check_channels(config, origins.file);
}

}  // namespace

std::string flag_of(const Setting& setting) {
  std::string flag = "--" + std::string(setting.key);
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

std::string variable_of(const Setting& setting) {
  std::string variable = "HOLDFAST_" + std::string(setting.key);
  for (char& letter : variable) {
    letter = letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  }
  return variable;
}

Result<Config> read_config(const Origins& origins) {
  Config config;
  TRY_OK(read_file(config, origins));
  for (const Setting& setting : settings()) {
    if (origins.environment) {
      const std::string variable = variable_of(setting);
      if (const auto text = origins.environment(variable)) {
        TRY_OK(set(config, setting, *text, variable));
      }
    }
    if (const auto given = origins.flags.find(setting.key); given != origins.flags.end()) {
      TRY_OK(set(config, setting, given->second, flag_of(setting)));
    }
  }
  return config;
}

Result<void> check_loopback(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) {
    return fail(Code::usage, fmt::format("'{}' is no address: it wants HOST:PORT", address));
  }
  const std::string_view host = address.substr(0, colon);
  const auto is_loopback_v4 = [&] {
    return host.starts_with("127.") && host.size() <= 15 &&
           host.find_first_not_of("0123456789.") == std::string_view::npos;
  };
  if (host == "localhost" || host == "[::1]" || is_loopback_v4()) {
    return ok();
  }
  return fail(Code::usage,
              fmt::format("{} can be reached from other machines, and there is no access control "
                          "yet: anybody could read and change every record. Listen on 127.0.0.1 "
                          "and put a reverse proxy that authenticates in front of it",
                          address));
}

}  // namespace holdfast::server
