#include "cli/hospital_day.h"

#include <fmt/format.h>

#include <charconv>

#include "fhir/member.h"

namespace holdfast::cli {
namespace {

constexpr Duration answer_time_max = seconds(60);
constexpr Duration first_answer_time_max = seconds(3);
constexpr Duration away_time_max = seconds(120);
constexpr Duration pause = milliseconds(500);
constexpr std::string_view mark_system = "urn:holdfast:hospital-day";

Bytes transaction(const day::Puts& puts) {
  Bytes body = R"({"resourceType":"Bundle","type":"transaction","entry":[)";
  for (std::size_t i = 0; i < puts.size(); ++i) {
    body += fmt::format(R"({}{{"resource":{},"request":{{"method":"PUT","url":"{}/{}"}}}})",
                        i == 0 ? "" : ",", puts[i].body, puts[i].type, puts[i].id);
  }
  return body + "]}";
}

Bytes parameters(const day::Act& act) {
  Bytes body = fmt::format(
      R"({{"resourceType":"Parameters","parameter":[{{"name":"act","valueString":"{}"}})",
      act.name);
  if (!act.reason.empty()) {
    body += fmt::format(R"(,{{"name":"reason","valueString":"{}"}})", act.reason);
  }
  if (!act.reason_code.empty()) {
    body += fmt::format(R"(,{{"name":"reason","valueCoding":{{"code":"{}"}}}})", act.reason_code);
  }
  for (const day::Output& output : act.outputs) {
    body += fmt::format(
        R"(,{{"name":"output","part":[{{"name":"type","valueString":"{}"}},{{"name":"value",{}}}]}})",
        output.type,
        output.reference.empty()
            ? fmt::format(R"("valueString":"{}")", output.text)
            : fmt::format(R"("valueReference":{{"reference":"{}"}})", output.reference));
  }
  return body + "]}";
}

Bytes mark_body(std::uint64_t seed, const DayMark& mark) {
  return fmt::format(
      R"({{"resourceType":"Basic","id":"hospital-day-{}","identifier":[{{"system":"{}","value":"{}"}}],)"
      R"("code":{{"text":"Simulated hospital day"}},"created":"{}",)"
      R"("extension":[{{"url":"{}:options","valueString":"{}"}},{{"url":"{}:reached","valueString":"{}"}}]}})",
      seed, mark_system, seed, mark.begins, mark_system, mark.options, mark_system, mark.reached);
}

DayMark read_mark_of(fhir::JsonValue basic) {
  DayMark mark;
  mark.begins = fhir::text_member(basic, "created");
  if (const auto extensions = basic.find("extension")) {
    for (const fhir::JsonValue one : extensions->children()) {
      const std::string url = fhir::text_member(one, "url");
      const std::string value = fhir::text_member(one, "valueString");
      if (url.ends_with(":options")) {
        mark.options = value;
      } else if (url.ends_with(":reached")) {
        std::from_chars(value.data(), value.data() + value.size(), mark.reached);
      }
    }
  }
  return mark;
}

}  // namespace

HospitalDay::HospitalDay(Network& network, Executor& on, ServerAddress server, std::string mllp)
    : network_(network), on_(on), mllp_(std::move(mllp)), remote_(network, on, std::move(server)) {}

Task<Result<HospitalDay::Answer>> HospitalDay::ask(std::string method, std::string target,
                                                   Bytes body, std::string key) {
  Remote::Question question;
  question.method = std::move(method);
  question.target = "/fhir" + target;
  question.headers.add("Accept", "application/fhir+json");
  if (!body.empty()) {
    question.headers.add("Content-Type", "application/fhir+json");
    question.body = std::make_shared<const Bytes>(std::move(body));
  }
  if (!key.empty()) {
    question.headers.add("Idempotency-Key", key);
  }
  Patience patience;
  patience.reply_time_max = answer_time_max;
  patience.total = this->patience();
  auto asked = co_await remote_.ask(std::move(question), patience);
  if (!asked) {
    asked.error().what = "the server does not answer: " + asked.error().what;
    co_return std::unexpected(std::move(asked).error());
  }
  const http::Incoming& reply = *asked;
  reached_ = true;
  Answer answer;
  answer.status = static_cast<unsigned>(reply.status);
  if (reply.status >= 400) {
    answer.diagnostics = diagnostics_of(reply.body);
  } else if (!reply.body.empty()) {
    CO_TRY(answer.json, reader_.read(reply.body));
  }
  co_return answer;
}

Task<Result<fhir::Json>> HospitalDay::get(std::string target) {
  CO_TRY(auto answer, co_await ask("GET", target, Bytes(), std::string()));
  if (answer.status != 200) {
    co_return fail(Code::io,
                   fmt::format("{} answers {}: {}", target, answer.status, answer.diagnostics));
  }
  co_return std::move(answer.json);
}

Task<Result<std::string>> HospitalDay::post(std::string target, Bytes body, std::string key) {
  CO_TRY(const auto answer, co_await ask("POST", std::move(target), std::move(body), key));
  co_return answer.status < 300 ? std::string()
                                : fmt::format("{}: {}", answer.status, answer.diagnostics);
}

Task<Result<std::optional<DayMark>>> HospitalDay::read_mark(std::uint64_t seed) {
  CO_TRY(const auto answer,
         co_await ask("GET", fmt::format("/Basic/hospital-day-{}", seed), Bytes(), std::string()));
  if (answer.status == 404) {
    co_return std::optional<DayMark>();
  }
  if (answer.status != 200) {
    co_return fail(Code::io,
                   fmt::format("the server answers {}: {}", answer.status, answer.diagnostics));
  }
  co_return std::optional<DayMark>(read_mark_of(answer.json.root()));
}

Task<Result<void>> HospitalDay::write_mark(std::uint64_t seed, DayMark mark) {
  CO_TRY(const auto answer, co_await ask("PUT", fmt::format("/Basic/hospital-day-{}", seed),
                                         mark_body(seed, mark), std::string()));
  if (answer.status >= 300) {
    co_return fail(Code::io,
                   fmt::format("the server answers {}: {}", answer.status, answer.diagnostics));
  }
  co_return ok();
}

Task<Result<void>> HospitalDay::reach_mllp() {
  if (!mllp_.empty() && (!line_ || !line_->usable())) {
    auto connected = co_await exchange::MllpClient::connect(network_, on_, mllp_,
                                                            on_.now() + first_answer_time_max);
    if (!connected) {
      connected.error().what = "nobody takes HL7 v2 there: " + connected.error().what;
      co_return std::unexpected(std::move(connected).error());
    }
    line_ = *std::move(connected);
  }
  co_return ok();
}

Duration HospitalDay::patience() const { return reached_ ? away_time_max : first_answer_time_max; }

Task<Result<exchange::Acknowledgement>> HospitalDay::send_once(const day::Message& message) {
  CO_TRY_OK(co_await reach_mllp());
  co_return co_await line_->send(message.bytes, on_.now() + answer_time_max);
}

Task<Result<std::string>> HospitalDay::send(const day::Message& message) {
  const Instant until = on_.now() + patience();
  auto sent = co_await send_once(message);
  while (!sent && on_.now() < until) {
    co_await on_.sleep(pause);
    sent = co_await send_once(message);
  }
  CO_TRY(const auto answer, std::move(sent));
  if (answer.code == "AR" || answer.code == "CR") {
    co_return fail(Code::forbidden,
                   fmt::format("the server takes no messages of {} ({}): its configuration needs a "
                               "[[neighbour]] with senders = [\"{}\"]",
                               day::sender, answer.text, day::sender));
  }
  co_return answer.accepted() ? std::string() : fmt::format("{}: {}", answer.code, answer.text);
}

Task<Result<std::string>> HospitalDay::act(std::string name, const day::Act& act) {
  CO_TRY(const auto items, co_await items_of(act.patient));
  for (const day::Found& item : items) {
    if (item.key == act.duty) {
      if (act.name.empty()) {
        const std::string target = fmt::format("/Task/{}/$assign?owner={}", item.id, act.owner);
        co_return co_await post(target, Bytes(), std::move(name));
      }
      const std::string target = fmt::format("/Task/{}/$advance", item.id);
      co_return co_await post(target, parameters(act), std::move(name));
    }
  }
  co_return std::string("there is no such item");
}

Task<Result<std::string>> HospitalDay::tell(std::string name, const day::Step& step) {
  if (const auto* puts = std::get_if<day::Puts>(&step.does)) {
    co_return co_await post("", transaction(*puts), std::move(name));
  }
  if (const auto* message = std::get_if<day::Message>(&step.does)) {
    co_return co_await send(*message);
  }
  co_return co_await act(std::move(name), std::get<day::Act>(step.does));
}

}  // namespace holdfast::cli
