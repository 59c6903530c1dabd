#include "day/vitals.h"

#include "base/check.h"

namespace holdfast::day {

std::vector<Reading> readings_of(const VitalSet& set) {
  return {{"9279-1", "Respiratory rate", set.respiration, "/min"},
          {"59408-5", "Oxygen saturation", set.saturation, "%"},
          {"3150-6", "Inhaled oxygen concentration", set.oxygen, "%"},
          {"8480-6", "Systolic blood pressure", set.systolic, "mm[Hg]"},
          {"8867-4", "Heart rate", set.pulse, "/min"},
          {"8310-5", "Body temperature", set.temperature, "Cel"},
          {"80288-4", "Level of consciousness", set.alert ? "248234008" : "300202002", "",
           set.alert ? "Mentally alert" : "Responds to voice"}};
}

std::string_view priority_of(Risk risk) {
  switch (risk) {
    case Risk::zero:
    case Risk::low: return "routine";
    case Risk::low_medium: return "urgent";
    case Risk::medium: return "asap";
    case Risk::high: return "stat";
  }
  check(false, "every risk has its priority");
  return {};
}

Risk risk_of(std::string_view priority) {
  for (const Risk risk : {Risk::high, Risk::medium, Risk::low_medium}) {
    if (priority == priority_of(risk)) {
      return risk;
    }
  }
  return Risk::low;
}

std::string_view name_of(Risk risk) {
  switch (risk) {
    case Risk::zero: return "zero";
    case Risk::low: return "low";
    case Risk::low_medium: return "low-medium";
    case Risk::medium: return "medium";
    case Risk::high: return "high";
  }
  check(false, "every risk has its name");
  return {};
}

}  // namespace holdfast::day
