// node/epochs.h: the definitions that this record has had, each under the position of the entry
// that brought it; docs/adr/0012. What is built in is epoch 0.
//
// Epochs are added in the order of the journal and never go: whoever holds one may keep it as long
// as the node lives. From any thread.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "fhir/params/definition.h"
#include "fhir/search_params.h"
#include "views/kv.h"
#include "views/stored_postings.h"

namespace holdfast::node {

/// One change of definitions is at most that large, and names at most so many parameters.
inline constexpr std::size_t definitions_bytes_max = std::size_t{16} << 20U;
inline constexpr std::size_t definitions_count_max = 4096;

/// What a definitions entry carries: SearchParameter resources, in order of their urls.
/// Code::value or syntax names the one that cannot be used, or that is there twice.
[[nodiscard]] Result<Bytes> encode_definitions(std::span<const Bytes> search_parameters);

struct Epoch {
  std::shared_ptr<const fhir::SearchParams> params;  ///< never null
  Bytes payload;
  std::vector<fhir::ParamDefinition> definitions;  ///< what the payload says
  /// Every index number that is given out, with the identity of its index (empty: no program that
  /// we know of writes it).
  std::vector<std::string> catalogue;
};

class Epochs {
 public:
  /// What is built in, with the numbers of a new view.
  Epochs();

  /// All that is extracted now.
  [[nodiscard]] const Epoch& newest() const { return *newest_.load(); }
  /// Null if there is none of that position. One that nobody has asked for is compiled first.
  [[nodiscard]] const Epoch* at(Position definitions) const;

  /// What would follow the newest. Code::corrupt if `payload` is not what encode_definitions()
  /// makes.
  [[nodiscard]] Result<std::unique_ptr<const Epoch>> compile(BytesView payload) const;
  /// It follows: the entry at `definitions` is durable.
  void add(Position definitions, std::unique_ptr<const Epoch> epoch);
  /// Both, unless it is known already.
  Result<void> learn(Position definitions, BytesView payload);

 private:
  friend Result<std::unique_ptr<Epochs>> load_epochs(const views::Reader& reader);
  struct Place {
    Bytes payload;
    std::vector<fhir::ParamDefinition> definitions;
    std::unique_ptr<const Epoch> epoch;  ///< null until somebody asks for it
  };
  /// Of a view: nothing is compiled yet, not even the newest.
  struct Unfinished {};
  Epochs(std::vector<std::string> catalogue, Unfinished);
  Result<void> note(Position definitions, BytesView payload);
  void compile_newest();
  [[nodiscard]] std::unique_ptr<const Epoch> made(BytesView payload,
                                                  std::vector<fhir::ParamDefinition> definitions,
                                                  std::vector<std::string> catalogue) const;
  void keep(const std::vector<fhir::ParamDefinition>& definitions);

  mutable std::mutex mutex_;
  mutable std::map<Position, Place> places_;
  std::vector<fhir::ParamDefinition> all_;  ///< of all epochs, each once
  std::vector<std::string> loaded_;         ///< the catalogue of the view, until compile_newest()
  std::atomic<const Epoch*> newest_ = nullptr;
};

/// What an activation entry carries: from it on searches go by the epoch of `definitions`.
struct Activation {
  Position definitions;
  std::uint64_t resources = 0;  ///< that were read for it
  views::PostingSum sum;        ///< over the postings of its new indexes
};
[[nodiscard]] Bytes encode(const Activation& activation);
[[nodiscard]] Result<Activation> decode_activation(BytesView bytes);

/// Meta rows: the payload of an epoch; the catalogue; how many indexes are complete (all numbered
/// below). Those that say how far a build has got belong to node/index_build.h.
[[nodiscard]] Bytes definitions_key(Position definitions);
inline constexpr BytesView catalogue_key = "indexes";
inline constexpr BytesView complete_key = "indexes/complete";
[[nodiscard]] Bytes encode_catalogue(std::span<const std::string> catalogue);
[[nodiscard]] Bytes encode_complete(std::size_t indexes);
[[nodiscard]] Result<std::size_t> read_complete(const views::Reader& reader);

/// The epochs that a view knows, with its numbers. Code::corrupt if it is not what we write.
[[nodiscard]] Result<std::unique_ptr<Epochs>> load_epochs(const views::Reader& reader);
/// Writes down the numbers that this program gives out in the view that `kv` holds: of a new view
/// all, and complete; of an older program's view those that it did not know, to be built.
Result<void> keep_catalogue(views::Kv& kv, const Epochs& epochs);

}  // namespace holdfast::node
