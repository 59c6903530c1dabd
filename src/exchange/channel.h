// exchange/channel.h: ways out: where messages go, which changes of the record make one, and what
// becomes of those that a neighbour does not take. As an operator describes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "exchange/neighbour.h"
#include "hl7v2/charset.h"
#include "hl7v2/filter.h"
#include "hl7v2/rendering/render.h"
#include "hl7v2/time.h"
#include "model/channel_words.h"

namespace holdfast::exchange {

enum class ChannelKind : std::uint8_t {
  mllp,    ///< HL7 v2 over MLLP, to "host:port"
  fhir,    ///< each version put to a FHIR R4 server, at its base URL
  folder,  ///< HL7 v2, a file each, in a folder
};

/// What becomes of a message that the neighbour says it cannot or will not take (AE, AR), or that
/// cannot be made. Whatever it is, somebody gets an item.
enum class OnRefusal : std::uint8_t {
  hold,   ///< it waits for somebody, and holds what comes after it of the same patient
  skip,   ///< it is not sent; the others go on
  retry,  ///< it is sent again and again, as if nobody had answered; its item is the channel's
};

/// Which changes are sent: versions of a type that a FHIRPath holds of, or messages as they came.
struct Route {
  std::string type;                      ///< FHIR resource type; empty: messages
  std::string when;                      ///< FHIRPath on the new version; empty: each
  std::optional<hl7v2::Filter> message;  ///< of messages: passed on as they came
  std::vector<std::string> from;         ///< of messages: of these neighbours; empty: of all
};

/// A connection over TLS, as PEM files of the machine. The receiver's certificate is always
/// verified.
struct ChannelTls {
  bool on = false;
  std::string ca;           ///< who vouches for the receiver
  std::string certificate;  ///< ours; empty: none is shown
  std::string key;
  std::string name;  ///< whom its certificate has to be for; empty: the host of `to`
};

struct Channel {
  std::string name;       ///< in the configuration, in metrics; Endpoint/channel-NAME
  std::string title;      ///< for people; the name where there is none
  std::string neighbour;  ///< whose it is: what came from there is not sent back. May be empty
  ChannelKind kind = ChannelKind::mllp;
  std::string to;
  ChannelTls tls;
  std::uint32_t lanes =
      1;  ///< connections at once, 1 to lanes_max; of one patient one after another
  /// Its messages are numbered (MSH-13): exchange/link_numbers.h. One lane, and one order: what is
  /// held holds all that comes after it.
  bool sequence = false;
  std::string owner = "integration";
  /// All of the header that is the same for each message; no overlay, id or time.
  hl7v2::Envelope envelope;
  Duration answer_time_max = seconds(30);
  Duration pause_min = seconds(1);  ///< after a failure; doubled with each, up to
  Duration pause_max = seconds(60);
  OnRefusal on_error = OnRefusal::hold;   ///< AE, CE
  OnRefusal on_reject = OnRefusal::hold;  ///< AR, CR, and what cannot be made
  /// Its neighbour does what orders ask for: of those whose routes take an order, the first is its
  /// provider, and nobody else is (docs/adr/0026).
  bool provider = false;
  std::vector<Route> routes;
};
constexpr std::uint32_t lanes_max = 64;

/// All of them. Immutable; from any thread.
class Channels {
 public:
  /// Code::usage names the channel and what is wrong with it: names (letters, digits, '-' and '.',
  /// at most 48), what is missing, neighbours that are not there, expressions that mean nothing.
  [[nodiscard]] static Result<Channels> of(std::vector<Channel> all, const Neighbours& neighbours);

  [[nodiscard]] const std::vector<Channel>& all() const { return all_; }
  [[nodiscard]] const Channel* named(std::string_view name) const;

 private:
  std::vector<Channel> all_;
};

}  // namespace holdfast::exchange
