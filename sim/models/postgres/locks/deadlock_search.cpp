#include "sim/models/postgres/locks/deadlock_search.hpp"

#include <algorithm>

#include "sim/models/postgres/locks/waiter.hpp"

namespace atlas::sim::models::postgres {

bool DeadlockSearch::find_order(const LockOwner& owner) {
    constraints_.clear();
    orders_.clear();
    return try_orders(owner);
}

std::vector<LockTable::Edge> DeadlockSearch::cycle(const LockOwner& owner) {
    orders_.clear();
    std::vector<SoftEdge> edges;
    find_cycle(owner, edges);
    return path_;
}

// Reverses one soft edge of the circle after the other, and looks again.
bool DeadlockSearch::try_orders(const LockOwner& owner) {
    std::vector<SoftEdge> edges;
    switch (test(owner, edges)) {
        case Verdict::free:
            return true;
        case Verdict::deadlock:
            return false;
        case Verdict::soft:
            break;
    }
    for (const SoftEdge& edge : edges) {
        constraints_.push_back(edge);
        if (try_orders(owner)) return true;
        constraints_.pop_back();
    }
    return false;
}

DeadlockSearch::Verdict DeadlockSearch::test(const LockOwner& owner, std::vector<SoftEdge>& edges) {
    if (!make_orders()) return Verdict::deadlock;
    Verdict verdict = Verdict::free;
    const auto look_from = [&](const LockOwner& start) {
        std::vector<SoftEdge> found;
        if (!find_cycle(start, found)) return true;
        if (found.empty()) return false;
        edges = std::move(found);
        verdict = Verdict::soft;
        return true;
    };
    // The session itself comes last: a circle of its own is to be dealt with first.
    for (const SoftEdge& constraint : constraints_) {
        if (!look_from(*constraint.waiter->owner)) return Verdict::deadlock;
        if (!look_from(*constraint.blocker->owner)) return Verdict::deadlock;
    }
    return look_from(owner) ? verdict : Verdict::deadlock;
}

bool DeadlockSearch::make_orders() {
    orders_.clear();
    for (auto edge = constraints_.rbegin(); edge != constraints_.rend(); ++edge) {
        const LockTag& tag = edge->waiter->tag;
        if (std::ranges::find(orders_, tag, &Order::tag) != orders_.end()) continue;
        std::optional<std::vector<Waiter*>> sorted = sort(tag);
        if (!sorted) return false;
        orders_.push_back({tag, *std::move(sorted)});
    }
    return true;
}

// From the end of the line, each time the last one that need not go before another: as little as
// can be is moved.
std::optional<std::vector<LockOwner::Waiter*>> DeadlockSearch::sort(const LockTag& tag) const {
    const auto& queue = locks_.at(tag).queue;
    std::vector<Waiter*> left(queue.begin(), queue.end());
    std::vector<Waiter*> sorted;
    const auto may_be_last = [&](const Waiter* candidate) {
        return std::ranges::none_of(constraints_, [&](const SoftEdge& edge) {
            return edge.waiter == candidate && std::ranges::find(left, edge.blocker) != left.end();
        });
    };
    while (!left.empty()) {
        const auto last = std::find_if(left.rbegin(), left.rend(), may_be_last);
        if (last == left.rend()) return std::nullopt;
        sorted.push_back(*last);
        left.erase(std::next(last).base());
    }
    std::ranges::reverse(sorted);
    return sorted;
}

std::vector<LockOwner::Waiter*> DeadlockSearch::line(const LockTag& tag) const {
    const auto order = std::ranges::find(orders_, tag, &Order::tag);
    if (order != orders_.end()) return order->waiters;
    const auto& queue = locks_.at(tag).queue;
    return {queue.begin(), queue.end()};
}

bool DeadlockSearch::find_cycle(const LockOwner& start, std::vector<SoftEdge>& edges) {
    visited_.clear();
    path_.clear();
    return follow(start, edges);
}

bool DeadlockSearch::follow(const LockOwner& at, std::vector<SoftEdge>& edges) {
    if (const auto seen = std::ranges::find(visited_, &at); seen != visited_.end())
        return seen == visited_.begin();
    visited_.push_back(&at);
    Waiter* const waiter = at.waiting_;
    if (waiter == nullptr || waiter->granted) return false;
    const LockTable::Lock& lock = locks_.at(waiter->tag);
    const auto leads_back = [&](const LockOwner& blocker) {
        path_.push_back({waiter->tag, waiter->mode, at.process_id_, blocker.process_id_});
        if (follow(blocker, edges)) return true;
        path_.pop_back();
        return false;
    };
    // Who holds the lock comes before who is only in line: that edge cannot be reversed.
    for (const LockTable::Grant& grant : lock.granted) {
        if (grant.owner == &at || !conflicts(grant.mode, waiter->mode)) continue;
        if (leads_back(*grant.owner)) return true;
    }
    for (Waiter* const before : line(waiter->tag)) {
        if (before == waiter) break;
        if (!conflicts(before->mode, waiter->mode)) continue;
        if (leads_back(*before->owner)) {
            edges.push_back({waiter, before});
            return true;
        }
    }
    return false;
}

}  // namespace atlas::sim::models::postgres
