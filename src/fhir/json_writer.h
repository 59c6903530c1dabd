// fhir/json_writer.h: writes the JSON that we make ourselves: Bundles, outcomes, statements, items.
// Resources go in as the bytes that they are. Commas are put by the writer; nesting is the caller's
// care.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "fhir/json.h"

namespace holdfast::fhir {

class JsonWriter {
 public:
  JsonWriter() = default;
  explicit JsonWriter(std::size_t expected_bytes) { bytes_.reserve(expected_bytes); }

  /// A container as the root or as an element of an array.
  void open(char bracket) {
    separate();
    bytes_.push_back(bracket);
  }
  /// A container as a member: `open("entry", '[')`.
  void open(std::string_view key, char bracket) {
    name(key);
    bytes_.push_back(bracket);
  }
  void close(char bracket) { bytes_.push_back(bracket); }

  void text(std::string_view key, std::string_view value) {
    name(key);
    quoted(value);
  }
  void number(std::string_view key, std::uint64_t value) {
    name(key);
    bytes_.append(std::to_string(value));
  }
  void boolean(std::string_view key, bool value) {
    name(key);
    bytes_.append(value ? "true" : "false");
  }
  /// JSON that is JSON already: a stored resource.
  void raw(std::string_view key, BytesView json) {
    name(key);
    bytes_.append(json);
  }
  /// A string as an element of an array.
  void text(std::string_view value) {
    separate();
    quoted(value);
  }
  void raw(BytesView json) {
    separate();
    bytes_.append(json);
  }

  /// Elements or members that another writer wrote, commas between them included.
  void fragment(BytesView json) { bytes_.append(json); }

  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] Bytes take() { return std::move(bytes_); }

 private:
  void separate() {
    // What we open is followed by nothing else that ends in a bracket of this kind: a string ends
    // in a quote.
    if (!bytes_.empty() && bytes_.back() != '{' && bytes_.back() != '[') {
      bytes_.push_back(',');
    }
  }
  void name(std::string_view key) {
    separate();
    bytes_.push_back('"');
    bytes_.append(key);
    bytes_.append("\":");
  }
  void quoted(std::string_view value) {
    bytes_.push_back('"');
    append_json_escaped(bytes_, value);
    bytes_.push_back('"');
  }

  Bytes bytes_;
};

}  // namespace holdfast::fhir
