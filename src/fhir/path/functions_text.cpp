// fhir/path/functions_text.cpp: functions of texts. Positions count characters, from 0.
// https://hl7.org/fhirpath/N1/#string-manipulation, and encode(), escape(), trim(), split(),
// join(), matchesFull() of https://hl7.org/fhirpath/#additional-string-functions
#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "fhir/path/letters.h"
#include "fhir/path/machine.h"
#include "fhir/path/pattern.h"
#include "fhir/path/transcode.h"

namespace holdfast::fhir::path {
namespace {

/// Bytes that a large automaton looks at while another step is done.
constexpr std::size_t match_bytes_of_step = 4;

}  // namespace

bool Machine::text_function(const Step& step, const Frame& frame, std::size_t base) {
  if (step.op == Op::join) {
    return join(step, frame, base);
  }
  std::optional<Value> value;
  if (!one(step, base, value)) {
    return false;
  }
  if (!value) {
    drop(base);
    return true;
  }
  if (value->kind() != ValueKind::string) {
    return fail(step, Code::value,
                fmt::format("a text is needed, not {}", type_text(value->type())));
  }
  const std::string_view text = value->string();
  if (!spend(text.size() / 64)) {
    return false;
  }
  switch (step.op) {
    case Op::upper: return answer(base, make_text(upper(text)));
    case Op::lower: return answer(base, make_text(lower(text)));
    case Op::trim: return answer(base, Value::of(stripped(text)));
    case Op::length: return answer(base, Value::of(static_cast<std::int64_t>(characters(text))));
    case Op::to_chars:
      drop(base);
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t bytes = character_bytes(text, at);
        if (!push(Value::of(text.substr(at, bytes)))) {
          return false;
        }
        at += bytes;
      }
      return spend(text.size());
    case Op::substring: return substring(step, frame, base, text);
    case Op::matches:
    case Op::matches_full: return match(step, frame, base, text);
    case Op::replace:
    case Op::replace_matches: return replace(step, frame, base, text);
    default: return text_with_argument(step, frame, base, text);
  }
}

bool Machine::text_with_argument(const Step& step, const Frame& frame, std::size_t base,
                                 std::string_view text) {
  std::optional<std::string_view> argument;
  if (!text_argument(step, 0, frame, argument)) {
    return false;
  }
  if (!argument) {
    drop(base);
    return true;
  }
  const std::string_view other = *argument;
  switch (step.op) {
    case Op::index_of:
    case Op::last_index_of: {
      const std::size_t at = step.op == Op::index_of ? text.find(other) : text.rfind(other);
      return answer(base,
                    Value::of(at == std::string_view::npos
                                  ? std::int64_t{-1}
                                  : static_cast<std::int64_t>(characters(text.substr(0, at)))));
    }
    case Op::starts_with: return answer(base, Value::of(text.starts_with(other)));
    case Op::ends_with: return answer(base, Value::of(text.ends_with(other)));
    case Op::contains_text:
      return answer(base, Value::of(text.find(other) != std::string_view::npos));
    case Op::split: return split(base, text, other);
    default: return transcode(step, base, text, other);
  }
}

bool Machine::substring(const Step& step, const Frame& frame, std::size_t base,
                        std::string_view text) {
  std::optional<std::int64_t> start;
  std::optional<std::int64_t> count;
  if (!whole_argument(step, 0, frame, start) ||
      (step.count > 1 && !whole_argument(step, 1, frame, count))) {
    return false;
  }
  drop(base);
  if (!start || *start < 0) {
    return true;
  }
  const std::size_t begin = offset_of(text, static_cast<std::size_t>(*start));
  if (begin >= text.size()) {
    return true;
  }
  const std::string_view rest = text.substr(begin);
  if (!count) {
    return push(Value::of(rest));
  }
  const auto wanted = static_cast<std::size_t>(std::max<std::int64_t>(*count, 0));
  return push(Value::of(rest.substr(0, offset_of(rest, wanted))));
}

const re2::RE2* Machine::pattern(const Step& step, std::string_view text) {
  if (step.data != 0) {
    return &program_->pattern(step.data - 1);
  }
  constexpr std::size_t kept_max = 8;
  const auto known = std::ranges::find(patterns_, text, &KeptPattern::text);
  if (known != patterns_.end()) {
    return known->pattern.get();
  }
  constexpr std::uint64_t pattern_steps = 10'000;  // as long as that many others take
  if (!spend(pattern_steps)) {
    return nullptr;
  }
  auto made = make_pattern(text);
  if (!made) {
    fail(step, made.error().code, made.error().what);
    return nullptr;
  }
  if (patterns_.size() == kept_max) {
    patterns_.erase(patterns_.begin());
  }
  patterns_.push_back({std::string(text), *std::move(made)});
  return patterns_.back().pattern.get();
}

