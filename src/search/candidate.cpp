#include "search/candidate.h"

#include "views/keys.h"
#include "views/versions.h"

namespace holdfast::search {

Result<void> Candidate::load() {
  if (loaded_) {
    return ok();
  }
  TRY_OK(moment_.budget.spend(Budget::body_cost));
  TRY(views::Body body, views::read_body(moment_.reader, moment_.codec, row_));
  header_ = std::move(body.header);
  if (!parsed_) {
    parsed_ = std::make_unique<Parsed>();
  }
  TRY_OK(parsed_->reader.read(std::move(body.bytes), parsed_->json));
  fhir::examine(parsed_->json.root(), moment_.params, parsed_->sites, parsed_->extraction);
  loaded_ = true;
  return ok();
}

const views::Forms& Candidate::forms(const fhir::ExtractedValue& value) {
  forms_.clear();
  views::append_forms(forms_, parsed_->json.root(), moment_.params.index(value.index), value.value);
  return forms_;
}

std::optional<Target> target_in(BytesView form) {
  ByteReader reader(form);
  const BytesView tag = reader.bytes(1);
  if (reader.failed() || static_cast<unsigned char>(tag[0]) >= fhir::type_count) {
    return std::nullopt;
  }
  Target target{fhir::TypeId{static_cast<std::uint8_t>(tag[0])}, views::read_id(reader)};
  return reader.failed() ? std::nullopt : std::optional(std::move(target));
}

}  // namespace holdfast::search
