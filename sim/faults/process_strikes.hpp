#pragma once
// Strikes on the processes of a machine, and on its power: kills, restarts, pauses, a slow CPU,
// power losses, of a zone as well, the loss of the machine.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/faults/cluster_control.hpp"
#include "sim/faults/disk_dice.hpp"
#include "sim/faults/overlaps.hpp"
#include "sim/faults/strike_book.hpp"

namespace atlas::sim::faults {

class ProcessStrikes {
  public:
    /// The dice decide what a power loss leaves on the disk.
    ProcessStrikes(StrikeBook& book, ClusterControl& control, DiskDice& dice)
        : book_(book), control_(control), dice_(dice) {}

    /// True if it is to be ended when its time is over; the others end by themselves. Also when
    /// there was nothing to strike: what was down stays down until then.
    bool begin(StrikeIndex index);
    /// In the midst of those that end by themselves.
    void end(StrikeIndex index);

  private:
    void kill(StrikeIndex index);
    void kill_again(StrikeIndex index);
    void lose_power(StrikeIndex index, const std::string& machine, std::uint64_t number);
    void lose_power_in_zone(StrikeIndex index);
    void lose_when_there_is_an_heir(StrikeIndex index, host::TimePoint no_later);
    void lose_machine(StrikeIndex index);
    void hold_down_no_more(StrikeIndex index, const std::string& machine);
    void come_back(const std::string& machine);
    void set_slow(StrikeIndex index, bool slow);

    StrikeBook& book_;
    ClusterControl& control_;
    DiskDice& dice_;
    /// What keeps a machine's processes down.
    Overlaps<std::string> down_;
    std::set<std::string> unpowered_;
    /// Of each machine that was lost, and whose replacement has not booted: what lost its files.
    std::map<std::string, std::vector<StrikeIndex>> emptied_;
    Overlaps<std::string> slow_;
    /// Of each restart loop: lives that ended with something lost.
    std::map<StrikeIndex, std::size_t> lives_lost_;
};

}  // namespace atlas::sim::faults
