#include "sim/client.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

#include "sim/reply.h"

namespace holdfast::sim {
namespace {

constexpr Duration request_deadline = seconds(20);
constexpr std::size_t open_searches_max = 3;
/// Pages are kept for 15 minutes of journal time, which nudges of the clock may run ahead of.
constexpr Duration pages_kept = seconds(14 * 60);

}  // namespace

Client::Client(SimScheduler& scheduler, SimNetwork& network, std::uint64_t seed, Ledger& ledger,
               std::uint64_t requests_max)
    : network_(network),
      executor_(scheduler),
      random_(seed),
      ledger_(ledger),
      requests_max_(requests_max) {}

Task<void> Client::run() {
  while (ledger_.requests < requests_max_ && !ledger_.closed) {
    const bool connected = co_await connect();
    if (connected && !ledger_.closed) {
      co_await act();
    }
    const Duration pause = microseconds(static_cast<std::int64_t>(random_.below(400)));
    co_await executor_.sleep(pause);
  }
  done_ = true;
}

Task<bool> Client::connect() {
  if (connection_ && connection_->reusable()) {
    co_return true;
  }
  auto connected = co_await http::Client::connect(network_, executor_, server_address,
                                                  executor_.now() + seconds(5));
  if (!connected) {
    connection_.reset();
    co_await executor_.sleep(milliseconds(20));
    co_return false;
  }
  connection_ = std::move(*connected);
  co_return true;
}

Task<void> Client::act() {
  const std::uint64_t dice = random_.below(100);
  if (dice < 52) {
    co_await write_one();
  } else if (dice < 62) {
    co_await write_bundle();
  } else if (dice < 68) {
    co_await repeat_keyed();
  } else if (dice < 84) {
    co_await read_one();
  } else if (dice < 99) {
    co_await page();
  } else {
    co_await send_garbage();
  }
}

Task<std::optional<http::Incoming>> Client::send(const Sent& sent) {
  ++ledger_.requests;
  http::Outgoing outgoing;
  outgoing.method = sent.method;
  outgoing.target = sent.target;
  if (!sent.body.empty()) {
    outgoing.headers.add("Content-Type", sent.method == "PATCH" ? "application/json-patch+json"
                                                                : "application/fhir+json");
    outgoing.body = Bytes(sent.body);
  }
  if (!sent.key.empty()) {
    outgoing.headers.add("Idempotency-Key", sent.key);
  }
  if (!sent.if_match.empty()) {
    outgoing.headers.add("If-Match", sent.if_match);
  }
  if (!sent.if_none_exist.empty()) {
    outgoing.headers.add("If-None-Exist", sent.if_none_exist);
  }
  const std::uint64_t position_before = ledger_.position;
  auto reply = co_await connection_->send(std::move(outgoing), executor_.now() + request_deadline);
  if (!reply) {
    connection_.reset();
    co_return std::nullopt;
  }
  executor_.scheduler().note(static_cast<std::uint64_t>(reply->status));
  // Read your writes, and everybody else's: nothing that was promised before may be missing.
  const std::string position = header(*reply, "Holdfast-Position");
  if (reply->status < 500 && !position.empty() && sent.key.empty() &&
      number(position) < position_before && sent.target.find("_page") == std::string::npos &&
      sent.target.find("page=") == std::string::npos) {
    ledger_.violated(fmt::format("{} {} was answered from position {} although {} was promised",
                                 sent.method, sent.target, position, position_before));
  }
  co_return std::move(*reply);
}

Task<void> Client::send_garbage() {
  ++ledger_.requests;
  ++ledger_.garbage;
  static constexpr std::array<std::string_view, 5> rubbish{
      "GET /fhir/Patient HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: "
      "chunked\r\n\r\n",
      "POST /fhir/Patient HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n{\"resourceType\":",
      "\x0bMSH|^~\\&|", "PUT /fhir/Patient/x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n"};
  auto stream = co_await network_.connect(executor_, server_address, executor_.now() + seconds(5));
  if (!stream) {
    co_return;
  }
  const std::string_view text = rubbish[random_.below(rubbish.size())];
  const auto written = co_await (*stream)->write(text, executor_.now() + seconds(5));
  if (written && random_.chance(1, 2)) {
    std::array<char, 512> answer{};
    const auto got = co_await (*stream)->read(answer, executor_.now() + seconds(1));
    if (got && std::string_view(answer.data(), *got).starts_with("HTTP/1.1 2")) {
      ledger_.violated("garbage was answered with success");
    }
  }
  (*stream)->close();
}

Task<void> Client::write_one() {
  const Sent sent = draw_write();
  const auto reply = co_await send(sent);
  remember_key(sent, reply);
  if (!reply) {
    ++ledger_.unknown;
    co_return;
  }
  judge_write(sent, *reply);
}

Task<void> Client::write_bundle() {
  const Sent sent = draw_bundle();
  const auto reply = co_await send(sent);
  remember_key(sent, reply);
  if (!reply) {
    ++ledger_.unknown;
    co_return;
  }
  judge_bundle(sent, *reply);
}

Task<void> Client::repeat_keyed() {
  if (ledger_.keyed.empty()) {
    co_return;
  }
  const std::size_t chosen = random_.below(ledger_.keyed.size());
  const Keyed before = ledger_.keyed[chosen];
  Sent sent;
  sent.method = before.method;
  sent.target = before.target;
  sent.body = before.body;
  sent.key = before.key;
  sent.tag = before.tag;
  const auto reply = co_await send(sent);
  if (!reply || reply->status >= 500) {
    co_return;
  }
  if (before.answered) {
    if (reply->status != before.status || header(*reply, "ETag") != before.etag ||
        header(*reply, "Location") != before.location) {
      ledger_.violated(fmt::format(
          "{} {} with a key that was answered {} {} {} is answered {} {} {} when repeated",
          before.method, before.target, before.status, before.etag, before.location, reply->status,
          header(*reply, "ETag"), header(*reply, "Location")));
    }
    co_return;
  }
  if (reply->status >= 400) {
    co_return;  // it never happened, and now it may not
  }
  Keyed& now = ledger_.keyed[chosen];
  if (!now.answered) {
    now.answered = true;
    now.status = reply->status;
    now.etag = header(*reply, "ETag");
    now.location = header(*reply, "Location");
  }
  if (sent.target == "/fhir") {
    judge_bundle(sent, *reply);
  } else {
    judge_write(sent, *reply);
  }
}

Task<void> Client::read_one() {
  if (ledger_.newest.empty()) {
    co_return;
  }
  auto chosen = ledger_.newest.begin();
  const auto steps = static_cast<std::ptrdiff_t>(random_.below(ledger_.newest.size()));
  std::advance(chosen, steps);
  const Name name = chosen->first;
  const std::uint64_t promised = chosen->second;
  Sent sent;
  sent.method = "GET";
  const std::uint64_t dice = random_.below(10);
  const bool one_version = dice < 3;
  const bool history = dice == 3;
  sent.target = "/fhir/" + name;
  if (one_version) {
    sent.target += fmt::format("/_history/{}", promised);
  } else if (history) {
    sent.target += "/_history?_count=100";
  }
  const auto reply = co_await send(sent);
  if (!reply || reply->status >= 500) {
    co_return;
  }
  if (history) {
    if (reply->status != 200) {
      ledger_.violated(fmt::format("history of {} is answered {}", name, reply->status));
    }
    co_return;
  }
  const std::uint64_t version = etag_version(header(*reply, "ETag"));
  if (reply->status == 404 || (reply->status == 200 && version < promised) ||
      (one_version && reply->status == 200 && version != promised)) {
    ledger_.violated(
        fmt::format("GET {} is answered {} version {} although version {} was promised",
                    sent.target, reply->status, version, promised));
  }
}

void Client::begin_followed() {
  Open fresh;
  fresh.begun = executor_.now();
  fresh.so_far.type = draw_type();
  const std::uint64_t count = 1 + random_.below(5);
  if (random_.chance(3, 4)) {
    draw_search(fresh, count);
  } else {
    fresh.so_far.kind = Followed::Kind::history;
    if (random_.chance(1, 2)) {
      fresh.so_far.type.clear();
    }
    fresh.next = fmt::format("/fhir{}{}/_history?_count={}", fresh.so_far.type.empty() ? "" : "/",
                             fresh.so_far.type, 20 * count);
  }
  open_.push_back(std::move(fresh));
}

Task<void> Client::page() {
  Sent sent;
  sent.method = "GET";
  const bool begin = open_.empty() || (open_.size() < open_searches_max && random_.chance(1, 3));
  std::size_t chosen = 0;
  if (begin) {
    begin_followed();
    chosen = open_.size() - 1;
  } else {
    chosen = random_.below(open_.size());
  }
  sent.target = open_[chosen].next;
  std::swap(open_[chosen], open_.back());
  const auto reply = co_await send(sent);
  if (!reply || reply->status >= 500) {
    co_return;  // asked again later: the link stays good over restarts
  }
  const Duration age = executor_.now() - open_.back().begun;
  if (reply->status == 410 && age > pages_kept &&
      open_.back().so_far.kind == Followed::Kind::search) {
    open_.pop_back();
    co_return;
  }
  if (reply->status != 200) {
    ledger_.violated(fmt::format("GET {} is answered {} after {} ms: {}", sent.target,
                                 reply->status, age.ms(), reply->body.substr(0, 300)));
    open_.pop_back();
    co_return;
  }
  take_page(*reply);
}

}  // namespace holdfast::sim
