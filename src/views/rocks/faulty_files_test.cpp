#include <algorithm>

#include "views/rocks/faulty_files.h"

namespace holdfast::views {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
namespace fs = std::filesystem;

/// Makes the call, unless the fault strikes it, and notes what it has done.
template <class Call, class Note>
IOStatus admitted(FaultyFiles& disk, FaultyFiles::Needs needs, const Call& call, const Note& note) {
  if (IOStatus status = disk.admit(needs); !status.ok()) {
    return status;
  }
  IOStatus status = call();
  if (status.ok()) {
    note();
  }
  return status;
}

class FaultyFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultyFile(FaultyFiles& disk, std::string path, std::unique_ptr<rocksdb::FSWritableFile>&& file)
      : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk), path_(std::move(path)) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* debug) override {
    return append(data.size(), [&] { return target()->Append(data, options, debug); });
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& info, IODebugContext* debug) override {
    return append(data.size(), [&] { return target()->Append(data, options, info, debug); });
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return sync([&] { return target()->Sync(options, debug); });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return sync([&] { return target()->Fsync(options, debug); });
  }

 private:
  template <class Call>
  IOStatus append(std::uint64_t bytes, Call&& call) {
    return admitted(disk_, FaultyFiles::Needs::space, call, [&] { disk_.wrote(path_, bytes); });
  }
  template <class Call>
  IOStatus sync(Call&& call) {
    return admitted(disk_, FaultyFiles::Needs::nothing, call, [&] { disk_.synced(path_); });
  }

  FaultyFiles& disk_;
  std::string path_;
};

class FaultyDirectory final : public rocksdb::FSDirectoryWrapper {
 public:
  FaultyDirectory(FaultyFiles& disk, std::string path,
                  std::unique_ptr<rocksdb::FSDirectory>&& directory)
      : FSDirectoryWrapper(std::move(directory)), disk_(disk), path_(std::move(path)) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return sync([&] { return FSDirectoryWrapper::Fsync(options, debug); });
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& how) override {
    return sync([&] { return FSDirectoryWrapper::FsyncWithDirOptions(options, debug, how); });
  }

 private:
  template <class Call>
  IOStatus sync(Call&& call) {
    return admitted(disk_, FaultyFiles::Needs::nothing, call,
                    [&] { disk_.synced_directory(path_); });
  }

  FaultyFiles& disk_;
  std::string path_;
};

std::string normal(const std::string& path) {
  std::string text = fs::path(path).lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') {
    text.pop_back();
  }
  return text;
}
std::string folder_of(const std::string& path) { return fs::path(path).parent_path().string(); }

}  // namespace

FaultyFiles::FaultyFiles(Fault fault, std::uint64_t at, fs::path trash)
    : FileSystemWrapper(rocksdb::FileSystem::Default()),
      fault_(fault),
      trash_(std::move(trash)),
      at_(at) {
  fs::create_directories(trash_);
}

std::uint64_t FaultyFiles::calls() const {
  const std::scoped_lock lock(mutex_);
  return calls_;
}

void FaultyFiles::fail_from(std::uint64_t at) {
  const std::scoped_lock lock(mutex_);
  at_ = at;
}

IOStatus FaultyFiles::admit(Needs needs) {
  const std::scoped_lock lock(mutex_);
  ++calls_;
  if (fault_ == Fault::none || calls_ < at_ || (fault_ == Fault::io_once && calls_ > at_)) {
    return IOStatus::OK();
  }
  if (fault_ == Fault::no_space) {
    return needs == Needs::space ? IOStatus::NoSpace("planted") : IOStatus::OK();
  }
  return IOStatus::IOError("planted");
}

void FaultyFiles::wrote(const std::string& path, std::uint64_t bytes) {
  const std::scoped_lock lock(mutex_);
  files_[path].written += bytes;
}

void FaultyFiles::synced(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  File& file = files_[path];
  file.durable = file.written;
}

void FaultyFiles::synced_directory(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(names_, [&](const NameChange& change) { return folder_of(change.to) == path; });
}

std::string FaultyFiles::save(const std::string& path) {
  if (!fs::exists(path)) {
    return {};
  }
  const std::string saved = (trash_ / std::to_string(++saved_)).string();
  fs::create_hard_link(path, saved);
  return saved;
}

