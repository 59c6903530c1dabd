// server/settings.cpp: the table of settings, and how their texts are read.
#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "journal/options.h"
#include "server/config.h"

namespace holdfast::server {
namespace {

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = kib * kib;
constexpr std::uint64_t gib = kib * mib;

struct Range {
  std::uint64_t least;
  std::uint64_t most;
};

Result<std::uint64_t> read_digits(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || end != text.data() + text.size()) {
    return fail(Code::usage, fmt::format("'{}' is no whole number", text));
  }
  return value;
}

Result<std::uint64_t> in_range(std::uint64_t value, Range range) {
  if (value < range.least || value > range.most) {
    return fail(Code::usage, fmt::format("{} is outside {} to {}", value, range.least, range.most));
  }
  return value;
}

Result<std::uint64_t> read_count(std::string_view text, Range range) {
  TRY(const std::uint64_t value, read_digits(text));
  return in_range(value, range);
}

// "1048576", "1MiB": binary units only, so that nobody has to guess which MB is meant.
Result<std::uint64_t> read_bytes(std::string_view text, Range range) {
  struct Unit {
    std::string_view name;
    std::uint64_t bytes;
  };
  for (const Unit unit : {Unit{"KiB", kib}, Unit{"MiB", mib}, Unit{"GiB", gib}}) {
    if (text.ends_with(unit.name)) {
      TRY(const std::uint64_t count, read_digits(text.substr(0, text.size() - unit.name.size())));
      if (count > range.most / unit.bytes) {
        return fail(Code::usage, fmt::format("{} is more than {} bytes", text, range.most));
      }
      return in_range(count * unit.bytes, range);
    }
  }
  return read_count(text, range);
}

template <class Number>
Result<void> set_bytes(Number& to, std::string_view text, Range range) {
  TRY(const std::uint64_t value, read_bytes(text, range));
  to = static_cast<Number>(value);
  return ok();
}
template <class Number>
Result<void> set_count(Number& to, std::string_view text, Range range) {
  TRY(const std::uint64_t value, read_count(text, range));
  to = static_cast<Number>(value);
  return ok();
}
Result<void> set_ms(Duration& to, std::string_view text, Range range) {
  TRY(const std::uint64_t value, read_count(text, range));
  to = milliseconds(static_cast<std::int64_t>(value));
  return ok();
}
Result<void> set_accept(node::AcceptClock& to, std::string_view text) {
  if (text != "true" && text != "false") {
    return fail(Code::usage, fmt::format("'{}' is neither true nor false", text));
  }
  to = text == "true" ? node::AcceptClock::yes : node::AcceptClock::no;
  return ok();
}

Result<void> set_strictness(api::Strictness& to, std::string_view text) {
  for (const auto strictness :
       {api::Strictness::off, api::Strictness::warn, api::Strictness::refuse}) {
    if (text == api::name(strictness)) {
      to = strictness;
      return ok();
    }
  }
  return fail(Code::usage, fmt::format("'{}' is none of off, warn and refuse", text));
}
Result<void> set_unknown(fhir::validation::UnknownProfile& to, std::string_view text) {
  if (text != "warn" && text != "refuse") {
    return fail(Code::usage, fmt::format("'{}' is neither warn nor refuse", text));
  }
  to = text == "refuse" ? fhir::validation::UnknownProfile::error
                        : fhir::validation::UnknownProfile::warning;
  return ok();
}

using Text = std::string_view;

constexpr std::array table{
    Setting{"data", "the data directory, made by `holdfast init`", Shape::value,
            [](Config& c, Text t) { return c.data = t, ok(); },
            [](const Config& c) { return c.data; }},
    Setting{"http", "address for HTTP; port 0 picks a free one", Shape::value,
            [](Config& c, Text t) { return c.http = t, ok(); },
            [](const Config& c) { return c.http; }},
    Setting{"mllp", "address for HL7 v2 over MLLP; port 0 picks a free one; empty: none",
            Shape::value, [](Config& c, Text t) { return c.mllp = t, ok(); },
            [](const Config& c) { return c.mllp; }},
    Setting{"mllp_tls",
            "address for HL7 v2 over MLLP over TLS; port 0 picks a free one; empty: none",
            Shape::value, [](Config& c, Text t) { return c.mllp_tls = t, ok(); },
            [](const Config& c) { return c.mllp_tls; }},
    Setting{"mllp_tls_certificate", "PEM file of its certificate, with those that lead to its CA",
            Shape::value, [](Config& c, Text t) { return c.mllp_tls_files.certificate = t, ok(); },
            [](const Config& c) { return c.mllp_tls_files.certificate; }},
    Setting{"mllp_tls_key", "PEM file of its private key, which nobody else may read", Shape::value,
            [](Config& c, Text t) { return c.mllp_tls_files.key = t, ok(); },
            [](const Config& c) { return c.mllp_tls_files.key; }},
    Setting{"mllp_tls_client_ca",
            "PEM file of who vouches for clients: each then has to show a certificate",
            Shape::value, [](Config& c, Text t) { return c.mllp_tls_files.client_ca = t, ok(); },
            [](const Config& c) { return c.mllp_tls_files.client_ca; }},
    Setting{
        "mllp_connections_max", "MLLP connections, and as many over TLS; beyond, they are closed",
        Shape::value,
        [](Config& c, Text t) { return set_count(c.mllp_limits.connections_max, t, {1, 100'000}); },
        [](const Config& c) { return std::to_string(c.mllp_limits.connections_max); }},
    Setting{"mllp_frame_bytes_max", "the largest message over MLLP", Shape::value,
            [](Config& c, Text t) {
              return set_bytes(c.mllp_limits.frame_bytes_max, t, {64 * kib, 32 * mib});
            },
            [](const Config& c) { return std::to_string(c.mllp_limits.frame_bytes_max); }},
    Setting{"mllp_idle_ms_max", "an MLLP connection without a message is closed after this",
            Shape::value,
            [](Config& c, Text t) {
              return set_ms(c.mllp_limits.idle_time_max, t, {1'000, 7 * 86'400'000});
            },
            [](const Config& c) { return std::to_string(c.mllp_limits.idle_time_max.ms()); }},
    Setting{"mllp_frame_ms_max", "a message over MLLP has this long, plus its bytes at 16 KiB/s",
            Shape::value,
            [](Config& c, Text t) {
              return set_ms(c.mllp_limits.frame_time_grace, t, {100, 3'600'000});
            },
            [](const Config& c) { return std::to_string(c.mllp_limits.frame_time_grace.ms()); }},
    Setting{"hl7_application", "MSH-3 of answers to messages that name no receiver", Shape::value,
            [](Config& c, Text t) { return c.intake.us.application = t, ok(); },
            [](const Config& c) { return c.intake.us.application; }},
    Setting{"hl7_facility", "MSH-4 of answers to messages that name no receiver", Shape::value,
            [](Config& c, Text t) { return c.intake.us.facility = t, ok(); },
            [](const Config& c) { return c.intake.us.facility; }},
    Setting{"hl7_strangers_owner", "the team whose work-list gets messages of unknown senders",
            Shape::value,
            [](Config& c, Text t) -> Result<void> {
              if (!exchange::is_name(t)) {
                return fail(Code::usage, fmt::format("'{}' is no name: letters, digits, '-', '_' "
                                                     "and '.', at most 64",
                                                     t));
              }
              return c.intake.strangers_owner = t, ok();
            },
            [](const Config& c) { return c.intake.strangers_owner; }},
    Setting{"mllp_unwritten",
            "what a sender is told of a message that cannot be written: close (nothing, the "
            "connection ends) or reject (AR with ERR-3 207)",
            Shape::value,
            [](Config& c, Text t) -> Result<void> {
              if (t != "close" && t != "reject") {
                return fail(Code::usage, fmt::format("'{}' is neither close nor reject", t));
              }
              return c.intake.reject_unwritten = t == "reject", ok();
            },
            [](const Config& c) -> std::string {
              return c.intake.reject_unwritten ? "reject" : "close";
            }},
    Setting{"pathways", "folder of definitions of pathways, .toml; left out: those that ship, once",
            Shape::value, [](Config& c, Text t) { return c.pathways_folder = t, ok(); },
            [](const Config& c) { return c.pathways_folder; }},
    Setting{"packages",
            "folder of FHIR packages, .tgz or unpacked: profiles, value sets, search parameters",
            Shape::value, [](Config& c, Text t) { return c.packages_folder = t, ok(); },
            [](const Config& c) { return c.packages_folder; }},
    Setting{"accept_clock", "take the system's clock although it is far ahead of the last entry",
            Shape::presence, [](Config& c, Text t) { return set_accept(c.node.accept_clock, t); },
            [](const Config& c) {
              return std::string(c.node.accept_clock == node::AcceptClock::yes ? "true" : "false");
            }},
    Setting{"log_level", "debug, info, warn, error or off", Shape::value,
            [](Config& c, Text t) -> Result<void> {
              TRY(c.log_level, level_named(t));
              return ok();
            },
            [](const Config& c) { return std::string(name(c.log_level)); }},
    Setting{"base_url", "how clients reach /fhir, if not by the Host they name", Shape::value,
            [](Config& c, Text t) { return c.api.base_url = t, ok(); },
            [](const Config& c) { return c.api.base_url; }},
    Setting{"conditional_delete_max", "resources that a conditional delete may remove together",
            Shape::value,
            [](Config& c, Text t) {
              return set_count(c.api.conditional_delete_max, t, {1, api::conditional_delete_limit});
            },
            [](const Config& c) { return std::to_string(c.api.conditional_delete_max); }},
    Setting{"http_validation",
            "what becomes of content over HTTP that breaks invariants, bindings or profiles: off, "
            "warn (stored, counted, told on request) or refuse",
            Shape::value,
            [](Config& c, Text t) { return set_strictness(c.api.judging.strictness, t); },
            [](const Config& c) { return std::string(api::name(c.api.judging.strictness)); }},
    Setting{"http_unknown_profile",
            "a profile in meta.profile that no package has: warn, or refuse (as an error, where "
            "http_validation refuses)",
            Shape::value,
            [](Config& c, Text t) { return set_unknown(c.api.judging.unknown_profile, t); },
            [](const Config& c) {
              return std::string(c.api.judging.unknown_profile ==
                                         fhir::validation::UnknownProfile::error
                                     ? "refuse"
                                     : "warn");
            }},
    Setting{"io_threads", "threads for connections; 0: one a core", Shape::value,
            [](Config& c, Text t) { return set_count(c.io_threads, t, {0, 256}); },
            [](const Config& c) { return std::to_string(c.io_threads); }},
    Setting{"drain_ms_max", "how long requests in flight may take once asked to end", Shape::value,
            [](Config& c, Text t) { return set_ms(c.drain_time_max, t, {0, 3'600'000}); },
            [](const Config& c) { return std::to_string(c.drain_time_max.ms()); }},
    Setting{"ingest_bytes_max", "bytes of request bodies in work at once; beyond: 503",
            Shape::value,
            [](Config& c, Text t) {
              return set_bytes(c.node.ingest_bytes_max, t, {32 * mib, 1024 * gib});
            },
            [](const Config& c) { return std::to_string(c.node.ingest_bytes_max); }},
    Setting{
        "overlay_bytes_max", "bytes of acknowledged entries not yet in the store", Shape::value,
        [](Config& c, Text t) { return set_bytes(c.node.overlay_bytes_max, t, {mib, 1024 * gib}); },
        [](const Config& c) { return std::to_string(c.node.overlay_bytes_max); }},
    Setting{"hot_lists_bytes_max", "memory for lists that searches ask often", Shape::value,
            [](Config& c, Text t) {
              return set_bytes(c.node.hot_lists_bytes_max, t, {mib, 1024 * gib});
            },
            [](const Config& c) { return std::to_string(c.node.hot_lists_bytes_max); }},
    Setting{
        "hot_keys_bytes_max", "memory for keys that searches read often; 0: none", Shape::value,
        [](Config& c, Text t) { return set_bytes(c.node.hot_keys_bytes_max, t, {0, 1024 * gib}); },
        [](const Config& c) { return std::to_string(c.node.hot_keys_bytes_max); }},
    Setting{"unflushed_bytes_max", "bytes in the store's memory: what a restart replays",
            Shape::value,
            [](Config& c, Text t) {
              return set_bytes(c.node.unflushed_bytes_max, t, {mib, 1024 * gib});
            },
            [](const Config& c) { return std::to_string(c.node.unflushed_bytes_max); }},
    Setting{"segment_bytes", "size of new journal segments, a multiple of 4096", Shape::value,
            [](Config& c, Text t) -> Result<void> {
              TRY_OK(set_bytes(c.node.segment_bytes, t,
                               {journal::segment_bytes_min, journal::segment_bytes_max}));
              if (c.node.segment_bytes % 4096 != 0) {
                return fail(Code::usage, fmt::format("{} is no multiple of 4096", t));
              }
              return ok();
            },
            [](const Config& c) { return std::to_string(c.node.segment_bytes); }},
    Setting{"queue_max", "requests that wait to be decided", Shape::value,
            [](Config& c, Text t) { return set_count(c.node.queue_max, t, {1, 1'000'000}); },
            [](const Config& c) { return std::to_string(c.node.queue_max); }},
    Setting{"seal_after_ms", "idleness after which the journal is sealed", Shape::value,
            [](Config& c, Text t) { return set_ms(c.node.seal_after, t, {1, 60'000}); },
            [](const Config& c) { return std::to_string(c.node.seal_after.ms()); }},
    Setting{
        "body_cache_bytes", "resources read lately, ready to be sent; 0: none", Shape::value,
        [](Config& c, Text t) { return set_bytes(c.node.body_cache_bytes, t, {0, 1024 * gib}); },
        [](const Config& c) { return std::to_string(c.node.body_cache_bytes); }},
    Setting{"view_cache_bytes", "cache of the store that answers reads", Shape::value,
            [](Config& c, Text t) { return set_bytes(c.view_cache_bytes, t, {mib, 1024 * gib}); },
            [](const Config& c) { return std::to_string(c.view_cache_bytes); }},
    Setting{"view_write_bytes", "memory of the store for rows not yet in files", Shape::value,
            [](Config& c, Text t) { return set_bytes(c.view_write_bytes, t, {mib, 1024 * gib}); },
            [](const Config& c) { return std::to_string(c.view_write_bytes); }},
    Setting{
        "connections_max", "open connections", Shape::value,
        [](Config& c, Text t) { return set_count(c.limits.connections_max, t, {1, 1'000'000}); },
        [](const Config& c) { return std::to_string(c.limits.connections_max); }},
    Setting{"body_bytes_max", "largest request body", Shape::value,
            [](Config& c, Text t) {
              return set_bytes(c.limits.body_bytes_max, t, {kib, api::request_body_bytes_max});
            },
            [](const Config& c) { return std::to_string(c.limits.body_bytes_max); }},
    Setting{"head_ms_max", "how long the head of a request may take", Shape::value,
            [](Config& c, Text t) { return set_ms(c.limits.head_time_max, t, {100, 600'000}); },
            [](const Config& c) { return std::to_string(c.limits.head_time_max.ms()); }},
    Setting{"idle_ms_max", "how long a connection may be without a request", Shape::value,
            [](Config& c, Text t) { return set_ms(c.limits.idle_time_max, t, {100, 3'600'000}); },
            [](const Config& c) { return std::to_string(c.limits.idle_time_max.ms()); }},
    Setting{"body_ms_grace", "how long a body may take, besides its bytes at the least rate",
            Shape::value,
            [](Config& c, Text t) { return set_ms(c.limits.body_time_grace, t, {100, 600'000}); },
            [](const Config& c) { return std::to_string(c.limits.body_time_grace.ms()); }},
    Setting{"body_bytes_per_second_min", "the least rate at which a body may come", Shape::value,
            [](Config& c, Text t) {
              return set_bytes(c.limits.body_bytes_per_second_min, t, {1, gib});
            },
            [](const Config& c) { return std::to_string(c.limits.body_bytes_per_second_min); }},
    Setting{"write_ms_max", "how long a client may take for each piece of a reply", Shape::value,
            [](Config& c, Text t) { return set_ms(c.limits.write_time_max, t, {100, 3'600'000}); },
            [](const Config& c) { return std::to_string(c.limits.write_time_max.ms()); }},
    Setting{"gzip_bytes_min", "replies from this size on are compressed on request; 0: none",
            Shape::value,
            [](Config& c, Text t) { return set_bytes(c.limits.gzip_bytes_min, t, {0, gib}); },
            [](const Config& c) { return std::to_string(c.limits.gzip_bytes_min); }},
    Setting{"retry_after_seconds", "what Retry-After says when admission is full", Shape::value,
            [](Config& c, Text t) { return set_count(c.limits.retry_after_seconds, t, {1, 3600}); },
            [](const Config& c) { return std::to_string(c.limits.retry_after_seconds); }},
};

}  // namespace

std::span<const Setting> settings() { return table; }

}  // namespace holdfast::server
