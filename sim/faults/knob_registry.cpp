// The list of knobs: for each member of SwarmOptions its name, range and sentence. Those of faults
// are in fault_knobs.cpp.

#include "sim/faults/knob_builders.hpp"

namespace atlas::sim::faults {
namespace {

using namespace knob_builders;

void add_run(std::vector<Knob>& list) {
    constexpr auto run = &Options::run;
    list.push_back(time<run, &RunOptions::calm_start>(
        "run.calm_start", 0s, 1h, "How long the run goes before the first scheduled fault."));
    list.push_back(time<run, &RunOptions::safety>(
        "run.safety", 1s, 240h, "How long faults strike; the calm start is part of it."));
    list.push_back(time<run, &RunOptions::liveness>(
        "run.liveness", 1s, 24h, "How long everything may take to end once faults have stopped."));
    list.push_back(time<run, &RunOptions::aftermath>(
        "run.aftermath", 0s, 24h,
        "How long clients go on once faults have stopped; at most half of run.liveness."));
    list.push_back(
        knob<run, &RunOptions::power_loss_at_end>("run.power_loss_at_end",
                                                  "Whether the database loses power, and all that "
                                                  "it had not synced, once clients have ended."));
    list.push_back(choice<run, &RunOptions::log_level>(
        "run.log_level", {"debug", "info", "warning", "error"},
        "What processes take the trouble to log; changes no trace. With --log, all of it."));
}

void add_topology(std::vector<Knob>& list) {
    constexpr auto topology = &Options::topology;
    list.push_back(count<topology, &TopologyOptions::api_nodes>("topology.api_nodes", 1, 16,
                                                                "Machines that serve the API."));
    list.push_back(count<topology, &TopologyOptions::client_machines>(
        "topology.client_machines", 1, 16, "Machines that run the workload."));
    list.push_back(count<topology, &TopologyOptions::followers>(
        "topology.followers", 0, 4,
        "PostgreSQL servers beside the first; with any, agents and a lease store."));
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

void add_queue(std::vector<Knob>& list) {
    constexpr auto system = &Options::system;
    list.push_back(count<system, &SystemOptions::queue_limit>(
        "system.queue_limit", 0, 10'000, "Requests of one API node that wait for a connection."));
    list.push_back(time<system, &SystemOptions::queue_target>(
        "system.queue_target", 1ms, 1h,
        "How long they wait at most in a line that does not get empty; the interval, if that is "
        "shorter."));
    list.push_back(time<system, &SystemOptions::queue_interval>(
        "system.queue_interval", 1ms, 1h, "How long they wait at most, and when a line stands."));
}

void add_breaker(std::vector<Knob>& list) {
    constexpr auto system = &Options::system;
    list.push_back(knob<system, &SystemOptions::breaker_by_count>(
        "system.breaker_by_count",
        "Whether the breaker judges the last hundred calls; else those of the last ten seconds."));
    list.push_back(count<system, &SystemOptions::breaker_minimum_calls>(
        "system.breaker_minimum_calls", 1, 100, "Fewer calls to the database are no evidence."));
    list.push_back(count<system, &SystemOptions::breaker_failures_per_thousand>(
        "system.breaker_failures_per_thousand", 1, 1000, "Failed calls that open the circuit."));
    list.push_back(count<system, &SystemOptions::breaker_slow_per_thousand>(
        "system.breaker_slow_per_thousand", 1, 1000, "Slow calls that open the circuit."));
    list.push_back(time<system, &SystemOptions::breaker_slow_call>(
        "system.breaker_slow_call", 1ms, 1h, "A call that takes as long is slow."));
    list.push_back(time<system, &SystemOptions::breaker_open_time>(
        "system.breaker_open_time", 1ms, 1h, "How long an open circuit waits with its probes."));
    list.push_back(count<system, &SystemOptions::breaker_probes>(
        "system.breaker_probes", 1, 100, "Calls that decide whether it closes again."));
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
    list.push_back(count<system, &SystemOptions::retry_budget_tokens>(
        "system.retry_budget_tokens", 1, 1000,
        "Twice the retries that an outage can cost one API node."));
    add_queue(list);
    add_breaker(list);
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
        add_fault_knobs(list);
        return list;
    }();
    return knobs;
}

}  // namespace atlas::sim::faults
