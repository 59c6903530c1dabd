#include "day/rules.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace holdfast::day {
namespace {

struct Move {
  std::string_view pathway;
  Heard heard;
  std::string_view from;  ///< states, with a blank around each
  std::string_view to;
};
constexpr std::string_view blood = "blood";
constexpr std::string_view blood_unit = "blood-unit";
constexpr std::string_view deterioration = "deterioration";
constexpr std::string_view diagnostic = "diagnostic-order";
constexpr std::string_view follow_up = "follow-up";
constexpr std::string_view letter = "letter";
constexpr std::string_view observations = "observations";
constexpr std::string_view procedure = "procedure";
constexpr std::string_view referral = "referral";

constexpr auto moves = std::to_array<Move>({
    {diagnostic, Heard::specimen_taken, " ordered ", "collected"},
    {diagnostic, Heard::specimen_received, " ordered collected ", "in-progress"},
    {diagnostic, Heard::specimen_spoiled, " collected in-progress ", "ordered"},
    {diagnostic, Heard::preliminary,
     " ordered collected in-progress interim cancel-asked cancel-wanted ", "interim"},
    {diagnostic, Heard::final_report,
     " ordered collected in-progress interim result cancel-asked cancel-wanted acknowledged "
     "cancelled ",
     "result"},
    {diagnostic, Heard::corrected,
     " ordered collected in-progress interim result cancel-asked cancel-wanted acknowledged "
     "cancelled ",
     "result"},
    {diagnostic, Heard::revoked, " ordered collected in-progress cancel-wanted ", "cancel-asked"},
    {diagnostic, Heard::cancel_wanted, " ordered collected in-progress interim ", "cancel-wanted"},
    {referral, Heard::booked,
     " received awaiting-booking clinical-review attended under-treatment booked ", "booked"},
    {referral, Heard::fulfilled, " awaiting-booking booked clinical-review ", "attended"},
    {referral, Heard::not_attended, " booked attended ", "clinical-review"},
    {referral, Heard::cancelled_by_us, " booked attended ", "clinical-review"},
    {referral, Heard::revoked,
     " received awaiting-booking booked advice-given redirected attended under-treatment ",
     "clinical-review"},
    {referral, Heard::cancelled_by_patient, " booked attended ", "clinical-review"},
    {follow_up, Heard::booked, " planned expired clinical-review booked ", "booked"},
    {follow_up, Heard::fulfilled, " planned expired booked clinical-review ", "seen"},
    {follow_up, Heard::not_attended, " booked seen ", "clinical-review"},
    {procedure, Heard::booked, " planned rebook clinical-review booked confirmed ", "booked"},
    {procedure, Heard::not_attended, " booked confirmed ", "clinical-review"},
    {procedure, Heard::cancelled_by_patient, " booked confirmed ", "clinical-review"},
    {procedure, Heard::cancelled_by_us, " booked confirmed ", "rebook"},
    {procedure, Heard::procedure_done, " planned booked confirmed rebook clinical-review ", "done"},
    {procedure, Heard::revoked, " planned booked confirmed rebook ", "clinical-review"},
    {blood, Heard::specimen_taken, " requested sample-needed ", "sample"},
    {blood, Heard::specimen_received, " requested sample-needed ", "sample"},
    {blood, Heard::specimen_spoiled, " sample grouped allocated ", "sample-needed"},
    {blood, Heard::final_report, " requested sample ", "grouped"},
    {blood, Heard::unit_available, " requested sample grouped ", "allocated"},
    {blood, Heard::unit_issued, " requested sample grouped allocated sample-needed ", "issued"},
    {blood_unit, Heard::unit_transfused, " issued ", "transfused"},
    {blood_unit, Heard::unit_returned, " issued ", "returned"},
    {blood, Heard::revoked, " requested sample grouped allocated sample-needed ", "sample-needed"},
    {letter, Heard::stay_goes_on, " no-draft stay-cancelled ", "stay-goes-on"},
    {letter, Heard::stay_cancelled, " no-draft stay-goes-on ", "stay-cancelled"},
    {letter, Heard::stay_over, " stay-goes-on stay-cancelled ", "no-draft"},
    {letter, Heard::draft, " no-draft stay-goes-on stay-cancelled returned not-needed ",
     "awaiting-sign-off"},
    {letter, Heard::signed_off, " no-draft stay-goes-on stay-cancelled awaiting-sign-off returned ",
     "signed"},
    {observations, Heard::set_scored, " first-set watched ", "watched"},
    {observations, Heard::stay_over, " first-set watched ", "stay-over"},
    {observations, Heard::stay_cancelled, " first-set watched ", "stay-over"},
    {observations, Heard::stay_goes_on, " stay-over ", "watched"},
});

struct Deed {
  std::string_view pathway;
  std::string_view act;
  std::string_view from;
  std::string_view to;
};
constexpr auto deeds = std::to_array<Deed>({
    {diagnostic, "acknowledge", " result ", "acknowledged"},
    {diagnostic, "read-interim", " interim ", "in-progress"},
    {diagnostic, "cancel", " ordered collected in-progress cancel-asked cancel-wanted ",
     "cancelled"},
    {diagnostic, "reopen", " acknowledged cancelled ", "result"},
    {"death", "review", " to-review ", "reviewed"},
    {"critical-result", "phone", " to-phone ", "phoned"},
    {"unclassified", "take", " received ", "in-hand"},
    {"unclassified", "close", " received in-hand ", "done"},
    {"unclassified", "cancel", " received in-hand ", "cancelled"},
    {referral, "accept", " received clinical-review ", "awaiting-booking"},
    {referral, "advise", " received ", "advice-given"},
    {referral, "advice-confirmed", " advice-given ", "discharged"},
    {referral, "redirect", " received awaiting-booking clinical-review ", "redirected"},
    {referral, "redirect-refused", " redirected ", "received"},
    {referral, "book", " awaiting-booking clinical-review ", "booked"},
    {referral, "attended", " booked ", "attended"},
    {referral, "not-attended", " booked ", "clinical-review"},
    {referral, "redirect-accepted", " redirected ", "accepted-elsewhere"},
    {referral, "book-again", " attended under-treatment ", "awaiting-booking"},
    {referral, "treat", " attended clinical-review ", "under-treatment"},
    {referral, "discharge", " attended clinical-review under-treatment ", "discharged"},
    {referral, "follow-up", " attended under-treatment ", "succeeded"},
    {referral, "end", " received awaiting-booking booked attended clinical-review under-treatment ",
     "not-to-treat"},
    {blood, "group", " requested sample ", "grouped"},
    {blood, "allocate", " grouped sample ", "allocated"},
    {blood, "issue", " allocated grouped ", "issued"},
    {blood, "issue-emergency", " requested sample sample-needed ", "issued"},
    {blood, "fate", " issued ", "fate-known"},
    {"blood-override", "explain", " to-explain ", "explained"},
    {blood, "cancel", " requested sample grouped allocated sample-needed ", "cancelled"},
    {letter, "write", " no-draft stay-goes-on stay-cancelled returned ", "awaiting-sign-off"},
    {letter, "sign", " awaiting-sign-off ", "signed"},
    {letter, "send", " signed returned ", "sent"},
    {letter, "return", " sent ", "returned"},
    {letter, "receipt", " sent ", "delivered"},
    {letter, "posted", " signed returned ", "delivered"},
    {letter, "reopen", " delivered not-needed ", "returned"},
    {letter, "not-needed", " no-draft stay-goes-on stay-cancelled awaiting-sign-off returned ",
     "not-needed"},
    {procedure, "book", " planned rebook clinical-review ", "booked"},
    {procedure, "confirm", " booked ", "confirmed"},
    {procedure, "not-attended", " booked confirmed ", "clinical-review"},
    {procedure, "cancelled-by-provider", " booked confirmed ", "rebook"},
    {procedure, "discharge", " planned booked confirmed rebook clinical-review ", "discharged"},
    {observations, "stop", " first-set watched ", "stopped"},
    {observations, "charted-elsewhere", " first-set watched ", "watched"},
    {observations, "reopen", " stay-over stopped ", "watched"},
    {deterioration, "assess", " to-assess ", "assessed"},
    {deterioration, "withdraw", " to-assess ", "withdrawn"},
    {deterioration, "reopen", " assessed withdrawn ", "to-assess"},
});

constexpr auto closed_states = std::to_array<std::string_view>(
    {"acknowledged", "cancelled", "phoned", "explained", "done", "discharged", "succeeded",
     "not-to-treat", "accepted-elsewhere", "withdrawn", "seen", "fate-known", "transfused",
     "reviewed", "delivered", "not-needed", "stay-over", "stopped", "assessed"});

bool among(std::string_view states, std::string_view state) {
  for (std::size_t at = states.find(state); at != std::string_view::npos;
       at = states.find(state, at + 1)) {
    if (at > 0 && states[at - 1] == ' ' && states.substr(at + state.size()).starts_with(' ')) {
      return true;
    }
  }
  return false;
}

}  // namespace

