#include "api/offer.h"

#include <fmt/format.h>

namespace holdfast::api {
namespace {

void write_item_extension(fhir::JsonWriter& to, fhir::JsonValue extension, BytesView offered) {
  to.open('{');
  to.text("url", views::item_extension);
  to.open("extension", '[');
  if (const auto parts = extension.find("extension")) {
    for (const fhir::JsonValue part : parts->children()) {
      const auto url = part.find("url");
      if (!url || !url->equals("offered")) {
        to.raw(part.raw());
      }
    }
  }
  if (!offered.empty()) {
    to.open('{');
    to.text("url", "offered");
    to.raw("valueReference", offered);
    to.close('}');
  }
  to.close(']');
  to.close('}');
}

}  // namespace

Result<void> check_offer(const views::Item& item, const AskedChange& asked) {
  if (asked.interaction == Interaction::item_hand_over) {
    return ok();
  }
  if (item.offered.empty()) {
    return fail(Code::invariant,
                fmt::format("Task/{} is offered to nobody, and {} has it: there is nothing for {} "
                            "to answer",
                            item.id, item.owner, operation_name(asked.interaction)));
  }
  if (!asked.by.empty() && asked.by != item.offered) {
    return fail(Code::invariant, fmt::format("Task/{} is offered to {}, not to {}", item.id,
                                             item.offered, asked.by));
  }
  return ok();
}

void write_offer(fhir::JsonWriter& to, fhir::JsonValue task, const AskedChange& asked) {
  const bool offers = asked.interaction == Interaction::item_hand_over;
  to.open("extension", '[');
  if (const auto extensions = task.find("extension")) {
    for (const fhir::JsonValue one : extensions->children()) {
      const auto url = one.find("url");
      if (url && url->equals(views::item_extension)) {
        write_item_extension(to, one, offers ? BytesView(asked.owner) : BytesView());
      } else {
        to.raw(one.raw());
      }
    }
  }
  to.close(']');
}

}  // namespace holdfast::api
