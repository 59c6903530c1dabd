#include "model/outcome.h"

#include <algorithm>

namespace holdfast {
namespace {

constexpr std::uint8_t plain_format = 1;
constexpr std::uint8_t delivery_format = 2;  // with what is owed and settled
constexpr std::uint8_t made_format = 3;      // with what it makes as well
constexpr std::uint8_t provider_format = 4;  // and with who does an order

enum class Takes : std::uint8_t { no_place = 0, a_place = 1 };

std::uint8_t format_of(const Outcome& outcome) {
  if (!outcome.providers.empty()) {
    return provider_format;
  }
  if (!outcome.made.empty() || !outcome.before.empty()) {
    return made_format;
  }
  return outcome.owed.empty() && !outcome.settles ? plain_format : delivery_format;
}

void append_owed(Bytes& to, const Outcome& outcome) {
  to.push_back(outcome.settles ? '\1' : '\0');
  append_varint(to, outcome.owed.size());
  std::uint32_t next = 0;
  for (const Owed& owed : outcome.owed) {
    append_varint(to, owed.delivery - next);
    append_varint(to, owed.row.value);
    next = owed.delivery + 1;
  }
}

void append_made(Bytes& to, const Outcome& outcome) {
  append_varint(to, outcome.made.size());
  for (const Made& made : outcome.made) {
    to.push_back(static_cast<char>(made.operation ? Takes::a_place : Takes::no_place));
    if (made.operation) {
      append_varint(to, *made.operation);
    } else {
      append_text(to, made.type);
      append_text(to, made.id);
      append_varint(to, made.version.value);
    }
    append_text(to, made.body);
  }
  append_varint(to, outcome.before.size());
  for (const Before& before : outcome.before) {
    append_text(to, before.pathway);
    append_text(to, before.organisation);
    append_varint(to, before.count);
  }
}

void append_providers(Bytes& to, const Outcome& outcome) {
  append_varint(to, outcome.providers.size());
  for (const Provider& one : outcome.providers) {
    append_varint(to, one.delivery);
    to.push_back(static_cast<char>(one.what));
    append_text(to, one.channel);
    append_varint(to, one.row.value);
  }
}

bool read_providers(ByteReader& reader, Outcome& outcome) {
  const std::uint64_t count = reader.varint();
  if (count == 0 || count > reader.rest().size() / 4) {
    return false;
  }
  outcome.providers.resize(count);
  for (Provider& one : outcome.providers) {
    const std::uint64_t delivery = reader.varint();
    const auto what = reader.little<std::uint8_t>();
    one.channel = reader.text();
    one.row = RowId{reader.varint()};
    if (reader.failed() || delivery > UINT32_MAX || what < 1 || what > 6) {
      return false;
    }
    one.delivery = static_cast<std::uint32_t>(delivery);
    one.what = static_cast<Provided>(what);
  }
  return true;
}

bool read_one_made(ByteReader& reader, const Outcome& outcome, Made& made) {
  const auto takes = reader.little<std::uint8_t>();
  if (takes > 1) {
    return false;
  }
  if (static_cast<Takes>(takes) == Takes::a_place) {
    const std::uint64_t operation = reader.varint();
    if (operation >= outcome.results.size()) {
      return false;
    }
    made.operation = static_cast<std::uint32_t>(operation);
  } else {
    made.type = reader.text();
    made.id = reader.text();
    made.version = Version{reader.varint()};
  }
  made.body = reader.text();
  return !reader.failed();
}

bool read_made(ByteReader& reader, Outcome& outcome, std::uint8_t format) {
  const std::uint64_t count = reader.varint();
  if (count > reader.rest().size() / 3) {
    return false;
  }
  outcome.made.resize(count);
  for (Made& made : outcome.made) {
    if (!read_one_made(reader, outcome, made)) {
      return false;
    }
  }
  const std::uint64_t before = reader.varint();
  if (before > reader.rest().size() / 3 || (format == made_format && count + before == 0)) {
    return false;
  }
  outcome.before.resize(before);
  for (Before& one : outcome.before) {
    one.pathway = reader.text();
    one.organisation = reader.text();
    one.count = reader.varint();
  }
  return !reader.failed();
}

bool read_owed(ByteReader& reader, Outcome& outcome, std::uint8_t format) {
  const auto settles = reader.little<std::uint8_t>();
  const std::uint64_t count = reader.varint();
  if (settles > 1 || count > reader.rest().size() ||
      (format == delivery_format && count + settles == 0)) {
    return false;
  }
  outcome.settles = settles == 1;
  outcome.owed.reserve(count);
  std::uint64_t next = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t step = reader.varint();
    const RowId row{reader.varint()};
    if (reader.failed() || step > UINT32_MAX - next) {
      return false;
    }
    outcome.owed.push_back({static_cast<std::uint32_t>(next + step), row});
    next += step + 1;
  }
  return true;
}

}  // namespace

