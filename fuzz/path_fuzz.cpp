// FHIRPath over arbitrary expressions and documents. What must hold: reading an expression ends,
// with a tree or with a reason whose place lies in it; what compiles strictly compiles leniently;
// an evaluation ends within its limits, and gives the same the second time, whatever was evaluated
// in between; results are JSON; decimals and moments that print read back as themselves.
//
// Input: the expression, a zero byte, the document (a Patient of ours if there is none).
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "fhir/json.h"
#include "fhir/path/compile.h"
#include "fhir/path/evaluate.h"

namespace {

using namespace holdfast;
using namespace holdfast::fhir;
namespace path = holdfast::fhir::path;

constexpr std::string_view patient = R"({"resourceType":"Patient","id":"a","active":true,
"contained":[{"resourceType":"Organization","id":"o","name":"n"}],"name":[{"use":"official",
"family":"f\u00e9","given":["g",null],"_given":[null,{"extension":[{"url":"u","valueQuantity":
{"value":4.50,"system":"http://unitsofmeasure.org","code":"mg"}}]}],"period":{"start":"2001-02",
"end":"2002-01-01T10:00:00+01:00"}},{"text":"t"}],"birthDate":"1970-01-31","multipleBirthInteger":2,
"managingOrganization":{"reference":"#o"},"text":{"status":"generated","div":
"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>x</p></div>"}})";

constexpr path::Limits limits{20'000, 20'000, std::size_t{1} << 20U};

/// Every answer as text; an error as its text.
std::string answer(path::Evaluator& evaluator, const path::Program& program,
                   const path::Value& context, JsonReader& reader) {
  path::TypeResolver resolver;
  path::Surroundings surroundings;
  surroundings.now = Time{1'700'000'000'000};
  surroundings.resolver = &resolver;
  surroundings.limits = limits;
  const auto results = evaluator.evaluate(program, context, surroundings);
  if (!results) {
    const auto offset = path::error_offset(results.error());
    check(!offset || *offset <= program.expression().size(), "a place lies in the expression");
    return results.error().what;
  }
  std::string all;
  for (const path::Value& value : *results) {
    Bytes json;
    path::append_json(json, value);
    check(reader.read(Bytes(json)).has_value(), "a result is JSON");
    if (value.kind() == path::ValueKind::decimal) {
      const auto again = Decimal::parse(value.decimal().text());
      check(!again || *again == value.decimal(), "a decimal reads back as itself");
    }
    if (value.is_moment()) {
      const auto again = path::parse_moment(*path::text_of(value), value.moment_kind());
      check(again.has_value() && path::text(*again, value.moment_kind()) == *path::text_of(value),
            "a moment reads back as itself");
    }
    all += path::type_text(value.type()) + json + "\n";
  }
#ifdef HOLDFAST_PLANTED_CRASH
  check(results->size() != 2 || (*results)[1].kind() != path::ValueKind::quantity,
        "planted: a quantity that is the second of two");
#endif
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t zero = input.find('\0');
  const std::string_view expression = input.substr(0, zero);
  const std::string_view document =
      zero == std::string_view::npos ? patient : input.substr(zero + 1);

  const auto syntax = path::parse(expression);
  if (!syntax) {
    const auto offset = path::error_offset(syntax.error());
    check(!offset || *offset <= expression.size(), "a place lies in the expression");
    return 0;
  }
  JsonReader reader;
  auto json = reader.read(Bytes(document));
  if (!json) {
    json = reader.read(Bytes(patient));
  }
  const path::Value context = path::resource_value(json->root());
  path::CompileOptions options;
  options.type = context.type();
  const auto strict = path::compile(*syntax, options);
  if (!strict) {
    const auto offset = path::error_offset(strict.error());
    check(offset && *offset <= expression.size(), "a refusal names a place in the expression");
  }
  options.rigor = path::Rigor::lenient;
  const auto lenient = path::compile(*syntax, options);
  check(!strict || lenient, "what is right strictly is right leniently");
  options.type = path::unknown_type;
  const auto anything = path::compile(*syntax, options);

  JsonReader results;
  path::Evaluator evaluator;
  std::string first;
  if (strict) {
    first = answer(evaluator, *strict, context, results);
  }
  if (lenient) {
    answer(evaluator, *lenient, context, results);
  }
  if (anything) {
    answer(evaluator, *anything, context, results);
  }
  if (strict) {
    check(answer(evaluator, *strict, context, results) == first, "the same comes out again");
  }
  return 0;
}
