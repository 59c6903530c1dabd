// exchange/neighbour.h: the systems that we exchange with, as an operator describes them: how a
// message shows that it is theirs, how it is to be read, and who looks after what goes wrong.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "hl7v2/charset.h"
#include "hl7v2/filter.h"
#include "hl7v2/mapping/overlay.h"
#include "world/stream.h"

namespace holdfast::exchange {

/// MSH-3 and MSH-4 by their first components. An empty facility: any.
struct Sender {
  std::string application;
  std::string facility;
};

/// HL7 table 0103: what MSH-11 must say. A channel takes one of them: a test message must never
/// reach a live record, nor the other way round.
enum class Processing : char { production = 'P', training = 'T', debugging = 'D' };

/// What becomes of its messages.
enum class Take : std::uint8_t {
  map,      ///< into the record
  evidence  ///< kept, acknowledged, not looked into: a pass-through
};

/// What an order is answered with.
enum class AnswerOrders : std::uint8_t {
  acknowledge,  ///< ACK, as any message
  order         ///< ORR, ORL, ORG or ORI, with an ORC for each order: chapter 4 of the standard
};

struct Neighbour {
  std::string name;             ///< in the configuration, in metrics, in evidence: "lab"
  std::string title;            ///< for people; the name where there is none
  std::vector<Sender> senders;  ///< at least one
  /// Addresses that it calls from, "10.1.2.3"; empty: any.
  std::vector<std::string> addresses;
  /// Certificates that it shows, each by its SHA-256 or by its CN or a DNS name; empty: it need
  /// not.
  std::vector<std::string> certificates;
  Processing processing = Processing::production;
  Take take = Take::map;
  bool sequence = false;  ///< numbered (MSH-13), and taken in that order only: numbering.h
  /// What an order of its is answered with, beside or instead of an acknowledgement: order_answer.h
  AnswerOrders answer_orders = AnswerOrders::acknowledge;
  hl7v2::Charset charset = hl7v2::Charset::utf8;  ///< where MSH-18 says nothing
  /// Of its messages only these are for us; others are kept, acknowledged and not looked into.
  std::optional<hl7v2::Filter> filter;
  std::string owner = "integration";  ///< the team whose work-list gets what goes wrong
  hl7v2::Overlay overlay;
  hl7v2::IdentifierPolicy identifiers;
};

/// Whether a neighbour or team may be called that: 1 to 64 letters, digits, '-', '_' and '.'. Names
/// become part of URIs, labels and file names.
[[nodiscard]] bool is_name(std::string_view text);

/// Where a message came from, as far as its connection shows.
struct Caller {
  std::string address;                                 ///< "10.1.2.3:4711"
  std::shared_ptr<const PeerCertificate> certificate;  ///< null: it showed none
};

/// Why a message is not taken as anybody's.
enum class Stranger : std::uint8_t { unknown_sender, wrong_address, wrong_certificate };

/// All of them. Immutable; from any thread.
class Neighbours {
 public:
  /// Code::usage where two have one name, or would claim the same sender from the same address, or
  /// where a certificate is named by nothing that one can have.
  [[nodiscard]] static Result<Neighbours> of(std::vector<Neighbour> all);

  /// Who sends with that MSH-3 and MSH-4 from there. A sender with a facility goes before one
  /// without.
  [[nodiscard]] std::expected<const Neighbour*, Stranger> find(std::string_view application,
                                                               std::string_view facility,
                                                               const Caller& caller) const;
  [[nodiscard]] const std::vector<Neighbour>& all() const { return all_; }
  [[nodiscard]] const Neighbour* named(std::string_view name) const;

 private:
  std::vector<Neighbour> all_;
};

}  // namespace holdfast::exchange
