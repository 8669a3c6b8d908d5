#pragma once
// The heavyweight locks: of tables, of rows while someone waits for them, of transactions (held by
// each from start to end, so that others can wait for it), of names being created, and advisory
// ones. Fair queues, deadlock detection after deadlock_timeout, and PostgreSQL's error messages.

#include <compare>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/models/postgres/failure.hpp"
#include "sim/models/postgres/locks/lock_mode.hpp"
#include "system/host/event.hpp"

namespace atlas::sim::models::postgres {

enum class LockKind : std::uint8_t { relation, row, transaction, name, advisory };

/// What is locked. The two numbers are: relation (table, 0); row (table, version); transaction
/// (id, 0); name (hash, 0); advisory (key, 1), or (both keys, 2) for the form with two.
struct LockTag {
    LockKind kind;
    std::uint64_t first = 0;
    std::uint64_t second = 0;

    friend auto operator<=>(const LockTag&, const LockTag&) = default;
};

/// "transaction 733", "relation 16384 of database 5": as messages show it.
std::string describe(const LockTag& tag);

class LockTable;

/// Why a wait ends early, other than by its own limits.
enum class Interrupt : std::uint8_t { none, cancel, recovery_conflict, terminate };

/// One session's locks. Outlives the session while its commit is being written.
class LockOwner {
  public:
    LockOwner(LockTable& table, std::uint32_t process_id)
        : table_(&table), process_id_(process_id) {}
    LockOwner(const LockOwner&) = delete;
    LockOwner& operator=(const LockOwner&) = delete;
    ~LockOwner();

    std::uint32_t process_id() const { return process_id_; }

    /// Ends the wait this session is in, if it is in one, or its next.
    void interrupt(Interrupt reason);
    /// Something it waits for, other than a lock, may have come.
    void wake();
    Interrupt pending_interrupt() const { return interrupt_; }
    void clear_interrupt() { interrupt_ = Interrupt::none; }

    /// While one of these lives, interrupt() sets the event.
    class Parking {
      public:
        Parking(LockOwner& owner, host::Event& event) : owner_(owner) { owner_.parked_ = &event; }
        Parking(const Parking&) = delete;
        Parking& operator=(const Parking&) = delete;
        ~Parking() { owner_.parked_ = nullptr; }

      private:
        LockOwner& owner_;
    };

  private:
    friend class DeadlockSearch;
    friend class LockTable;
    struct Waiter;
    struct Held {
        LockTag tag;
        TableLockMode mode;
        bool session;  ///< Survives the transaction (advisory locks).
        std::uint64_t number;
    };

    LockTable* table_;
    std::uint32_t process_id_;
    Interrupt interrupt_ = Interrupt::none;
    /// In the order taken; a lock taken twice is here twice.
    std::vector<Held> held_;
    /// Of the next one taken.
    std::uint64_t next_number_ = 1;
    Waiter* waiting_ = nullptr;
    /// What the session is parked on when it waits for other than a lock.
    host::Event* parked_ = nullptr;
};

/// When to give up. A limit of `never` is none.
struct WaitLimits {
    host::Deadline statement = host::Deadline::never();  ///< 57014
    host::Duration lock_timeout{};                       ///< 55P03; zero: none
    host::Duration deadlock_timeout{};
};

class LockTable {
  public:
    explicit LockTable(host::Host& host) : host_(host) {}

    /// Waits in line. Errors: 57014, 55P03, 40P01, 57P01.
    host::Task<Checked<>> acquire(LockOwner& owner, LockTag tag, TableLockMode mode,
                                  WaitLimits limits, bool session = false);

    /// Takes it only if that needs no wait.
    bool try_acquire(LockOwner& owner, LockTag tag, TableLockMode mode, bool session = false);

    /// Takes it whoever holds it: where a conflict is settled already, or nobody's to settle.
    void take_anyway(LockOwner& owner, LockTag tag, TableLockMode mode);

    /// The same; no rollback to a savepoint releases it.
    void take_to_the_end(LockOwner& owner, LockTag tag, TableLockMode mode);

    /// Gives one back. False if it was not held.
    bool release(LockOwner& owner, const LockTag& tag, TableLockMode mode, bool session = false);

    /// A moment: for releasing what was taken after it.
    static std::uint64_t mark(const LockOwner& owner) { return owner.next_number_; }
    void release_since(LockOwner& owner, std::uint64_t mark);
    /// All that do not survive the transaction; with `session`, really all.
    void release_all(LockOwner& owner, bool session = false);

    /// Gives the locks that end with the transaction to another owner, and says which they are.
    /// nullopt, and nothing done, if one of them is held for the session as well.
    std::optional<std::vector<std::pair<LockTag, TableLockMode>>> hand_over(LockOwner& from,
                                                                            LockOwner& to);

    /// The advisory locks that outlive the transaction.
    void release_advisory(LockOwner& owner);

    bool is_held(const LockOwner& owner, const LockTag& tag, TableLockMode mode) const;

    /// Waits like a lock wait, for the time alone (pg_sleep). Errors: 57014, 57P01.
    host::Task<Checked<>> sleep(LockOwner& owner, host::Deadline until, WaitLimits limits);
    /// The same until that is so, which is asked at each wake(). Errors: 57014, 57P01.
    host::Task<Checked<>> wait_until(LockOwner& owner, std::function<bool()> is_so,
                                     WaitLimits limits);

    /// Those that stand between that process and what it waits for; none if it does not wait.
    std::vector<std::uint32_t> blocking_processes(std::uint32_t process_id) const;

    /// In any mode.
    static bool holds(const LockOwner& owner, const LockTag& tag);

    /// No lock is held and none waited for.
    bool empty() const { return locks_.empty(); }

  private:
    friend class DeadlockSearch;
    friend class LockOwner;
    friend struct LockOwner::Waiter;

    struct Grant {
        LockOwner* owner;
        TableLockMode mode;
        std::uint32_t count;
        /// Not in PostgreSQL's shared table of locks: a weak lock of a relation stays with its
        /// session until somebody asks for a strong one (lock.c, "Fast Path Locking").
        bool is_private = false;
    };
    struct Lock {
        std::vector<Grant> granted;
        std::list<LockOwner::Waiter*> queue;
    };
    struct Edge {
        LockTag tag;
        TableLockMode mode;
        std::uint32_t process_id;
        std::uint32_t blocker;
    };

    bool conflicts_with_granted(const Lock& lock, const LockOwner& owner, TableLockMode mode) const;
    bool can_grant_at_once(const Lock& lock, const LockOwner& owner, TableLockMode mode) const;
    static void share_private_locks(Lock& lock, TableLockMode wanted);
    static LockModes shared_modes(const Lock& lock, const LockOwner& owner);
    void grant(Lock& lock, LockOwner& owner, const LockTag& tag, TableLockMode mode, bool session);
    void release_grant(LockOwner& owner, const LockTag& tag, TableLockMode mode);
    void wake_waiters(const LockTag& tag);
    void leave_queue(LockOwner::Waiter& waiter);
    std::vector<LockOwner*> blockers(const LockOwner::Waiter& waiter) const;
    /// Puts lines in an order in which nobody waits in a circle; an error if there is none.
    std::optional<Failure> resolve_deadlock(LockOwner& owner);
    static Failure deadlock_detected(const std::vector<Edge>& path);

    host::Host& host_;
    std::map<LockTag, Lock> locks_;
};

/// The error for an interrupt.
Failure interrupted(Interrupt reason);

}  // namespace atlas::sim::models::postgres
