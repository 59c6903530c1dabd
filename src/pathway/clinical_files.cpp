// pathway/clinical_files.cpp: the clinical tables of a set of definitions: the files
// clinical/NAME.toml, and what ships in place of those that are not there.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "clinical/shipped.h"
#include "pathway/definition.h"
#include "pathway/definition_files.h"
#include "pathway/difference.h"

namespace holdfast::pathway {
namespace {

constexpr std::string_view folder = "clinical/";
constexpr std::string_view suffix = ".toml";

std::string_view text_of(const Definitions& set, const clinical::TableText& shipped) {
  const auto own = std::ranges::find(set.files(), shipped.file, &File::name);
  return own == set.files().end() ? shipped.text : std::string_view(own->text);
}

/// Those that say something, in their order.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && !line.starts_with('#')) {
      lines.push_back(line);
    }
  }
  return lines;
}

/// Lines of `text` that `other` has less often.
std::vector<std::string> lines_without(std::string_view text, std::string_view other) {
  std::map<std::string_view, std::size_t> there;
  for (const std::string_view line : lines_of(other)) {
    ++there[line];
  }
  std::vector<std::string> left;
  for (const std::string_view line : lines_of(text)) {
    const auto at = there.find(line);
    if (at != there.end() && at->second > 0) {
      --at->second;
    } else {
      left.emplace_back(line);
    }
  }
  return left;
}

}  // namespace

bool is_clinical_table(const File& file) { return file.name.starts_with(folder); }

Result<clinical::Tables> read_clinical(const std::vector<File>& files) {
  std::vector<clinical::TableText> own;
  for (const File& file : files) {
    if (is_clinical_table(file)) {
      std::string_view name(file.name);
      name.remove_prefix(folder.size());
      name.remove_suffix(name.ends_with(suffix) ? suffix.size() : 0);
      own.push_back({name, file.name, file.text});
    }
  }
  auto tables = clinical::read_tables(own);
  return tables ? std::move(tables) : fail(Code::usage, std::move(tables.error().what));
}

std::vector<File> with_clinical_tables(std::vector<File> files, const Definitions* now) {
  for (const clinical::TableText& shipped : clinical::shipped_tables()) {
    if (std::ranges::find(files, shipped.file, &File::name) != files.end()) {
      continue;
    }
    files.push_back({std::string(shipped.file), std::string(shipped.text)});
    if (now != nullptr) {
      const auto before = std::ranges::find(now->files(), shipped.file, &File::name);
      if (before != now->files().end()) {
        files.back().text = before->text;
      }
    }
  }
  std::ranges::sort(files, {}, &File::name);
  return files;
}

std::vector<TableChange> table_differences(const Definitions& now, const Definitions& next) {
  const auto before = clinical::editions(now.clinical());
  const auto after = clinical::editions(next.clinical());
  std::vector<TableChange> all;
  for (const clinical::TableText& shipped : clinical::shipped_tables()) {
    const std::string_view was = text_of(now, shipped);
    const std::string_view is = text_of(next, shipped);
    if (was != is) {
      all.push_back({*std::ranges::find(before, shipped.name, &clinical::Edition::table),
                     *std::ranges::find(after, shipped.name, &clinical::Edition::table),
                     lines_without(was, is), lines_without(is, was)});
    }
  }
  return all;
}

}  // namespace holdfast::pathway
