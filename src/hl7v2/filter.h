// hl7v2/filter.h: a condition on a message, for routes and inbound filters.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "hl7v2/message.h"

namespace holdfast::hl7v2 {

/// `MSH-9.1 = 'ADT' and (PID-3[*].4 in ('QE2', 'RXH') or not PV1-2 exists)`
///   PATH = 'text', PATH != 'text'   some value (with [*]: any of them) is, or none is, that text
///   PATH in ('a', 'b')              some value is one of them
///   PATH starts 'text'              some value begins with it
///   PATH exists                     some value is there, `""` too
///   not, and, or, ( )               `and` binds closer than `or`
/// A quote within quotes is doubled. At most 64 deep. Copies share what they are made of.
class Filter {
 public:
  /// Code::syntax says what is expected, and at which character.
  [[nodiscard]] static Result<Filter> parse(std::string_view text);
  [[nodiscard]] bool accepts(const Message& message) const;
  [[nodiscard]] const std::string& text() const { return text_; }

  struct Node;

 private:
  Filter(std::string text, std::shared_ptr<const Node> root)
      : text_(std::move(text)), root_(std::move(root)) {}
  std::string text_;
  std::shared_ptr<const Node> root_;
};

}  // namespace holdfast::hl7v2
