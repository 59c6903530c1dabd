#include "server/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/local_time.h"
#include "exchange/numbering.h"
#include "views/items.h"
#include "views/outbox.h"
#include "views/sequence.h"
#include "views/versions.h"

namespace holdfast::server {
namespace {

using Families = std::vector<prometheus::MetricFamily>;
constexpr std::size_t families_max = 128;
using Labels = std::vector<prometheus::ClientMetric::Label>;

prometheus::ClientMetric& add_sample(prometheus::MetricFamily& family, Labels labels) {
  family.metric.emplace_back();
  family.metric.back().label = std::move(labels);
  return family.metric.back();
}

prometheus::MetricFamily& add_family(Families& to, std::string_view name, std::string_view help,
                                     prometheus::MetricType type) {
  check(to.size() < families_max, "there is room for the families");
  prometheus::MetricFamily& family = to.emplace_back();
  family.name = "holdfast_" + std::string(name);
  family.help = help;
  family.type = type;
  return family;
}

void add_counter(Families& to, std::string_view name, std::string_view help, std::uint64_t value) {
  auto& family = add_family(to, name, help, prometheus::MetricType::Counter);
  add_sample(family, {}).counter.value = static_cast<double>(value);
}

void add_gauge(Families& to, std::string_view name, std::string_view help, std::uint64_t value) {
  auto& family = add_family(to, name, help, prometheus::MetricType::Gauge);
  add_sample(family, {}).gauge.value = static_cast<double>(value);
}

void add_node(Families& to, const node::Node& node) {
  const node::Counts& counts = node.counts();
  add_counter(to, "commands_total", "Commands submitted", counts.commands);
  add_counter(to, "entries_total", "Entries journaled and durable since the start", counts.entries);
  add_counter(to, "operations_total", "Operations in those entries", counts.operations);
  add_counter(to, "commands_refused_total", "Commands refused by decide", counts.refused);
  add_counter(to, "commands_repeated_total", "Commands answered from an earlier entry",
              counts.repeated);
  add_counter(to, "commands_unchanged_total", "Commands that changed nothing", counts.unchanged);
  add_counter(to, "journal_batches_total", "Batches committed", counts.batches);
  add_counter(to, "journal_syncs_total", "Sync calls for batches", counts.syncs);
  add_counter(to, "journal_seals_total", "Sync calls for seals, off the path of replies",
              counts.seals);
  add_counter(to, "journal_bytes_total", "Bytes of records written", counts.journal_bytes);
  add_counter(to, "view_slices_total", "Times that acknowledged entries moved into the store",
              counts.slices);
  add_counter(to, "view_flushes_total", "Flushes of the store", counts.flushes);

  const node::Moment moment = node.view();
  add_gauge(to, "journal_position", "Position of the last entry", moment.state.position.value);
  add_gauge(to, "resources", "Resources that are current and not deleted", moment.state.resources);

  const node::Load load = node.load();
  add_gauge(to, "commands_waiting", "Commands not decided yet", load.waiting);
  add_gauge(to, "commands_waiting_max", "The bound of those: more wait at the edge",
            load.waiting_max);
  add_gauge(to, "overlay_bytes", "Bytes of acknowledged entries not yet in the store",
            load.overlay_bytes);
  add_gauge(to, "overlay_bytes_max", "The bound of those: beyond it, writes wait",
            load.overlay_bytes_max);
  add_gauge(to, "body_cache_bytes", "Bytes of resources read lately, kept ready to be sent",
            load.body_cache_bytes);

  add_gauge(to, "rows_to_compress",
            "Bodies written before there was a dictionary, not yet compressed with it",
            load.rows_to_compress);
  add_gauge(to, "indexed_resources",
            "Resources read for indexes that are being made, in two passes", load.indexed);
  add_gauge(to, "indexed_resources_of", "How many that will be; 0 while none are made",
            load.indexed_of);
  add_gauge(to, "definitions_waiting",
            "1 while searches do not go by the newest search parameters yet",
            moment.state.active == moment.state.definitions ? 0 : 1);

  const node::Health health = node.health();
  add_gauge(to, "writes_accepted", "1 while writes are accepted",
            health.writes_refused.empty() ? 1 : 0);
  add_gauge(to, "reads_whole", "1 while all that is proved can be read",
            health.reads_degraded.empty() ? 1 : 0);
  add_gauge(to, "clock_good", "1 while the system's clock is followed",
            health.clock == node::ClockHealth::good ? 1 : 0);
}

void add_edge(Families& to, const http::Counts& edge) {
  add_counter(to, "http_connections_total", "Connections accepted", edge.connections.accepted);
  add_gauge(to, "http_connections", "Connections open", edge.connections.open);
  add_counter(to, "http_requests_total", "Requests handed to a handler", edge.requests);
  add_gauge(to, "http_requests_in_flight", "Requests without a reply yet", edge.requests_in_flight);
  auto& replies = add_family(to, "http_replies_total", "Replies by class of their status",
                             prometheus::MetricType::Counter);
  const auto add_replies = [&](const char* status, std::uint64_t count) {
    add_sample(replies, {{"status", status}}).counter.value = static_cast<double>(count);
  };
  add_replies("2xx", edge.replies_2xx);
  add_replies("4xx", edge.replies_4xx);
  add_replies("5xx", edge.replies_5xx);
  add_counter(to, "http_replies_unsent_total", "Replies that nobody took", edge.replies_unsent);
  add_counter(to, "http_replies_malformed_total", "Replies that were no HTTP: a fault of ours",
              edge.replies_malformed);
  add_counter(to, "http_bytes_in_total", "Bytes received", edge.bytes_in);
  add_counter(to, "http_bytes_out_total", "Bytes sent", edge.bytes_out);
  auto& refused = add_family(to, "http_refused_total", "Turned away before any handler",
                             prometheus::MetricType::Counter);
  for (std::size_t i = 0; i < http::refused_reasons; ++i) {
    const auto reason = static_cast<http::Refused>(i);
    add_sample(refused, {{"reason", std::string(http::name(reason))}}).counter.value =
        static_cast<double>(edge.refused_for(reason));
  }
}

void add_connections(Families& to, const AcceptCounts* plain, const AcceptCounts* tls) {
  std::uint64_t accepted = 0;
  std::uint64_t open = 0;
  for (const AcceptCounts* const counts : {plain, tls}) {
    accepted += counts == nullptr ? 0 : counts->accepted.load();
    open += counts == nullptr ? 0 : counts->open.load();
  }
  add_counter(to, "mllp_connections_total", "MLLP connections accepted", accepted);
  add_gauge(to, "mllp_connections", "MLLP connections open", open);
}

void add_tls(Families& to, const Counted& counted) {
  if (counted.tls != nullptr) {
    auto& shaken = add_family(to, "mllp_tls_handshakes_total", "TLS handshakes of MLLP connections",
                              prometheus::MetricType::Counter);
    add_sample(shaken, {{"became", "established"}}).counter.value =
        static_cast<double>(counted.tls->established.load());
    add_sample(shaken, {{"became", "failed"}}).counter.value =
        static_cast<double>(counted.tls->failed.load());
  }
  if (!counted.expiries.empty()) {
    auto& days = add_family(to, "certificate_days_left",
                            "Whole days until the certificates of a file end; negative afterwards",
                            prometheus::MetricType::Gauge);
    for (const TlsExpiry& one : counted.expiries) {
      add_sample(days, {{"file", one.file}}).gauge.value =
          static_cast<double>(days_until(one.end, counted.now));
    }
  }
}

void add_exchange(Families& to, const exchange::Counts& counts) {
  add_counter(to, "mllp_noise_bytes_total", "Bytes between frames", counts.noise_bytes);
  add_counter(to, "mllp_frames_slow_total", "Frames that did not end in time", counts.frames_slow);
  add_counter(to, "mllp_frames_too_long_total", "Frames over the limit", counts.frames_too_long);
  add_counter(to, "mllp_unanswered_total",
              "Messages that could not be written: connection closed, sender keeps them",
              counts.unanswered);
  using Row = std::pair<std::string_view, std::atomic<std::uint64_t> exchange::NeighbourCounts::*>;
  static constexpr std::array<Row, 8> kinds{
      Row{"applied", &exchange::NeighbourCounts::applied},
      Row{"faulty", &exchange::NeighbourCounts::faulty},
      Row{"refused", &exchange::NeighbourCounts::refused},
      Row{"duplicate", &exchange::NeighbourCounts::duplicates},
      Row{"same-id", &exchange::NeighbourCounts::same_id},
      Row{"doubtful-charset", &exchange::NeighbourCounts::doubtful},
      Row{"made-again", &exchange::NeighbourCounts::conflicts},
      Row{"broken", &exchange::NeighbourCounts::broken}};
  auto& messages =
      add_family(to, "hl7_messages_total", "Messages by sender and what became of them",
                 prometheus::MetricType::Counter);
  auto& values =
      add_family(to, "hl7_values_total", "Values in mapped messages, and of those unmapped",
                 prometheus::MetricType::Counter);
  for (const auto& [name, of] : counts.all()) {
    const std::string neighbour = name.empty() ? "unknown" : name;
    for (const auto& [kind, count] : kinds) {
      add_sample(messages, {{"neighbour", neighbour}, {"became", std::string(kind)}})
          .counter.value = static_cast<double>((of.get()->*count).load());
    }
    add_sample(values, {{"neighbour", neighbour}, {"mapped", "all"}}).counter.value =
        static_cast<double>(of->leaves.load());
    add_sample(values, {{"neighbour", neighbour}, {"mapped", "no"}}).counter.value =
        static_cast<double>(of->unmapped.load());
  }
}

/// MSH-13 as it is expected next; none for a neighbour that does not number its messages.
void add_sequences(Families& to, const node::Moment& moment,
                   const exchange::Neighbours& neighbours) {
  auto& expected = add_family(to, "hl7_sequence_expected",
                              "MSH-13 that is expected next; -1: any, numbers begin anew",
                              prometheus::MetricType::Gauge);
  for (const exchange::Neighbour& neighbour : neighbours.all()) {
    const auto last = views::read_sequence(*moment.reader, neighbour.name);
    if (neighbour.sequence && last) {
      add_sample(expected, {{"neighbour", neighbour.name}}).gauge.value =
          static_cast<double>(exchange::turn_of(exchange::sequence_start, *last).expected);
    }
  }
}

/// When the oldest that waits came about, in seconds since 1970; 0 where nothing does.
double oldest_of(const node::Moment& moment, const std::string& channel) {
  const auto oldest = views::read_duties(*moment.reader, channel, {}, 1);
  if (!oldest || oldest->empty()) {
    return 0;
  }
  const auto header = views::read_body_header(*moment.reader, oldest->front().duty.as_of);
  return header ? static_cast<double>(header->time.ms) / 1000 : 0;
}

void add_channels(Families& to, const node::Node& node, const exchange::Dispatcher& dispatcher) {
  using Row = std::pair<std::string_view, std::atomic<std::uint64_t> exchange::DeliveryCounts::*>;
  static constexpr std::array<Row, 6> kinds{Row{"accepted", &exchange::DeliveryCounts::accepted},
                                            Row{"refused", &exchange::DeliveryCounts::refused},
                                            Row{"failed", &exchange::DeliveryCounts::failed},
                                            Row{"needless", &exchange::DeliveryCounts::needless},
                                            Row{"unmade", &exchange::DeliveryCounts::unmade},
                                            Row{"unsettled", &exchange::DeliveryCounts::unsettled}};
  auto& tries = add_family(to, "channel_deliveries_total", "Tries by channel and how they ended",
                           prometheus::MetricType::Counter);
  auto& left = add_family(to, "channel_values_left_total",
                          "Values of sent resources that their messages do not say",
                          prometheus::MetricType::Counter);
  auto& owed = add_family(to, "channel_owed", "Messages that wait, by channel",
                          prometheus::MetricType::Gauge);
  auto& held = add_family(to, "channel_held", "Of those, the ones that wait for somebody",
                          prometheus::MetricType::Gauge);
  auto& oldest = add_family(to, "channel_oldest_timestamp_seconds",
                            "When the oldest that waits came about; 0: nothing waits",
                            prometheus::MetricType::Gauge);
  auto& up = add_family(to, "channel_up", "1 while its neighbour answers and it may send",
                        prometheus::MetricType::Gauge);
  const node::Moment moment = node.view();
  for (const auto& [channel, counts] : dispatcher.counts()) {
    const auto waiting = views::read_outbox_counts(*moment.reader, channel);
    const Labels labels{{"channel", channel}};
    for (const auto& [kind, count] : kinds) {
      add_sample(tries, {{"channel", channel}, {"became", std::string(kind)}}).counter.value =
          static_cast<double>((counts.get()->*count).load());
    }
    add_sample(left, labels).counter.value = static_cast<double>(counts->left.load());
    add_sample(owed, labels).gauge.value = waiting ? static_cast<double>(waiting->owed) : 0;
    add_sample(held, labels).gauge.value = waiting ? static_cast<double>(waiting->held) : 0;
    add_sample(oldest, labels).gauge.value = oldest_of(moment, channel);
    const exchange::ChannelStatus status = counts->status;
    const bool sends =
        status == exchange::ChannelStatus::active || status == exchange::ChannelStatus::error;
    add_sample(up, labels).gauge.value =
        sends && counts->state == exchange::CircuitState::up ? 1 : 0;
  }
}

/// What a page at night is woken by: that nothing is followed any more, and that much is late. Of
/// one owner the work-list tells; there may be thousands of them.
void add_items(Families& to, const node::Node& node, Time now) {
  const node::Moment moment = node.view();
  if (const pathway::Definitions* const pathways = node.pathways(); pathways != nullptr) {
    auto& days = add_family(to, "calendar_days_left",
                            "Whole days until the last holiday that due times know of; negative "
                            "afterwards",
                            prometheus::MetricType::Gauge);
    add_sample(days, {}).gauge.value = static_cast<double>(calendar_days_left(*pathways, now));
  }
  if (const auto states = views::read_states(*moment.reader); states && !states->empty()) {
    std::map<std::string, std::uint64_t> by_pathway;
    for (const views::StateCount& state : *states) {
      by_pathway[state.pathway] += state.open;
    }
    auto& open = add_family(to, "items_open", "Items that somebody has to see to, by pathway",
                            prometheus::MetricType::Gauge);
    for (const auto& [pathway, count] : by_pathway) {
      add_sample(open, {{"pathway", pathway}}).gauge.value = static_cast<double>(count);
    }
  }
  if (const auto owners = views::read_owners(*moment.reader)) {
    views::ListCounts all;
    for (const auto& [owner, counts] : *owners) {
      all.overdue += counts.overdue;
      all.escalated += counts.escalated;
    }
    add_gauge(to, "items_overdue", "Open items whose time has passed", all.overdue);
    add_gauge(to, "items_escalated", "Open items that more than one overseer was told of",
              all.escalated);
    add_gauge(to, "items_owners", "Owners of open items", owners->size());
  }
  if (const auto wakes = views::first_wake(*moment.reader)) {
    auto& next = add_family(to, "items_next_wake_timestamp_seconds",
                            "When the first item is to be looked at again; 0: none. Long past: "
                            "nobody escalates",
                            prometheus::MetricType::Gauge);
    add_sample(next, {}).gauge.value = *wakes ? static_cast<double>((*wakes)->ms) / 1000 : 0;
  }
}

// One channel so far; the label is for those that come.
void add_judged(Families& to, const std::string& channel, const api::JudgedCounts& judged) {
  const auto add = [&](std::string_view name, std::string_view help, Labels labels,
                       std::uint64_t value) {
    auto& family = add_family(to, name, help, prometheus::MetricType::Counter);
    add_sample(family, std::move(labels)).counter.value = static_cast<double>(value);
  };
  add("validated_resources_total", "Resources validated before they were written",
      {{"channel", channel}}, judged.resources);
  add("validation_refused_total", "Resources refused because of what validation found",
      {{"channel", channel}}, judged.refused);
  auto& issues = add_family(to, "validation_issues_total", "What validation found, by severity",
                            prometheus::MetricType::Counter);
  for (std::size_t i = 0; i < judged.issues.size(); ++i) {
    const auto severity = static_cast<fhir::validation::Severity>(i);
    add_sample(issues, {{"channel", channel}, {"severity", std::string(name(severity))}})
        .counter.value = static_cast<double>(judged.issues[i]);
  }
}

}  // namespace

std::int64_t calendar_days_left(const pathway::Definitions& pathways, Time now) {
  return pathways.calendar().known_until().value - to_local(now).day.value;
}

Bytes metrics_text(const Counted& counted, const Surroundings& surroundings) {
  Families families;
  families.reserve(families_max);  // they are referred to while others are added
  add_node(families, counted.node);
  add_items(families, counted.node, counted.now);
  add_edge(families, counted.edge);
  add_judged(families, "http", counted.judged);
  if (counted.exchange != nullptr) {
    add_connections(families, counted.mllp, counted.mllp_tls);
    add_exchange(families, *counted.exchange);
    if (counted.neighbours != nullptr) {
      add_sequences(families, counted.node.view(), *counted.neighbours);
    }
  }
  add_tls(families, counted);
  if (counted.dispatcher != nullptr) {
    add_channels(families, counted.node, *counted.dispatcher);
  }
  add_gauge(families, "ingest_bytes", "Bytes of request bodies in work", counted.budget.used());
  add_gauge(families, "ingest_bytes_max", "The bound of those", counted.budget.bytes_max());
  const auto add_known = [&](const std::function<std::uint64_t()>& ask, std::string_view name,
                             std::string_view help) {
    if (ask) {
      add_gauge(families, name, help, ask());
    }
  };
  add_known(surroundings.resident_bytes, "resident_bytes", "Memory of the process");
  add_known(surroundings.unflushed_bytes, "view_unflushed_bytes",
            "Bytes of the store that a crash would replay from the journal");
  add_known(surroundings.free_bytes, "disk_free_bytes", "Space left for the data directory");
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace holdfast::server
