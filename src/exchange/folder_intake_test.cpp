// exchange/folder_intake_test.cpp: files of a folder are taken once, and moved when they are safe.
#include "exchange/folder_intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "exchange/test_intake.h"
#include "world/sim/test_sim_disk.h"

namespace holdfast::exchange {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FolderIntakeTest : public IntakeTest {
 protected:
  ~FolderIntakeTest() override { machine.crash(Crash::process); }
  void watch() {
    start();
    auto disk = std::make_unique<SimDisk>(77);
    folder_ = disk.get();
    files_ = std::make_unique<FolderIntake>(home(), *intake_, neighbours_.all().front(),
                                            std::move(disk));
    home().post([this] { files_->start(); });
  }
  SimExecutor& home() { return static_cast<SimExecutor&>(*machine.world().io.front()); }
  void put(const std::string& name, BytesView bytes) {
    holdfast::testing::write_new(*folder_, name, bytes);
  }
  std::vector<std::string> list(const std::string& folder) {
    const auto names = folder_->list(folder);
    return names ? *names : std::vector<std::string>();
  }
  void run(Duration time) { scheduler.run_for(time, 1'000'000); }

  SimDisk* folder_ = nullptr;
  std::unique_ptr<FolderIntake> files_;
};

TEST_F(FolderIntakeTest, TakesWhatIsWholeAndMovesItByWhatBecameOfIt) {
  watch();
  Bytes lines = message("ADT^A31", "M1");
  std::ranges::replace(lines, '\r', '\n');
  put("a.hl7", lines);
  put("b.hl7", message("ZZZ^Z01", "M2"));
  put("c.hl7", "no message at all");
  put("d.hl7.part", message("ADT^A31", "M4"));
  put("e.hl7", message("ADT^A31", "M5") + message("ADT^A31", "M6"));
  run(seconds(8));
  EXPECT_THAT(list(""), ElementsAre("d.hl7.part", "faulty", "refused", "taken"));
  EXPECT_THAT(list("taken"), ElementsAre("a.hl7", "e.hl7"));
  EXPECT_THAT(list("faulty"), ElementsAre("b.hl7"));
  EXPECT_THAT(list("refused"), ElementsAre("c.hl7"));
  EXPECT_EQ(count("Binary"), 4U);
  EXPECT_EQ(items(), "not-mapped");
  EXPECT_EQ(files_->trouble(), "");
}

TEST_F(FolderIntakeTest, AFileThatGrowsIsNotWhole) {
  watch();
  put("a.hl7", "MSH|^~\\&|LAB");
  run(milliseconds(2500));
  auto file = *folder_->open("a.hl7", OpenMode::write);
  ASSERT_TRUE(file->write(0, message("ADT^A31", "M1")));
  run(milliseconds(2000));
  EXPECT_THAT(list("taken"), IsEmpty());
  run(seconds(4));
  EXPECT_THAT(list("taken"), ElementsAre("a.hl7"));
  EXPECT_EQ(count("Binary"), 1U);
}

TEST_F(FolderIntakeTest, WhatCannotBeWrittenStaysWhereItIsAndTheSameFileCountsOnce) {
  watch();
  put("a.hl7", message("ADT^A31", "M1"));
  put("zz", message("ADT^A31", "M1"));  // the same once more, under another name
  options.queue_max = 1;
  machine.disk().set_rule([](const DiskCallInfo& call) {
    return call.call == DiskCall::write ? DiskFault::no_space : DiskFault::none;
  });
  run(seconds(10));
  EXPECT_THAT(list(""), ElementsAre("a.hl7", "zz"));
  EXPECT_THAT(files_->trouble(), HasSubstr("the folder of lab"));
  machine.disk().heal();
  run(seconds(10));
  EXPECT_THAT(list("taken"), ElementsAre("a.hl7", "zz"));
  EXPECT_EQ(count("Binary"), 1U);
  EXPECT_EQ(files_->trouble(), "");
}

TEST_F(FolderIntakeTest, OneFileThatCannotBeReadIsToldAndKeepsNoOtherWaiting) {
  watch();
  put("a.hl7", message("ADT^A31", "M1"));
  put("b.hl7", message("ADT^A31", "M2"));
  bool failing = true;
  folder_->set_rule([&](const DiskCallInfo& call) {
    return failing && call.call == DiskCall::read && call.path == "a.hl7" ? DiskFault::io_error
                                                                          : DiskFault::none;
  });
  run(seconds(8));
  EXPECT_THAT(list("taken"), ElementsAre("b.hl7"));
  EXPECT_THAT(files_->trouble(), HasSubstr("a.hl7"));
  failing = false;
  run(seconds(4));
  EXPECT_THAT(list("taken"), ElementsAre("a.hl7", "b.hl7"));
  EXPECT_EQ(files_->trouble(), "");
}

TEST_F(FolderIntakeTest, AFileOfTheSameNameIsNeverWrittenOver) {
  watch();
  put("a.hl7", message("ADT^A31", "M1"));
  run(seconds(8));
  put("a.hl7", message("ADT^A31", "M2"));
  run(seconds(8));
  EXPECT_THAT(list("taken"), ElementsAre("a.hl7", "a.hl7.1"));
}

}  // namespace
}  // namespace holdfast::exchange
