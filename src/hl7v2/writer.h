// hl7v2/writer.h: makes messages: segment by segment, field by field, each text escaped.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "hl7v2/delimiters.h"

namespace holdfast::hl7v2 {

/// `writer.segment("PID"); writer.field(3).component(1).text("12345"); …; writer.take()`.
/// Numbers only grow within what contains them (check): the next field, then its components.
/// Delimiters before what is written are put in, behind it none. Segments end with CR.
class Writer {
 public:
  /// Begins with MSH, FHS or BHS, whose fields 1 and 2 are there then.
  explicit Writer(Delimiters by = {}, std::string_view header = "MSH");

  Writer& segment(std::string_view name);
  Writer& field(std::size_t number);
  /// The next one of this field: its components begin anew.
  Writer& repetition();
  Writer& component(std::size_t number);
  Writer& subcomponent(std::size_t number);
  /// Appends to the current place, escaped.
  Writer& text(std::string_view text);
  /// Appends as it is: a value taken from a message with the same delimiters.
  Writer& raw(BytesView raw);
  /// A field of one text.
  Writer& text(std::size_t field_number, std::string_view text) {
    return field(field_number).text(text);
  }

  [[nodiscard]] Bytes take();

 private:
  void advance(std::size_t& at, std::size_t to, char delimiter);

  Delimiters by_;
  Bytes made_;
  std::size_t field_ = 0;
  std::size_t component_ = 1;
  std::size_t subcomponent_ = 1;
};

}  // namespace holdfast::hl7v2
