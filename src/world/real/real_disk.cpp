#include "world/real/real_disk.h"

#include <algorithm>
#include <cerrno>
#include <limits>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fmt/format.h>

namespace holdfast {
namespace {

constexpr ::mode_t file_mode = 0640;
constexpr ::mode_t private_file_mode = 0600;
constexpr ::mode_t folder_mode = 0750;

// Repeats a call that a signal interrupted. Never for fsync: whatever it says after a failure
// proves nothing.
template <class Call>
auto repeat(const Call& call) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) {
      return result;
    }
  }
}

std::unexpected<Error> fail_path(int error_number, std::string_view doing,
                                 const std::string& path) {
  if (error_number == ENOENT || error_number == ENOTDIR) {
    return fail(Code::not_found, fmt::format("{}: no such file or folder", doing), path);
  }
  if (error_number == EEXIST) {
    return fail(Code::conflict, fmt::format("{}: it is there already", doing), path);
  }
  return fail_errno(error_number, fmt::format("{} {}", doing, path));
}

Result<::off_t> file_offset(std::uint64_t offset, std::uint64_t bytes, const std::string& path) {
  constexpr auto offset_max = static_cast<std::uint64_t>(std::numeric_limits<::off_t>::max());
  if (offset > offset_max || bytes > offset_max - offset) {
    return fail_errno(EFBIG, "offset in " + path);
  }
  return static_cast<::off_t>(offset);
}

class RealFile final : public File {
 public:
  RealFile(int descriptor, std::string path) : file_(descriptor), path_(std::move(path)) {}
  ~RealFile() override { ::close(file_); }  // what matters was synced before, and checked

  Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
    std::size_t done = 0;
    while (done < into.size()) {
      TRY(const ::off_t at, file_offset(offset + done, into.size() - done, path_));
      const ::ssize_t count =
          repeat([&] { return ::pread(file_, into.data() + done, into.size() - done, at); });
      if (count < 0) {
        return fail_errno(errno, "read " + path_);
      }
      if (count == 0) {
        break;
      }
      done += static_cast<std::size_t>(count);
    }
    return done;
  }

  Result<void> write(std::uint64_t offset, BytesView bytes) override {
    while (!bytes.empty()) {
      TRY(const ::off_t at, file_offset(offset, bytes.size(), path_));
      const ::ssize_t count =
          repeat([&] { return ::pwrite(file_, bytes.data(), bytes.size(), at); });
      if (count < 0) {
        return fail_errno(errno, "write " + path_);
      }
      if (count == 0) {
        return fail_errno(EIO, "write " + path_);
      }
      bytes.remove_prefix(static_cast<std::size_t>(count));
      offset += static_cast<std::uint64_t>(count);
    }
    return ok();
  }

  Task<Result<void>> sync() override {
    if (::fdatasync(file_) != 0) {
      co_return fail_errno(errno, "fdatasync " + path_);
    }
    co_return ok();
  }

  Result<std::uint64_t> size() override {
    struct ::stat status{};
    if (::fstat(file_, &status) != 0) {
      return fail_errno(errno, "size of " + path_);
    }
    return static_cast<std::uint64_t>(status.st_size);
  }

  Result<void> truncate(std::uint64_t size) override {
    TRY(const ::off_t length, file_offset(size, 0, path_));
    if (repeat([&] { return ::ftruncate(file_, length); }) != 0) {
      return fail_errno(errno, "truncate " + path_);
    }
    return ok();
  }

 private:
  const int file_;
  const std::string path_;
};

// openat() and its family have no name for "the folder itself" but this one.
const char* name_below_root(const std::string& path) { return path.empty() ? "." : path.c_str(); }

Result<void> check_entry(const std::string& path) {
  if (path.empty()) {
    return fail(Code::usage, "the root cannot be made, removed or renamed");
  }
  return check_path(path);
}

}  // namespace

