#include "pathway/definition.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "pathway/definition_files.h"

namespace holdfast::pathway {
namespace {

constexpr std::string_view calendar_name = "calendar.toml";
constexpr std::string_view settings_name = "settings.toml";

/// That no two definitions would take the same resource: one code is one's, and of the rules of a
/// type without codes there is one among those that are no catch-alls.
Result<void> check_overlaps(const std::vector<Definition>& all) {
  std::map<std::tuple<std::string_view, std::string, std::string>, std::string_view> taken;
  for (const Definition& definition : all) {
    for (const Open& open : definition.opens) {
      if (open.beside) {
        continue;
      }
      std::vector<Coded> codes = open.codes;
      if (codes.empty()) {
        codes.push_back({"", definition.catch_all ? "whatever no other takes" : "any"});
      }
      for (const Coded& code : codes) {
        const auto [at, fresh] =
            taken.try_emplace({fhir::name(open.on), code.system, code.code}, definition.name);
        if (!fresh && at->second != definition.name) {
          return fail(
              Code::usage,
              fmt::format("pathways '{}' and '{}' would both take a {} with code {}|{}", at->second,
                          definition.name, fhir::name(open.on), code.system, code.code));
        }
      }
    }
  }
  return ok();
}

Result<toml::table> parse(const File& file) {
  try {
    return toml::parse(file.text, file.name);
  } catch (const toml::parse_error& error) {
    return fail(Code::usage, fmt::format("{} line {}: {}", file.name, error.source().begin.line,
                                         error.description()));
  }
}

/// Each order has to be taken by somebody.
Result<void> check_catch_all(const std::vector<Definition>& all) {
  const auto order = fhir::type_id("ServiceRequest");
  const bool caught = std::ranges::any_of(all, [&](const Definition& one) {
    return one.catch_all && std::ranges::any_of(one.opens, [&](const Open& open) {
             return open.on == *order && open.codes.empty();
           });
  });
  return caught ? ok()
                : Result<void>(fail(Code::usage,
                                    "no pathway with catch_all = true opens an item for a "
                                    "ServiceRequest without codes: an order that no pathway "
                                    "knows would have no owner"));
}

Result<void> check_thens(const Definitions& definitions) {
  const auto check_one = [&](const Definition& from, const std::vector<Then>& all) -> Result<void> {
    for (const Then& then : all) {
      const Definition* const to = definitions.find(then.pathway);
      const State* const state = to != nullptr ? to->state(then.state) : nullptr;
      if (state == nullptr || state->is_closed()) {
        return fail(Code::usage,
                    fmt::format("pathway '{}' goes on with state '{}' of pathway '{}', "
                                "which is not there or is closed",
                                from.name, then.state, then.pathway));
      }
    }
    return ok();
  };
  for (const Definition& definition : definitions.all()) {
    for (const Open& open : definition.opens) {
      TRY_OK(check_one(definition, open.then));
    }
    for (const Move& move : definition.moves) {
      TRY_OK(check_one(definition, move.then));
    }
    for (const Act& act : definition.acts) {
      TRY_OK(check_one(definition, act.then));
    }
    for (const State& state : definition.states) {
      TRY_OK(check_one(definition, state.warned));
    }
  }
  return ok();
}

}  // namespace

const State* Definition::state(std::string_view wanted) const {
  const auto at = std::ranges::find(states, wanted, &State::name);
  return at == states.end() ? nullptr : &*at;
}

Result<std::shared_ptr<const Definitions>> Definitions::read(std::vector<File> files) {
  auto set = std::make_shared<Definitions>();
  std::ranges::sort(files, {}, &File::name);
  for (const File& file : files) {
    if (is_clinical_table(file)) {
      continue;  // all of them together, below
    }
    TRY(const toml::table table, parse(file));
    const auto wrong = [&](const Error& error) {
      return fail(Code::usage, fmt::format("{}: {}", file.name, error.what));
    };
    if (file.name == calendar_name) {
      auto calendar = read_calendar(table);
      if (!calendar) {
        return wrong(calendar.error());
      }
      set->calendar_ = *std::move(calendar);
      continue;
    }
    if (file.name == settings_name) {
      auto settings = read_settings(table);
      if (!settings) {
        return wrong(settings.error());
      }
      set->settings_ = *std::move(settings);
      continue;
    }
    auto definition = read_definition(table);
    if (!definition) {
      return wrong(definition.error());
    }
    definition->file = file.name;
    if (const auto sound = check_definition(*definition); !sound) {
      return wrong(sound.error());
    }
    if (set->find(definition->name) != nullptr) {
      return fail(Code::usage,
                  fmt::format("{}: pathway '{}' is there twice", file.name, definition->name));
    }
    set->all_.push_back(*std::move(definition));
  }
  TRY(set->clinical_, read_clinical(files));
  set->files_ = std::move(files);
  if (set->settings_.organisation.empty()) {
    return fail(Code::usage,
                "settings.toml is missing: it says which organisation answers for items");
  }
  TRY_OK(check_overlaps(set->all_));
  TRY_OK(check_catch_all(set->all_));
  TRY_OK(check_thens(*set));
  if (std::ranges::count_if(set->all_,
                            [](const Definition& one) { return !one.unknown_codes.empty(); }) > 1) {
    return fail(Code::usage,
                "two pathways have unknown_codes: a code that no table knows is one item");
  }
  set->index();
  return std::shared_ptr<const Definitions>(std::move(set));
}

const Definition* Definitions::find(std::string_view name) const {
  const auto at = std::ranges::find(all_, name, &Definition::name);
  return at == all_.end() ? nullptr : &*at;
}

const Definition* Definitions::of_unknown_codes() const {
  const auto at =
      std::ranges::find_if(all_, [](const Definition& one) { return !one.unknown_codes.empty(); });
  return at == all_.end() ? nullptr : &*at;
}

void Definitions::index() {
  opens_.resize(fhir::type_count);
  moves_.resize(fhir::type_count);
  for (const bool catch_all : {false, true}) {
    // Those that ask for a code before those that take any.
    for (const bool with_codes : {true, false}) {
      for (const Definition& definition : all_) {
        for (const Open& open : definition.opens) {
          if (definition.catch_all == catch_all && !open.codes.empty() == with_codes) {
            opens_[open.on.value].push_back({&definition, &open});
          }
        }
      }
    }
  }
  for (const Definition& definition : all_) {
    for (const Move& move : definition.moves) {
      moves_[move.on.value].push_back({&definition, &move});
    }
  }
}

std::span<const Definitions::OpenRule> Definitions::opens(fhir::TypeId type) const {
  return opens_[type.value];
}

std::span<const Definitions::MoveRule> Definitions::moves(fhir::TypeId type) const {
  return moves_[type.value];
}

Bytes encode_files(std::span<const File> files) {
  Bytes bytes;
  append_varint(bytes, files.size());
  for (const File& file : files) {
    append_text(bytes, file.name);
    append_text(bytes, file.text);
  }
  return bytes;
}

Result<std::vector<File>> decode_files(BytesView bytes) {
  ByteReader reader(bytes);
  const std::uint64_t count = reader.varint();
  if (count > reader.rest().size() / 2) {
    return fail(Code::corrupt, "pathways: shorter than their own lengths say");
  }
  std::vector<File> files(count);
  for (File& file : files) {
    file.name = reader.text();
    file.text = reader.text();
  }
  if (reader.failed() || !reader.at_end()) {
    return fail(Code::corrupt, "pathways: bytes that cannot be read");
  }
  return files;
}

}  // namespace holdfast::pathway
