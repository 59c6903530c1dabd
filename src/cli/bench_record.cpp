#include "cli/bench_record.h"

#include <array>
#include <charconv>
#include <numeric>

#include <fmt/format.h>

namespace holdfast::cli {
namespace {

constexpr std::array<std::string_view, 5> type_names{"Practitioner", "Patient", "Encounter",
                                                     "Condition", "Observation"};

constexpr std::array<KnownCode, measures_count> measures{{
    {"8302-2", "Body Height", "cm", 15'000, 5'000},
    {"29463-7", "Body Weight", "kg", 4'500, 7'000},
    {"39156-5", "Body mass index (BMI)", "kg/m2", 1'700, 2'000},
    {"8480-6", "Systolic blood pressure", "mm[Hg]", 9'500, 7'000},
    {"8462-4", "Diastolic blood pressure", "mm[Hg]", 5'500, 5'000},
    {"8867-4", "Heart rate", "/min", 5'000, 6'000},
    {"9279-1", "Respiratory rate", "/min", 1'200, 800},
    {"8310-5", "Body temperature", "Cel", 3'600, 400},
    {"2708-6", "Oxygen saturation in Arterial blood", "%", 8'800, 1'200},
    {"2339-0", "Glucose", "mg/dL", 6'500, 8'000},
    {"6299-2", "Urea Nitrogen", "mg/dL", 700, 1'500},
    {"38483-4", "Creatinine", "mg/dL", 100, 300},
    {"49765-1", "Calcium", "mg/dL", 850, 200},
    {"2947-0", "Sodium", "mmol/L", 13'600, 800},
    {"6298-4", "Potassium", "mmol/L", 370, 150},
    {"2069-3", "Chloride", "mmol/L", 10'100, 1'000},
    {"20565-8", "Carbon Dioxide", "mmol/L", 2'000, 900},
    {"2093-3", "Total Cholesterol", "mg/dL", 15'000, 15'000},
    {"2571-8", "Triglycerides", "mg/dL", 10'000, 10'000},
    {"18262-6", "Low Density Lipoprotein Cholesterol", "mg/dL", 6'000, 14'000},
    {"2085-9", "High Density Lipoprotein Cholesterol", "mg/dL", 2'000, 6'000},
    {"4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%", 380, 600},
    {"718-7", "Hemoglobin", "g/dL", 1'200, 600},
    {"6690-2", "Leukocytes", "10*3/uL", 350, 700},
}};

constexpr std::array<KnownCode, problems_count> problems{{
    {"38341003", "Hypertension", "", 0, 0},
    {"44054006", "Diabetes", "", 0, 0},
    {"195967001", "Asthma", "", 0, 0},
    {"13645005", "Chronic obstructive bronchitis", "", 0, 0},
    {"53741008", "Coronary heart disease", "", 0, 0},
    {"73595000", "Stress", "", 0, 0},
    {"162864005", "Body mass index 30+ - obesity", "", 0, 0},
    {"444814009", "Viral sinusitis", "", 0, 0},
    {"10509002", "Acute bronchitis", "", 0, 0},
    {"195662009", "Acute viral pharyngitis", "", 0, 0},
    {"271737000", "Anemia", "", 0, 0},
    {"55822004", "Hyperlipidemia", "", 0, 0},
    {"15777000", "Prediabetes", "", 0, 0},
    {"39848009", "Whiplash injury to neck", "", 0, 0},
    {"62106007", "Concussion with no loss of consciousness", "", 0, 0},
    {"65363002", "Otitis media", "", 0, 0},
}};

constexpr std::array<std::string_view, 16> name_starts{
    "Ash", "Brad", "Craw", "Dun", "Elling", "Farn", "Glad", "Hart",
    "Ing", "Kirk", "Lang", "Mor", "Nor",    "Pem",  "Ray",  "Stan"};
constexpr std::array<std::string_view, 16> name_ends{
    "bourne", "brook", "by",  "combe", "croft", "dale", "den",  "field",
    "ford",   "ham",   "ley", "mere",  "stead", "ton",  "wick", "worth"};
constexpr std::array<std::string_view, 16> given_names{
    "Ada", "Ben",  "Chidi", "Dora", "Emre", "Fay",   "Goran", "Hana",
    "Ivo", "Jude", "Kemal", "Lena", "Musa", "Nadia", "Olu",   "Priya"};

// splitmix64's finish; `salt` keeps the facts of one number apart.
std::uint64_t mix(std::uint64_t number, std::uint64_t salt) {
  std::uint64_t value = number * 0x9e3779b97f4a7c15ULL + salt * 0xd1342543de82ef95ULL + 1;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31U);
}

Day day_of(std::uint64_t bits) {
  return static_cast<Day>((first_year + bits % years_count) * 10'000 +
                          (1 + bits / years_count % 12) * 100 + 1 + bits / (years_count * 12) % 28);
}

std::string reference_to(RecordType type, std::uint64_t number) {
  return fmt::format(R"({{"reference":"{}/{}"}})", name_of(type), id_of(type, number));
}

Bytes make_practitioner(std::uint64_t number) {
  return fmt::format(
      R"({{"resourceType":"Practitioner","id":"{}","identifier":[{{"system":)"
      R"("http://hl7.org/fhir/sid/us-npi","value":"{}"}}],"active":true,"name":[{{"family":"{}",)"
      R"("given":["{}"],"prefix":["Dr."]}}],"gender":"{}"}})",
      id_of(RecordType::practitioner, number), 9'000'000 + number,
      family_name(static_cast<unsigned>(mix(number, 60) % families_count)),
      given_names[mix(number, 61) % given_names.size()],
      mix(number, 62) % 2 == 0 ? "female" : "male");
}

Bytes make_encounter(std::uint64_t number) {
  const std::uint64_t patient = number / encounters_each;
  const std::string day = text_of_day(day_of(mix(number, 30)));
  return fmt::format(
      R"({{"resourceType":"Encounter","id":"{}","status":"finished","class":{{"system":)"
      R"("http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"AMB"}},"type":[{{"coding":)"
      R"([{{"system":"http://snomed.info/sct","code":"185345009","display":)"
      R"("Encounter for symptom"}}],"text":"Encounter for symptom"}}],"subject":{},"participant":)"
      R"([{{"individual":{}}}],"period":{{"start":"{}T08:00:00+00:00","end":"{}T08:30:00+00:00"}}}})",
      id_of(RecordType::encounter, number), reference_to(RecordType::patient, patient),
      reference_to(RecordType::practitioner, patient_facts(patient).practitioner), day, day);
}

Bytes make_condition(std::uint64_t number) {
  const ConditionFacts facts = condition_facts(number);
  const KnownCode& code = problem(facts.problem);
  return fmt::format(
      R"({{"resourceType":"Condition","id":"{}","clinicalStatus":{{"coding":[{{"system":)"
      R"("http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}}]}},)"
      R"("verificationStatus":{{"coding":[{{"system":)"
      R"("http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"confirmed"}}]}},)"
      R"("code":{{"coding":[{{"system":"http://snomed.info/sct","code":"{}","display":"{}"}}],)"
      R"("text":"{}"}},"subject":{},"onsetDateTime":"{}"}})",
      id_of(RecordType::condition, number), code.code, code.display, code.display,
      reference_to(RecordType::patient, facts.patient), text_of_day(facts.began));
}