IOStatus FaultyFiles::NewWritableFile(const std::string& path_given,
                                      const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* result,
                                      IODebugContext* debug) {
  const std::string path = normal(path_given);
  if (IOStatus status = admit(Needs::space); !status.ok()) {
    return status;
  }
  std::unique_ptr<rocksdb::FSWritableFile> file;
  const IOStatus status = FileSystemWrapper::NewWritableFile(path, options, &file, debug);
  if (!status.ok()) {
    return status;
  }
  {
    const std::scoped_lock lock(mutex_);
    files_[path] = File{};
    names_.push_back({NameChange::Kind::created, {}, path, {}});
  }
  *result = std::make_unique<FaultyFile>(*this, path, std::move(file));
  return status;
}

IOStatus FaultyFiles::ReopenWritableFile(const std::string& path_given,
                                         const rocksdb::FileOptions& options,
                                         std::unique_ptr<rocksdb::FSWritableFile>* result,
                                         IODebugContext* debug) {
  const std::string path = normal(path_given);
  if (IOStatus status = admit(Needs::space); !status.ok()) {
    return status;
  }
  std::unique_ptr<rocksdb::FSWritableFile> file;
  const IOStatus status = FileSystemWrapper::ReopenWritableFile(path, options, &file, debug);
  if (status.ok()) {
    *result = std::make_unique<FaultyFile>(*this, path, std::move(file));
  }
  return status;
}

IOStatus FaultyFiles::NewDirectory(const std::string& path, const IOOptions& options,
                                   std::unique_ptr<rocksdb::FSDirectory>* result,
                                   IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  const IOStatus status = FileSystemWrapper::NewDirectory(path, options, &directory, debug);
  if (status.ok()) {
    *result = std::make_unique<FaultyDirectory>(*this, normal(path), std::move(directory));
  }
  return status;
}

IOStatus FaultyFiles::DeleteFile(const std::string& path_given, const IOOptions& options,
                                 IODebugContext* debug) {
  const std::string path = normal(path_given);
  if (IOStatus status = admit(Needs::nothing); !status.ok()) {
    return status;
  }
  {
    const std::scoped_lock lock(mutex_);
    std::string saved = save(path);
    names_.push_back({NameChange::Kind::deleted, {}, path, std::move(saved)});
  }
  return FileSystemWrapper::DeleteFile(path, options, debug);
}

IOStatus FaultyFiles::RenameFile(const std::string& from_given, const std::string& to_given,
                                 const IOOptions& options, IODebugContext* debug) {
  const std::string from = normal(from_given);
  const std::string to = normal(to_given);
  if (IOStatus status = admit(Needs::nothing); !status.ok()) {
    return status;
  }
  {
    const std::scoped_lock lock(mutex_);
    std::string saved = save(to);
    names_.push_back({NameChange::Kind::renamed, from, to, std::move(saved)});
    if (const auto file = files_.find(from); file != files_.end()) {
      files_[to] = file->second;
      files_.erase(file);
    }
  }
  return FileSystemWrapper::RenameFile(from, to, options, debug);
}

void FaultyFiles::lose_unsynced(std::uint64_t seed) {
  const std::scoped_lock lock(mutex_);
  // Bytes first, under the names that the files have now.
  for (const auto& [path, file] : files_) {
    if (file.durable < file.written && fs::exists(path)) {
      const std::uint64_t size = fs::file_size(path);
      const std::uint64_t extra = (file.written - file.durable + 1);
      seed = seed * 6364136223846793005U + 1442695040888963407U;
      fs::resize_file(path, std::min(size, file.durable + (seed >> 33U) % extra));
    }
  }
  for (auto change = names_.rbegin(); change != names_.rend(); ++change) {
    switch (change->kind) {
      case NameChange::Kind::created: fs::remove(change->to); break;
      case NameChange::Kind::renamed:
        if (fs::exists(change->to)) {
          fs::rename(change->to, change->from);
        }
        if (!change->saved.empty()) {
          fs::rename(change->saved, change->to);
        }
        break;
      case NameChange::Kind::deleted:
        if (!change->saved.empty() && !fs::exists(change->to)) {
          fs::rename(change->saved, change->to);
        }
        break;
    }
  }
  names_.clear();
}

}  // namespace holdfast::views
