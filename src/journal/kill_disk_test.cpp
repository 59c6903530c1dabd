#include "journal/kill_disk.h"

#include <utility>

namespace holdfast::journal {
namespace {

/// A file whose user is killed with the disk.
class KillFile final : public File {
 public:
  KillFile(KillDisk& disk, std::unique_ptr<File> under) : disk_(disk), under_(std::move(under)) {}
  Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
    TRY_OK(disk_.live());
    return under_->read(offset, into);
  }
  Result<void> write(std::uint64_t offset, BytesView bytes) override {
    TRY_OK(disk_.live());
    return under_->write(offset, bytes);
  }
  Task<Result<void>> sync() override {
    CO_TRY_OK(disk_.live());
    co_return co_await under_->sync();
  }
  Result<std::uint64_t> size() override {
    TRY_OK(disk_.live());
    return under_->size();
  }
  Result<void> truncate(std::uint64_t size) override {
    TRY_OK(disk_.live());
    return under_->truncate(size);
  }

 private:
  KillDisk& disk_;
  std::unique_ptr<File> under_;
};

}  // namespace

Result<void> KillDisk::live() {
  if (dead()) {
    return fail(Code::io, "killed");
  }
  ++calls_;
  return dead() ? Result<void>(fail(Code::io, "killed")) : ok();
}
Result<std::unique_ptr<File>> KillDisk::open(const std::string& path, OpenMode mode) {
  TRY_OK(live());
  TRY(auto file, under_.open(path, mode));
  return std::make_unique<KillFile>(*this, std::move(file));
}
Result<std::vector<std::string>> KillDisk::list(const std::string& directory) {
  TRY_OK(live());
  return under_.list(directory);
}
Result<bool> KillDisk::exists(const std::string& path) {
  TRY_OK(live());
  return under_.exists(path);
}
Result<void> KillDisk::make_directory(const std::string& path) {
  TRY_OK(live());
  return under_.make_directory(path);
}
Result<void> KillDisk::remove(const std::string& path) {
  TRY_OK(live());
  return under_.remove(path);
}
Result<void> KillDisk::rename(const std::string& from, const std::string& to) {
  TRY_OK(live());
  return under_.rename(from, to);
}
Task<Result<void>> KillDisk::sync_directory(const std::string& directory) {
  const std::string path = directory;
  CO_TRY_OK(live());
  co_return co_await under_.sync_directory(path);
}
Result<std::uint64_t> KillDisk::free_bytes() {
  TRY_OK(live());
  return under_.free_bytes();
}

}  // namespace holdfast::journal
