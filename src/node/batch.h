// node/batch.h: what the sequencer decides together. Inside this folder only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "node/sequencer.h"

namespace holdfast::node {

/// One command on its way; lives in the frame of submit().
struct Sequencer::Submission {
  Submission(Executor& from, decide::Prepared given) : prepared(std::move(given)), answer(from) {}
  decide::Prepared prepared;
  Packed packed;
  Answer<Result<Committed>> answer;
};

/// What is being decided together.
struct Sequencer::Batch {
  views::WorkLayer work;
  Folded folded;
  Time time;
  std::size_t operations = 0;
  std::uint64_t entries = 0;
  bool seal = false;
  std::shared_ptr<const Note> note;    ///< to be learned once it is durable
  std::unique_ptr<const Epoch> epoch;  ///< of definitions
  std::shared_ptr<const pathway::Definitions> pathways;
  Result<Position> note_answer = Position{};
  bool note_answered = false;
  std::vector<std::pair<Submission*, Result<Committed>>> answers;
  std::vector<std::string> owed;  ///< channels that something new is owed to

  /// What is decided on is asked for once, and most of it is written into at once.
  static std::shared_ptr<const views::Reader> below(std::shared_ptr<const views::View> view) {
    auto plain = view->plain();
    return plain ? plain : view;
  }
  Batch(std::shared_ptr<const views::View> view, Folded start)
      : work(below(std::move(view)), load_little<std::uint64_t>(start.state.chain.view().data())),
        folded(std::move(start)) {}
};

}  // namespace holdfast::node
