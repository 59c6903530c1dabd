// exchange/incoming.h: one message as it came, read as far as it takes to know whose it is and
// whether it may be taken. Inside this folder.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "base/hash.h"
#include "exchange/answer.h"
#include "exchange/neighbour.h"
#include "exchange/numbering.h"
#include "hl7v2/charset.h"
#include "hl7v2/message.h"

namespace holdfast::exchange {

/// Does not move: it looks into its own bytes.
struct Incoming {
  Incoming(const Neighbours& neighbours, const Caller& caller, Bytes received);
  /// One that was that neighbour's when it came, wherever it came from.
  Incoming(const Neighbour& known, Bytes received);
  Incoming(const Incoming&) = delete;
  Incoming& operator=(const Incoming&) = delete;

  std::string peer;
  std::string certificate;  ///< the subject of the one that the connection showed; empty: none
  Bytes bytes;
  Hash hash;
  hl7v2::Decoded decoded;                 ///< over bytes
  std::optional<hl7v2::Message> message;  ///< over decoded; none where there is no header
  const Neighbour* neighbour = nullptr;   ///< null: a stranger
  std::string type;                       ///< "ORU^R01"
  std::string control_id;
  std::optional<std::int64_t> sequence;  ///< MSH-13 of a neighbour that numbers its messages
  std::optional<Refusal> refusal;

  /// It speaks of numbers only (section 2.10.1 f: segments behind MSH say nothing).
  [[nodiscard]] bool is_about_link() const { return sequence && *sequence <= sequence_start; }
  [[nodiscard]] AnswerOrders answer_orders() const {
    return neighbour == nullptr ? AnswerOrders::acknowledge : neighbour->answer_orders;
  }
  [[nodiscard]] std::string_view neighbour_name() const {
    return neighbour == nullptr ? std::string_view() : neighbour->name;
  }
  /// "ORU^R01 M1 of lab", for sentences.
  [[nodiscard]] std::string named() const;

 private:
  /// `parsed` is there.
  void look(std::expected<const Neighbour*, Stranger> found, std::optional<hl7v2::Message> parsed);
  void look_at_number();
  /// Section 2.10.1 is about what a sender initiates: an answer may have no number.
  [[nodiscard]] bool needs_number() const;
};

}  // namespace holdfast::exchange