Result<std::unique_ptr<RealDisk>> RealDisk::open_root(const std::string& root, RootMode mode) {
  if (mode == RootMode::create && ::mkdir(root.c_str(), folder_mode) != 0 && errno != EEXIST) {
    return fail_path(errno, "make folder", root);
  }
  const int folder =
      repeat([&] { return ::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (folder < 0) {
    return fail_path(errno, "open folder", root);
  }
  return std::unique_ptr<RealDisk>(new RealDisk(root, folder));
}

RealDisk::~RealDisk() { ::close(folder_); }

Result<void> RealDisk::lock() {
  if (repeat([&] { return ::flock(folder_, LOCK_EX | LOCK_NB); }) == 0) {
    return ok();
  }
  if (errno == EWOULDBLOCK) {
    return fail(Code::conflict, "another process has this folder open", root_);
  }
  return fail_errno(errno, "lock " + root_);
}

Result<std::unique_ptr<File>> RealDisk::open(const std::string& path, OpenMode mode) {
  TRY_OK(check_path(path));
  int flags = O_CLOEXEC;
  switch (mode) {
    case OpenMode::read: flags |= O_RDONLY; break;
    case OpenMode::write: flags |= O_RDWR; break;
    case OpenMode::create_new:
    case OpenMode::create_private: flags |= O_RDWR | O_CREAT | O_EXCL; break;
  }
  const ::mode_t access = mode == OpenMode::create_private ? private_file_mode : file_mode;
  const int file = repeat([&] { return ::openat(folder_, name_below_root(path), flags, access); });
  if (file < 0) {
    return fail_path(errno, "open", path);
  }
  auto opened = std::make_unique<RealFile>(file, path);
  struct ::stat status{};
  if (::fstat(file, &status) != 0) {
    return fail_errno(errno, "open " + path);
  }
  if (!S_ISREG(status.st_mode)) {
    return fail_errno(S_ISDIR(status.st_mode) ? EISDIR : EINVAL, "open " + path);
  }
  return opened;
}

Result<int> RealDisk::open_folder(const std::string& directory) const {
  TRY_OK(check_path(directory));
  const int folder = repeat([&] {
    return ::openat(folder_, name_below_root(directory), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  });
  if (folder < 0) {
    return fail_path(errno, "open folder", directory);
  }
  return folder;
}

Result<std::vector<std::string>> RealDisk::list(const std::string& directory) {
  TRY(const int folder, open_folder(directory));
  DIR* const stream = ::fdopendir(folder);
  if (stream == nullptr) {
    const int why = errno;
    ::close(folder);
    return fail_errno(why, "list " + directory);
  }
  std::vector<std::string> names;
  errno = 0;
  while (const ::dirent* entry = ::readdir(stream)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      names.emplace_back(name);
    }
    errno = 0;
  }
  const int why = errno;
  ::closedir(stream);
  if (why != 0) {
    return fail_errno(why, "list " + directory);
  }
  std::ranges::sort(names);
  return names;
}

Result<bool> RealDisk::exists(const std::string& path) {
  TRY_OK(check_path(path));
  struct ::stat status{};
  if (::fstatat(folder_, name_below_root(path), &status, AT_SYMLINK_NOFOLLOW) == 0) {
    return true;
  }
  if (errno == ENOENT || errno == ENOTDIR) {
    return false;
  }
  return fail_errno(errno, "look for " + path);
}

Result<void> RealDisk::make_directory(const std::string& path) {
  TRY_OK(check_entry(path));
  if (::mkdirat(folder_, path.c_str(), folder_mode) == 0) {
    return ok();
  }
  const int why = errno;
  struct ::stat status{};
  if (why == EEXIST && ::fstatat(folder_, path.c_str(), &status, 0) == 0 &&
      S_ISDIR(status.st_mode)) {
    return ok();
  }
  return fail_path(why, "make folder", path);
}

Result<void> RealDisk::remove(const std::string& path) {
  TRY_OK(check_entry(path));
  if (::unlinkat(folder_, path.c_str(), 0) == 0) {
    return ok();
  }
  if (errno == EISDIR) {
    if (::unlinkat(folder_, path.c_str(), AT_REMOVEDIR) == 0) {
      return ok();
    }
    if (errno == EEXIST) {  // POSIX lets a system say this for "not empty"
      return fail_errno(ENOTEMPTY, "remove " + path);
    }
  }
  return fail_path(errno, "remove", path);
}

Result<void> RealDisk::rename(const std::string& from, const std::string& to) {
  TRY_OK(check_entry(from));
  TRY_OK(check_entry(to));
  if (::renameat(folder_, from.c_str(), folder_, to.c_str()) != 0) {
    return fail_path(errno, "rename to " + to, from);
  }
  return ok();
}

Task<Result<void>> RealDisk::sync_directory(const std::string& directory) {
  CO_TRY(const int folder, open_folder(directory));
  const int failed = ::fsync(folder) != 0 ? errno : 0;
  ::close(folder);
  if (failed != 0) {
    co_return fail_errno(failed, "fsync folder " + directory);
  }
  co_return ok();
}

Result<std::uint64_t> RealDisk::free_bytes() {
  struct ::statvfs status{};
  if (repeat([&] { return ::fstatvfs(folder_, &status); }) != 0) {
    return fail_errno(errno, "free space of " + root_);
  }
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

}  // namespace holdfast
