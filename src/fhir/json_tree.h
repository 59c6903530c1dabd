// fhir/json_tree.h: a document in which parts can be put, taken and moved. A part that nobody went
// into is a reference to its text; only arrays and objects on the way to a change are taken apart.
// Inside src/fhir only.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "fhir/json.h"

namespace holdfast::fhir {

struct JsonParts;

/// One value: its text, or its parts where it was taken apart. The documents that the text lies in
/// outlive it.
struct JsonPart {
  explicit JsonPart(JsonValue text);
  JsonPart(JsonPart&&) noexcept;
  JsonPart& operator=(JsonPart&&) noexcept;
  ~JsonPart();

  JsonValue written;
  std::unique_ptr<JsonParts> parts;

  [[nodiscard]] JsonKind kind() const { return written.kind(); }
};

/// What is in an array or object that was taken apart.
struct JsonParts {
  std::vector<Bytes> keys;  ///< of an object, as they stand between the quotes
  std::vector<JsonPart> values;
};

/// How much more may be done. Spending more than there is fails with Code::too_costly.
class PatchBudget {
 public:
  explicit PatchBudget(std::size_t steps) : steps_(steps) {}
  [[nodiscard]] Result<void> spend(std::size_t steps);

 private:
  std::size_t steps_;
};

/// Takes an array or object apart, once.
[[nodiscard]] Result<void> take_apart(JsonPart& part, PatchBudget& budget);
/// The index of a member of an object that was taken apart, by its unescaped name.
[[nodiscard]] Result<std::optional<std::size_t>> find_key(const JsonParts& object,
                                                          std::string_view key,
                                                          PatchBudget& budget);

[[nodiscard]] Result<JsonPart> copy_of(const JsonPart& part, PatchBudget& budget);
/// Bytes of append_part().
[[nodiscard]] std::size_t bytes_of(const JsonPart& part);
/// Arrays and objects inside each other, itself included; 0 for anything else.
[[nodiscard]] Result<std::size_t> height_of(const JsonPart& part, PatchBudget& budget);
void append_part(Bytes& to, const JsonPart& part);

/// RFC 6902 section 4.6: numbers by their value, strings by their characters, members in any order.
[[nodiscard]] Result<bool> equal_parts(const JsonPart& part, JsonValue other, PatchBudget& budget);
/// Whether two JSON numbers have the same value, exactly: 1.0 and 10e-1 have.
[[nodiscard]] bool same_number(std::string_view a, std::string_view b);

}  // namespace holdfast::fhir
