// base/result.h: failure is a value. A function that can fail says so in its type.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast {

/// What kind of failure it is. Only `api/` turns a Code into an HTTP status and an
/// OperationOutcome issue type; only `exchange/` into an HL7 acknowledgement.
enum class Code : std::uint8_t {
  syntax,            ///< the bytes are not the language they claim to be (JSON, HTTP, a date)
  structure,         ///< an element that is unknown, repeated or of the wrong kind
  required,          ///< an element or value that must be there is missing
  value,             ///< a primitive outside its type's value space
  invariant,         ///< content that breaks a rule of its definition
  code_invalid,      ///< a code outside the value set that its element is bound to
  remark,            ///< no failure: what else was found; only in Error::more
  unsupported,       ///< understood, but this server does not do it
  unknown_type,      ///< no such resource type in FHIR R4
  not_found,         ///< no such resource, version or route
  deleted,           ///< it was there and has been deleted
  conflict,          ///< the version named by the caller is not the current one
  precondition,      ///< a precondition of the caller does not hold
  mismatch,          ///< the content names another resource than the request means
  multiple_matches,  ///< a condition selected more than one resource
  unmatched,         ///< a conditional or urn:uuid reference selected nothing
  key_reused,        ///< the idempotency key was used before with other content
  expired,           ///< a page link or proof that is no longer kept
  too_large,         ///< over a stated limit of bytes, depth or count
  too_costly,        ///< would exceed the budget of time or candidates
  media_type,        ///< a Content-Type or Accept that this server does not speak
  method,            ///< an HTTP method that this address does not take
  forbidden,         ///< the caller may not
  overloaded,        ///< admission is full now; the same request may go through later
  unavailable,       ///< this node cannot write (or read) now, and says why
  timeout,           ///< a deadline passed
  closed,            ///< the other side, or we, closed the connection
  io,                ///< the operating system refused; the errno is in the text
  no_space,          ///< the disk is full
  corrupt,           ///< bytes that we wrote are not what we wrote
  usage,             ///< a command line or configuration that makes no sense
};

/// Stable lower-case name of a code, for logs and metrics.
std::string_view name(Code code);

/// One failure: what happened, to which thing, and what to do.
struct Error {
  Code code{};
  std::string what;         ///< a sentence for a person, without a trailing full stop
  std::string where;        ///< FHIRPath location, file and offset, or empty
  std::vector<Error> more;  ///< further failures found in the same pass (validation)
};

/// A value or an Error. Must be looked at.
template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

/// `return fail(Code::corrupt, "hash chain broken");`
[[nodiscard]] inline std::unexpected<Error> fail(Code code, std::string what,
                                                 std::string where = {}) {
  return std::unexpected(Error{code, std::move(what), std::move(where), {}});
}
[[nodiscard]] inline std::unexpected<Error> fail(Error error) {
  return std::unexpected(std::move(error));
}

/// `return ok();` / `co_return ok();` ends a function that has nothing to say.
[[nodiscard]] inline Result<void> ok() { return {}; }

/// Fails with Code::io (or no_space for ENOSPC/EDQUOT): "write journal/0001: No space left (28)".
[[nodiscard]] std::unexpected<Error> fail_errno(int error_number, std::string doing);

}  // namespace holdfast

// TRY(auto x, f());      x = value, or return the error
// TRY_OK(f());           for Result<void>
// CO_TRY, CO_TRY_OK      the same in a coroutine: CO_TRY(auto x, co_await f());
#define HOLDFAST_JOIN_(a, b) a##b
#define HOLDFAST_JOIN(a, b) HOLDFAST_JOIN_(a, b)
#define HOLDFAST_TRY_(tmp, ret, declaration, ...) \
  auto tmp = (__VA_ARGS__);                       \
  if (!tmp) [[unlikely]] {                        \
    ret std::unexpected(std::move(tmp).error());  \
  }                                               \
  declaration = *std::move(tmp)
#define HOLDFAST_TRY_OK_(tmp, ret, ...)          \
  auto tmp = (__VA_ARGS__);                      \
  if (!tmp) [[unlikely]] {                       \
    ret std::unexpected(std::move(tmp).error()); \
  }
#define TRY(declaration, ...) \
  HOLDFAST_TRY_(HOLDFAST_JOIN(try_, __COUNTER__), return, declaration, __VA_ARGS__)
#define TRY_OK(...) HOLDFAST_TRY_OK_(HOLDFAST_JOIN(try_, __COUNTER__), return, __VA_ARGS__)
#define CO_TRY(declaration, ...) \
  HOLDFAST_TRY_(HOLDFAST_JOIN(try_, __COUNTER__), co_return, declaration, __VA_ARGS__)
#define CO_TRY_OK(...) HOLDFAST_TRY_OK_(HOLDFAST_JOIN(try_, __COUNTER__), co_return, __VA_ARGS__)
