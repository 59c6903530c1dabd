// evidence/check.cpp: check_document(). Each part is found wrong by what it breaks itself, so
// that the message says where; the signature over the whole comes last and covers what is left.
#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/time.h"
#include "evidence/document.h"
#include "evidence/entry.h"
#include "fhir/json.h"
#include "journal/merkle.h"

namespace holdfast::evidence {
namespace {

/// A member of an object as a number; nothing where it is none.
std::optional<std::uint64_t> number_of(fhir::JsonValue object, std::string_view key) {
  const auto member = object.find(key);
  if (!member) {
    return std::nullopt;
  }
  const BytesView text = member->raw();
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value)
                                                                  : std::nullopt;
}

std::string text_of(fhir::JsonValue object, std::string_view key) {
  const auto member = object.find(key);
  return member && member->is_string() ? member->text() : std::string();
}

/// The first member that two objects do not have alike: "`who` reads "x", … "y"".
std::string difference(fhir::JsonValue found, fhir::JsonValue should, std::string_view source) {
  constexpr std::size_t shown_max = 200;
  const auto shown = [](std::optional<fhir::JsonValue> value) {
    return value ? clean(value->raw().substr(0, shown_max)) : std::string("nothing");
  };
  std::string scratch;
  for (const fhir::JsonValue member : should.children()) {
    const std::string key(member.key(scratch));
    const auto there = found.find(key);
    if (!there || there->raw() != member.raw()) {
      return fmt::format("`{}` reads {}, {} {}", key, shown(there), source, shown(member));
    }
  }
  for (const fhir::JsonValue member : found.children()) {
    const std::string key(member.key(scratch));
    if (!should.find(key)) {
      return fmt::format("`{}` is there, which {} nothing of", clean(key), source);
    }
  }
  return "its bytes are not as they must be written (blanks, escapes or the order of its members)";
}

class Check {
 public:
  Check(BytesView document, const std::optional<journal::VerifierKey>& key)
      : rest_(document), document_(document), key_(key) {}

  Findings run() && {
    if (take_head()) {
      check_checkpoint();
      while (has_entry()) {
        take_entry();
      }
      check_count();
      take_statement();
    }
    if (more_ > 0) {
      found_.faults.push_back(fmt::format("and {} further faults", more_));
    }
    return std::move(found_);
  }

 private:
  void fault(std::string what) {
    if (found_.faults.size() < faults_max) {
      found_.faults.push_back(std::move(what));
    } else {
      ++more_;
    }
  }

  std::optional<BytesView> take_line() {
    const std::size_t end = rest_.find('\n');
    if (end == BytesView::npos) {
      return std::nullopt;
    }
    const BytesView line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }

  // ---- the head ---------------------------------------------------------------------------------

  // False where there is nothing to go on with.
  bool take_head() {
    const auto line = take_line();
    const auto json = reader_.read(Bytes(line.value_or(BytesView())) + "]}");
    if (!line || !json || !json->root().is_object()) {
      fault("this is no holdfast-evidence document: its first line cannot be read");
      return false;
    }
    const fhir::JsonValue root = json->root();
    if (text_of(root, "format") != format_name || number_of(root, "version") != format_version) {
      fault("the head does not say that this is holdfast-evidence of version 1");
      return false;
    }
    read_head(root);
    const Bytes should = head_line(found_.head);
    if (BytesView(should).substr(0, should.size() - 1) != *line) {
      const auto rewritten = reader_.read(should.substr(0, should.size() - 1) + "]}");
      fault("the head: " + (rewritten ? difference(root, rewritten->root(), "it should read")
                                      : std::string("it cannot be written again")));
    }
    return true;
  }

  void read_head(fhir::JsonValue root) {
    Head& head = found_.head;
    head.subject = text_of(root, "subject");
    const auto community = from_hex(text_of(root, "community"));
    if (community && community->size() == head.community.bytes.size()) {
      std::copy(community->begin(), community->end(), head.community.bytes.begin());
    }
    head.verifier = text_of(root, "verifier");
    head.checkpoint = text_of(root, "checkpoint");
    if (const auto made = parse_date_time(text_of(root, "made"))) {
      head.made = made->from;
    }
    head.after = Position{number_of(root, "after").value_or(0)};
    head.through = Position{number_of(root, "through").value_or(0)};
    head.count = number_of(root, "count").value_or(0);
    head.next = text_of(root, "next");
  }

  void check_checkpoint() {
    const Head& head = found_.head;
    const auto named = journal::VerifierKey::parse(head.verifier);
    if (!named) {
      fault("the head: `verifier` is no key: " + named.error().what);
    } else if (key_ && key_->text() != named->text()) {
      fault(fmt::format("it was signed by {}, not by the key that was given ({})", named->text(),
                        key_->text()));
    }
    if (!key_ && named) {
      key_ = *named;
    }
    if (!key_) {
      return;
    }
    found_.key_name = key_->name();
    auto checkpoint = journal::verify_checkpoint(head.checkpoint, key_->name(), *key_);
    if (!checkpoint) {
      fault("the checkpoint: " + checkpoint.error().what);
      return;
    }
    found_.checkpoint = *std::move(checkpoint);
    has_checkpoint_ = true;
    const std::uint64_t size = found_.checkpoint.size;
    if (head.through.value > size || head.after > head.through ||
        head.next.empty() != (head.through.value == size)) {
      fault(fmt::format("the head: it speaks of entries after {} through {} of {}, {}",
                        head.after.value, head.through.value, size,
                        head.next.empty() ? "and names no next part" : "and names a next part"));
    }
  }

