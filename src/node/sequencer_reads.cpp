// node/sequencer_reads.cpp: what a node shows of itself: the record, its proofs, its health.
#include <fmt/format.h>

#include "node/sequencer.h"
#include "views/tree.h"

namespace holdfast::node {
namespace {

journal::GetNode nodes_of(const views::Reader& reader) {
  return [&reader](journal::NodeId id) -> Result<Hash> {
    TRY(const auto hash, views::read_tree_node(reader, views::TreeNode{id.level, id.index}));
    if (!hash) {
      return fail(Code::corrupt,
                  fmt::format("view: node {} of level {} of the Merkle tree is missing; rebuild",
                              id.index, id.level));
    }
    return *hash;
  };
}

Result<void> within(const Moment& moment, std::uint64_t size) {
  if (size > moment.state.position.value) {
    return fail(Code::value, fmt::format("the journal has {} entries, not {}",
                                         moment.state.position.value, size));
  }
  return ok();
}

}  // namespace

Moment Sequencer::view() const {
  auto current = published_.current();
  const std::scoped_lock lock(moment_mutex_);
  if (moment_view_ != current) {
    const auto state = views::read_state(*current);
    check(state.has_value(), "the state row that we wrote can be read");
    moment_view_ = current;
    moment_state_ = *state;
  }
  return Moment{std::move(current), moment_state_, behind_, definitions(moment_state_.active)};
}

Result<std::pair<Command, Outcome>> Sequencer::read_entry(Position position) {
  TRY(const journal::Record record, reader_->read(position));
  if (static_cast<EntryKind>(record.header.kind) != EntryKind::command) {
    return fail(Code::not_found, fmt::format("entry {} is not a command", position.value));
  }
  return decode_entry(record);
}

Result<journal::Record> Sequencer::read_record(Position position) {
  return reader_->read(position);
}

Result<Time> Sequencer::entry_time(Position position) {
  TRY(const journal::Record record, reader_->read(position));
  return record.header.time;
}

Result<std::string> Sequencer::checkpoint_at(Position last) {
  const Moment moment = view();
  TRY_OK(within(moment, last.value));
  journal::Checkpoint checkpoint;
  checkpoint.origin = signing_key_.verifier().name();
  checkpoint.size = last.value;
  TRY(checkpoint.root, journal::root_of(checkpoint.size, nodes_of(*moment.reader)));
  return journal::sign_checkpoint(checkpoint, signing_key_);
}

Result<std::vector<Hash>> Sequencer::inclusion_proof(Position position, std::uint64_t size) {
  const Moment moment = view();
  TRY_OK(within(moment, size));
  if (position.value == 0 || position.value > size) {
    return fail(Code::value, fmt::format("position must be 1 to {}", size));
  }
  return journal::inclusion_proof(position.value - 1, size, nodes_of(*moment.reader));
}

Result<std::vector<Hash>> Sequencer::consistency_proof(std::uint64_t from, std::uint64_t to) {
  const Moment moment = view();
  TRY_OK(within(moment, to));
  return journal::consistency_proof(from, to, nodes_of(*moment.reader));
}

Result<std::string> Sequencer::sign_statement(std::string_view text) {
  check(text.substr(0, text.find('\n')).find(' ') != std::string_view::npos,
        "a statement cannot be read as a checkpoint");
  return journal::sign_note(text, signing_key_);
}

Health Sequencer::health() const {
  Health health;
  {
    const std::scoped_lock lock(health_mutex_);
    health = health_;
  }
  if (const std::string failure = applier_.failure(); !failure.empty()) {
    health.writes_refused = "the view cannot be written: " + failure;
    health.fatal = Fatal::yes;
  }
  health.indexes = applier_.build_failure();
  return health;
}

Result<void> Sequencer::writable() const {
  const Health now = health();
  if (!writer_ || now.fatal == Fatal::yes) {
    return fail(Code::unavailable, now.writes_refused);
  }
  return ok();
}

}  // namespace holdfast::node
