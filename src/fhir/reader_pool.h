// fhir/reader_pool.h: JSON readers for whoever needs one for a moment.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "fhir/json.h"

namespace holdfast::fhir {

/// JSON readers that keep their working memory. From any thread. At most `kept_max` lie idle.
class ReaderPool {
 public:
  static constexpr std::size_t kept_max = 4;

  /// A reader for the time being; goes back to the pool with the Lease.
  class Lease {
   public:
    Lease(ReaderPool& pool, std::unique_ptr<JsonReader> reader)
        : pool_(&pool), reader_(std::move(reader)) {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    ~Lease() {
      if (reader_) {
        pool_->give_back(std::move(reader_));
      }
    }
    JsonReader* operator->() { return reader_.get(); }
    JsonReader& operator*() { return *reader_; }

   private:
    ReaderPool* pool_;
    std::unique_ptr<JsonReader> reader_;
  };

  [[nodiscard]] Lease take();

 private:
  void give_back(std::unique_ptr<JsonReader> reader);
  std::mutex mutex_;
  std::vector<std::unique_ptr<JsonReader>> idle_;
};

}  // namespace holdfast::fhir
