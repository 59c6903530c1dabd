#include "api/each_open.h"

#include <optional>

#include "views/items.h"

namespace holdfast::api {
namespace {

constexpr std::size_t places_at_once = 1000;

}  // namespace

Result<bool> each_open(const node::Moment& moment, std::size_t limit,
                       const std::function<Result<void>(const views::Item&)>& look) {
  TRY(const auto owners, views::read_owners(*moment.reader));
  std::size_t looked_at = 0;
  for (const auto& [owner, counts] : owners) {
    std::optional<views::Place> after;
    for (bool more = true; more;) {
      TRY(const auto places,
          views::read_work_list(*moment.reader, views::List::owned, owner, after, places_at_once));
      for (const views::Place& place : places) {
        if (looked_at++ == limit) {
          return false;
        }
        TRY(const auto item, views::find_item(*moment.reader, place.id));
        if (item) {
          TRY_OK(look(*item));
        }
      }
      more = places.size() == places_at_once;
      if (more) {
        after = places.back();
      }
    }
  }
  return true;
}

}  // namespace holdfast::api
