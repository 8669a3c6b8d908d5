#include "sim/atlas_sim/primary_watch.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace atlas::sim::atlas_sim {
namespace {

// One that stood still when its lease ended has to look first, and then to stop its server.
constexpr std::uint64_t most_seconds = 5;
constexpr std::size_t most_found = 5;

}  // namespace

void PrimaryWatch::look(const std::vector<SeenServer>& servers, host::TimePoint now) {
    seconds_.resize(servers.size(), 0);
    const SeenServer* newest = nullptr;
    for (const SeenServer& each : servers) {
        if (each.takes_writes && (newest == nullptr || each.timeline > newest->timeline))
            newest = &each;
    }
    for (std::size_t i = 0; i < servers.size(); ++i) {
        const SeenServer& each = servers[i];
        // Two on one timeline would be the worst: neither could ever be told from the other.
        if (!each.takes_writes || &each == newest) {
            seconds_[i] = 0;
            continue;
        }
        if (each.counts) ++seconds_[i];
        const bool is_new = each.counts && seconds_[i] == most_seconds + 1;
        if (!is_new || found_.size() == most_found) continue;
        found_.push_back(fmt::format(
            "At {} ms {} had taken writes on timeline {} for {} s in which it and its agent ran, "
            "although {} took them on timeline {}.",
            now.since_epoch / std::chrono::milliseconds{1}, each.name, each.timeline, seconds_[i],
            newest->name, newest->timeline));
    }
}

}  // namespace atlas::sim::atlas_sim
