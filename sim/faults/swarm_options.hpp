#pragma once
// Everything about a run that is drawn from its seed or can be set: one struct, printed first in
// every report. The name, range and sentence of each member are in
// knob_registry.cpp and fault_knobs.cpp.
//
// A member's default is what a run has that nobody drew anything for. Times are virtual. Chances
// are in parts per million.

#include <chrono>
#include <cstdint>
#include <string>

#include "sim/kernel/seed.hpp"
#include "system/host/time.hpp"

namespace atlas::sim::faults {

using namespace std::chrono_literals;

struct RunOptions {
    host::Duration calm_start = 5s;  ///< Before the first scheduled fault.
    host::Duration safety = 5min;    ///< Faults on; the calm start is part of it.
    host::Duration liveness = 60s;   ///< At most, for everything to end once faults have stopped.
    /// Of it, at most half: clients go on for so long, to show what the service is worth again.
    host::Duration aftermath = 20s;
    /// Once the clients have ended, the database loses power and all that it had not synced. What
    /// was acknowledged must be there all the same.
    bool power_loss_at_end = false;
    /// What processes take the trouble to log. Changes no trace: the code that makes the records
    /// runs or does not, and must have no other effect.
    std::string log_level = "warning";
};

struct TopologyOptions {
    std::uint64_t api_nodes = 3;
    std::uint64_t client_machines = 3;
    /// PostgreSQL servers beside the first. With any, each has an agent, and there is a lease
    /// store.
    std::uint64_t followers = 0;
};

struct WorkloadOptions {
    std::uint64_t rate = 20;  ///< Operations begun in a second, all clients together.
    std::uint64_t clients_per_machine = 4;
    std::uint64_t users = 40;              ///< Few, so that clients meet on the same ones.
    std::uint64_t hot_users = 3;           ///< Of those, the ones that all clients come back to.
    std::uint64_t hot_per_thousand = 500;  ///< Of reads and changes: aimed at the hot ones.
    std::uint64_t email_pool = 60;         ///< Few, so that clients want the same ones.
    std::uint64_t outdated_per_thousand = 150;  ///< Of changes: name a wrong version on purpose.
    std::uint64_t weight_create = 2;            ///< Relative to one another.
    std::uint64_t weight_get = 5;
    std::uint64_t weight_patch = 5;
    std::uint64_t weight_delete = 1;
    std::uint64_t weight_list = 1;
    std::uint64_t weight_change_email = 1;
    std::uint64_t weight_repeat = 1;
    host::Duration operation_timeout = 5s;
};

struct SystemOptions {
    std::uint64_t pool_size = 8;
    host::Duration statement_timeout = 5s;
    host::Duration lock_timeout = 2s;
    host::Duration idle_in_transaction_session_timeout = 5s;
    host::Duration request_time = 10s;
    std::uint64_t retry_attempts = 4;
    std::uint64_t retry_budget_tokens = 100;
    std::uint64_t queue_limit = 128;  ///< Of those who wait for a connection of one API node.
    host::Duration queue_target = 100ms;
    host::Duration queue_interval = 1s;
    bool breaker_by_count = false;  ///< Of the last hundred calls, else of the last ten seconds.
    std::uint64_t breaker_minimum_calls = 20;
    std::uint64_t breaker_failures_per_thousand = 500;
    std::uint64_t breaker_slow_per_thousand = 800;
    host::Duration breaker_slow_call = 2s;
    host::Duration breaker_open_time = 2s;
    std::uint64_t breaker_probes = 3;
    std::uint64_t argon2_memory_kib = 8;
    std::uint64_t argon2_iterations = 1;
};

struct PostgresOptions {
    bool fsync = true;
    std::string synchronous_commit = "on";
    host::Duration deadlock_timeout = 1s;
    host::Duration checkpoint_timeout = 60s;
    std::uint64_t max_wal_size_kib = 16 * 1024;
    host::Duration wal_writer_delay = 200ms;
    std::uint64_t max_connections = 100;
};

/// What is ordinary on a link: no fault.
struct NetworkOptions {
    host::Duration latency = 200us;
    host::Duration jitter = 100us;  ///< Added to it, from none to all.
};

/// What is ordinary for a disk: no fault. A sync's latency has this mean and a moderate tail.
struct DiskOptions {
    host::Duration read = 20us;
    host::Duration write = 20us;
    host::Duration sync = 2ms;
};

/// A kind that strikes now and then.
struct ScheduledFault {
    bool on = false;
    host::Duration every = 60s;  ///< On average, somewhere in the cluster.
    host::Duration shortest{};
    host::Duration longest{};
};

/// A kind that strikes now and then, harder or less hard.
struct GradedFault {
    bool on = false;
    host::Duration every = 60s;
    host::Duration shortest{};
    host::Duration longest{};
    host::Duration most = 1ms;  ///< How hard it strikes at most; a tenth of it at least.
};

/// A kind that may befall any operation.
struct OperationFault {
    bool on = false;
    std::uint64_t per_million = 0;
};

struct LatencyFault {
    bool on = false;
    std::uint64_t per_million = 0;
    host::Duration tail = 100ms;  ///< The mean of what is added; it can be many times that.
};

struct ClockOffsetFault {
    bool on = false;
    host::Duration largest = 1s;  ///< Either way.
};

struct ClockStepFault {
    bool on = false;
    host::Duration every = 60s;
    host::Duration largest = 1s;  ///< Either way.
};

struct ClockDriftFault {
    bool on = false;
    host::Duration largest = 1ms;  ///< Either way, in a second.
};

struct ClockStrobeFault {
    bool on = false;
    host::Duration every = 60s;
    host::Duration shortest{};
    host::Duration longest{};
    host::Duration largest = 1s;  ///< Either way.
};

struct FaultOptions {
    LatencyFault network_latency;
    OperationFault network_loss;
    OperationFault network_short_read;
    OperationFault network_short_write;
    ScheduledFault network_partition_symmetric;
    ScheduledFault network_partition_one_way;
    ScheduledFault network_partition_majorities_ring;
    ScheduledFault network_partition_bridge;
    ScheduledFault network_partition_primaries;
    ScheduledFault network_partition_zone;
    ScheduledFault network_clog;
    ScheduledFault network_swizzle;
    GradedFault network_slow_link;
    GradedFault network_bandwidth;
    ScheduledFault network_reset;       ///< Takes no time: its durations are not used.
    ScheduledFault network_half_close;  ///< Takes no time: its durations are not used.
    OperationFault network_in_flight_loss;
    OperationFault network_connect_refused;
    OperationFault network_connect_hang;
    OperationFault network_name_failure;
    OperationFault network_name_stale;
    ScheduledFault process_kill;
    ScheduledFault process_restart;
    GradedFault process_restart_loop;
    ScheduledFault process_pause;
    GradedFault process_slow;
    OperationFault process_fault_point;
    OperationFault process_computation_refused;
    ScheduledFault machine_power_loss;
    ScheduledFault machine_lost;
    ScheduledFault zone_power_loss;
    ClockOffsetFault clock_offset;
    ClockStepFault clock_step;
    ClockDriftFault clock_drift;
    ClockStrobeFault clock_strobe;
    OperationFault disk_short_read;
    OperationFault disk_short_write;
    OperationFault disk_read_error;
    OperationFault disk_write_error;
    LatencyFault disk_stall;
    ScheduledFault disk_no_space;
    ScheduledFault disk_bit_rot;            ///< Takes no time: its durations are not used.
    ScheduledFault disk_misdirected_write;  ///< Takes no time: its durations are not used.
    OperationFault disk_sync_failure;
    OperationFault disk_unsynced_writes_lost;  ///< Of a million power losses.
    OperationFault disk_torn_write;            ///< Of a million power losses.
    OperationFault disk_unsynced_names_lost;   ///< Of a million power losses.
};

struct SwarmOptions {
    RunOptions run;
    TopologyOptions topology;
    WorkloadOptions workload;
    SystemOptions system;
    PostgresOptions postgres;
    NetworkOptions network;
    DiskOptions disk;
    FaultOptions faults;
};

/// What a seed's run has. Each member is drawn from a source of its own.
SwarmOptions draw(const kernel::Seed& seed);

/// Everything at its default, no fault on.
inline SwarmOptions calm() {
    return {};
}

}  // namespace atlas::sim::faults
