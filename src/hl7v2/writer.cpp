// hl7v2/writer.cpp: counts where it is and writes the delimiters between.
#include "hl7v2/writer.h"

#include <utility>

#include "base/check.h"
#include "hl7v2/text.h"

namespace holdfast::hl7v2 {

Writer::Writer(Delimiters by, std::string_view header) : by_(by) {
  made_ += header;
  made_.push_back(by_.field);
  for (const char c :
       {by_.component, by_.repetition, by_.escape, by_.subcomponent, by_.truncation}) {
    if (c != '\0') {
      made_.push_back(c);
    }
  }
  field_ = 2;
}

void Writer::advance(std::size_t& at, std::size_t to, char delimiter) {
  check(to >= at, "a message is written from its left to its right");
  made_.append(to - at, delimiter);
  at = to;
}

Writer& Writer::segment(std::string_view name) {
  made_.push_back('\r');
  made_ += name;
  field_ = 0;
  component_ = subcomponent_ = 1;
  return *this;
}

Writer& Writer::field(std::size_t number) {
  check(number > field_, "each field is written once, in order");
  advance(field_, number, by_.field);
  component_ = subcomponent_ = 1;
  return *this;
}

Writer& Writer::repetition() {
  made_.push_back(by_.repetition);
  component_ = subcomponent_ = 1;
  return *this;
}

Writer& Writer::component(std::size_t number) {
  if (number > component_) {
    subcomponent_ = 1;
  }
  advance(component_, number, by_.component);
  return *this;
}

Writer& Writer::subcomponent(std::size_t number) {
  advance(subcomponent_, number, by_.subcomponent);
  return *this;
}

Writer& Writer::text(std::string_view text) {
  append_escaped(made_, text, by_);
  return *this;
}

Writer& Writer::raw(BytesView raw) {
  made_ += raw;
  return *this;
}

Bytes Writer::take() {
  made_.push_back('\r');
  return std::move(made_);
}

}  // namespace holdfast::hl7v2
