// search/code_query.cpp: :in, :above and :below of a token. Which codes they mean is known at a
// moment only; of those the index is asked which it has. Few different codes in it are each asked
// of the value set; of many, those that the set lists are looked for by leaps.
// https://hl7.org/fhir/R4/search.html#token
#include <algorithm>

#include <fmt/format.h>

#include "search/rows.h"
#include "search/text.h"
#include "search/value_query.h"
#include "search/vocabulary.h"
#include "views/postings.h"
#include "views/values.h"

namespace holdfast::search {
namespace {

/// So many different codes of an index are asked of the set before its own codes are listed.
constexpr std::size_t asked_first = 512;

/// Code and system in the form of a token.
struct FormTexts {
  views::ValueText code;
  views::ValueText system;
};
FormTexts texts_of(BytesView form) {
  ByteReader reader(form);
  FormTexts texts;
  texts.code = views::read_value_text(reader);
  texts.system = views::read_value_text(reader);
  return texts;
}

// The codes of a set that the indexes of a parameter have.
class CodesFound final : public ValueQuery {
 public:
  /// `forms` sorted.
  CodesFound(CodeSetPtr set, std::vector<Bytes> forms)
      : set_(std::move(set)), forms_(std::move(forms)) {}

  Result<void> add_ranges(const Moment& /*moment*/, BytesView base,
                          std::vector<KeyRange>& to) const override {
    for (const Bytes& form : forms_) {
      to.push_back(exactly(base, form));
      to.back().exact = !is_cut(form);
    }
    return ok();
  }
  Verdict judge(BytesView form) const override {
    if (!std::ranges::binary_search(forms_, form, std::less<>())) {
      return Verdict::no;
    }
    return is_cut(form) ? Verdict::ask : Verdict::yes;
  }
  bool is_tight() const override {
    return std::ranges::none_of(forms_, [](const Bytes& form) { return is_cut(form); });
  }
  // A text that was cut in its key: the set is asked for the whole one. What cannot be known of it
  // is not in the set.
  bool holds(fhir::JsonValue resource, const fhir::Selected& value) const override {
    return holds_in(resource.document().at(value.node));
  }
  std::string explain() const override {
    return fmt::format("{} different code(s) of {} are in use", forms_.size(), set_->name());
  }

 private:
  static bool is_cut(BytesView form) {
    const FormTexts texts = texts_of(form);
    return texts.code.cut || texts.system.cut;
  }
  [[nodiscard]] bool has(std::string_view system, std::string_view code) const {
    const auto found = set_->has(system, code);
    return !code.empty() && found && *found;
  }
  [[nodiscard]] bool holds_in(fhir::JsonValue value) const {
    if (value.is_string()) {
      return has({}, value.text());
    }
    if (const auto codings = value.find("coding"); codings && codings->is_array()) {
      const auto all = codings->children();
      return std::any_of(all.begin(), all.end(),
                         [&](fhir::JsonValue coding) { return holds_in(coding); });
    }
    const auto system = value.find("system");
    const auto code = value.find("code") ? value.find("code") : value.find("value");
    return code && code->is_string() &&
           has(system && system->is_string() ? system->text() : std::string(), code->text());
  }

  const CodeSetPtr set_;
  const std::vector<Bytes> forms_;
};

// The forms of an index of which the set has the code, in their order.
class IndexWalk {
 public:
  IndexWalk(const Moment& moment, fhir::IndexId index, const CodeSet& set, std::vector<Bytes>& to)
      : moment_(moment), base_(views::index_prefix(index)), set_(set), to_(to) {}

  Result<void> run() {
    KeyScan scan = begin();
    const std::size_t before = to_.size();
    for (std::size_t asked = 0; scan.valid(); ++asked) {
      if (asked == asked_first) {
        if (const auto codes = set_.codes()) {
          to_.resize(before);
          return by_codes(*codes);
        }
      }
      TRY_OK(take(scan));
      if (!pass(scan)) {
        break;
      }
    }
    return scan.status();
  }

