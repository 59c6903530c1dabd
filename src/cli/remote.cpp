#include "cli/remote.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "fhir/json.h"

namespace holdfast::cli {
namespace {

constexpr Duration connect_time_max = seconds(10);
constexpr Duration pause_min = milliseconds(100);
constexpr Duration pause_max = seconds(10);
constexpr std::size_t idle_max = 256;
constexpr std::size_t issues_shown_max = 5;
constexpr std::size_t excerpt_bytes_max = 200;

bool asks_to_wait(const http::Incoming& reply) {
  return reply.status == 503 || reply.status == 429;
}

// Seconds only: the date form is for caches. https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
Duration retry_after(const http::Incoming& reply) {
  const std::string_view text = reply.headers.find("Retry-After").value_or("");
  unsigned count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return std::min(seconds(count), pause_max);
}

}  // namespace

Result<ServerAddress> parse_any_server(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme)) {
    return fail(Code::usage,
                fmt::format("'{}' is no address like http://127.0.0.1:8080{}", url,
                            url.starts_with("https://") ? "; TLS is not built in yet" : ""));
  }
  url.remove_prefix(scheme.size());
  const std::size_t slash = std::min(url.find('/'), url.size());
  std::string_view path = url.substr(slash);
  if (path.ends_with('/')) {
    path.remove_suffix(1);
  }
  std::string authority(url.substr(0, slash));
  if (authority.empty()) {
    return fail(Code::usage, "the address names no server");
  }
  const std::size_t colon = authority.rfind(':');
  if (colon == std::string::npos || authority.find(']', colon) != std::string::npos) {
    authority += ":80";
  }
  return ServerAddress{std::move(authority), std::string(path.empty() ? "/fhir" : path)};
}

Result<ServerAddress> parse_server(std::string_view url) {
  TRY(auto server, parse_any_server(url));
  if (server.base != "/fhir") {
    return fail(Code::usage,
                fmt::format("'{}' is no base that this program knows: it is /fhir", server.base));
  }
  return server;
}

Task<Result<http::Incoming>> Remote::ask_once(const Question& question, Duration reply_time_max) {
  std::unique_ptr<http::Client> client;
  if (idle_.empty()) {
    CO_TRY(client, co_await http::Client::connect(network_, on_, server_.authority,
                                                  on_.now() + connect_time_max));
  } else {
    client = std::move(idle_.back());
    idle_.pop_back();
  }
  http::Outgoing outgoing;
  outgoing.method = question.method;
  outgoing.target = question.target;
  outgoing.headers = question.headers;
  if (question.body) {
    outgoing.body = api::Body(question.body);
  }
  CO_TRY(auto reply, co_await client->send(std::move(outgoing), on_.now() + reply_time_max));
  if (client->reusable() && idle_.size() < idle_max) {
    idle_.push_back(std::move(client));
  }
  co_return reply;
}

Task<Result<http::Incoming>> Remote::ask(Question question, Patience patience) {
  const Instant until = on_.now() + patience.total;
  Duration pause = pause_min;
  for (;;) {
    auto reply = co_await ask_once(question, patience.reply_time_max);
    if (reply && !asks_to_wait(*reply)) {
      co_return reply;
    }
    const Code code = reply ? Code::overloaded : reply.error().code;
    if (code == Code::usage || code == Code::too_large || code == Code::syntax) {
      co_return reply;  // the same will happen again
    }
    const Duration wait = reply ? std::max(retry_after(*reply), pause) : pause;
    if (on_.now() + wait > until) {
      co_return reply;
    }
    ++repeats_;
    co_await on_.sleep(wait);
    pause = std::min(nanoseconds(pause.ns * 2), pause_max);
  }
}

std::string diagnostics_of(BytesView body) {
  fhir::JsonReader reader;
  const auto json = reader.read(Bytes(body));
  std::string text;
  if (json) {
    const auto issues = json->root().find("issue");
    std::size_t shown = 0;
    for (const fhir::JsonValue issue : issues ? issues->children() : json->root().children()) {
      const auto said = issue.find("diagnostics");
      if (!issues || !said || !said->is_string()) {
        break;
      }
      if (++shown > issues_shown_max) {
        text += fmt::format("; and {} more", issues->size() - issues_shown_max);
        break;
      }
      text += (text.empty() ? "" : "; ") + said->text();
      const auto where = issue.find("expression");
      if (where && where->size() > 0 && (*where->children().begin()).is_string()) {
        text += fmt::format(" ({})", (*where->children().begin()).text());
      }
    }
  }
  if (text.empty()) {
    text = body.empty() ? std::string("no explanation") : Bytes(body.substr(0, excerpt_bytes_max));
  }
  return text;
}

}  // namespace holdfast::cli
