// evidence/test_journal.h: a small journal in memory, its tree and its key, for tests: entries go
// in as Commands, documents come out. Included by tests only.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "evidence/document.h"
#include "evidence/entry.h"
#include "node/payload.h"
#include "world/sim/sim_random.h"

namespace holdfast::evidence {

class TestJournal {
 public:
  explicit TestJournal(std::uint64_t seed = 1)
      : random_(seed), key_(journal::SigningKey::generate("holdfast/test", random_).value()) {
    community.bytes.fill('c');
  }

  void add(const Command& command, const Outcome& outcome) {
    const node::Packed packed = node::pack(encode(command));
    const Bytes said = encode(outcome);
    journal::Header header;
    header.magic.value = 7;
    header.kind = static_cast<std::uint16_t>(EntryKind::command);
    header.flags = static_cast<std::uint16_t>(packed.stored);
    header.position = Position{records_.size() + 1};
    header.time = Time{1'767'225'600'000 + 1000 * static_cast<std::int64_t>(records_.size())};
    header.previous_hash = records_.empty() ? Hash{} : records_.back().header.hash;
    header.payload_hash = journal::payload_hash(packed.hash, sha256(said));
    Bytes raw;
    journal::append_record(raw, header, community, packed.bytes, said);
    records_.push_back(journal::decode_record(raw, community, std::nullopt).value());
    tree_.append(header.hash, nodes_);
  }

  /// One that creates or changes a resource.
  void add(Verb verb, const std::string& type, const std::string& id, std::uint64_t version,
           const std::string& body, const std::string& who = "anonymous") {
    Command command;
    command.principal.name = who;
    command.channel = "http";
    Operation operation;
    operation.verb = verb;
    operation.type = type;
    operation.id = id;
    operation.body = body;
    command.operations.push_back(operation);
    Outcome outcome;
    const Status status = verb == Verb::remove ? Status::removed
                          : version == 1       ? Status::created
                                               : Status::updated;
    outcome.results.push_back({status, id, Version{version}, {}});
    add(command, outcome);
  }

  [[nodiscard]] Entry entry(std::uint64_t position) const {
    return read_entry(records_.at(position - 1)).value();
  }
  [[nodiscard]] Bytes line(std::uint64_t position) const {
    return entry_line(entry(position), proof(position));
  }
  [[nodiscard]] journal::Proof proof(std::uint64_t position) const {
    return journal::inclusion_proof(position - 1, records_.size(),
                                    [this](journal::NodeId id) { return node(id); })
        .value();
  }
  [[nodiscard]] journal::Checkpoint checkpoint() const {
    return {key_.verifier().name(), records_.size(), tree_.root()};
  }
  [[nodiscard]] Head head(std::string subject = "Patient/7") const {
    Head head;
    head.subject = std::move(subject);
    head.community = community;
    head.verifier = key_.verifier().text();
    head.checkpoint = journal::sign_checkpoint(checkpoint(), key_).value();
    head.made = Time{1'767'225'700'000};
    head.through = Position{records_.size()};
    return head;
  }
  /// As a server writes it; also where the lines are not what it would write: then it lies.
  [[nodiscard]] Bytes signed_document(Head head, const std::vector<Bytes>& lines) const {
    DocumentWriter writer;
    for (const Bytes& line : lines) {
      writer.add(line);
    }
    Bytes body = writer.body(head);
    const std::string text = statement_text(head, key_.verifier().name(), checkpoint(), body);
    return body + statement_line(journal::sign_note(text, key_).value());
  }
  [[nodiscard]] Bytes document(const std::vector<std::uint64_t>& positions) const {
    std::vector<Bytes> lines;
    for (const std::uint64_t position : positions) {
      lines.push_back(line(position));
    }
    return signed_document(head(), lines);
  }
  [[nodiscard]] const journal::SigningKey& key() const { return key_; }

  journal::Community community;

 private:
  Result<Hash> node(journal::NodeId id) const {
    for (const journal::Node& one : nodes_) {
      if (one.id == id) {
        return one.hash;
      }
    }
    return fail(Code::not_found, "no such node");
  }

  SimRandom random_;
  journal::SigningKey key_;
  std::vector<journal::Record> records_;
  std::vector<journal::Node> nodes_;
  journal::Frontier tree_;
};

}  // namespace holdfast::evidence
