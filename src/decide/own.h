// decide/own.h: whether a condition selects what the Command itself writes, which no index holds
// yet.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "decide/prepared.h"
#include "search/criteria.h"

namespace holdfast::decide {

class OwnCondition {
 public:
  /// Code::unsupported for a condition on what is only known once the entry has a time.
  static Result<OwnCondition> parse(fhir::TypeId type, std::string_view query);

  /// Looks at what the body says itself; references still to be resolved match nothing.
  [[nodiscard]] bool selects(std::string_view id, const PreparedOperation& prepared,
                             BytesView body) const;

 private:
  explicit OwnCondition(search::Criteria criteria) : criteria_(std::move(criteria)) {}
  search::Criteria criteria_;
};

}  // namespace holdfast::decide
