#include "cli/documents.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

namespace holdfast::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t read_bytes = 256 << 10;
constexpr std::size_t passed_over_max = 1000;  // names kept, to be shown

std::string_view without_zst(std::string_view name) {
  return name.ends_with(".zst") ? name.substr(0, name.size() - 4) : name;
}

}  // namespace

Documents::Shape Documents::shape_of(std::string_view name) {
  const std::string_view inner = without_zst(name);
  if (inner.ends_with(".json")) {
    return Shape::json;
  }
  if (inner.ends_with(".ndjson")) {
    return Shape::ndjson;
  }
  return inner.ends_with(".tar") || name.ends_with(".tzst") ? Shape::tar : Shape::other;
}

Result<Documents> Documents::at(const std::vector<std::string>& paths) {
  Documents documents;
  for (const std::string& path : paths) {
    TRY_OK(documents.add_path(path));
  }
  return documents;
}

Result<void> Documents::add_path(const std::string& path) {
  std::error_code fault;
  const fs::file_status status = fs::status(path, fault);
  if (!fs::exists(status)) {
    return fail(Code::usage, "there is no such file or folder", path);
  }
  if (!fs::is_directory(status)) {
    if (shape_of(path) == Shape::other) {
      return fail(Code::usage, "neither .json, .ndjson nor .tar, plain or with .zst", path);
    }
    add_file(path, fs::is_regular_file(status) ? fs::file_size(path, fault) : 0);
    return ok();
  }
  std::vector<std::pair<std::string, std::uint64_t>> found;
  for (fs::recursive_directory_iterator at(path, fault), end; !fault && at != end;
       at.increment(fault)) {
    if (at->is_regular_file(fault)) {
      found.emplace_back(at->path().string(), at->file_size(fault));
    }
  }
  if (fault) {
    return fail(Code::io, "cannot list: " + fault.message(), path);
  }
  std::sort(found.begin(), found.end());
  for (const auto& [file, bytes] : found) {
    if (shape_of(file) == Shape::other) {
      pass_over(file);
    } else {
      add_file(file, bytes);
    }
  }
  return ok();
}

void Documents::add_file(const std::string& path, std::uint64_t bytes) {
  files_.push_back({path, bytes});
  packed_bytes_ += bytes;
}

void Documents::pass_over(const std::string& name) {
  if (first_pass_ && passed_over_.size() < passed_over_max) {
    passed_over_.push_back(name);
  }
}

std::uint64_t Documents::packed_bytes_taken() const {
  return taken_before_ + (source_ ? source_->taken() : 0);
}

void Documents::rewind() {
  leave();
  index_ = 0;
  number_ = 0;
  taken_before_ = 0;
  first_pass_ = false;
}

bool Documents::enter(std::optional<Document>& broken) {
  if (index_ == files_.size()) {
    return false;
  }
  const std::string& path = files_[index_].path;
  auto source = open_file(path);
  if (!source) {
    broken = unreadable(path, source.error());
    leave();
    return true;
  }
  source_ = *std::move(source);
  if (path.ends_with("zst")) {
    source_ = unpack_zstd(std::move(source_));
  }
  shape_ = shape_of(path);
  if (shape_ == Shape::tar) {
    tar_ = std::make_unique<TarReader>(*source_);
  } else if (shape_ == Shape::ndjson) {
    ByteSource* const from = source_.get();
    lines_ = Lines{path, [from](std::span<char> into) { return from->read(into); }, {}, 1, false};
  }
  return true;
}

void Documents::leave() {
  if (index_ < files_.size()) {
    taken_before_ += files_[index_].bytes;
    ++index_;
  }
  lines_.reset();
  tar_.reset();
  source_.reset();
}

std::optional<Document> Documents::next(const Wanted& wanted) {
  for (;;) {
    if (!source_) {
      std::optional<Document> broken;
      if (!enter(broken)) {
        return std::nullopt;
      }
      if (broken) {
        return broken;
      }
    }
    std::optional<Document> found;
    if (lines_) {
      found = next_portion(wanted);
      if (shape_ == Shape::tar && !found) {
        continue;  // the archive goes on behind it
      }
      if (shape_ != Shape::tar && found && found->unreadable) {
        leave();
      }
    } else if (shape_ == Shape::tar) {
      found = next_member(wanted);
      if (!found && lines_) {
        continue;
      }
    } else {
      found = next_whole(wanted);
      leave();
    }
    if (found) {
      return found;
    }
    leave();
  }
}

