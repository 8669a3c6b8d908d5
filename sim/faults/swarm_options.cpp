// Which options a seed draws, and from which ranges. A member that does not appear here is never
// drawn and keeps its default.

#include "sim/faults/swarm_options.hpp"

#include <initializer_list>

namespace atlas::sim::faults {
namespace {

class Draw {
  public:
    explicit Draw(const kernel::Seed& seed) : seed_(seed) {}

    std::uint64_t count(std::string_view name, std::uint64_t low, std::uint64_t high) {
        return low + source(name).below(high - low + 1);
    }
    host::Duration time(std::string_view name, host::Duration low, host::Duration high) {
        // About a thousand different lengths, in a unit that is short to print and to type.
        const host::Duration unit = high >= 10s ? 100ms : high >= 100ms ? 1ms : 1us;
        return unit * source(name).between(low / unit, high / unit);
    }
    template <typename Value>
    Value one_of(std::string_view name, std::initializer_list<Value> choices) {
        return choices.begin()[source(name).below(choices.size())];
    }
    bool chance(std::string_view name, std::uint64_t numerator, std::uint64_t denominator) {
        return source(name).chance(numerator, denominator);
    }

  private:
    host::RandomSource source(std::string_view name) const { return seed_.derive({"swarm", name}); }

    const kernel::Seed& seed_;
};

// Swarm testing (A. Groce and others, "Swarm Testing", ISSTA 2012): each run leaves out about half
// of what can happen, so that what is left gets room to show. One run in twenty has no fault.
void draw_faults(Draw& draw, FaultOptions& f) {
    const bool calm = draw.chance("faults.calm", 1, 20);
    // A clock off by a little and one off by much find different bugs.
    const auto clock_errors = {host::Duration{5ms}, host::Duration{50ms}, host::Duration{500ms},
                               host::Duration{5s},  host::Duration{60s},  host::Duration{10min}};
    const auto on = [&](std::string_view kind) { return draw.chance(kind, 11, 20) && !calm; };
    f.network_latency = {on("network.latency"), draw.count("network.latency.chance", 500, 20'000),
                         draw.time("network.latency.tail", 20ms, 400ms)};
    f.network_loss = {on("network.loss"), draw.count("network.loss.chance", 200, 10'000)};
    f.network_short_read = {on("network.short_read"),
                            draw.count("network.short_read.chance", 5'000, 300'000)};
    f.network_short_write = {on("network.short_write"),
                             draw.count("network.short_write.chance", 5'000, 300'000)};
    f.network_partition_symmetric = {
        on("network.partition.symmetric"), draw.time("network.partition.symmetric.every", 20s, 90s),
        100ms, draw.time("network.partition.symmetric.longest", 2s, 20s)};
    f.network_partition_one_way = {on("network.partition.one_way"),
                                   draw.time("network.partition.one_way.every", 20s, 90s), 100ms,
                                   draw.time("network.partition.one_way.longest", 2s, 20s)};
    // Long enough, often, for a lease to end meanwhile.
    f.network_partition_majorities_ring = {
        on("network.partition.majorities_ring"),
        draw.time("network.partition.majorities_ring.every", 30s, 120s), 500ms,
        draw.time("network.partition.majorities_ring.longest", 5s, 20s)};
    f.network_partition_bridge = {on("network.partition.bridge"),
                                  draw.time("network.partition.bridge.every", 30s, 120s), 500ms,
                                  draw.time("network.partition.bridge.longest", 5s, 20s)};
    f.network_partition_primaries = {on("network.partition.primaries"),
                                     draw.time("network.partition.primaries.every", 30s, 120s),
                                     500ms,
                                     draw.time("network.partition.primaries.longest", 5s, 20s)};
    f.network_partition_zone = {on("network.partition.zone"),
                                draw.time("network.partition.zone.every", 30s, 120s), 500ms,
                                draw.time("network.partition.zone.longest", 5s, 20s)};
    f.network_clog = {on("network.clog"), draw.time("network.clog.every", 5s, 40s), 20ms,
                      draw.time("network.clog.longest", 500ms, 10s)};
    f.network_swizzle = {on("network.swizzle"), draw.time("network.swizzle.every", 20s, 90s), 200ms,
                         draw.time("network.swizzle.longest", 2s, 20s)};
    f.network_slow_link = {on("network.slow_link"), draw.time("network.slow_link.every", 10s, 60s),
                           500ms, draw.time("network.slow_link.longest", 2s, 30s),
                           draw.time("network.slow_link.most", 10ms, 400ms)};
    f.network_bandwidth = {on("network.bandwidth"), draw.time("network.bandwidth.every", 10s, 60s),
                           500ms, draw.time("network.bandwidth.longest", 2s, 15s),
                           draw.time("network.bandwidth.most", 2ms, 60ms)};
    f.network_reset = {on("network.reset"), draw.time("network.reset.every", 2s, 30s), 0s, 0s};
    f.network_half_close = {on("network.half_close"),
                            draw.time("network.half_close.every", 4s, 40s), 0s, 0s};
    f.network_in_flight_loss = {on("network.in_flight_loss"),
                                draw.count("network.in_flight_loss.chance", 200'000, 1'000'000)};
    f.network_connect_refused = {on("network.connect_refused"),
                                 draw.count("network.connect_refused.chance", 50'000, 300'000)};
    f.network_connect_hang = {on("network.connect_hang"),
                              draw.count("network.connect_hang.chance", 50'000, 200'000)};
    f.network_name_failure = {on("network.name_failure"),
                              draw.count("network.name_failure.chance", 50'000, 300'000)};
    f.network_name_stale = {on("network.name_stale"),
                            draw.count("network.name_stale.chance", 50'000, 300'000)};
    f.process_kill = {on("process.kill"), draw.time("process.kill.every", 15s, 80s), 50ms,
                      draw.time("process.kill.longest", 1s, 15s)};
    f.process_restart = {on("process.restart"), draw.time("process.restart.every", 15s, 80s), 1ms,
                         draw.time("process.restart.longest", 2ms, 100ms)};
    f.process_restart_loop = {on("process.restart_loop"),
                              draw.time("process.restart_loop.every", 20s, 90s), 500ms,
                              draw.time("process.restart_loop.longest", 1s, 12s),
                              draw.time("process.restart_loop.most", 20ms, 2s)};
    f.process_pause = {on("process.pause"), draw.time("process.pause.every", 10s, 60s), 10ms,
                       draw.time("process.pause.longest", 1s, 15s)};
    f.process_slow = {on("process.slow"), draw.time("process.slow.every", 10s, 60s), 500ms,
                      draw.time("process.slow.longest", 1s, 15s),
                      draw.time("process.slow.most", 20us, 250us)};
    f.process_fault_point = {on("process.fault_point"),
                             draw.count("process.fault_point.chance", 100, 4'000)};
    f.process_computation_refused = {
        on("process.computation_refused"),
        draw.count("process.computation_refused.chance", 5'000, 100'000)};
    f.machine_power_loss = {on("machine.power_loss"),
                            draw.time("machine.power_loss.every", 15s, 60s), 500ms,
                            draw.time("machine.power_loss.longest", 1s, 10s)};
    f.machine_lost = {on("machine.lost"), draw.time("machine.lost.every", 40s, 200s), 500ms,
                      draw.time("machine.lost.longest", 2s, 30s)};
    f.zone_power_loss = {on("zone.power_loss"), draw.time("zone.power_loss.every", 30s, 120s),
                         500ms, draw.time("zone.power_loss.longest", 1s, 10s)};
    f.clock_offset = {on("clock.offset"), draw.one_of("clock.offset.largest", clock_errors)};
    f.clock_step = {on("clock.step"), draw.time("clock.step.every", 10s, 60s),
                    draw.one_of("clock.step.largest", clock_errors)};
    f.clock_drift = {on("clock.drift"), draw.one_of("clock.drift.largest",
                                                    {host::Duration{10us}, host::Duration{100us},
                                                     host::Duration{1ms}, host::Duration{10ms}})};
    f.clock_strobe = {on("clock.strobe"), draw.time("clock.strobe.every", 10s, 60s), 200ms,
                      draw.time("clock.strobe.longest", 1s, 10s),
                      draw.one_of("clock.strobe.largest", clock_errors)};
    f.disk_short_read = {on("disk.short_read"),
                         draw.count("disk.short_read.chance", 20'000, 500'000)};
    f.disk_short_write = {on("disk.short_write"),
                          draw.count("disk.short_write.chance", 5'000, 200'000)};
    f.disk_read_error = {on("disk.read_error"),
                         draw.count("disk.read_error.chance", 20'000, 200'000)};
    f.disk_write_error = {on("disk.write_error"),
                          draw.count("disk.write_error.chance", 300, 3'000)};
    f.disk_stall = {on("disk.stall"), draw.count("disk.stall.chance", 500, 5'000),
                    draw.time("disk.stall.tail", 20ms, 1s)};
    f.disk_no_space = {on("disk.no_space"), draw.time("disk.no_space.every", 15s, 60s), 100ms,
                       draw.time("disk.no_space.longest", 1s, 8s)};
    f.disk_sync_failure = {on("disk.sync_failure"),
                           draw.count("disk.sync_failure.chance", 300, 3'000)};
    f.disk_unsynced_writes_lost = {
        on("disk.unsynced_writes_lost"),
        draw.count("disk.unsynced_writes_lost.chance", 500'000, 1'000'000)};
    f.disk_torn_write = {on("disk.torn_write"),
                         draw.count("disk.torn_write.chance", 500'000, 1'000'000)};
    f.disk_unsynced_names_lost = {
        on("disk.unsynced_names_lost"),
        draw.count("disk.unsynced_names_lost.chance", 500'000, 1'000'000)};
}

}  // namespace

SwarmOptions draw(const kernel::Seed& seed) {
    Draw draw(seed);
    SwarmOptions o;
    // Three nodes more often than any other number; fewer and more show what depends on it.
    o.topology.api_nodes =
        draw.one_of<std::uint64_t>("topology.api_nodes", {2, 2, 3, 3, 3, 3, 4, 5});
    o.topology.client_machines = draw.count("topology.client_machines", 2, 4);
    // Half of the runs have one PostgreSQL and nothing beside it.
    o.topology.followers = draw.one_of<std::uint64_t>("topology.followers", {0, 0, 1, 2});
    o.run.power_loss_at_end = draw.chance("run.power_loss_at_end", 3, 4);
    o.run.log_level = draw.one_of("run.log_level", {"debug", "info", "warning", "error"});
    // Clients wait while faults strike: somewhat more than the twenty a second that shall remain.
    o.workload.rate = draw.count("workload.rate", 26, 46);
    o.workload.clients_per_machine = draw.count("workload.clients_per_machine", 3, 8);
    o.workload.users = draw.count("workload.users", 5, 60);
    o.workload.hot_users = draw.count("workload.hot_users", 1, 4);
    o.workload.email_pool = draw.count("workload.email_pool", 20, 400);
    o.workload.weight_create = draw.count("workload.weight_create", 1, 4);
    o.workload.weight_get = draw.count("workload.weight_get", 2, 8);
    o.workload.weight_patch = draw.count("workload.weight_patch", 2, 8);
    o.workload.weight_delete = draw.count("workload.weight_delete", 0, 2);
    o.workload.operation_timeout = draw.time("workload.operation_timeout", 3s, 8s);
    o.workload.weight_list = draw.count("workload.weight_list", 0, 2);
    o.workload.weight_change_email = draw.count("workload.weight_change_email", 0, 2);
    o.workload.weight_repeat = draw.count("workload.weight_repeat", 0, 2);
    o.system.pool_size = draw.count("system.pool_size", 2, 12);
    o.system.statement_timeout = draw.time("system.statement_timeout", 2s, 9s);
    o.system.idle_in_transaction_session_timeout =
        draw.time("system.idle_in_transaction_session_timeout", 2s, 9s);
    o.system.request_time = draw.time("system.request_time", 4s, 15s);
    o.system.lock_timeout = draw.time("system.lock_timeout", 500ms, 3s);
    o.system.retry_attempts = draw.count("system.retry_attempts", 1, 5);
    o.system.retry_budget_tokens = draw.count("system.retry_budget_tokens", 2, 200);
    o.system.queue_limit = draw.count("system.queue_limit", 8, 256);
    o.system.queue_target = draw.time("system.queue_target", 50ms, 250ms);
    o.system.queue_interval = draw.time("system.queue_interval", 500ms, 3s);
    o.system.breaker_by_count = draw.chance("system.breaker_by_count", 1, 2);
    o.system.breaker_minimum_calls = draw.count("system.breaker_minimum_calls", 5, 40);
    o.system.breaker_open_time = draw.time("system.breaker_open_time", 500ms, 4s);
    o.system.breaker_probes = draw.count("system.breaker_probes", 1, 5);
    o.postgres.deadlock_timeout = draw.time("postgres.deadlock_timeout", 50ms, 1s);
    o.postgres.checkpoint_timeout = draw.time("postgres.checkpoint_timeout", 5s, 120s);
    o.postgres.max_wal_size_kib = draw.count("postgres.max_wal_size_kib", 128, 16 * 1024);
    o.network.latency = draw.time("network.latency", 50us, 3ms);
    o.network.jitter = draw.time("network.jitter", 10us, 3ms);
    o.disk.read = draw.time("disk.read", 5us, 200us);
    o.disk.write = draw.time("disk.write", 5us, 200us);
    o.disk.sync = draw.time("disk.sync", 200us, 10ms);
    draw_faults(draw, o.faults);
    return o;
}

}  // namespace atlas::sim::faults
