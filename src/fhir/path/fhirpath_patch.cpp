#include "fhir/path/fhirpath_patch.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fhir/path/compile.h"
#include "fhir/path/evaluate.h"
#include "fhir/path/patch_operation.h"
#include "fhir/path/patch_place.h"
#include "fhir/path/patch_value.h"

namespace holdfast::fhir::path {
namespace {

/// The list that a path means: all elements under one name.
struct WholeList {
  std::vector<PatchPlace> places;  // of its first element
  PatchList list;
};

/// One operation after the other on the document under way.
class Patching {
 public:
  Patching(Time now, JsonReader& reader) : reader_(reader) {
    surroundings_.now = now;
    surroundings_.limits = outside_limits;
  }

  Result<Bytes> apply(const Json& document, const PatchOperation& operation) {
    switch (operation.type) {
      case PatchType::add: return add(document, operation);
      case PatchType::insert: return insert(document, operation);
      case PatchType::remove: return remove(document, operation);
      case PatchType::replace: return replace(document, operation);
      case PatchType::move: return move(document, operation);
    }
    return Bytes();
  }

  Result<Json> read(Bytes text) {
    read_bytes_ += text.size();
    if (read_bytes_ > fhirpath_patch_bytes_max) {
      return fail(Code::too_costly,
                  fmt::format("the patch reads more than {} bytes", fhirpath_patch_bytes_max));
    }
    return reader_.read(std::move(text));
  }

 private:
  /// All elements that a path selects; none is of another document.
  Result<std::vector<Value>> select(const Json& document, const std::string& path) {
    const Value root = resource_value(document.root());
    auto program = compile(path, {.type = root.type()});
    if (!program) {
      return fail(of_path(std::move(program).error()));
    }
    surroundings_.limits.steps = std::min(outside_limits.steps, fhirpath_patch_steps_max - steps_);
    auto found = evaluator_.evaluate(*program, root, surroundings_);
    steps_ += std::min(evaluator_.steps(), surroundings_.limits.steps);
    if (!found) {
      return fail(of_path(std::move(found).error()));
    }
    for (const Value& value : *found) {
      if (!value.is_node() || value.document() != &document) {
        return fail(Code::value, "the path selects what is no element of the resource");
      }
    }
    return std::vector<Value>(found->begin(), found->end());
  }

  // What our own command line calls a usage error is a fault of what was sent here.
  static Error of_path(Error error) {
    error.code = error.code == Code::usage ? Code::value : error.code;
    error.what = error.where.empty() ? fmt::format("the path: {}", error.what)
                                     : fmt::format("the path, {}: {}", error.where, error.what);
    return error;
  }

  static std::unexpected<Error> selects_nothing() {
    return fail(Code::unmatched, "the path selects nothing");
  }
  static Result<void> check_one(const std::vector<Value>& found) {
    if (found.size() > 1) {
      return fail(Code::value,
                  fmt::format("the path selects {} elements; it must name one", found.size()));
    }
    return ok();
  }

  Result<Value> select_one(const Json& document, const std::string& path) {
    TRY(const auto found, select(document, path));
    if (found.empty()) {
      return selects_nothing();
    }
    TRY_OK(check_one(found));
    return found[0];
  }

  static Result<std::vector<PatchPlace>> places_below_root(const Json& document, const Value& of) {
    TRY(auto places, places_of(document, node_of(of)));
    if (places.empty()) {
      return fail(Code::value, "the resource itself cannot be replaced or deleted by a patch");
    }
    return places;
  }

