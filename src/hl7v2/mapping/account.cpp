#include "hl7v2/mapping/account.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "base/text.h"
#include "hl7v2/mapping/mapper.h"

namespace holdfast::hl7v2 {
namespace {

/// Of a segment that is none: the beginning of it.
constexpr std::size_t segment_name_bytes_max = 20;

/// Its beginning, in whole characters.
std::string cut(BytesView raw, std::size_t bytes = finding_bytes_max) {
  raw = raw.substr(0, bytes);
  return std::string(raw.substr(0, find_bad_utf8(raw).value_or(raw.size())));
}

class Account {
 public:
  Account(const Reading& reading, const Groups& groups) : reading_(reading), groups_(groups) {}

  Report take(std::string_view structure) {
    report_.structure = std::string(structure);
    // In the order of the message; of one place in the order in which they were found.
    const std::vector<RawFinding>& found = reading_.findings();
    std::vector<std::size_t> order(found.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
      const char* at_a = found[a].raw.data();
      const char* at_b = found[b].raw.data();
      return at_a == at_b ? a < b : std::less<>()(at_a, at_b);
    });
    for (const std::size_t i : order) {
      raw_.push_back(found[i]);
    }
    // What is no part of the message: an overlay's default that could not be read.
    const BytesView all = reading_.message().bytes();
    while (at_ < raw_.size() && std::less<>()(raw_[at_].raw.data(), all.data())) {
      add(Finding{raw_[at_].kind, {}, cut(raw_[at_].raw), raw_[at_].what});
      ++at_;
    }
    for (const Placed& placed : groups_.placed()) {
      segment(placed);
    }
    for (; at_ < raw_.size(); ++at_) {
      add(Finding{raw_[at_].kind, {}, cut(raw_[at_].raw), raw_[at_].what});
    }
    return std::move(report_);
  }

 private:
  void add(Finding finding) { report_.findings.push_back(std::move(finding)); }

  void segment(const Placed& placed) {
    const Segment segment = reading_.message().segment(placed.segment);
    Place place;
    place.segment = cut(segment.name(), segment_name_bytes_max);
    place.number = ++seen(place.segment);
    early_findings(segment.raw(), place);
    const bool is_local = place.segment.starts_with('Z');
    const bool known = segment_row(placed.name) != nullptr;
    if (!placed.expected) {
      const Finding::Kind kind = is_local ? Finding::Kind::local_segment
                                 : known  ? Finding::Kind::unexpected_segment
                                          : Finding::Kind::unknown_segment;
      add({kind, place, cut(segment.raw()),
           is_local ? "is the sender's own"
           : known  ? "has no place in this message"
                    : "is described by no table"});
    }
    const std::size_t first = segment.name() == "MSH" ? 3 : 1;
    for (std::size_t number = first; number <= segment.fields(); ++number) {
      place.field = static_cast<std::uint32_t>(number);
      field(segment.field(number).raw(), place, placed.expected);
    }
  }

  /// Those about the segment as a whole.
  void early_findings(BytesView segment, Place place) {
    while (at_ < raw_.size() && raw_[at_].raw.data() == segment.data()) {
      add({raw_[at_].kind, place, cut(raw_[at_].raw), raw_[at_].what});
      ++at_;
    }
  }

  void field(BytesView raw, Place place, bool expected) {
    if (raw.empty()) {
      return;
    }
    const Delimiters& by = reading_.message().delimiters();
    for (const BytesView repetition : Pieces(raw, by.repetition)) {
      ++place.repetition;
      place.component = 0;
      for (const BytesView component : Pieces(repetition, by.component)) {
        ++place.component;
        place.subcomponent = 0;
        for (const BytesView leaf : Pieces(component, by.subcomponent)) {
          ++place.subcomponent;
          if (leaf.find_first_not_of(' ') != BytesView::npos) {  // blanks say nothing
            value(leaf, place, expected);
          }
        }
      }
    }
  }

  void value(BytesView leaf, const Place& place, bool expected) {
    ++report_.leaves;
    bool named = false;
    for (; at_ < raw_.size() && !std::less<>()(leaf.data(), raw_[at_].raw.data()); ++at_) {
      Place of = place;
      if (raw_[at_].raw.size() > leaf.size()) {  // more than this smallest part is meant
        of.subcomponent = 0;
      }
      add({raw_[at_].kind, of, cut(raw_[at_].raw), raw_[at_].what});
      named = true;
    }
    const auto offset = static_cast<std::size_t>(leaf.data() - reading_.message().bytes().data());
    if (reading_.taken_marks().at(offset)) {
      ++report_.mapped;
    } else if (reading_.aside_marks().at(offset)) {
      ++report_.set_aside;
    } else if (expected && !named) {
      add({Finding::Kind::unmapped, place, cut(leaf), "is taken over by no rule"});
    }
  }

  std::uint32_t& seen(const std::string& name) {
    const auto found =
        std::ranges::find(seen_, name, &std::pair<std::string, std::uint32_t>::first);
    return found != seen_.end() ? found->second : seen_.emplace_back(name, 0).second;
  }

  const Reading& reading_;
  const Groups& groups_;
  Report report_;
  std::vector<RawFinding> raw_;
  std::size_t at_ = 0;  // findings before it are placed
  std::vector<std::pair<std::string, std::uint32_t>> seen_;
};

}  // namespace

Report account_for(const Reading& reading, const Groups& groups, std::string_view structure) {
  return Account(reading, groups).take(structure);
}

}  // namespace holdfast::hl7v2
