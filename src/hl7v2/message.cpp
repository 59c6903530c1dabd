// hl7v2/message.cpp: one pass finds segments and fields; what is inside a field is found when
// asked.
#include "hl7v2/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "hl7v2/text.h"

namespace holdfast::hl7v2 {
namespace {

constexpr BytesView byte_order_mark = "\xef\xbb\xbf";
constexpr BytesView line_ends = "\r\n";

bool capital(char c) { return c >= 'A' && c <= 'Z'; }
bool digit(char c) { return c >= '0' && c <= '9'; }

bool names_delimiters(BytesView name) { return name == "MSH" || name == "FHS" || name == "BHS"; }

}  // namespace

BytesView Pieces::at(std::size_t number) const {
  BytesView rest = text_;
  for (std::size_t i = 1;; ++i) {
    const std::size_t end = delimiter_ == '\0' ? BytesView::npos : rest.find(delimiter_);
    if (i == number) {
      return rest.substr(0, end);
    }
    if (end == BytesView::npos) {
      return {};
    }
    rest.remove_prefix(end + 1);
  }
}

std::size_t Pieces::count() const {
  if (delimiter_ == '\0') {
    return 1;
  }
  return 1 + static_cast<std::size_t>(std::ranges::count(text_, delimiter_));
}

std::string Subcomponent::text() const {
  return said() == Said::something ? unescaped(raw_, *by_) : std::string();
}

BytesView Segment::raw() const {
  const Message::Extent& extent = message_->segments_[index_];
  return message_->bytes_.substr(extent.begin, extent.end - extent.begin);
}

BytesView Segment::name() const {
  const BytesView all = raw();
  const Message::Extent& extent = message_->segments_[index_];
  return extent.names_delimiters ? all.substr(0, 3)
                                 : all.substr(0, all.find(message_->delimiters_.field));
}

bool Segment::well_named() const {
  const BytesView is = name();
  return is.size() == 3 && capital(is[0]) && (capital(is[1]) || digit(is[1])) &&
         (capital(is[2]) || digit(is[2]));
}

std::size_t Segment::fields() const {
  const Message::Extent& extent = message_->segments_[index_];
  return extent.fields + (extent.names_delimiters ? 1 : 0);
}

Field Segment::field(std::size_t number) const {
  static constexpr Delimiters undivided{
      .component = '\0', .repetition = '\0', .escape = '\0', .subcomponent = '\0'};
  const Message::Extent& extent = message_->segments_[index_];
  if (extent.names_delimiters) {
    if (number == 1) {
      return {message_->bytes_.substr(extent.begin + 3, 1), undivided};
    }
    --number;
  }
  if (number == 0 || number > extent.fields) {
    return {{}, message_->delimiters_};
  }
  const std::size_t at = extent.first_field + number - 1;
  const std::size_t begin = message_->starts_[at];
  const std::size_t end = number == extent.fields ? extent.end : message_->starts_[at + 1] - 1;
  const BytesView raw = message_->bytes_.substr(begin, end - begin);
  return {raw, extent.names_delimiters && number == 1 ? undivided : message_->delimiters_};
}

std::optional<Segment> Message::find(BytesView name, std::size_t number) const {
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    if (segment(i).name() == name && --number == 0) {
      return segment(i);
    }
  }
  return {};
}

Result<void> Message::split(BytesView content, std::uint32_t begin, std::uint32_t next) {
  if (segments_.size() >= segments_max) {
    return fail(Code::too_large, fmt::format("a message of more than {} segments", segments_max));
  }
  Extent extent;
  extent.begin = begin;
  extent.end = begin + static_cast<std::uint32_t>(content.size());
  extent.next = next;
  extent.first_field = static_cast<std::uint32_t>(starts_.size());
  extent.names_delimiters = names_delimiters(content.substr(0, 3)) && content.size() > 3 &&
                            content[3] == delimiters_.field;
  std::size_t at = content.find(delimiters_.field);
  while (at != BytesView::npos) {
    if (starts_.size() >= fields_max) {
      return fail(Code::too_large, fmt::format("a message of more than {} fields", fields_max));
    }
    starts_.push_back(begin + static_cast<std::uint32_t>(at) + 1);
    at = content.find(delimiters_.field, at + 1);
  }
  extent.fields = static_cast<std::uint32_t>(starts_.size()) - extent.first_field;
  segments_.push_back(extent);
  return ok();
}

Result<Message> Message::parse(BytesView bytes) {
  if (bytes.size() > std::numeric_limits<std::uint32_t>::max() / 2) {
    return fail(Code::too_large, "a message of more than 2 GiB");
  }
  Message message;
  message.bytes_ = bytes;
  std::size_t at = bytes.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  at = std::min(bytes.find_first_not_of(line_ends, at), bytes.size());
  message.lead_ = static_cast<std::uint32_t>(at);
  if (!names_delimiters(bytes.substr(at, 3))) {
    return fail(Code::syntax, "a message begins with MSH, a batch with FHS or BHS",
                fmt::format("byte {}", at));
  }
  const BytesView first = bytes.substr(at, bytes.find_first_of(line_ends, at) - at);
  Result<Delimiters> named = read_delimiters(first);
  if (named) {
    message.delimiters_ = *named;
  } else {
    if (named.error().where == "MSH-1") {
      return std::unexpected(std::move(named).error());
    }
    message.delimiters_ = {.field = first[3],
                           .component = '\0',
                           .repetition = '\0',
                           .escape = '\0',
                           .subcomponent = '\0'};
    message.fault_ = std::move(named).error();
  }
  while (at < bytes.size()) {
    const std::size_t end = std::min(bytes.find_first_of(line_ends, at), bytes.size());
    const std::size_t next = std::min(bytes.find_first_not_of(line_ends, end), bytes.size());
    TRY_OK(message.split(bytes.substr(at, end - at), static_cast<std::uint32_t>(at),
                         static_cast<std::uint32_t>(next)));
    at = next;
  }
  return message;
}

namespace {

template <class Inside>
void join(Bytes& into, const Pieces& pieces, char delimiter, Inside inside) {
  bool first = true;
  for (const BytesView piece : pieces) {
    if (!first) {
      into.push_back(delimiter);
    }
    first = false;
    inside(piece);
  }
}

void encode_field(Bytes& into, const Field& field, const Delimiters& by) {
  join(into, field.repetitions(), by.repetition, [&](BytesView repetition) {
    join(into, Repetition(repetition, by).components(), by.component, [&](BytesView component) {
      join(into, Component(component, by).subcomponents(), by.subcomponent,
           [&](BytesView subcomponent) { into += subcomponent; });
    });
  });
}

}  // namespace

Bytes Message::encode() const {
  Bytes into;
  into.reserve(bytes_.size());
  into += bytes_.substr(0, lead_);
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const Extent& extent = segments_[i];
    const Segment is = segment(i);
    into += is.name();
    for (std::size_t number = 1; number <= is.fields(); ++number) {
      if (extent.names_delimiters && number <= 2) {
        into += is.field(number).raw();
        continue;
      }
      into.push_back(delimiters_.field);
      encode_field(into, is.field(number), delimiters_);
    }
    into += bytes_.substr(extent.end, extent.next - extent.end);
  }
  return into;
}

}  // namespace holdfast::hl7v2
