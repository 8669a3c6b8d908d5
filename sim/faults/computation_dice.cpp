#include "sim/faults/computation_dice.hpp"

namespace atlas::sim::faults {

ComputationDice::ComputationDice(Dice& dice, const std::vector<MachineInfo>& machines,
                                 const Envelope& envelope)
    : dice_(dice) {
    constexpr FaultKind kind = FaultKind::process_computation_refused;
    for (const std::string_view name : envelope.targets(kind, machines))
        machines_.try_emplace(std::string(name), dice, kind, std::string(name));
}

void ComputationDice::attach(kernel::HostHooks& hooks) {
    hooks.refuses_computation = [this](const kernel::Process& process) { return refuses(process); };
}

bool ComputationDice::refuses(const kernel::Process& process) {
    const auto machine = machines_.find(process.machine());
    if (machine == machines_.end()) return false;
    const OperationFault& fault = dice_.options().faults.process_computation_refused;
    if (!machine->second.next(fault.on, fault.per_million)) return false;
    // The caller has the error before anything else happens.
    dice_.ledger().effect(FaultKind::process_computation_refused);
    return true;
}

}  // namespace atlas::sim::faults
