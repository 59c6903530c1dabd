// sim/ledger.h: what the clients were promised. Kept by the clients alone; no server code writes
// it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "sim/model.h"

namespace holdfast::sim {

/// The server said that this version of this resource is safe.
struct Promise {
  Name name;
  std::uint64_t version = 0;
  std::uint64_t position = 0;
  bool removed = false;
  std::string tag;  ///< in the body; empty where the entry only matched
};

/// A search or a history that was followed to its last page.
struct Followed {
  enum class Kind : std::uint8_t { search, history } kind = Kind::search;
  std::string type;        ///< of a history, empty: of everything
  std::string identifier;  ///< of a search: only resources with it; empty: any
  std::string from;        ///< only with a date of this day or later; empty: any
  /// Only Observations of a Patient with that identifier; only Patients and Practitioners that an
  /// Observation with it is about or by. Empty: any.
  std::string linked;
  std::string sort;  ///< "date", "identifier", "_id" or "_lastUpdated"; empty: any order
  bool descending = false;
  std::uint64_t position = 0;  ///< of its snapshot
  std::vector<std::pair<Name, std::uint64_t>> found;
};

/// A request that was sent with an Idempotency-Key.
struct Keyed {
  std::string method;
  std::string target;
  std::string body;
  std::string key;
  bool answered = false;  ///< then with this
  int status = 0;
  std::string etag;
  std::string location;
  std::string tag;
};

/// A message that a neighbour sent.
struct SentMessage {
  std::string neighbour;
  std::uint64_t number = 0;  ///< of this neighbour, from 1
  std::string control_id;
  std::string patient;  ///< its identifier
  std::string family;   ///< that the message gives the patient
  bool mapped = false;
  std::string bytes;
};

/// A message that came to a receiver.
struct Received {
  std::uint64_t arrived = 0;   ///< the event at which it came first
  std::uint64_t accepted = 0;  ///< at which it was acknowledged first; 0: never
  std::string bytes;
};

/// Messages that are passed on as they came may share an id: each by its content, too.
[[nodiscard]] inline std::string name_of_received(const std::string& channel, const std::string& id,
                                                  const std::string& bytes) {
  return channel == "r1" ? id + " " + to_hex(sha256(bytes).view().substr(0, 8)) : id;
}

struct Ledger {
  std::vector<Promise> promises;
  std::map<Name, std::uint64_t> newest;  ///< newest version promised
  std::uint64_t position = 0;            ///< newest position promised
  std::vector<Keyed> keyed;
  std::vector<Followed> followed;
  std::vector<std::string> refused_tags;  ///< of writes that were refused: must not be there
  std::vector<SentMessage> sent;          ///< once a delivery
  std::vector<SentMessage> acknowledged_messages;                    ///< in their order
  std::map<std::pair<std::string, std::string>, Received> received;  ///< channel, control id
  std::uint64_t events = 0;                                          ///< at receivers so far
  std::vector<std::string> violations;
  std::uint64_t requests = 0;
  bool closed = false;  ///< the clients send nothing more
  std::uint64_t unknown = 0;
  std::uint64_t garbage = 0;
  std::uint64_t tags = 0;  ///< drawn so far

  void promise(Promise made) {
    auto& known = newest[made.name];
    known = std::max(known, made.version);
    position = std::max(position, made.position);
    promises.push_back(std::move(made));
  }
  void violated(std::string what) {
    if (violations.size() < 20) {
      violations.push_back(std::move(what));
    }
  }
};

}  // namespace holdfast::sim
