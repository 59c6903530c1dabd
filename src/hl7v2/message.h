// hl7v2/message.h: one message as segments, fields, repetitions, components and subcomponents, over
// bytes that somebody else keeps. Nothing is copied and nothing is lost: encode() gives the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "hl7v2/delimiters.h"

namespace holdfast::hl7v2 {

/// More segments or fields than that are refused: a message of 16 MiB of carriage returns must not
/// cost a hundred times its size.
constexpr std::size_t segments_max = 200'000;
constexpr std::size_t fields_max = 2'000'000;

/// Pieces of a text between a delimiter; one empty piece of an empty text. '\0' divides nothing.
class Pieces {
 public:
  Pieces(BytesView text, char delimiter) : text_(text), delimiter_(delimiter) {}

  class Iterator {
   public:
    using value_type = BytesView;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    Iterator(BytesView rest, char delimiter) : rest_(rest), delimiter_(delimiter) { measure(); }
    BytesView operator*() const { return rest_.substr(0, size_); }
    Iterator& operator++() {
      if (size_ == rest_.size()) {
        ended_ = true;
      } else {
        rest_.remove_prefix(size_ + 1);
        measure();
      }
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator& at, std::default_sentinel_t) { return at.ended_; }

   private:
    void measure() {
      const std::size_t at = delimiter_ == '\0' ? BytesView::npos : rest_.find(delimiter_);
      size_ = at == BytesView::npos ? rest_.size() : at;
    }
    BytesView rest_;
    std::size_t size_ = 0;
    char delimiter_ = '\0';
    bool ended_ = false;
  };
  [[nodiscard]] Iterator begin() const { return {text_, delimiter_}; }
  [[nodiscard]] static std::default_sentinel_t end() { return {}; }
  /// From 1; empty where there are not so many.
  [[nodiscard]] BytesView at(std::size_t number) const;
  [[nodiscard]] std::size_t count() const;

 private:
  BytesView text_;
  char delimiter_;
};

/// What a value says. Chapter 2.5.3: `""` asks the receiver to delete what it has, nothing says
/// nothing.
enum class Said : std::uint8_t { nothing, remove, something };

/// The smallest part.
class Subcomponent {
 public:
  Subcomponent(BytesView raw, const Delimiters& by) : raw_(raw), by_(&by) {}
  [[nodiscard]] BytesView raw() const { return raw_; }
  [[nodiscard]] Said said() const {
    return raw_.empty() ? Said::nothing : raw_ == "\"\"" ? Said::remove : Said::something;
  }
  [[nodiscard]] bool empty() const { return raw_.empty(); }
  /// Without escapes (text.h); empty for `""`.
  [[nodiscard]] std::string text() const;

 private:
  BytesView raw_;
  const Delimiters* by_;
};

class Component {
 public:
  Component(BytesView raw, const Delimiters& by) : raw_(raw), by_(&by) {}
  [[nodiscard]] BytesView raw() const { return raw_; }
  [[nodiscard]] bool empty() const { return raw_.empty(); }
  [[nodiscard]] Pieces subcomponents() const { return {raw_, by_->subcomponent}; }
  [[nodiscard]] Subcomponent subcomponent(std::size_t number) const {
    return {subcomponents().at(number), *by_};
  }
  [[nodiscard]] Said said() const { return subcomponent(1).said(); }
  /// Of the first subcomponent: what a receiver that knows no others reads (section 2.5.3.3).
  [[nodiscard]] std::string text() const { return subcomponent(1).text(); }

 private:
  BytesView raw_;
  const Delimiters* by_;
};

class Repetition {
 public:
  Repetition(BytesView raw, const Delimiters& by) : raw_(raw), by_(&by) {}
  [[nodiscard]] BytesView raw() const { return raw_; }
  [[nodiscard]] bool empty() const { return raw_.empty(); }
  [[nodiscard]] Pieces components() const { return {raw_, by_->component}; }
  [[nodiscard]] Component component(std::size_t number) const {
    return {components().at(number), *by_};
  }
  [[nodiscard]] Said said() const { return component(1).said(); }
  [[nodiscard]] std::string text() const { return component(1).text(); }

