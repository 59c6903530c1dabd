#include "base/result.h"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace holdfast {

std::string_view name(Code code) {
  switch (code) {
    case Code::syntax: return "syntax";
    case Code::structure: return "structure";
    case Code::required: return "required";
    case Code::value: return "value";
    case Code::invariant: return "invariant";
    case Code::code_invalid: return "code-invalid";
    case Code::remark: return "remark";
    case Code::unsupported: return "unsupported";
    case Code::unknown_type: return "unknown-type";
    case Code::not_found: return "not-found";
    case Code::deleted: return "deleted";
    case Code::conflict: return "conflict";
    case Code::precondition: return "precondition";
    case Code::mismatch: return "mismatch";
    case Code::multiple_matches: return "multiple-matches";
    case Code::unmatched: return "unmatched";
    case Code::key_reused: return "key-reused";
    case Code::expired: return "expired";
    case Code::too_large: return "too-large";
    case Code::too_costly: return "too-costly";
    case Code::media_type: return "media-type";
    case Code::method: return "method";
    case Code::forbidden: return "forbidden";
    case Code::overloaded: return "overloaded";
    case Code::unavailable: return "unavailable";
    case Code::timeout: return "timeout";
    case Code::closed: return "closed";
    case Code::io: return "io";
    case Code::no_space: return "no-space";
    case Code::corrupt: return "corrupt";
    case Code::usage: return "usage";
  }
  return "unknown";
}

std::unexpected<Error> fail_errno(int error_number, std::string doing) {
  const Code code = error_number == ENOSPC || error_number == EDQUOT ? Code::no_space : Code::io;
  return fail(code, fmt::format("{}: {} (errno {})", doing,
                                std::generic_category().message(error_number), error_number));
}

}  // namespace holdfast
