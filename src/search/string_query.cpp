// search/string_query.cpp: https://hl7.org/fhir/R4/search.html#string and #uri
#include "fhir/fold.h"
#include "search/filter.h"
#include "search/text.h"
#include "search/value_query.h"
#include "views/forms.h"
#include "views/values.h"

namespace holdfast::search {
namespace {

enum class Match : std::uint8_t { begins, contains, ends, whole, exact };

class StringQuery final : public ValueQuery {
 public:
  StringQuery(Match match, std::string text)
      : match_(match), text_(std::move(text)), folded_(fhir::folded(text_)) {}

  Result<void> add_ranges(const Moment& /*moment*/, BytesView base,
                          std::vector<KeyRange>& to) const override {
    Bytes form;
    if (match_ == Match::exact || match_ == Match::whole) {
      views::append_value_text(form, folded_);
      to.push_back(exactly(base, form));
      return ok();
    }
    if (match_ == Match::begins) {
      views::append_value_text_prefix(form, folded_);
    }
    to.push_back(forms_beginning(base, form));
    return ok();
  }
  Verdict judge(BytesView form) const override {
    ByteReader reader(form);
    const views::ValueText value = views::read_value_text(reader);
    if (value.cut) {
      return match_ == Match::begins && !is_long() ? verdict(value.text.starts_with(folded_))
                                                   : Verdict::ask;
    }
    switch (match_) {
      case Match::begins: return verdict(value.text.starts_with(folded_));
      case Match::contains: return verdict(value.text.find(folded_) != std::string::npos);
      case Match::ends: return verdict(value.text.ends_with(folded_));
      case Match::whole: return verdict(value.text == folded_);
      case Match::exact: return value.text == folded_ ? Verdict::ask : Verdict::no;
    }
    return Verdict::no;
  }
  bool is_tight() const override {
    return (match_ == Match::begins || match_ == Match::whole) && !is_long();
  }
  bool holds(fhir::JsonValue resource, const fhir::Selected& value) const override {
    const std::string whole = views::text_of(resource.document(), value);
    switch (match_) {
      case Match::begins: return fhir::folded(whole).starts_with(folded_);
      case Match::contains: return fhir::folded(whole).find(folded_) != std::string::npos;
      case Match::ends: return fhir::folded(whole).ends_with(folded_);
      case Match::whole: return fhir::folded(whole) == folded_;
      case Match::exact: return whole == text_;
    }
    return false;
  }

 private:
  [[nodiscard]] bool is_long() const { return folded_.size() > views::value_text_bytes_max; }
  const Match match_;
  const std::string text_;
  const Bytes folded_;
};

enum class UriMatch : std::uint8_t { equal, below, above };

class UriQuery final : public ValueQuery {
 public:
  UriQuery(UriMatch match, std::string uri) : match_(match), uri_(std::move(uri)) {}

  Result<void> add_ranges(const Moment& /*moment*/, BytesView base,
                          std::vector<KeyRange>& to) const override {
    if (match_ != UriMatch::above) {
      Bytes form;
      if (match_ == UriMatch::equal) {
        views::append_value_text(form, uri_);
        to.push_back(exactly(base, form));
      } else {
        views::append_value_text_prefix(form, uri_);
        to.push_back(forms_beginning(base, form));
      }
      return ok();
    }
    // http://a/b/c is above nothing but itself, http://a/b and http://a, with or without a slash.
    for (std::size_t end = uri_.size(); end != std::string::npos && end > 0;
         end = uri_.rfind('/', end - 1)) {
      for (const std::size_t size : {end, end + 1}) {
        if (size <= uri_.size()) {
          Bytes form;
          views::append_value_text(form, std::string_view(uri_).substr(0, size));
          to.push_back(exactly(base, form));
        }
      }
    }
    return ok();
  }
  Verdict judge(BytesView form) const override {
    ByteReader reader(form);
    const views::ValueText value = views::read_value_text(reader);
    if (!value.cut) {
      return verdict(is_match(value.text));
    }
    if (is_long()) {
      return Verdict::ask;
    }
    return verdict(match_ == UriMatch::below && is_above(uri_, value.text));
  }
  bool is_tight() const override { return match_ != UriMatch::below && !is_long(); }
  bool holds(fhir::JsonValue resource, const fhir::Selected& value) const override {
    return is_match(views::text_of(resource.document(), value));
  }

 private:
  [[nodiscard]] bool is_long() const { return uri_.size() >= views::value_text_bytes_max; }
  // Whether `a` is `b` or a part of its path.
  static bool is_above(std::string_view a, std::string_view b) {
    return b.starts_with(a) && (a.size() == b.size() || a.ends_with('/') || b[a.size()] == '/');
  }
  [[nodiscard]] bool is_match(std::string_view value) const {
    switch (match_) {
      case UriMatch::equal: return value == uri_;
      case UriMatch::below: return is_above(uri_, value);
      case UriMatch::above: return is_above(value, uri_);
    }
    return false;
  }
  const UriMatch match_;
  const std::string uri_;
};

}  // namespace

Result<ValueQueryPtr> string_query(const Asked& asked, std::string_view text) {
  TRY(std::string plain, unescape(text));
  Match match = Match::begins;
  if (asked.modifier == "exact") {
    match = Match::exact;
  } else if (asked.modifier == "contains") {
    match = Match::contains;
  } else if (asked.modifier == whole_modifier) {
    match = Match::whole;
  } else if (asked.modifier == ends_modifier) {
    match = Match::ends;
  } else if (!asked.modifier.empty()) {
    return fail(Code::unsupported,
                "a text has the modifiers ':exact', ':contains' and ':missing' only");
  }
  return ValueQueryPtr(std::make_shared<StringQuery>(match, std::move(plain)));
}

Result<ValueQueryPtr> uri_query(const Asked& asked, std::string_view text) {
  TRY(std::string plain, unescape(text));
  UriMatch match = UriMatch::equal;
  if (asked.modifier == "below") {
    match = UriMatch::below;
  } else if (asked.modifier == "above") {
    match = UriMatch::above;
  } else if (!asked.modifier.empty()) {
    return fail(Code::unsupported,
                "a URI has the modifiers ':below', ':above' and ':missing' only");
  }
  return ValueQueryPtr(std::make_shared<UriQuery>(match, std::move(plain)));
}

}  // namespace holdfast::search
