#pragma once
// The registry of fault kinds: a name, a sentence, what counts as an effect, and the floor. A kind
// that is not here does not exist; one that is here has a test that shows its effect.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace atlas::sim::faults {

enum class FaultKind : std::uint8_t {
    network_latency,
    network_loss,
    network_short_read,
    network_short_write,
    network_partition_symmetric,
    network_partition_one_way,
    network_partition_majorities_ring,
    network_partition_bridge,
    network_partition_primaries,
    network_partition_zone,
    network_clog,
    network_swizzle,
    network_slow_link,
    network_bandwidth,
    network_reset,
    network_half_close,
    network_in_flight_loss,
    network_connect_refused,
    network_connect_hang,
    network_name_failure,
    network_name_stale,
    process_kill,
    process_restart,
    process_restart_loop,
    process_pause,
    process_slow,
    process_fault_point,
    process_computation_refused,
    machine_power_loss,
    machine_lost,
    zone_power_loss,
    clock_offset,
    clock_step,
    clock_drift,
    clock_strobe,
    disk_short_read,
    disk_short_write,
    disk_read_error,
    disk_write_error,
    disk_stall,
    disk_no_space,
    disk_bit_rot,
    disk_misdirected_write,
    disk_sync_failure,
    disk_unsynced_writes_lost,
    disk_torn_write,
    disk_unsynced_names_lost,
};
inline constexpr std::size_t fault_kinds =
    static_cast<std::size_t>(FaultKind::disk_unsynced_names_lost) + 1;

/// How it comes about.
enum class Occasion : std::uint8_t {
    scheduled,      ///< At a planned moment, for a planned time.
    per_operation,  ///< At an operation of a process, or a packet.
    power_loss,     ///< When a power loss decides what was on the disk.
};

struct FaultKindInfo {
    FaultKind kind;
    /// Stable: in scenario files, in ids, on the command line.
    std::string_view name;
    Occasion occasion;
    std::string_view sentence;
    /// The predicate of its effect, in words. Code judges it at the seam: see ledger.hpp.
    std::string_view effect;
    /// Of a hundred seeds that arm it, it has an effect in at least so many.
    unsigned floor_percent;
};

/// All kinds, in the order of the enumeration.
std::span<const FaultKindInfo> all_fault_kinds() noexcept;

const FaultKindInfo& info(FaultKind kind) noexcept;
inline std::string_view name(FaultKind kind) noexcept {
    return info(kind).name;
}
std::optional<FaultKind> find_fault_kind(std::string_view name) noexcept;

}  // namespace atlas::sim::faults
