// A message that was mapped, rendered and mapped again says the same: whatever one of the sample
// messages became, and whatever our tables carry of it, comes back. Each exception is in
// round_trip.csv with its reason.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "fhir/test_data.h"
#include "hl7v2/batch.h"
#include "hl7v2/mapping/map.h"
#include "hl7v2/rendering/mapped_record.h"
#include "hl7v2/rendering/rendering_testing.h"
#include "hl7v2/test_data.h"

namespace holdfast::hl7v2 {
namespace {

using Lines = std::multiset<std::string>;

/// The values of a record's resources, to be compared.
class Values {
 public:
  explicit Values(const MappedRecord& record) : record_(record) {}

  /// Every value of a resource and of what it refers to, each resource once and the nearest first:
  /// its path without numbers, and the value. Without what `left` names.
  [[nodiscard]] Lines lines(const std::string& resource, const std::vector<Left>& left) {
    Lines all;
    std::set<std::string> seen{resource};
    std::set<std::string> known;
    for (const Left& one : left) {
      known.insert(fmt::format("{} {}", one.resource, one.path));
    }
    to_ = &all;
    left_ = &known;
    seen_ = &seen;
    waiting_ = {{resource, resource.substr(0, resource.find('/'))}};
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      const auto [name, path] = waiting_[i];
      fhir::JsonReader reader;
      Result<fhir::Json> json = reader.read(record_.resources.at(name));
      EXPECT_TRUE(json.has_value()) << record_.resources.at(name);
      name_ = name;
      walk(*json, json->root(), path);
    }
    return all;
  }

