#include "fhir/json_patch.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fhir/json_tree.h"

namespace holdfast::fhir {

namespace {

constexpr std::size_t shown_bytes_max = 128;

std::string shown(std::string_view text) { return std::string(text.substr(0, shown_bytes_max)); }

/// https://www.rfc-editor.org/rfc/rfc6901#section-3
struct Pointer {
  std::string text;
  std::vector<std::string> tokens;  // unescaped
};

Result<Pointer> parse_pointer(std::string text) {
  Pointer pointer;
  const auto refuse = [&](std::string_view why) {
    return fail(Code::value, fmt::format("\"{}\" is no JSON Pointer: {}", shown(text), why));
  };
  if (!text.empty() && text.front() != '/') {
    return refuse("it begins with '/', or is empty");
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '/') {
      if (pointer.tokens.size() == json_depth_max) {
        return fail(Code::too_large, fmt::format("a path with more than {} steps", json_depth_max));
      }
      pointer.tokens.emplace_back();
    } else if (text[i] != '~') {
      pointer.tokens.back() += text[i];
    } else if (i + 1 < text.size() && (text[i + 1] == '0' || text[i + 1] == '1')) {
      pointer.tokens.back() += text[i + 1] == '0' ? '~' : '/';
      ++i;
    } else {
      return refuse("'~' is followed by 0 or 1");
    }
  }
  pointer.text = std::move(text);
  return pointer;
}

/// The first `count` steps, as they are written.
std::string_view first_steps(const Pointer& pointer, std::size_t count) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    at = pointer.text.find('/', at) + 1;
  }
  const std::size_t end = pointer.text.find('/', at);
  return std::string_view(pointer.text).substr(0, count == 0 ? 0 : end);
}

