// search/criterion.h: one condition of a query, as it was understood. Nothing here depends on what
// is stored.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "fhir/search_params.h"
#include "fhir/type.h"
#include "search/value_query.h"

namespace holdfast::search {

struct Criterion {
  enum class Kind : std::uint8_t {
    value,    ///< the parameter has any of the values
    missing,  ///< the parameter has no value at all
    ids,
    updated,
    chain,   ///< the reference leads to a resource of which the inner criterion holds
    has,     ///< a resource of which the inner criterion holds refers to this one by the parameter
    list,    ///< one of the Lists named by `ids` has it
    all_of,  ///< all of `parts` hold
    one_of,  ///< at least one of `parts` holds
  };
  struct Bound {
    Prefix prefix = Prefix::eq;
    TimeRange range;
  };
  struct Inner {
    fhir::TypeId type;
    std::shared_ptr<const Criterion> criterion;
  };

  Kind kind = Kind::value;
  std::string name;      ///< as in the query, for people
  std::string asked;     ///< name and value, for people; long ones cut
  bool negated = false;  ///< :not of value, :missing=false of missing; of all_of and one_of: not
  const fhir::SearchParam* param = nullptr;  ///< of value, missing, chain and has
  std::vector<ValueQueryPtr> any;            ///< of value
  std::vector<std::string> ids;              ///< of ids and list
  std::vector<Bound> updated;
  std::vector<Inner> inner;  ///< of chain one for each type it may lead to; of has one
  std::vector<std::shared_ptr<const Criterion>> parts;  ///< of all_of and one_of
};

}  // namespace holdfast::search
