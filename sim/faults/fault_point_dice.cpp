#include "sim/faults/fault_point_dice.hpp"

namespace atlas::sim::faults {
namespace {

constexpr host::Duration mean_delay = 100ms;

}  // namespace

FaultPointDice::FaultPointDice(Dice& dice, const std::vector<MachineInfo>& machines,
                               const Envelope& envelope)
    : dice_(dice) {
    for (const std::string_view name : envelope.targets(FaultKind::process_fault_point, machines)) {
        machines_.try_emplace(std::string(name), dice, FaultKind::process_fault_point,
                              std::string(name));
    }
}

void FaultPointDice::attach(kernel::HostHooks& hooks) {
    hooks.at_fault_point = [this](const kernel::Process& process, std::string_view) {
        return decide(process);
    };
    hooks.struck_at_fault_point = [this](const kernel::Process&) {
        dice_.ledger().effect(FaultKind::process_fault_point);
    };
}

kernel::HostHooks::FaultPointDecision FaultPointDice::decide(const kernel::Process& process) {
    const auto machine = machines_.find(process.machine());
    if (machine == machines_.end()) return {};
    const OperationFault& fault = dice_.options().faults.process_fault_point;
    auto strike = machine->second.next(fault.on, fault.per_million);
    if (!strike) return {};
    if (strike->chance(1, 2)) return {.kill = true};
    return {.delay = host::Duration{1} + strike->exponential(mean_delay)};
}

}  // namespace atlas::sim::faults
