// sim/client_judges.cpp: what a reply promises goes into the ledger; what it must not say is a
// violation.
#include <fmt/format.h>

#include "fhir/json.h"
#include "sim/client.h"
#include "sim/reply.h"

namespace holdfast::sim {

void Client::judge_write(const Sent& sent, const http::Incoming& reply) {
  if (reply.status >= 500) {
    ++ledger_.unknown;
    return;
  }
  if (reply.status >= 400) {
    if (!sent.tag.empty()) {
      ledger_.refused_tags.push_back(sent.tag);
    }
    const bool by_condition = sent.target.find('?') != std::string::npos;
    const bool is_patch = sent.method == "PATCH";
    const bool fine = reply.status == 412 || reply.status == 422 || reply.status == 409 ||
                      (is_patch && (reply.status == 404 || reply.status == 410)) ||
                      (sent.method == "PUT" && by_condition && reply.status == 400);
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
    if (promise.version == 0 || promise.name.find('?') != std::string::npos) {
      return;  // there was nothing to remove, or its name is not told
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
      if (open.so_far.kind == Followed::Kind::history) {
        open.so_far.found.emplace_back(name_of_location(text_at(entry, "fullUrl")),
                                       etag_version(text_at(entry.find("response"), "etag")));
        continue;
      }
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
