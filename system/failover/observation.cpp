#include "system/failover/observation.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace atlas::failover {
namespace {

std::string describe(const OwnServer& server) {
    std::string text;
    if (!server.exists) {
        text = "no server";
    } else if (!server.running) {
        text = "a server that is down";
    } else if (!server.answers) {
        text = "a server that does not answer";
    } else {
        text =
            fmt::format("a {} at {:X}/{:X}", server.role == Role::primary ? "primary" : "follower",
                        server.place.position >> 32, server.place.position & 0xFFFFFFFF);
    }
    if (!server.follows.empty()) text += " that follows " + server.follows;
    if (server.diverged) text += ", in vain";
    if (server.answers)
        text += fmt::format(", confirmed by [{}]", fmt::join(server.confirming, ", "));
    for (const Standby& standby : server.standbys)
        text += fmt::format(", {} {}", standby.name, standby.in_step ? "in step" : "behind");
    return text;
}

std::string describe(const std::optional<StoreView>& store) {
    if (!store) return "the lease store is silent";
    std::string text = store->leadership ? store->leadership->holder + " has the lease"
                                         : std::string("nobody has the lease");
    if (!store->synchronous) return text + ", nothing was published";
    const Synchronous& synchronous = *store->synchronous;
    return text + fmt::format(", {} or [{}] may{}", synchronous.primary,
                              fmt::join(synchronous.followers, ", "),
                              synchronous.created ? "" : ", no database was made");
}

}  // namespace

std::string describe(const Observation& seen) {
    std::string text = describe(seen.server) + "; " + describe(seen.store);
    if (seen.lease_until) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(*seen.lease_until - seen.now);
        text += fmt::format("; the own lease has {} ms", left.count());
    }
    return text;
}

}  // namespace atlas::failover
