// api/reconcile_reply.cpp: what a run of $reconcile says: counts for programs, a summary that a
// clerk reads, what of the list was not compared, and each difference with the item that follows
// it.
#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/operation_input.h"
#include "api/owner_name.h"
#include "api/reconciling.h"
#include "views/items.h"

namespace holdfast::api {
namespace {

using reconcile::Difference;
using reconcile::Kind;

constexpr std::array<std::pair<Kind, std::string_view>, reconcile::kinds> words{
    {{Kind::missing_here, "missing here"},
     {Kind::missing_there, "missing there"},
     {Kind::state_differs, "in another state"},
     {Kind::identity_conflict, "with another identity"},
     {Kind::count_differs, "where the list does not add up"}}};

class Showing {
 public:
  Showing(const Parts& parts, const AskedList& asked, const Run& run, const node::Moment& moment)
      : parts_(parts), asked_(asked), run_(run), moment_(moment) {}

  Result<Reply> show() {
    for (std::size_t i = 0; i < run_.comparison.differences.size(); ++i) {
      TRY(std::optional<views::Item> item, item_of(run_.comparison.differences[i].id));
      settled_ += item && !item->is_open() ? 1U : 0U;
      items_.push_back(std::move(item));
    }
    to_.text("source", "String", asked_.source);
    to_.boolean("dry-run", asked_.is_dry_run);
    to_.text("text", "String", summary());
    to_.text("scope", "String", scope_words());
    write_counts();
    write_notes();
    const std::size_t shown = std::min(items_.size(), written_max);
    for (std::size_t i = 0; i < shown; ++i) {
      TRY_OK(write_difference(i));
    }
    if (shown < items_.size()) {
      to_.number("left-out", items_.size() - shown);
    }
    for (const Finding& one : run_.gone) {
      TRY_OK(write_gone(one));
    }
    return to_.reply();
  }

 private:
  Result<std::optional<views::Item>> item_of(const std::string& finding) {
    TRY(const auto ids,
        views::items_about(*moment_.reader, "DetectedIssue/" + finding, views::Which::all, 1));
    return ids.empty() ? std::optional<views::Item>()
                       : views::find_item(*moment_.reader, ids.front());
  }

  [[nodiscard]] std::size_t count(Kind kind) const {
    return static_cast<std::size_t>(
        std::ranges::count(run_.comparison.differences, kind, &Difference::kind));
  }
  [[nodiscard]] std::size_t count(News news) const {
    return static_cast<std::size_t>(std::ranges::count(run_.news, news));
  }

  static std::string_view count_is(std::size_t count) { return count == 1 ? "is" : "are"; }

  [[nodiscard]] std::string scope_words() const {
    return asked_.is_incomplete
               ? "The list does not add up, so nothing is said to be missing in it."
               : asked_.scope.words();
  }

  [[nodiscard]] std::string summary() const {
    const reconcile::Comparison& all = run_.comparison;
    std::string text = fmt::format("{} line{} of {} compared, {} the same.", all.compared,
                                   all.compared == 1 ? "" : "s", asked_.source, all.same);
    if (all.differences.empty()) {
      text += " There is no difference.";
    } else {
      std::vector<std::string> parts;
      for (const auto& [kind, what] : words) {
        if (count(kind) > 0) {
          parts.push_back(fmt::format("{} {}", count(kind), what));
        }
      }
      text += fmt::format(" There {} {} difference{}: {}.", count_is(all.differences.size()),
                          all.differences.size(), all.differences.size() == 1 ? "" : "s",
                          fmt::join(parts, ", "));
      text += fmt::format(" {} {}, {} were known.", count(News::opened),
                          asked_.is_dry_run ? "would be new" : "are new", count(News::known));
      if (count(News::changed) + count(News::again) > 0) {
        text += fmt::format(" {} differ otherwise than before, {} are back.", count(News::changed),
                            count(News::again));
      }
    }
    if (!run_.gone.empty()) {
      text += fmt::format(" {} that differed before do not any more: somebody has to confirm it.",
                          run_.gone.size());
    }
    if (settled_ > 0) {
      text += fmt::format(" {} of the differences are settled here and still differ.", settled_);
    }
    return fmt::format("{} {}", text, scope_words());
  }