 private:
  [[nodiscard]] KeyScan begin() const {
    const KeyRange whole = forms_beginning(base_, {});
    return {moment_, whole.from, whole.until, views::Direction::forward};
  }
  /// Index and set go through their codes together: each leaps to where the other is.
  Result<void> by_codes(const std::vector<std::string>& codes) {
    KeyScan scan = begin();
    for (auto at = codes.begin(); scan.valid() && at != codes.end();) {
      const views::ValueText here = texts_of(views::form_in_row_key(scan.key())).code;
      if (!here.cut && here.text != *at) {
        at = std::lower_bound(at, codes.end(), here.text);
        if (at == codes.end() || *at == here.text) {
          continue;
        }
        TRY_OK(moment_.budget.spend(1));
        Bytes wanted = base_;
        views::append_value_text(wanted, *at);
        scan.seek(wanted);
        continue;
      }
      TRY_OK(take(scan));
      if (!pass(scan)) {
        break;
      }
    }
    return scan.status();
  }
  Result<void> take(const KeyScan& scan) {
    TRY_OK(moment_.budget.spend(1));
    const BytesView form = views::form_in_key(scan.value_key());
    const FormTexts texts = texts_of(form);
    if (texts.code.text.empty()) {
      return ok();  // a concept without code
    }
    TRY(const bool has, set_.has(texts.system.text, texts.code.text));
    if (has || texts.code.cut || texts.system.cut) {
      to_.emplace_back(form);
    }
    return ok();
  }
  /// To the next form; false behind the last.
  static bool pass(KeyScan& scan) {
    const Bytes next = views::after_prefix(scan.value_key());
    if (next.empty()) {
      return false;
    }
    scan.seek(next);
    return true;
  }

  const Moment& moment_;
  const Bytes base_;
  const CodeSet& set_;
  std::vector<Bytes>& to_;
};

class CodeQuery final : public ValueQuery {
 public:
  enum class Kind : std::uint8_t { in, above, below };
  CodeQuery(Kind kind, std::string system, std::string text)
      : kind_(kind), system_(std::move(system)), text_(std::move(text)) {}

  bool depends_on_moment() const override { return true; }
  Result<ValueQueryPtr> at(const Moment& moment, const fhir::SearchParam& param) const override {
    TRY(CodeSetPtr set, find(moment));
    std::vector<Bytes> forms;
    for (const fhir::IndexUse& use : param.uses) {
      TRY_OK(IndexWalk(moment, use.index, *set, forms).run());
    }
    std::ranges::sort(forms);
    forms.erase(std::unique(forms.begin(), forms.end()), forms.end());
    return ValueQueryPtr(std::make_shared<CodesFound>(std::move(set), std::move(forms)));
  }
  // Without the moment nothing is known; whoever asks all the same is told so.
  Result<void> add_ranges(const Moment& /*moment*/, BytesView /*base*/,
                          std::vector<KeyRange>& /*to*/) const override {
    return fail(Code::unsupported, "':in', ':above' and ':below' are known at a moment only");
  }
  Verdict judge(BytesView /*form*/) const override { return Verdict::ask; }
  bool is_tight() const override { return false; }

 private:
  Result<CodeSetPtr> find(const Moment& moment) const {
    if (kind_ == Kind::in) {
      return moment.vocabulary.value_set(moment, text_);
    }
    const auto way = kind_ == Kind::above ? Vocabulary::Way::above : Vocabulary::Way::below;
    return moment.vocabulary.hierarchy(moment, way, system_, text_);
  }

  const Kind kind_;
  const std::string system_;
  const std::string text_;
};

}  // namespace

bool is_code_modifier(std::string_view modifier) {
  return modifier == "in" || modifier == "above" || modifier == "below";
}

Result<ValueQueryPtr> code_query(const Asked& asked, std::string_view text) {
  if (asked.modifier == "in") {
    TRY(std::string named, unescape(text));
    if (named.find('\0') != std::string::npos) {
      return fail(Code::value, "a value set's url has no NUL");
    }
    return ValueQueryPtr(std::make_shared<CodeQuery>(CodeQuery::Kind::in, "", std::move(named)));
  }
  const auto parts = split_unescaped(text, '|');
  if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) {
    return fail(Code::value, fmt::format("':{}' takes one concept, written system|code, not {}",
                                         asked.modifier, quoted(text)));
  }
  TRY(std::string system, unescape(parts[0]));
  TRY(std::string code, unescape(parts[1]));
  const auto kind = asked.modifier == "above" ? CodeQuery::Kind::above : CodeQuery::Kind::below;
  return ValueQueryPtr(std::make_shared<CodeQuery>(kind, std::move(system), std::move(code)));
}

}  // namespace holdfast::search
