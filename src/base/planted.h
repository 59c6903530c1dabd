// base/planted.h: faults that we plant on purpose, so that the simulator proves it would find them.
// They are compiled into every build and are reachable only through `holdfast simulate --bug`:
// no flag, file or environment of `serve` can turn one on.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast {

enum class Bug : std::uint8_t {
  none,
  reply_before_sync,        ///< acknowledge while the batch is only in the page cache
  skip_directory_sync,      ///< do not sync the directory after a new segment
  accept_torn_tail,         ///< take a record whose payload checksum is wrong at the tail
  trust_page_cache,         ///< serve the unproven tail after recovery without rewriting it
  retry_fsync,              ///< after a failed sync, sync again and go on
  ignore_version_conflict,  ///< update although If-Match names another version
  apply_twice,              ///< replay the last applied entry again after a restart
  show_above_snapshot,      ///< a page shows rows newer than its snapshot
  skip_equals,              ///< a sorted page goes on behind all that equals the last one shown
  lose_undo_row,            ///< superseding a row leaves no undo row for open pages
  lists_without_undo,       ///< hot lists are made of postings alone
  lists_not_continued,      ///< a hot list is asked about rows that came after it was made
  lists_of_any_moment,      ///< a hot list is asked at moments of which its undo rows were gone
  forget_idempotency_key,   ///< do not record the key of a command
  clock_leap,               ///< take the wall clock as it is, however far it leapt
  durable_before_last,      ///< count a batch as durable before its last record is written
  acknowledge_first,        ///< AA for a message before its Command is decided
  take_message_twice,       ///< a message that is there already is carried out again
  confuse_bodies,           ///< the cache of bodies gives what it keeps of another row
  take_late_answer,         ///< an acknowledgement of another message counts for the one that waits
  keep_after_timeout,       ///< a connection whose answer did not come in time is used again
  settle_before_sent,       ///< a message counts as delivered before it is on its way
  retry_behind_the_rest,    ///< what was not delivered is tried again after what came later
  deliver_to_one_less,      ///< the last of a command's deliveries is not decided
  runs_not_taken_away,      ///< keys kept in memory stay when others are written among them
  age_out,                  ///< an item that is late and older than 180 days is closed
  lose_owner,               ///< the items of an owner who leaves stay with him
  drop_reopening,           ///< what opens a closed item again does not
  close_without_evidence,   ///< an act needs nothing
  close_on_cancel,          ///< a request that is revoked closes its item
  alert_twice,              ///< a step of escalation is not remembered
  two_providers,            ///< a change of a request opens another item about it
  keep_old_provider,        ///< who does an order no more is not told
  letter_closes,            ///< a letter about a visit closes what the visit was for
  text_is_normal,           ///< what nobody judged is filed as normal
  deputy_forgotten,         ///< an absence that begins gives nobody what the owner has
  stand_in_forgotten,       ///< a deputy who goes away leaves what they oversee to nobody
  away_unasked,             ///< what is opened or moved does not ask whether its owner is away
  runs_of_any_moment,  ///< keys kept in memory are shown to snapshots from before they were read
};

struct BugName {
  Bug bug;
  std::string_view name;
};
inline constexpr std::array bug_names{
    BugName{Bug::reply_before_sync, "reply-before-sync"},
    BugName{Bug::skip_directory_sync, "skip-directory-sync"},
    BugName{Bug::accept_torn_tail, "accept-torn-tail"},
    BugName{Bug::trust_page_cache, "trust-page-cache"},
    BugName{Bug::retry_fsync, "retry-fsync"},
    BugName{Bug::ignore_version_conflict, "ignore-version-conflict"},
    BugName{Bug::apply_twice, "apply-twice"},
    BugName{Bug::show_above_snapshot, "show-above-snapshot"},
    BugName{Bug::skip_equals, "skip-equals"},
    BugName{Bug::lose_undo_row, "lose-undo-row"},
    BugName{Bug::lists_without_undo, "lists-without-undo"},
    BugName{Bug::lists_not_continued, "lists-not-continued"},
    BugName{Bug::lists_of_any_moment, "lists-of-any-moment"},
    BugName{Bug::runs_not_taken_away, "runs-not-taken-away"},
    BugName{Bug::runs_of_any_moment, "runs-of-any-moment"},
    BugName{Bug::forget_idempotency_key, "forget-idempotency-key"},
    BugName{Bug::clock_leap, "clock-leap"},
    BugName{Bug::durable_before_last, "durable-before-last"},
    BugName{Bug::acknowledge_first, "acknowledge-first"},
    BugName{Bug::take_message_twice, "take-message-twice"},
    BugName{Bug::confuse_bodies, "confuse-bodies"},
    BugName{Bug::take_late_answer, "take-late-answer"},
    BugName{Bug::keep_after_timeout, "keep-after-timeout"},
    BugName{Bug::settle_before_sent, "settle-before-sent"},
    BugName{Bug::retry_behind_the_rest, "retry-behind-the-rest"},
    BugName{Bug::deliver_to_one_less, "deliver-to-one-less"},
    BugName{Bug::age_out, "age-out"},
    BugName{Bug::lose_owner, "lose-owner"},
    BugName{Bug::drop_reopening, "drop-reopening"},
    BugName{Bug::close_without_evidence, "close-without-evidence"},
    BugName{Bug::close_on_cancel, "close-on-cancel"},
    BugName{Bug::alert_twice, "alert-twice"},
    BugName{Bug::two_providers, "two-providers"},
    BugName{Bug::keep_old_provider, "keep-old-provider"},
    BugName{Bug::letter_closes, "letter-closes"},
    BugName{Bug::text_is_normal, "text-is-normal"},
    BugName{Bug::deputy_forgotten, "deputy-forgotten"},
    BugName{Bug::stand_in_forgotten, "stand-in-forgotten"},
    BugName{Bug::away_unasked, "away-unasked"},
};

[[nodiscard]] constexpr std::optional<Bug> bug_named(std::string_view name) {
  for (const BugName& entry : bug_names) {
    if (entry.name == name) {
      return entry.bug;
    }
  }
  return std::nullopt;
}

}  // namespace holdfast