bool Outcome::changes() const {
  return settles || !owed.empty() || !providers.empty() || !made.empty() || !before.empty() ||
         std::any_of(results.begin(), results.end(), [](const OperationResult& result) {
           return result.status != Status::matched && result.status != Status::absent;
         });
}

std::vector<MadeDuty> duties_of(const Command& command, const Outcome& outcome) {
  std::vector<MadeDuty> duties;
  const auto add = [&](std::uint32_t of, std::string_view channel, std::optional<Provided> provided,
                       RowId row) {
    duties.push_back({static_cast<std::uint32_t>(duties.size()), &command.deliveries.at(of),
                      channel, provided, row});
  };
  for (const Owed& one : outcome.owed) {
    add(one.delivery, command.deliveries.at(one.delivery).channel, {}, one.row);
  }
  for (const Provider& one : outcome.providers) {
    if (is_sent(one.what)) {
      add(one.delivery, one.channel, one.what, one.row);
    }
  }
  return duties;
}

Bytes encode(const Outcome& outcome) {
  Bytes bytes;
  bytes.reserve(8 + outcome.targets.size() * 48 + outcome.results.size() * 48);
  const std::uint8_t format = format_of(outcome);
  bytes.push_back(static_cast<char>(format));
  append_varint(bytes, outcome.targets.size());
  for (const std::string& target : outcome.targets) {
    append_text(bytes, target);
  }
  append_varint(bytes, outcome.results.size());
  for (const OperationResult& result : outcome.results) {
    bytes.push_back(static_cast<char>(result.status));
    append_text(bytes, result.id);
    append_varint(bytes, result.version.value);
    append_varint(bytes, result.substitutions.size());
    std::uint32_t before = 0;
    for (const Substitution& substitution : result.substitutions) {
      append_varint(bytes, substitution.site - before);
      append_varint(bytes, substitution.target);
      before = substitution.site;
    }
  }
  if (format != plain_format) {
    append_owed(bytes, outcome);
  }
  if (format >= made_format) {
    append_made(bytes, outcome);
  }
  if (format == provider_format) {
    append_providers(bytes, outcome);
  }
  return bytes;
}

Result<Outcome> decode_outcome(BytesView bytes) {
  const auto corrupt = [](const char* what) { return fail(Code::corrupt, what); };
  ByteReader reader(bytes);
  const auto format = reader.little<std::uint8_t>();
  if (format < plain_format || format > provider_format) {
    return corrupt("outcome: unknown format number");
  }
  Outcome outcome;
  const std::uint64_t targets = reader.varint();
  if (targets > reader.rest().size()) {
    return corrupt("outcome: shorter than its own lengths say");
  }
  outcome.targets.resize(targets);
  for (std::string& target : outcome.targets) {
    target = reader.text();
  }
  const std::uint64_t results = reader.varint();
  if (results > reader.rest().size()) {
    return corrupt("outcome: shorter than its own lengths say");
  }
  outcome.results.resize(results);
  for (OperationResult& result : outcome.results) {
    const auto status = reader.little<std::uint8_t>();
    result.id = reader.text();
    result.version = Version{reader.varint()};
    const std::uint64_t substitutions = reader.varint();
    if (reader.failed() || status < 1 || status > 5 || substitutions > reader.rest().size()) {
      return corrupt("outcome: a result cannot be read");
    }
    result.status = static_cast<Status>(status);
    result.substitutions.resize(substitutions);
    std::uint32_t site = 0;
    for (Substitution& substitution : result.substitutions) {
      const std::uint64_t step = reader.varint();
      const std::uint64_t target = reader.varint();
      if (step > UINT32_MAX - site || target >= outcome.targets.size()) {
        return corrupt("outcome: a substitution names what is not there");
      }
      site += static_cast<std::uint32_t>(step);
      substitution.site = site;
      substitution.target = static_cast<std::uint32_t>(target);
    }
  }
  if (format != plain_format && !read_owed(reader, outcome, format)) {
    return corrupt("outcome: what it owes cannot be read");
  }
  if (format >= made_format && !read_made(reader, outcome, format)) {
    return corrupt("outcome: what it makes cannot be read");
  }
  if (format == provider_format && !read_providers(reader, outcome)) {
    return corrupt("outcome: who does its orders cannot be read");
  }
  if (reader.failed() || !reader.at_end()) {
    return corrupt("outcome: bytes after its end");
  }
  return outcome;
}

}  // namespace holdfast
