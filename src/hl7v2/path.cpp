// hl7v2/path.cpp: reads a path, follows it, and writes one value where it leads.
#include "hl7v2/path.h"

#include <fmt/format.h>

#include <charconv>

#include "hl7v2/text.h"

namespace holdfast::hl7v2 {
namespace {

constexpr std::uint32_t number_max = 65'535;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<Path> path() {
    Path path;
    TRY(path.segment, name());
    TRY(path.segment_number, occurrence());
    if (at_end()) {
      return path;
    }
    if (!took('-')) {
      return wrong("'-' and the number of a field");
    }
    TRY(path.field, number());
    TRY(path.repetition, occurrence());
    if (took('.')) {
      TRY(path.component, number());
      if (took('.')) {
        TRY(path.subcomponent, number());
      }
    }
    if (!at_end()) {
      return wrong("the end");
    }
    return path;
  }

 private:
  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  bool took(char c) {
    if (at_ < text_.size() && text_[at_] == c) {
      ++at_;
      return true;
    }
    return false;
  }
  [[nodiscard]] std::unexpected<Error> wrong(std::string_view expected) const {
    return fail(Code::syntax,
                fmt::format("'{}' is no path such as PID-5.1 or OBX[2]-5[1].1.2: {} is expected at "
                            "character {}",
                            text_, expected, at_ + 1));
  }
  Result<std::string> name() {
    const std::string_view is = text_.substr(0, 3);
    const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
    const auto fits = [&](char c) { return capital(c) || (c >= '0' && c <= '9'); };
    if (is.size() != 3 || !capital(is[0]) || !fits(is[1]) || !fits(is[2])) {
      return wrong("the name of a segment");
    }
    at_ = 3;
    return std::string(is);
  }
  Result<std::uint32_t> number() {
    std::uint32_t value = 0;
    const char* const end = text_.data() + text_.size();
    const auto [stop, error] = std::from_chars(text_.data() + at_, end, value);
    if (error != std::errc{} || value == 0 || value > number_max) {
      return wrong(fmt::format("a number from 1 to {}", number_max));
    }
    at_ = static_cast<std::size_t>(stop - text_.data());
    return value;
  }
  Result<std::uint32_t> occurrence() {
    if (!took('[')) {
      return 1;
    }
    std::uint32_t value = Path::each;
    if (!took('*')) {
      TRY(value, number());
    }
    if (!took(']')) {
      return wrong("']'");
    }
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string occurrence_text(std::uint32_t number) {
  return number == Path::each ? "[*]" : number == 1 ? "" : fmt::format("[{}]", number);
}

void select_in(const Repetition& repetition, const Path& path, std::vector<BytesView>& found) {
  BytesView raw = repetition.raw();
  if (path.component != 0) {
    const Component component = repetition.component(path.component);
    raw =
        path.subcomponent == 0 ? component.raw() : component.subcomponent(path.subcomponent).raw();
  }
  if (!raw.empty()) {
    found.push_back(raw);
  }
}

void select_in(const Segment& segment, const Path& path, const Delimiters& by,
               std::vector<BytesView>& found) {
  if (path.field == 0) {
    found.push_back(segment.raw());
    return;
  }
  const Field field = segment.field(path.field);
  if (path.repetition != Path::each) {
    // MSH-2 is made of delimiters and divided by none: its own Field knows.
    select_in(field.repetition(path.repetition), path, found);
    return;
  }
  for (const BytesView raw : field.repetitions()) {
    select_in(Repetition(raw, by), path, found);
  }
}

/// `number` of the pieces of `text` replaced, with as many empty ones before it as it takes.
Bytes with_piece(BytesView text, char delimiter, std::uint32_t number, BytesView piece) {
  Bytes made;
  const Pieces pieces(text, delimiter);
  const std::size_t count = std::max<std::size_t>(pieces.count(), number);
  auto at = pieces.begin();
  for (std::size_t i = 1; i <= count; ++i) {
    if (i > 1) {
      made.push_back(delimiter);
    }
    const bool there = at != Pieces::end();
    made += i == number ? piece : there ? *at : BytesView();
    if (there) {
      ++at;
    }
  }
  return made;
}

}  // namespace

Result<Path> Path::parse(std::string_view text) { return Reader(text).path(); }

std::string Path::text() const {
  std::string is = segment + occurrence_text(segment_number);
  if (field != 0) {
    is += fmt::format("-{}{}", field, occurrence_text(repetition));
  }
  if (component != 0) {
    is += fmt::format(".{}", component);
  }
  if (subcomponent != 0) {
    is += fmt::format(".{}", subcomponent);
  }
  return is;
}

std::vector<BytesView> select(const Message& message, const Path& path) {
  std::vector<BytesView> found;
  if (path.segment_number != Path::each) {
    if (const auto segment = message.find(path.segment, path.segment_number)) {
      select_in(*segment, path, message.delimiters(), found);
    }
    return found;
  }
  for (std::size_t i = 0; i < message.segments(); ++i) {
    if (message.segment(i).name() == path.segment) {
      select_in(message.segment(i), path, message.delimiters(), found);
    }
  }
  return found;
}

std::string first_text(const Message& message, const Path& path) {
  const auto found = select(message, path);
  if (found.empty()) {
    return {};
  }
  return Repetition(found.front(), message.delimiters()).text();
}

Result<Bytes> replaced(const Message& message, const Path& path, std::string_view value) {
  const bool header = path.segment == "MSH" && path.field <= 2;
  if (path.field == 0 || header || path.segment_number == Path::each ||
      path.repetition == Path::each || message.fault()) {
    return fail(Code::value, fmt::format("{} is not one value that can be written", path.text()));
  }
  const auto segment = message.find(path.segment, path.segment_number);
  if (!segment) {
    return fail(Code::not_found,
                fmt::format("the message has no {}", path.text().substr(0, path.text().find('-'))));
  }
  const Delimiters& by = message.delimiters();
  if ((path.repetition > 1 && by.repetition == '\0') ||
      (path.component > 1 && by.component == '\0') ||
      (path.subcomponent > 1 && by.subcomponent == '\0')) {
    return fail(Code::value, fmt::format("the message has no delimiter for {}", path.text()));
  }
  const Field field = segment->field(path.field);
  const Repetition repetition = field.repetition(path.repetition);
  Bytes made = escaped(value, by);
  if (path.subcomponent != 0) {
    made = with_piece(repetition.component(path.component).raw(), by.subcomponent,
                      path.subcomponent, made);
  }
  if (path.component != 0) {
    made = with_piece(repetition.raw(), by.component, path.component, made);
  }
  made = with_piece(field.raw(), by.repetition, path.repetition, made);
  const bool separator_is_field = path.segment == "MSH";
  made = with_piece(segment->raw(), by.field, path.field + (separator_is_field ? 0 : 1), made);

  const BytesView whole = message.bytes();
  const auto begin = static_cast<std::size_t>(segment->raw().data() - whole.data());
  Bytes all(whole.substr(0, begin));
  all += made;
  all += whole.substr(begin + segment->raw().size());
  return all;
}

}  // namespace holdfast::hl7v2
