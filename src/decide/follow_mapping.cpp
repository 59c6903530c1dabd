// decide/follow_mapping.cpp: a code or a unit that no clinical table knows is somebody's item: one
// for each and each sender, made with the first value that could not be judged by it. The item's id
// is made from what it is about, so that of ten thousand more such values each costs one read of
// one key.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "decide/following.h"
#include "fhir/json_writer.h"
#include "views/versions.h"

namespace holdfast::decide {
namespace {

/// Task.identifier: what the item is about, for those who look for it.
constexpr std::string_view unmapped_system = "urn:holdfast:unmapped";
/// Somebody may have written Tasks of his own under the ids that we would give: so many are passed.
constexpr int ids_max = 8;
/// Of a code or a unit in sentences.
constexpr std::size_t shown_bytes_max = 200;

std::string shown(std::string_view text) {
  text = text.substr(0, shown_bytes_max);
  return std::string(text.substr(0, find_bad_utf8(text).value_or(text.size())));
}

std::string id_of(std::string_view source, std::string_view key, int attempt) {
  Bytes text;
  append_text(text, unmapped_system);
  append_text(text, source);
  append_text(text, key);
  append_varint(text, static_cast<std::uint64_t>(attempt));
  return uuid_text(sha256(text).view().substr(0, uuid_bytes));
}

Bytes members_of(const clinical::Unmapped& unmapped, std::string_view source,
                 std::string_view observation) {
  fhir::JsonWriter to;
  to.open("identifier", '[');
  to.open('{');
  to.text("system", unmapped_system);
  to.text("value", fmt::format("{}|{}", shown(source), shown(unmapped.key)));
  to.close('}');
  to.close(']');
  to.open("reasonCode", '{');
  if (!unmapped.codes.empty()) {
    to.open("coding", '[');
    for (const clinical::Coding& code : unmapped.codes) {
      to.open('{');
      if (!code.system.empty()) {
        to.text("system", code.system);
      }
      to.text("code", code.code);
      to.close('}');
    }
    to.close(']');
  }
  to.text("text", shown(unmapped.why));
  to.close('}');
  to.open("reasonReference", '{');
  to.text("reference", observation);
  to.close('}');
  return to.take();
}

}  // namespace

std::string Following::source() const {
  const auto& message = prepared_.command.message;
  return message && !message->neighbour.empty() ? message->neighbour
                                                : prepared_.command.principal.name;
}

Result<void> Following::note_unmapped(const clinical::Assessment& assessment,
                                      std::string_view observation) {
  for (const clinical::Unmapped& one : assessment.unmapped) {
    TRY_OK(note_unmapped(one, observation));
  }
  return ok();
}

Result<void> Following::note_unmapped(const clinical::Unmapped& unmapped,
                                      std::string_view observation) {
  const pathway::Definition* const definition = definitions_.of_unknown_codes();
  if (definition == nullptr) {
    return ok();
  }
  const std::string from = source();
  static const fhir::TypeId task = *fhir::type_id("Task");
  std::string id;
  for (int attempt = 0; attempt < ids_max; ++attempt) {
    id = id_of(from, unmapped.key, attempt);
    if (touched_.contains(id)) {
      return ok();
    }
    TRY(const auto there, views::find_item(view_, id));
    if (there) {
      return there->is_open() ? ok() : note_again(id, observation);
    }
    TRY(const auto current, views::read_current(view_, task, id));
    if (!current) {
      break;
    }
    id.clear();
  }
  Touched touched;
  touched.definition = definition;
  views::Item& item = touched.item;
  item.id = id.empty() ? next_id() : id;
  item.pathway = definition->name;
  item.organisation = definitions_.settings().organisation;
  item.opened = rules_.now;
  take_urgency(item, *definition,
               urgency_named(*definition, unmapped.unit.empty() ? "code" : "unit"), {});
  touched.wording.description =
      fmt::format("{}: {}; sent by {}, such as {}",
                  unmapped.unit.empty() ? "Code that results cannot be judged by"
                                        : "Unit that results cannot be judged by",
                  shown(unmapped.why), shown(from), observation);
  touched.wording.more = members_of(unmapped, from, observation);
  pathway::enter(definitions_, *definition, item, *definition->state(definition->unknown_codes),
                 rules_.now, std::nullopt);
  add_made(std::move(touched));
  return ok();
}

// Somebody has said that the table has it now, and the table in force has it not; or that it is
// never judged, and then it stays closed.
Result<void> Following::note_again(const std::string& id, std::string_view observation) {
  TRY(Touched* const touched, touch(id));
  const pathway::Definition* const definition = touched->definition;
  if (definition == nullptr || std::ranges::find(definition->unknown_again, touched->item.state) ==
                                   definition->unknown_again.end()) {
    return ok();
  }
  pathway::enter(definitions_, *definition, touched->item,
                 *definition->state(definition->unknown_codes), rules_.now, std::nullopt);
  touched->why = fmt::format("{} cannot be judged by it either: the table in force is {}",
                             observation, definitions_.clinical().phone.edition.text());
  return ok();
}

}  // namespace holdfast::decide
