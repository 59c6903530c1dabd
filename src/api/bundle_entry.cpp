#include "api/bundle_entry.h"

#include <utility>

#include <fmt/format.h>

#include "api/condition.h"
#include "fhir/check.h"
#include "fhir/subset.h"

namespace holdfast::api {
namespace {

using fhir::JsonValue;

// The path of an entry's url below the base, and the address that routes know it by.
Result<std::string> target_of(std::string_view url, std::string_view base) {
  if (!base.empty() && url.starts_with(base) && url.substr(base.size()).starts_with('/')) {
    url.remove_prefix(base.size() + 1);
  } else if (url.starts_with('/')) {
    url.remove_prefix(1);
  }
  if (url.empty() || url.find("://") < url.find('?')) {
    return fail(Code::unsupported,
                fmt::format("url '{}' is not below the base of this server", url.substr(0, 200)));
  }
  return fmt::format("/fhir/{}", url);
}

// One entry on its way into the plan.
class EntryReader {
 public:
  EntryReader(const Parts& parts, std::string_view base, BundleKind kind, JsonValue entry)
      : parts_(parts), base_(base), kind_(kind), entry_(entry), request_(entry.find("request")) {}

  Result<BundleEntry> read() {
    TRY_OK(read_address());
    TRY_OK(check_conditions());
    BundleEntry planned;
    planned.match = match_;
    switch (match_.interaction) {
      case Interaction::create:
      case Interaction::update:
      case Interaction::update_selected:
      case Interaction::remove:
      case Interaction::remove_selected: {
        planned.kind = BundleEntry::Kind::write;
        TRY_OK(read_write(planned));
        return planned;
      }
      case Interaction::patch:
      case Interaction::patch_selected: {
        planned.kind = BundleEntry::Kind::write;
        TRY_OK(read_patch(planned));
        return planned;
      }
      case Interaction::validate: {
        planned.kind = BundleEntry::Kind::reading;
        TRY_OK(read_validation(planned));
        return planned;
      }
      case Interaction::expand:
      case Interaction::validate_in_set:
      case Interaction::validate_in_system:
      case Interaction::lookup:
      case Interaction::subsumes:
      case Interaction::translate:
      case Interaction::everything_patient:
      case Interaction::everything_encounter:
        if (method_ != Method::get) {
          return no_entry();
        }
        [[fallthrough]];
      case Interaction::read:
      case Interaction::vread:
      case Interaction::history:
      case Interaction::history_type:
      case Interaction::history_system:
      case Interaction::search:
      case Interaction::compartment:
      case Interaction::explain:
      case Interaction::explain_all:
      case Interaction::meta:
      case Interaction::meta_system:
      case Interaction::channel_queue:
      case Interaction::channel_sent:
      case Interaction::whereabouts:
      case Interaction::open_duties:
      case Interaction::pending:
      case Interaction::oversight:
      case Interaction::ledger:
      case Interaction::work_list:
      case Interaction::capabilities: {
        planned.kind = BundleEntry::Kind::reading;
        TRY_OK(read_reading(planned));
        return planned;
      }
      default: return no_entry();
    }
  }

 private:
  [[nodiscard]] std::unexpected<Error> no_entry() const {
    return fail(Code::unsupported,
                fmt::format("{} {} cannot be an entry of a Bundle", method_text_, url_),
                "request.url");
  }

  Result<void> read_address() {
    const auto method = text_of(request_, "method");
    const auto url = text_of(request_, "url");
    if (!method || !url) {
      return fail(Code::required,
                  "an entry of a batch or transaction has request.method and request.url",
                  "request");
    }
    method_text_ = *method;
    url_ = *url;
    method_ = method_named(method_text_);
    auto target = target_of(url_, base_);
    if (!target) {
      target.error().where = "request.url";
      return std::unexpected(std::move(target).error());
    }
    target_ = *std::move(target);
    const std::size_t mark = target_.find('?');
    auto matched = match(method_, std::string_view(target_).substr(0, mark));
    if (!matched) {
      matched.error().where = "request.url";
      // Of the content, not of the address: an unknown type there is a fault of the Bundle.
      return std::unexpected(std::move(matched).error());
    }
    match_ = *std::move(matched);
    return read_condition(mark == std::string::npos ? std::string_view()
                                                    : std::string_view(target_).substr(mark + 1));
  }

