#include "api/work_list_link.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "api/item_page.h"
#include "base/signed_text.h"
#include "fhir/sites.h"
#include "pathway/definition.h"
#include "pathway/signals.h"

namespace holdfast::api {
namespace {

constexpr std::string_view page_purpose = "work-list page";
constexpr std::uint8_t link_format = 2;

Result<views::Owner> read_owner(std::string_view text) {
  const auto literal = fhir::parse_literal(text);
  const bool names_team = text.starts_with("team:") && text.size() > 5;
  if (!names_team && !(literal && pathway::is_owner_type(literal->type))) {
    return fail(Code::value,
                fmt::format("owner is a reference to an owner, as CareTeam/7, or the name of a "
                            "team, as team:pathology, not '{}'",
                            text),
                "http.owner");
  }
  return names_team ? views::Owner(text)
                    : fmt::format("{}/{}", fhir::name(literal->type), literal->id);
}

/// 1 or 0; not given: 0.
Result<bool> read_flag(const Call& call, std::string_view name) {
  const auto flag = parameter(call, name);
  if (flag && *flag != "1" && *flag != "0" && *flag != "true" && *flag != "false") {
    return fail(Code::value, fmt::format("{} is 1 or 0, not '{}'", name, *flag),
                fmt::format("http.{}", name));
  }
  return flag && (*flag == "1" || *flag == "true");
}

/// A name that nothing has would hide everything, and look like a list with nothing on it.
Result<void> check_filter(const Parts& parts, const node::Moment& moment,
                          const WorkListLink& asked) {
  if (asked.pathway.empty() && asked.state.empty()) {
    return ok();
  }
  std::vector<std::pair<std::string, std::string>> known;
  if (const pathway::Definitions* const definitions = parts.node.pathways()) {
    for (const pathway::Definition& one : definitions->all()) {
      for (const pathway::State& state : one.states) {
        known.emplace_back(one.name, state.name);
      }
    }
  }
  TRY(const auto states, views::read_states(*moment.reader));
  for (const views::StateCount& one : states) {
    known.emplace_back(one.pathway, one.state);
  }
  const auto is_meant = [&](const auto& one) {
    return (asked.pathway.empty() || one.first == asked.pathway) &&
           (asked.state.empty() || one.second == asked.state);
  };
  if (std::ranges::none_of(known, is_meant)) {
    const std::string pathway = fmt::format("pathway '{}'", asked.pathway);
    const std::string state = fmt::format("state '{}'", asked.state);
    return fail(Code::value,
                fmt::format("there is no {}", asked.state.empty()     ? pathway
                                              : asked.pathway.empty() ? state
                                                                      : state + " of " + pathway),
                asked.state.empty() ? "http.pathway" : "http.state");
  }
  return ok();
}

}  // namespace

std::string seal(const WorkListLink& link, BytesView secret) {
  Bytes bytes;
  bytes.push_back(static_cast<char>(link_format));
  bytes.push_back(static_cast<char>(link.list));
  append_text(bytes, link.owner);
  append_text(bytes, link.pathway);
  append_text(bytes, link.state);
  bytes.push_back(link.teams ? '\1' : '\0');
  bytes.push_back(link.pending ? '\1' : '\0');
  append_varint(bytes, link.count);
  append_place(bytes, link.after);
  return sign_text(page_purpose, bytes, secret);
}

Result<WorkListLink> open_work_list_link(std::string_view text, BytesView secret) {
  const auto bytes = open_signed_text(page_purpose, text, secret);
  if (!bytes) {
    return fail(Code::value,
                "this page link is not one that this server gave; take the 'next' link of a "
                "work-list as it is",
                "http._page");
  }
  ByteReader reader(*bytes);
  WorkListLink link;
  const auto format = reader.little<std::uint8_t>();
  const auto list = reader.little<std::uint8_t>();
  link.owner = reader.text();
  link.pathway = reader.text();
  link.state = reader.text();
  link.teams = reader.little<std::uint8_t>() == 1;
  link.pending = reader.little<std::uint8_t>() == 1;
  link.count = reader.varint();
  link.after = read_place(reader);
  if (reader.failed() || !reader.at_end() || format != link_format ||
      list > static_cast<std::uint8_t>(views::List::offered)) {
    // Signed by us, so it is from another version of the server.
    return fail(Code::expired,
                "this page link is from another version of the server; ask again from the first "
                "page",
                "http._page");
  }
  link.list = static_cast<views::List>(list);
  return link;
}

Result<WorkListLink> read_work_list_link(const Parts& parts, const Call& call,
                                         const node::Moment& moment) {
  if (const auto token = parameter(call, item_page)) {
    TRY_OK(check_parameters(call, {item_page}));
    return open_work_list_link(*token, parts.node.link_secret());
  }
  TRY_OK(check_parameters(call, {"owner", "overseer", "offered", "teams", "pathway", "state",
                                 "pending-at-discharge", "_count"}));
  WorkListLink asked;
  const auto owner = parameter(call, "owner");
  if (!owner) {
    return fail(Code::required,
                "a work-list is somebody's: name the owner, as owner=CareTeam/7 or "
                "owner=team:pathology",
                "http.owner");
  }
  TRY(asked.owner, read_owner(*owner));
  TRY(const bool overseer, read_flag(call, "overseer"));
  TRY(const bool offered, read_flag(call, "offered"));
  if (overseer && offered) {
    return fail(Code::value, "`overseer` and `offered` are two lists: ask for one of them",
                "http.offered");
  }
  asked.list = overseer  ? views::List::overseen
               : offered ? views::List::offered
                         : views::List::owned;
  TRY(asked.teams, read_flag(call, "teams"));
  TRY(asked.pending, read_flag(call, "pending-at-discharge"));
  asked.pathway = parameter(call, "pathway").value_or("");
  asked.state = parameter(call, "state").value_or("");
  TRY(asked.count, read_items_wanted(call));
  TRY_OK(check_filter(parts, moment, asked));
  return asked;
}

}  // namespace holdfast::api