 private:
  void walk(const fhir::Json& json, fhir::JsonValue value, const std::string& path) {
    if (value.is_array()) {
      for (const fhir::JsonValue one : value.children()) {
        walk(json, one, path);
      }
    } else if (value.is_object()) {
      if (const auto reference = value.find("reference")) {
        if (!left_->contains(fmt::format("{} {}", name_, json.path(reference->index())))) {
          follow(json, reference->text(), path);
        }
      }
      for (const fhir::JsonValue one : value.children()) {
        const BytesView key = one.raw_key();
        const bool is_url = key == "url" && !path.ends_with("ttachment");
        if (key != "id" && key != "contained" && key != "reference" && key != "resourceType" &&
            !is_url) {
          walk(json, one, fmt::format("{}.{}", path, key));
        }
      }
    } else if (!left_->contains(fmt::format("{} {}", name_, json.path(value.index())))) {
      to_->insert(
          fmt::format("{}={}", path, value.is_string() ? value.text() : std::string(value.raw())));
    }
  }
  void follow(const fhir::Json& json, const std::string& to_whom, const std::string& path) {
    if (!to_whom.starts_with('#')) {
      if (record_.resources.contains(to_whom) && seen_->insert(to_whom).second) {
        waiting_.emplace_back(to_whom,
                              fmt::format("{}->{}", path, to_whom.substr(0, to_whom.find('/'))));
      }
      return;
    }
    for (const fhir::JsonValue one : json.root().find("contained")->children()) {
      if (one.find("id")->equals(to_whom.substr(1))) {
        walk(json, one, fmt::format("{}->{}", path, one.find("resourceType")->text()));
      }
    }
  }
  const MappedRecord& record_;
  Lines* to_ = nullptr;
  std::set<std::string>* left_ = nullptr;
  std::set<std::string>* seen_ = nullptr;
  std::string name_;
  std::vector<std::pair<std::string, std::string>> waiting_;
};

Envelope envelope_of(const Message& message, std::string_view trigger) {
  Envelope envelope = test_envelope();
  envelope.sending_application = message.header().field(3).raw();
  envelope.sending_facility = message.header().field(4).raw();
  const std::string version = message.header().field(12).text();
  const bool is_known = version >= "2.3" && version <= "2.8" && version.size() <= 5 &&
                        version != "2.5.0" && version != "2.3.0" && version != "2.6.1";
  envelope.version = is_known ? version : "2.5.1";
  envelope.order = trigger.starts_with("ORM") ? OrderMessage::orm : OrderMessage::oml;
  return envelope;
}

struct Exception {
  std::string message;  // prefix of the trigger
  std::string sign;     // - lost, + came in
  std::string path;     // "…" at its end: and what is below; at its beginning: whatever is before
  std::string reason;
  mutable int used = 0;
  [[nodiscard]] bool fits(std::string_view trigger, std::string_view of,
                          std::string_view line) const {
    if (!trigger.starts_with(message) || sign != of) {
      return false;
    }
    const std::string_view at = line.substr(0, line.find('='));
    std::string_view wanted = path;
    const bool open_front = wanted.starts_with("*");
    const bool open_back = wanted.ends_with("*");
    wanted = wanted.substr(open_front ? 1 : 0);
    wanted = wanted.substr(0, wanted.size() - (open_back ? 1 : 0));
    const std::string_view subject = wanted.find('=') == std::string_view::npos ? at : line;
    if (open_front && open_back) {
      return subject.find(wanted) != std::string_view::npos;
    }
    return open_front  ? subject.ends_with(wanted)
           : open_back ? subject.starts_with(wanted)
                       : subject == wanted;
  }
};

std::vector<Exception> exceptions() {
  const Bytes text =
      file_bytes(std::filesystem::path(HOLDFAST_SOURCE_DIR) / "src/hl7v2/rendering/round_trip.csv");
  std::vector<Exception> all;
  for (const BytesView line : Pieces(text, '\n')) {
    if (line.empty() || line.starts_with('#') || line.starts_with("message,")) {
      continue;
    }
    std::vector<std::string> cells;
    std::string_view rest = line;
    for (int i = 0; i < 3; ++i) {
      const std::size_t comma = rest.find(',');
      cells.emplace_back(rest.substr(0, comma));
      rest.remove_prefix(comma + 1);
    }
    all.push_back({cells[0], cells[1], cells[2], std::string(rest)});
    EXPECT_FALSE(rest.empty()) << line << ": the reason is missing";
  }
  return all;
}

/// Least shares in percent of the values of the resources that messages of a type were made of: in
/// the message, and in the message or set aside for a reason.
struct Floor {
  std::uint32_t carried;
  std::uint32_t accounted;
};
const std::map<std::string, Floor>& floors() {
  static const std::map<std::string, Floor> rows = {
#include "hl7v2/rendering/floors.inc"
  };
  return rows;
}
struct Share {
  std::uint64_t values = 0;
  std::uint64_t carried = 0;
  std::uint64_t accounted = 0;
};
void expect_floors(const std::map<std::string, Share>& shares) {
  for (const auto& [type, share] : shares) {
    const std::uint64_t carried = share.carried * 100 / share.values;
    const std::uint64_t accounted = share.accounted * 100 / share.values;
    fmt::print("{:8} {:6} values {:3}% carried {:3}% accounted for\n", type, share.values, carried,
               accounted);
    const auto floor = floors().find(type);
    EXPECT_NE(floor, floors().end())
        << "no floor: {\"" << type << "\", {" << carried << ", " << accounted << "}},";
    if (floor != floors().end()) {
      EXPECT_GE(carried, floor->second.carried) << type;
      EXPECT_GE(accounted, floor->second.accounted) << type;
    }
  }
  for (const auto& [type, floor] : floors()) {
    EXPECT_TRUE(shares.contains(type)) << "no message of " << type << " is rendered any more";
  }
}

struct Tally {
  std::map<std::string, int> differences;  // "ORU^R01 - path" → how often
  std::map<std::string, std::string> example;
  int messages = 0;
  int lines = 0;
  int same = 0;
  int refused = 0;
  int left = 0;  // said to be left, and therefore not looked for
};

/// `all` is what the message said in the beginning, `first` that of it which was not left.
void compare(const std::string& trigger, const Lines& all, const Lines& first, const Lines& second,
             const std::vector<Exception>& allowed, Tally& tally) {
  const auto note = [&](const std::string& line, const char* sign) {
    const auto fits = [&](const Exception& one) { return one.fits(trigger, sign, line); };
    if (const auto known = std::ranges::find_if(allowed, fits); known != allowed.end()) {
      ++known->used;
      return;
    }
    const std::string key = fmt::format("{},{},{}", trigger, sign, line.substr(0, line.find('=')));
    ++tally.differences[key];
    tally.example.try_emplace(key, line.substr(line.find('=')));
  };
  Lines lost;
  Lines gained;
  std::ranges::set_difference(first, second, std::inserter(lost, lost.end()));
  std::ranges::set_difference(second, all, std::inserter(gained, gained.end()));
  for (const std::string& line : lost) {
    note(line, "-");
  }
  for (const std::string& line : gained) {
    note(line, "+");
  }
  tally.lines += static_cast<int>(first.size());
  tally.same += static_cast<int>(first.size() - lost.size());
  ++tally.messages;
}

/// Renders one resource of a mapped message and maps what came of it.
void there_and_back(const Message& message, const Mapped& mapped, const std::string& focus,
                    const std::vector<Exception>& allowed, Tally& tally,
                    std::map<std::string, Share>& shares) {
  MappedRecord first(mapped);
  fhir::JsonReader reader;
  const Envelope envelope = envelope_of(message, mapped.trigger);
  const std::optional<Rendered> made = render_mapped(envelope, first, focus, reader);
  if (!made) {
    ++tally.refused;
    return;
  }
  EXPECT_EQ(render_mapped(envelope, first, focus, reader)->bytes, made->bytes);
  Share& share = shares[made->type];
  share.values += made->values;
  share.carried += made->carried;
  share.accounted += made->carried + made->set_aside;
  const Result<Message> parsed = Message::parse(made->bytes);
  ASSERT_TRUE(parsed.has_value()) << made->bytes;
  const Overlay overlay;
  const IdentifierPolicy policy;
  const Result<Mapped> back = map(*parsed, MapInput{overlay, policy});
  ASSERT_TRUE(back.has_value()) << back.error().what << "\n" << made->bytes;
  MappedRecord second(*back);
  const std::string type = focus.substr(0, focus.find('/') + 1);
  const auto found = std::ranges::find_if(
      second.names, [&](const std::string& name) { return name.starts_with(type); });
  ASSERT_NE(found, second.names.end()) << made->bytes;
  compare(mapped.trigger, Values(first).lines(focus, {}), Values(first).lines(focus, made->left),
          Values(second).lines(*found, {}), allowed, tally);
  tally.left += static_cast<int>(made->left.size());
}

TEST(RoundTrip, WhatASampleBecameSaysTheSameAfterRenderingAndMappingAgain) {
  const auto all = samples();
  HOLDFAST_NEED_SAMPLES(all);
  const Overlay overlay;
  const IdentifierPolicy policy;
  const std::vector<Exception> allowed = exceptions();
  std::map<std::string, Tally> tallies;
  std::map<std::string, Share> shares;
  for (const Sample& sample : all) {
    const Result<Batch> batch = split_batch(sample.bytes);
    for (const BytesView one : batch ? batch->messages : std::vector<BytesView>()) {
      const Result<Message> message = Message::parse(one);
      const auto mapped = message ? map(*message, MapInput{overlay, policy})
                                  : Result<Mapped>(fail(Code::syntax, ""));
      if (!mapped) {
        continue;
      }
      const std::string_view type = focus_type(mapped->trigger, *mapped);
      for (const Draft& draft : mapped->drafts) {
        if (fhir::name(draft.type) == type) {
          ASSERT_NO_FATAL_FAILURE(there_and_back(*message, *mapped,
                                                 MappedRecord::name(*mapped, draft.local), allowed,
                                                 tallies[mapped->trigger], shares))
              << sample.file;
        }
      }
    }
  }
  int refused = 0;
  for (const auto& [trigger, tally] : tallies) {
    fmt::print("{:8} {:3} messages {:5} values, {:5} come back, {:4} are left, {} refused\n",
               trigger, tally.messages, tally.lines, tally.same, tally.left, tally.refused);
    refused += tally.refused;
    for (const auto& [what, count] : tally.differences) {
      const auto example = tally.example.find(what);
      ADD_FAILURE() << what << " " << count << " "
                    << (example == tally.example.end() ? "" : example->second);
    }
  }
  // Six reports of no patient, two orders of no said service.
  EXPECT_EQ(refused, 8);
  expect_floors(shares);
  for (const Exception& one : allowed) {
    EXPECT_GT(one.used, 0) << one.message << "," << one.sign << "," << one.path
                           << ": this exception is not needed any more";
  }
}

}  // namespace
}  // namespace holdfast::hl7v2
