// JSON Patch, XML Patch and FHIRPath Patch over arbitrary documents and patches. What must hold:
// applying ends, with a document that reads or with a reason that names the operation; the same
// patch gives the same bytes again; no operation gives the same document; what came out is what a
// `test` finds in it.
//
// Input: the document, a zero byte, the patch; in JSON or in XML.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "fhir/json.h"
#include "fhir/json_patch.h"
#include "fhir/path/fhirpath_patch.h"
#include "fhir/xml.h"
#include "fhir/xml_patch.h"

namespace {

using namespace holdfast;

void patch_json(std::string_view document, std::string_view patch) {
  fhir::JsonReader reader;
  const auto of = reader.read(Bytes(document));
  const auto by = reader.read(Bytes(patch));
  if (!of || !by) {
    return;
  }
  const auto none = reader.read("[]");
  const auto same = fhir::apply_json_patch(of->root(), none->root());
  check(same && *same == of->root().raw(), "no operation changes nothing");
  const auto result = fhir::apply_json_patch(of->root(), by->root());
  const auto again = fhir::apply_json_patch(of->root(), by->root());
  check(result.has_value() == again.has_value(), "the same patch has the same result");
  if (!result) {
    check(result.error().what == again.error().what, "and the same reason");
    const bool is_whole = !by->root().is_array() || by->root().size() > fhir::patch_operations_max;
    check(is_whole || result.error().what.starts_with("operation ") ||
              result.error().code == Code::too_large,
          "a refusal names the operation");
    return;
  }
  check(*result == *again, "the same patch gives the same bytes");
  const auto after = reader.read(Bytes(*result));
  check(after.has_value(), "what a patch makes is JSON");
  const auto test = reader.read(R"([{"op":"test","path":"","value":)" + *result + "}]");
  if (test) {  // two levels deeper
    const auto tested = fhir::apply_json_patch(after->root(), test->root());
    check(tested && *tested == after->root().raw(), "a document is equal to itself");
  }
#ifdef HOLDFAST_PLANTED_CRASH
  check(result->find("moved") == Bytes::npos || by->root().size() == 0,
        "planted: the word moved in what was patched is found");
#endif
}

void patch_xml(std::string_view document, std::string_view patch) {
  const auto result = fhir::apply_xml_patch(document, patch);
  const auto again = fhir::apply_xml_patch(document, patch);
  check(result.has_value() == again.has_value() && (!result || *result == *again),
        "the same patch gives the same bytes");
  if (!result) {
    check(!result.error().what.empty(), "a refusal has a sentence");
    return;
  }
  // It is XML: a patch that changes nothing takes it.
  constexpr std::string_view nothing =
      R"(<diff><replace sel="nothing" xmlns="urn:x"><a/></replace></diff>)";
  const auto untouched = fhir::apply_xml_patch(*result, nothing);
  check(untouched.has_value() || untouched.error().code == Code::unmatched,
        "what a patch makes is XML");
  if (const auto json = fhir::json_from_xml(*result)) {
    check(!json->empty(), "and may be a resource");
  }
}

void patch_by_paths(std::string_view document, std::string_view patch) {
  fhir::JsonReader reader;
  const auto of = reader.read(Bytes(document));
  const auto by = reader.read(Bytes(patch));
  if (!of || !by) {
    return;
  }
  const auto apply = [&] {
    return fhir::path::apply_fhirpath_patch(of->root(), by->root(), Time{}, reader);
  };
  const auto none = reader.read(R"({"resourceType":"Parameters"})");
  const auto same = fhir::path::apply_fhirpath_patch(of->root(), none->root(), Time{}, reader);
  check(same && *same == of->root().raw(), "no operation changes nothing");
  const auto result = apply();
  const auto again = apply();
  check(result.has_value() == again.has_value() && (!result || *result == *again),
        "the same patch gives the same bytes");
  if (!result) {
    check(!result.error().what.empty() && result.error().code != Code::usage,
          "a refusal has a sentence, and is the sender's");
    return;
  }
  // What was a resource may be none any more, but it reads.
  const auto after = reader.read(Bytes(*result));
  check(after.has_value() || after.error().code == Code::too_large, "what a patch makes is JSON");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t mark = text.find('\0');
  if (mark == std::string_view::npos) {
    return 0;
  }
  patch_json(text.substr(0, mark), text.substr(mark + 1));
  patch_xml(text.substr(0, mark), text.substr(mark + 1));
  patch_by_paths(text.substr(0, mark), text.substr(mark + 1));
  return 0;
}
