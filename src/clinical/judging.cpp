#include "clinical/judging.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "clinical/span.h"

namespace holdfast::clinical {
namespace {

constexpr std::array<std::string_view, 4> judgement_names{"normal", "unjudged", "abnormal",
                                                          "critical"};

bool has(const std::vector<std::string>& all, std::string_view one) {
  return std::ranges::find(all, one) != all.end();
}

void worsen(Judged& to, Judged by) {
  if (by.judgement > to.judgement) {
    to = std::move(by);
  }
}

std::optional<Judgement> meaning(const FlagTable& table, const Coding& flag) {
  if (!has(table.systems, flag.system)) {
    return std::nullopt;
  }
  if (has(table.critical, flag.code)) {
    return Judgement::critical;
  }
  if (has(table.abnormal, flag.code)) {
    return Judgement::abnormal;
  }
  return has(table.normal, flag.code) ? std::optional(Judgement::normal) : std::nullopt;
}

/// One flag, in whichever system it is known; the worst where it is known in several.
Judged by_flag(const FlagTable& table, const std::vector<Coding>& flag) {
  std::optional<Judged> known;
  for (const Coding& said : flag) {
    if (const auto means = meaning(table, said)) {
      if (!known || *means > known->judgement) {
        known = Judged{*means, fmt::format("flagged {}", said.code)};
      }
    }
  }
  if (known) {
    return *known;
  }
  return {Judgement::unjudged, flag.empty()
                                   ? "a flag is in words"
                                   : fmt::format("flag {} is not known", flag.front().code)};
}

/// All flags: the worst of them. One that is not known never makes better.
Judged by_flags(const FlagTable& table, const Measurement& measured) {
  Judged all = by_flag(table, measured.flags.front());
  for (const auto& flag : measured.flags) {
    worsen(all, by_flag(table, flag));
  }
  return all;
}

/// A limit of a range in the unit of the value; nothing where they cannot be compared.
std::optional<fhir::Decimal> limit_of(const Quantity& limit, const Quantity& value) {
  if (!limit.unit || limit.comparator != Comparator::none) {
    return std::nullopt;
  }
  if (limit.unit->empty()) {
    return limit.value;  // in that of the value, whether or not it is UCUM
  }
  if (!value.unit) {
    return std::nullopt;
  }
  if (*limit.unit == *value.unit) {
    return limit.value;
  }
  const std::array accepted{*limit.unit};
  return value_in(limit, accepted, *value.unit);
}

/// The range that counts: the only usual one, or several that say the same. Nothing where they
/// differ.
const Range* usual_range(const Measurement& measured) {
  const Range* found = nullptr;
  for (const Range& range : measured.ranges) {
    if (!range.is_usual || (!range.low && !range.high)) {
      continue;
    }
    const auto same = [](const std::optional<Quantity>& a, const std::optional<Quantity>& b) {
      return a.has_value() == b.has_value() && (!a || (a->value == b->value && a->unit == b->unit));
    };
    if (found != nullptr &&
        (!same(found->low, range.low) || !same(found->high, range.high) ||
         found->low_edge != range.low_edge || found->high_edge != range.high_edge)) {
      return nullptr;
    }
    found = &range;
  }
  return found;
}

Judged by_range(const Measurement& measured) {
  const Range* const range = measured.quantity ? usual_range(measured) : nullptr;
  if (range == nullptr) {
    return {Judgement::unjudged, measured.quantity ? "no flag, and no reference range that counts"
                                                   : "no flag, and no number"};
  }
  const Span value{measured.quantity->value, measured.quantity->comparator};
  bool sure = true;
  const bool low_is_within = range->low_edge == Edge::within;
  const bool high_is_within = range->high_edge == Edge::within;
  if (range->low) {
    const auto low = limit_of(*range->low, *measured.quantity);
    const Sure within = !low            ? Sure::unsure
                        : low_is_within ? value.is_at_or_above(*low)
                                        : value.is_above(*low);
    if (within == Sure::no) {
      return {Judgement::abnormal, "below its reference range"};
    }
    sure = sure && within == Sure::yes;
  }
  if (range->high) {
    const auto high = limit_of(*range->high, *measured.quantity);
    const Sure within = !high            ? Sure::unsure
                        : high_is_within ? value.is_at_or_below(*high)
                                         : value.is_below(*high);
    if (within == Sure::no) {
      return {Judgement::abnormal, "above its reference range"};
    }
    sure = sure && within == Sure::yes;
  }
  return sure ? Judged{Judgement::normal, "within its reference range"}
              : Judged{Judgement::unjudged, "cannot be compared with its reference range"};
}

}  // namespace

std::string_view name(Judgement judgement) {
  return judgement_names[static_cast<std::size_t>(judgement)];
}

Judged judge(const FlagTable& table, const Measurement& measured) {
  if (measured.flags.empty()) {
    return by_range(measured);
  }
  Judged judged = by_flags(table, measured);
  if (judged.judgement != Judgement::normal) {
    return judged;
  }
  const bool words = measured.kind == ValueKind::text || measured.kind == ValueKind::other ||
                     measured.kind == ValueKind::none;
  if (words && !table.text_may_be_normal) {
    return {Judgement::unjudged, "words that nobody has read are not normal, whatever their flag"};
  }
  if (measured.quantity) {
    Judged by = by_range(measured);
    if (by.judgement == Judgement::abnormal) {
      by.why = fmt::format("{}, and {}", judged.why, by.why);
      return by;
    }
  }
  return judged;
}

Judged judge(const FlagTable& table, const Observation& observation) {
  const bool says_something =
      observation.own.kind != ValueKind::none || !observation.own.flags.empty();
  if (!says_something && observation.components.empty()) {
    return {Judgement::unjudged,
            observation.has_members ? "its members are judged one by one" : "it has no value"};
  }
  Judged all =
      says_something ? judge(table, observation.own) : judge(table, observation.components.front());
  for (const Measurement& component : observation.components) {
    worsen(all, judge(table, component));
  }
  return all;
}

Judgement worst(std::span<const Judgement> all) {
  return all.empty() ? Judgement::unjudged : *std::ranges::max_element(all);
}

Assessment assess(const FlagTable& flags, const PhoneTable& limits, const Observation& observation,
                  const PhonePatient& patient) {
  Assessment all;
  all.judged = judge(flags, observation);
  const auto look = [&](const Measurement& measured) {
    if (!measured.quantity) {
      return;
    }
    all.phone.push_back(phone(limits, measured, patient));
    const PhoneVerdict& verdict = all.phone.back();
    if (verdict.answer == PhoneAnswer::phone) {
      worsen(all.judged, {Judgement::critical, verdict.why});
    }
    const bool is_unit = !verdict.test.empty();
    if (verdict.answer == PhoneAnswer::needs_mapping &&
        (is_unit || judge(flags, measured).judgement == Judgement::unjudged)) {
      all.unmapped.push_back({measured.codes, verdict.test,
                              is_unit ? unit_text(*measured.quantity) : std::string(),
                              verdict.mapping_key, verdict.why});
    }
  };
  look(observation.own);
  for (const Measurement& component : observation.components) {
    look(component);
  }
  return all;
}

Result<FlagTable> read_flags(std::string_view text, std::string_view file) {
  TRY(const Value document, parse_document(text, file));
  Fields fields(document, file);
  FlagTable table;
  TRY(table.edition, read_edition(fields, "results"));
  TRY(table.systems, fields.texts("systems"));
  TRY(table.critical, fields.texts("critical"));
  TRY(table.abnormal, fields.texts("abnormal"));
  TRY(table.normal, fields.texts("normal"));
  TRY(const std::string words, fields.text("text_flagged_normal"));
  if (words != "unjudged" && words != "normal") {
    return fields.wrong(*fields.find("text_flagged_normal"),
                        fmt::format("text_flagged_normal is '{}', not unjudged or normal", words));
  }
  table.text_may_be_normal = words == "normal";
  TRY_OK(fields.done());
  for (const std::string& flag : table.critical) {
    if (has(table.abnormal, flag) || has(table.normal, flag)) {
      return fields.wrong(*fields.find("critical"),
                          fmt::format("the flag {} means two things", flag));
    }
  }
  for (const std::string& flag : table.abnormal) {
    if (has(table.normal, flag)) {
      return fields.wrong(*fields.find("abnormal"),
                          fmt::format("the flag {} means two things", flag));
    }
  }
  return table;
}

}  // namespace holdfast::clinical
