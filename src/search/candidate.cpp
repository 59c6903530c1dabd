#include "search/candidate.h"

#include "views/keys.h"
#include "views/versions.h"

namespace holdfast::search {

Result<void> Candidate::load() {
  if (loaded_) {
    return ok();
  }
  TRY_OK(moment_.budget.spend(Budget::body_cost));
  TRY(const BytesView stored, find_body());
  TRY(views::Body body, moment_.codec.decode(stored));
  header_ = std::move(body.header);
  if (!parsed_) {
    parsed_ = std::make_unique<Parsed>();
  }
  TRY_OK(parsed_->reader.read(std::move(body.bytes), parsed_->json));
  fhir::examine(parsed_->json.root(), moment_.params, parsed_->sites, parsed_->extraction);
  loaded_ = true;
  return ok();
}

Result<views::BodyHeader> Candidate::read_header() {
  TRY(const BytesView stored, find_body());
  return views::BodyCodec::decode_header(stored);
}

// Candidates mostly come in the order of their rows, near each other: a cursor leaps within the
// block that it is in, where a lookup begins at the top of the store.
Result<BytesView> Candidate::find_body() {
  const Bytes key = views::body_key(row_);
  if (!bodies_) {
    bodies_ = moment_.reader.scan(views::Table::body, key, {}, views::Direction::forward);
    first_ = row_;
  } else if (row_ < first_) {
    TRY(auto stored, moment_.reader.get(views::Table::body, key));
    if (!stored) {
      return fail(Code::corrupt, "body: row " + std::to_string(row_.value) + " is missing");
    }
    before_ = *std::move(stored);
    return BytesView(before_);
  } else {
    bodies_->seek(key);
  }
  if (!bodies_->valid() || bodies_->key() != BytesView(key)) {
    TRY_OK(bodies_->status());
    return fail(Code::corrupt, "body: row " + std::to_string(row_.value) + " is missing");
  }
  return bodies_->value();
}

const views::Forms& Candidate::forms(const fhir::ExtractedValue& value) {
  forms_.clear();
  views::append_forms(forms_, parsed_->json.root(), moment_.params.index(value.index), value.value);
  return forms_;
}

std::shared_ptr<const views::Body> Candidate::body(std::size_t bytes_max) const {
  if (!loaded_ || parsed_->json.root().raw().size() > bytes_max) {
    return nullptr;
  }
  return std::make_shared<const views::Body>(
      views::Body{header_, Bytes(parsed_->json.root().raw())});
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
