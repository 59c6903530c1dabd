#include "fhir/reader_pool.h"

namespace holdfast::fhir {

ReaderPool::Lease ReaderPool::take() {
  {
    const std::scoped_lock lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<JsonReader> reader = std::move(idle_.back());
      idle_.pop_back();
      return {*this, std::move(reader)};
    }
  }
  return {*this, std::make_unique<JsonReader>()};
}

void ReaderPool::give_back(std::unique_ptr<JsonReader> reader) {
  const std::scoped_lock lock(mutex_);
  if (idle_.size() < kept_max) {
    idle_.push_back(std::move(reader));
  }
}

}  // namespace holdfast::fhir
