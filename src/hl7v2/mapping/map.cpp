#include "hl7v2/mapping/map.h"

#include <fmt/format.h>

#include <algorithm>

#include "hl7v2/mapping/account.h"
#include "hl7v2/mapping/actions.h"
#include "hl7v2/mapping/finish.h"
#include "hl7v2/mapping/mapper.h"

namespace holdfast::hl7v2 {
namespace {

std::string type_of(const Message& message) {
  const Field type = message.header().field(9);
  return fmt::format("{}^{}", type.component(1).text(), type.component(2).text());
}

const tables::TriggerRow* trigger_row(std::string_view type) {
  const auto* begin = tables::triggers;
  const auto* end = begin + tables::triggers_count;
  const auto* found = std::lower_bound(begin, end, type,
                                       [](const tables::TriggerRow& row, std::string_view wanted) {
                                         return tables::text(row.what) < wanted;
                                       });
  return found != end && tables::text(found->what) == type ? found : nullptr;
}

Local first_of(const std::vector<Draft>& drafts, std::string_view type) {
  const auto found = std::ranges::find_if(
      drafts, [&](const Draft& draft) { return fhir::name(draft.type) == type; });
  return found == drafts.end() ? Local{} : found->local;
}

}  // namespace

Result<Mapped> map(const Message& message, const MapInput& input) {
  if (message.fault()) {
    return fail(*message.fault());
  }
  if (message.segments() > mapped_segments_max) {
    return fail(Code::too_large, fmt::format("{} segments; at most {} are mapped",
                                             message.segments(), mapped_segments_max));
  }
  Mapped mapped;
  mapped.trigger = type_of(message);
  const tables::TriggerRow* trigger = trigger_row(mapped.trigger);
  if (trigger == nullptr) {
    return fail(Code::unsupported, fmt::format("no mapping for {}", mapped.trigger), "MSH-9");
  }
  const tables::StructureRow& structure = tables::structures[trigger->structure];
  Mapper mapper(message, input, structure);
  const Mapper::Scope scope{0, 0, tables::segment_name("MSH"), {}};
  for (std::uint32_t i = 0; i < structure.required; ++i) {
    const tables::RequiredRow& row = tables::required[structure.first_required + i];
    if (mapper.holds(row.condition, scope) && !mapper.groups().find(row.segment, 0, 0)) {
      const char name[] = {static_cast<char>(row.segment & 0xffU),
                           static_cast<char>(row.segment >> 8U & 0xffU),
                           static_cast<char>(row.segment >> 16U & 0xffU)};
      return fail(Code::required, fmt::format("{} without {}", mapped.trigger,
                                              std::string_view(name, sizeof name)));
    }
  }
  mapped.message_id = message.header().field(10).text();
  mapped.event = event_time(mapper, scope, {EventTime::From::evn_2, EventTime::From::msh_7});
  mapper.run();
  Finish finish(mapper);
  TRY_OK(finish.run(mapped));
  mapped.patient = first_of(mapped.drafts, "Patient");
  mapped.encounter = first_of(mapped.drafts, "Encounter");
  TRY_OK(add_actions(mapper, finish, *trigger, mapped));
  mapped.report = account_for(mapper.reading(), mapper.groups(), tables::text(structure.name));
  return mapped;
}

std::optional<std::string_view> structure_for(const Message& message) {
  const tables::TriggerRow* trigger = trigger_row(type_of(message));
  return trigger == nullptr
             ? std::nullopt
             : std::optional(tables::text(tables::structures[trigger->structure].name));
}

std::optional<FieldName> field_name(std::string_view segment, std::uint32_t field) {
  const tables::SegmentRow* row = segment_row(tables::segment_name(segment));
  if (row == nullptr || field == 0 || field > row->fields) {
    return std::nullopt;
  }
  const tables::FieldRow& found = tables::fields[row->first_field + field - 1];
  return FieldName{tables::text(found.name), tables::text(found.data_type)};
}

}  // namespace holdfast::hl7v2
