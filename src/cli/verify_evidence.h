// cli/verify_evidence.h: `holdfast verify --evidence FILE`: a document of $chronology, checked by
// whoever holds it (docs/EVIDENCE.md). Reads the file and the key, and nothing else.
#pragma once

#include <string>

namespace holdfast::cli {

struct EvidenceOptions {
  std::string file;
  std::string key_file;
};

/// The exit code: 0 sound, 3 where anything in it is not what it must be, each fault named; 2 where
/// file or key cannot be read. `verifier` is a key as text; empty: that of the file, or none.
[[nodiscard]] int verify_evidence(const EvidenceOptions& options, const std::string& verifier);

}  // namespace holdfast::cli
