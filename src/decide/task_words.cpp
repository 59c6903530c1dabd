#include "decide/task_words.h"

#include <algorithm>

#include "fhir/member.h"
#include "views/item.h"

namespace holdfast::decide {
namespace {

bool is_output_of(fhir::JsonValue output, std::string_view type) {
  const auto of = output.find("type");
  return of && (fhir::text_member(*of, "text") == type || has_code_of(*of, {std::string(type)}));
}

/// Whether both say the same, in whatever order of members.
bool says_the_same(fhir::JsonValue a, fhir::JsonValue b) {
  if (a.kind() != b.kind() || a.size() != b.size()) {
    return false;
  }
  if (a.is_string()) {
    return a.text() == b.text();
  }
  if (a.is_array()) {
    auto other = b.children().begin();
    for (const fhir::JsonValue one : a.children()) {
      if (!says_the_same(one, *other)) {
        return false;
      }
      ++other;
    }
    return true;
  }
  if (!a.is_object()) {
    return a.raw() == b.raw();
  }
  std::string scratch;
  for (const fhir::JsonValue member : a.children()) {
    const auto other = b.find(member.key(scratch));
    if (!other || !says_the_same(member, *other)) {
      return false;
    }
  }
  return true;
}

/// What the sender says that he gives with this change, though it reads as what was there.
bool says_given(fhir::JsonValue task, std::string_view need) {
  const auto given = said_of_change(task, "given");
  return std::ranges::find(given, need) != given.end();
}

}  // namespace

bool says_something(fhir::JsonValue task, std::string_view element) {
  const auto value = task.find(element);
  if (!value) {
    return false;
  }
  const auto coding = value->find("coding");
  return !fhir::text_member(*value, "text").empty() || (coding && coding->size() > 0);
}

bool has_code_of(fhir::JsonValue coded, const std::vector<std::string>& codes) {
  const auto coding = coded.find("coding");
  if (!coding) {
    return false;
  }
  for (const fhir::JsonValue one : coding->children()) {
    if (std::ranges::find(codes, fhir::text_member(one, "code")) != codes.end()) {
      return true;
    }
  }
  return false;
}

std::optional<fhir::JsonValue> output_of(fhir::JsonValue task, std::string_view type) {
  const auto outputs = task.find("output");
  if (outputs) {
    for (const fhir::JsonValue one : outputs->children()) {
      if (is_output_of(one, type)) {
        return one;
      }
    }
  }
  return {};
}

std::vector<std::string> said_of_change(fhir::JsonValue task, std::string_view part_url) {
  std::vector<std::string> all;
  const auto extensions = task.find("extension");
  if (!extensions) {
    return all;
  }
  for (const fhir::JsonValue one : extensions->children()) {
    const auto parts = fhir::text_member(one, "url") == views::item_extension
                           ? one.find("extension")
                           : std::nullopt;
    if (!parts) {
      continue;
    }
    for (const fhir::JsonValue part : parts->children()) {
      if (fhir::text_member(part, "url") == part_url) {
        all.push_back(fhir::text_member(part, "valueString"));
      }
    }
  }
  return all;
}

std::string reason_text(fhir::JsonValue task) {
  const auto reason = task.find("statusReason");
  std::string text = reason ? fhir::text_member(*reason, "text") : std::string();
  const auto coding = reason ? reason->find("coding") : std::nullopt;
  for (const std::string_view key : {"display", "code"}) {
    if (text.empty() && coding && coding->size() > 0) {
      text = fhir::text_member(*coding->children().begin(), key);
    }
  }
  return text;
}

bool gives_reason(fhir::JsonValue task, fhir::JsonValue stored) {
  const auto now = task.find("statusReason");
  const auto was = stored.find("statusReason");
  return now && says_something(task, "statusReason") &&
         (!was || !says_the_same(*now, *was) || says_given(task, "reason"));
}

std::vector<fhir::JsonValue> outputs_given(fhir::JsonValue task, fhir::JsonValue stored,
                                           std::string_view type) {
  std::vector<fhir::JsonValue> all;
  const auto outputs = task.find("output");
  const auto were = stored.find("output");
  if (!outputs) {
    return all;
  }
  std::optional<fhir::JsonValue> last;
  for (const fhir::JsonValue one : outputs->children()) {
    if (!is_output_of(one, type)) {
      continue;
    }
    bool stood = false;
    if (were) {
      for (const fhir::JsonValue other : were->children()) {
        stood = stood || says_the_same(one, other);
      }
    }
    last = one;
    if (!stood) {
      all.push_back(one);
    }
  }
  if (all.empty() && last && says_given(task, type)) {
    all.push_back(*last);
  }
  return all;
}

std::optional<fhir::JsonValue> output_given(fhir::JsonValue task, fhir::JsonValue stored,
                                            std::string_view type) {
  const auto all = outputs_given(task, stored, type);
  return all.empty() ? std::nullopt : std::optional(all.front());
}

void write_type(fhir::JsonWriter& to, std::string_view system, std::string_view code) {
  to.open("type", '{');
  to.open("coding", '[');
  to.open('{');
  to.text("system", system);
  to.text("code", code);
  to.close('}');
  to.close(']');
  to.close('}');
}

}  // namespace holdfast::decide
