#pragma once
// Strikes on one open connection between two machines: resets and false ends. They count once a
// program has seen them.

#include <cstdint>
#include <map>

#include "sim/faults/cluster_control.hpp"
#include "sim/faults/network_dice.hpp"
#include "sim/faults/strike_book.hpp"

namespace atlas::sim::faults {

class ConnectionStrikes {
  public:
    ConnectionStrikes(StrikeBook& book, ClusterControl& control, NetworkDice& dice);
    ConnectionStrikes(const ConnectionStrikes&) = delete;
    ConnectionStrikes& operator=(const ConnectionStrikes&) = delete;
    ~ConnectionStrikes();

    /// Takes no time.
    void strike(StrikeIndex index);

  private:
    using ByNumber = std::map<std::uint64_t, StrikeIndex>;

    void seen(const ByNumber& strikes, std::uint64_t number);

    StrikeBook& book_;
    ClusterControl& control_;
    NetworkDice& dice_;
    ByNumber resets_;       ///< Of connections.
    ByNumber half_closes_;  ///< Of their ends.
};

}  // namespace atlas::sim::faults
