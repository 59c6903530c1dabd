#include "fhir/path/keep.h"

#include <vector>

namespace holdfast::fhir::path {
namespace {

// What a step's results depend on.
constexpr std::uint8_t on_item = 1;   // $this, $index
constexpr std::uint8_t on_total = 2;  // $total
constexpr std::uint8_t on_turn = 4;   // trace() speaks each time

/// Steps that cost no more than taking what was kept.
bool is_cheap(Op op) { return op <= Op::of_type_named || op == Op::now || op == Op::today; }

bool takes_input(Op op) {
  return op >= Op::of_type_named && (op < Op::negative || op > Op::implies) && op != Op::now &&
         op != Op::today && op != Op::time_of_day;
}

/// is and as stand among the operators, but have an input.
bool has_input(const Step& step) {
  return takes_input(step.op) || step.op == Op::is || step.op == Op::as;
}

/// Whether that operand is evaluated for each item of the input.
bool is_per_item(const Step& step, std::size_t operand) {
  switch (step.op) {
    case Op::where:
    case Op::select:
    case Op::exists_where:
    case Op::all:
    case Op::repeat: return true;
    case Op::aggregate: return operand == 0;
    case Op::trace: return operand == 1;
    case Op::iif: return step.input != no_step;
    default: return false;
  }
}

std::uint8_t own_dependence(const Step& step) {
  switch (step.op) {
    case Op::this_item:
    case Op::index:
    case Op::of_type_named: return on_item;
    case Op::total: return on_total;
    case Op::trace: return on_turn;
    default: return 0;
  }
}

}  // namespace

std::uint16_t mark_kept(std::span<Step> steps, std::span<const StepId> operands) {
  std::vector<std::uint8_t> depends(steps.size());
  for (std::size_t id = 0; id < steps.size(); ++id) {
    const Step& step = steps[id];
    std::uint8_t on = own_dependence(step);
    if (has_input(step)) {
      on |= step.input == no_step ? on_item : depends[step.input];
    }
    for (std::size_t i = 0; i < step.count; ++i) {
      const std::uint8_t inner = depends[operands[step.first + i]];
      const std::uint8_t bound = !is_per_item(step, i)      ? 0
                                 : step.op == Op::aggregate ? on_item | on_total
                                                            : on_item;
      on |= static_cast<std::uint8_t>(inner & ~bound);
    }
    depends[id] = on;
  }
  std::vector<bool> in_loop(steps.size());
  std::vector<bool> is_covered(steps.size());  // by a kept step around it
  std::uint16_t slots = 0;
  for (std::size_t id = steps.size(); id-- > 0;) {
    Step& step = steps[id];
    if (in_loop[id] && !is_covered[id] && depends[id] == 0 && !is_cheap(step.op)) {
      step.slot = ++slots;
      is_covered[id] = true;
    }
    if (step.input != no_step) {
      in_loop[step.input] = in_loop[id];
      is_covered[step.input] = is_covered[id];
    }
    for (std::size_t i = 0; i < step.count; ++i) {
      const StepId operand = operands[step.first + i];
      in_loop[operand] = in_loop[id] || is_per_item(step, i);
      is_covered[operand] = is_covered[id] && !is_per_item(step, i);
    }
  }
  return slots;
}

}  // namespace holdfast::fhir::path
