// search/reference_query.cpp: https://hl7.org/fhir/R4/search.html#reference
#include <algorithm>

#include "fhir/sites.h"
#include "search/text.h"
#include "search/value_query.h"
#include "views/values.h"

namespace holdfast::search {
namespace {

// Any of these forms.
class ReferenceQuery final : public ValueQuery {
 public:
  explicit ReferenceQuery(std::vector<Bytes> forms) : forms_(std::move(forms)) {}

  Result<void> add_ranges(const Moment& /*moment*/, BytesView base,
                          std::vector<KeyRange>& to) const override {
    for (const Bytes& form : forms_) {
      to.push_back(exactly(base, form));
    }
    return ok();
  }
  Verdict judge(BytesView form) const override {
    return verdict(std::ranges::find(forms_, form) != forms_.end());
  }
  bool is_tight() const override { return true; }

 private:
  const std::vector<Bytes> forms_;
};

// A canonical or other address, of any version; or one too long for a key.
class UrlQuery final : public ValueQuery {
 public:
  UrlQuery(std::string url, std::optional<std::string> version)
      : url_(std::move(url)), version_(std::move(version)) {}

  Result<void> add_ranges(const Moment& /*moment*/, BytesView base,
                          std::vector<KeyRange>& to) const override {
    to.push_back(version_ ? exactly(base, form()) : forms_beginning(base, form()));
    return ok();
  }
  Verdict judge(BytesView other) const override {
    if (version_ ? other != form() : !other.starts_with(form())) {
      return Verdict::no;
    }
    return is_cut() ? Verdict::ask : Verdict::yes;
  }
  bool is_tight() const override { return !is_cut(); }
  bool holds(fhir::JsonValue resource, const fhir::Selected& value) const override {
    fhir::JsonValue at = resource.document().at(value.node);
    if (at.is_object()) {
      const auto reference = at.find("reference");
      if (!reference) {
        return false;
      }
      at = *reference;
    }
    std::string scratch;
    return at.is_string() &&
           at.text(scratch) == (version_ && !version_->empty() ? url_ + '|' + *version_ : url_);
  }

 private:
  [[nodiscard]] Bytes form() const {
    Bytes made;
    if (version_) {
      views::append_target_url(made, url_, *version_);
    } else {
      views::append_target_urls(made);
      views::append_value_text(made, url_);
    }
    return made;
  }
  [[nodiscard]] bool is_cut() const { return url_.size() > views::value_text_bytes_max; }

  const std::string url_;
  const std::optional<std::string> version_;
};

// :identifier=[system]|[value], of Reference.identifier.
class ReferenceIdentifierQuery final : public ValueQuery {
 public:
  ReferenceIdentifierQuery(std::optional<std::string> system, std::string value)
      : system_(std::move(system)), value_(std::move(value)) {}

  Result<void> add_ranges(const Moment& /*moment*/, BytesView base,
                          std::vector<KeyRange>& to) const override {
    to.push_back(system_ ? exactly(base, form()) : forms_beginning(base, form()));
    return ok();
  }
  Verdict judge(BytesView other) const override {
    return verdict(system_ ? other == form() : other.starts_with(form()));
  }
  bool is_tight() const override { return true; }

 private:
  [[nodiscard]] Bytes form() const {
    Bytes made;
    if (system_) {
      views::append_target_identifier(made, *system_, value_);
    } else {
      views::append_target_identifiers(made);
      views::append_value_text(made, value_);
    }
    return made;
  }
  const std::optional<std::string> system_;
  const std::string value_;
};

Result<ValueQueryPtr> identifier_query(std::string_view text) {
  const auto parts = split_unescaped(text, '|');
  if (parts.size() > 2 || parts.back().empty()) {
    return fail(Code::value, quoted(text) + " is not an identifier: write system|value, or value");
  }
  TRY(std::string value, unescape(parts.back()));
  if (value.size() > views::value_text_bytes_max) {
    return fail(Code::too_large, "an identifier in a search has at most 512 bytes");
  }
  std::optional<std::string> system;
  if (parts.size() == 2) {
    TRY(system, unescape(parts.front()));
  }
  return ValueQueryPtr(
      std::make_shared<ReferenceIdentifierQuery>(std::move(system), std::move(value)));
}

bool is_address(std::string_view text) { return text.find_first_of(":/#|") != text.npos; }

}  // namespace

bool leads_to(BytesView form, std::optional<fhir::TypeId> only) {
  if (!only || form.empty()) {
    return true;
  }
  ByteReader reader(form);
  const auto tag = static_cast<unsigned char>(reader.bytes(1)[0]);
  if (tag < fhir::type_count) {
    return tag == only->value;
  }
  constexpr unsigned char url_tag = 0xff;
  return tag != url_tag || fhir::classify(views::read_value_text(reader).text).type == only;
}

Result<ValueQueryPtr> reference_query(const Asked& asked, std::string_view text) {
  if (asked.modifier == "identifier") {
    return identifier_query(text);
  }
  std::optional<fhir::TypeId> named;
  if (!asked.modifier.empty()) {
    named = fhir::type_id(asked.modifier);
    if (!named) {
      return fail(Code::unsupported, quoted(':' + std::string(asked.modifier)) +
                                         " is neither a resource type nor 'identifier'");
    }
  }
  // In a canonical '|' is part of the value; nothing else here has one.
  TRY(const std::string value, unescape(text));
  std::vector<Bytes> forms;
  const auto add = [&](fhir::TypeId type, std::string_view id) {
    views::append_target(forms.emplace_back(), type, id);
  };
  if (const auto literal = fhir::parse_literal(value)) {
    if (!literal->version.empty()) {
      return fail(Code::unsupported,
                  "this server searches for references to a resource, not to one version of it");
    }
    if (named && *named != literal->type) {
      return fail(Code::value, quoted(value) + " is not a " + std::string(fhir::name(*named)));
    }
    add(literal->type, literal->id);
    return ValueQueryPtr(std::make_shared<ReferenceQuery>(std::move(forms)));
  }
  if (is_address(value)) {
    const std::size_t bar = value.find('|');
    return ValueQueryPtr(std::make_shared<UrlQuery>(
        value.substr(0, bar),
        bar == std::string::npos ? std::nullopt : std::optional(value.substr(bar + 1))));
  }
  if (value.find('\0') != std::string::npos) {
    return fail(Code::value, "an id has letters, digits, '-' and '.' only");
  }
  if (named) {
    add(*named, value);
    return ValueQueryPtr(std::make_shared<ReferenceQuery>(std::move(forms)));
  }
  const auto targets = asked.param.targets;
  const std::size_t count = targets.empty() ? fhir::type_count : targets.size();
  for (std::size_t i = 0; i < count; ++i) {
    add(fhir::TypeId{targets.empty() ? static_cast<std::uint8_t>(i) : targets[i]}, value);
  }
  return ValueQueryPtr(std::make_shared<ReferenceQuery>(std::move(forms)));
}

}  // namespace holdfast::search
