#pragma once
// Isolation levels and the anomalies that they forbid, after Adya ("Weak consistency", 1999),
// Cerone and Gotsman ("Analysing snapshot isolation", 2016) and Elle (Kingsbury and Alvaro, 2020).
//
//   read-uncommitted < read-committed < cursor-stability < repeatable-read    < serializable
//                                       cursor-stability < snapshot-isolation < serializable
//   serializable < strong-session-serializable < strict-serializable
//
// PostgreSQL's REPEATABLE READ is snapshot isolation: it is not above nor below the level that the
// standard and Adya call repeatable read.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace atlas::properties::isolation {

enum class Level : std::uint8_t {
    read_uncommitted,
    read_committed,
    cursor_stability,
    repeatable_read,
    snapshot_isolation,
    serializable,
    strong_session_serializable,
    strict_serializable,
};

std::string_view name(Level level) noexcept;
std::optional<Level> find_level(std::string_view name);
/// From the weakest on.
std::span<const Level> all_levels();

/// Whether a history that has the one level has the other too. A level includes itself.
bool includes(Level level, Level weaker);

enum class Anomaly : std::uint8_t {
    garbage_read,        ///< A read of what nobody wrote.
    duplicate_elements,  ///< A list holds one append twice.
    cyclic_versions,     ///< The versions of a key are before themselves.
    incompatible_order,  ///< Two reads of a list, neither the other's beginning.
    future_read,         ///< A read of what the reader was to write only later.
    internal,            ///< A read that contradicts what the reader itself had read or written.
    aborted_read,        ///< G1a: a read of what was rolled back.
    intermediate_read,   ///< G1b: a read of what its writer overwrote before committing.
    dirty_update,        ///< What was rolled back, and a committed write on top of it.
    lost_update,         ///< A write over a version that its writer had not read, but an older one.
    g0,                  ///< A cycle of writes over writes.
    g1c,                 ///< A cycle of writes over writes and reads of writes.
    g_single,            ///< A cycle with one write over what was read.
    g_nonadjacent,       ///< A cycle with several of those, no two next to each other.
    g2_item,             ///< Any other cycle of these three.
    cycle_in_session,    ///< A cycle that needs the order of a client's own transactions.
    cycle_in_real_time,  ///< A cycle that needs "this ended before that began".
};

/// The weakest levels that forbid it: one, or two of which neither includes the other.
std::span<const Level> weakest_broken(Anomaly anomaly);

bool breaks(Anomaly anomaly, Level level);

}  // namespace atlas::properties::isolation
