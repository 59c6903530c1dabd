// hl7v2/mapping/action.h: what a message asks for that is no resource with elements. Each names
// both sides by business identifiers; whether they are known here is for the reader to find out.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "hl7v2/mapping/draft.h"

namespace holdfast::hl7v2 {

/// A patient, account or visit as a message names it. Identifiers in the order of trust.
struct Party {
  std::vector<BusinessId> patient;  ///< PID-3, -2, -4; MRG-1, -4, -2
  std::vector<BusinessId> account;  ///< PID-18; MRG-3
  std::vector<BusinessId> visit;    ///< PV1-19, -50; MRG-5, -6
};

/// Chapter 3.6.2: who is merged, moved or renamed.
enum class Level : std::uint8_t {
  person,               ///< PID-2 of old
  patient,              ///< the patient identifier list
  patient_and_account,  ///< A36
  account,
  visit,
  alternate_patient,  ///< PID-4
  alternate_visit,    ///< PV1-50
};

/// A24: both records are of one patient, both stay. A37 takes such a link back.
struct LinkPatients {
  enum class Kind : std::uint8_t { link, unlink };
  Kind kind{};
  Party one;
  Party other;
};

/// A18 A30 A34 A35 A36 A39 A40 A41 A42: `retired` was the same as `surviving` all along.
/// Reversible.
struct Merge {
  Level level{};
  Party surviving;
  Party retired;
  Local survivor;  ///< its draft (Patient); 0 if there is none
};

/// A43 A44 A45: `moved` belongs to the patient `to`, no longer to `from`. Nobody is retired.
struct Move {
  Level level{};  ///< patient (some of its identifiers), account, visit
  Party from;     ///< MRG: where it was, with the account or visit that moves
  Party to;
  Local receiver;
};

/// A46–A51: the same patient, account or visit goes under another number from now on.
struct ChangeIdentifier {
  Level level{};
  Party before;
  Party now;
  Local subject;
};

/// A11, A12, A13, A23, A25–A27, A29, A32, A33, A38, A52–A55: an earlier event is taken back.
struct CancelEvent {
  std::string trigger;    ///< "A11"
  std::string cancelled;  ///< the events that it takes back: "A01 A04"
  Party party;
  Local patient;
  Local encounter;
};

/// OBX-11 D or W, OBR-25 X: a result that was sent is no result of this patient, or is none.
struct RetractResult {
  enum class Why : std::uint8_t {
    deleted,         ///< OBX-11 D
    wrong,           ///< OBX-11 W: posted as wrong, for example of another patient
    not_obtained,    ///< OBX-11 X: goes back to the requester
    order_cancelled  ///< OBR-25 X
  };
  Why why{};
  Local result;  ///< its draft: Observation or DiagnosticReport
  Local order;   ///< the ServiceRequest it belongs to; 0 if none is named
};

/// What ORC-1 asks for or answers. A new order (NW, and results' RE) is no action: it is a draft.
struct OrderControl {
  enum class Kind : std::uint8_t {
    cancel,           ///< CA: asks
    discontinue,      ///< DC: asks
    hold,             ///< HD: asks
    release,          ///< RL: asks to go on
    replace,          ///< RP: asks to replace; RO follows
    replacement,      ///< RO: the order in place of another
    change,           ///< XO: asks
    cancelled,        ///< CR, OC: done, by request or on the filler's own
    discontinued,     ///< DR, OD
    held,             ///< HR, OH
    released,         ///< OE, RQ: as asked
    replaced,         ///< RQ, RU
    changed,          ///< XR, XX
    accepted,         ///< OK, OR
    refused,          ///< UA, UC, UD, UF, UH, UM, UN, UR, UX: unable to do what was asked
    number_assigned,  ///< NA
    number_wanted,    ///< SN
    status,           ///< SC, SR, SS
    other,            ///< in `code` only
  };
  Kind kind{};
  std::string code;  ///< ORC-1 as sent
  std::vector<BusinessId> placer;
  std::vector<BusinessId> filler;
  std::vector<BusinessId> group;
  std::vector<BusinessId> parent;  ///< ORC-8, OBR-29: for RP/RO the order that is replaced
  std::string reason;              ///< ORC-16
  Local order;                     ///< its ServiceRequest
};

using Action = std::variant<LinkPatients, Merge, Move, ChangeIdentifier, CancelEvent, RetractResult,
                            OrderControl>;

}  // namespace holdfast::hl7v2
