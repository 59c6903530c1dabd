#include "views/touched.h"

#include <algorithm>
#include <set>

#include "views/keys.h"
#include "views/versions.h"

namespace holdfast::views {
namespace {

constexpr std::size_t position_bytes = sizeof(Position::value);
constexpr std::uint8_t all_reasons = 3;

std::uint8_t bit(Touch why) { return static_cast<std::uint8_t>(why); }

Bytes key_of(BytesView id, Position position) {
  Bytes key(id);
  append_big(key, position.value);
  return key;
}

Bytes encoded(std::string_view patient) {
  Bytes id;
  append_id(id, patient);
  return id;
}

/// Calls take(id) for each patient that a version with these postings is about, the id as
/// append_id() writes it; one may come twice.
template <class Take>
void each_patient(const Postings& postings, const fhir::SearchParams& params, Take&& take) {
  static const fhir::TypeId patient = *fhir::type_id("Patient");
  for (std::size_t i = 0; i < postings.size(); ++i) {
    const BytesView key = postings.key(i);
    if (const auto id = compartment_in_key(key)) {
      take(*id);
      continue;
    }
    // docs/INDEXES.md: a reference to it is its type and id. Few other forms begin like that, so
    // what lies far apart is looked at last.
    const BytesView target = form_in_key(key);
    if (target.empty() || static_cast<std::uint8_t>(target[0]) != patient.value) {
      continue;
    }
    const auto index = index_of_key(key);
    if (index && params.index(*index).names_patient) {
      take(target.substr(1));
    }
  }
}

std::unexpected<Error> bad() { return fail(Code::corrupt, "touched: a row that cannot be read"); }

}  // namespace

void Touched::add(BytesView id, Touch why) {
  // Several indexes of a version say the same, and versions of one patient lie together.
  if (last_ == nullptr || last_->first != id) {
    auto found = patients_.find(id);
    if (found == patients_.end()) {
      found = patients_.emplace(Bytes(id), 0).first;
    }
    last_ = &*found;
  }
  last_->second |= bit(why);
}

void Touched::note(const Postings& postings, const fhir::SearchParams& params) {
  each_patient(postings, params, [this](BytesView id) { add(id, Touch::version); });
}

void Touched::note(const Duty& duty) {
  if (is_patient_lane(duty.lane)) {
    add(encoded(duty.lane), Touch::delivery);
  }
  for (const std::string& patient : duty.others) {
    add(encoded(patient), Touch::delivery);
  }
}

std::vector<std::string> Touched::patients() const {
  std::vector<std::string> ids;
  for (const auto& [id, why] : patients_) {
    ByteReader reader(id);
    ids.push_back(read_id(reader));
  }
  return ids;
}

void Touched::write(WorkLayer& layer, Position position) const {
  for (const auto& [id, why] : patients_) {
    const char value = static_cast<char>(why);
    layer.put(Table::touched, key_of(id, position), {&value, 1});
  }
}

void name_others(Duty& duty, const Postings& postings, const fhir::SearchParams& params) {
  each_patient(postings, params, [&duty](BytesView id) {
    ByteReader reader(id);
    std::string patient = read_id(reader);
    if (patient != duty.lane && std::ranges::find(duty.others, patient) == duty.others.end()) {
      duty.others.push_back(std::move(patient));
    }
  });
}

Result<std::vector<Position>> read_touched(const Reader& reader, std::string_view patient,
                                           Position after, Position through, std::size_t limit) {
  std::vector<Position> found;
  const Bytes id = encoded(patient);
  const auto cursor = reader.scan(Table::touched, key_of(id, after.next()),
                                  key_of(id, through.next()), Direction::forward);
  for (; cursor->valid() && found.size() < limit; cursor->next()) {
    if (cursor->key().size() != id.size() + position_bytes) {
      return bad();
    }
    found.push_back(Position{load_big<std::uint64_t>(cursor->key().data() + id.size())});
  }
  TRY_OK(cursor->status());
  return found;
}

namespace {

/// Adds up what the versions of one entry touch, each patient once.
class VersionTouches {
 public:
  VersionTouches(const Reader& reader, const BodyCodec& codec, const fhir::SearchParams& params)
      : reader_(reader), codec_(codec), params_(params) {}

  Result<void> take(const Body& body) {
    if (body.header.position != position_) {
      end_entry();
      position_ = body.header.position;
    }
    TRY_OK(note(body));
    if (body.header.version.value == 1) {
      return ok();
    }
    const Version before{body.header.version.value - 1};
    TRY(const auto row, read_version(reader_, body.header.type, body.header.id, before));
    if (!row) {
      return fail(Code::corrupt, "touched: a version without the one before it");
    }
    TRY(const Body old, read_body(reader_, codec_, *row));
    return note(old);
  }

  PostingSum end() {
    end_entry();
    return sum_;
  }

 private:
  Result<void> note(const Body& body) {
    if (body.header.presence == Presence::deleted) {
      return ok();
    }
    TRY_OK(stored_.fill(postings_, body.header.type, body.header.id, body.bytes, params_, json_));
    each_patient(postings_, params_, [this](BytesView id) { patients_.emplace(id); });
    return ok();
  }
  void end_entry() {
    for (const Bytes& id : patients_) {
      sum_.add(key_of(id, position_));
    }
    patients_.clear();
  }

  const Reader& reader_;
  const BodyCodec& codec_;
  const fhir::SearchParams& params_;
  StoredPostings stored_;
  Postings postings_;
  fhir::JsonReader json_;
  Position position_;
  std::set<Bytes> patients_;
  PostingSum sum_;
};

}  // namespace

Result<TouchedSums> sum_touched(const Reader& reader, const BodyCodec& codec,
                                const fhir::SearchParams& params) {
  TouchedSums sums;
  VersionTouches touches(reader, codec, params);
  const auto bodies = reader.scan(Table::body, {}, {}, Direction::forward);
  for (; bodies->valid(); bodies->next()) {
    TRY(const Body body, codec.decode(bodies->value()));
    TRY_OK(touches.take(body));
  }
  TRY_OK(bodies->status());
  sums.computed = touches.end();
  const auto rows = reader.scan(Table::touched, {}, {}, Direction::forward);
  for (; rows->valid(); rows->next()) {
    const auto why = rows->value().size() == 1 ? static_cast<std::uint8_t>(rows->value()[0]) : 0U;
    if (why == 0 || why > all_reasons || rows->key().size() <= position_bytes) {
      return bad();
    }
    if ((why & bit(Touch::version)) != 0) {
      sums.stored.add(rows->key());
    }
  }
  TRY_OK(rows->status());
  return sums;
}

}  // namespace holdfast::views
