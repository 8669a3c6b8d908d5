#include "sim/models/postgres/locks/lock_table.hpp"

#include <algorithm>

#include "sim/models/postgres/catalog/table.hpp"
#include "sim/models/postgres/locks/deadlock_search.hpp"
#include "sim/models/postgres/locks/waiter.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

using host::Deadline;
using host::Task;
using host::TimePoint;

namespace {

Failure failure_of(std::string sqlstate, std::string message) {
    return Failure({.sqlstate = std::move(sqlstate), .message = std::move(message)});
}

}  // namespace

std::string describe(const LockTag& tag) {
    switch (tag.kind) {
        case LockKind::relation:
            return fmt::format("relation {} of database {}", tag.first, database_oid);
        case LockKind::row:
            return fmt::format("tuple (0,{}) of relation {} of database {}", tag.second, tag.first,
                               database_oid);
        case LockKind::transaction:
            return fmt::format("transaction {}", tag.first);
        case LockKind::name:
            return fmt::format("object {} of class 1259 of database {}", tag.first, database_oid);
        case LockKind::advisory:
            return fmt::format("advisory lock [{},{},{},{}]", database_oid, tag.first >> 32,
                               tag.first & 0xFFFFFFFF, tag.second);
    }
    return {};
}

Failure interrupted(Interrupt reason) {
    if (reason == Interrupt::terminate) {
        return Failure({.severity = "FATAL",
                        .sqlstate = "57P01",
                        .message = "terminating connection due to administrator command"});
    }
    if (reason == Interrupt::recovery_conflict) {
        Failure conflict = failure_of("40001", "canceling statement due to conflict with recovery");
        conflict->detail = "User was holding a relation lock for too long.";
        return conflict;
    }
    return failure_of("57014", "canceling statement due to user request");
}

LockOwner::~LockOwner() {
    table_->release_all(*this, true);
}

void LockOwner::interrupt(Interrupt reason) {
    interrupt_ = std::max(interrupt_, reason);
    if (waiting_ != nullptr) waiting_->wake.set();
    if (parked_ != nullptr) parked_->set();
}

void LockOwner::wake() {
    if (parked_ != nullptr) parked_->set();
}

bool LockTable::conflicts_with_granted(const Lock& lock, const LockOwner& owner,
                                       TableLockMode mode) const {
    return std::ranges::any_of(lock.granted, [&](const Grant& grant) {
        return grant.owner != &owner && conflicts(grant.mode, mode);
    });
}

// Fairness: not past one in line that this would block, unless the session has this very lock.
bool LockTable::can_grant_at_once(const Lock& lock, const LockOwner& owner,
                                  TableLockMode mode) const {
    const bool has_it = std::ranges::any_of(lock.granted, [&](const Grant& grant) {
        return grant.owner == &owner && grant.mode == mode;
    });
    if (has_it) return true;
    return !conflicts_with_granted(lock, owner, mode) &&
           std::ranges::none_of(lock.queue, [&](const LockOwner::Waiter* waiter) {
               return conflicts(waiter->mode, mode);
           });
}

// Whoever asks for a strong lock has to see the weak ones, whether he then gets it or not.
void LockTable::share_private_locks(Lock& lock, TableLockMode wanted) {
    if (!is_strong(wanted)) return;
    for (Grant& grant : lock.granted)
        grant.is_private = false;
}

LockModes LockTable::shared_modes(const Lock& lock, const LockOwner& owner) {
    LockModes modes;
    for (const Grant& grant : lock.granted) {
        if (grant.owner == &owner && !grant.is_private) modes.add(grant.mode);
    }
    return modes;
}

void LockTable::grant(Lock& lock, LockOwner& owner, const LockTag& tag, TableLockMode mode,
                      bool session) {
    owner.held_.push_back({tag, mode, session, owner.next_number_++});
    for (Grant& grant : lock.granted) {
        if (grant.owner == &owner && grant.mode == mode) {
            ++grant.count;
            return;
        }
    }
    const auto is_strong_one = [](const auto& other) { return is_strong(other.mode); };
    const bool is_private = tag.kind == LockKind::relation && is_weak(mode) &&
                            std::ranges::none_of(lock.granted, is_strong_one) &&
                            std::ranges::none_of(lock.queue, is_strong, &LockOwner::Waiter::mode);
    lock.granted.push_back({&owner, mode, 1, is_private});
}

