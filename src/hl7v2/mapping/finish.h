// hl7v2/mapping/finish.h: the roots of a Mapper become drafts: linked with each other, with
// defaults and keys, each found by its identifiers, numbered, written as JSON. Inside
// src/hl7v2/mapping only.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "fhir/definitions.h"
#include "hl7v2/mapping/map.h"
#include "hl7v2/mapping/mapper.h"

namespace holdfast::hl7v2 {

class Finish {
 public:
  explicit Finish(Mapper& mapper) : mapper_(mapper) {}
  /// Code::required where a resource would lack what FHIR demands of it.
  [[nodiscard]] Result<void> run(Mapped& into);
  /// The number of the draft that a root became; 0 if it became none.
  [[nodiscard]] Local local(std::uint32_t root) const { return states_[root].local; }

 private:
  struct State {
    std::vector<BusinessId> find;
    Local local;
    std::uint32_t same_as = no_root;    ///< an earlier root that stands for it
    std::uint32_t contained = 0;        ///< its number within its owner; 0: it is a draft
    std::uint32_t contained_count = 0;  ///< of an owner
    bool says = false;
  };
  void link(std::uint32_t root);
  [[nodiscard]] std::vector<std::uint32_t> targets(std::uint32_t root, std::uint32_t mask,
                                                   bool all) const;
  void index_roots();
  void set_defaults(std::uint32_t root);
  void set_key(std::uint32_t root);
  bool complete(NodeId of, fhir::StructureId structure, std::uint32_t root);
  [[nodiscard]] std::string key_of(const tables::KeyRow& key, std::uint32_t root);
  void identify(std::uint32_t root);
  void unite(std::uint32_t root);
  void number(std::uint32_t root, Mapped& into);
  [[nodiscard]] std::uint32_t home(std::uint32_t root) const;
  void describe(std::uint32_t root, const Mapped& into, Draft& draft);
  [[nodiscard]] EventTime event_of(std::uint32_t root, const Mapped& into);

  void write(std::uint32_t root, Draft& draft);
  void write_members(NodeId of, Draft& draft);
  void write_value(NodeId of, Draft& draft);
  void write_reference(std::uint32_t target, Draft& draft);

  Mapper& mapper_;
  std::vector<State> states_;
  std::vector<std::uint32_t> ends_;                   // of each group: the last one within it
  std::vector<std::vector<std::uint32_t>> roots_of_;  // of each group, but those behind a Reference
  std::vector<std::uint32_t> own_;     // of each group: bits of the resources that it has
  std::vector<std::uint32_t> within_;  // and of those that it or a group within it has
  std::set<std::string> keys_;         // so far: of which types and values
  std::map<std::string, std::uint32_t> first_of_;  // type and identifier → root
};

/// The event's time at one of these fields of the scope, the first that has one.
[[nodiscard]] EventTime event_time(Mapper& mapper, const Mapper::Scope& scope,
                                   std::initializer_list<EventTime::From> from);

}  // namespace holdfast::hl7v2
