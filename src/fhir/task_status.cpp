#include "fhir/task_status.h"

#include <fmt/format.h>

#include <utility>

#include "fhir/json_writer.h"
#include "fhir/member.h"
#include "model/channel_words.h"

namespace holdfast::fhir {

Result<Bytes> with_task_status(JsonReader& reader, const Bytes& task, std::string_view status,
                               std::string_view state, std::string_view why) {
  TRY(Json json, reader.read(task));
  const auto put = [&](std::string_view key, Bytes value) -> Result<void> {
    TRY(json, reader.read(with_member(json.root(), key, std::move(value))));
    return ok();
  };
  TRY_OK(put("status", fmt::format("\"{}\"", status)));
  JsonWriter reason;
  reason.open('{');
  reason.text("text", why);
  reason.close('}');
  TRY_OK(put("statusReason", reason.take()));
  JsonWriter business;
  business.open('{');
  business.open("coding", '[');
  business.open('{');
  business.text("system", item_state_system);
  business.text("code", state);
  business.close('}');
  business.close(']');
  business.close('}');
  TRY_OK(put("businessStatus", business.take()));
  return Bytes(json.root().raw());
}

}  // namespace holdfast::fhir
