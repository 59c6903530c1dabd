#include "api/bundle_plan.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "fhir/check.h"

namespace holdfast::api {
namespace {

using fhir::Json;
using fhir::JsonValue;

std::string at_entry(std::size_t index) { return fmt::format("Bundle.entry[{}]", index); }

std::optional<std::string> text_of(const std::optional<JsonValue>& object, std::string_view key) {
  const auto member = object ? object->find(key) : std::nullopt;
  return member && member->is_string() ? std::optional(member->text()) : std::nullopt;
}

// The Bundle with each resource replaced by an empty Parameters, line ends kept: what is checked
// when a resource of a batch is faulty, since then the Bundle itself must be told from it.
Bytes without_resources(const Json& json) {
  const BytesView all = json.bytes();
  Bytes bare;
  bare.reserve(all.size());
  std::size_t copied = 0;
  for (const JsonValue entry : json.root().find("entry")->children()) {
    const auto resource = entry.find("resource");
    if (!resource || !resource->is_object()) {
      continue;
    }
    bare.append(all.substr(copied, resource->begin() - copied));
    bare.append(R"({"resourceType":"Parameters"})");
    const BytesView dropped = resource->raw();
    bare.append(static_cast<std::size_t>(std::count(dropped.begin(), dropped.end(), '\n')), '\n');
    copied = resource->end();
  }
  bare.append(all.substr(copied));
  return bare;
}

// Faults by entry of a Bundle whose own structure is sound. Before minify(): lines are the
// sender's.
using Faults = std::vector<std::optional<Error>>;

Result<Faults> check_bundle(ReaderPool::Lease& reader, const Json& json, BundleKind kind) {
  const auto entries = json.root().find("entry");
  Faults faults(entries && entries->is_array() ? entries->size() : 0);
  auto all = fhir::check_resource(json.root());
  if (all) {
    return faults;
  }
  if (kind == BundleKind::transaction || faults.empty()) {
    return std::unexpected(std::move(all).error());
  }
  std::size_t index = 0;
  for (const JsonValue entry : entries->children()) {
    if (const auto resource = entry.find("resource"); resource && resource->is_object()) {
      if (auto checked = fhir::check_resource(*resource); !checked) {
        faults[index] = std::move(checked).error();
      }
    }
    ++index;
  }
  TRY(const Json bare, reader->read(without_resources(json)));
  TRY_OK(fhir::check_resource(bare.root()));
  return faults;
}

Result<BundleKind> kind_of(JsonValue bundle) {
  TRY(const fhir::TypeId type, fhir::type_of(bundle));
  if (fhir::name(type) != "Bundle") {
    return fail(Code::structure,
                fmt::format("this address takes a Bundle of type batch or transaction, not a {}",
                            fhir::name(type)),
                "resourceType");
  }
  const auto text = text_of(bundle, "type");
  if (text == "transaction") {
    return BundleKind::transaction;
  }
  if (text == "batch") {
    return BundleKind::batch;
  }
  return fail(Code::value,
              fmt::format("this address takes a Bundle of type batch or transaction{}",
                          text ? fmt::format(", not {}", *text) : std::string()),
              "Bundle.type");
}

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
      case Interaction::remove: {
        planned.kind = BundleEntry::Kind::write;
        TRY_OK(read_write(planned));
        return planned;
      }
      case Interaction::read:
      case Interaction::vread:
      case Interaction::history:
      case Interaction::history_type:
      case Interaction::history_system:
      case Interaction::search:
      case Interaction::compartment:
      case Interaction::capabilities: {
        planned.kind = BundleEntry::Kind::reading;
        TRY_OK(read_reading(planned));
        return planned;
      }
      default:
        return fail(Code::unsupported,
                    fmt::format("{} {} cannot be an entry of a Bundle", method_text_, url_),
                    "request.url");
    }
  }

 private:
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
    if (method_ == Method::patch) {
      return fail(Code::unsupported, "PATCH is not supported; read, change, and PUT with ifMatch",
                  "request.method");
    }
    auto target = target_of(url_, base_);
    if (!target) {
      target.error().where = "request.url";
      return std::unexpected(std::move(target).error());
    }
    target_ = *std::move(target);
    const std::size_t mark = target_.find('?');
    const bool query = mark != std::string::npos;
    if (query && method_ != Method::get && method_ != Method::head) {
      return fail(Code::unsupported,
                  fmt::format("{} with a condition in its url ('{}') is not supported; name the id",
                              method_text_, url_.substr(0, 200)),
                  "request.url");
    }
    auto matched = match(method_, std::string_view(target_).substr(0, mark));
    if (!matched) {
      matched.error().where = "request.url";
      // Of the content, not of the address: an unknown type there is a fault of the Bundle.
      return std::unexpected(std::move(matched).error());
    }
    match_ = *std::move(matched);
    return ok();
  }

  // A condition that would not be looked at must not be there.
  Result<void> check_conditions() const {
    const bool get = method_ == Method::get || method_ == Method::head;
    const bool post = method_ == Method::post;
    const auto misplaced = [this](std::string_view name, bool fits) {
      return request_->find(name) && !fits;
    };
    for (const auto& [name, fits] :
         std::initializer_list<std::pair<std::string_view, bool>>{{"ifMatch", !get && !post},
                                                                  {"ifNoneExist", post},
                                                                  {"ifNoneMatch", get},
                                                                  {"ifModifiedSince", get}}) {
      if (misplaced(name, fits)) {
        return fail(Code::unsupported, fmt::format("{} means nothing for {}", name, method_text_),
                    fmt::format("request.{}", name));
      }
    }
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
    operation.condition = text_of(request_, "ifNoneExist").value_or("");
    if (const auto tag = text_of(request_, "ifMatch")) {
      auto version = if_match(*tag);
      if (!version) {
        version.error().where = "request.ifMatch";
        return std::unexpected(std::move(version).error());
      }
      operation.if_match = *version;
    }
    const auto resource = entry_.find("resource");
    if (match_.interaction == Interaction::remove) {
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
    const bool creates = match_.interaction == Interaction::create;
    operation.verb = creates ? Verb::create : Verb::update;
    if (creates) {
      operation.id = new_uuid(parts_.random);
    }
    operation.body = resource->raw();
    planned.prepared = decide::prepare_operation(match_.type, *resource);
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

  const Parts& parts_;
  const std::string_view base_;
  const BundleKind kind_;
  const JsonValue entry_;
  const std::optional<JsonValue> request_;
  std::string method_text_;
  std::string url_;
  std::string target_;
  Method method_{};
  Match match_;
};

// "request.url" becomes "Bundle.entry[3].request.url"; what begins at the Bundle stays.
Error located(Error error, std::size_t index) {
  const std::string entry = at_entry(index);
  const auto locate = [&entry](std::string& where) {
    if (where.empty()) {
      where = entry;
    } else if (!where.starts_with("Bundle")) {
      where = fmt::format("{}.{}", entry, where);
    }
  };
  locate(error.where);
  for (Error& further : error.more) {
    locate(further.where);
  }
  return error;
}

// https://hl7.org/fhir/R4/bundle.html: invariant bdl-7, without the case of versions.
void refuse_same_names(std::vector<BundleEntry>& entries, const std::vector<std::string>& names) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (!names[i].empty() && !seen.insert(names[i]).second &&
        entries[i].kind != BundleEntry::Kind::refused) {
      entries[i].kind = BundleEntry::Kind::refused;
      entries[i].error = Error{Code::structure,
                               fmt::format("another entry has the same fullUrl {}", names[i]),
                               at_entry(i) + ".fullUrl",
                               {}};
    }
  }
}

