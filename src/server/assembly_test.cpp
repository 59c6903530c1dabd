#include "server/assembly.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <optional>
#include <sstream>

#include "http/client.h"
#include "server/directory.h"
#include "views/mem_kv.h"
#include "world/sim/sim_world.h"

namespace holdfast::server {
namespace {

using testing::HasSubstr;

constexpr const char* address = "127.0.0.1:8080";

Task<void> keep_end(Task<End> run, std::optional<End>& into) { into = co_await run; }

class AssemblyTest : public testing::Test {
 protected:
  AssemblyTest()
      : client_on_(scheduler_),
        log_(machine_.clock(), Level::info,
             std::make_shared<spdlog::sinks::ostream_sink_mt>(logged_)) {
    config_.node.segment_bytes = 64 << 10;
    DirectoryOptions options;
    options.segment_bytes = config_.node.segment_bytes;
    const auto made = run_task(machine_.sequencer(), create_directory(machine_.world(), options));
    EXPECT_TRUE(made && *made);
  }
  ~AssemblyTest() override { machine_.crash(Crash::process); }

  SimExecutor& home() { return static_cast<SimExecutor&>(*machine_.world().io.front()); }

  Result<std::unique_ptr<Assembly>> open() {
    World& world = machine_.world();
    listener_.reset();
    listener_ = *world.network.listen(home(), address);
    Surroundings surroundings;
    surroundings.resident_bytes = [] { return std::uint64_t{4711}; };
    Assembly::Parts parts{world, kv_, *listener_, nullptr, log_, surroundings};
    auto opened = run_task(home(), Assembly::open(std::move(parts), config_));
    if (!opened) {
      return fail(Code::timeout, "it did not come to an end");
    }
    return *std::move(opened);
  }

  void start() {
    auto opened = open();
    ASSERT_TRUE(opened);
    assembly_ = *std::move(opened);
    SimExecutor& home = this->home();
    home.post([this] { assembly_->start(); });
    home.spawn(keep_end(assembly_->run(), end_));
  }

  Task<Result<http::Incoming>> ask_server(Bytes method, Bytes target, Bytes body) {
    const Instant deadline = client_on_.now() + seconds(30);
    CO_TRY(auto client, co_await http::Client::connect(network_, client_on_, address, deadline));
    http::Outgoing request;
    request.method = std::move(method);
    request.target = std::move(target);
    if (!body.empty()) {
      request.headers.add("Content-Type", "application/fhir+json");
      request.body = std::move(body);
    }
    co_return co_await client->send(std::move(request), deadline);
  }
  Result<http::Incoming> ask(Bytes method, Bytes target, Bytes body = {}) {
    auto reply =
        run_task(client_on_, ask_server(std::move(method), std::move(target), std::move(body)));
    return reply ? *std::move(reply)
                 : Result<http::Incoming>(fail(Code::timeout, "no reply ever came"));
  }
  bool ends() {
    return scheduler_.run_until([this] { return end_.has_value(); }) == RunEnd::satisfied;
  }

  SimScheduler scheduler_{1};
  SimNetwork network_{scheduler_, 2};
  SimWorld machine_{scheduler_, network_, 3};
  SimExecutor client_on_;
  views::MemKv kv_;
  std::ostringstream logged_;
  Log log_;
  Config config_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<Assembly> assembly_;
  std::optional<End> end_;
};

const Bytes patient = R"({"resourceType":"Patient","active":true})";

TEST_F(AssemblyTest, ServesMetricsBesideTheRecord) {
  start();
  const auto created = ask("POST", "/fhir/Patient", patient);
  ASSERT_TRUE(created) << created.error().what;
  EXPECT_EQ(created->status, 201);
  const auto metrics = ask("GET", "/metrics");
  ASSERT_TRUE(metrics);
  EXPECT_EQ(metrics->status, 200);
  EXPECT_THAT(metrics->body, HasSubstr("\nholdfast_journal_position 2\n"));
  EXPECT_THAT(metrics->body, HasSubstr("\nholdfast_resources 1\n"));
  EXPECT_THAT(metrics->body, HasSubstr("\nholdfast_resident_bytes 4711\n"));
  EXPECT_THAT(metrics->body, HasSubstr("\nholdfast_commands_waiting 0\n"));
  EXPECT_THAT(metrics->body, HasSubstr("\nholdfast_commands_waiting_max 8192\n"));
  EXPECT_THAT(metrics->body, HasSubstr("\nholdfast_overlay_bytes_max 67108864\n"));
  EXPECT_THAT(metrics->body, HasSubstr("\nholdfast_body_cache_bytes "));
  EXPECT_THAT(metrics->body, HasSubstr("holdfast_http_replies_total{status=\"2xx\"} 1\n"));
  const auto posted = ask("POST", "/metrics");
  ASSERT_TRUE(posted);
  EXPECT_EQ(posted->status, 405);
}

// Sanitizers notice whatever goes on behind a record that did not open.
TEST_F(AssemblyTest, LeavesNothingBehindWhereItsParametersCannotBeUsed) {
  config_.packages.search_parameters = {
      R"({"resourceType":"SearchParameter","url":"urn:acme:x","status":"active","code":"a b",)"
      R"("base":["Patient"],"type":"token","expression":"Patient.active"})"};
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().what, HasSubstr("urn:acme:x"));
  EXPECT_EQ(scheduler_.run_until([] { return false; }, 10'000), RunEnd::idle);
  config_.packages.search_parameters.clear();
  start();
  EXPECT_EQ(ask("POST", "/fhir/Patient", patient)->status, 201);
}

TEST_F(AssemblyTest, StopsByDrainingEverythingIntoTheStore) {
  start();
  ASSERT_EQ(ask("POST", "/fhir/Patient", patient)->status, 201);
  assembly_->stop();
  assembly_->stop();
  ASSERT_TRUE(ends());
  EXPECT_EQ(*end_, End::stopped);
  EXPECT_EQ(kv_.unflushed_writes(), 0U);
  EXPECT_EQ(views::read_state(*kv_.snapshot())->position, Position{2});
  EXPECT_FALSE(ask("GET", "/health/live"));
}

// A failed sync is never tried again, and nobody is told that the entry is there.
TEST_F(AssemblyTest, EndsWithFailureAfterAFailedSyncAndLogsTheErrno) {
  start();
  ASSERT_EQ(ask("POST", "/fhir/Patient", patient)->status, 201);
  machine_.disk().set_rule([](const DiskCallInfo& call) {
    return call.call == DiskCall::sync ? DiskFault::io_error : DiskFault::none;
  });
  const auto refused = ask("POST", "/fhir/Patient", patient);
  if (refused) {
    EXPECT_EQ(refused->status, 503);
  }
  ASSERT_TRUE(ends());
  EXPECT_EQ(*end_, End::failed);
  EXPECT_THAT(logged_.str(), HasSubstr("cannot go on"));
  EXPECT_THAT(logged_.str(), HasSubstr("Input/output error"));
}

}  // namespace
}  // namespace holdfast::server