Document Documents::begin_document(std::string name, DocumentKind kind) {
  Document document;
  document.number = number_++;
  document.name = std::move(name);
  document.kind = kind;
  return document;
}

Document Documents::unreadable(std::string name, Error why) {
  Document document = begin_document(std::move(name), DocumentKind::whole);
  document.unreadable = std::move(why);
  return document;
}

// Takes all that `read` gives, up to one document.
template <class Read>
Document Documents::fill(Document document, const Read& read) {
  for (;;) {
    const std::size_t before = document.bytes.size();
    if (before > document_bytes_max) {
      document.bytes.clear();
      document.unreadable = Error{
          Code::too_large, fmt::format("it has more than {} bytes", document_bytes_max), {}, {}};
      return document;
    }
    document.bytes.resize(before + read_bytes);
    const auto count = read(std::span(document.bytes).subspan(before));
    document.bytes.resize(before + (count ? *count : 0));
    if (!count) {
      document.bytes.clear();
      document.unreadable = count.error();
      return document;
    }
    if (*count == 0) {
      return document;
    }
  }
}

std::optional<Document> Documents::next_whole(const Wanted& wanted) {
  Document document = begin_document(files_[index_].path, DocumentKind::whole);
  if (!wanted(document.number)) {
    return document;
  }
  return fill(std::move(document), [this](std::span<char> into) { return source_->read(into); });
}

std::optional<Document> Documents::next_member(const Wanted& wanted) {
  for (;;) {
    const std::string& archive = files_[index_].path;
    auto member = tar_->next();
    if (!member) {
      Document broken = unreadable(archive, member.error());
      leave();
      return broken;
    }
    if (!*member) {
      return std::nullopt;
    }
    const std::string name = archive + ": " + (*member)->name;
    const Shape shape = shape_of((*member)->name);
    const bool plain = !(*member)->name.ends_with("zst");
    if (!plain || (shape != Shape::json && shape != Shape::ndjson)) {
      pass_over(name);
      continue;
    }
    if (shape == Shape::ndjson) {
      TarReader* const from = tar_.get();
      lines_ = Lines{name, [from](std::span<char> into) { return from->read(into); }, {}, 1, false};
      return std::nullopt;
    }
    Document document = begin_document(name, DocumentKind::whole);
    if (!wanted(document.number)) {
      return document;  // next() passes over its bytes
    }
    return fill(std::move(document), [this](std::span<char> into) { return tar_->read(into); });
  }
}

std::optional<Document> Documents::next_portion(const Wanted& wanted) {
  std::optional<Document> portion = read_portion(wanted);
  if (!portion || portion->unreadable) {
    lines_.reset();
  }
  return portion;
}

// Whole lines: as many as make a portion, or one that is larger.
std::optional<Document> Documents::read_portion(const Wanted& wanted) {
  Lines& lines = *lines_;
  std::size_t end = 0;    // behind the last line that is taken
  std::size_t count = 0;  // of lines
  while (count < portion_lines_max) {
    const std::size_t newline = lines.rest.find('\n', end);
    const bool whole = newline != Bytes::npos || lines.at_end;
    const std::size_t until = newline != Bytes::npos ? newline + 1 : lines.rest.size();
    if (whole && until == end) {
      break;  // nothing is left
    }
    if (count > 0 && until > portion_bytes_max) {
      break;
    }
    if (until - end > document_bytes_max) {
      return unreadable(fmt::format("{} line {}", lines.name, lines.line),
                        {Code::too_large,
                         fmt::format("the line has more than {} bytes; nothing behind it was read",
                                     document_bytes_max),
                         {},
                         {}});
    }
    if (whole) {
      end = until;
      ++count;
      continue;
    }
    const std::size_t before = lines.rest.size();
    lines.rest.resize(before + read_bytes);
    const auto got = lines.read(std::span(lines.rest).subspan(before));
    lines.rest.resize(before + (got ? *got : 0));
    if (!got) {
      return unreadable(lines.name, got.error());
    }
    lines.at_end = *got == 0;
  }
  if (end == 0) {
    return std::nullopt;
  }
  Document document =
      begin_document(fmt::format("{} lines {}-{}", lines.name, lines.line, lines.line + count - 1),
                     DocumentKind::lines);
  document.first_line = lines.line;
  if (wanted(document.number)) {
    document.bytes = lines.rest.substr(0, end);
  }
  lines.rest.erase(0, end);
  lines.line += count;
  return document;
}

}  // namespace holdfast::cli
