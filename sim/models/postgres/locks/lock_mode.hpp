#pragma once
// The modes of PostgreSQL's locks and which of them conflict (documentation, "Explicit Locking").

#include <cstdint>
#include <string_view>

namespace atlas::sim::models::postgres {

/// Of tables and of everything else in the lock table. The numbers are PostgreSQL's.
enum class TableLockMode : std::uint8_t {
    access_share = 1,
    row_share = 2,
    row_exclusive = 3,
    share_update_exclusive = 4,
    share = 5,
    share_row_exclusive = 6,
    exclusive = 7,
    access_exclusive = 8,
};

bool conflicts(TableLockMode left, TableLockMode right);

/// A set of modes.
class LockModes {
  public:
    void add(TableLockMode mode) { bits_ |= 1U << static_cast<unsigned>(mode); }
    bool any_conflicts_with(TableLockMode mode) const;

  private:
    unsigned bits_ = 0;
};

/// A weak lock conflicts with strong ones alone, and SHARE UPDATE EXCLUSIVE is neither (lock.c,
/// "Fast Path Locking").
constexpr bool is_weak(TableLockMode mode) {
    return mode < TableLockMode::share_update_exclusive;
}
constexpr bool is_strong(TableLockMode mode) {
    return mode > TableLockMode::share_update_exclusive;
}

/// "AccessShareLock": as messages about deadlocks show it.
std::string_view name(TableLockMode mode);

/// Of rows, weakest first.
enum class RowLockStrength : std::uint8_t { key_share, share, no_key_update, update };

constexpr bool conflicts(RowLockStrength left, RowLockStrength right) {
    const RowLockStrength weaker = left < right ? left : right;
    const RowLockStrength stronger = left < right ? right : left;
    switch (weaker) {
        case RowLockStrength::key_share:
            return stronger == RowLockStrength::update;
        case RowLockStrength::share:
            return stronger >= RowLockStrength::no_key_update;
        case RowLockStrength::no_key_update:
        case RowLockStrength::update:
            return true;
    }
    return true;
}

/// "SELECT FOR UPDATE": as a command.
std::string_view command_name(RowLockStrength strength);

/// "FOR UPDATE".
std::string_view clause_name(RowLockStrength strength);

}  // namespace atlas::sim::models::postgres
