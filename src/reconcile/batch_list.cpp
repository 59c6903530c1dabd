// reconcile/batch_list.cpp: an HL7 v2 batch as a list of what its sender sent: each message by its
// control id, and what BTS-1 and FTS-1 count against what is there. HL7 v2.8 section 2.10.3.
#include <fmt/format.h>

#include "base/text.h"
#include "hl7v2/batch.h"
#include "hl7v2/message.h"
#include "reconcile/list.h"

namespace holdfast::reconcile {
namespace {

/// PID-3 of the NHS: by its authority or by its type (table 0203). Empty where there is none.
std::string nhs_number_in(const hl7v2::Message& message) {
  const auto segment = message.find("PID");
  if (!segment) {
    return {};
  }
  const hl7v2::Field field = segment->field(3);
  const std::size_t count = field.repetitions().count();
  for (std::size_t i = 1; i <= count; ++i) {
    const hl7v2::Repetition one = field.repetition(i);
    if (one.component(4).text() == "NHS" || one.component(5).text() == "NH") {
      return one.component(1).text();
    }
  }
  return {};
}

Row row_of(BytesView bytes, std::string place) {
  Row row;
  row.type = message_type;
  row.place = std::move(place);
  if (const auto message = hl7v2::Message::parse(bytes)) {
    row.number.value = message->header().field(10).raw();
    row.nhs_number = nhs_number_in(*message);
  }
  if (find_bad_utf8(row.number.value)) {
    row.number.value.clear();
  }
  if (find_bad_utf8(row.nhs_number)) {
    row.nhs_number.clear();
  }
  return row;
}

}  // namespace

Result<List> read_batch(BytesView bytes) {
  TRY(const hl7v2::Batch batch, hl7v2::split_batch(bytes));
  ListMaker maker("");
  std::size_t number = 0;
  for (const BytesView message : batch.messages) {
    TRY_OK(maker.add(row_of(message, fmt::format("message {}", ++number))));
  }
  if (batch.wrapped || !batch.faults.empty()) {
    Stated stated;
    stated.number = batch.control_id.empty() || find_bad_utf8(batch.control_id)
                        ? "batch"
                        : std::string(batch.control_id);
    stated.differs = !batch.faults.empty();
    for (const Error& fault : batch.faults) {
      stated.what += fmt::format("{}{}", stated.what.empty() ? "" : "; ", fault.what);
    }
    if (batch.faults.empty()) {
      stated.what = fmt::format("its trailers count what is there, {} messages", number);
    }
    maker.list().stated.push_back(std::move(stated));
  }
  return std::move(maker.list());
}

}  // namespace holdfast::reconcile