Result<void> refuse_any(std::vector<BundleEntry>& entries) {
  std::optional<Error> first;
  for (BundleEntry& entry : entries) {
    if (entry.kind != BundleEntry::Kind::refused) {
      continue;
    }
    if (!first) {
      first = std::move(entry.error);
    } else if (first->more.size() < issues_max) {
      first->more.push_back(std::move(entry.error));
    }
  }
  return first ? Result<void>(std::unexpected(*std::move(first))) : ok();
}

}  // namespace

Result<BundlePlan> plan_bundle(const Parts& parts, std::string_view base, Bytes body) {
  ReaderPool::Lease reader = parts.readers.take();
  TRY(Json json, reader->read(std::move(body)));
  BundlePlan plan;
  TRY(plan.kind, kind_of(json.root()));
  const auto listed = json.root().find("entry");
  if (listed && listed->is_array() && listed->size() > bundle_entries_max) {
    return fail(
        Code::too_large,
        fmt::format("{} entries in one Bundle; at most {}", listed->size(), bundle_entries_max),
        "Bundle.entry");
  }
  TRY(Faults faults, check_bundle(reader, json, plan.kind));
  json.minify();
  plan.entries.resize(faults.size());
  std::vector<std::string> names(faults.size());
  std::size_t readings = 0;
  std::size_t index = 0;
  if (const auto entries = json.root().find("entry")) {
    for (const JsonValue entry : entries->children()) {
      BundleEntry& planned = plan.entries[index];
      names[index] = text_of(entry, "fullUrl").value_or("");
      if (faults[index]) {
        planned.error = located(*std::move(faults[index]), index);
      } else if (auto read = EntryReader(parts, base, plan.kind, entry).read(); read) {
        planned = *std::move(read);
        readings += planned.kind == BundleEntry::Kind::reading ? 1 : 0;
      } else {
        planned.error = located(std::move(read).error(), index);
      }
      ++index;
    }
  }
  if (readings > bundle_reads_max) {
    return fail(Code::too_large,
                fmt::format("{} GETs in one Bundle; at most {}", readings, bundle_reads_max),
                "Bundle.entry");
  }
  refuse_same_names(plan.entries, names);
  if (plan.kind == BundleKind::transaction) {
    TRY_OK(refuse_any(plan.entries));
  }
  return plan;
}

}  // namespace holdfast::api
