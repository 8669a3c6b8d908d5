#include "sim/faults/connection_strikes.hpp"

#include <optional>

namespace atlas::sim::faults {

ConnectionStrikes::ConnectionStrikes(StrikeBook& book, ClusterControl& control, NetworkDice& dice)
    : book_(book), control_(control), dice_(dice) {
    dice_.observe_resets([this](std::uint64_t connection) { seen(resets_, connection); });
    dice_.observe_half_closes([this](std::uint64_t end) { seen(half_closes_, end); });
}

ConnectionStrikes::~ConnectionStrikes() {
    dice_.observe_resets({});
    dice_.observe_half_closes({});
}

void ConnectionStrikes::strike(StrikeIndex index) {
    const Strike& strike = book_.strike(index);
    const bool resets = strike.id.kind == FaultKind::network_reset;
    const std::string& a = strike.machines[0];
    const std::string& b = strike.machines[1];
    const std::optional<std::uint64_t> number = resets
                                                    ? control_.reset_connection(a, b, strike.choice)
                                                    : control_.half_close(a, b, strike.choice);
    if (!number) return;
    book_.fired(index);
    (resets ? resets_ : half_closes_).emplace(*number, index);
}

void ConnectionStrikes::seen(const ByNumber& strikes, std::uint64_t number) {
    const auto strike = strikes.find(number);
    if (strike != strikes.end()) book_.effective(strike->second);
}

}  // namespace atlas::sim::faults
