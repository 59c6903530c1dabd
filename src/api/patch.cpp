// api/patch.cpp: https://hl7.org/fhir/R4/http.html#patch, by id or by a condition. What is patched
// is the version that is current when the patch is decided, or that If-Match names.
#include "api/interactions.h"
#include "api/patching.h"
#include "api/writing.h"

namespace holdfast::api {

Task<Reply> patch(const Parts& parts, Call& call, Executor& on) {
  const auto content = patch_content(call.request.headers);
  if (!content) {
    Reply refused = refusal(content.error(), Origin::content);
    refused.headers.add("Accept-Patch", accept_patch());  // RFC 5789 section 2.2
    co_return refused;
  }
  co_return co_await patch_one(parts, call, on, *content, show_written);
}

}  // namespace holdfast::api
