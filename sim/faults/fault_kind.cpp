#include "sim/faults/fault_kind.hpp"

#include <array>

namespace atlas::sim::faults {
namespace {

using enum FaultKind;
using enum Occasion;

constexpr std::array<FaultKindInfo, fault_kinds> registry{{
    {network_latency, "network.latency", per_operation,
     "A packet takes far longer than its link ordinarily does: a heavy tail.",
     "a packet arrives later than the link's ordinary latency and jitter allow", 95},
    {network_loss, "network.loss", per_operation,
     "A packet is lost on its way and sent again: it arrives later, and all behind it wait.",
     "a packet arrives later than the first retransmission could have come", 90},
    {network_short_read, "network.short_read", per_operation,
     "A read from a connection gives fewer bytes than have arrived.",
     "a read returns fewer bytes than there were room and bytes for", 95},
    {network_short_write, "network.short_write", per_operation,
     "A write to a connection takes fewer bytes than it could.",
     "a write returns fewer bytes than were offered and fitted", 95},
    {network_partition_symmetric, "network.partition.symmetric", scheduled,
     "Machines are cut off from the others in both directions; packets wait for its end.",
     "a packet is held back on a link that the partition blocks", 90},
    {network_partition_one_way, "network.partition.one_way", scheduled,
     "Packets from some machines to the others wait; the way back is open.",
     "a packet is held back on a link that the partition blocks", 90},
    {network_partition_majorities_ring, "network.partition.majorities_ring", scheduled,
     "Each machine reaches a majority of those that serve, and no two the same one.",
     "a packet is held back on a link that the partition blocks", 50},
    {network_partition_bridge, "network.partition.bridge", scheduled,
     "The machines that serve are in two halves, and only one of them reaches both.",
     "a packet is held back on a link that the partition blocks", 50},
    {network_partition_primaries, "network.partition.primaries", scheduled,
     "Whichever databases take writes then are cut off from all others, each by itself.",
     "a packet is held back on a link that the partition blocks", 50},
    {network_partition_zone, "network.partition.zone", scheduled,
     "All machines of one zone are cut off from all others; they reach one another.",
     "a packet is held back on a link that the partition blocks", 50},
    {network_clog, "network.clog", scheduled,
     "One link, in one direction, is stopped up: its packets wait until it clears.",
     "a packet is held back on that link", 70},
    {network_swizzle, "network.swizzle", scheduled,
     "Machines are cut off one after the other, and come back one by one in another order.",
     "a packet is held back on a link of a machine that is cut off", 80},
    {network_slow_link, "network.slow_link", scheduled,
     "Every packet between two machines takes longer for a while, by the same time.",
     "a packet arrives later than it would have, by that time at least", 80},
    {network_bandwidth, "network.bandwidth", scheduled,
     "The link between two machines carries few bytes a second for a while: packets queue.",
     "a packet arrives later than it would have, by what its bytes and those before it took", 80},
    {network_reset, "network.reset", scheduled,
     "An open connection between two machines is broken at both ends.",
     "an operation of a program ends with connection_reset because of it", 80},
    {network_half_close, "network.half_close", scheduled,
     "One end of an open connection is told that the other has ended; the other end is told "
     "nothing.",
     "a read of a program gives the end of the stream because of it", 65},
    {network_in_flight_loss, "network.in_flight_loss", per_operation,
     "Bytes under way are lost when the machine at either end loses power.",
     "a packet that was sent is dropped on its way", 50},
    {network_connect_refused, "network.connect_refused", per_operation,
     "A connection request is refused although somebody listens, as where a backlog is full.",
     "a connect returns connection_refused because of it", 65},
    {network_connect_hang, "network.connect_hang", per_operation,
     "A connection request is swallowed: no acceptance and no refusal ever comes.",
     "a connect returns deadline_exceeded because of it", 65},
    {network_name_failure, "network.name_failure", per_operation,
     "A name does not resolve: the name server is not to be reached.",
     "a resolution returns unavailable because of it", 65},
    {network_name_stale, "network.name_stale", per_operation,
     "A name resolves to an address that its machine had before, where nobody answers.",
     "a resolution returns an address that is not the machine's", 65},
    {process_kill, "process.kill", scheduled,
     "A machine's process dies as by kill -9, stays down for a while and starts again.",
     "tasks that were waiting or connections that were open are gone", 90},
    {process_restart, "process.restart", scheduled,
     "A machine's process dies as by kill -9 and starts again at once.",
     "tasks that were waiting or connections that were open are gone", 90},
    {process_restart_loop, "process.restart_loop", scheduled,
     "A machine's process dies as by kill -9, starts again, dies again, over and over.",
     "tasks that were waiting or connections that were open are gone, in two of its lives at least",
     90},
    {process_pause, "process.pause", scheduled,
     "A machine's process stands still for a while as by SIGSTOP; the clocks go on.",
     "the process goes on later than it would have: it had stood still", 90},
    {process_slow, "process.slow", scheduled,
     "A machine's CPU is slow for a while: each step of its process takes time, and others wait.",
     "a step of the process comes later than it was due, since another was not done", 90},
    {process_fault_point, "process.fault_point", per_operation,
     "A process dies, or stands for a while, at a place its program has named: after a commit, "
     "before its answer.",
     "the process dies at that place, or goes on from there later", 80},
    {process_computation_refused, "process.computation_refused", per_operation,
     "Work off the loop is refused, as where the queue of the pool is full.",
     "a computation returns resource_exhausted because of it", 80},
    {machine_power_loss, "machine.power_loss", scheduled,
     "A machine goes dark: its connections fall silent and its page cache is gone.",
     "tasks or connections are gone, or the disk holds less than was seen before", 90},
    {machine_lost, "machine.lost", scheduled,
     "A machine is lost with its disk; another one with its name and an empty disk takes its "
     "place.",
     "the machine that comes in its place has none of the files that the lost one had synced", 60},
    {zone_power_loss, "zone.power_loss", scheduled,
     "All machines of one zone go dark at one moment, as by machine.power_loss.",
     "tasks or connections are gone, or a disk holds less than was seen before", 60},
    {clock_offset, "clock.offset", scheduled,
     "A machine's wall clock is wrong by the same amount for the whole run.",
     "a process of the machine reads its wall clock while it differs from true time", 95},
    {clock_step, "clock.step", scheduled, "A machine's wall clock jumps, forward or back.",
     "a process of the machine reads its wall clock after the jump", 90},
    {clock_drift, "clock.drift", scheduled,
     "A machine's wall clock runs too fast or too slow for the whole run.",
     "a process of the machine reads its wall clock once it has been running so for a second", 95},
    {clock_strobe, "clock.strobe", scheduled,
     "A machine's wall clock jumps to and fro, many times a second, between two times.",
     "a process of the machine reads its wall clock while it is thrown off", 80},
    {disk_short_read, "disk.short_read", per_operation,
     "A read from a file gives fewer bytes than are there.",
     "a read returns fewer bytes than there were room and bytes for", 60},
    {disk_short_write, "disk.short_write", per_operation,
     "A write to a file takes fewer bytes than were offered.",
     "a write returns fewer bytes than were offered", 80},
    {disk_read_error, "disk.read_error", per_operation,
     "A read from a file fails; what it was to give is still on the disk.",
     "a read returns io_error to a process", 60},
    {disk_write_error, "disk.write_error", per_operation,
     "A write to a file fails and has no effect.", "a write returns io_error to a process", 60},
    {disk_stall, "disk.stall", per_operation,
     "A read, a write or a sync takes far longer than the disk ordinarily does.",
     "an operation ends for its process later than it would have, by what was added at least", 80},
    {disk_no_space, "disk.no_space", scheduled,
     "A machine's disk is full for a while: no file can grow.",
     "a write or a truncation returns no_space to a process because of it", 80},
    {disk_bit_rot, "disk.bit_rot", scheduled,
     "A bit on a disk flips: no operation did it, and none says so.",
     "a read gives a process what it finds at that bit", 50},
    {disk_misdirected_write, "disk.misdirected_write", scheduled,
     "A write goes to another place of its file, and counts as done.",
     "a read gives a process what it finds at either place", 50},
    {disk_sync_failure, "disk.sync_failure", per_operation,
     "A sync fails; what it was to make durable is dropped and counts as clean.",
     "a sync returns io_error to a process", 60},
    {disk_unsynced_writes_lost, "disk.unsynced_writes_lost", power_loss,
     "A power loss takes any subset of the writes that no sync covered.",
     "after the power loss a sector holds something else than a read gave before", 25},
    {disk_torn_write, "disk.torn_write", power_loss,
     "A power loss leaves some sectors of an unsynced write and not the others.",
     "of one write, some sectors had reached the disk and some had not", 15},
    {disk_unsynced_names_lost, "disk.unsynced_names_lost", power_loss,
     "A power loss undoes creations, renames and removals whose folder was not synced.",
     "after the power loss a name means another file than before, or none", 32},
}};

constexpr bool in_order() {
    for (std::size_t i = 0; i < registry.size(); ++i) {
        if (registry[i].kind != static_cast<FaultKind>(i)) return false;
    }
    return true;
}
static_assert(in_order(), "the registry has every kind, at its own place");

}  // namespace

std::span<const FaultKindInfo> all_fault_kinds() noexcept {
    return registry;
}

const FaultKindInfo& info(FaultKind kind) noexcept {
    return registry[static_cast<std::size_t>(kind)];
}

std::optional<FaultKind> find_fault_kind(std::string_view name) noexcept {
    for (const FaultKindInfo& each : registry) {
        if (each.name == name) return each.kind;
    }
    return std::nullopt;
}

}  // namespace atlas::sim::faults
