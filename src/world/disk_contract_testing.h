// world/disk_contract_testing.h: what every Disk promises when nothing fails. Run over the real one
// and over the simulated one, so that what is proved on one holds on the other. Tests only.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "world/disk.h"

namespace holdfast::testing {

using Names = std::vector<std::string>;

template <class T>
void expect_code(const Result<T>& result, Code code) {
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, code) << result.error().what;
}

inline std::string read_all(Disk& disk, const std::string& path) {
  auto file = disk.open(path, OpenMode::read);
  if (!file) {
    return "missing";
  }
  std::string bytes((*file)->size().value(), '?');
  EXPECT_EQ((*file)->read(0, bytes).value(), bytes.size());
  return bytes;
}

inline void write_new(Disk& disk, const std::string& path, BytesView bytes) {
  auto file = disk.open(path, OpenMode::create_new);
  ASSERT_TRUE(file.has_value()) << file.error().what;
  ASSERT_TRUE((*file)->write(0, bytes).has_value());
  ASSERT_TRUE(run_to_end((*file)->sync()).has_value());
}

inline void check_reads_and_writes(Disk& disk) {
  auto opened = disk.open("data", OpenMode::create_new);
  ASSERT_TRUE(opened.has_value());
  File& file = **opened;
  EXPECT_EQ(file.size().value(), 0U);
  std::string into(10, '?');
  EXPECT_EQ(file.read(0, into).value(), 0U);
  ASSERT_TRUE(file.write(3, "defg").has_value());
  EXPECT_EQ(file.size().value(), 7U);
  EXPECT_EQ(file.read(0, into).value(), 7U);
  EXPECT_EQ(into.substr(0, 7), std::string("\0\0\0defg", 7));
  EXPECT_EQ(file.read(5, into).value(), 2U);
  EXPECT_EQ(file.read(7, into).value(), 0U);
  EXPECT_EQ(file.read(1'000'000, into).value(), 0U);
  ASSERT_TRUE(file.write(0, "abc").has_value());
  EXPECT_EQ(read_all(disk, "data"), "abcdefg");
  ASSERT_TRUE(file.truncate(2).has_value());
  EXPECT_EQ(read_all(disk, "data"), "ab");
  ASSERT_TRUE(file.truncate(5).has_value());
  EXPECT_EQ(read_all(disk, "data"), std::string("ab\0\0\0", 5));
  const std::string big(300'001, 'x');
  ASSERT_TRUE(file.write(4095, big).has_value());
  EXPECT_EQ(file.size().value(), 304'096U);
  EXPECT_TRUE(run_to_end(file.sync()).has_value());
  EXPECT_EQ(read_all(disk, "data").substr(4095), big);
  EXPECT_EQ(read_all(disk, "data").substr(5, 4090), std::string(4090, '\0'));
  ASSERT_TRUE(file.write(0, "").has_value());
  expect_code(file.write(UINT64_MAX - 3, "data"), Code::io);
  EXPECT_EQ(file.size().value(), 304'096U);
}

inline void check_open_modes(Disk& disk) {
  expect_code(disk.open("file", OpenMode::read), Code::not_found);
  expect_code(disk.open("file", OpenMode::write), Code::not_found);
  expect_code(disk.open("no/file", OpenMode::create_new), Code::not_found);
  write_new(disk, "file", "content");
  expect_code(disk.open("file", OpenMode::create_new), Code::conflict);
  expect_code(disk.open("file/below", OpenMode::read), Code::not_found);
  auto reader = disk.open("file", OpenMode::read);
  ASSERT_TRUE(reader.has_value());
  EXPECT_FALSE((*reader)->write(0, "x").has_value());
  auto writer = disk.open("file", OpenMode::write);
  ASSERT_TRUE(writer.has_value());
  EXPECT_TRUE((*writer)->write(0, "C").has_value());
  EXPECT_EQ(read_all(disk, "file"), "Content");
  ASSERT_TRUE(disk.make_directory("folder").has_value());
  EXPECT_FALSE(disk.open("folder", OpenMode::read).has_value());
  EXPECT_FALSE(disk.open("folder", OpenMode::write).has_value());
}

inline void check_folders(Disk& disk) {
  EXPECT_EQ(disk.list("").value(), Names{});
  ASSERT_TRUE(disk.make_directory("b").has_value());
  ASSERT_TRUE(disk.make_directory("b").has_value());
  ASSERT_TRUE(disk.make_directory("b/deep").has_value());
  write_new(disk, "c", "");
  write_new(disk, "a", "");
  write_new(disk, "b/2", "");
  write_new(disk, "b/10", "");
  EXPECT_EQ(disk.list("").value(), (Names{"a", "b", "c"}));
  EXPECT_EQ(disk.list("b").value(), (Names{"10", "2", "deep"}));
  EXPECT_EQ(disk.exists("b/deep").value(), true);
  EXPECT_EQ(disk.exists("b/10").value(), true);
  EXPECT_EQ(disk.exists("").value(), true);
  EXPECT_EQ(disk.exists("b/3").value(), false);
  EXPECT_EQ(disk.exists("a/3").value(), false);
  expect_code(disk.list("x"), Code::not_found);
  expect_code(disk.list("a"), Code::not_found);
  expect_code(disk.make_directory("a"), Code::conflict);
  expect_code(disk.make_directory("x/y"), Code::not_found);
  EXPECT_TRUE(run_to_end(disk.sync_directory("")).has_value());
  EXPECT_TRUE(run_to_end(disk.sync_directory("b")).has_value());
  expect_code(run_to_end(disk.sync_directory("x")), Code::not_found);
  EXPECT_GT(disk.free_bytes().value(), 0U);
}

inline void check_remove_and_rename(Disk& disk) {
  ASSERT_TRUE(disk.make_directory("folder").has_value());
  write_new(disk, "old", "old content");
  write_new(disk, "target", "target content");
  auto replaced = disk.open("target", OpenMode::read);
  ASSERT_TRUE(replaced.has_value());
  ASSERT_TRUE(disk.rename("old", "target").has_value());
  EXPECT_EQ(read_all(disk, "target"), "old content");
  EXPECT_EQ(disk.list("").value(), (Names{"folder", "target"}));
  std::string still(14, '?');
  EXPECT_EQ((*replaced)->read(0, still).value(), 14U);
  EXPECT_EQ(still, "target content");
  ASSERT_TRUE(disk.rename("target", "folder/moved").has_value());
  EXPECT_EQ(read_all(disk, "folder/moved"), "old content");
  ASSERT_TRUE(disk.rename("folder/moved", "folder/moved").has_value());
  EXPECT_EQ(read_all(disk, "folder/moved"), "old content");
  expect_code(disk.rename("nothing", "x"), Code::not_found);
  expect_code(disk.rename("folder/moved", "no/x"), Code::not_found);
  EXPECT_FALSE(disk.rename("folder/moved", "folder").has_value());
  EXPECT_FALSE(disk.remove("folder").has_value());
  expect_code(disk.remove("nothing"), Code::not_found);
  ASSERT_TRUE(disk.remove("folder/moved").has_value());
  EXPECT_EQ(disk.list("folder").value(), Names{});
  ASSERT_TRUE(disk.remove("folder").has_value());
  EXPECT_EQ(disk.list("").value(), Names{});
}

inline void check_paths(Disk& disk) {
  const std::string zero("a\0b", 3);
  for (const std::string& path : {std::string("/etc"), std::string("../x"), std::string("a/../b"),
                                  std::string("a//b"), std::string("a/"), std::string("."), zero}) {
    expect_code(disk.open(path, OpenMode::create_new), Code::usage);
    expect_code(disk.list(path), Code::usage);
    expect_code(disk.exists(path), Code::usage);
    expect_code(disk.make_directory(path), Code::usage);
    expect_code(disk.remove(path), Code::usage);
    expect_code(disk.rename(path, "x"), Code::usage);
    expect_code(disk.rename("x", path), Code::usage);
    expect_code(run_to_end(disk.sync_directory(path)), Code::usage);
  }
  expect_code(disk.make_directory(""), Code::usage);
  expect_code(disk.remove(""), Code::usage);
  expect_code(disk.rename("", "x"), Code::usage);
  expect_code(disk.rename("x", ""), Code::usage);
}

}  // namespace holdfast::testing
