// cli/hl7.h: what the commands under `holdfast hl7` share: messages in files, as they go over the
// wire.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "cli/command.h"

namespace holdfast::cli {

/// One message of a file.
struct FileMessage {
  std::string name;  ///< "folder/a.hl7", of several in one file "folder/a.hl7: message 2"
  Bytes bytes;       ///< segments end with CR; no byte order mark
};

/// All messages of a file, or of all files in a folder in the order of their names. Batches are
/// taken apart; what does not add up in them is in `faults`. Code::usage for a path that is not
/// there; Code::syntax names the file that has no message.
struct FileMessages {
  std::vector<FileMessage> messages;
  std::vector<std::string> faults;
};
[[nodiscard]] Result<FileMessages> read_messages(const std::vector<std::string>& paths);

Command add_hl7_send(CLI::App& parent);
Command add_hl7_listen(CLI::App& parent);
Command add_hl7_explain(CLI::App& parent);
Command add_hl7_diff(CLI::App& parent);
Command add_hl7_coverage(CLI::App& parent);

}  // namespace holdfast::cli
