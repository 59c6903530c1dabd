// api/vread.cpp: https://hl7.org/fhir/R4/http.html#vread: any version, current or not, exactly as
// it was stored. The version that is a deletion answers 410.
#include <fmt/format.h>

#include "api/evidence.h"
#include "api/interactions.h"
#include "api/stored.h"

namespace holdfast::api {

Result<Reply> vread(const Parts& parts, const Call& call, const node::Moment& moment) {
  TRY_OK(check_parameters(call, {"_summary", "_elements"}));
  const Match& match = call.match;
  const auto version = parse_count(match.version);
  if (!version || *version == 0) {
    return fail(Code::not_found,
                fmt::format("there is no version '{}' of {}/{}: versions are numbers from 1",
                            match.version, fhir::name(match.type), match.id));
  }
  TRY(views::Body body, stored_version(parts, moment, match.type, match.id, Version{*version}));
  TRY_OK(fill_data(parts, moment, body));
  return show(parts, call, std::move(body));
}

}  // namespace holdfast::api
