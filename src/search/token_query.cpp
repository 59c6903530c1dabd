// search/token_query.cpp: https://hl7.org/fhir/R4/search.html#token
#include "fhir/definitions.h"
#include "fhir/fold.h"
#include "search/text.h"
#include "search/value_query.h"
#include "views/forms.h"
#include "views/values.h"

namespace holdfast::search {
namespace {

// [system]|[code], |[code], [code], [system]|: a part that is absent may be anything.
class TokenQuery final : public ValueQuery {
 public:
  TokenQuery(std::optional<std::string> system, std::string code)
      : system_(std::move(system)), code_(std::move(code)) {}

  Result<void> add_ranges(const Moment& /*moment*/, BytesView base,
                          std::vector<KeyRange>& to) const override {
    Bytes form;
    if (code_.empty()) {
      to.push_back(forms_beginning(base, {}));
    } else if (system_ && !is_cut()) {
      views::append_token(form, *system_, code_);
      to.push_back(exactly(base, form));
    } else {
      views::append_value_text(form, code_);
      to.push_back(forms_beginning(base, form));
    }
    return ok();
  }
  Verdict judge(BytesView form) const override {
    ByteReader reader(form);
    const views::ValueText code = views::read_value_text(reader);
    const views::ValueText system = views::read_value_text(reader);
    if ((code_.empty() || is_same(code, code_)) && (!system_ || is_same(system, *system_))) {
      return is_cut() ? Verdict::ask : Verdict::yes;
    }
    return Verdict::no;
  }
  bool is_tight() const override { return !code_.empty() && !is_cut(); }
  bool holds(fhir::JsonValue resource, const fhir::Selected& value) const override {
    return holds_in(resource.document().at(value.node));
  }

 private:
  [[nodiscard]] bool is_cut() const {
    return code_.size() > views::value_text_bytes_max ||
           (system_ && system_->size() > views::value_text_bytes_max);
  }
  static bool is_same(const views::ValueText& in_key, std::string_view wanted) {
    return in_key.cut
               ? wanted.size() > views::value_text_bytes_max && wanted.starts_with(in_key.text)
               : in_key.text == wanted;
  }
  // A text this long: whatever concept, coding, identifier or plain value it stands in.
  [[nodiscard]] bool holds_in(fhir::JsonValue value) const {
    std::string scratch;
    const auto reads = [&](std::optional<fhir::JsonValue> member, std::string_view wanted) {
      return member ? member->is_string() && member->text(scratch) == wanted : wanted.empty();
    };
    if (value.is_string()) {
      return value.text(scratch) == code_;
    }
    if (const auto codings = value.find("coding"); codings && codings->is_array()) {
      for (const fhir::JsonValue coding : codings->children()) {
        if (holds_in(coding)) {
          return true;
        }
      }
      return false;
    }
    const auto code = value.find("code") ? value.find("code") : value.find("value");
    return (code_.empty() || reads(code, code_)) &&
           (!system_ || reads(value.find("system"), *system_));
  }

  const std::optional<std::string> system_;
  const std::string code_;
};

// :text: the display of a coding, the text of a concept, the type's text of an identifier, begins
// with it. https://hl7.org/fhir/R4/search.html#modifiers
class TokenTextQuery final : public ValueQuery {
 public:
  explicit TokenTextQuery(std::string_view text) : folded_(fhir::folded(text)) {}

  Result<void> add_ranges(const Moment& /*moment*/, BytesView /*base*/,
                          std::vector<KeyRange>& /*to*/) const override {
    return ok();
  }
  Verdict judge(BytesView /*form*/) const override { return Verdict::ask; }
  bool is_by_body_only() const override { return true; }
  bool is_tight() const override { return false; }
  bool holds(fhir::JsonValue resource, const fhir::Selected& value) const override {
    const fhir::JsonValue at = resource.document().at(value.node);
    if (begins(at.find("text")) || begins(at.find("display"))) {
      return true;
    }
    if (const auto type = at.find("type"); type && begins(type->find("text"))) {
      return true;
    }
    if (const auto codings = at.find("coding"); codings && codings->is_array()) {
      for (const fhir::JsonValue coding : codings->children()) {
        if (begins(coding.find("display"))) {
          return true;
        }
      }
    }
    return false;
  }

