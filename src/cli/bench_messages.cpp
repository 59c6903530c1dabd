#include "cli/bench_messages.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "cli/machine.h"
#include "cli/remote.h"
#include "exchange/mllp_client.h"

namespace holdfast::cli {
namespace {

constexpr std::uint64_t patients = 1'000;
constexpr unsigned results_each = 5;
constexpr Duration answer_time_max = seconds(60);

}  // namespace

Bytes result_message(std::string_view application, std::uint64_t number) {
  const std::uint64_t patient = number * 7919 % patients;
  Bytes message = fmt::format(
      "MSH|^~\\&|{0}|QE2|HOLDFAST|QE2|20240301101500||ORU^R01^ORU_R01|{1}|P|2.4\r"
      "PID|1||{2}^^^QE2^MR||Family{2}^Given^Middle||19{3:02}0102|F|||1 High Street^^Town^^AB1 "
      "2CD^GBR\r"
      "PV1|1|O|CLINIC^^^QE2||||C100^Physician^Ann^^^Dr||||||||||||V{2}\r"
      "ORC|RE|P{1}^PAS|F{1}^LAB\r"
      "OBR|1|P{1}^PAS|F{1}^LAB|FBC^Full blood count^WINPATH|||20240301090000|||||||||"
      "C100^Physician^Ann||||||20240301101400||HM|F\r",
      application, number, patient, patient % 90 + 10);
  constexpr std::array<std::pair<std::string_view, std::string_view>, results_each> tests{
      {{"HB", "g/L"}, {"WBC", "10*9/L"}, {"PLT", "10*9/L"}, {"RBC", "10*12/L"}, {"MCV", "fL"}}};
  for (unsigned i = 0; i < results_each; ++i) {
    message += fmt::format("OBX|{0}|NM|{1}^{1}^WINPATH||{2}.{3}|{4}|1-200|N|||F|||20240301090000\r",
                           i + 1, tests[i].first, number % 180 + i, number % 10, tests[i].second);
  }
  return message;
}

Sessions::Sessions(std::string address) : address_(std::move(address)) { on_.start(); }

Sessions::~Sessions() {
  on_.stop();
  on_.discard();
}

Result<Sessions::Outcome> Sessions::run(unsigned sessions, std::string_view application,
                                        std::uint64_t first, std::uint64_t count) {
  next_ = first;
  end_ = first + count;
  application_ = application;
  return wait_for(on_, run_all(sessions));
}

Task<Result<Sessions::Outcome>> Sessions::run_all(unsigned sessions) {
  Outcome outcome;
  running_ = sessions;
  const Instant started = boot_time();
  for (unsigned i = 0; i < sessions; ++i) {
    on_.spawn(session(outcome));
  }
  while (running_ > 0) {
    co_await on_.sleep(milliseconds(1));
  }
  outcome.took = boot_time() - started;
  if (failure_) {
    co_return fail(*failure_);
  }
  co_return outcome;
}

Task<void> Sessions::session(Outcome& outcome) {
  auto client =
      co_await exchange::MllpClient::connect(network_, on_, address_, on_.now() + seconds(10));
  if (!client) {
    failure_ = client.error();
  }
  while (!failure_ && next_ < end_) {
    const Bytes message = result_message(application_, next_++);
    const Instant began = boot_time();
    const auto answer = co_await (*client)->send(message, on_.now() + answer_time_max);
    if (!answer) {
      failure_ = answer.error();
    } else if (answer->code != "AA") {
      failure_ = Error{Code::corrupt, fmt::format("{}: {}", answer->code, answer->text), {}, {}};
    }
    outcome.latencies.add(boot_time() - began);
  }
  --running_;
}

double rate_of(const Sessions::Outcome& outcome) {
  return static_cast<double>(outcome.latencies.us.size()) * 1e9 /
         static_cast<double>(outcome.took.ns);
}

Result<void> write_text(const std::string& path, std::string_view text) {
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) {
    return fail_errno(errno, "make " + path);
  }
  const bool whole = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (std::fclose(file) != 0 || !whole) {
    return fail_errno(errno, "write " + path);
  }
  return ok();
}

}  // namespace holdfast::cli
