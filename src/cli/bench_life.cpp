#include "cli/bench_life.h"

#include <utility>

#include <fmt/format.h>

#include "cli/bench_record.h"
#include "cli/remote.h"

namespace holdfast::cli {
namespace {

std::string other_status(const http::Incoming& reply, std::string_view wanted) {
  return fmt::format("{} and not {}: {}", reply.status, wanted, diagnostics_of(reply.body));
}

// [base]/Patient/[id]/_history/[vid]; a server without versions leaves off the end.
// https://hl7.org/fhir/R4/http.html#create
std::string id_in(std::string_view location) {
  constexpr std::string_view type = "Patient/";
  const std::size_t at = location.rfind(type);
  if (at == std::string_view::npos) {
    return {};
  }
  const std::string_view rest = location.substr(at + type.size());
  return std::string(rest.substr(0, rest.find('/')));
}

Exchange get(std::string target) {
  Exchange read;
  read.request.target = std::move(target);
  read.request.headers.add("Accept", "application/fhir+json");
  return read;
}

}  // namespace

std::optional<Exchange> Life::next(Lives& lives) {
  if (step_ == LifeStep::create) {
    if (lives.led == lives.wanted) {
      return std::nullopt;
    }
    number_ = lives.record_patients + lives.led++;
  }
  const LifeStep step = step_;
  step_ = static_cast<LifeStep>((static_cast<std::size_t>(step) + 1) % life_steps);
  switch (step) {
    case LifeStep::create: return create(lives);
    case LifeStep::read: return read();
    case LifeStep::update: return update(lives);
    case LifeStep::remove: return remove();
    case LifeStep::read_removed: return read_removed();
  }
  return std::nullopt;
}

Exchange Life::create(const Lives& lives) {
  Exchange post =
      json_exchange("POST", "/fhir/Patient", make_new_patient(number_, lives.record_patients), 201);
  post.wrong = [this](const http::Incoming& reply) {
    if (reply.status != 201) {
      return other_status(reply, "201");
    }
    id_ = id_in(reply.headers.find("Location").value_or(""));
    etag_ = reply.headers.find("ETag").value_or("");
    return id_.empty()     ? std::string("201 without a Location that names the Patient")
           : etag_.empty() ? std::string("201 without an ETag")
                           : std::string();
  };
  return post;
}

Exchange Life::read() {
  Exchange read = get("/fhir/Patient/" + id_);
  read.wrong = [this](const http::Incoming& reply) {
    if (reply.status != 200) {
      return other_status(reply, "200");
    }
    const auto etag = reply.headers.find("ETag").value_or("none");
    if (etag != etag_) {
      return fmt::format("200 with the ETag {} and not {}", etag, etag_);
    }
    const std::string family = family_name(patient_facts(number_).family);
    return std::string(reply.body.find(family) == Bytes::npos ? "another patient" : "");
  };
  return read;
}

Exchange Life::update(const Lives& lives) {
  Bytes body = make_new_patient(number_, lives.record_patients);
  body.insert(1, fmt::format(R"("id":"{}","active":true,)", id_));
  Exchange put = json_exchange("PUT", "/fhir/Patient/" + id_, std::move(body), 200);
  put.wrong = [this](const http::Incoming& reply) {
    if (reply.status != 200) {
      return other_status(reply, "200");
    }
    const std::string before = std::exchange(etag_, reply.headers.find("ETag").value_or(""));
    return etag_.empty() || etag_ == before
               ? fmt::format("an update of {} with the ETag {}", before, etag_)
               : std::string();
  };
  return put;
}

// 200 where the server has something to say about it. https://hl7.org/fhir/R4/http.html#delete
Exchange Life::remove() {
  Exchange remove;
  remove.request.method = "DELETE";
  remove.request.target = "/fhir/Patient/" + id_;
  remove.wrong = [](const http::Incoming& reply) {
    return reply.status == 204 || reply.status == 200 ? std::string()
                                                      : other_status(reply, "204 or 200");
  };
  return remove;
}

Exchange Life::read_removed() {
  Exchange read = get("/fhir/Patient/" + id_);
  read.wrong = [](const http::Incoming& reply) {
    return reply.status == 410 ? std::string() : other_status(reply, "410");
  };
  return read;
}

}  // namespace holdfast::cli
