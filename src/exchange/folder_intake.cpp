#include "exchange/folder_intake.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace holdfast::exchange {
namespace {

/// Names that programs give to what they have not finished.
bool is_unfinished(std::string_view name) {
  return name.starts_with('.') || name.ends_with(".part") || name.ends_with(".tmp") ||
         name.ends_with(".filepart");
}

bool is_ours(std::string_view name) {
  return name == "taken" || name == "faulty" || name == "refused";
}

}  // namespace

FolderIntake::FolderIntake(Executor& on, Intake& intake, const Neighbour& neighbour,
                           std::unique_ptr<Disk> folder)
    : on_(on), intake_(intake), neighbour_(neighbour), folder_(std::move(folder)), bell_(on) {}

void FolderIntake::start() {
  running_ = true;
  on_.spawn(run());
}

Task<void> FolderIntake::drain() {
  stopping_ = true;
  bell_.ring();
  while (running_) {
    co_await bell_.wait(never);
  }
}

std::string FolderIntake::trouble() const {
  const std::scoped_lock lock(mutex_);
  return trouble_;
}

Task<void> FolderIntake::run() {
  while (!stopping_) {
    const auto looked = co_await look();
    {
      const std::scoped_lock lock(mutex_);
      trouble_ = looked ? std::string()
                        : fmt::format("the folder of {}: {}", neighbour_.name, looked.error().what);
    }
    if (!stopping_) {
      co_await bell_.wait(on_.now() + folder_interval);
    }
  }
  running_ = false;
  bell_.ring();
}

Task<Result<void>> FolderIntake::look() {
  CO_TRY(const auto names, folder_->list(""));
  std::map<std::string, Seen> seen;
  Result<void> first = ok();
  for (const std::string& name : names) {
    if (is_ours(name) || is_unfinished(name) || stopping_) {
      continue;
    }
    const auto looked = co_await look_at(name, seen);
    if (!looked) {  // the others are taken all the same
      seen[name] = seen_[name];
      if (first) {
        first = fail(looked.error().code, fmt::format("{}: {}", name, looked.error().what));
      }
    }
  }
  seen_ = std::move(seen);
  co_return first;
}

Task<Result<void>> FolderIntake::look_at(const std::string& name,
                                         std::map<std::string, Seen>& seen) {
  const auto file = folder_->open(name, OpenMode::read);
  if (!file && (file.error().code == Code::not_found || folder_->list(name))) {
    co_return ok();  // gone meanwhile, or a folder
  }
  if (!file) {
    co_return fail(file.error());
  }
  CO_TRY(const std::uint64_t size, (*file)->size());
  const Seen& before = seen_[name];
  const unsigned times = before.times > 0 && before.size == size ? before.times + 1 : 1;
  if (times < same_size_looks) {
    seen[name] = {size, times};
    co_return ok();
  }
  if (size > file_bytes_max) {
    co_return co_await move(name, "refused");
  }
  CO_TRY(Bytes bytes, read(**file, size));
  co_return co_await take(name, std::move(bytes));
}

Result<Bytes> FolderIntake::read(File& file, std::uint64_t size) {
  Bytes bytes(size, '\0');
  TRY(const std::size_t got, file.read(0, bytes));
  bytes.resize(got);
  return bytes;
}

Task<Result<void>> FolderIntake::take(const std::string& name, Bytes bytes) {
  const auto became = co_await intake_.take_file(on_, neighbour_, std::move(bytes));
  if (!became && became.error().code != Code::syntax) {
    co_return fail(became.error());
  }
  std::string folder = "refused";
  if (became && *became != Disposition::refused) {
    folder = *became == Disposition::applied ? "taken" : "faulty";
  }
  co_return co_await move(name, folder);
}

Task<Result<void>> FolderIntake::move(const std::string& name, const std::string& folder) {
  CO_TRY_OK(folder_->make_directory(folder));
  std::string to = fmt::format("{}/{}", folder, name);
  for (unsigned number = 1;; ++number) {
    CO_TRY(const bool there, folder_->exists(to));
    if (!there) {
      break;
    }
    to = fmt::format("{}/{}.{}", folder, name, number);  // never over another file of that name
  }
  CO_TRY_OK(folder_->rename(name, to));
  CO_TRY_OK(co_await folder_->sync_directory(folder));
  co_return co_await folder_->sync_directory("");
}

}  // namespace holdfast::exchange
