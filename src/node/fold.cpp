#include "node/fold.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "node/payload.h"
#include "views/requests.h"
#include "views/tree.h"

namespace holdfast::node {
namespace {

constexpr std::string_view dictionary_prefix = "dictionary/";
constexpr std::string_view pathways_prefix = "pathways/";

/// What every entry adds beside its own rows; the state row last.
void fold_end(views::WorkLayer& work, Folded& folded, const apply::EntryFacts& facts) {
  std::vector<journal::Node> completed;
  folded.tree.append(facts.hash, completed);
  for (const journal::Node& node : completed) {
    views::write_tree_node(work, views::TreeNode{node.id.level, node.id.index}, node.hash);
  }
  work.put(views::Table::meta, views::state_key, views::encode(folded.state));
}

}  // namespace

Result<Folded> read_folded(const views::Reader& reader) {
  Folded folded;
  TRY(folded.state, views::read_state(reader));
  // The peaks of a tree of n leaves are one complete node for each bit of n, the largest first.
  const std::uint64_t size = folded.state.position.value;
  std::vector<Hash> peaks;
  std::uint64_t before = 0;
  for (int level = 63; level >= 0; --level) {
    const std::uint64_t leaves = std::uint64_t{1} << static_cast<unsigned>(level);
    if ((size & leaves) == 0) {
      continue;
    }
    const views::TreeNode node{static_cast<std::uint8_t>(level),
                               before >> static_cast<unsigned>(level)};
    TRY(const auto hash, views::read_tree_node(reader, node));
    if (!hash) {
      return fail(Code::corrupt,
                  fmt::format("view: node {} of level {} of the Merkle tree is missing; rebuild",
                              node.index, level));
    }
    peaks.push_back(*hash);
    before += leaves;
  }
  folded.tree = journal::Frontier(size, std::move(peaks));
  return folded;
}

Bytes dictionary_key(Position position) {
  Bytes key(dictionary_prefix);
  append_big(key, position.value);
  return key;
}

Bytes pathways_key(Position position) {
  Bytes key(pathways_prefix);
  append_big(key, position.value);
  return key;
}

Result<std::shared_ptr<const pathway::Definitions>> load_pathways(const views::Reader& reader,
                                                                  const views::State& state) {
  if (state.pathways.value == 0) {
    return nullptr;
  }
  TRY(const auto payload, reader.get(views::Table::meta, pathways_key(state.pathways)));
  if (!payload) {
    return fail(Code::corrupt, fmt::format("view: the pathways of entry {} are missing; run "
                                           "`holdfast rebuild`",
                                           state.pathways.value));
  }
  TRY(auto files, pathway::decode_files(*payload));
  return pathway::Definitions::read(std::move(files));
}

Result<void> load_dictionaries(const views::Reader& reader, views::BodyCodec& codec) {
  const auto cursor =
      reader.scan(views::Table::meta, dictionary_prefix, views::after_prefix(dictionary_prefix),
                  views::Direction::forward);
  for (; cursor->valid(); cursor->next()) {
    ByteReader key(cursor->key().substr(dictionary_prefix.size()));
    TRY(auto dictionary, views::Dictionary::load(key.big<std::uint64_t>(), Bytes(cursor->value())));
    codec.add(std::move(dictionary));
  }
  return cursor->status();
}

Result<void> fold_command(views::WorkLayer& work, Folded& folded, const decide::Prepared& prepared,
                          const Outcome& outcome, const apply::Composed& composed,
                          const apply::EntryFacts& facts, const apply::Tools& tools) {
  TRY_OK(apply::apply(work, folded.state, prepared, outcome, composed, facts, tools));
  const Command& command = prepared.command;
  if (command.key_origin == KeyOrigin::given && tools.planted != Bug::forget_idempotency_key) {
    views::write_request(work, command.key, views::Request{facts.position, command.request_hash});
  }
  fold_end(work, folded, facts);
  return ok();
}

Result<void> learn(views::BodyCodec& codec, Position position, BytesView dictionary) {
  TRY(auto loaded, views::Dictionary::load(position.value, Bytes(dictionary)));
  codec.add(std::move(loaded));
  return ok();
}

Result<void> learn_all(journal::Reader& reader, Known known) {
  auto cursor = reader.from(Position{1});
  for (;;) {
    TRY(const auto header, cursor.next_header());
    if (!header) {
      return ok();
    }
    const auto kind = static_cast<EntryKind>(header->kind);
    if (kind != EntryKind::dictionary && kind != EntryKind::definitions) {
      continue;
    }
    TRY(const journal::Record record, reader.read(header->position));
    TRY(const Bytes payload, unpack(static_cast<Stored>(header->flags), record.command()));
    if (kind == EntryKind::dictionary) {
      TRY_OK(learn(known.codec, header->position, payload));
    } else {
      TRY_OK(known.epochs.learn(header->position, payload));
    }
  }
}

Result<void> fold_other(views::WorkLayer& work, Folded& folded, EntryKind kind, BytesView payload,
                        const apply::EntryFacts& facts, const Epoch* epoch) {
  TRY_OK(apply::apply_nothing(work, folded.state, facts));
  if (kind == EntryKind::dictionary) {
    work.put(views::Table::meta, dictionary_key(facts.position), payload);
  } else if (kind == EntryKind::definitions) {
    check(epoch != nullptr, "who folds definitions has compiled them");
    folded.state.definitions = facts.position;
    work.put(views::Table::meta, definitions_key(facts.position), payload);
    work.put(views::Table::meta, catalogue_key, encode_catalogue(epoch->catalogue));
  } else if (kind == EntryKind::pathways) {
    folded.state.pathways = facts.position;
    work.put(views::Table::meta, pathways_key(facts.position), payload);
  } else if (kind == EntryKind::activation) {
    TRY(const Activation activation, decode_activation(payload));
    if (activation.definitions == folded.state.definitions) {
      folded.state.active = activation.definitions;
    }
  }
  fold_end(work, folded, facts);
  return ok();
}

Result<Ready> prepare_record(const journal::Record& record, fhir::JsonReader& reader,
                             Epochs& epochs) {
  const journal::Header& header = record.header;
  Ready ready;
  ready.facts = apply::EntryFacts{header.position, header.time, header.hash};
  ready.kind = static_cast<EntryKind>(header.kind);
  switch (ready.kind) {
    case EntryKind::command: {
      TRY(auto entry, decode_entry(record));
      for (const Operation& operation : entry.first.operations) {
        ready.bytes += operation.body.size();
      }
      TRY(ready.prepared, decide::prepare(std::move(entry.first), reader, *epochs.newest().params));
      ready.outcome = std::move(entry.second);
      TRY_OK(decide::prepare_made(ready.prepared, ready.outcome, reader, *epochs.newest().params));
      ready.composed = apply::compose(ready.prepared, ready.outcome, ready.facts.time);
      for (const apply::Composed::Body& body : ready.composed.bodies) {
        ready.bytes += body.bytes.size();
      }
      return ready;
    }
    case EntryKind::audit:
    case EntryKind::dictionary:
    case EntryKind::definitions:
    case EntryKind::activation:
    case EntryKind::pathways: {
      TRY(ready.payload, unpack(static_cast<Stored>(header.flags), record.command()));
      ready.bytes = ready.payload.size();
      if (ready.kind == EntryKind::definitions) {
        TRY_OK(epochs.learn(header.position, ready.payload));
      }
      return ready;
    }
  }
  return fail(Code::corrupt,
              fmt::format("entry {} is of kind {}, which this version does not know; use the "
                          "version that wrote it, or a newer one",
                          header.position.value, header.kind));
}

Result<void> fold_ready(views::WorkLayer& work, Folded& folded, const Ready& entry, Known known,
                        fhir::JsonReader& reader, Bug planted) {
  if (entry.kind == EntryKind::command) {
    return fold_command(work, folded, entry.prepared, entry.outcome, entry.composed, entry.facts,
                        {known.codec, reader, *known.epochs.newest().params, planted});
  }
  if (entry.kind == EntryKind::dictionary) {
    TRY_OK(learn(known.codec, entry.facts.position, entry.payload));
  }
  return fold_other(work, folded, entry.kind, entry.payload, entry.facts,
                    known.epochs.at(entry.facts.position));
}

Result<std::pair<Command, Outcome>> decode_entry(const journal::Record& record) {
  if (record.redacted != journal::Redacted::none) {
    return fail(Code::unsupported,
                fmt::format("entry {} has been redacted", record.header.position.value));
  }
  TRY(const Bytes plain, unpack(static_cast<Stored>(record.header.flags), record.command()));
  TRY(Command command, decode_command(plain));
  TRY(Outcome outcome, decode_outcome(record.outcome()));
  if (outcome.results.size() != command.operations.size() ||
      outcome.settles == command.settlements.empty() ||
      (!outcome.owed.empty() && outcome.owed.back().delivery >= command.deliveries.size()) ||
      !std::ranges::all_of(outcome.providers, [&](const Provider& one) {
        return one.delivery < command.deliveries.size() &&
               command.deliveries[one.delivery].provision.has_value();
      })) {
    return fail(Code::corrupt, "entry: its outcome is not that of its command");
  }
  return std::pair{std::move(command), std::move(outcome)};
}

}  // namespace holdfast::node