Bytes make_observation(std::uint64_t number) {
  const ObservationFacts facts = observation_facts(number);
  const KnownCode& code = measure(facts.measure);
  const std::string when =
      fmt::format("{}T{:02}:{:02}", text_of_day(facts.day), facts.minute / 60, facts.minute % 60);
  return fmt::format(
      R"({{"resourceType":"Observation","id":"{}","status":"final","category":[{{"coding":)"
      R"([{{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":)"
      R"("vital-signs","display":"vital-signs"}}]}}],"code":{{"coding":[{{"system":)"
      R"("http://loinc.org","code":"{}","display":"{}"}}],"text":"{}"}},"subject":{},)"
      R"("encounter":{},"effectiveDateTime":"{}:00+00:00","issued":"{}:30.000+00:00",)"
      R"("valueQuantity":{{"value":{}.{:02},"unit":"{}","system":"http://unitsofmeasure.org",)"
      R"("code":"{}"}}}})",
      id_of(RecordType::observation, number), code.code, code.display, code.display,
      reference_to(RecordType::patient, facts.patient),
      reference_to(RecordType::encounter, facts.encounter), when, when, facts.hundredths / 100,
      facts.hundredths % 100, code.unit, code.unit);
}

void append_put(Bytes& bundle, RecordType type, std::uint64_t number, const Bytes& resource) {
  fmt::format_to(std::back_inserter(bundle),
                 R"({}{{"resource":{},"request":{{"method":"PUT","url":"{}/{}"}}}})",
                 bundle.back() == '[' ? "" : ",", resource, name_of(type), id_of(type, number));
}

