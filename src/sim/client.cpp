#include "sim/client.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

#include "fhir/json.h"

namespace holdfast::sim {
namespace {

constexpr Duration request_deadline = seconds(20);
constexpr std::size_t open_searches_max = 3;
/// Pages are kept for 15 minutes of journal time, which nudges of the clock may run ahead of.
constexpr Duration pages_kept = seconds(14 * 60);

std::string header(const http::Incoming& reply, std::string_view name) {
  return std::string(reply.headers.find(name).value_or(""));
}

/// W/"3" -> 3
std::uint64_t etag_version(std::string_view etag) {
  std::uint64_t version = 0;
  for (const char c : etag) {
    if (c >= '0' && c <= '9') {
      version = version * 10 + static_cast<std::uint64_t>(c - '0');
    }
  }
  return version;
}

/// "http://server:80/fhir/Patient/p1/_history/3" or "Patient/p1/_history/3" -> "Patient/p1"
Name name_of_location(std::string_view location) {
  if (const std::size_t at = location.find("/_history"); at != std::string_view::npos) {
    location = location.substr(0, at);
  }
  const std::size_t id = location.rfind('/');
  if (id == std::string_view::npos || id == 0) {
    return {};
  }
  const std::size_t type = location.rfind('/', id - 1);
  return Name(location.substr(type == std::string_view::npos ? 0 : type + 1));
}

std::uint64_t number(std::string_view text) { return etag_version(text); }

std::optional<fhir::JsonValue> at(std::optional<fhir::JsonValue> value, std::string_view key) {
  return value ? value->find(key) : std::nullopt;
}

std::string text_at(std::optional<fhir::JsonValue> value, std::string_view key) {
  const auto found = at(value, key);
  return found && found->is_string() ? found->text() : std::string();
}

}  // namespace

Client::Client(SimScheduler& scheduler, SimNetwork& network, std::uint64_t seed, Ledger& ledger,
               std::uint64_t requests_max)
    : network_(network),
      executor_(scheduler),
      random_(seed),
      ledger_(ledger),
      requests_max_(requests_max) {}

Task<void> Client::run() {
  while (ledger_.requests < requests_max_) {
    const bool connected = co_await connect();
    if (connected) {
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
    outgoing.headers.add("Content-Type", "application/fhir+json");
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

std::string Client::draw_type() {
  static constexpr std::array<const char*, 3> types{"Patient", "Observation", "Practitioner"};
  return types[random_.below(types.size())];
}

std::string Client::draw_identifier() { return fmt::format("v{}", random_.below(12)); }

std::string Client::draw_tag() { return fmt::format("t{}", ++ledger_.tags); }

std::string Client::draw_body(const std::string& type, const std::string& tag) {
  const std::string value = draw_identifier();
  // Mostly small; sometimes large enough that segments end.
  const bool large = random_.chance(1, 20);
  const std::uint64_t pad_bytes = large ? 2000 + random_.below(12'000) : 1 + random_.below(60);
  std::string pad;
  while (pad.size() < pad_bytes) {
    pad += fmt::format("{:x}", random_.next());
  }
  std::string rest;
  if (type == "Patient") {
    rest = fmt::format(R"("name":[{{"text":"{}"}}],"managingOrganization":{{"display":"{}"}})", pad,
                       tag);
  } else if (type == "Practitioner") {
    rest = fmt::format(
        R"("name":[{{"text":"{}"}}],"qualification":[{{"code":{{"text":"x"}},"issuer":{{"display":"{}"}}}}])",
        pad, tag);
  } else {
    std::string reference;
    const std::uint64_t dice = random_.below(4);
    if (dice == 0) {
      reference = fmt::format(R"("reference":"Patient/p{}",)", random_.below(6));
    } else if (dice == 1) {
      reference = fmt::format(R"("reference":"Patient?identifier=sim|{}",)", draw_identifier());
    }
    rest = fmt::format(
        R"("status":"final","code":{{"text":"x"}},"subject":{{{}"display":"{}"}},"valueString":"{}")",
        reference, tag, pad);
  }
  return fmt::format(R"({{"resourceType":"{}","identifier":[{{"system":"sim","value":"{}"}}],{}}})",
                     type, value, rest);
}

Client::Sent Client::draw_write() {
  Sent sent;
  const std::string type = draw_type();
  sent.tag = draw_tag();
  if (random_.chance(2, 5)) {
    sent.key = fmt::format("k{:016x}", random_.next());
  }
  const std::string id = fmt::format("p{}", random_.below(6));
  const std::uint64_t dice = random_.below(100);
  if (dice < 25) {
    sent.method = "POST";
    sent.target = "/fhir/" + type;
    sent.body = draw_body(type, sent.tag);
    if (random_.chance(2, 5)) {
      sent.if_none_exist = "identifier=sim|" + member_text(sent.body, "value");
    }
  } else if (dice < 88) {
    sent.method = "PUT";
    sent.target = fmt::format("/fhir/{}/{}", type, id);
    sent.body = draw_body(type, sent.tag);
    sent.body.insert(sent.body.find(",\"identifier\""), fmt::format(",\"id\":\"{}\"", id));
    const auto known = ledger_.newest.find(type + "/" + id);
    if (known != ledger_.newest.end() && random_.chance(2, 5)) {
      const std::uint64_t off = random_.chance(1, 3) ? 1 + random_.below(3) : 0;
      sent.if_match = fmt::format("W/\"{}\"", known->second + off);
    }
  } else {
    sent.method = "DELETE";
    sent.target = fmt::format("/fhir/{}/{}", type, id);
    sent.tag.clear();
  }
  return sent;
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

void Client::judge_write(const Sent& sent, const http::Incoming& reply) {
  if (reply.status >= 500) {
    ++ledger_.unknown;
    return;
  }
  if (reply.status >= 400) {
    if (!sent.tag.empty()) {
      ledger_.refused_tags.push_back(sent.tag);
    }
    const bool fine = reply.status == 412 || reply.status == 422 || reply.status == 409;
    if (!fine) {
      ledger_.violated(fmt::format("{} {} was refused with {}: {}", sent.method, sent.target,
                                   reply.status, reply.body.substr(0, 300)));
    }
    return;
  }
  const std::uint64_t position = number(header(reply, "Holdfast-Position"));
  Promise promise;
  promise.position = position;
  if (sent.method == "DELETE") {
    promise.name = sent.target.substr(sizeof "/fhir/" - 1);
    promise.version = etag_version(header(reply, "ETag"));
    promise.removed = true;
    if (promise.version == 0) {
      return;  // there was nothing to remove
    }
    ledger_.promise(std::move(promise));
    return;
  }
  promise.name = name_of_location(header(reply, "Location"));
  if (sent.method == "PUT" && promise.name.empty()) {
    promise.name = sent.target.substr(sizeof "/fhir/" - 1);
  }
  promise.version = etag_version(header(reply, "ETag"));
  const bool matched = !sent.if_none_exist.empty() && reply.status == 200;
  promise.tag = matched ? std::string() : sent.tag;
  if (matched) {
    ledger_.refused_tags.push_back(sent.tag);
  }
  if (promise.name.empty() || promise.version == 0 || position == 0) {
    ledger_.violated(fmt::format("{} {}: {} without Location, ETag or Holdfast-Position",
                                 sent.method, sent.target, reply.status));
    return;
  }
  ledger_.promise(std::move(promise));
}

Task<void> Client::write_bundle() {
  Sent sent;
  sent.method = "POST";
  sent.target = "/fhir";
  if (random_.chance(1, 2)) {
    sent.key = fmt::format("k{:016x}", random_.next());
  }
  const std::uint64_t extra = random_.chance(1, 8) ? random_.below(24) : random_.below(3);
  std::string practitioner = draw_body("Practitioner", draw_tag());
  const std::string doctor = member_text(practitioner, "value");
  std::string entries = fmt::format(
      R"({{"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000001","resource":{},"request":{{"method":"POST","url":"Patient"}}}})",
      draw_body("Patient", draw_tag()));
  entries += fmt::format(
      R"(,{{"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000002","resource":{},"request":{{"method":"POST","url":"Practitioner","ifNoneExist":"identifier=sim|{}"}}}})",
      practitioner, doctor);
  for (std::uint64_t i = 0; i <= extra; ++i) {
    const std::string tag = draw_tag();
    const bool by_condition = random_.chance(1, 4);
    const std::string performer =
        by_condition ? "Practitioner?identifier=sim|" + doctor
                     : std::string("urn:uuid:00000000-0000-4000-8000-000000000002");
    entries += fmt::format(
        R"(,{{"fullUrl":"urn:uuid:00000000-0000-4000-8000-0000000001{:02x}","resource":{{"resourceType":"Observation","identifier":[{{"system":"sim","value":"{}"}}],"status":"final","code":{{"text":"x"}},"subject":{{"reference":"urn:uuid:00000000-0000-4000-8000-000000000001","display":"{}"}},"performer":[{{"reference":"{}"}}]}},"request":{{"method":"POST","url":"Observation"}}}})",
        i, draw_identifier(), tag, performer);
  }
  sent.body = R"({"resourceType":"Bundle","type":"transaction","entry":[)" + entries + "]}";
  const auto reply = co_await send(sent);
  remember_key(sent, reply);
  if (!reply) {
    ++ledger_.unknown;
    co_return;
  }
  judge_bundle(sent, *reply);
}

void Client::judge_bundle(const Sent& sent, const http::Incoming& reply) {
  const auto tags = member_texts(sent.body, "display");
  if (reply.status >= 500) {
    ++ledger_.unknown;
    return;
  }
  if (reply.status >= 400) {
    ledger_.refused_tags.insert(ledger_.refused_tags.end(), tags.begin(), tags.end());
    if (reply.status != 412 && reply.status != 422) {
      ledger_.violated(fmt::format("a transaction was refused with {}: {}", reply.status,
                                   reply.body.substr(0, 300)));
    }
    return;
  }
  fhir::JsonReader reader;
  const auto json = reader.read(reply.body);
  const auto entry = json ? json->root().find("entry") : std::nullopt;
  if (!entry || entry->size() != tags.size()) {
    ledger_.violated("a transaction-response does not answer every entry");
    return;
  }
  std::size_t i = 0;
  for (const fhir::JsonValue one : entry->children()) {
    const auto response = one.find("response");
    Promise promise;
    promise.position = number(header(reply, "Holdfast-Position"));
    promise.name = name_of_location(text_at(response, "location"));
    promise.version = etag_version(text_at(response, "etag"));
    if (text_at(response, "status").starts_with("201")) {
      promise.tag = tags[i];
    } else {
      ledger_.refused_tags.push_back(tags[i]);
    }
    if (promise.name.empty() || promise.version == 0) {
      ledger_.violated("a transaction-response entry has no location or etag: " +
                       std::string(one.raw().substr(0, 300)));
    } else {
      ledger_.promise(std::move(promise));
    }
    ++i;
  }
}

void Client::remember_key(const Sent& sent, const std::optional<http::Incoming>& reply) {
  if (sent.key.empty() || !sent.if_match.empty() || !sent.if_none_exist.empty()) {
    return;
  }
  if (reply && reply->status >= 400 && reply->status < 500) {
    return;  // a refusal is not kept
  }
  Keyed keyed;
  keyed.method = sent.method;
  keyed.target = sent.target;
  keyed.body = sent.body;
  keyed.key = sent.key;
  keyed.tag = sent.tag;
  if (reply && reply->status < 400) {
    keyed.answered = true;
    keyed.status = reply->status;
    keyed.etag = header(*reply, "ETag");
    keyed.location = header(*reply, "Location");
  }
  ledger_.keyed.push_back(std::move(keyed));
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

Task<void> Client::page() {
  Sent sent;
  sent.method = "GET";
  const bool begin = open_.empty() || (open_.size() < open_searches_max && random_.chance(1, 3));
  std::size_t chosen = 0;
  if (begin) {
    Open fresh;
    fresh.begun = executor_.now();
    fresh.so_far.type = draw_type();
    const std::uint64_t count = 1 + random_.below(5);
    fresh.next = fmt::format("/fhir/{}?_count={}", fresh.so_far.type, count);
    open_.push_back(std::move(fresh));
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
  if (reply->status == 410 && age > pages_kept) {
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

void Client::take_page(const http::Incoming& reply) {
  Open& open = open_.back();
  if (open.so_far.position == 0) {
    open.so_far.position = number(header(reply, "Holdfast-Position"));
  }
  fhir::JsonReader reader;
  const auto json = reader.read(reply.body);
  if (!json) {
    ledger_.violated("a searchset is not JSON: " + json.error().what);
    open_.pop_back();
    return;
  }
  if (const auto entries = json->root().find("entry")) {
    for (const fhir::JsonValue entry : entries->children()) {
      const auto resource = entry.find("resource");
      const std::string name = text_at(resource, "resourceType") + "/" + text_at(resource, "id");
      open.so_far.found.emplace_back(name, number(text_at(at(resource, "meta"), "versionId")));
    }
  }
  std::string next;
  if (const auto links = json->root().find("link")) {
    for (const fhir::JsonValue link : links->children()) {
      if (text_at(link, "relation") == "next") {
        next = text_at(link, "url");
      }
    }
  }
  if (const std::size_t path = next.find("/fhir"); path != std::string::npos) {
    open.next = next.substr(path);
    return;
  }
  if (!next.empty()) {
    ledger_.violated("a next link that leads nowhere: " + next);
  }
  ledger_.followed.push_back(std::move(open.so_far));
  open_.pop_back();
}

}  // namespace holdfast::sim
