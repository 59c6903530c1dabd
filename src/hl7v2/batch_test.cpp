// hl7v2/batch_test.cpp: every message is found, and every count that lies.
#include "hl7v2/batch.h"

#include <gtest/gtest.h>

#include "hl7v2/message.h"
#include "hl7v2/test_data.h"

namespace holdfast::hl7v2 {
namespace {

TEST(Batch, OneMessageIsABatchOfOne) {
  const auto batch = split_batch("MSH|^~\\&|A\rPID|1\r");
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->messages.size(), 1U);
  EXPECT_EQ(batch->messages[0], "MSH|^~\\&|A\rPID|1\r");
  EXPECT_FALSE(batch->wrapped);
  EXPECT_TRUE(batch->faults.empty());
}

TEST(Batch, TakesTheWrappingAway) {
  const auto batch = split_batch(
      "FHS|^~\\&|A\nBHS|^~\\&|A|||||||x|BATCH7\nMSH|^~\\&|1\nPID|1\nMSH|^~\\&|2\nBTS|2\nFTS|1\n");
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->messages.size(), 2U);
  EXPECT_EQ(batch->messages[0], "MSH|^~\\&|1\nPID|1\n");
  EXPECT_EQ(batch->messages[1], "MSH|^~\\&|2\n");
  EXPECT_TRUE(batch->wrapped);
  EXPECT_EQ(batch->control_id, "BATCH7");
  EXPECT_TRUE(batch->faults.empty());
}

TEST(Batch, SaysWhatDoesNotAddUp) {
  const auto faults = [](BytesView bytes) {
    const auto batch = split_batch(bytes);
    std::string all;
    for (const Error& fault : batch ? batch->faults : std::vector<Error>()) {
      all += fault.what + ";";
    }
    return batch ? all : "refused";
  };
  EXPECT_EQ(faults("BHS|^~\\&\rMSH|^~\\&|1\rBTS|2\r"), "BTS-1 counts 2 messages, there are 1;");
  EXPECT_EQ(faults("BHS|^~\\&\rMSH|^~\\&|1\rBTS|-1\r"), "BTS-1 is no number;");
  EXPECT_EQ(faults("BHS|^~\\&\rMSH|^~\\&|1\rBTS|\r"), "");
  EXPECT_EQ(faults("MSH|^~\\&|1\rBTS|1\r"), "BTS without BHS;");
  EXPECT_EQ(faults("BHS|^~\\&\rMSH|^~\\&|1\r"), "a batch was begun (BHS) and not ended (BTS);");
  EXPECT_EQ(faults("FHS|^~\\&\rBHS|^~\\&\rMSH|^~\\&|1\rBTS|1\rFTS|2\r"),
            "FTS-1 counts 2 batches, there are 1;");
  EXPECT_EQ(
      faults("FHS|^~\\&\rBHS|^~\\&\rMSH|^~\\&|1\rBTS|1\rBHS|^~\\&\rMSH|^~\\&|1\rBTS|1\rFTS|2"), "");
  EXPECT_EQ(faults("BHS|^~\\&\rBHS|^~\\&\rMSH|^~\\&|1\rBTS|1\r"), "BHS where one is open already;");
  EXPECT_EQ(faults("PID|1\rMSH|^~\\&|1\r"), "a segment PID at byte 0 belongs to no message;");
  EXPECT_EQ(faults("BHS|^~\\&\rBTS|0\r"), "");
  EXPECT_EQ(faults("PID|1\r"), "refused");
  EXPECT_EQ(faults(""), "refused");
  EXPECT_EQ(faults("BHS|&&&&\rMSH|^~\\&|1\rBTS|1\r"), "BHS: '&' divides in two ways in '|&&&&';");
}

TEST(Batch, EverySampleHasItsMessages) {
  const auto all = samples();
  HOLDFAST_NEED_SAMPLES(all);
  std::size_t messages = 0;
  for (const Sample& sample : all) {
    const auto batch = split_batch(sample.bytes);
    ASSERT_TRUE(batch) << sample.file;
    messages += batch->messages.size();
  }
  EXPECT_EQ(messages, 130U);
}

}  // namespace
}  // namespace holdfast::hl7v2
