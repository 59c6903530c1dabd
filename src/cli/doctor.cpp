// cli/doctor.cpp: `holdfast doctor DIR`: whether this machine can keep what it promises: a disk
// that really syncs, a clock that is kept, enough files and space, keys that nobody else reads.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <vector>

#include <sys/resource.h>
#include <sys/stat.h>

#include <fmt/format.h>

#include "cli/command.h"
#include "cli/machine.h"
#include "cli/sync_probe.h"
#include "server/directory.h"

namespace holdfast::cli {
namespace {

/// A medium that keeps 4 KiB through a power loss more often than this per second, one after the
/// other, has a cache that survives it (a battery, capacitors), or does not tell the truth.
constexpr double honest_syncs_per_second_max = 30'000;
/// Fewer than this make every reply slow.
constexpr double usable_syncs_per_second_min = 50;
constexpr std::uint64_t open_files_min = 4096;
constexpr std::uint64_t free_bytes_min = std::uint64_t{1} << 30U;

struct DoctorOptions {
  std::string directory;
};

class Examination {
 public:
  explicit Examination(std::string directory) : directory_(std::move(directory)) {}

  Result<int> run() {
    TRY(const auto disk, RealDisk::open_root(directory_, RootMode::must_exist));
    check_sync();
    check_clock();
    check_open_files();
    check_space(*disk);
    check_keys(*disk);
    fmt::print("{}\n", bad_ == 0 ? "nothing stands against it" : "see the lines marked 'bad'");
    return bad_ == 0 ? exit_ok : exit_failed;
  }

 private:
  enum class Finding : std::uint8_t { good, note, bad };
  void say(Finding finding, std::string_view what, const std::string& text) {
    bad_ += finding == Finding::bad ? 1U : 0U;
    const char* const mark = finding == Finding::good   ? "good"
                             : finding == Finding::note ? "note"
                                                        : "bad ";
    fmt::print("{}  {:<11} {}\n", mark, what, text);
  }

  void check_sync() {
    const auto probed = probe_sync(directory_, milliseconds(500));
    if (!probed) {
      say(Finding::bad, "sync", fmt::format("cannot write and sync here: {}", probed.error().what));
      return;
    }
    const std::string rate = fmt::format(
        "fdatasync of 4 KiB: {:.0f}/s, median {:.0f} us, slowest "
        "{:.0f} us",
        probed->per_second, probed->median_us, probed->slowest_us);
    if (probed->per_second > honest_syncs_per_second_max) {
      say(Finding::bad, "sync",
          rate +
              ": faster than media are. If this is memory (tmpfs), or a cache without a battery, "
              "a power loss takes what was acknowledged");
    } else if (probed->per_second < usable_syncs_per_second_min) {
      say(Finding::note, "sync", rate + ": honest, but every write waits for it");
    } else {
      say(Finding::good, "sync", rate);
    }
  }

  void check_clock() {
    if (RealClock().synchronised()) {
      say(Finding::good, "clock", "the kernel says that it is synchronised");
    } else {
      say(Finding::note, "clock",
          "the kernel does not say that it is synchronised: install chrony or enable "
          "systemd-timesyncd, or the times in the record are this machine's own");
    }
  }

  void check_open_files() {
    ::rlimit limit{};
    const bool known = ::getrlimit(RLIMIT_NOFILE, &limit) == 0;
    const std::uint64_t most = known ? limit.rlim_max : 0;
    say(most >= open_files_min ? Finding::good : Finding::bad, "open files",
        fmt::format("the hard limit is {}{}", most,
                    most >= open_files_min
                        ? std::string()
                        : fmt::format("; {} are wanted: raise LimitNOFILE", open_files_min)));
  }

  void check_space(Disk& disk) {
    const auto free = disk.free_bytes();
    if (!free) {
      say(Finding::bad, "space", free.error().what);
      return;
    }
    say(*free >= free_bytes_min ? Finding::good : Finding::bad, "space",
        fmt::format("{} MiB are free{}", *free >> 20U,
                    *free >= free_bytes_min ? "" : "; writes stop when the disk is full"));
  }

  void check_keys(Disk& disk) {
    if (const auto whole = server::check_directory(disk); !whole) {
      say(Finding::bad, "keys", whole.error().what);
      return;
    }
    bool good = true;
    for (const std::string_view path :
         {server::keys_folder, server::checkpoint_key_path, server::link_secret_path}) {
      struct ::stat status{};
      const std::string file = directory_ + "/" + std::string(path);
      if (::stat(file.c_str(), &status) != 0) {
        say(Finding::bad, "keys", fmt::format("{} cannot be looked at", path));
        good = false;
      } else if ((status.st_mode & 077U) != 0) {
        say(Finding::bad, "keys",
            fmt::format("{} can be read by others (mode {:o}): chmod go= it, and if they may have "
                        "read it, make new keys",
                        path, status.st_mode & 07777U));
        good = false;
      }
    }
    if (good) {
      say(Finding::good, "keys", "only their owner can read them");
    }
  }

  const std::string directory_;
  unsigned bad_ = 0;
};

int run_doctor(const DoctorOptions& options) {
  keep_files_private();
  const auto code = Examination(options.directory).run();
  if (!code) {
    return end_with("doctor", {Code::usage, code.error().what, options.directory, {}});
  }
  return *code;
}

}  // namespace

Command add_doctor(CLI::App& parent) {
  auto options = std::make_shared<DoctorOptions>();
  CLI::App* const app =
      parent.add_subcommand("doctor", "whether this machine can keep what the server promises");
  app->add_option("DIR", options->directory, "data directory; a server may have it open")
      ->required();
  app->footer(
      "Writes a file of 4 KiB for half a second and removes it; changes nothing else.\n"
      "Exit 0, or 1 if anything is bad.\n"
      "Example:\n"
      "  holdfast doctor data/st-mary");
  return {app, [options] { return run_doctor(*options); }};
}

}  // namespace holdfast::cli
