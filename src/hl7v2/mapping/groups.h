// hl7v2/mapping/groups.h: a message as the groups of its structure. Real messages leave out, repeat
// and reorder segments; so a group begins where a segment that opens it comes, and what stands
// behind belongs to the innermost open group that knows such a segment. Inside src/hl7v2/mapping
// only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "hl7v2/mapping/tables.h"
#include "hl7v2/message.h"

namespace holdfast::hl7v2 {

/// One occurrence of a group. The first is the message itself.
struct GroupInstance {
  std::uint16_t group = 0;   ///< within the structure
  std::uint32_t parent = 0;  ///< an instance; the message is its own
  std::uint32_t first = 0;  ///< of its own segments: one more than the place in placed(); 0 is none
  std::uint32_t last = 0;
};
/// A segment and where it belongs.
struct Placed {
  std::uint32_t segment = 0;
  tables::SegmentName name = 0;
  std::uint32_t instance = 0;
  bool expected = true;    ///< the structure has a place for it
  std::uint32_t next = 0;  ///< the next one of the same instance, as GroupInstance::first
};

class Groups {
 public:
  Groups(const Message& message, const tables::StructureRow& structure);

  [[nodiscard]] const std::vector<Placed>& placed() const { return placed_; }
  [[nodiscard]] const GroupInstance& at(std::uint32_t instance) const {
    return instances_[instance];
  }
  [[nodiscard]] std::uint32_t count() const {
    return static_cast<std::uint32_t>(instances_.size());
  }
  [[nodiscard]] const tables::GroupRow& row(std::uint32_t instance) const {
    return tables::groups[structure_.first_group + instances_[instance].group];
  }
  /// Whether `inner` is `outer` or lies within it.
  [[nodiscard]] bool within(std::uint32_t inner, std::uint32_t outer) const;
  /// The instance of `group` that `inner` is or lies within.
  [[nodiscard]] std::optional<std::uint32_t> around(std::uint32_t inner, std::uint16_t group) const;
  /// The segment of that name that a rule at `segment` of `instance` means: the last one before it
  /// in the same group, else the first one in it, else the same in the groups around it, else the
  /// first one of the message. Its index in the message.
  [[nodiscard]] std::optional<std::uint32_t> find(tables::SegmentName name, std::uint32_t instance,
                                                  std::uint32_t segment) const;

 private:
  void place(std::uint32_t segment, tables::SegmentName name);
  bool place_in(std::uint32_t instance, std::uint32_t segment, tables::SegmentName name);
  bool place_anywhere(std::uint32_t segment, tables::SegmentName name);
  std::uint32_t open(std::uint16_t group, std::uint32_t parent);
  void put(std::uint32_t segment, tables::SegmentName name, std::uint32_t instance, bool expected);
  [[nodiscard]] bool joins(std::uint32_t instance, tables::SegmentName name) const;

  const tables::StructureRow& structure_;
  std::vector<Placed> placed_;
  std::vector<GroupInstance> instances_;
  std::uint32_t current_ = 0;
};

}  // namespace holdfast::hl7v2
