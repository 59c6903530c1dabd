// rendering_timing FILE…: processor time to render what each of those HL7 v2 messages was mapped
// to, the best of many runs, with what came of it. Not a test: asserts nothing but that they can be
// read. With --show the resources, the messages and what these leave are printed instead.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string_view>

#include <time.h>

#include "hl7v2/batch.h"
#include "hl7v2/rendering/mapped_record.h"

namespace {

using namespace holdfast;

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

hl7v2::Envelope envelope_of(const hl7v2::Message& message) {
  hl7v2::Envelope envelope;
  envelope.sending_facility = "RXH";
  envelope.control_id = "1";
  envelope.version = message.find("SPM") ? "2.5.1" : "2.4";
  return envelope;
}

void show(hl7v2::MappedRecord& record, const hl7v2::Rendered& made) {
  for (const auto& [name, body] : record.resources) {
    fmt::print("{}\n{}\n", name, body);
  }
  for (const char c : made.bytes) {
    std::putchar(c == '\r' ? '\n' : c);
  }
  for (const hl7v2::Left& one : made.left) {
    fmt::print("left: {} {} {}\n", one.resource, one.path, one.value);
  }
}

void time_one(const hl7v2::Message& message, const hl7v2::Mapped& mapped, bool shows,
              std::string_view file) {
  hl7v2::MappedRecord record(mapped);
  fhir::JsonReader reader;
  const hl7v2::Envelope envelope = envelope_of(message);
  const std::string_view type = hl7v2::focus_type(mapped.trigger, mapped);
  for (const hl7v2::Draft& draft : mapped.drafts) {
    if (fhir::name(draft.type) != type) {
      continue;
    }
    const std::string focus = hl7v2::MappedRecord::name(mapped, draft.local);
    const auto made = hl7v2::render_mapped(envelope, record, focus, reader);
    if (!made) {
      fmt::print("no message of {} in {}\n", focus, file);
      continue;
    }
    if (shows) {
      show(record, *made);
      continue;
    }
    if (!render(envelope, record.resources[focus], std::nullopt, record, reader)) {
      continue;  // only a change makes a message of it
    }
    double best = 1e9;
    for (int i = 0; i < 300; ++i) {
      const double begun = thread_seconds();
      static_cast<void>(render(envelope, record.resources[focus], std::nullopt, record, reader));
      best = std::min(best, thread_seconds() - begun);
    }
    fmt::print("{:8.1f} us {:6} bytes {:5} values {:4} left {} {}\n", best * 1e6,
               made->bytes.size(), made->values, made->left.size(), made->type, file);
  }
}

int run(std::string_view file, bool shows) {
  std::ifstream stream{std::string(file), std::ios::binary};
  const Bytes bytes(std::istreambuf_iterator<char>(stream), {});
  const Result<hl7v2::Batch> batch = hl7v2::split_batch(bytes);
  const hl7v2::Overlay overlay;
  const hl7v2::IdentifierPolicy policy;
  for (const BytesView one : batch ? batch->messages : std::vector<BytesView>()) {
    const auto message = hl7v2::Message::parse(one);
    const auto mapped = message ? hl7v2::map(*message, {overlay, policy})
                                : Result<hl7v2::Mapped>(fail(Code::syntax, "no message"));
    if (!mapped) {
      fmt::print("{}: {}\n", file, mapped.error().what);
      continue;
    }
    time_one(*message, *mapped, shows, file.substr(file.rfind('/') + 1));
  }
  return batch ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  int failed = 0;
  bool shows = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--show") {
      shows = true;
    } else {
      failed |= run(word, shows);
    }
  }
  return failed;
}
