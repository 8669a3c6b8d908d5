#pragma once
// The dice of work off the loop: a pool that refuses it.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/faults/dice.hpp"
#include "sim/faults/topology.hpp"
#include "sim/kernel/simulated_host.hpp"

namespace atlas::sim::faults {

class ComputationDice {
  public:
    /// Processes of machines that the envelope does not cover are never refused.
    ComputationDice(Dice& dice, const std::vector<MachineInfo>& machines, const Envelope& envelope);

    /// Asks it before every computation from now on. It must outlive all processes.
    void attach(kernel::HostHooks& hooks);

  private:
    bool refuses(const kernel::Process& process);

    Dice& dice_;
    std::map<std::string, Decisions, std::less<>> machines_;
};

}  // namespace atlas::sim::faults