 private:
  BytesView raw_;
  const Delimiters* by_;
};

class Field {
 public:
  Field(BytesView raw, const Delimiters& by) : raw_(raw), by_(&by) {}
  [[nodiscard]] BytesView raw() const { return raw_; }
  [[nodiscard]] bool empty() const { return raw_.empty(); }
  [[nodiscard]] Pieces repetitions() const { return {raw_, by_->repetition}; }
  [[nodiscard]] Repetition repetition(std::size_t number) const {
    return {repetitions().at(number), *by_};
  }
  /// Of the first repetition.
  [[nodiscard]] Component component(std::size_t number) const {
    return repetition(1).component(number);
  }
  [[nodiscard]] Said said() const { return repetition(1).said(); }
  [[nodiscard]] std::string text() const { return repetition(1).text(); }

 private:
  BytesView raw_;
  const Delimiters* by_;
};

class Message;

/// One segment of a message; as long-lived as it.
class Segment {
 public:
  Segment(const Message& message, std::size_t index) : message_(&message), index_(index) {}
  /// What stands before its first field separator: three characters in a segment as it should be.
  [[nodiscard]] BytesView name() const;
  /// Whether the name is one: a capital letter, then two capital letters or digits.
  [[nodiscard]] bool well_named() const;
  /// All of it, without its terminator.
  [[nodiscard]] BytesView raw() const;
  /// The highest number of a field that is there; 0 if none is.
  [[nodiscard]] std::size_t fields() const;
  /// From 1; empty where there are not so many. Field 1 of MSH, FHS and BHS is the separator.
  [[nodiscard]] Field field(std::size_t number) const;
  /// Its place in the message, from 0.
  [[nodiscard]] std::size_t index() const { return index_; }

 private:
  const Message* message_;
  std::size_t index_;
};

class Message {
 public:
  /// `bytes` must outlive the message; they may begin with a byte order mark or line ends. CR, LF
  /// and both together end a segment. A segment whose name is not one is kept, as anything else.
  /// Code::syntax where the first segment is not MSH, FHS or BHS, or its MSH-1 separates nothing;
  /// Code::too_large beyond segments_max or fields_max.
  /// Encoding characters that cannot be (delimiters.h) leave a message of which only fields are
  /// told apart: see fault().
  [[nodiscard]] static Result<Message> parse(BytesView bytes);

  [[nodiscard]] const Delimiters& delimiters() const { return delimiters_; }
  /// Why its components cannot be told apart, if so.
  [[nodiscard]] const std::optional<Error>& fault() const { return fault_; }
  [[nodiscard]] std::size_t segments() const { return segments_.size(); }
  [[nodiscard]] Segment segment(std::size_t index) const { return {*this, index}; }
  /// The `number`th (from 1) of that name, if there is one.
  [[nodiscard]] std::optional<Segment> find(BytesView name, std::size_t number = 1) const;
  [[nodiscard]] Segment header() const { return segment(0); }

  [[nodiscard]] BytesView bytes() const { return bytes_; }
  /// Put together again from its smallest parts: equal to bytes(), whatever came in.
  [[nodiscard]] Bytes encode() const;

 private:
  friend class Segment;
  struct Extent {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;          // of its content
    std::uint32_t next = 0;         // behind its terminator
    std::uint32_t first_field = 0;  // into starts_: where each field begins
    std::uint32_t fields = 0;
    bool names_delimiters = false;  // its field 1 is the separator itself
  };
  Message() = default;
  Result<void> split(BytesView content, std::uint32_t begin, std::uint32_t next);

  BytesView bytes_;
  std::uint32_t lead_ = 0;  // bytes before the first segment
  Delimiters delimiters_;
  std::optional<Error> fault_;
  std::vector<Extent> segments_;
  std::vector<std::uint32_t> starts_;
};

}  // namespace holdfast::hl7v2
