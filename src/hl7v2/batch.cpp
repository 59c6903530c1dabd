// hl7v2/batch.cpp: walks the segments once and counts what the trailers claim.
#include "hl7v2/batch.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "hl7v2/delimiters.h"
#include "hl7v2/message.h"

namespace holdfast::hl7v2 {
namespace {

constexpr BytesView line_ends = "\r\n";

class Splitter {
 public:
  explicit Splitter(BytesView bytes) : bytes_(bytes) {}

  Result<Batch> run() {
    std::size_t at = bytes_.starts_with("\xef\xbb\xbf") ? 3 : 0;
    at = std::min(bytes_.find_first_not_of(line_ends, at), bytes_.size());
    while (at < bytes_.size()) {
      const std::size_t end = std::min(bytes_.find_first_of(line_ends, at), bytes_.size());
      const std::size_t next = std::min(bytes_.find_first_not_of(line_ends, end), bytes_.size());
      segment(bytes_.substr(at, end - at), at);
      at = next;
    }
    end_message(bytes_.size());
    if (in_batch_) {
      fault("a batch was begun (BHS) and not ended (BTS)");
    }
    if (in_file_) {
      fault("a file was begun (FHS) and not ended (FTS)");
    }
    if (batch_.messages.empty() && !batch_.wrapped) {
      return fail(Code::syntax, "there is no message: no segment MSH, FHS or BHS");
    }
    return std::move(batch_);
  }

 private:
  void fault(std::string what) {
    batch_.faults.push_back({Code::mismatch, std::move(what), {}, {}});
  }

  void end_message(std::size_t at) {
    if (message_) {
      batch_.messages.push_back(bytes_.substr(*message_, at - *message_));
      message_.reset();
      ++in_this_batch_;
    }
  }

  void segment(BytesView segment, std::size_t at) {
    const BytesView name = segment.substr(0, 3);
    if (name == "MSH") {
      end_message(at);
      message_ = at;
    } else if (name == "FHS" || name == "BHS") {
      end_message(at);
      begin(name, segment);
    } else if (name == "BTS" || name == "FTS") {
      end_message(at);
      end(name, segment);
    } else if (!message_) {
      fault(fmt::format(
          "a segment {} at byte {} belongs to no message",
          name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == BytesView::npos
              ? name
              : "without a name",
          at));
    }
  }

  void begin(BytesView name, BytesView segment) {
    batch_.wrapped = true;
    bool& inside = name == "FHS" ? in_file_ : in_batch_;
    if (inside) {
      fault(fmt::format("{} where one is open already", name));
    }
    inside = true;
    if (name == "BHS") {
      ++batches_;
      in_this_batch_ = 0;
    }
    if (const auto header = Message::parse(segment)) {
      by_ = header->delimiters();
      if (header->fault()) {
        fault(fmt::format("{}: {}", name, header->fault()->what));
      }
      const BytesView id = header->header().field(11).raw();
      if (!id.empty() && (name == "BHS" || batch_.control_id.empty())) {
        batch_.control_id = id;
      }
    } else {
      fault(fmt::format("{}: {}", name, header.error().what));
    }
  }

  void end(BytesView name, BytesView segment) {
    batch_.wrapped = true;
    bool& inside = name == "FTS" ? in_file_ : in_batch_;
    if (!inside) {
      fault(fmt::format("{} without {}", name, name == "FTS" ? "FHS" : "BHS"));
    }
    inside = false;
    const std::uint64_t there = name == "FTS" ? batches_ : in_this_batch_;
    if (const auto claimed = count(segment); claimed && *claimed != there) {
      fault(fmt::format("{}-1 counts {} {}, there are {}", name, *claimed,
                        name == "FTS" ? "batches" : "messages", there));
    }
    if (name == "BTS") {
      in_this_batch_ = 0;
    }
  }

  /// BTS-1 or FTS-1; nothing where it says nothing.
  std::optional<std::uint64_t> count(BytesView segment) {
    const BytesView text =
        segment.size() > 4 ? Pieces(segment.substr(4), by_.field).at(1) : BytesView();
    if (text.empty()) {
      return {};
    }
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
      fault(fmt::format("{}-1 is no number", segment.substr(0, 3)));
      return {};
    }
    return value;
  }

  BytesView bytes_;
  Batch batch_;
  Delimiters by_;
  std::optional<std::size_t> message_;
  bool in_file_ = false;
  bool in_batch_ = false;
  std::uint64_t batches_ = 0;
  std::uint64_t in_this_batch_ = 0;
};

}  // namespace

Result<Batch> split_batch(BytesView bytes) { return Splitter(bytes).run(); }

}  // namespace holdfast::hl7v2