  // ---- entries ----------------------------------------------------------------------------------

  [[nodiscard]] bool has_entry() const { return !rest_.empty() && !rest_.starts_with(']'); }

  void take_entry() {
    ++found_.entries;
    auto line = take_line();
    if (!line) {
      fault(fmt::format("line {}: it does not end", found_.entries + 1));
      rest_ = {};
      return;
    }
    const bool is_last = !has_entry();
    if (line->ends_with(',') == is_last) {
      fault(fmt::format("line {}: there is {} comma at its end", found_.entries + 1,
                        is_last ? "a" : "no"));
    }
    if (line->ends_with(',')) {
      line->remove_suffix(1);
    }
    if (auto wrong = check_entry(*line); !wrong.empty()) {
      fault(std::move(wrong));
    }
  }

  // What is wrong with it, or nothing.
  std::string check_entry(BytesView line) {
    const std::size_t at = line.rfind(record_member);
    if (at == BytesView::npos || !line.ends_with(line_end)) {
      return fmt::format("line {}: it is no entry with its record at the end", found_.entries + 1);
    }
    const auto json = reader_.read(Bytes(line.substr(0, at)) + "}");
    if (!json || !json->root().is_object()) {
      return fmt::format("line {}: its fields are no JSON", found_.entries + 1);
    }
    const auto position = number_of(json->root(), "position");
    const std::string name = position
                                 ? fmt::format("entry {} (line {})", *position, found_.entries + 1)
                                 : fmt::format("line {}", found_.entries + 1);
    const std::size_t begin = at + record_member.size();
    const auto raw = from_base64(line.substr(begin, line.size() - begin - line_end.size()));
    if (!raw) {
      return name + ": its record is not base64";
    }
    auto record = journal::decode_record(*raw, found_.head.community, std::nullopt);
    if (!record) {
      return fmt::format("{}: its bytes are not what was hashed: {}", name, record.error().what);
    }
    auto entry = read_entry(*std::move(record));
    if (!entry) {
      return fmt::format("{}: {}", name, entry.error().what);
    }
    return check_read(name, line, *entry, json->root());
  }

  std::string check_read(const std::string& name, BytesView line, const Entry& entry,
                         fhir::JsonValue fields) {
    const auto proof = read_proof(fields);
    if (!proof) {
      return name + ": its proof is no list of hashes";
    }
    const Bytes should = entry_line(entry, *proof);
    if (should != line) {
      return fmt::format("{}: {}", name, what_differs(line, should));
    }
    const Position position = entry.record.header.position;
    if (has_checkpoint_ &&
        (position.value == 0 || position.value > found_.checkpoint.size ||
         !journal::verify_inclusion(entry.record.header.hash, position.value - 1,
                                    found_.checkpoint.size, *proof, found_.checkpoint.root))) {
      return name + ": its proof does not lead to the root of the checkpoint";
    }
    if (position <= last_ || position <= found_.head.after || position > found_.head.through) {
      return fmt::format("{}: it is out of order, or not within after {} through {}", name,
                         found_.head.after.value, found_.head.through.value);
    }
    last_ = position;
    return {};
  }

  std::string what_differs(BytesView line, BytesView should) {
    const auto fields = [this](BytesView text) {
      return reader_.read(Bytes(text.substr(0, text.rfind(record_member))) + "}");
    };
    const auto found = fields(line);
    const auto rewritten = fields(should);
    return found && rewritten ? difference(found->root(), rewritten->root(), "its record says")
                              : std::string("its fields cannot be written again");
  }

  static std::optional<journal::Proof> read_proof(fhir::JsonValue fields) {
    const auto member = fields.find("proof");
    if (!member || !member->is_array()) {
      return std::nullopt;
    }
    journal::Proof proof;
    for (const fhir::JsonValue one : member->children()) {
      const auto raw = one.is_string() ? from_base64(one.text()) : std::nullopt;
      if (!raw || raw->size() != sizeof(Hash::bytes)) {
        return std::nullopt;
      }
      proof.push_back(Hash::from(*raw));
    }
    return proof;
  }

  // ---- the end ----------------------------------------------------------------------------------

  void check_count() {
    if (found_.entries != found_.head.count) {
      fault(fmt::format("the head says that there are {} entries, and there are {}",
                        found_.head.count, found_.entries));
    }
  }

  void take_statement() {
    const BytesView body = document_.substr(0, document_.size() - rest_.size());
    const auto json = reader_.read(R"({"entries":[)" + Bytes(rest_));
    const std::string note =
        json && json->root().is_object() ? text_of(json->root(), "statement") : std::string();
    if (note.empty() || statement_line(note) != rest_) {
      fault("the last line is no statement as it must be written");
      return;
    }
    if (!key_ || !has_checkpoint_) {
      return;
    }
    const auto text = journal::verify_note(note, *key_);
    if (!text) {
      fault("the statement: " + text.error().what);
    } else if (*text != statement_text(found_.head, key_->name(), found_.checkpoint, body)) {
      fault("the statement was signed for another document: something in this one was changed");
    }
  }

  BytesView rest_;
  const BytesView document_;
  std::optional<journal::VerifierKey> key_;
  fhir::JsonReader reader_;
  Findings found_;
  bool has_checkpoint_ = false;
  Position last_;
  std::size_t more_ = 0;
};

}  // namespace

Findings check_document(BytesView document, const std::optional<journal::VerifierKey>& key) {
  return Check(document, key).run();
}

}  // namespace holdfast::evidence