/// The index that a token names in an array of `size`; nothing for what is none or lies behind it.
/// https://www.rfc-editor.org/rfc/rfc6901#section-4
std::optional<std::size_t> index_of(std::string_view token, std::size_t size) {
  constexpr std::size_t digits_max = 9;
  const bool is_number = !token.empty() && token.size() <= digits_max &&
                         (token == "0" || token.front() != '0') &&
                         std::ranges::all_of(token, [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number) {
    return std::nullopt;
  }
  std::size_t index = 0;
  for (const char c : token) {
    index = index * 10 + static_cast<std::size_t>(c - '0');
  }
  return index < size ? std::optional(index) : std::nullopt;
}

enum class Op : std::uint8_t { add, remove, replace, move, copy, test };
struct OpName {
  std::string_view name;
  Op op;
};
constexpr std::array<OpName, 6> op_names{{{"add", Op::add},
                                          {"remove", Op::remove},
                                          {"replace", Op::replace},
                                          {"move", Op::move},
                                          {"copy", Op::copy},
                                          {"test", Op::test}}};

/// https://www.rfc-editor.org/rfc/rfc6902#section-4
struct PatchOperation {
  Op op{};
  Pointer path;
  Pointer from;                    // of move and copy
  std::optional<JsonValue> value;  // of add, replace and test
};

Result<Pointer> pointer_member(JsonValue operation, std::string_view name) {
  const auto member = operation.find(name);
  if (!member) {
    return fail(Code::required, fmt::format("an operation of this kind has a \"{}\"", name));
  }
  if (!member->is_string()) {
    return fail(Code::structure, fmt::format("\"{}\" is a string", name));
  }
  return parse_pointer(member->text());
}

Result<PatchOperation> read_operation(JsonValue from) {
  if (!from.is_object()) {
    return fail(Code::structure, "an operation is an object");
  }
  PatchOperation operation;
  const auto op = from.find("op");
  if (!op || !op->is_string()) {
    return fail(Code::required, "an operation has an \"op\", which is a string");
  }
  const std::string op_name = op->text();
  const auto* known = std::ranges::find(op_names, op_name, &OpName::name);
  if (known == op_names.end()) {
    return fail(Code::value,
                fmt::format("there is no op \"{}\": add, remove, replace, move, copy or test",
                            shown(op_name)));
  }
  operation.op = known->op;
  TRY(operation.path, pointer_member(from, "path"));
  if (operation.op == Op::move || operation.op == Op::copy) {
    TRY(operation.from, pointer_member(from, "from"));
  } else if (operation.op != Op::remove) {
    operation.value = from.find("value");
    if (!operation.value) {
      return fail(Code::required, fmt::format("{} has a \"value\"", op_name));
    }
  }
  return operation;
}

/// The document under way, and what its operations have used up.
class Patching {
 public:
  explicit Patching(JsonValue document) : root_(document), budget_(patch_steps_max) {}

  Result<void> apply(const PatchOperation& operation) {
    switch (operation.op) {
      case Op::add: return put(operation.path, JsonPart(*operation.value), Where::may_be_new);
      case Op::replace: return put(operation.path, JsonPart(*operation.value), Where::is_there);
      case Op::remove: {
        TRY([[maybe_unused]] const JsonPart removed, take(operation.path));
        return ok();
      }
      case Op::move: return move(operation);
      case Op::copy: return copy(operation);
      case Op::test: return test(operation);
    }
    return ok();
  }

  Result<Bytes> finish() const {
    const std::size_t bytes = bytes_of(root_);
    if (bytes > json_bytes_max) {
      return fail(Code::too_large, fmt::format("the patch makes {} bytes of JSON; at most {} are "
                                               "read",
                                               bytes, json_bytes_max));
    }
    Bytes out;
    out.reserve(bytes);
    append_part(out, root_);
    return out;
  }

 private:
  enum class Where : std::uint8_t { may_be_new, is_there };

  static std::unexpected<Error> nothing_at(std::string_view path, std::string_view why = {}) {
    return fail(Code::unmatched, fmt::format("there is nothing at \"{}\"{}{}", shown(path),
                                             why.empty() ? "" : ": ", why));
  }

  /// Where the first `count` steps of a pointer lead.
  Result<JsonPart*> find(const Pointer& pointer, std::size_t count) {
    JsonPart* at = &root_;
    for (std::size_t i = 0; i < count; ++i) {
      if (at->kind() != JsonKind::object && at->kind() != JsonKind::array) {
        return nothing_at(first_steps(pointer, i + 1),
                          fmt::format("what is above is a {}", name(at->kind())));
      }
      TRY_OK(take_apart(*at, budget_));
      TRY(const auto index, child_of(*at, pointer.tokens[i]));
      if (!index) {
        return nothing_at(first_steps(pointer, i + 1));
      }
      at = &at->parts->values[*index];
    }
    return at;
  }

  Result<std::optional<std::size_t>> child_of(const JsonPart& in, std::string_view token) {
    if (in.kind() == JsonKind::object) {
      return find_key(*in.parts, token, budget_);
    }
    return index_of(token, in.parts->values.size());
  }

  /// The array or object above the last step, taken apart.
  Result<JsonPart*> find_above(const Pointer& pointer) {
    const std::size_t above = pointer.tokens.size() - 1;
    TRY(JsonPart* const in, find(pointer, above));
    if (in->kind() != JsonKind::object && in->kind() != JsonKind::array) {
      return fail(Code::unmatched,
                  fmt::format("what is at \"{}\" is a {}, which has nothing in it",
                              shown(first_steps(pointer, above)), name(in->kind())));
    }
    TRY_OK(take_apart(*in, budget_));
    return in;
  }

  Result<void> put(const Pointer& path, JsonPart value, Where where) {
    TRY(const std::size_t height, height_of(value, budget_));
    if (path.tokens.size() + height > json_depth_max) {
      return fail(Code::too_large,
                  fmt::format("the result is nested more than {} levels deep", json_depth_max));
    }
    if (path.tokens.empty()) {
      root_ = std::move(value);
      return ok();
    }
    TRY(JsonPart* const in, find_above(path));
    const std::string& last = path.tokens.back();
    TRY(const auto there, child_of(*in, last));
    if (there && (in->kind() == JsonKind::object || where == Where::is_there)) {
      in->parts->values[*there] = std::move(value);
      return ok();
    }
    if (where == Where::is_there) {
      return nothing_at(path.text);
    }
    return in->kind() == JsonKind::object ? add_member(*in->parts, last, std::move(value))
                                          : insert(*in->parts, path, std::move(value));
  }

  static Result<void> add_member(JsonParts& object, std::string_view key, JsonPart value) {
    if (object.values.size() == json_members_max) {
      return fail(Code::too_large,
                  fmt::format("an object with more than {} members", json_members_max));
    }
    Bytes written;
    append_json_escaped(written, key);
    if (written.size() > json_key_bytes_max) {
      return fail(Code::too_large,
                  fmt::format("a member name longer than {} bytes", json_key_bytes_max));
    }
    object.keys.push_back(std::move(written));
    object.values.push_back(std::move(value));
    return ok();
  }

  Result<void> insert(JsonParts& array, const Pointer& path, JsonPart value) {
    const std::string& last = path.tokens.back();
    const std::size_t size = array.values.size();
    const auto index = last == "-" ? std::optional(size) : index_of(last, size + 1);
    if (!index) {
      return fail(Code::unmatched,
                  fmt::format("\"{}\" is no place in an array of {}: 0 to {}, or - for its end",
                              shown(last), size, size));
    }
    TRY_OK(budget_.spend(size - *index + 1));
    array.values.insert(array.values.begin() + static_cast<std::ptrdiff_t>(*index),
                        std::move(value));
    return ok();
  }

  Result<JsonPart> take(const Pointer& path) {
    if (path.tokens.empty()) {
      return fail(Code::value, "the whole document cannot be taken away");
    }
    TRY(JsonPart* const in, find_above(path));
    TRY(const auto index, child_of(*in, path.tokens.back()));
    if (!index) {
      return nothing_at(path.text);
    }
    JsonParts& parts = *in->parts;
    TRY_OK(budget_.spend(parts.values.size() - *index));
    JsonPart taken = std::move(parts.values[*index]);
    const auto at = static_cast<std::ptrdiff_t>(*index);
    parts.values.erase(parts.values.begin() + at);
    if (in->kind() == JsonKind::object) {
      parts.keys.erase(parts.keys.begin() + at);
    }
    return taken;
  }

  /// https://www.rfc-editor.org/rfc/rfc6902#section-4.4
  Result<void> move(const PatchOperation& operation) {
    const auto& from = operation.from.tokens;
    const auto& to = operation.path.tokens;
    if (from == to) {
      TRY([[maybe_unused]] const JsonPart* const there, find(operation.from, from.size()));
      return ok();
    }
    if (from.size() < to.size() && std::equal(from.begin(), from.end(), to.begin())) {
      return fail(Code::value,
                  fmt::format("\"{}\" cannot move into itself", shown(operation.from.text)));
    }
    TRY(JsonPart taken, take(operation.from));
    return put(operation.path, std::move(taken), Where::may_be_new);
  }

  Result<void> copy(const PatchOperation& operation) {
    TRY(const JsonPart* const original, find(operation.from, operation.from.tokens.size()));
    TRY(JsonPart made, copy_of(*original, budget_));
    // Copies of copies double what there is each time.
    copied_bytes_ += bytes_of(made);
    if (copied_bytes_ > json_bytes_max) {
      return fail(Code::too_large,
                  fmt::format("the patch copies more than {} bytes", json_bytes_max));
    }
    return put(operation.path, std::move(made), Where::may_be_new);
  }

  Result<void> test(const PatchOperation& operation) {
    TRY(const JsonPart* const there, find(operation.path, operation.path.tokens.size()));
    TRY(const bool holds, equal_parts(*there, *operation.value, budget_));
    if (!holds) {
      return fail(Code::precondition, "the test fails: another value is there");
    }
    return ok();
  }

  JsonPart root_;
  PatchBudget budget_;
  std::size_t copied_bytes_ = 0;
};

/// "operation 3 (add /name/0): …"
Error located(Error error, JsonValue operation, std::size_t number) {
  const auto text_of = [&](std::string_view name_) {
    const auto member = operation.find(name_);
    return member && member->is_string() ? shown(member->text()) : std::string("?");
  };
  error.what =
      fmt::format("operation {} ({} {}): {}", number, text_of("op"), text_of("path"), error.what);
  error.where = where_text({}, operation.document().place(operation.begin()));
  return error;
}

}  // namespace

Result<Bytes> apply_json_patch(JsonValue document, JsonValue patch) {
  if (!patch.is_array()) {
    return fail(Code::structure, "a JSON Patch is an array of operations",
                where_text({}, patch.document().place(patch.begin())));
  }
  if (patch.size() > patch_operations_max) {
    return fail(Code::too_large, fmt::format("{} operations; at most {} are done", patch.size(),
                                             patch_operations_max));
  }
  Patching patching(document);
  std::size_t number = 0;
  for (const JsonValue operation : patch.children()) {
    ++number;
    const auto read = read_operation(operation);
    auto done = read ? patching.apply(*read) : Result<void>(fail(read.error()));
    if (!done) {
      return fail(located(std::move(done).error(), operation, number));
    }
  }
  return patching.finish();
}

}  // namespace holdfast::fhir
