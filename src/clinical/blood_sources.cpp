// clinical/blood_sources.cpp: which resources speak of blood, and what is said of the specimens
// that groups were determined from.
#include <algorithm>
#include <array>

#include "clinical/blood_record.h"
#include "clinical/blood_words.h"
#include "fhir/sites.h"

namespace holdfast::clinical {
namespace {

using fhir::JsonValue;
constexpr std::int64_t day_ms = 86'400'000;

/// Asked of every Observation that comes: nothing is copied.
bool has_code_of_blood(const BloodCodes& codes, JsonValue one) {
  const std::array lists{
      &codes.group,        &codes.abo, &codes.rhd, &codes.antibody, &codes.pregnancy_status,
      &codes.history_asked};
  const auto code = one.find("code");
  const auto codings = code ? code->find("coding") : std::nullopt;
  if (!codings) {
    return false;
  }
  for (const JsonValue coding : codings->children()) {
    const auto value = coding.find("code");
    const auto system = coding.find("system");
    for (const auto* const list : lists) {
      for (const Coding& known : *list) {
        if (value && system && value->equals(known.code) && system->equals(known.system)) {
          return true;
        }
      }
    }
  }
  return false;
}

bool is_observation_of_blood(const BloodCodes& codes, JsonValue resource) {
  if (has_code_of_blood(codes, resource)) {
    return true;
  }
  if (const auto components = resource.find("component")) {
    for (const JsonValue one : components->children()) {
      if (has_code_of_blood(codes, one)) {
        return true;
      }
    }
  }
  return false;
}

/// "Specimen/7" or "system|value" of a Reference; empty where it is in words only.
std::string named_in(JsonValue reference) {
  if (std::string text = text_in(reference, "reference"); !text.empty()) {
    const auto literal = fhir::parse_literal(text);  // without a version
    return literal ? std::string(fhir::name(literal->type)) + "/" + std::string(literal->id) : text;
  }
  const auto number = reference.find("identifier");
  const std::string value = number ? text_in(*number, "value") : std::string();
  return value.empty() ? std::string() : text_in(*number, "system") + "|" + value;
}

/// From when until when it may have been collected: a day is all of that day.
std::optional<TimeRange> collected_in(JsonValue collection) {
  if (const auto at = range_at(collection, {"collectedDateTime"})) {
    return at;
  }
  const auto from = range_at(collection, {"collectedPeriod.start"});
  const auto until = range_at(collection, {"collectedPeriod.end"});
  if (!from || !until) {
    return from ? from : until;
  }
  return TimeRange{from->from, std::max(from->until, until->until)};
}

}  // namespace

bool speaks_of_blood(const BloodTable& table, fhir::JsonValue resource) {
  const BloodCodes& codes = table.codes;
  const auto type = resource.find("resourceType");
  if (!type) {
    return false;
  }
  if (type->equals("Observation")) {
    return is_observation_of_blood(codes, resource);
  }
  if (type->equals("Specimen")) {
    return resource.find("collection").has_value();
  }
  const Concept code = concept_of(resource.find("code"));
  if (type->equals("Condition") || type->equals("Flag")) {
    return has(codes.pregnant, code) ||
           std::ranges::any_of(codes.requirements, [&](const BloodCodes::Required& one) {
             return says(one.said, code);
           });
  }
  return type->equals("Procedure") &&
         (has(codes.transfusion, code) ||
          !extensions_of(resource, "urn:holdfast:hl7v2:BTX-11").empty());
}

std::string specimen_of(JsonValue observation, std::string_view source) {
  const auto reference = observation.find("specimen");
  std::string named = reference ? named_in(*reference) : std::string();
  // One that is contained is that resource's own.
  return named.starts_with('#') ? std::string(source) + named : named;
}

std::optional<SpecimenSeen> read_specimen(const BloodTable& table, JsonValue resource,
                                          std::string_view source) {
  if (text_in(resource, "resourceType") != "Specimen" ||
      text_in(resource, "status") == "entered-in-error") {
    return std::nullopt;
  }
  SpecimenSeen seen;
  seen.source = source;
  if (const auto parents = resource.find("parent")) {
    for (const JsonValue one : parents->children()) {
      if (std::string named = named_in(one); !named.empty()) {
        seen.part_of.push_back(std::move(named));
      }
    }
  }
  if (const auto collection = resource.find("collection")) {
    if (const auto by = collection->find("collector")) {
      seen.collector = named_in(*by);
    }
    seen.collected = collected_in(*collection);
    seen.is_identified_electronically =
        has(table.codes.electronic_identification, concept_of(collection->find("method")));
  }
  return seen;
}

const SampleSeen* newest_sample(const BloodRecord& record) {
  const auto newest = std::ranges::max_element(
      record.samples, {}, [](const SampleSeen& one) { return std::pair(one.taken, one.source); });
  return newest == record.samples.end() ? nullptr : &*newest;
}

SampleHistory history_before(const BloodTable& table, const BloodRecord& record, Time taken) {
  const Time from{taken.ms - table.history_days * day_ms};
  bool denied = false;
  for (const HistorySeen& one : record.history) {
    if (one.transfused_or_pregnant && one.at >= from &&
        (one.at <= taken || one.at.ms == INT64_MAX)) {
      return {Known::yes, &one};
    }
    denied = denied || (!one.transfused_or_pregnant && one.at >= from);
  }
  return {denied || table.record_is_complete ? Known::no : Known::unknown, nullptr};
}

std::optional<Time> sample_expires(const BloodTable& table, const BloodRecord& record,
                                   Time transfusion) {
  const SampleSeen* const newest = newest_sample(record);
  if (newest == nullptr) {
    return std::nullopt;
  }
  const Time until = sample_valid_until(
      table, {newest->taken, table.stored, history_before(table, record, newest->taken).known});
  return std::max(transfusion, record.wanted.value_or(transfusion)) > until
             ? std::nullopt
             : std::optional(Time{until.ms + 1});
}

}  // namespace holdfast::clinical
