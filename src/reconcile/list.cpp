#include "reconcile/list.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/time.h"

namespace holdfast::reconcile {
namespace {

/// "943 476 5919" and "943-476-5919" are written so on paper.
std::string digits_of(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != ' ' && c != '-') {
      digits.push_back(c);
    }
  }
  return digits;
}

/// https://www.datadictionary.nhs.uk/attributes/nhs_number.html: the last digit checks the others.
bool is_nhs_number(std::string_view digits) {
  if (digits.size() != 10 ||
      !std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; })) {
    return false;
  }
  int sum = 0;
  for (int i = 0; i < 9; ++i) {
    sum += (digits[static_cast<std::size_t>(i)] - '0') * (10 - i);
  }
  const int check = 11 - sum % 11;
  return check != 10 && check % 11 == digits[9] - '0';
}

/// What a terminal, a log or FHIR would not take.
void clean(std::string& text) {
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
}

}  // namespace

void Notes::add(std::string_view about, std::string where) {
  Note& note = notes_[std::string(about)];
  ++note.count;
  if (note.named.size() < named_max) {
    note.named.push_back(std::move(where));
  }
}

std::size_t Notes::count(std::string_view about) const {
  const auto at = notes_.find(about);
  return at == notes_.end() ? 0 : at->second.count;
}

Result<void> ListMaker::add(Row row) {
  if (++list_.lines > rows_max) {
    return fail(Code::too_large,
                fmt::format("the list has more than {} lines: send it in parts, each with its own "
                            "period or organisation",
                            rows_max),
                row.place);
  }
  for (std::string* const text : {&row.type, &row.number.system, &row.number.value, &row.nhs_number,
                                  &row.state, &row.kind, &row.authored}) {
    clean(*text);
  }
  if (std::ranges::find(types_compared, row.type) == types_compared.end()) {
    list_.notes.add(note_other_type, fmt::format("{} ({})", row.place, row.type));
    return ok();
  }
  if (row.number.value.empty()) {
    list_.notes.add(note_no_number, row.place);
    return ok();
  }
  if (row.number.system.empty()) {
    row.number.system = row.type == message_type ? control_id_system : default_system_;
  }
  if (!row.authored.empty() && !parse_date_time(row.authored)) {
    list_.notes.add(note_authored, fmt::format("{} ({})", row.place, row.authored));
    row.authored.clear();
  }
  if (!row.nhs_number.empty()) {
    std::string digits = digits_of(row.nhs_number);
    if (!is_nhs_number(digits)) {
      list_.notes.add(note_nhs_number, fmt::format("{} ({})", row.place, row.number.value));
      digits.clear();
    }
    row.nhs_number = std::move(digits);
  }
  const auto [at, fresh] = seen_.try_emplace(row.key(), list_.rows.size());
  if (!fresh) {
    const Row& first = list_.rows[at->second];
    const bool contradicts = first.state != row.state || first.nhs_number != row.nhs_number;
    list_.notes.add(
        note_duplicate,
        fmt::format("{} ({}, {}{})", row.number.value, first.place, row.place,
                    contradicts ? ", which contradict each other: the first counts" : ""));
    return ok();
  }
  list_.rows.push_back(std::move(row));
  return ok();
}

}  // namespace holdfast::reconcile