  void write_counts() {
    const reconcile::Comparison& all = run_.comparison;
    to_.number("lines", asked_.list.lines);
    to_.number("compared", all.compared);
    to_.number("same", all.same);
    to_.number("different", all.differences.size());
    for (const auto& [kind, what] : words) {
      to_.number(reconcile::name(kind), count(kind));
    }
    for (const News news : {News::opened, News::known, News::changed, News::again}) {
      to_.number(name(news), count(news));
    }
    to_.number("gone", run_.gone.size());
    to_.number("not-on-this-list", run_.not_said);
    to_.number("settled-and-still-different", settled_);
    to_.number("ours-in-scope", all.ours_in_scope);
    to_.number("ours-without-number", all.ours_without_number);
    to_.number("state-not-compared", all.state_not_compared);
    to_.number("identity-not-compared", all.identity_not_compared);
  }

  void write_note(std::string_view about, std::size_t count, const std::string& named) {
    to_.open("note");
    to_.text("about", "String", about);
    to_.number("count", count);
    to_.text("named", "String", named);
    to_.close();
  }

  void write_notes() {
    for (const auto& [about, note] : asked_.list.notes.all()) {
      const std::size_t more = note.count - note.named.size();
      write_note(about, note.count,
                 fmt::format("{}{}", fmt::join(note.named, "; "),
                             more > 0 ? fmt::format("; and {} more", more) : ""));
    }
    for (const auto& [word, lines] : run_.comparison.unknown_words) {
      write_note("state that is not known, not compared", lines, word);
    }
    for (const reconcile::Stated& one : asked_.list.stated) {
      write_note(one.differs ? "count that differs" : "count that agrees", 1,
                 fmt::format("{}: {}", one.number, one.what));
    }
  }

  Result<void> write_difference(std::size_t index) {
    const Difference& one = run_.comparison.differences[index];
    to_.open("difference");
    to_.text("kind", "Code", reconcile::name(one.kind));
    to_.text("news", "Code", name(run_.news[index]));
    to_.text("type", "Code", one.type);
    to_.text("number", "String", one.number.value);
    to_.text("text", "String", one.text);
    write_if("theirs", one.theirs);
    write_if("ours", one.ours);
    if (!one.reference.empty()) {
      to_.reference("request", one.reference);
    }
    if (items_[index]) {
      to_.reference("finding", "DetectedIssue/" + one.id);
      TRY_OK(write_item(*items_[index]));
    }
    to_.close();
    return ok();
  }

  Result<void> write_gone(const Finding& one) {
    TRY(const auto item, item_of(one.standing.id));
    to_.open("gone-since");
    to_.text("number", "String", one.standing.number.value);
    to_.text("text", "String", one.text);
    to_.reference("finding", "DetectedIssue/" + one.standing.id);
    if (item) {
      TRY_OK(write_item(*item));
    }
    to_.close();
    return ok();
  }

  Result<void> write_item(const views::Item& item) {
    TRY(const NamedOwner owner, name_owner(parts_, moment_, item.owner));
    to_.reference("item", "Task/" + item.id);
    to_.text("state", "Code", item.state);
    to_.text("owner", "String", owner.name);
    return ok();
  }

  void write_if(std::string_view name, std::string_view value) {
    if (!value.empty()) {
      to_.text(name, "String", value);
    }
  }

  const Parts& parts_;
  const AskedList& asked_;
  const Run& run_;
  const node::Moment& moment_;
  ParametersWriter to_;
  std::vector<std::optional<views::Item>> items_;
  std::size_t settled_ = 0;
};

}  // namespace

Result<Reply> show_run(const Parts& parts, const AskedList& asked, const Run& run,
                       const node::Moment& moment) {
  return Showing(parts, asked, run, moment).show();
}

}  // namespace holdfast::api