bool Machine::match(const Step& step, const Frame& frame, std::size_t base, std::string_view text) {
  std::optional<std::string_view> argument;
  if (!text_argument(step, 0, frame, argument)) {
    return false;
  }
  if (!argument) {
    drop(base);
    return true;
  }
  const re2::RE2* compiled = pattern(step, *argument);
  return compiled != nullptr && spend(text.size() / match_bytes_of_step) &&
         answer(base, Value::of(step.op == Op::matches ? is_found(*compiled, text)
                                                       : is_match(*compiled, text)));
}

bool Machine::replace(const Step& step, const Frame& frame, std::size_t base,
                      std::string_view text) {
  std::optional<std::string_view> wanted;
  std::optional<std::string_view> by;
  if (!text_argument(step, 0, frame, wanted) || !text_argument(step, 1, frame, by)) {
    return false;
  }
  drop(base);
  if (!wanted || !by) {
    return true;
  }
  const std::size_t left =
      surroundings_->limits.bytes - std::min(surroundings_->limits.bytes, arena_.bytes());
  if (step.op == Op::replace_matches) {
    if (wanted->empty()) {
      return push(Value::of(text));
    }
    const re2::RE2* compiled = pattern(step, *wanted);
    if (compiled == nullptr || !spend(text.size() / match_bytes_of_step)) {
      return false;
    }
    const auto result = replaced(*compiled, text, *by, left);
    return result ? push(make_text(*result)) : fail(step, result.error().code, result.error().what);
  }
  // An empty pattern stands before and behind each character.
  std::string result;
  std::size_t at = 0;
  while (at < text.size()) {
    if (result.size() > left) {
      return refuse_cost();
    }
    if (wanted->empty()) {
      const std::size_t bytes = character_bytes(text, at);
      result.append(*by).append(text.substr(at, bytes));
      at += bytes;
      continue;
    }
    const std::size_t found = text.find(*wanted, at);
    if (found == std::string_view::npos) {
      break;
    }
    result.append(text.substr(at, found - at)).append(*by);
    at = found + wanted->size();
  }
  result.append(text.substr(at));
  if (wanted->empty()) {
    result.append(*by);
  }
  return push(make_text(result));
}

bool Machine::join(const Step& step, const Frame& frame, std::size_t base) {
  const std::size_t end = stack_.size();
  std::optional<std::string_view> by;
  if (step.count > 0 && !text_argument(step, 0, frame, by)) {
    return false;
  }
  std::string joined;
  bool any = false;
  for (std::size_t i = base; i < end; ++i) {
    const auto value = system_value(stack_[i], arena_);
    if (!value) {
      continue;
    }
    if (value->kind() != ValueKind::string) {
      return fail(step, Code::value,
                  fmt::format("texts are joined, not {}", type_text(value->type())));
    }
    joined.append(any ? by.value_or("") : "").append(value->string());
    any = true;
    if (joined.size() > surroundings_->limits.bytes) {
      return refuse_cost();
    }
  }
  drop(base);
  return !any || push(make_text(joined));
}

bool Machine::split(std::size_t base, std::string_view text, std::string_view by) {
  drop(base);
  if (by.empty()) {
    return push(Value::of(text));
  }
  while (true) {
    const std::size_t at = text.find(by);
    if (!push(Value::of(text.substr(0, at)))) {
      return false;
    }
    if (at == std::string_view::npos) {
      return true;
    }
    text.remove_prefix(at + by.size());
  }
}

bool Machine::transcode(const Step& step, std::size_t base, std::string_view text,
                        std::string_view how) {
  std::optional<std::string> result;
  bool known = false;
  switch (step.op) {
    case Op::encode: known = encode(text, how, result); break;
    case Op::decode: known = decode(text, how, result); break;
    case Op::escape: known = escape(text, how, result); break;
    default: known = unescape(text, how, result); break;
  }
  if (!known) {
    return fail(step, Code::value, fmt::format("'{}' is not a form that is known here", how));
  }
  drop(base);
  return !result || push(make_text(*result));
}

}  // namespace holdfast::fhir::path
