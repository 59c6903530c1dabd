// sim/model.h: what the record should be, in the simplest words there are: maps and strings, one
// command after the other. Shares no code with decide, apply, views or search; what it does not
// understand it refuses to judge.
//
// It knows the bodies that the workload writes: one identifier each ("sim", value), references
// only where the workload puts them.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/command.h"
#include "model/outcome.h"

namespace holdfast::sim {

/// "Patient/p1"
using Name = std::string;

struct ModelVersion {
  std::uint64_t position = 0;
  bool deleted = false;
  std::string identifier;               ///< value of the one identifier in the body; may be empty
  std::string date;                     ///< a day, of birth or of observation; may be empty
  std::vector<std::string> references;  ///< texts of "reference" members, resolved
  std::string tag;                      ///< what the workload marked the body with
};

class Model {
 public:
  /// Runs the command of the entry at `position`; an empty text when `outcome` is what should have
  /// come of it, else what is wrong. Then the outcome expected here counts.
  std::string run(std::uint64_t position, const Command& command, const Outcome& outcome);

  /// Versions 1, 2, … of every resource there ever was.
  [[nodiscard]] const std::map<Name, std::vector<ModelVersion>>& resources() const {
    return resources_;
  }
  /// Names of the type's resources that were there after the entry at `position`, with the version
  /// that was current.
  [[nodiscard]] std::map<Name, std::uint64_t> listing(const std::string& type,
                                                      std::uint64_t position) const;
  /// Versions of the type's resources, or of all where it is empty, that the entries up to
  /// `position` made.
  [[nodiscard]] std::vector<std::pair<Name, std::uint64_t>> history(const std::string& type,
                                                                    std::uint64_t position) const;
  /// The entry that first used a key that was given.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& keys() const { return keys_; }

 private:
  struct Expected {
    Status status{};
    std::string id;
    std::uint64_t version = 0;
    [[nodiscard]] bool makes_version() const {
      return status != Status::matched && status != Status::absent;
    }
  };
  /// What should become of one operation, given those before it; a text where it should have been
  /// refused. `touched`: what the command has changed so far.
  [[nodiscard]] std::string expect(const Operation& operation, std::set<Name>& touched,
                                   Expected& result) const;
  /// The resource that the condition of an update, a removal or a patch means; a text where it
  /// should have been refused.
  [[nodiscard]] std::string select(const Operation& operation, Expected& result) const;
  [[nodiscard]] static std::string compare_patched(const Operation& operation,
                                                   const ModelVersion& before);
  /// The versions that the command leaves, references still as they were sent.
  void record(std::uint64_t position, const std::vector<Operation>& operations,
              const std::vector<Expected>& expected);
  /// Then these: to entries of the same command, and by condition. A text where it should have been
  /// refused.
  [[nodiscard]] std::string resolve(std::uint64_t position,
                                    const std::vector<Operation>& operations,
                                    const std::vector<Expected>& expected);
  /// What was made beside the operations: items, each a version behind the one before.
  [[nodiscard]] std::string record_made(std::uint64_t position, const Outcome& outcome);
  [[nodiscard]] std::vector<Name> with_identifier(const std::string& type,
                                                  const std::string& value) const;
  [[nodiscard]] const ModelVersion* current(const Name& name) const;

  std::map<Name, std::vector<ModelVersion>> resources_;
  std::map<std::string, std::uint64_t> keys_;
};

/// The text between the quotes of the first `"member":"…"` in a body of the workload.
[[nodiscard]] std::string member_text(const std::string& body, const std::string& member);
/// All such texts.
[[nodiscard]] std::vector<std::string> member_texts(const std::string& body,
                                                    const std::string& member);

}  // namespace holdfast::sim
