// The list of knobs: for each member of SwarmOptions its name, range and sentence.

#include "sim/faults/knobs.hpp"

namespace atlas::sim::faults {
namespace {

using Options = SwarmOptions;

// follow<&SwarmOptions::postgres, &PostgresOptions::fsync>(options) is options.postgres.fsync.
template <auto... Path>
const auto& follow(const Options& options) {
    return (options.*....*Path);
}
template <auto... Path>
auto& follow(Options& options) {
    return (options.*....*Path);
}

template <auto... Path>
Knob knob(std::string_view name, std::string_view sentence) {
    using Member = std::decay_t<decltype(follow<Path...>(std::declval<Options&>()))>;
    return {.name = name,
            .type = KnobType::boolean,
            .sentence = sentence,
            .read = [](const Options& options) -> KnobValue { return follow<Path...>(options); },
            .write =
                [](Options& options, const KnobValue& value) {
                    follow<Path...>(options) = std::get<Member>(value);
                }};
}

template <auto... Path>
Knob count(std::string_view name, std::int64_t low, std::int64_t high, std::string_view sentence) {
    Knob made = knob<Path...>(name, sentence);
    made.type = KnobType::count;
    made.lowest = low;
    made.highest = high;
    return made;
}

template <auto... Path>
Knob time(std::string_view name, host::Duration low, host::Duration high,
          std::string_view sentence) {
    Knob made = knob<Path...>(name, sentence);
    made.type = KnobType::duration;
    made.lowest = low.count();
    made.highest = high.count();
    return made;
}

template <auto... Path>
Knob choice(std::string_view name, std::vector<std::string_view> choices,
            std::string_view sentence) {
    Knob made = knob<Path...>(name, sentence);
    made.type = KnobType::choice;
    made.choices = std::move(choices);
    return made;
}

void add_run(std::vector<Knob>& list) {
    constexpr auto run = &Options::run;
    list.push_back(time<run, &RunOptions::calm_start>(
        "run.calm_start", 0s, 1h, "How long the run goes before the first scheduled fault."));
    list.push_back(time<run, &RunOptions::safety>(
        "run.safety", 1s, 240h, "How long faults strike; the calm start is part of it."));
    list.push_back(time<run, &RunOptions::liveness>(
        "run.liveness", 1s, 24h, "How long everything may take to end once faults have stopped."));
    list.push_back(
        knob<run, &RunOptions::power_loss_at_end>("run.power_loss_at_end",
                                                  "Whether the database loses power, and all that "
                                                  "it had not synced, once clients have ended."));
}

void add_topology(std::vector<Knob>& list) {
    constexpr auto topology = &Options::topology;
    list.push_back(count<topology, &TopologyOptions::api_nodes>("topology.api_nodes", 1, 16,
                                                                "Machines that serve the API."));
    list.push_back(count<topology, &TopologyOptions::client_machines>(
        "topology.client_machines", 1, 16, "Machines that run the workload."));
}

void add_workload(std::vector<Knob>& list) {
    constexpr auto workload = &Options::workload;
    list.push_back(count<workload, &WorkloadOptions::rate>(
        "workload.rate", 1, 10'000, "Operations begun in a second, all clients together."));
    list.push_back(count<workload, &WorkloadOptions::clients_per_machine>(
        "workload.clients_per_machine", 1, 256, "Clients on each client machine."));
    list.push_back(count<workload, &WorkloadOptions::users>(
        "workload.users", 1, 100'000, "How many users the clients read and change."));
    list.push_back(count<workload, &WorkloadOptions::hot_users>(
        "workload.hot_users", 1, 100, "How many of them all clients keep coming back to."));
    list.push_back(count<workload, &WorkloadOptions::hot_per_thousand>(
        "workload.hot_per_thousand", 0, 1000, "Of reads and changes: aimed at the hot users."));
    list.push_back(count<workload, &WorkloadOptions::outdated_per_thousand>(
        "workload.outdated_per_thousand", 0, 1000, "Of changes: name a wrong version on purpose."));
    list.push_back(count<workload, &WorkloadOptions::email_pool>(
        "workload.email_pool", 1, 100'000, "How many e-mails the clients try to register."));
    list.push_back(count<workload, &WorkloadOptions::weight_create>(
        "workload.weight_create", 0, 1000, "Relative share of user creations."));
    list.push_back(count<workload, &WorkloadOptions::weight_get>("workload.weight_get", 0, 1000,
                                                                 "Relative share of reads."));
    list.push_back(count<workload, &WorkloadOptions::weight_patch>(
        "workload.weight_patch", 0, 1000, "Relative share of conditional changes."));
    list.push_back(count<workload, &WorkloadOptions::weight_delete>(
        "workload.weight_delete", 0, 1000, "Relative share of conditional deletions."));
    list.push_back(count<workload, &WorkloadOptions::weight_list>(
        "workload.weight_list", 0, 1000, "Relative share of pages of the listing."));
    list.push_back(count<workload, &WorkloadOptions::weight_change_email>(
        "workload.weight_change_email", 0, 1000, "Relative share of changes of an e-mail."));
    list.push_back(count<workload, &WorkloadOptions::weight_repeat>(
        "workload.weight_repeat", 0, 1000,
        "Relative share of registrations that are sent again with their key."));
    list.push_back(time<workload, &WorkloadOptions::operation_timeout>(
        "workload.operation_timeout", 10ms, 1h, "How long a client waits for an operation."));
}

void add_system(std::vector<Knob>& list) {
    constexpr auto system = &Options::system;
    list.push_back(count<system, &SystemOptions::pool_size>(
        "system.pool_size", 1, 100, "SQL connections that one API node opens at most."));
    list.push_back(time<system, &SystemOptions::statement_timeout>(
        "system.statement_timeout", 10ms, 1h, "What a session sets as statement_timeout."));
    list.push_back(time<system, &SystemOptions::lock_timeout>(
        "system.lock_timeout", 10ms, 1h, "What a session sets as lock_timeout."));
    list.push_back(time<system, &SystemOptions::idle_in_transaction_session_timeout>(
        "system.idle_in_transaction_session_timeout", 10ms, 1h,
        "What a session sets as idle_in_transaction_session_timeout."));
    list.push_back(time<system, &SystemOptions::request_time>(
        "system.request_time", 10ms, 1h, "The deadline that the server gives a request."));
    list.push_back(count<system, &SystemOptions::retry_attempts>(
        "system.retry_attempts", 1, 100, "How often a transaction is tried, the first included."));
    list.push_back(count<system, &SystemOptions::argon2_memory_kib>(
        "system.argon2_memory_kib", 8, 1'048'576, "Memory of one password hash."));
    list.push_back(count<system, &SystemOptions::argon2_iterations>(
        "system.argon2_iterations", 1, 100, "Passes of one password hash."));
}

void add_postgres(std::vector<Knob>& list) {
    constexpr auto postgres = &Options::postgres;
    list.push_back(knob<postgres, &PostgresOptions::fsync>(
        "postgres.fsync", "Whether PostgreSQL syncs its log and files at all."));
    list.push_back(choice<postgres, &PostgresOptions::synchronous_commit>(
        "postgres.synchronous_commit", {"on", "off", "local", "remote_write", "remote_apply"},
        "Whether COMMIT waits for the log to be on disk."));
    list.push_back(time<postgres, &PostgresOptions::deadlock_timeout>(
        "postgres.deadlock_timeout", 1ms, 1h,
        "How long a lock is waited for before a deadlock is "
        "looked for."));
    list.push_back(time<postgres, &PostgresOptions::checkpoint_timeout>(
        "postgres.checkpoint_timeout", 100ms, 24h, "A checkpoint is made this often."));
    list.push_back(count<postgres, &PostgresOptions::max_wal_size_kib>(
        "postgres.max_wal_size_kib", 16, 1'048'576,
        "A checkpoint is made when the log has grown by so much."));
    list.push_back(time<postgres, &PostgresOptions::wal_writer_delay>(
        "postgres.wal_writer_delay", 1ms, 10s,
        "With synchronous_commit=off, how long a commit may wait in memory."));
    list.push_back(count<postgres, &PostgresOptions::max_connections>(
        "postgres.max_connections", 1, 10'000, "Sessions that PostgreSQL accepts."));
}

void add_hardware(std::vector<Knob>& list) {
    constexpr auto network = &Options::network;
    constexpr auto disk = &Options::disk;
    list.push_back(time<network, &NetworkOptions::latency>("network.latency", 1us, 10s,
                                                           "What a packet takes on any link."));
    list.push_back(time<network, &NetworkOptions::jitter>("network.jitter", 0s, 10s,
                                                          "Added to it, from none to all."));
    list.push_back(time<disk, &DiskOptions::read>("disk.read", 0s, 10s, "What a read takes."));
    list.push_back(time<disk, &DiskOptions::write>("disk.write", 0s, 10s, "What a write takes."));
    list.push_back(
        time<disk, &DiskOptions::sync>("disk.sync", 0s, 10s, "What a sync takes on average."));
}

constexpr auto faults = &Options::faults;
constexpr host::Duration longest_time = 240h;

template <auto Kind>
void add_scheduled(std::vector<Knob>& list, std::string_view on, std::string_view every,
                   std::string_view shortest, std::string_view longest) {
    list.push_back(knob<faults, Kind, &ScheduledFault::on>(on, "Whether the run has it."));
    list.push_back(time<faults, Kind, &ScheduledFault::every>(
        every, 1ms, longest_time, "It strikes this often on average, somewhere in the cluster."));
    if (shortest.empty()) return;
    list.push_back(time<faults, Kind, &ScheduledFault::shortest>(shortest, 0s, longest_time,
                                                                 "It lasts at least so long."));
    list.push_back(time<faults, Kind, &ScheduledFault::longest>(longest, 0s, longest_time,
                                                                "It lasts at most so long."));
}

template <auto Kind>
void add_graded(std::vector<Knob>& list, std::string_view on, std::string_view every,
                std::string_view shortest, std::string_view longest) {
    list.push_back(knob<faults, Kind, &GradedFault::on>(on, "Whether the run has it."));
    list.push_back(time<faults, Kind, &GradedFault::every>(
        every, 1ms, longest_time, "It strikes this often on average, somewhere in the cluster."));
    list.push_back(time<faults, Kind, &GradedFault::shortest>(shortest, 0s, longest_time,
                                                              "It lasts at least so long."));
    list.push_back(time<faults, Kind, &GradedFault::longest>(longest, 0s, longest_time,
                                                             "It lasts at most so long."));
}

template <auto Kind>
void add_per_operation(std::vector<Knob>& list, std::string_view on, std::string_view chance,
                       std::string_view sentence) {
    list.push_back(knob<faults, Kind, &OperationFault::on>(on, "Whether the run has it."));
    list.push_back(
        count<faults, Kind, &OperationFault::per_million>(chance, 0, 1'000'000, sentence));
}

void add_network_faults(std::vector<Knob>& list) {
    using F = FaultOptions;
    list.push_back(knob<faults, &F::network_latency, &LatencyFault::on>("faults.network.latency.on",
                                                                        "Whether the run has it."));
    list.push_back(count<faults, &F::network_latency, &LatencyFault::per_million>(
        "faults.network.latency.per_million", 0, 1'000'000, "Of a million packets."));
    list.push_back(time<faults, &F::network_latency, &LatencyFault::tail>(
        "faults.network.latency.tail", 0s, 1h,
        "The mean of what is added; it can be many times that."));
    add_per_operation<&F::network_loss>(list, "faults.network.loss.on",
                                        "faults.network.loss.per_million", "Of a million packets.");
    add_per_operation<&F::network_short_read>(list, "faults.network.short_read.on",
                                              "faults.network.short_read.per_million",
                                              "Of a million reads.");
    add_per_operation<&F::network_short_write>(list, "faults.network.short_write.on",
                                               "faults.network.short_write.per_million",
                                               "Of a million writes.");
    add_scheduled<&F::network_partition_symmetric>(list, "faults.network.partition.symmetric.on",
                                                   "faults.network.partition.symmetric.every",
                                                   "faults.network.partition.symmetric.shortest",
                                                   "faults.network.partition.symmetric.longest");
    add_scheduled<&F::network_partition_one_way>(
        list, "faults.network.partition.one_way.on", "faults.network.partition.one_way.every",
        "faults.network.partition.one_way.shortest", "faults.network.partition.one_way.longest");
    add_scheduled<&F::network_clog>(list, "faults.network.clog.on", "faults.network.clog.every",
                                    "faults.network.clog.shortest", "faults.network.clog.longest");
    add_scheduled<&F::network_swizzle>(
        list, "faults.network.swizzle.on", "faults.network.swizzle.every",
        "faults.network.swizzle.shortest", "faults.network.swizzle.longest");
    add_graded<&F::network_slow_link>(
        list, "faults.network.slow_link.on", "faults.network.slow_link.every",
        "faults.network.slow_link.shortest", "faults.network.slow_link.longest");
    list.push_back(time<faults, &F::network_slow_link, &GradedFault::most>(
        "faults.network.slow_link.most", 1us, 1h, "How much later a packet arrives, at most."));
    add_graded<&F::network_bandwidth>(
        list, "faults.network.bandwidth.on", "faults.network.bandwidth.every",
        "faults.network.bandwidth.shortest", "faults.network.bandwidth.longest");
    list.push_back(time<faults, &F::network_bandwidth, &GradedFault::most>(
        "faults.network.bandwidth.most", 1us, 1h, "How long 1024 bytes take, at most."));
    add_scheduled<&F::network_reset>(list, "faults.network.reset.on", "faults.network.reset.every",
                                     "", "");
    add_scheduled<&F::network_half_close>(list, "faults.network.half_close.on",
                                          "faults.network.half_close.every", "", "");
    add_per_operation<&F::network_in_flight_loss>(
        list, "faults.network.in_flight_loss.on", "faults.network.in_flight_loss.per_million",
        "Of a million connections whose machine loses power.");
    add_per_operation<&F::network_connect_refused>(list, "faults.network.connect_refused.on",
                                                   "faults.network.connect_refused.per_million",
                                                   "Of a million connection requests.");
    add_per_operation<&F::network_connect_hang>(list, "faults.network.connect_hang.on",
                                                "faults.network.connect_hang.per_million",
                                                "Of a million connection requests.");
    add_per_operation<&F::network_name_failure>(list, "faults.network.name_failure.on",
                                                "faults.network.name_failure.per_million",
                                                "Of a million resolutions.");
    add_per_operation<&F::network_name_stale>(list, "faults.network.name_stale.on",
                                              "faults.network.name_stale.per_million",
                                              "Of a million resolutions.");
}

void add_process_faults(std::vector<Knob>& list) {
    using F = FaultOptions;
    add_scheduled<&F::process_kill>(list, "faults.process.kill.on", "faults.process.kill.every",
                                    "faults.process.kill.shortest", "faults.process.kill.longest");
    add_scheduled<&F::process_restart>(
        list, "faults.process.restart.on", "faults.process.restart.every",
        "faults.process.restart.shortest", "faults.process.restart.longest");
    add_graded<&F::process_restart_loop>(
        list, "faults.process.restart_loop.on", "faults.process.restart_loop.every",
        "faults.process.restart_loop.shortest", "faults.process.restart_loop.longest");
    list.push_back(time<faults, &F::process_restart_loop, &GradedFault::most>(
        "faults.process.restart_loop.most", 1ms, 1h, "How long each of its lives lasts, at most."));
    add_scheduled<&F::process_pause>(list, "faults.process.pause.on", "faults.process.pause.every",
                                     "faults.process.pause.shortest",
                                     "faults.process.pause.longest");
    add_graded<&F::process_slow>(list, "faults.process.slow.on", "faults.process.slow.every",
                                 "faults.process.slow.shortest", "faults.process.slow.longest");
    list.push_back(time<faults, &F::process_slow, &GradedFault::most>(
        "faults.process.slow.most", 1us, 1h, "How long each step of the process takes, at most."));
    add_per_operation<&F::process_fault_point>(list, "faults.process.fault_point.on",
                                               "faults.process.fault_point.per_million",
                                               "Of a million fault points that are passed.");
    add_per_operation<&F::process_computation_refused>(
        list, "faults.process.computation_refused.on",
        "faults.process.computation_refused.per_million", "Of a million computations.");
    add_scheduled<&F::machine_power_loss>(
        list, "faults.machine.power_loss.on", "faults.machine.power_loss.every",
        "faults.machine.power_loss.shortest", "faults.machine.power_loss.longest");
    list.push_back(knob<faults, &F::clock_offset, &ClockOffsetFault::on>(
        "faults.clock.offset.on", "Whether the run has it."));
    list.push_back(time<faults, &F::clock_offset, &ClockOffsetFault::largest>(
        "faults.clock.offset.largest", 1us, longest_time, "How wrong a clock is at most."));
    list.push_back(knob<faults, &F::clock_step, &ClockStepFault::on>("faults.clock.step.on",
                                                                     "Whether the run has it."));
    list.push_back(time<faults, &F::clock_step, &ClockStepFault::every>(
        "faults.clock.step.every", 1ms, longest_time,
        "It strikes this often on average, somewhere in the cluster."));
    list.push_back(time<faults, &F::clock_step, &ClockStepFault::largest>(
        "faults.clock.step.largest", 1us, longest_time, "How far a clock jumps at most."));
    list.push_back(knob<faults, &F::clock_drift, &ClockDriftFault::on>("faults.clock.drift.on",
                                                                       "Whether the run has it."));
    list.push_back(time<faults, &F::clock_drift, &ClockDriftFault::largest>(
        "faults.clock.drift.largest", 1us, 1s,
        "How much a clock gains or loses in a second, at most."));
    list.push_back(knob<faults, &F::clock_strobe, &ClockStrobeFault::on>(
        "faults.clock.strobe.on", "Whether the run has it."));
    list.push_back(time<faults, &F::clock_strobe, &ClockStrobeFault::every>(
        "faults.clock.strobe.every", 1ms, longest_time,
        "It strikes this often on average, somewhere in the cluster."));
    list.push_back(time<faults, &F::clock_strobe, &ClockStrobeFault::shortest>(
        "faults.clock.strobe.shortest", 0s, longest_time, "It lasts at least so long."));
    list.push_back(time<faults, &F::clock_strobe, &ClockStrobeFault::longest>(
        "faults.clock.strobe.longest", 0s, longest_time, "It lasts at most so long."));
    list.push_back(time<faults, &F::clock_strobe, &ClockStrobeFault::largest>(
        "faults.clock.strobe.largest", 1us, longest_time, "How far a clock is thrown at most."));
}

void add_disk_faults(std::vector<Knob>& list) {
    using F = FaultOptions;
    add_per_operation<&F::disk_short_read>(list, "faults.disk.short_read.on",
                                           "faults.disk.short_read.per_million",
                                           "Of a million reads.");
    add_per_operation<&F::disk_short_write>(list, "faults.disk.short_write.on",
                                            "faults.disk.short_write.per_million",
                                            "Of a million writes.");
    add_per_operation<&F::disk_read_error>(list, "faults.disk.read_error.on",
                                           "faults.disk.read_error.per_million",
                                           "Of a million reads.");
    add_per_operation<&F::disk_write_error>(list, "faults.disk.write_error.on",
                                            "faults.disk.write_error.per_million",
                                            "Of a million writes.");
    list.push_back(knob<faults, &F::disk_stall, &LatencyFault::on>("faults.disk.stall.on",
                                                                   "Whether the run has it."));
    list.push_back(count<faults, &F::disk_stall, &LatencyFault::per_million>(
        "faults.disk.stall.per_million", 0, 1'000'000, "Of a million reads, writes and syncs."));
    list.push_back(time<faults, &F::disk_stall, &LatencyFault::tail>(
        "faults.disk.stall.tail", 0s, 1h,
        "The mean of what is added, beyond 100 ms; it can be many times that."));
    add_scheduled<&F::disk_no_space>(list, "faults.disk.no_space.on", "faults.disk.no_space.every",
                                     "faults.disk.no_space.shortest",
                                     "faults.disk.no_space.longest");
    add_scheduled<&F::disk_bit_rot>(list, "faults.disk.bit_rot.on", "faults.disk.bit_rot.every", "",
                                    "");
    add_scheduled<&F::disk_misdirected_write>(list, "faults.disk.misdirected_write.on",
                                              "faults.disk.misdirected_write.every", "", "");
    add_per_operation<&F::disk_sync_failure>(list, "faults.disk.sync_failure.on",
                                             "faults.disk.sync_failure.per_million",
                                             "Of a million syncs.");
    add_per_operation<&F::disk_unsynced_writes_lost>(list, "faults.disk.unsynced_writes_lost.on",
                                                     "faults.disk.unsynced_writes_lost.per_million",
                                                     "Of a million power losses.");
    add_per_operation<&F::disk_torn_write>(list, "faults.disk.torn_write.on",
                                           "faults.disk.torn_write.per_million",
                                           "Of a million power losses.");
    add_per_operation<&F::disk_unsynced_names_lost>(list, "faults.disk.unsynced_names_lost.on",
                                                    "faults.disk.unsynced_names_lost.per_million",
                                                    "Of a million power losses.");
}

}  // namespace

const std::vector<Knob>& all_knobs() {
    static const std::vector<Knob> knobs = [] {
        std::vector<Knob> list;
        add_run(list);
        add_topology(list);
        add_workload(list);
        add_system(list);
        add_postgres(list);
        add_hardware(list);
        add_network_faults(list);
        add_process_faults(list);
        add_disk_faults(list);
        return list;
    }();
    return knobs;
}

}  // namespace atlas::sim::faults
