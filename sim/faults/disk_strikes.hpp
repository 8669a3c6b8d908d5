#pragma once
// Strikes on disks: one that is full for a while, a bit that flips, a write that goes elsewhere.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/faults/cluster_control.hpp"
#include "sim/faults/disk_dice.hpp"
#include "sim/faults/overlaps.hpp"
#include "sim/faults/strike_book.hpp"

namespace atlas::sim::faults {

class DiskStrikes {
  public:
    DiskStrikes(StrikeBook& book, ClusterControl& control, DiskDice& dice);
    DiskStrikes(const DiskStrikes&) = delete;
    DiskStrikes& operator=(const DiskStrikes&) = delete;
    ~DiskStrikes();

    /// True if it is to be ended when its time is over; the others take none.
    bool begin(StrikeIndex index);
    void end(StrikeIndex index);

  private:
    void set_full(StrikeIndex index, bool full);
    void damage(StrikeIndex index);
    void was_full(std::string_view machine, host::TimePoint at);
    void damage_seen(std::string_view machine, std::uint64_t damage);

    StrikeBook& book_;
    ClusterControl& control_;
    DiskDice& dice_;
    Overlaps<std::string> full_;
    /// By machine, all that ever made its disk full.
    std::map<std::string, std::vector<StrikeIndex>> fillings_;
    /// By machine and number of the damage.
    std::map<std::pair<std::string, std::uint64_t>, StrikeIndex> damages_;
};

}  // namespace atlas::sim::faults
