#pragma once
// A small cluster for the tests of this room, whose programs note what they see of their world: the
// effects of faults as a program meets them, apart from what the ledger says of them.

#include <cstdint>
#include <map>
#include <string>

#include "sim/faults/fault_runner.hpp"
#include "sim/faults/ledger.hpp"
#include "sim/faults/swarm_options.hpp"

namespace atlas::sim::faults {

/// What all programs of a run have seen, taken together.
struct Observations {
    std::uint64_t round_trips = 0;
    host::Duration longest_round_trip{};
    std::uint64_t resets = 0;
    std::uint64_t early_ends = 0;  ///< The end of a stream instead of an answer.
    std::uint64_t unanswered_connects = 0;
    std::uint64_t unresolved_names = 0;
    std::uint64_t refused_connects = 0;
    std::uint64_t lost_connections = 0;  ///< Ended before an answer, with or without a reset.
    std::uint64_t partial_reads = 0;
    std::uint64_t partial_writes = 0;
    std::uint64_t refused_computations = 0;
    std::uint64_t starts = 0;              ///< Of programs, the first ones included.
    host::Duration longest_standstill{};   ///< Between two ticks that should be 5 ms apart.
    host::Duration largest_clock_error{};  ///< Of the wall clock, either way.
    std::uint64_t clock_jumps = 0;         ///< Times that the clock error changed while it ran.
    std::uint64_t disk_partial_reads = 0;
    std::uint64_t disk_partial_writes = 0;
    std::uint64_t read_errors = 0;
    std::uint64_t write_errors = 0;
    std::uint64_t full_disks = 0;      ///< Writes that found no room.
    std::uint64_t damaged_blocks = 0;  ///< Not as they were written, and nothing had died.
    std::uint64_t sync_errors = 0;
    host::Duration longest_disk_wait{};      ///< For a read, a write or a sync.
    std::uint64_t synced_bytes_missing = 0;  ///< After a start. The disk's promise: none.
    std::uint64_t unsynced_blocks_lost = 0;  ///< After a start: they hold something older.
    std::uint64_t torn_blocks = 0;           ///< After a start: a mixture of two writes.
    std::uint64_t names_lost = 0;            ///< After a start: files that had been made.
    std::uint64_t empty_disks = 0;           ///< After a start: nothing there of what was synced.
};

struct ObservedRun {
    Observations seen;
    Ledger ledger;
    std::vector<StrikeRecord> records;
    std::string trace;    ///< The hash of the run.
    bool healed = false;  ///< Round trips went on after the faults had stopped.
};

/// Twenty virtual seconds with these options on one database machine, two API nodes and a client,
/// then five to recover.
ObservedRun run_observed(std::uint64_t seed, const SwarmOptions& options,
                         const SuppressedFaults& suppressed = {});

/// Options for that world: no fault on, short phases.
SwarmOptions observed_options();

}  // namespace atlas::sim::faults
