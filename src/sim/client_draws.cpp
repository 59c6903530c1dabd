// sim/client_draws.cpp: what a client asks for next, drawn from its seed.
#include <array>

#include <fmt/format.h>

#include "sim/client.h"

namespace holdfast::sim {

std::string Client::draw_type() {
  static constexpr std::array<const char*, 3> types{"Patient", "Observation", "Practitioner"};
  return types[random_.below(types.size())];
}

std::string Client::draw_identifier() { return fmt::format("v{}", random_.below(12)); }

std::string Client::draw_tag() { return fmt::format("t{}", ++ledger_.tags); }

// Few enough that some are equal.
std::string Client::draw_day() {
  const std::uint64_t month = 1 + random_.below(2);
  const std::uint64_t year = 1950 + random_.below(6);
  return fmt::format("{}-0{}-01", year, month);
}

std::string Client::draw_body(const std::string& type, const std::string& tag) {
  const std::string value = draw_identifier();
  // Mostly small; sometimes large enough that segments end.
  const bool large = random_.chance(1, 20);
  const std::uint64_t pad_bytes = large ? 2000 + random_.below(12'000) : 1 + random_.below(60);
  std::string pad;
  while (pad.size() < pad_bytes) {
    pad += fmt::format("{:x}", random_.next());
  }
  const bool dated = type != "Practitioner" && random_.chance(3, 4);
  std::string rest;
  if (dated) {
    rest = fmt::format(R"("{}":"{}",)", type == "Patient" ? "birthDate" : "effectiveDateTime",
                       draw_day());
  }
  if (type == "Patient") {
    rest += fmt::format(R"("name":[{{"text":"{}"}}],"managingOrganization":{{"display":"{}"}})",
                        pad, tag);
  } else if (type == "Practitioner") {
    rest += fmt::format(
        R"("name":[{{"text":"{}"}}],"qualification":[{{"code":{{"text":"x"}},"issuer":{{"display":"{}"}}}}])",
        pad, tag);
  } else {
    std::string reference;
    const std::uint64_t dice = random_.below(4);
    if (dice == 0) {
      reference = fmt::format(R"("reference":"Patient/p{}",)", random_.below(6));
    } else if (dice == 1) {
      reference = fmt::format(R"("reference":"Patient?identifier=sim|{}",)", draw_identifier());
    }
    rest += fmt::format(
        R"("status":"final","code":{{"text":"x"}},"subject":{{{}"display":"{}"}},"valueString":"{}")",
        reference, tag, pad);
  }
  return fmt::format(R"({{"resourceType":"{}","identifier":[{{"system":"sim","value":"{}"}}],{}}})",
                     type, value, rest);
}

Client::Sent Client::draw_write() {
  Sent sent;
  const std::string type = draw_type();
  sent.tag = draw_tag();
  if (random_.chance(2, 5)) {
    sent.key = fmt::format("k{:016x}", random_.next());
  }
  const std::string id = fmt::format("p{}", random_.below(6));
  const std::uint64_t dice = random_.below(100);
  if (dice < 25) {
    sent.method = "POST";
    sent.target = "/fhir/" + type;
    sent.body = draw_body(type, sent.tag);
    if (random_.chance(2, 5)) {
      sent.if_none_exist = "identifier=sim|" + member_text(sent.body, "value");
    }
  } else if (dice < 37) {
    draw_patch(sent, type, id);
  } else if (dice < 88) {
    sent.method = "PUT";
    sent.target = fmt::format("/fhir/{}/{}", type, id);
    sent.body = draw_body(type, sent.tag);
    sent.body.insert(sent.body.find(",\"identifier\""), fmt::format(",\"id\":\"{}\"", id));
    const auto known = ledger_.newest.find(type + "/" + id);
    if (known != ledger_.newest.end() && random_.chance(2, 5)) {
      const std::uint64_t off = random_.chance(1, 3) ? 1 + random_.below(3) : 0;
      sent.if_match = fmt::format("W/\"{}\"", known->second + off);
    } else if (random_.chance(1, 4)) {
      draw_condition(sent, type, id);
    }
  } else {
    sent.method = "DELETE";
    sent.target = random_.chance(1, 4)
                      ? fmt::format("/fhir/{}?identifier=sim%7C{}", type, draw_identifier())
                      : fmt::format("/fhir/{}/{}", type, id);
    sent.tag.clear();
  }
  spread(sent);
  return sent;
}

// By the identifier in the body; the body keeps its id, or leaves it to the server.
void Client::draw_condition(Sent& sent, const std::string& type, const std::string& id) {
  sent.target = fmt::format("/fhir/{}?identifier=sim%7C{}", type, member_text(sent.body, "value"));
  if (random_.chance(3, 4)) {
    const std::string named = fmt::format(",\"id\":\"{}\"", id);
    sent.body.erase(sent.body.find(named), named.size());
  }
}

// Every body of the workload has its tag in the same place.
void Client::draw_patch(Sent& sent, const std::string& type, const std::string& id) {
  sent.method = "PATCH";
  sent.target = random_.chance(1, 4)
                    ? fmt::format("/fhir/{}?identifier=sim%7C{}", type, draw_identifier())
                    : fmt::format("/fhir/{}/{}", type, id);
  const char* path = type == "Patient"        ? "/managingOrganization/display"
                     : type == "Practitioner" ? "/qualification/0/issuer/display"
                                              : "/subject/display";
  sent.body = fmt::format(R"([{{"op":"replace","path":"{}","value":"{}"}}])", path, sent.tag);
}

// White space between tokens changes nothing but where the body is taken apart: as long as this,
// on an executor for bulk.
void Client::spread(Sent& sent) {
  constexpr std::size_t bulk_bytes = 70'000;
  if (!sent.body.empty() && random_.chance(1, 20)) {
    sent.body.insert(1, bulk_bytes, ' ');
  }
}

// Of one type, some or all, in an order or none.
void Client::draw_search(Open& open, std::uint64_t count) {
  Followed& asked = open.so_far;
  open.next = fmt::format("/fhir/{}?_count={}", asked.type, count);
  const std::string date = asked.type == "Patient" ? "birthdate" : "date";
  const bool dated = asked.type != "Practitioner";
  if (random_.chance(1, 4)) {
    asked.identifier = draw_identifier();
    open.next += "&identifier=sim%7C" + asked.identifier;
  }
  if (dated && random_.chance(1, 3)) {
    asked.from = draw_day();
    open.next += fmt::format("&{}=ge{}", date, asked.from);
  }
  if (random_.chance(1, 4)) {
    asked.linked = draw_identifier();
    open.next += fmt::format("&{}identifier=sim%7C{}",
                             asked.type == "Observation" ? "patient."
                             : asked.type == "Patient"   ? "_has:Observation:patient:"
                                                         : "_has:Observation:performer:",
                             asked.linked);
  }
  if (random_.chance(1, 2)) {
    return;
  }
  static constexpr std::array<const char*, 4> orders{"_id", "_lastUpdated", "identifier", "date"};
  asked.sort = orders[random_.below(orders.size() - (dated ? 0 : 1))];
  asked.descending = random_.chance(1, 2);
  open.next += fmt::format("&_sort={}{}", asked.descending ? "-" : "",
                           asked.sort == "date" ? date : asked.sort);
}

Client::Sent Client::draw_bundle() {
  Sent sent;
  sent.method = "POST";
  sent.target = "/fhir";
  if (random_.chance(1, 2)) {
    sent.key = fmt::format("k{:016x}", random_.next());
  }
  const std::uint64_t extra = random_.chance(1, 8) ? random_.below(24) : random_.below(3);
  std::string practitioner = draw_body("Practitioner", draw_tag());
  const std::string doctor = member_text(practitioner, "value");
  std::string entries = fmt::format(
      R"({{"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000001","resource":{},"request":{{"method":"POST","url":"Patient"}}}})",
      draw_body("Patient", draw_tag()));
  entries += fmt::format(
      R"(,{{"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000002","resource":{},"request":{{"method":"POST","url":"Practitioner","ifNoneExist":"identifier=sim|{}"}}}})",
      practitioner, doctor);
  for (std::uint64_t i = 0; i <= extra; ++i) {
    const std::string tag = draw_tag();
    const bool by_condition = random_.chance(1, 4);
    const std::string performer =
        by_condition ? "Practitioner?identifier=sim|" + doctor
                     : std::string("urn:uuid:00000000-0000-4000-8000-000000000002");
    entries += fmt::format(
        R"(,{{"fullUrl":"urn:uuid:00000000-0000-4000-8000-0000000001{:02x}","resource":{{"resourceType":"Observation","identifier":[{{"system":"sim","value":"{}"}}],"status":"final","code":{{"text":"x"}},"subject":{{"reference":"urn:uuid:00000000-0000-4000-8000-000000000001","display":"{}"}},"performer":[{{"reference":"{}"}}]}},"request":{{"method":"POST","url":"Observation"}}}})",
        i, draw_identifier(), tag, performer);
  }
  sent.body = R"({"resourceType":"Bundle","type":"transaction","entry":[)" + entries + "]}";
  spread(sent);
  return sent;
}

}  // namespace holdfast::sim