Bytes make_patient_of(std::uint64_t number, std::string_view id, std::uint64_t practitioner) {
  const PatientFacts facts = patient_facts(number);
  return fmt::format(
      R"({{"resourceType":"Patient",{}"identifier":[{{"system":"https://fhir.nhs.uk/Id/nhs-number",)"
      R"("value":"{:010}"}},{{"type":{{"coding":[{{"system":)"
      R"("http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR"}}]}},"system":)"
      R"("http://hospital.example.org","value":"MR{}"}}],"name":[{{"use":"official","family":"{}",)"
      R"("given":["{}"]}}],"telecom":[{{"system":"phone","value":"0{:09}","use":"home"}}],)"
      R"("gender":"{}","birthDate":"{}","address":[{{"line":["{} High Street"],"city":"Ashby",)"
      R"("postalCode":"AB{} {}CD","country":"GB"}}],"generalPractitioner":[{}]}})",
      id, mix(number, 5) % 10'000'000'000ULL, number, family_name(facts.family),
      given_names[mix(number, 6) % given_names.size()], mix(number, 7) % 1'000'000'000ULL,
      facts.is_female ? "female" : "male", text_of_day(facts.born), 1 + mix(number, 8) % 200,
      mix(number, 9) % 90, mix(number, 9) / 90 % 9,
      reference_to(RecordType::practitioner, practitioner));
}

Bytes make_practitioners(std::uint64_t first, std::uint64_t until) {
  Bytes bundle = R"({"resourceType":"Bundle","type":"transaction","entry":[)";
  for (std::uint64_t number = first; number < until; ++number) {
    append_put(bundle, RecordType::practitioner, number, make_practitioner(number));
  }
  return bundle + "]}";
}

Bytes make_bundle(std::uint64_t first, std::uint64_t until) {
  Bytes bundle = R"({"resourceType":"Bundle","type":"transaction","entry":[)";
  for (std::uint64_t patient = first; patient < until; ++patient) {
    append_put(bundle, RecordType::patient, patient, make_record_patient(patient));
    const auto append_each = [&](RecordType type, std::uint64_t each, auto make) {
      for (std::uint64_t i = 0; i < each; ++i) {
        append_put(bundle, type, patient * each + i, make(patient * each + i));
      }
    };
    append_each(RecordType::encounter, encounters_each, make_encounter);
    append_each(RecordType::condition, conditions_each, make_condition);
    append_each(RecordType::observation, observations_each_patient, make_observation);
  }
  return bundle + "]}";
}

constexpr unsigned senders = 8;
constexpr std::uint64_t patients_a_bundle = 5;
constexpr std::uint64_t practitioners_a_bundle = 100;

using Counts = std::array<std::uint64_t, type_names.size()>;

Counts counts_of(std::uint64_t patients) {
  Counts counts{};
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] = count_of(static_cast<RecordType>(i), patients);
  }
  return counts;
}

std::string text_of(const Counts& counts) {
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    text += fmt::format("{}{} {}", i > 0 ? ", " : "", counts[i], type_names[i]);
  }
  return text;
}

/// What a server says it holds, of each type.
Result<Counts> count_all(const std::string& url) {
  Counts counts{};
  std::size_t type = 0;
  Load load(url);
  TRY_OK(load.run(1, [&](unsigned) -> std::optional<Exchange> {
    if (type == counts.size()) {
      return std::nullopt;
    }
    std::uint64_t& count = counts[type];
    Exchange ask = get_bundle(fmt::format("/fhir/{}?_summary=count", type_names[type]),
                              [&count](fhir::JsonValue bundle) {
                                count = total_of(bundle);
                                return std::string(count == UINT64_MAX ? "no total" : "");
                              });
    // Some servers remember the results of searches for a while.
    ask.request.headers.add("Cache-Control", "no-cache");
    ++type;
    return ask;
  }));
  return counts;
}

}  // namespace

std::string_view name_of(RecordType type) { return type_names[static_cast<std::size_t>(type)]; }

std::uint64_t count_of(RecordType type, std::uint64_t patients) {
  switch (type) {
    case RecordType::practitioner:
      return (patients + patients_a_practitioner - 1) / patients_a_practitioner;
    case RecordType::patient: return patients;
    case RecordType::encounter: return patients * encounters_each;
    case RecordType::condition: return patients * conditions_each;
    case RecordType::observation: return patients * observations_each_patient;
  }
  return 0;
}

std::string id_of(RecordType type, std::uint64_t number) {
  const auto salt = static_cast<std::uint64_t>(type);
  const std::uint64_t bits = mix(number, 90 + salt);
  return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", bits & 0xffffffffU,
                     bits >> 32U & 0xffffU, bits >> 48U & 0xfffU, salt, number);
}

std::optional<std::uint64_t> number_of(RecordType type, std::string_view id) {
  const std::string_view last = id.substr(std::min(id.size(), id.rfind('-') + 1));
  std::uint64_t number = 0;
  std::from_chars(last.data(), last.data() + last.size(), number, 16);
  return id_of(type, number) == id ? std::optional(number) : std::nullopt;
}

