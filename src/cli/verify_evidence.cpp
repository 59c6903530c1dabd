#include "cli/verify_evidence.h"

#include <optional>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/machine.h"
#include "evidence/document.h"

namespace holdfast::cli {
namespace {

constexpr std::size_t key_bytes_max = 4096;

std::string first_line(const std::string& text) {
  return text.substr(0, text.find_first_of("\r\n"));
}

/// Nothing where none was given.
Result<std::optional<journal::VerifierKey>> read_key(const EvidenceOptions& options,
                                                     const std::string& verifier) {
  if (!verifier.empty() && !options.key_file.empty()) {
    return fail(Code::usage, "--verifier and --key both name a key: leave one out");
  }
  std::string text = verifier;
  if (!options.key_file.empty()) {
    TRY(text, read_text_file(options.key_file, key_bytes_max));
  }
  if (text.empty() && options.key_file.empty()) {
    return std::nullopt;
  }
  auto key = journal::VerifierKey::parse(first_line(text));
  if (!key) {
    return fail(Code::usage, "the key: " + key.error().what);
  }
  return *std::move(key);
}

int say(const evidence::Findings& found, bool has_key) {
  for (const std::string& fault : found.faults) {
    fmt::print(stderr, "verify: {}\n", fault);
  }
  if (!found.faults.empty()) {
    return exit_corrupt;
  }
  const evidence::Head& head = found.head;
  fmt::print("evidence={} entries={} after={} through={} size={} root={} key={}\n", head.subject,
             found.entries, head.after.value, head.through.value, found.checkpoint.size,
             to_hex(found.checkpoint.root.view()), head.verifier);
  if (head.after.value > 0 || !head.next.empty()) {
    fmt::print(stderr,
               "verify: note: this is a part, of the entries after {} through {}; the whole is all "
               "parts from 0 to one without `next`\n",
               head.after.value, head.through.value);
  }
  if (!has_key) {
    fmt::print(stderr,
               "verify: note: no key was given, so the document was held against the key that it "
               "names itself: it agrees with itself, and whoever made it could have made it up. "
               "Get the key from the server's operator, and say --key FILE\n");
  }
  return exit_ok;
}

}  // namespace

int verify_evidence(const EvidenceOptions& options, const std::string& verifier) {
  const auto key = read_key(options, verifier);
  if (!key) {
    return end_with("verify", {Code::usage, key.error().what, key.error().where, {}});
  }
  const auto document = read_text_file(options.file, evidence::document_bytes_max);
  if (!document) {
    return end_with("verify", {Code::usage, document.error().what, document.error().where, {}});
  }
  return say(evidence::check_document(*document, *key), key->has_value());
}

}  // namespace holdfast::cli
