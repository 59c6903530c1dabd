#include "exchange/neighbour.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

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

std::string lowered(std::string_view text) {
  std::string low(text);
  for (char& c : low) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return low;
}

constexpr std::size_t fingerprint_digits = 64;

/// As they are compared. A fingerprint may have its colons, as OpenSSL shows it, and "sha256:"
/// before it; anything else is a name, in which case does not matter (RFC 4343).
Result<std::string> certificate_in(std::string_view text) {
  constexpr std::string_view prefix = "sha256:";
  std::string low = lowered(text);
  const bool named = low.starts_with(prefix);
  std::string digits = named ? low.substr(prefix.size()) : low;
  const bool colons = digits.find(':') != std::string::npos;
  std::erase(digits, ':');
  const bool hex = std::ranges::all_of(digits, [](char c) { return hex_digit(c) >= 0; });
  if (hex && digits.size() == fingerprint_digits) {
    return digits;
  }
  if (named || colons || low.empty()) {
    return fail(Code::usage, fmt::format("'{}' is neither a SHA-256 fingerprint (64 hexadecimal "
                                         "digits) nor a name in a certificate",
                                         text));
  }
  return low;
}

bool shows_its_certificate(const Neighbour& neighbour, const PeerCertificate* shown) {
  if (neighbour.certificates.empty()) {
    return true;
  }
  return shown != nullptr &&
         std::ranges::any_of(neighbour.certificates, [&](const std::string& one) {
           return one == shown->sha256 || one == lowered(shown->common_name) ||
                  std::ranges::find(shown->dns_names, one, lowered) != shown->dns_names.end();
         });
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
    for (std::string& certificate : neighbour.certificates) {
      auto known = certificate_in(certificate);
      if (!known) {
        return fail(Code::usage,
                    fmt::format("neighbour '{}': {}", neighbour.name, known.error().what));
      }
      certificate = *std::move(known);
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
                                                           const Caller& caller) const {
  const Neighbour* any_facility = nullptr;
  bool claimed = false;  // by a neighbour that did not prove to be it: then by no other
  Stranger why = Stranger::unknown_sender;
  for (const Neighbour& neighbour : all_) {
    for (const Sender& sender : neighbour.senders) {
      const bool fits = sender.application == application &&
                        (sender.facility.empty() || sender.facility == facility);
      if (!fits) {
        continue;
      }
      if (!calls_from(neighbour, caller.address)) {
        why = Stranger::wrong_address;
      } else if (!shows_its_certificate(neighbour, caller.certificate.get())) {
        why = Stranger::wrong_certificate;
        claimed = claimed || !sender.facility.empty();
      } else if (!sender.facility.empty()) {
        return &neighbour;
      } else {
        any_facility = &neighbour;
      }
    }
  }
  if (any_facility != nullptr && !claimed) {
    return any_facility;
  }
  return std::unexpected(why);
}

const Neighbour* Neighbours::named(std::string_view name) const {
  const auto found = std::ranges::find(all_, name, &Neighbour::name);
  return found == all_.end() ? nullptr : &*found;
}

}  // namespace holdfast::exchange
