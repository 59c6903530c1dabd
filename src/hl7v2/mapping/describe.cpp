// hl7v2/mapping/describe.cpp: what a draft says beside its body: how new it is, and the statuses
// that an exchange acts on.
#include "hl7v2/mapping/finish.h"
#include "hl7v2/time.h"

namespace holdfast::hl7v2 {

EventTime event_time(Mapper& mapper, const Mapper::Scope& scope,
                     std::initializer_list<EventTime::From> from) {
  using From = EventTime::From;
  struct At {
    From from;
    std::string_view segment;
    std::uint16_t field;
  };
  constexpr At fields[] = {{From::evn_2, "EVN", 2},   {From::obr_22, "OBR", 22},
                           {From::obx_14, "OBX", 14}, {From::orc_9, "ORC", 9},
                           {From::txa_7, "TXA", 7},   {From::txa_7, "TXA", 6},
                           {From::txa_7, "TXA", 4},   {From::msh_7, "MSH", 7}};
  for (const From one : from) {
    for (const At& at : fields) {
      if (at.from != one) {
        continue;
      }
      const std::string_view text =
          mapper.text_at({tables::segment_name(at.segment), at.field, 0, 0}, scope);
      Result<FhirTime> time = to_fhir_date_time(text, mapper.reading().overlay().zone);
      if (time) {
        return {one, std::move(time->text)};
      }
    }
  }
  return {};
}

EventTime Finish::event_of(std::uint32_t number, const Mapped& into) {
  using From = EventTime::From;
  const Root& root = mapper_.roots()[number];
  const std::string_view type = fhir::name(fhir::TypeId{root.type});
  const Mapper::Scope scope{root.instance, root.segment, 0, {}};
  if (type == "Observation") {
    return event_time(mapper_, scope, {From::obr_22, From::obx_14, From::msh_7});
  }
  if (type == "DiagnosticReport") {
    return event_time(mapper_, scope, {From::obr_22, From::msh_7});
  }
  if (type == "ServiceRequest" || type == "Immunization") {
    return event_time(mapper_, scope, {From::orc_9, From::msh_7});
  }
  if (type == "DocumentReference") {
    return event_time(mapper_, scope, {From::txa_7, From::msh_7});
  }
  return into.event;
}

void Finish::describe(std::uint32_t number, const Mapped& into, Draft& draft) {
  Root& root = mapper_.roots()[number];
  draft.type = fhir::TypeId{root.type};
  draft.mode = root.mode;
  draft.find = states_[number].find;
  draft.said = std::move(root.said);
  draft.removed = std::move(root.removed);
  draft.segment = root.segment;
  draft.event = event_of(number, into);
  if (root.resource == tables::none) {
    return;
  }
  const std::string_view type = fhir::name(draft.type);
  const Mapper::Scope scope{root.instance, root.segment, 0, {}};
  const auto at = [&](std::string_view segment, std::uint16_t field) {
    return std::string(mapper_.text_at({tables::segment_name(segment), field, 0, 0}, scope));
  };
  if (type == "Observation") {
    draft.result_status = at("OBX", 11);
  } else if (type == "DiagnosticReport") {
    draft.result_status = at("OBR", 25);
  } else if (type == "DocumentReference") {
    draft.result_status = at("TXA", 17);
  } else if (type == "ServiceRequest" || type == "Immunization") {
    draft.order_control = at("ORC", 1);
  }
}

}  // namespace holdfast::hl7v2
