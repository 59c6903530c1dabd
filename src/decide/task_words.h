// decide/task_words.h: what a Task says of a change that a person makes: the reason, the outputs,
// and which of them were given with it and did not stand there before. Inside this folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/json.h"
#include "fhir/json_writer.h"

namespace holdfast::decide {

/// Of an element that says something: a text, or a code of it.
[[nodiscard]] bool says_something(fhir::JsonValue task, std::string_view element);
[[nodiscard]] bool has_code_of(fhir::JsonValue coded, const std::vector<std::string>& codes);
/// The output of that type: by text or by code.
[[nodiscard]] std::optional<fhir::JsonValue> output_of(fhir::JsonValue task, std::string_view type);
/// Texts of the parts of our extension that say something of this change only: they are not kept.
/// "act": which act is done, where the state does not say it. "given": "reason" or the type of an
/// output that is given with this change, though it reads as what was there.
[[nodiscard]] std::vector<std::string> said_of_change(fhir::JsonValue task,
                                                      std::string_view part_url);
/// The statusReason in words: the text, else the display or code of its first coding.
[[nodiscard]] std::string reason_text(fhir::JsonValue task);
/// Whether `task` has a statusReason that `stored` had not.
[[nodiscard]] bool gives_reason(fhir::JsonValue task, fhir::JsonValue stored);
/// The output of that type that `stored` had not; nothing where there is none.
[[nodiscard]] std::optional<fhir::JsonValue> output_given(fhir::JsonValue task,
                                                          fhir::JsonValue stored,
                                                          std::string_view type);

/// All of them.
[[nodiscard]] std::vector<fhir::JsonValue> outputs_given(fhir::JsonValue task,
                                                         fhir::JsonValue stored,
                                                         std::string_view type);

/// The `type` of a Task.input or output that has one code. Into an object that is open.
void write_type(fhir::JsonWriter& to, std::string_view system, std::string_view code);

}  // namespace holdfast::decide
