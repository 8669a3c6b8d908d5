#pragma once
// Strikes on links: partitions, clogs and swizzles, which block them, and what makes them slow.

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "sim/faults/cluster_control.hpp"
#include "sim/faults/network_dice.hpp"
#include "sim/faults/overlaps.hpp"
#include "sim/faults/strike_book.hpp"

namespace atlas::sim::faults {

class LinkStrikes {
  public:
    LinkStrikes(StrikeBook& book, ClusterControl& control, NetworkDice& dice);
    LinkStrikes(const LinkStrikes&) = delete;
    LinkStrikes& operator=(const LinkStrikes&) = delete;
    ~LinkStrikes();

    /// True if it is to be ended when its time is over; the others end by themselves.
    bool begin(StrikeIndex index);
    /// In the midst of those that end by themselves.
    void end(StrikeIndex index);

  private:
    /// From the first to the second.
    using MachinePair = std::pair<std::string, std::string>;

    void set_partition(StrikeIndex index, bool blocked);
    void set_shape(StrikeIndex index, bool blocked);
    bool cut_primaries_off(StrikeIndex index);
    void join_primaries(StrikeIndex index);
    void swizzle(StrikeIndex index);
    void end_swizzle(StrikeIndex index);
    void set_cut_off(StrikeIndex index, const std::string& machine, bool cut_off);
    void set_blocked(StrikeIndex index, const MachinePair& link, bool blocked);
    void set_clog(StrikeIndex index, bool blocked);
    void set_condition(StrikeIndex index, bool on);
    void packet_held_back(std::string_view from, std::string_view to);
    void packet_slowed(FaultKind kind, const MachinePair& link, host::TimePoint sent);

    StrikeBook& book_;
    ClusterControl& control_;
    NetworkDice& dice_;
    Overlaps<MachinePair> blocked_;
    Overlaps<MachinePair> slow_;
    /// Of each swizzle: how many times it has closed or opened a machine's links.
    std::map<StrikeIndex, std::size_t> swizzled_;
    /// Of each partition of primaries: who they were.
    std::map<StrikeIndex, std::vector<std::string>> primaries_;
};

}  // namespace atlas::sim::faults