  Result<WholeList> select_list(const Json& document, const std::string& path) {
    TRY(const auto found, select(document, path));
    if (found.empty()) {
      return selects_nothing();
    }
    WholeList whole;
    TRY(whole.places, places_below_root(document, found[0]));
    const PatchPlace& first = whole.places.back();
    whole.list = list_of(document.at(first.object), *first.row);
    if ((first.row->flags & row_repeats) == 0) {
      return fail(Code::value, fmt::format("{} is no list", path_name(*first.row)));
    }
    if (!std::ranges::equal(whole.list.nodes, found, {}, {}, node_of)) {
      return fail(Code::value,
                  fmt::format("the path must select a whole list, such as all {} of {}; it selects "
                              "{} elements where this list has {}",
                              whole.list.nodes.size(), path_name(*first.row), found.size(),
                              whole.list.nodes.size()));
    }
    return whole;
  }

  static Bytes with_items(const Json& document, std::vector<PatchPlace> places,
                          const ElementRow& row, const std::vector<PatchItem>& items) {
    const PatchPlace last = places.back();
    places.pop_back();
    return with_object(document, places,
                       with_list(document.at(last.object), *last.row, row, items));
  }

  static StructureId structure_of_value(const Value& of) {
    return of.type().is_structure() ? of.type().structure() : tables::element_structure;
  }

  Result<Bytes> add(const Json& document, const PatchOperation& operation) {
    TRY(const Value parent, select_one(document, operation.path));
    if (!parent.type().is_structure() && !parent.type().is_primitive()) {
      return fail(Code::structure, "the path selects what is no element of FHIR");
    }
    TRY(const auto places, places_of(document, node_of(parent)));
    TRY(const auto rows, rows_of(structure_of_value(parent), operation.name));
    TRY(const PatchElement made, make_element(rows, *operation.value));
    const PatchItem item{made.value, made.sibling};
    const bool is_object = parent.type().is_structure() || parent.has_sibling();
    if (!is_object) {
      Bytes members = "{";
      append_list(members, *made.row, {item});
      return with_object(document, places, members + '}');
    }
    const JsonValue object = parent.type().is_structure() ? parent.value() : parent.sibling();
    std::vector<PatchItem> items = list_of(object, *made.row).items;
    if ((made.row->flags & row_repeats) == 0) {
      TRY_OK(check_absent(object, *made.row));
    }
    items.push_back(item);
    return with_object(document, places, with_list(object, *made.row, *made.row, items));
  }

  /// Of a choice, none of its types may be there.
  static Result<void> check_absent(JsonValue object, const ElementRow& row) {
    for (const ElementRow& other : rows(structure(StructureId{row.structure_of}))) {
      const bool is_same = &other == &row || (row.choice != 0 && other.choice == row.choice);
      if (is_same && !list_of(object, other).items.empty()) {
        return fail(Code::value,
                    fmt::format("{} is there already, and occurs once at most: replace it",
                                path_name(row)));
      }
    }
    return ok();
  }

  Result<Bytes> replace(const Json& document, const PatchOperation& operation) {
    TRY(const Value was, select_one(document, operation.path));
    TRY(const auto places, places_below_root(document, was));
    const PatchPlace& at = places.back();
    std::vector<const ElementRow*> may_be{at.row};
    if (at.row->choice != 0) {
      TRY(may_be, rows_of(StructureId{at.row->structure_of}, path_name(*at.row)));
    }
    TRY(const PatchElement made, make_element(may_be, *operation.value));
    std::vector<PatchItem> items = list_of(document.at(at.object), *at.row).items;
    items[at.position] = {made.value, made.sibling};
    return with_items(document, places, *made.row, items);
  }

  Result<Bytes> remove(const Json& document, const PatchOperation& operation) {
    TRY(const auto found, select(document, operation.path));
    if (found.empty()) {
      return Bytes(document.root().raw());
    }
    TRY_OK(check_one(found));
    TRY(const auto places, places_below_root(document, found[0]));
    const PatchPlace& at = places.back();
    std::vector<PatchItem> items = list_of(document.at(at.object), *at.row).items;
    items.erase(items.begin() + static_cast<std::ptrdiff_t>(at.position));
    return with_items(document, places, *at.row, items);
  }

