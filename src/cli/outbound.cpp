#include "cli/outbound.h"

#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "fhir/primitive.h"

namespace holdfast::cli {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

std::size_t skip_space(BytesView json, std::size_t at) {
  while (at < json.size() && is_space(json[at])) {
    ++at;
  }
  return at;
}

// Behind the closing quote of the string that begins at `at`; the end if there is none.
std::size_t skip_string(BytesView json, std::size_t at) {
  for (++at; at < json.size(); ++at) {
    if (json[at] == '\\') {
      ++at;
    } else if (json[at] == '"') {
      return at + 1;
    }
  }
  return json.size();
}

// Behind the value at `at`, by brackets and quotes alone.
std::size_t skip_value(BytesView json, std::size_t at) {
  std::size_t depth = 0;
  while (at < json.size()) {
    const char c = json[at];
    if (c == '"') {
      at = skip_string(json, at);
    } else if (c == '{' || c == '[') {
      ++depth;
      ++at;
    } else if (c == '}' || c == ']') {
      if (depth == 0) {
        return at;  // the end of what holds the value
      }
      --depth;
      ++at;
    } else if (depth == 0 && c == ',') {
      return at;
    } else {
      ++at;
      continue;
    }
    if (depth == 0) {
      return at;
    }
  }
  return at;
}

// A string without escapes, between its quotes.
std::string_view plain_string(BytesView json, std::size_t begin, std::size_t end) {
  if (end < begin + 2 || json[begin] != '"' || json[end - 1] != '"') {
    return {};
  }
  const std::string_view inside = json.substr(begin + 1, end - begin - 2);
  return inside.find('\\') == std::string_view::npos ? inside : std::string_view();
}

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

bool is_type_name(std::string_view text) {
  constexpr std::size_t type_bytes_max = 64;
  if (text.empty() || text.size() > type_bytes_max) {
    return false;
  }
  for (const char c : text) {
    if (!is_letter(c)) {
      return false;
    }
  }
  return true;
}

// Backwards from the '?' of `"reference" : "Practitioner?`.
bool is_conditional(BytesView json, std::size_t question) {
  std::size_t at = question;
  while (at > 0 && is_letter(json[at - 1])) {
    --at;
  }
  if (at == question || at == 0 || json[--at] != '"') {
    return false;
  }
  while (at > 0 && is_space(json[at - 1])) {
    --at;
  }
  if (at == 0 || json[--at] != ':') {
    return false;
  }
  while (at > 0 && is_space(json[at - 1])) {
    --at;
  }
  return json.substr(0, at).ends_with("\"reference\"");
}

void set_body(Outbound& outbound, Bytes body) {
  outbound.key = to_hex(sha256(body).view());
  outbound.body = std::make_shared<const Bytes>(std::move(body));
}

std::string_view trim(std::string_view line) {
  while (!line.empty() && is_space(line.back())) {
    line.remove_suffix(1);
  }
  while (!line.empty() && is_space(line.front())) {
    line.remove_prefix(1);
  }
  return line;
}

// One entry of the batch; false if the line is no resource.
bool append_entry(Bytes& bundle, std::string_view line) {
  const TopLevel top = peek(line);
  if (!is_type_name(top.resource_type)) {
    return false;
  }
  bundle += bundle.ends_with('[') ? "{\"resource\":" : ",{\"resource\":";
  bundle += line;
  if (fhir::is_id(top.id)) {
    bundle +=
        fmt::format(R"(,"request":{{"method":"PUT","url":"{}/{}"}}}})", top.resource_type, top.id);
  } else {
    bundle += fmt::format(R"(,"request":{{"method":"POST","url":"{}"}}}})", top.resource_type);
  }
  return true;
}

void fill_portion(Outbound& outbound, const Document& document) {
  outbound.shipment = Shipment::portion;
  Bytes bundle = R"({"resourceType":"Bundle","type":"batch","entry":[)";
  bundle.reserve(document.bytes.size() + document.bytes.size() / 4 + 64);
  std::string_view rest = document.bytes;
  for (std::uint64_t number = document.first_line; !rest.empty(); ++number) {
    const std::size_t newline = std::min(rest.find('\n'), rest.size() - 1);
    const std::string_view line = trim(rest.substr(0, newline + 1));
    rest.remove_prefix(newline + 1);
    if (line.empty()) {
      continue;
    }
    if (append_entry(bundle, line)) {
      outbound.lines.push_back(number);
    } else {
      outbound.refused_lines.push_back(
          fmt::format("line {}: it is no resource: it has no resourceType", number));
    }
  }
  bundle += "]}";
  set_body(outbound, std::move(bundle));
}

}  // namespace

TopLevel peek(BytesView json) {
  TopLevel top;
  std::size_t at = skip_space(json, 0);
  if (at >= json.size() || json[at] != '{') {
    return top;
  }
  ++at;
  while (at < json.size()) {
    at = skip_space(json, at);
    if (at >= json.size() || json[at] != '"') {
      return top;
    }
    const std::size_t key_end = skip_string(json, at);
    const std::string_view key = plain_string(json, at, key_end);
    at = skip_space(json, key_end);
    if (at >= json.size() || json[at] != ':') {
      return top;
    }
    const std::size_t value = skip_space(json, at + 1);
    // A Bundle says what it is before its entries, as a rule: then they are not walked.
    if (top.resource_type == "Bundle" && !top.type.empty()) {
      return top;
    }
    at = skip_value(json, value);
    const std::string_view text = plain_string(json, value, at);
    if (key == "resourceType") {
      top.resource_type = text;
    } else if (key == "type") {
      top.type = text;
    } else if (key == "id") {
      top.id = text;
    }
    at = skip_space(json, at);
    if (at >= json.size() || json[at] != ',') {
      return top;
    }
    ++at;
  }
  return top;
}

bool has_conditional_reference(BytesView json) {
  for (std::size_t at = json.find('?'); at != BytesView::npos; at = json.find('?', at + 1)) {
    if (is_conditional(json, at)) {
      return true;
    }
  }
  return false;
}

Result<Outbound> make_outbound(Document document) {
  Outbound outbound;
  outbound.number = document.number;
  outbound.waits_for_others = has_conditional_reference(document.bytes);
  if (document.kind == DocumentKind::lines) {
    fill_portion(outbound, document);
    outbound.name = std::move(document.name);
    return outbound;
  }
  outbound.name = std::move(document.name);
  const TopLevel top = peek(document.bytes);
  if (!is_type_name(top.resource_type)) {
    return fail(Code::structure, "it is no FHIR resource: it has no resourceType");
  }
  if (top.resource_type == "Bundle" && (top.type == "transaction" || top.type == "batch")) {
    outbound.shipment = Shipment::bundle;
  } else {
    outbound.shipment = Shipment::resource;
    outbound.target += fmt::format("/{}", top.resource_type);
    if (fhir::is_id(top.id)) {
      outbound.method = "PUT";
      outbound.target += fmt::format("/{}", top.id);
    }
  }
  set_body(outbound, std::move(document.bytes));
  return outbound;
}

}  // namespace holdfast::cli
