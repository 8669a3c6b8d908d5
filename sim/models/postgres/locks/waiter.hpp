#pragma once
// A session in line for a lock.

#include "sim/models/postgres/locks/lock_table.hpp"

namespace atlas::sim::models::postgres {

/// It lives in the waiting task's frame and leaves the line with it.
struct LockOwner::Waiter {
    Waiter(LockTable& lock_table, LockOwner& lock_owner, const LockTag& lock_tag,
           TableLockMode lock_mode, bool for_session)
        : table(&lock_table),
          owner(&lock_owner),
          tag(lock_tag),
          mode(lock_mode),
          session(for_session),
          wake(lock_table.host_) {
        owner->waiting_ = this;
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() {
        owner->waiting_ = nullptr;
        if (!granted) table->leave_queue(*this);
    }

    LockTable* table;
    LockOwner* owner;
    LockTag tag;
    TableLockMode mode;
    bool session;
    bool granted = false;
    /// What its session held of this very lock when it got in line, as others see it from there.
    LockModes held_on_arrival;
    host::Event wake;
};

}  // namespace atlas::sim::models::postgres