  Result<void> read_condition(std::string_view query) {
    const bool get = method_ == Method::get || method_ == Method::head;
    if (match_.interaction == Interaction::update_selected ||
        match_.interaction == Interaction::patch_selected ||
        match_.interaction == Interaction::remove_selected) {
      auto condition = address_condition(parts_, match_.type, query);
      if (!condition) {
        condition.error().where = "request.url";
        return std::unexpected(std::move(condition).error());
      }
      condition_ = *std::move(condition);
    } else if (!get && !query.empty() && match_.interaction != Interaction::validate) {
      return fail(Code::unsupported,
                  fmt::format("{} {} takes no parameters", method_text_, url_.substr(0, 200)),
                  "request.url");
    }
    return ok();
  }

  // A condition that would not be looked at must not be there.
  Result<void> check_conditions() const {
    const bool get = method_ == Method::get || method_ == Method::head;
    const bool post = method_ == Method::post;
    const bool writes = post && match_.interaction != Interaction::validate;
    const auto misplaced = [this](std::string_view name, bool fits) {
      return request_->find(name) && !fits;
    };
    for (const auto& [name, fits] :
         std::initializer_list<std::pair<std::string_view, bool>>{{"ifMatch", !get && !post},
                                                                  {"ifNoneExist", writes},
                                                                  {"ifNoneMatch", get},
                                                                  {"ifModifiedSince", get}}) {
      if (misplaced(name, fits)) {
        return fail(Code::unsupported, fmt::format("{} means nothing for {}", name, method_text_),
                    fmt::format("request.{}", name));
      }
    }
    return ok();
  }

  Result<std::optional<Version>> read_if_match() const {
    const auto tag = text_of(request_, "ifMatch");
    if (!tag) {
      return std::optional<Version>();
    }
    auto version = if_match(*tag);
    if (!version) {
      version.error().where = "request.ifMatch";
    }
    return version;
  }

  // https://hl7.org/fhir/R4/http.html#patch: JSON Patch and XML Patch come as a Binary, FHIRPath
  // Patch as the Parameters that it is.
  Result<void> read_patch(BundleEntry& planned) const {
    if (kind_ == BundleKind::batch) {
      planned.hash = sha256(entry_.raw());
    }
    Patch& patch = planned.patch.emplace();
    patch.type = match_.type;
    patch.id = match_.id;
    patch.condition = condition_;
    patch.full_url = text_of(entry_, "fullUrl").value_or("");
    TRY(patch.if_match, read_if_match());
    const auto resource = entry_.find("resource");
    if (resource && text_of(resource, "resourceType") == "Parameters") {
      patch.form = PatchForm::fhirpath_patch;
      return keep_document(patch, "resource", Bytes(resource->raw()));
    }
    const auto type = text_of(resource, "contentType");
    const auto form = type ? patch_form_named(*type) : std::nullopt;
    if (!resource || text_of(resource, "resourceType") != "Binary" || !form) {
      return fail(Code::unsupported,
                  fmt::format("a PATCH brings Parameters (FHIRPath Patch), or a Binary with the "
                              "contentType {} or {}",
                              patch_types[0], patch_types[1]),
                  "resource");
    }
    patch.form = *form;
    std::string data = text_of(resource, "data").value_or("");
    std::erase_if(data, [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; });
    auto bytes = from_base64(data);
    return bytes ? keep_document(patch, "resource.data", *std::move(bytes))
                 : Result<void>(fail(Code::value, "the data is not base64", "resource.data"));
  }

  Result<void> keep_document(Patch& patch, std::string_view where, Bytes text) const {
    auto document = read_patch_document(parts_, {patch.form, Format::json}, std::move(text));
    if (!document) {
      document.error().where = where;
      return fail(std::move(document).error());
    }
    patch.document = *std::move(document);
    return ok();
  }

