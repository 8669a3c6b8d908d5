// Which follower must confirm each commit before the client hears of it. The key follows: it never
// names one that has not confirmed all, and whoever is to confirm no more leaves the key first.

#include <algorithm>

#include "system/failover/decision.hpp"

namespace atlas::failover {
namespace {

/// The one that confirms now, as long as it is there; else the first that is in step; else the
/// first there is.
std::string choose_standby(const OwnServer& server) {
    for (const std::string& current : server.confirming) {
        if (server.find(current) != nullptr) return current;
    }
    const auto in_step = std::ranges::find(server.standbys, true, &Standby::in_step);
    if (in_step != server.standbys.end()) return in_step->name;
    return server.standbys.empty() ? std::string() : server.standbys.front().name;
}

}  // namespace

Decision decide_synchronous(const Observation& seen, const AgentOptions& options) {
    const OwnServer& server = seen.server;
    const Synchronous& published = *seen.store->synchronous;
    const std::string chosen = choose_standby(server);
    std::vector<std::string> wanted;
    if (!chosen.empty()) {
        wanted.push_back(chosen);
    } else if (options.strict) {
        // Whoever was to confirm may come back; until then commits wait.
        const bool is_known = !server.confirming.empty() && server.confirming.front() != unknown;
        wanted = is_known ? server.confirming : std::vector<std::string>{"*"};
    }
    const Decision nobody_but_me = PublishSynchronous{alone(seen)};
    // A follower that is in the key was put there after the setting was made: nothing else can be
    // on its way to the server. One that is not may be put there only by who has made it.
    const bool is_sure = published.followers == wanted || server.confirming_since;
    if (server.confirming != wanted || !is_sure) {
        // Nobody may be in the key, nor come into it by a change that is still on its way.
        const bool is_clear = published.followers.empty() && seen.published == published.revision;
        return is_clear ? Decision{SetConfirming{wanted}} : nobody_but_me;
    }
    if (chosen.empty() || published.followers == wanted) return Wait{};
    if (!published.followers.empty()) return nobody_but_me;
    const Standby* standby = server.find(chosen);
    const bool settled = seen.looked_at >= *server.confirming_since + options.settling_time;
    if (standby == nullptr || !standby->in_step || !settled) return Wait{};
    Synchronous with_standby = alone(seen);
    with_standby.followers = wanted;
    return PublishSynchronous{with_standby};
}

}  // namespace atlas::failover