bool LockTable::try_acquire(LockOwner& owner, LockTag tag, TableLockMode mode, bool session) {
    Lock& lock = locks_[tag];
    share_private_locks(lock, mode);
    if (!can_grant_at_once(lock, owner, mode)) return false;
    grant(lock, owner, tag, mode, session);
    return true;
}

void LockTable::take_anyway(LockOwner& owner, LockTag tag, TableLockMode mode) {
    Lock& lock = locks_[tag];
    share_private_locks(lock, mode);
    grant(lock, owner, tag, mode, false);
}

void LockTable::take_to_the_end(LockOwner& owner, LockTag tag, TableLockMode mode) {
    take_anyway(owner, tag, mode);
    // Before all others: numbers begin at 1.
    std::ranges::rotate(owner.held_, owner.held_.end() - 1);
    owner.held_.front().number = 0;
}

Task<Checked<>> LockTable::acquire(LockOwner& owner, LockTag tag, TableLockMode mode,
                                   WaitLimits limits, bool session) {
    if (try_acquire(owner, tag, mode, session)) co_return Checked<>{};
    LockOwner::Waiter waiter(*this, owner, tag, mode, session);
    Lock& lock = locks_[tag];
    // Before the first one in line that waits for us: it cannot go before we do.
    const auto place = std::ranges::find_if(lock.queue, [&](const LockOwner::Waiter* other) {
        return std::ranges::any_of(lock.granted, [&](const Grant& grant) {
            return grant.owner == &owner && conflicts(grant.mode, other->mode);
        });
    });
    // Unless we wait for it as well: that is seen without waiting for deadlock_timeout.
    if (place != lock.queue.end()) {
        const LockOwner& other = *(*place)->owner;
        if ((*place)->held_on_arrival.any_conflicts_with(mode)) {
            co_return std::unexpected(
                deadlock_detected({{tag, mode, owner.process_id_, other.process_id_},
                                   {tag, (*place)->mode, other.process_id_, owner.process_id_}}));
        }
        const bool none_ahead = std::ranges::none_of(
            lock.queue.begin(), place,
            [&](const LockOwner::Waiter* waiter) { return conflicts(waiter->mode, mode); });
        if (none_ahead && !conflicts_with_granted(lock, owner, mode)) {
            grant(lock, owner, tag, mode, session);
            co_return Checked<>{};
        }
    }
    waiter.held_on_arrival = shared_modes(lock, owner);
    lock.queue.insert(place, &waiter);
    const TimePoint start = host_.clock().now();
    const Deadline lock_deadline = limits.lock_timeout > host::Duration::zero()
                                       ? Deadline::at(start + limits.lock_timeout)
                                       : Deadline::never();
    Deadline deadlock_check = Deadline::at(start + limits.deadlock_timeout);
    while (!waiter.granted) {
        if (owner.interrupt_ != Interrupt::none) {
            const Interrupt reason = owner.interrupt_;
            owner.clear_interrupt();
            co_return std::unexpected(interrupted(reason));
        }
        const TimePoint now = host_.clock().now();
        if (lock_deadline.passed(now) && lock_deadline.point() <= limits.statement.point()) {
            co_return std::unexpected(
                failure_of("55P03", "canceling statement due to lock timeout"));
        }
        if (limits.statement.passed(now)) {
            co_return std::unexpected(
                failure_of("57014", "canceling statement due to statement timeout"));
        }
        if (deadlock_check.passed(now)) {
            deadlock_check = Deadline::never();
            if (auto deadlock = resolve_deadlock(owner))
                co_return std::unexpected(*std::move(deadlock));
            // A new order of the line may have let this one through.
            continue;
        }
        waiter.wake.reset();
        const Deadline next = limits.statement.earlier_of(lock_deadline).earlier_of(deadlock_check);
        co_await waiter.wake.wait(next);
    }
    // Told to give up and let through at once, by one who was told so too: what it got goes with
    // its transaction.
    if (owner.interrupt_ != Interrupt::none) {
        const Interrupt reason = owner.interrupt_;
        owner.clear_interrupt();
        co_return std::unexpected(interrupted(reason));
    }
    co_return Checked<>{};
}

