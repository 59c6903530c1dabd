#include "exchange/neighbour.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace holdfast::exchange {
namespace {

/// "10.1.2.3:4711" and "[::1]:4711" without their ports.
std::string_view host_of(std::string_view peer) {
  const std::string_view host = peer.substr(0, peer.rfind(':'));
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

bool calls_from(const Neighbour& neighbour, std::string_view peer) {
  return neighbour.addresses.empty() ||
         std::ranges::find(neighbour.addresses, host_of(peer)) != neighbour.addresses.end();
}

bool overlap(const Neighbour& a, const Neighbour& b) {
  const bool same_sender = std::ranges::any_of(a.senders, [&](const Sender& one) {
    return std::ranges::any_of(b.senders, [&](const Sender& other) {
      return one.application == other.application && one.facility == other.facility;
    });
  });
  return same_sender && (a.addresses.empty() || b.addresses.empty() ||
                         std::ranges::any_of(a.addresses, [&](const std::string& address) {
                           return std::ranges::find(b.addresses, address) != b.addresses.end();
                         }));
}

}  // namespace

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

Result<Neighbours> Neighbours::of(std::vector<Neighbour> all) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    Neighbour& neighbour = all[i];
    if (neighbour.name.empty() || neighbour.senders.empty()) {
      return fail(Code::usage,
                  fmt::format("neighbour {} ('{}') needs a name and at least one sender", i + 1,
                              neighbour.name));
    }
    if (!is_name(neighbour.name) || !is_name(neighbour.owner)) {
      return fail(
          Code::usage,
          fmt::format("neighbour '{}' of team '{}': names are made of letters, digits, '-', "
                      "'_' and '.'",
                      neighbour.name, neighbour.owner));
    }
    if (neighbour.title.empty()) {
      neighbour.title = neighbour.name;
    }
    for (std::size_t other = 0; other < i; ++other) {
      if (all[other].name == neighbour.name) {
        return fail(Code::usage, fmt::format("two neighbours are named '{}'", neighbour.name));
      }
      if (overlap(all[other], neighbour)) {
        return fail(
            Code::usage,
            fmt::format("neighbours '{}' and '{}' claim the same sender: tell them apart by "
                        "facility or address",
                        all[other].name, neighbour.name));
      }
    }
  }
  Neighbours neighbours;
  neighbours.all_ = std::move(all);
  return neighbours;
}

std::expected<const Neighbour*, Stranger> Neighbours::find(std::string_view application,
                                                           std::string_view facility,
                                                           std::string_view peer) const {
  const Neighbour* any_facility = nullptr;
  Stranger why = Stranger::unknown_sender;
  for (const Neighbour& neighbour : all_) {
    for (const Sender& sender : neighbour.senders) {
      const bool fits = sender.application == application &&
                        (sender.facility.empty() || sender.facility == facility);
      if (!fits) {
        continue;
      }
      if (!calls_from(neighbour, peer)) {
        why = Stranger::wrong_address;
      } else if (!sender.facility.empty()) {
        return &neighbour;
      } else {
        any_facility = &neighbour;
      }
    }
  }
  if (any_facility != nullptr) {
    return any_facility;
  }
  return std::unexpected(why);
}

const Neighbour* Neighbours::named(std::string_view name) const {
  const auto found = std::ranges::find(all_, name, &Neighbour::name);
  return found == all_.end() ? nullptr : &*found;
}

}  // namespace holdfast::exchange
