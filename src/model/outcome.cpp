#include "model/outcome.h"

#include <algorithm>

namespace holdfast {
namespace {

constexpr std::uint8_t outcome_format = 1;

}  // namespace

bool Outcome::changes() const {
  return std::any_of(results.begin(), results.end(), [](const OperationResult& result) {
    return result.status != Status::matched && result.status != Status::absent;
  });
}

Bytes encode(const Outcome& outcome) {
  Bytes bytes;
  bytes.reserve(8 + outcome.targets.size() * 48 + outcome.results.size() * 48);
  bytes.push_back(static_cast<char>(outcome_format));
  append_varint(bytes, outcome.targets.size());
  for (const std::string& target : outcome.targets) {
    append_text(bytes, target);
  }
  append_varint(bytes, outcome.results.size());
  for (const OperationResult& result : outcome.results) {
    bytes.push_back(static_cast<char>(result.status));
    append_text(bytes, result.id);
    append_varint(bytes, result.version.value);
    append_varint(bytes, result.substitutions.size());
    std::uint32_t before = 0;
    for (const Substitution& substitution : result.substitutions) {
      append_varint(bytes, substitution.site - before);
      append_varint(bytes, substitution.target);
      before = substitution.site;
    }
  }
  return bytes;
}

Result<Outcome> decode_outcome(BytesView bytes) {
  const auto corrupt = [](const char* what) { return fail(Code::corrupt, what); };
  ByteReader reader(bytes);
  if (reader.little<std::uint8_t>() != outcome_format) {
    return corrupt("outcome: unknown format number");
  }
  Outcome outcome;
  const std::uint64_t targets = reader.varint();
  if (targets > reader.rest().size()) {
    return corrupt("outcome: shorter than its own lengths say");
  }
  outcome.targets.resize(targets);
  for (std::string& target : outcome.targets) {
    target = reader.text();
  }
  const std::uint64_t results = reader.varint();
  if (results > reader.rest().size()) {
    return corrupt("outcome: shorter than its own lengths say");
  }
  outcome.results.resize(results);
  for (OperationResult& result : outcome.results) {
    const auto status = reader.little<std::uint8_t>();
    result.id = reader.text();
    result.version = Version{reader.varint()};
    const std::uint64_t substitutions = reader.varint();
    if (reader.failed() || status < 1 || status > 5 || substitutions > reader.rest().size()) {
      return corrupt("outcome: a result cannot be read");
    }
    result.status = static_cast<Status>(status);
    result.substitutions.resize(substitutions);
    std::uint32_t site = 0;
    for (Substitution& substitution : result.substitutions) {
      const std::uint64_t step = reader.varint();
      const std::uint64_t target = reader.varint();
      if (step > UINT32_MAX - site || target >= outcome.targets.size()) {
        return corrupt("outcome: a substitution names what is not there");
      }
      site += static_cast<std::uint32_t>(step);
      substitution.site = site;
      substitution.target = static_cast<std::uint32_t>(target);
    }
  }
  if (reader.failed() || !reader.at_end()) {
    return corrupt("outcome: bytes after its end");
  }
  return outcome;
}

}  // namespace holdfast
