#include "sim/model.h"

#include <algorithm>

#include <fmt/format.h>

namespace holdfast::sim {
namespace {

/// "Practitioner?identifier=sim|v", "identifier=sim|v" or "identifier=sim%7Cv" -> v.
std::string identifier_of_query(const std::string& query) {
  for (const std::string bar : {"|", "%7C"}) {
    if (const std::size_t at = query.find(bar); at != std::string::npos) {
      return query.substr(at + bar.size());
    }
  }
  return {};
}

std::string date_of(const std::string& body) {
  const std::string birth = member_text(body, "birthDate");
  return birth.empty() ? member_text(body, "effectiveDateTime") : birth;
}

/// Whether a body has an id of its own, before anything else that has one.
bool names_id(const std::string& body) {
  return body.find("\"id\":") < body.find("\"identifier\":");
}

}  // namespace

std::vector<std::string> member_texts(const std::string& body, const std::string& member) {
  std::vector<std::string> found;
  const std::string opening = "\"" + member + "\":\"";
  for (std::size_t at = body.find(opening); at != std::string::npos;
       at = body.find(opening, at + 1)) {
    const std::size_t begin = at + opening.size();
    found.push_back(body.substr(begin, body.find('"', begin) - begin));
  }
  return found;
}

std::string member_text(const std::string& body, const std::string& member) {
  const auto all = member_texts(body, member);
  return all.empty() ? std::string() : all.front();
}

const ModelVersion* Model::current(const Name& name) const {
  const auto found = resources_.find(name);
  return found == resources_.end() ? nullptr : &found->second.back();
}

std::vector<Name> Model::with_identifier(const std::string& type, const std::string& value) const {
  std::vector<Name> found;
  for (const auto& [name, versions] : resources_) {
    if (name.starts_with(type + "/") && !versions.back().deleted &&
        versions.back().identifier == value) {
      found.push_back(name);
    }
  }
  return found;
}

std::map<Name, std::uint64_t> Model::listing(const std::string& type,
                                             std::uint64_t position) const {
  std::map<Name, std::uint64_t> found;
  for (const auto& [name, versions] : resources_) {
    if (!name.starts_with(type + "/")) {
      continue;
    }
    std::uint64_t newest = 0;
    for (std::uint64_t i = 0; i < versions.size(); ++i) {
      if (versions[i].position <= position) {
        newest = i + 1;
      }
    }
    if (newest > 0 && !versions[newest - 1].deleted) {
      found[name] = newest;
    }
  }
  return found;
}

std::string Model::run(std::uint64_t position, const Command& command, const Outcome& outcome) {
  const std::vector<Operation>& operations = command.operations;
  if (outcome.results.size() != operations.size()) {
    return fmt::format("entry {}: {} results for {} operations", position, outcome.results.size(),
                       operations.size());
  }
  if (command.key_origin == KeyOrigin::given) {
    const std::string key(command.key.view());
    if (keys_.contains(key)) {
      return fmt::format("entry {}: its idempotency key was used by entry {}", position,
                         keys_[key]);
    }
    keys_[key] = position;
  }
  std::vector<Expected> expected(operations.size());
  std::set<Name> touched;
  for (const Verb verb : {Verb::remove, Verb::create, Verb::update, Verb::patch}) {
    for (std::size_t i = 0; i < operations.size(); ++i) {
      if (operations[i].verb != verb) {
        continue;
      }
      if (std::string wrong = expect(operations[i], touched, expected[i]); !wrong.empty()) {
        return fmt::format("entry {}, operation {}: {}", position, i, wrong);
      }
    }
  }
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const OperationResult& got = outcome.results[i];
    const Expected& want = expected[i];
    if (got.status != want.status || got.id != want.id || got.version.value != want.version) {
      return fmt::format("entry {}, operation {}: outcome {} {}/{} version {}, expected {} {} {}",
                         position, i, static_cast<int>(got.status), operations[i].type, got.id,
                         got.version.value, static_cast<int>(want.status), want.id, want.version);
    }
  }
  record(position, operations, expected);
  if (std::string wrong = resolve(position, operations, expected); !wrong.empty()) {
    return wrong;
  }
  return record_made(position, outcome);
}

std::string Model::record_made(std::uint64_t position, const Outcome& outcome) {
  for (const Made& made : outcome.made) {
    if (made.operation) {
      continue;
    }
    std::vector<ModelVersion>& versions = resources_[made.type + "/" + made.id];
    if (made.type != "Task" || made.version.value != versions.size() + 1) {
      return fmt::format("entry {}: it makes version {} of {}/{} after {}", position,
                         made.version.value, made.type, made.id, versions.size());
    }
    ModelVersion version;
    version.position = position;
    version.references = member_texts(made.body, "reference");
    versions.push_back(std::move(version));
  }
  return {};
}

