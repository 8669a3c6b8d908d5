#pragma once
// Looks for circles of sessions that wait for each other. A circle in which somebody waits only
// because another is before it in line (a soft edge) is broken by a new order of that line, if
// there is one that makes no other circle; else there is a deadlock. The order in which edges are
// tried is PostgreSQL's, so that the same lines come out.

#include <optional>
#include <vector>

#include "sim/models/postgres/locks/lock_table.hpp"

namespace atlas::sim::models::postgres {

class DeadlockSearch {
  public:
    using Waiter = LockOwner::Waiter;

    /// A line in its new order.
    struct Order {
        LockTag tag;
        std::vector<Waiter*> waiters;
    };

    explicit DeadlockSearch(const std::map<LockTag, LockTable::Lock>& locks) : locks_(locks) {}

    /// False if there is a deadlock. Otherwise orders() says what is to be changed.
    bool find_order(const LockOwner& owner);
    const std::vector<Order>& orders() const { return orders_; }

    /// The circle that the session is in as things are.
    std::vector<LockTable::Edge> cycle(const LockOwner& owner);

  private:
    /// The first waits only because the second is before it: it is to go before.
    struct SoftEdge {
        Waiter* waiter;
        Waiter* blocker;
    };

    enum class Verdict : std::uint8_t { free, soft, deadlock };

    bool try_orders(const LockOwner& owner);
    Verdict test(const LockOwner& owner, std::vector<SoftEdge>& edges);
    bool make_orders();
    std::optional<std::vector<Waiter*>> sort(const LockTag& tag) const;
    bool find_cycle(const LockOwner& start, std::vector<SoftEdge>& edges);
    bool follow(const LockOwner& at, std::vector<SoftEdge>& edges);
    std::vector<Waiter*> line(const LockTag& tag) const;

    const std::map<LockTag, LockTable::Lock>& locks_;
    std::vector<SoftEdge> constraints_;
    std::vector<Order> orders_;
    std::vector<const LockOwner*> visited_;
    std::vector<LockTable::Edge> path_;
};

}  // namespace atlas::sim::models::postgres
