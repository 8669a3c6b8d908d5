#include "sim/models/postgres/locks/lock_mode.hpp"

#include <array>

namespace atlas::sim::models::postgres {
namespace {

constexpr std::uint32_t bit(TableLockMode mode) {
    return 1U << static_cast<unsigned>(mode);
}

using enum TableLockMode;

// Table 13.2 of the documentation, a row a mode.
constexpr std::array<std::uint32_t, 9> conflict_table{
    0,
    bit(access_exclusive),
    bit(exclusive) | bit(access_exclusive),
    bit(share) | bit(share_row_exclusive) | bit(exclusive) | bit(access_exclusive),
    bit(share_update_exclusive) | bit(share) | bit(share_row_exclusive) | bit(exclusive) |
        bit(access_exclusive),
    bit(row_exclusive) | bit(share_update_exclusive) | bit(share_row_exclusive) | bit(exclusive) |
        bit(access_exclusive),
    bit(row_exclusive) | bit(share_update_exclusive) | bit(share) | bit(share_row_exclusive) |
        bit(exclusive) | bit(access_exclusive),
    bit(row_share) | bit(row_exclusive) | bit(share_update_exclusive) | bit(share) |
        bit(share_row_exclusive) | bit(exclusive) | bit(access_exclusive),
    bit(access_share) | bit(row_share) | bit(row_exclusive) | bit(share_update_exclusive) |
        bit(share) | bit(share_row_exclusive) | bit(exclusive) | bit(access_exclusive),
};

}  // namespace

bool conflicts(TableLockMode left, TableLockMode right) {
    return (conflict_table[static_cast<std::size_t>(left)] & bit(right)) != 0;
}

bool LockModes::any_conflicts_with(TableLockMode mode) const {
    return (conflict_table[static_cast<std::size_t>(mode)] & bits_) != 0;
}

std::string_view name(TableLockMode mode) {
    switch (mode) {
        case access_share:
            return "AccessShareLock";
        case row_share:
            return "RowShareLock";
        case row_exclusive:
            return "RowExclusiveLock";
        case share_update_exclusive:
            return "ShareUpdateExclusiveLock";
        case share:
            return "ShareLock";
        case share_row_exclusive:
            return "ShareRowExclusiveLock";
        case exclusive:
            return "ExclusiveLock";
        case access_exclusive:
            return "AccessExclusiveLock";
    }
    return "INVALID";
}

std::string_view command_name(RowLockStrength strength) {
    switch (strength) {
        case RowLockStrength::key_share:
            return "SELECT FOR KEY SHARE";
        case RowLockStrength::share:
            return "SELECT FOR SHARE";
        case RowLockStrength::no_key_update:
            return "SELECT FOR NO KEY UPDATE";
        case RowLockStrength::update:
            return "SELECT FOR UPDATE";
    }
    return "";
}

std::string_view clause_name(RowLockStrength strength) {
    switch (strength) {
        case RowLockStrength::key_share:
            return "FOR KEY SHARE";
        case RowLockStrength::share:
            return "FOR SHARE";
        case RowLockStrength::no_key_update:
            return "FOR NO KEY UPDATE";
        case RowLockStrength::update:
            return "FOR UPDATE";
    }
    return "";
}

}  // namespace atlas::sim::models::postgres