Task<Checked<>> LockTable::sleep(LockOwner& owner, Deadline until, WaitLimits limits) {
    host::Event wake(host_);
    const LockOwner::Parking parked(owner, wake);
    while (true) {
        if (owner.interrupt_ != Interrupt::none) {
            const Interrupt reason = owner.interrupt_;
            owner.clear_interrupt();
            co_return std::unexpected(interrupted(reason));
        }
        const TimePoint now = host_.clock().now();
        if (until.passed(now)) co_return Checked<>{};
        if (limits.statement.passed(now)) {
            co_return std::unexpected(
                failure_of("57014", "canceling statement due to statement timeout"));
        }
        wake.reset();
        co_await wake.wait(until.earlier_of(limits.statement));
    }
}

Task<Checked<>> LockTable::wait_until(LockOwner& owner, std::function<bool()> is_so,
                                      WaitLimits limits) {
    host::Event wake(host_);
    const LockOwner::Parking parked(owner, wake);
    while (true) {
        if (is_so()) co_return Checked<>{};
        if (owner.interrupt_ != Interrupt::none) {
            const Interrupt reason = owner.interrupt_;
            owner.clear_interrupt();
            co_return std::unexpected(interrupted(reason));
        }
        if (limits.statement.passed(host_.clock().now())) {
            co_return std::unexpected(
                failure_of("57014", "canceling statement due to statement timeout"));
        }
        wake.reset();
        co_await wake.wait(limits.statement);
    }
}

void LockTable::release_grant(LockOwner& owner, const LockTag& tag, TableLockMode mode) {
    const auto found = locks_.find(tag);
    ATLAS_CHECK(found != locks_.end(), "a held lock is in the lock table");
    std::vector<Grant>& granted = found->second.granted;
    const auto grant = std::ranges::find_if(granted, [&](const Grant& candidate) {
        return candidate.owner == &owner && candidate.mode == mode;
    });
    ATLAS_CHECK(grant != granted.end(), "a held lock was granted");
    if (--grant->count > 0) return;
    granted.erase(grant);
    wake_waiters(tag);
}

bool LockTable::release(LockOwner& owner, const LockTag& tag, TableLockMode mode, bool session) {
    const auto held = std::ranges::find_if(owner.held_, [&](const LockOwner::Held& candidate) {
        return candidate.tag == tag && candidate.mode == mode && candidate.session == session;
    });
    if (held == owner.held_.end()) return false;
    owner.held_.erase(held);
    release_grant(owner, tag, mode);
    return true;
}

void LockTable::release_since(LockOwner& owner, std::uint64_t mark) {
    std::vector<LockOwner::Held> released;
    for (std::size_t i = owner.held_.size(); i > 0; --i) {
        if (owner.held_[i - 1].number < mark) break;
        if (owner.held_[i - 1].session) continue;
        released.push_back(owner.held_[i - 1]);
        owner.held_.erase(owner.held_.begin() + static_cast<std::ptrdiff_t>(i - 1));
    }
    for (const LockOwner::Held& held : released)
        release_grant(owner, held.tag, held.mode);
}

void LockTable::release_all(LockOwner& owner, bool session) {
    std::vector<LockOwner::Held> kept;
    std::vector<LockOwner::Held> released;
    released.swap(owner.held_);
    for (const LockOwner::Held& held : released) {
        if (held.session && !session) {
            kept.push_back(held);
        } else {
            release_grant(owner, held.tag, held.mode);
        }
    }
    owner.held_ = std::move(kept);
}

std::optional<std::vector<std::pair<LockTag, TableLockMode>>> LockTable::hand_over(LockOwner& from,
                                                                                   LockOwner& to) {
    std::vector<LockOwner::Held> kept;
    std::vector<LockOwner::Held> given;
    for (const LockOwner::Held& held : from.held_)
        (held.session ? kept : given).push_back(held);
    for (const LockOwner::Held& held : given) {
        if (std::ranges::find(kept, held.tag, &LockOwner::Held::tag) != kept.end())
            return std::nullopt;
    }
    std::vector<std::pair<LockTag, TableLockMode>> moved;
    for (const LockOwner::Held& held : given) {
        moved.emplace_back(held.tag, held.mode);
        for (Grant& grant : locks_.at(held.tag).granted) {
            if (grant.owner == &from && grant.mode == held.mode) grant.owner = &to;
        }
    }
    from.held_ = std::move(kept);
    to.held_ = std::move(given);
    to.next_number_ = from.next_number_;
    return moved;
}

