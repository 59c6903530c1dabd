// api/read.cpp: https://hl7.org/fhir/R4/http.html#read, conditional read included.
// Deleted is 410, never there is 404; both say so in an OperationOutcome.
#include <fmt/format.h>

#include "api/evidence.h"
#include "api/interactions.h"
#include "api/stored.h"

namespace holdfast::api {

Result<Reply> read(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY_OK(check_parameters(call, {"_summary", "_elements"}));
  const Match& match = call.match;
  TRY(const auto current, views::read_current(*moment.reader, match.type, match.id));
  if (!current) {
    return fail(Code::not_found,
                fmt::format("there is no {}/{}", fhir::name(match.type), match.id));
  }
  TRY(views::Body body, stored_row(parts, moment, current->row));
  TRY_OK(fill_data(parts, moment, body));
  return show(parts, call, std::move(body));
}

}  // namespace holdfast::api
