// exchange/mllp_client.h: one connection to a receiver: a message out, its acknowledgement in.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/planted.h"
#include "base/result.h"
#include "base/task.h"
#include "hl7v2/frame.h"
#include "world/stream.h"

namespace holdfast::exchange {

/// What a receiver said of a message. HL7 table 0008.
struct Acknowledgement {
  std::string code;                      ///< MSA-1: AA, AE, AR, CA, CE, CR
  std::string text;                      ///< MSA-3 and the texts of ERR
  Bytes message;                         ///< all of it
  std::optional<std::int64_t> expected;  ///< MSA-4; nothing where it says no number
  /// Refused, because this very message was taken under its number before.
  bool taken_before = false;
  [[nodiscard]] bool accepted() const { return code == "AA" || code == "CA" || taken_before; }
};

class MllpClient {
 public:
  /// Errors of Network::connect.
  [[nodiscard]] static Task<Result<std::unique_ptr<MllpClient>>> connect(Network& network,
                                                                         Executor& on,
                                                                         std::string address,
                                                                         Instant deadline);

  /// Sends and waits for the acknowledgement whose MSA-2 is the message's MSH-10.
  /// Code::timeout, closed, io; Code::syntax for what is no acknowledgement; Code::mismatch for
  /// that of another message. After any of them the connection is closed: a late acknowledgement
  /// must never be taken for that of the next message.
  ///
  /// Where the message asks for the application's acknowledgement always (MSH-16 AL), that is
  /// waited for behind a CA, and is the answer. If it does not come, the CA is, with a text that
  /// says so. Where it may come or not (ER, SU; behind CE or CR), the connection is closed.
  [[nodiscard]] Task<Result<Acknowledgement>> send(BytesView message, Instant deadline);
  /// Sends bytes as they are, without a frame and without waiting: for tests of receivers.
  [[nodiscard]] Task<Result<void>> send_raw(BytesView bytes, Instant deadline);
  /// The next frame, whatever it is.
  [[nodiscard]] Task<Result<Bytes>> receive(Instant deadline);

  /// For the simulator: the client makes this mistake.
  void plant(Bug bug) { planted_ = bug; }
  [[nodiscard]] bool usable() const { return usable_; }
  void close();

 private:
  explicit MllpClient(std::unique_ptr<Stream> stream) : stream_(std::move(stream)) {}
  /// A connection on which anything failed is not used again.
  void give_up(const Error& why);
  Task<Result<Acknowledgement>> acknowledged(BytesView message, Instant deadline);
  Task<Result<Acknowledgement>> next_for(std::string_view control_id, Instant deadline);

  std::unique_ptr<Stream> stream_;
  hl7v2::Deframer deframer_;
  bool usable_ = true;
  Bug planted_ = Bug::none;
};

/// Code::syntax where it has no MSA, Code::mismatch where MSA-2 is not `control_id`.
[[nodiscard]] Result<Acknowledgement> read_acknowledgement(Bytes frame,
                                                           std::string_view control_id);

}  // namespace holdfast::exchange
