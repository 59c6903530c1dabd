// hl7v2/rendering/say_code.cpp: codes, codings, units and media types. A code without a
// counterpart is sent with its own system where the place has room for that, else not at all.
#include <fmt/format.h>

#include <algorithm>

#include "hl7v2/rendering/fields.h"

namespace holdfast::hl7v2 {
namespace {

/// Where each coding of a CWE begins, and where its version stands.
struct Triplet {
  std::uint16_t first;
  std::uint16_t version;
};
constexpr Triplet triplets[] = {{1, 7}, {4, 8}, {10, 13}};

struct CodingTexts {
  std::string_view system;
  std::string_view code;
  std::string_view display;
};
CodingTexts texts_of(Documents& documents, const Item& coding) {
  return {documents.member_text(coding, "system"), documents.member_text(coding, "code"),
          documents.member_text(coding, "display")};
}

/// Codings of a concept; a Coding is its own.
Items codings_of(Documents& documents, const Item& item) {
  if (const auto all = documents.member(item, "coding"); all && documents.at(*all).is_array()) {
    Items found;
    for (const fhir::JsonValue one : documents.at(*all).children()) {
      if (one.is_object()) {
        found.push_back({item.document, one.index(), item.via});
      }
    }
    return found;
  }
  const bool is_coding = documents.member(item, "code") || documents.member(item, "display") ||
                         documents.member(item, "system");
  return is_coding && documents.at(item).is_object() ? Items{item} : Items{};
}

/// A code of the HL7 table beside what the way in made of it: it alone is sent.
bool is_implied(Documents& documents, std::uint16_t map, const CodingTexts& of,
                const Items& codings) {
  return std::ranges::any_of(codings, [&](const Item& other) {
    const CodingTexts by = texts_of(documents, other);
    return Naming::is_table(map, by.system) && by.system != of.system &&
           Naming::means(map, by.code, of.system, of.code);
  });
}

void put_coding(const Saying& one, const Item& coding, const Triplet& at, std::string_view code,
                std::string_view display, std::string_view system) {
  Fields& fields = one.fields;
  if (!one.place.has_parts()) {  // a subcomponent: one text only
    fields.put(one.place, code.empty() ? display : code);
    return;
  }
  fields.put(one.place.part(at.first), code);
  fields.put(one.place.part(static_cast<std::uint16_t>(at.first + 1)), display);
  if (!system.empty()) {
    fields.put(one.place.part(static_cast<std::uint16_t>(at.first + 2)), system);
  }
  if (const auto version = fields.documents().member(coding, "version")) {
    fields.put(one.place.part(at.version), fields.documents().text(*version));
  }
}

/// One coding as the way in would have read it. False: it has neither code nor display.
bool put_one(const Saying& one, const Item& coding, const Triplet& at, bool short_form) {
  Documents& documents = one.fields.documents();
  const CodingTexts is = texts_of(documents, coding);
  if (is.code.empty() && is.display.empty()) {
    return false;
  }
  const std::uint16_t map = one.rule.codes;
  if (map != out::none && at.first == 1 && !is.code.empty()) {
    const auto back = one.fields.naming().code(map, is.system, is.code);
    const bool is_own = Naming::is_table(map, is.system);
    const std::string_view code = is_own ? is.code : back ? back->code : std::string_view();
    if (!code.empty()) {
      const std::string table = fmt::format("HL7{}", out::text(out::code_maps[map].table));
      const std::string_view display = back && code != is.code ? back->meaning : is.display;
      const bool alone = short_form && back;
      put_coding(one, coding, at, code, alone ? std::string_view() : display,
                 alone ? std::string_view() : documents.keep(table));
      one.fields.will_carry(coding);
      return true;
    }
  }
  const std::string system = one.fields.naming().coding_system(is.system);
  put_coding(one, coding, at, is.code, is.display,
             system.empty() ? std::string_view() : documents.keep(system));
  one.fields.will_carry(coding);
  return true;
}

}  // namespace

/// CodeableConcept, Coding, or a code or text alone. `is`: only the code, if the table has it.
bool say_concept(const Saying& one) {
  Documents& documents = one.fields.documents();
  if (documents.at(one.item).is_string()) {
    one.fields.will_carry(one.item);
    return one.fields.put(one.place, documents.text(one.item));
  }
  const Items codings = codings_of(documents, one.item);
  const auto text = documents.member(one.item, "text");
  std::string_view shown;
  std::size_t sent = 0;
  for (const Item& coding : codings) {
    const CodingTexts is = texts_of(documents, coding);
    if (one.rule.codes != out::none && is_implied(documents, one.rule.codes, is, codings)) {
      one.fields.will_carry(coding);
      continue;
    }
    const std::size_t room = one.place.has_parts() ? std::size(triplets) : 1;
    const bool short_form = one.rule.conversion == out::Conversion::is && !text;
    if (sent < room && put_one(one, coding, triplets[sent], short_form && codings.size() == 1)) {
      shown = sent == 0 ? is.display : shown;
      ++sent;
    }
  }
  if (!text) {
    return sent > 0;
  }
  if (sent == 0) {
    one.fields.will_carry(*text);
    return one.fields.put(one.place.has_parts() ? one.place.part(2) : one.place,
                          documents.text(*text));
  }
  const bool is_shown = documents.text(*text) == shown;
  if (one.place.has_parts() && (!is_shown || one.fields.envelope().version >= "2.5")) {
    one.fields.put(one.place.part(9), documents.text(*text));  // before 2.5 a CE ends at 6
  }
  if (one.place.has_parts() || is_shown) {
    one.fields.will_carry(*text);
  }
  return true;
}

/// A code of FHIR as the code of HL7 that means it.
bool say_code(const Saying& one) {
  const std::string_view code = one.fields.documents().text(one.item);
  if (one.rule.codes == out::none) {
    one.fields.will_carry(one.item);
    return one.fields.put(one.place, code);
  }
  const auto back = one.fields.naming().code(one.rule.codes, {}, code);
  if (!back || !one.fields.put(one.place, back->code)) {
    return false;
  }
  one.fields.will_carry(one.item);
  return true;
}

/// Unit, system and code of a Quantity as a CWE: the code of UCUM where there is one.
bool say_unit(const Saying& one) {
  Documents& documents = one.fields.documents();
  const auto unit = documents.member(one.item, "unit");
  const auto code = documents.member(one.item, "code");
  const auto system = documents.member(one.item, "system");
  const bool is_ucum = system && documents.text(*system) == "http://unitsofmeasure.org";
  const std::string_view shown = unit ? documents.text(*unit) : std::string_view();
  const std::string_view sent = code && is_ucum ? one.fields.naming().unit(documents.text(*code))
                                : code          ? documents.text(*code)
                                                : shown;
  if (sent.empty() ||
      !one.fields.put(one.place.has_parts() ? one.place.part(1) : one.place, sent)) {
    return false;
  }
  if (one.place.has_parts() && !shown.empty() && shown != sent) {
    one.fields.put(one.place.part(2), shown);
  }
  if (one.place.has_parts() && is_ucum && shown != sent) {
    one.fields.put(one.place.part(3), "UCUM");
  }
  for (const auto& part : {unit, code}) {
    if (part) {
      one.fields.will_carry(*part);
    }
  }
  if (system && is_ucum) {
    one.fields.will_carry(*system);
  }
  return true;
}

/// HL7 tables 0191 and 0291: AP and PDF. A media type without a subtype there is sent whole.
bool say_mime(const Saying& one) {
  const std::string_view type = one.fields.documents().text(one.item);
  const auto back = one.fields.naming().code(one.rule.codes, {}, type);
  const std::string_view major = type.substr(0, type.find('/'));
  const std::string_view kind = major == "image"   ? "IM"
                                : major == "audio" ? "AU"
                                : major == "text"  ? "TEXT"
                                                   : "AP";
  // The rule stands at the first of both parts.
  FieldPlace subtype = one.place;
  std::uint16_t& part = subtype.subcomponent == 0 ? subtype.component : subtype.subcomponent;
  ++part;
  if (!one.fields.put(one.place, kind) || !one.fields.put(subtype, back ? back->code : type)) {
    return false;
  }
  one.fields.will_carry(one.item);
  return true;
}

}  // namespace holdfast::hl7v2