 private:
  [[nodiscard]] bool begins(const std::optional<fhir::JsonValue>& text) const {
    std::string scratch;
    return text && text->is_string() && fhir::folded(text->text(scratch)).starts_with(folded_);
  }
  const Bytes folded_;
};

// :of-type=[system]|[code]|[value] of an Identifier.
class OfTypeQuery final : public ValueQuery {
 public:
  OfTypeQuery(std::string system, std::string code, std::string value)
      : system_(std::move(system)), code_(std::move(code)), value_(std::move(value)) {}

  Result<void> add_ranges(const Moment& /*moment*/, BytesView base,
                          std::vector<KeyRange>& to) const override {
    Bytes form;
    views::append_value_text(form, value_);
    to.push_back(forms_beginning(base, form));
    return ok();
  }
  Verdict judge(BytesView form) const override {
    Bytes wanted;
    views::append_value_text(wanted, value_);
    return form.starts_with(wanted) ? Verdict::ask : Verdict::no;
  }
  bool is_tight() const override { return false; }
  bool holds(fhir::JsonValue resource, const fhir::Selected& value) const override {
    const fhir::JsonValue identifier = resource.document().at(value.node);
    std::string scratch;
    const auto reads = [&](std::optional<fhir::JsonValue> member, std::string_view wanted) {
      return member && member->is_string() && member->text(scratch) == wanted;
    };
    const auto type = identifier.find("type");
    if (!reads(identifier.find("value"), value_) || !type) {
      return false;
    }
    if (const auto codings = type->find("coding"); codings && codings->is_array()) {
      for (const fhir::JsonValue coding : codings->children()) {
        if (reads(coding.find("system"), system_) && reads(coding.find("code"), code_)) {
          return true;
        }
      }
    }
    return false;
  }

 private:
  const std::string system_;
  const std::string code_;
  const std::string value_;
};

}  // namespace

Result<ValueQueryPtr> token_query(const Asked& asked, std::string_view text) {
  if (is_code_modifier(asked.modifier)) {
    return code_query(asked, text);
  }
  const auto parts = split_unescaped(text, '|');
  if (asked.modifier == "text") {
    TRY(const std::string plain, unescape(text));
    return ValueQueryPtr(std::make_shared<TokenTextQuery>(plain));
  }
  if (asked.modifier == "of-type") {
    if (parts.size() != 3 || parts[0].empty() || parts[1].empty() || parts[2].empty()) {
      return fail(Code::value, quoted(text) + " is not system|code|value, which ':of-type' takes");
    }
    TRY(std::string system, unescape(parts[0]));
    TRY(std::string code, unescape(parts[1]));
    TRY(std::string value, unescape(parts[2]));
    return ValueQueryPtr(
        std::make_shared<OfTypeQuery>(std::move(system), std::move(code), std::move(value)));
  }
  if (parts.size() > 2) {
    return fail(Code::value, quoted(text) +
                                 " has more than one '|'; one that belongs to the "
                                 "value is written '\\|'");
  }
  TRY(std::string first, unescape(parts[0]));
  if (parts.size() == 1) {
    return ValueQueryPtr(std::make_shared<TokenQuery>(std::nullopt, std::move(first)));
  }
  TRY(std::string code, unescape(parts[1]));
  if (first.empty() && code.empty()) {
    return fail(Code::value, "'|' alone selects nothing: write system|code, code, or system|");
  }
  return ValueQueryPtr(std::make_shared<TokenQuery>(std::move(first), std::move(code)));
}

}  // namespace holdfast::search