const KnownCode& measure(unsigned index) { return measures[index % measures_count]; }
const KnownCode& problem(unsigned index) { return problems[index % problems_count]; }

std::string family_name(unsigned index) {
  return fmt::format("{}{}", name_starts[index / 16 % 16], name_ends[index % 16]);
}

std::string text_of_day(Day day) {
  return fmt::format("{}-{:02}-{:02}", day / 10'000, day / 100 % 100, day % 100);
}

PatientFacts patient_facts(std::uint64_t number) {
  return {static_cast<unsigned>(mix(number, 1) % families_count), mix(number, 2) % 2 == 0,
          day_of(mix(number, 3)), mix(number, 4) % (number / patients_a_practitioner + 1)};
}

ConditionFacts condition_facts(std::uint64_t number) {
  return {number / conditions_each, static_cast<unsigned>(mix(number, 10) % problems_count),
          day_of(mix(number, 11))};
}

ObservationFacts observation_facts(std::uint64_t number) {
  ObservationFacts facts;
  facts.patient = number / observations_each_patient;
  facts.encounter = facts.patient * encounters_each + number % encounters_each;
  facts.measure = static_cast<unsigned>(mix(number, 20) % measures_count);
  facts.day = day_of(mix(number, 21));
  facts.minute = static_cast<unsigned>(mix(number, 22) % (24 * 60));
  const KnownCode& code = measure(facts.measure);
  facts.hundredths = code.least + static_cast<unsigned>(mix(number, 23) % code.span);
  return facts;
}

Bytes make_record_patient(std::uint64_t number) {
  return make_patient_of(number, fmt::format(R"("id":"{}",)", id_of(RecordType::patient, number)),
                         patient_facts(number).practitioner);
}

Bytes make_new_patient(std::uint64_t number, std::uint64_t patients) {
  return make_patient_of(number, "", mix(number, 4) % count_of(RecordType::practitioner, patients));
}

Result<KnownRecord> KnownRecord::on(const std::string& url) {
  TRY(const Counts counts, count_all(url));
  KnownRecord record(url);
  record.patients_ = counts[static_cast<std::size_t>(RecordType::patient)];
  if (counts != counts_of(record.patients_)) {
    return fail(Code::usage,
                fmt::format("{} holds {}: this workload needs a server that is empty, or that "
                            "holds its own record, so that it knows each right answer",
                            url, text_of(counts)));
  }
  return record;
}

Result<KnownRecord> KnownRecord::on_empty(const std::string& url) {
  TRY(KnownRecord record, on(url));
  if (record.patients_ != 0) {
    return fail(Code::usage, fmt::format("{} holds the record of {} patients: this workload needs "
                                         "an empty server",
                                         url, record.patients_));
  }
  return record;
}

Result<void> KnownRecord::check() const {
  TRY(const Counts counts, count_all(url_));
  if (counts != counts_of(patients_)) {
    return fail(Code::corrupt, fmt::format("wrong: the server holds {} and not {}", text_of(counts),
                                           text_of(counts_of(patients_))));
  }
  return ok();
}

std::uint64_t KnownRecord::resources() const {
  const Counts counts = counts_of(patients_);
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

Result<double> KnownRecord::grow_to(std::uint64_t patients) {
  const std::uint64_t before = resources();
  Load load(url_);
  // What patients refer to comes first: other servers ask for that.
  std::uint64_t doctor = count_of(RecordType::practitioner, patients_);
  const std::uint64_t doctors = count_of(RecordType::practitioner, patients);
  TRY(const auto first, load.run(1, [&](unsigned) -> std::optional<Exchange> {
    if (doctor >= doctors) {
      return std::nullopt;
    }
    const std::uint64_t from = doctor;
    doctor = std::min(doctors, from + practitioners_a_bundle);
    return json_exchange("POST", "/fhir", make_practitioners(from, doctor), 200);
  }));
  std::uint64_t next = patients_;
  TRY(const auto sent, load.run(senders, [&](unsigned) -> std::optional<Exchange> {
    if (next >= patients) {
      return std::nullopt;
    }
    const std::uint64_t from = next;
    next = std::min(patients, from + patients_a_bundle);
    return json_exchange("POST", "/fhir", make_bundle(from, next), 200);
  }));
  patients_ = std::max(patients_, patients);
  TRY_OK(settle(url_));
  TRY_OK(check());
  return static_cast<double>(resources() - before) * 1e9 /
         static_cast<double>((first.took + sent.took).ns);
}

}  // namespace holdfast::cli
