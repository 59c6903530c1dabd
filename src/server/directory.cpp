#include "server/directory.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "journal/checkpoint.h"
#include "journal/open.h"

namespace holdfast::server {
namespace {

constexpr std::size_t community_bytes_max = 64;

Result<void> check_community(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
  };
  if (name.empty() || name.size() > community_bytes_max ||
      !std::all_of(name.begin(), name.end(), fits)) {
    return fail(Code::usage,
                fmt::format("'{}' is no name for a community: 1 to {} letters, digits, '.', '-' "
                            "or '_'",
                            name, community_bytes_max));
  }
  return ok();
}

Task<Result<void>> write_file(Disk& disk, std::string path, Bytes bytes) {
  CO_TRY(const bool there, disk.exists(path));
  if (there) {  // left by an init that did not end
    CO_TRY_OK(disk.remove(path));
  }
  CO_TRY(const auto file, disk.open(path, OpenMode::create_private));
  CO_TRY_OK(file->write(0, bytes));
  CO_TRY_OK(co_await file->sync());
  co_return ok();
}

// What an unfinished init left is taken over; anything else is not ours to touch.
Task<Result<void>> begin(Disk& disk) {
  const std::string unfinished(unfinished_path);
  CO_TRY(const std::vector<std::string> names, disk.list(""));
  if (std::find(names.begin(), names.end(), unfinished) == names.end()) {
    if (!names.empty()) {
      co_return fail(
          Code::conflict,
          fmt::format("the folder is not empty ('{}' is there); give a new one", names.front()));
    }
    CO_TRY_OK(co_await write_file(disk, unfinished, "init has not ended\n"));
    CO_TRY_OK(co_await disk.sync_directory(""));
  }
  co_return ok();
}

Task<Result<void>> write_keys(World& world, std::string origin) {
  CO_TRY_OK(world.disk.make_directory(std::string(keys_folder)));
  CO_TRY(const auto key, journal::SigningKey::generate(std::move(origin), world.random));
  CO_TRY(Bytes key_file, key.file());
  CO_TRY_OK(co_await write_file(world.disk, std::string(checkpoint_key_path), std::move(key_file)));
  Bytes secret(link_secret_bytes, '\0');
  world.random.fill(secret);
  CO_TRY_OK(co_await write_file(world.disk, std::string(link_secret_path), std::move(secret)));
  CO_TRY_OK(co_await world.disk.sync_directory(std::string(keys_folder)));
  co_return ok();
}

}  // namespace

Task<Result<void>> create_directory(World& world, DirectoryOptions options) {
  CO_TRY_OK(check_community(options.community));
  CO_TRY_OK(co_await begin(world.disk));
  CO_TRY_OK(co_await write_keys(world, "holdfast/" + options.community));
  CO_TRY_OK(world.disk.make_directory(std::string(views_folder)));

  journal::Community community;
  world.random.fill(community.bytes);
  journal::Options journal;
  journal.segment_bytes = options.segment_bytes;
  const journal::Writer::Parts parts{world.clock, world.disk, world.random, world.sequencer};
  const auto created = co_await journal::create(parts, journal, community);
  if (!created && created.error().code != Code::conflict) {  // conflict: a repeated init had it
    co_return fail(created.error());
  }
  CO_TRY_OK(co_await world.disk.sync_directory(""));
  CO_TRY_OK(world.disk.remove(std::string(unfinished_path)));
  CO_TRY_OK(co_await world.disk.sync_directory(""));
  co_return ok();
}

Result<void> check_directory(Disk& disk) {
  TRY(const bool unfinished, disk.exists(std::string(unfinished_path)));
  if (unfinished) {
    return fail(Code::not_found, "`holdfast init` did not end here: run it again");
  }
  for (const std::string_view path : {checkpoint_key_path, link_secret_path}) {
    TRY(const bool there, disk.exists(std::string(path)));
    if (!there) {
      return fail(Code::not_found,
                  fmt::format("this is no data directory: {} is missing; `holdfast init DIR` makes "
                              "one",
                              path));
    }
  }
  return ok();
}

}  // namespace holdfast::server
