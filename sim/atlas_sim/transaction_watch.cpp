#include "sim/atlas_sim/transaction_watch.hpp"

#include <fmt/format.h>

#include <utility>

namespace atlas::sim::atlas_sim {
namespace {

// Seconds are counted whole, and the server ends a session at its next step.
constexpr host::Duration slack = std::chrono::seconds{5};
constexpr std::size_t most_found = 5;

}  // namespace

void TransactionWatch::look(const std::vector<models::postgres::IdleTransaction>& idle, bool counts,
                            host::TimePoint now) {
    std::map<std::uint32_t, Seen> seen;
    for (const models::postgres::IdleTransaction& each : idle) {
        const auto before = seen_.find(each.process_id);
        const bool is_the_same = before != seen_.end() && before->second.since == each.since;
        Seen& known = seen[each.process_id];
        known = is_the_same ? before->second : Seen{each.since};
        if (!is_the_same || !counts) continue;
        ++known.seconds;
        const host::Duration idled = std::chrono::seconds{known.seconds};
        const bool is_new =
            idled > limit_ + slack && idled <= limit_ + slack + std::chrono::seconds{1};
        if (!is_new || found_.size() == most_found) continue;
        found_.push_back(fmt::format(
            "At {} ms session {} of the database had idled in a transaction for {} s in which the "
            "database ran; the nodes allow {} ms.",
            now.since_epoch / std::chrono::milliseconds{1}, each.process_id, known.seconds,
            limit_ / std::chrono::milliseconds{1}));
    }
    seen_ = std::move(seen);
}

}  // namespace atlas::sim::atlas_sim