  static Result<void> check_index(std::size_t index, std::size_t end, std::string_view part) {
    if (index >= end) {
      return fail(Code::value,
                  fmt::format("{} {} is behind the end: 0 to {}", part, index, end - 1));
    }
    return ok();
  }

  Result<Bytes> insert(const Json& document, const PatchOperation& operation) {
    TRY(WholeList whole, select_list(document, operation.path));
    std::vector<PatchItem>& items = whole.list.items;
    TRY_OK(check_index(operation.to, items.size() + 1, "index"));
    const ElementRow* row = whole.places.back().row;
    const std::array<const ElementRow*, 1> rows{row};
    TRY(const PatchElement made, make_element(rows, *operation.value));
    items.insert(items.begin() + static_cast<std::ptrdiff_t>(operation.to),
                 {made.value, made.sibling});
    return with_items(document, whole.places, *row, items);
  }

  Result<Bytes> move(const Json& document, const PatchOperation& operation) {
    TRY(WholeList whole, select_list(document, operation.path));
    std::vector<PatchItem>& items = whole.list.items;
    TRY_OK(check_index(operation.from, items.size(), "source"));
    TRY_OK(check_index(operation.to, items.size(), "destination"));
    const PatchItem moved = items[operation.from];
    items.erase(items.begin() + static_cast<std::ptrdiff_t>(operation.from));
    items.insert(items.begin() + static_cast<std::ptrdiff_t>(operation.to), moved);
    return with_items(document, whole.places, *whole.places.back().row, items);
  }

  JsonReader& reader_;
  Evaluator evaluator_;
  Surroundings surroundings_;
  std::uint64_t steps_ = 0;
  std::size_t read_bytes_ = 0;
};

/// "operation 3 (add Patient.contact[0]): …"
Error located(Error error, const std::vector<PatchPart>& parts, JsonValue parameter,
              std::size_t number) {
  const auto said = [&](std::string_view part) { return text_part(parts, part).value_or("?"); };
  error.what = fmt::format("operation {} ({} {}): {}", number, shown(said("type")),
                           shown(said("path")), error.what);
  error.where = parameter.document().path(parameter.index());
  return error;
}

Result<std::optional<JsonValue>> operations_of(JsonValue parameters) {
  if (!parameters.is_object()) {
    return fail(Code::structure, "a FHIRPath Patch is a Parameters resource");
  }
  for (const JsonValue member : parameters.children()) {
    const BytesView key = member.raw_key();
    if (key == "implicitRules") {
      return fail(Code::unsupported, "implicitRules, of which nothing is known here");
    }
  }
  const auto operations = parameters.find("parameter");
  if (operations && !operations->is_array()) {
    return fail(Code::structure, "Parameters.parameter is an array");
  }
  if (operations && operations->size() > fhirpath_patch_operations_max) {
    return fail(Code::too_large, fmt::format("{} operations; at most {} are done",
                                             operations->size(), fhirpath_patch_operations_max));
  }
  return operations;
}

}  // namespace

Result<Bytes> apply_fhirpath_patch(JsonValue resource, JsonValue parameters, Time now,
                                   JsonReader& reader) {
  TRY(const auto operations, operations_of(parameters));
  Bytes text(resource.raw());
  if (!operations) {
    return text;
  }
  Patching patching(now, reader);
  std::size_t number = 0;
  for (const JsonValue parameter : operations->children()) {
    ++number;
    std::vector<PatchPart> parts;
    const auto done = [&]() -> Result<Bytes> {
      TRY(parts, read_parts(parameter));
      TRY(const PatchOperation operation, read_operation(parts));
      TRY(const Json document, patching.read(std::move(text)));
      return patching.apply(document, operation);
    }();
    if (!done) {
      return fail(located(done.error(), parts, parameter, number));
    }
    text = *done;
  }
  return text;
}

}  // namespace holdfast::fhir::path
