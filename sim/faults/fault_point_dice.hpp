#pragma once
// The dice of fault points, the places that programs name because much is at stake there ("after
// the commit, before its answer"): the process dies there, or stands there for a while.

#include <map>
#include <string>
#include <string_view>

#include "sim/faults/dice.hpp"
#include "sim/faults/topology.hpp"
#include "sim/kernel/simulated_host.hpp"

namespace atlas::sim::faults {

class FaultPointDice {
  public:
    /// Processes of machines that the envelope does not cover pass unharmed.
    FaultPointDice(Dice& dice, const std::vector<MachineInfo>& machines, const Envelope& envelope);

    /// Asks it at every fault point from now on. It must outlive all processes.
    void attach(kernel::HostHooks& hooks);

  private:
    kernel::HostHooks::FaultPointDecision decide(const kernel::Process& process);

    Dice& dice_;
    std::map<std::string, Decisions, std::less<>> machines_;
};

}  // namespace atlas::sim::faults