  Result<void> read_write(BundleEntry& planned) const {
    if (kind_ == BundleKind::batch) {
      planned.hash = sha256(entry_.raw());
    }
    Operation& operation = planned.operation;
    operation.type = fhir::name(match_.type);
    operation.id = match_.id;
    operation.full_url = text_of(entry_, "fullUrl").value_or("");
    operation.condition =
        condition_.empty() ? text_of(request_, "ifNoneExist").value_or("") : condition_;
    TRY(operation.if_match, read_if_match());
    const auto resource = entry_.find("resource");
    if (method_ == Method::remove) {
      operation.verb = Verb::remove;
      planned.prepared.type = match_.type;
      return resource
                 ? Result<void>(fail(Code::structure, "a DELETE brings no resource", "resource"))
                 : ok();
    }
    if (!resource) {
      return fail(Code::required, fmt::format("a {} brings a resource", method_text_), "resource");
    }
    TRY_OK(check_identity(*resource));
    if (auto whole = fhir::check_whole(*resource); !whole) {
      whole.error().where = "resource." + whole.error().where;
      return whole;
    }
    const bool creates = match_.interaction == Interaction::create;
    operation.verb = creates ? Verb::create : Verb::update;
    if (operation.id.empty()) {
      const auto named = creates ? std::nullopt : text_of(resource, "id");
      operation.id = named ? *named : new_uuid(parts_.random);
    }
    operation.body = resource->raw();
    planned.prepared = decide::prepare_operation(match_.type, *resource, parts_.node.extracting());
    return ok();
  }

  Result<void> check_identity(JsonValue resource) const {
    TRY(const fhir::TypeId type, fhir::type_of(resource));
    if (type != match_.type) {
      return fail(Code::structure,
                  fmt::format("a {} cannot be stored at {}", fhir::name(type), url_),
                  "resource.resourceType");
    }
    if (match_.interaction == Interaction::update && text_of(resource, "id") != match_.id) {
      return fail(Code::value,
                  fmt::format("the resource must name the id {} of its url", match_.id),
                  "resource.id");
    }
    return ok();
  }

  Result<void> read_reading(BundleEntry& planned) const {
    Request& request = planned.request;
    request.method = Method::get;
    request.method_text = "GET";
    request.target = target_;
    auto parameters = parse_parameters(request.query());
    if (!parameters) {
      parameters.error().where = "request.url";
      return std::unexpected(std::move(parameters).error());
    }
    planned.parameters = *std::move(parameters);
    if (const auto tag = text_of(request_, "ifNoneMatch")) {
      request.headers.add("If-None-Match", *tag);
    }
    if (const auto since = text_of(request_, "ifModifiedSince")) {
      request.headers.add("If-Modified-Since", *since);
    }
    return ok();
  }

  // Nothing is written, so it is answered with the GETs: a stored resource is validated as the
  // writes of the Bundle left it.
  Result<void> read_validation(BundleEntry& planned) const {
    TRY_OK(read_reading(planned));
    if (method_ != Method::post) {
      return ok();
    }
    if (kind_ == BundleKind::transaction) {
      return fail(Code::unsupported,
                  "$validate of what is sent cannot be an entry of a transaction, which fails as a "
                  "whole where a resource is faulty: send it in a batch",
                  "request.url");
    }
    planned.request.method = Method::post;
    planned.request.method_text = "POST";
    if (const auto resource = entry_.find("resource")) {
      planned.request.headers.add("Content-Type", fhir_json);
      planned.request.body = Bytes(resource->raw());
    }
    return ok();
  }

  const Parts& parts_;
  const std::string_view base_;
  const BundleKind kind_;
  const JsonValue entry_;
  const std::optional<JsonValue> request_;
  std::string method_text_;
  std::string url_;
  std::string target_;
  std::string condition_;
  Method method_{};
  Match match_;
};

}  // namespace

std::optional<std::string> text_of(const std::optional<JsonValue>& object, std::string_view key) {
  const auto member = object ? object->find(key) : std::nullopt;
  return member && member->is_string() ? std::optional(member->text()) : std::nullopt;
}

Result<BundleEntry> read_entry(const Parts& parts, std::string_view base, BundleKind kind,
                               fhir::JsonValue entry) {
  return EntryReader(parts, base, kind, entry).read();
}

}  // namespace holdfast::api
