// hl7v2/rendering/items.h: a value of a document, and a few of them without asking for memory: most
// paths lead to one. Inside src/hl7v2/rendering only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace holdfast::hl7v2 {

/// `via` is the Reference that led to its document: a number in the trail, 0 where none did.
struct Item {
  std::uint32_t document = 0;
  std::uint32_t value = 0;
  std::uint32_t via = 0;
};

class Items {
 public:
  Items() = default;
  Items(std::initializer_list<Item> items) {
    for (const Item& one : items) {
      push_back(one);
    }
  }

  void push_back(const Item& item) {
    if (size_ < few_.size()) {
      few_[size_] = item;
    } else {
      if (size_ == few_.size()) {
        many_.assign(few_.begin(), few_.end());
      }
      many_.push_back(item);
    }
    ++size_;
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] const Item* begin() const { return is_many() ? many_.data() : few_.data(); }
  [[nodiscard]] const Item* end() const { return begin() + size_; }
  [[nodiscard]] const Item& operator[](std::size_t i) const { return begin()[i]; }
  [[nodiscard]] const Item& front() const { return begin()[0]; }
  void clear() {
    if (is_many()) {
      many_.clear();
    }
    size_ = 0;
  }
  /// Those of which it is true stay, in their order.
  template <class Test>
  void keep_if(Test&& is_kept) {
    if (size_ == 1) {  // nearly always
      if (!is_kept(front())) {
        clear();
      }
      return;
    }
    Items kept;
    for (const Item& one : *this) {
      if (is_kept(one)) {
        kept.push_back(one);
      }
    }
    *this = std::move(kept);
  }

 private:
  [[nodiscard]] bool is_many() const { return size_ > few_.size(); }
  std::array<Item, 4> few_;
  std::vector<Item> many_;
  std::size_t size_ = 0;
};

}  // namespace holdfast::hl7v2