void LockTable::release_advisory(LockOwner& owner) {
    std::vector<LockOwner::Held> released;
    std::erase_if(owner.held_, [&](const LockOwner::Held& held) {
        if (held.session) released.push_back(held);
        return held.session;
    });
    for (const LockOwner::Held& held : released)
        release_grant(owner, held.tag, held.mode);
}

bool LockTable::is_held(const LockOwner& owner, const LockTag& tag, TableLockMode mode) const {
    return std::ranges::any_of(owner.held_, [&](const LockOwner::Held& held) {
        return held.tag == tag && held.mode == mode;
    });
}

bool LockTable::holds(const LockOwner& owner, const LockTag& tag) {
    return std::ranges::find(owner.held_, tag, &LockOwner::Held::tag) != owner.held_.end();
}

// Grants from the front of the line whatever neither a holder nor one still before it blocks.
void LockTable::wake_waiters(const LockTag& tag) {
    const auto found = locks_.find(tag);
    Lock& lock = found->second;
    std::vector<LockOwner::Waiter*> still_waiting;
    for (auto place = lock.queue.begin(); place != lock.queue.end();) {
        LockOwner::Waiter& waiter = **place;
        const bool blocked =
            conflicts_with_granted(lock, *waiter.owner, waiter.mode) ||
            std::ranges::any_of(still_waiting, [&](const LockOwner::Waiter* before) {
                return conflicts(before->mode, waiter.mode);
            });
        if (blocked) {
            still_waiting.push_back(&waiter);
            ++place;
            continue;
        }
        place = lock.queue.erase(place);
        waiter.granted = true;
        grant(lock, *waiter.owner, tag, waiter.mode, waiter.session);
        waiter.wake.set();
    }
    if (lock.granted.empty() && lock.queue.empty()) locks_.erase(found);
}

void LockTable::leave_queue(LockOwner::Waiter& waiter) {
    const auto found = locks_.find(waiter.tag);
    if (found == locks_.end()) return;
    if (std::erase(found->second.queue, &waiter) > 0) wake_waiters(waiter.tag);
}

std::vector<LockOwner*> LockTable::blockers(const LockOwner::Waiter& waiter) const {
    std::vector<LockOwner*> found;
    const auto lock = locks_.find(waiter.tag);
    if (lock == locks_.end()) return found;
    for (const Grant& grant : lock->second.granted) {
        if (grant.owner != waiter.owner && conflicts(grant.mode, waiter.mode))
            found.push_back(grant.owner);
    }
    for (const LockOwner::Waiter* before : lock->second.queue) {
        if (before == &waiter) break;
        if (conflicts(before->mode, waiter.mode)) found.push_back(before->owner);
    }
    return found;
}

std::vector<std::uint32_t> LockTable::blocking_processes(std::uint32_t process_id) const {
    std::vector<std::uint32_t> found;
    for (const auto& [tag, lock] : locks_) {
        for (const LockOwner::Waiter* waiter : lock.queue) {
            if (waiter->owner->process_id_ != process_id) continue;
            for (const LockOwner* blocker : blockers(*waiter))
                found.push_back(blocker->process_id_);
        }
    }
    return found;
}

std::optional<Failure> LockTable::resolve_deadlock(LockOwner& owner) {
    DeadlockSearch search(locks_);
    if (!search.find_order(owner)) return deadlock_detected(search.cycle(owner));
    for (const DeadlockSearch::Order& order : search.orders()) {
        locks_.at(order.tag).queue.assign(order.waiters.begin(), order.waiters.end());
        wake_waiters(order.tag);
    }
    return std::nullopt;
}

Failure LockTable::deadlock_detected(const std::vector<Edge>& path) {
    Failure error = failure_of("40P01", "deadlock detected");
    for (const Edge& edge : path) {
        if (!error->detail.empty()) error->detail += "\n";
        error->detail +=
            fmt::format("Process {} waits for {} on {}; blocked by process {}.", edge.process_id,
                        name(edge.mode), describe(edge.tag), edge.blocker);
    }
    error->hint = "See server log for query details.";
    return error;
}

}  // namespace atlas::sim::models::postgres
