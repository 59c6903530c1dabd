#include "world/real/real_network.h"

#include <filesystem>
#include <future>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "world/network_contract_testing.h"
#include "world/real/real_world.h"

namespace holdfast {
namespace {

Task<void> tell_end(Task<void> task, std::promise<void>& ended) {
  co_await task;
  ended.set_value();
}

struct Real {
  Real() {
    server.start();
    client.start();
  }
  ~Real() {
    server.stop();
    client.stop();
  }
  void run(Task<void> task) {
    std::promise<void> ended;
    client.spawn(tell_end(std::move(task), ended));
    ended.get_future().wait();
  }
  RealNetwork network;
  RealExecutor server{"server"};
  RealExecutor client{"client"};
  testing::NetworkUnderTest under{network, server, client};
};

TEST(RealNetwork, KeepsTheContractOfEveryNetwork) {
  for (const testing::NetworkCheck check : testing::network_checks) {
    Real real;
    real.run(check(real.under));
  }
}

Task<void> connect_by_name(testing::NetworkUnderTest& under) {
  auto listener = under.network.listen(under.client, "localhost:0");
  EXPECT_TRUE(listener.has_value());
  const std::string port = (*listener)->address().substr((*listener)->address().rfind(':'));
  std::string address = "localhost" + port;
  const auto connected = co_await under.network.connect(under.client, std::move(address),
                                                        under.client.now() + seconds(30));
  EXPECT_TRUE(connected.has_value()) << connected.error().what;
}

TEST(RealNetwork, NamesAreLookedUp) {
  Real real;
  real.run(connect_by_name(real.under));
}

Task<void> refuse_addresses(testing::NetworkUnderTest& under) {
  for (const char* address : {"", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80",
                              "127.0.0.1:80x", "127.0.0.1:-1"}) {
    EXPECT_EQ(under.network.listen(under.client, address).error().code, Code::usage) << address;
    std::string same = address;
    const auto connected = co_await under.network.connect(under.client, std::move(same), never);
    EXPECT_EQ(connected.error().code, Code::usage) << address;
  }
}

TEST(RealNetwork, AddressesThatMakeNoSenseAreRefused) {
  Real real;
  real.run(refuse_addresses(real.under));
}

// Takes every file descriptor that is left, for as long as it lives.
class AllDescriptors {
 public:
  AllDescriptors() {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    ::rlimit small = before_;
    small.rlim_cur = 64;
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &small), 0);
    for (int copy = ::dup(0); copy >= 0; copy = ::dup(0)) {
      copies_.push_back(copy);
    }
  }
  AllDescriptors(const AllDescriptors&) = delete;
  AllDescriptors& operator=(const AllDescriptors&) = delete;
  ~AllDescriptors() {
    free_one_less(0);
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0);
  }
  void free_one_less(std::size_t left) {
    while (copies_.size() > left) {
      ::close(copies_.back());
      copies_.pop_back();
    }
  }
  [[nodiscard]] std::size_t held() const { return copies_.size(); }

 private:
  ::rlimit before_{};
  std::vector<int> copies_;
};

Task<void> accept_into(Listener& listener, Executor& on, bool& accepted) {
  accepted = (co_await listener.accept(on)).has_value();
}

Task<void> accept_without_descriptors(testing::NetworkUnderTest& under) {
  auto listener = under.network.listen(under.client, "127.0.0.1:0");
  EXPECT_TRUE(listener.has_value());
  bool accepted = false;
  AllDescriptors all;
  EXPECT_GT(all.held(), 1U);
  all.free_one_less(all.held() - 1);  // one for the connecting end
  std::string address = (*listener)->address();
  const auto connected = co_await under.network.connect(under.client, std::move(address), never);
  EXPECT_TRUE(connected.has_value());
  under.client.spawn(accept_into(**listener, under.client, accepted));
  co_await under.client.sleep(milliseconds(150));
  EXPECT_FALSE(accepted) << "there is no descriptor for it";
  all.free_one_less(0);
  for (int i = 0; i < 100 && !accepted; ++i) {
    co_await under.client.sleep(milliseconds(20));
  }
  EXPECT_TRUE(accepted) << "it tries again by itself";
}

TEST(RealNetwork, AcceptSurvivesTheWantOfDescriptors) {
  Real real;
  real.run(accept_without_descriptors(real.under));
}

Task<void> wait_in_read(std::unique_ptr<Stream> stream, std::shared_ptr<int> held) {
  std::array<char, 10> some{};
  static_cast<void>(co_await stream->read(some, never));
  static_cast<void>(held);
}

Task<void> leave_readers(testing::NetworkUnderTest& under, std::shared_ptr<int> held) {
  testing::Pair pair;
  co_await testing::connect_pair(under, pair);
  under.client.spawn(wait_in_read(std::move(pair.client), held));
  under.client.spawn(wait_in_read(std::move(pair.server), held));
  co_await under.client.sleep(milliseconds(5));
}

TEST(RealNetwork, ConnectionsThatWaitAreGivenUpWhenTheWorldStops) {
  const auto held = std::make_shared<int>(1);
  {
    Real real;
    real.run(leave_readers(real.under, held));
    // Ours and one for each reader that waits; the frame that began them may not be gone yet.
    EXPECT_GE(held.use_count(), 3);
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(RealWorld, StartsDrainsAndStops) {
  std::string root = (std::filesystem::temp_directory_path() / "holdfast-XXXXXX").string();
  ASSERT_NE(::mkdtemp(root.data()), nullptr);
  const auto held = std::make_shared<int>(1);
  {
    RealWorld real(RealDisk::open_root(root, RootMode::must_exist).value(), 2);
    testing::NetworkUnderTest under{real.world().network, *real.world().io[0], *real.world().io[1]};
    real.start();
    std::promise<void> ended;
    real.world().io[1]->spawn(tell_end(testing::check_echo(under), ended));
    ended.get_future().wait();
    EXPECT_TRUE(real.drain(seconds(30)));
    real.world().io[1]->spawn(leave_readers(under, held));
    EXPECT_FALSE(real.drain(milliseconds(50)));
    real.stop();
    EXPECT_EQ(held.use_count(), 1);
  }
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace holdfast