std::string Model::expect(const Operation& operation, std::set<Name>& touched,
                          Expected& result) const {
  result.id = operation.id;
  if (operation.verb == Verb::create && !operation.condition.empty()) {
    const auto found = with_identifier(operation.type, identifier_of_query(operation.condition));
    if (found.size() > 1) {
      return "a conditional create that should have been refused";
    }
    if (found.size() == 1 && operation.if_match) {
      return "a create that was made from finding nothing should have been refused";
    }
    if (found.size() == 1) {
      result.status = Status::matched;
      result.id = found[0].substr(operation.type.size() + 1);
      result.version = resources_.at(found[0]).size();
      return {};
    }
  }
  if (operation.verb != Verb::create && !operation.condition.empty()) {
    if (std::string wrong = select(operation, result); !wrong.empty()) {
      return wrong;
    }
    if (result.id.empty()) {
      result.status = Status::absent;
      return {};
    }
  }
  const Name name = operation.type + "/" + result.id;
  if (!touched.insert(name).second) {
    return "touches one resource twice";
  }
  const ModelVersion* before = current(name);
  const bool there = before != nullptr && !before->deleted;
  const std::uint64_t versions = before == nullptr ? 0 : resources_.at(name).size();
  if (operation.verb != Verb::create && operation.if_match &&
      (!there || operation.if_match->value != versions)) {
    return fmt::format("If-Match {} should have been refused, {} is current",
                       operation.if_match->value, versions);
  }
  if (operation.verb == Verb::create && before != nullptr) {
    return "creates what is there";
  }
  if (operation.verb == Verb::patch) {
    if (!operation.if_match) {
      return "a patch of no version";
    }
    if (std::string wrong = compare_patched(operation, *before); !wrong.empty()) {
      return wrong;
    }
  }
  result.version = versions;
  if (operation.verb == Verb::remove && !there) {
    result.status = Status::absent;
    return {};
  }
  result.version = versions + 1;
  result.status = operation.verb == Verb::remove ? Status::removed
                  : there                        ? Status::updated
                                                 : Status::created;
  return {};
}

std::string Model::select(const Operation& operation, Expected& result) const {
  const auto found = with_identifier(operation.type, identifier_of_query(operation.condition));
  if (found.size() > 1) {
    return "its condition selects several and should have been refused";
  }
  const std::string selected =
      found.empty() ? std::string() : found[0].substr(operation.type.size() + 1);
  if (operation.verb == Verb::remove) {
    result.id = selected;
    return {};
  }
  if (operation.verb == Verb::patch) {
    return selected == operation.id ? std::string() : "patches what its condition does not select";
  }
  if (!selected.empty()) {
    result.id = selected;
    return names_id(operation.body) && selected != operation.id
               ? "updates another resource than its content names"
               : std::string();
  }
  const ModelVersion* taken = current(operation.type + "/" + operation.id);
  return taken != nullptr && !taken->deleted ? "takes the place of what it does not select"
                                             : std::string();
}

// The patches of the workload replace the tag: all else must be that of the version before, which
// it would not be if the patch had been made of any other.
std::string Model::compare_patched(const Operation& operation, const ModelVersion& before) {
  if (member_text(operation.body, "value") != before.identifier ||
      date_of(operation.body) != before.date ||
      member_texts(operation.body, "reference") != before.references ||
      member_text(operation.body, "display") != member_text(operation.patch, "value")) {
    return fmt::format("{}/{} is not the version before it with its patch", operation.type,
                       operation.id);
  }
  return {};
}

std::vector<std::pair<Name, std::uint64_t>> Model::history(const std::string& type,
                                                           std::uint64_t position) const {
  std::vector<std::pair<Name, std::uint64_t>> found;
  for (const auto& [name, versions] : resources_) {
    for (std::uint64_t i = 0; i < versions.size(); ++i) {
      if (versions[i].position <= position && (type.empty() || name.starts_with(type + "/"))) {
        found.emplace_back(name, i + 1);
      }
    }
  }
  return found;
}

void Model::record(std::uint64_t position, const std::vector<Operation>& operations,
                   const std::vector<Expected>& expected) {
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (!expected[i].makes_version()) {
      continue;
    }
    ModelVersion version;
    version.position = position;
    version.deleted = operations[i].verb == Verb::remove;
    version.identifier = member_text(operations[i].body, "value");
    version.date = date_of(operations[i].body);
    version.references = member_texts(operations[i].body, "reference");
    version.tag = member_text(operations[i].body, "display");
    resources_[operations[i].type + "/" + expected[i].id].push_back(std::move(version));
  }
}

std::string Model::resolve(std::uint64_t position, const std::vector<Operation>& operations,
                           const std::vector<Expected>& expected) {
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (!expected[i].makes_version() || operations[i].verb == Verb::remove) {
      continue;
    }
    auto& references = resources_[operations[i].type + "/" + expected[i].id].back().references;
    for (std::string& reference : references) {
      for (std::size_t j = 0; j < operations.size(); ++j) {
        if (!operations[j].full_url.empty() && operations[j].full_url == reference) {
          reference = operations[j].type + "/" + expected[j].id;
        }
      }
      if (const std::size_t mark = reference.find('?'); mark != std::string::npos) {
        const auto found =
            with_identifier(reference.substr(0, mark), identifier_of_query(reference));
        if (found.size() != 1) {
          return fmt::format("entry {}: reference {} selects {} resources and was accepted",
                             position, reference, found.size());
        }
        reference = found[0];
      }
    }
  }
  return {};
}

}  // namespace holdfast::sim
