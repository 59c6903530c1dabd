// apply/test_record.h: a record without journal or node, for tests of decide and apply: decides a
// Command, applies its Outcome, and can be looked at.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "apply/apply.h"
#include "base/check.h"
#include "decide/decide.h"
#include "fhir/params/compile.h"
#include "views/mem_kv.h"
#include "views/overlay.h"
#include "views/versions.h"
#include "views/view.h"

namespace holdfast::apply {

class TestRecord {
 public:
  explicit TestRecord(Bug planted = Bug::none) : planted_(planted) {}

  Result<Outcome> run(Command command) {
    TRY(auto prepared, decide::prepare(std::move(command), reader_, params));
    decide::note_signals(prepared, pathways, reader_);
    const auto below = view();
    const decide::Rules rules{pathways, Time{now.ms + step_ms}};
    TRY(Outcome outcome, decide::decide(*below, codec, params, prepared, rules, planted_));
    // Deciding again gives the same.
    TRY(const Outcome again, decide::decide(*below, codec, params, prepared, rules, planted_));
    check(outcome == again, "decide() is a function of its arguments");
    TRY_OK(decide::prepare_made(prepared, outcome, reader_, params));
    TRY_OK(fold(prepared, outcome));
    return outcome;
  }

  Result<void> fold(const decide::Prepared& prepared, const Outcome& outcome) {
    views::WorkLayer work(view(), state.position.value);
    const Position position = state.position.next();
    now.ms += step_ms;
    const EntryFacts facts{position, now, sha256(state.chain.view())};
    const Composed composed = compose(prepared, outcome, facts.time);
    TRY_OK(
        apply(work, state, prepared, outcome, composed, facts, {codec, reader_, params, planted_}));
    work.put(views::Table::meta, views::state_key, views::encode(state));
    const auto layer = std::move(work).freeze(position, position);
    return views::write_layer(kv, *layer, codec);
  }

  [[nodiscard]] std::shared_ptr<const views::Reader> view() { return kv.snapshot(); }

  /// The current body, or "" (never was) or "deleted".
  std::string body(std::string_view type, const std::string& id) {
    const auto reader = view();
    const auto current = views::read_current(*reader, *fhir::type_id(type), id);
    if (!current || !*current) {
      return "";
    }
    if ((*current)->presence == views::Presence::deleted) {
      return "deleted";
    }
    const auto body = views::read_body(*reader, codec, (*current)->row);
    return body ? body->bytes : body.error().what;
  }

  const fhir::SearchParams& params = fhir::standard_search_params();
  views::MemKv kv;
  views::BodyCodec codec;
  views::State state;
  Time now{1'700'000'000'000};
  std::int64_t step_ms = 1000;  ///< from one entry to the next
  const pathway::Definitions* pathways = nullptr;

 private:
  fhir::JsonReader reader_;
  const Bug planted_;
};

/// Short ways to write operations.
inline Operation create(std::string type, std::string id, std::string rest = "",
                        std::string if_none_exist = "", std::string full_url = "") {
  Operation operation;
  operation.verb = Verb::create;
  operation.body = R"({"resourceType":")" + type + "\"" + (rest.empty() ? "" : "," + rest) + "}";
  operation.type = std::move(type);
  operation.id = std::move(id);
  operation.condition = std::move(if_none_exist);
  operation.full_url = std::move(full_url);
  return operation;
}
inline Operation update(std::string type, std::string id, std::string rest = "",
                        std::optional<Version> if_match = std::nullopt) {
  Operation operation = create(std::move(type), std::move(id), std::move(rest));
  operation.verb = Verb::update;
  operation.if_match = if_match;
  return operation;
}
/// A condition that says which resource an update, a patch or a removal means.
inline Operation where(Operation operation, std::string condition) {
  operation.condition = std::move(condition);
  return operation;
}
/// `rest` is what the patch made of version `from`.
inline Operation patch(std::string type, std::string id, Version from, std::string rest = "") {
  Operation operation = update(std::move(type), std::move(id), std::move(rest), from);
  operation.verb = Verb::patch;
  operation.patch = "[]";
  return operation;
}
inline Operation remove(std::string type, std::string id,
                        std::optional<Version> if_match = std::nullopt) {
  Operation operation;
  operation.verb = Verb::remove;
  operation.type = std::move(type);
  operation.id = std::move(id);
  operation.if_match = if_match;
  return operation;
}
template <class... Operations>
Command command(Operations... operations) {
  Command all;
  all.channel = "test";
  (all.operations.push_back(std::move(operations)), ...);
  return all;
}
inline std::string identifier(const std::string& system, const std::string& value) {
  return R"("identifier":[{"system":")" + system + R"(","value":")" + value + R"("}])";
}

}  // namespace holdfast::apply
