// sim/judge_messages.cpp: what neighbours were told of their messages: each is in the journal once,
// as it was sent, with what became of it; and each patient is as the last of them says.
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "search/matches.h"
#include "sim/judge.h"
#include "views/messages.h"
#include "views/versions.h"

namespace holdfast::sim {
namespace {

using Name = std::tuple<std::string, std::string, Bytes>;  // sender, control id, bytes

/// How often each message is in the journal.
std::map<Name, unsigned> messages_in(node::Node& node, Ledger& ledger) {
  std::map<Name, unsigned> all;
  const std::uint64_t head = node.view().state.position.value;
  for (std::uint64_t at = 1; at <= head; ++at) {
    auto entry = node.read_entry(Position{at});
    if (entry && entry->first.message) {
      const Message& message = *entry->first.message;
      ++all[{message.neighbour, message.control_id, message.bytes}];
    } else if (!entry && entry.error().code != Code::not_found) {
      ledger.violated(fmt::format("entry {} cannot be read: {}", at, entry.error().what));
    }
  }
  return all;
}

std::string family_of(node::Node& node, const std::string& patient) {
  const node::Moment moment = node.view();
  const search::Source source{*moment.reader, node.codec(), *moment.params};
  const fhir::TypeId type = *fhir::type_id("Patient");
  const auto found =
      search::matches(source, type, "identifier=urn:holdfast:authority:SIM%7C" + patient);
  if (!found || found->size() != 1) {
    return found ? fmt::format("{} patients", found->size()) : found.error().what;
  }
  const auto current = views::read_current(*moment.reader, type, found->front());
  const auto body = current && *current
                        ? views::read_body(*moment.reader, node.codec(), (*current)->row)
                        : Result<views::Body>(fail(Code::not_found, "no body"));
  if (!body) {
    return body.error().what;
  }
  constexpr std::string_view key = R"("family":")";
  const std::size_t at = body->bytes.find(key);
  return at == Bytes::npos
             ? "no family"
             : body->bytes.substr(at + key.size(),
                                  body->bytes.find('"', at + key.size()) - at - key.size());
}

}  // namespace

void judge_messages(node::Node& node, Ledger& ledger) {
  const auto all = messages_in(node, ledger);
  for (const auto& [name, times] : all) {
    // Frames that were cut off have no id, and may be cut off alike.
    if (times > 1 && !std::get<1>(name).empty()) {
      ledger.violated(fmt::format("message {} of {} is in the journal {} times", std::get<1>(name),
                                  std::get<0>(name), times));
    }
  }
  const node::Moment moment = node.view();
  std::map<std::string, std::uint64_t> newest;  // patient -> number of the last one acknowledged
  for (const SentMessage& sent : ledger.acknowledged_messages) {
    if (all.count({sent.neighbour, sent.control_id, sent.bytes}) == 0) {
      ledger.violated(fmt::format("message {} of {} was acknowledged and is not in the journal",
                                  sent.control_id, sent.neighbour));
      continue;
    }
    const Hash hash = sha256(sent.bytes);
    const auto known = views::read_message(*moment.reader, {sent.neighbour, sent.control_id, hash});
    const Disposition expected = sent.mapped ? Disposition::applied : Disposition::faulty;
    if (!known || !known->newest || known->newest->disposition != expected) {
      ledger.violated(fmt::format("what became of message {} of {} is not what it was told",
                                  sent.control_id, sent.neighbour));
    }
    if (sent.mapped) {
      newest[sent.patient] = std::max(newest[sent.patient], sent.number);
    }
  }
  // What was sent after the last one acknowledged may have been taken, and its answer lost.
  for (const auto& [patient, number] : newest) {
    std::set<std::string> possible;
    for (const SentMessage& sent : ledger.sent) {
      if (sent.patient == patient && sent.mapped && sent.number >= number) {
        possible.insert(sent.family);
      }
    }
    if (const std::string family = family_of(node, patient); possible.count(family) == 0) {
      ledger.violated(fmt::format("patient {} is {}, not as message {} or a later one says",
                                  patient, family, number));
    }
  }
}

}  // namespace holdfast::sim