Opening opening_of(Kind kind) {
  switch (kind) {
    case Kind::referral: return {referral, "received", "team:referrals"};
    case Kind::laboratory:
    case Kind::imaging: return {diagnostic, "ordered", "requester"};
    case Kind::blood: return {blood, "requested", "team:transfusion"};
    case Kind::procedure: return {procedure, "planned", "team:theatre"};
    case Kind::letter: return {letter, "no-draft", "team:letters"};
  }
  check(false, "every kind begins somewhere");
  return {};
}

std::optional<std::string_view> state_after(std::string_view pathway, std::string_view state,
                                            Heard heard) {
  for (const Move& move : moves) {
    if (move.pathway == pathway && move.heard == heard && among(move.from, state)) {
      return move.to;
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> state_by_act(std::string_view pathway, std::string_view state,
                                             std::string_view act) {
  for (const Deed& deed : deeds) {
    if (deed.pathway == pathway && deed.act == act && among(deed.from, state)) {
      return deed.to;
    }
  }
  return std::nullopt;
}

bool is_closed(std::string_view pathway, std::string_view state) {
  if (pathway == blood_unit && state == "returned") {  // a letter that came back is open
    return true;
  }
  return std::ranges::find(closed_states, state) != closed_states.end();
}

}  // namespace holdfast::day
