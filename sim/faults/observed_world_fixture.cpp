// The world of observed_world_fixture.hpp: an echo service that stores what it is told, its
// clients, and a scribbler that never syncs.

#include "sim/faults/observed_world_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "sim/cluster/cluster.hpp"
#include "sim/cluster/fault_control.hpp"
#include "sim/faults/computation_dice.hpp"
#include "sim/faults/fault_point_dice.hpp"
#include "system/host/task_group.hpp"

namespace atlas::sim::faults {
namespace {

using host::Deadline;
using host::ErrorCode;
using host::File;
using host::Host;
using host::OpenMode;
using host::Result;
using host::Task;

constexpr std::size_t message_bytes = 100;
constexpr std::size_t block_bytes = 4096;
constexpr std::size_t block_count = 16;
constexpr std::uint16_t port = 5432;

// What the programs know of one machine's disk across their deaths.
struct DiskMemory {
    std::uint64_t synced_log_bytes = 0;
    std::map<std::size_t, std::byte> blocks;  ///< The newest fill of each block.
    std::set<std::string> names;
    std::uint64_t next_name = 0;
};

struct World {
    Observations seen;
    DiskMemory memory;
};

void note(const Result<std::size_t>& result, World& world) {
    if (result || result.error().code != ErrorCode::connection_reset) return;
    ++world.seen.resets;
}

// True when the whole message went through.
Task<bool> send_message(host::ByteStream& stream, Deadline deadline, World& world) {
    std::array<std::byte, message_bytes> message{};
    std::size_t sent = 0;
    while (sent < message.size()) {
        auto count = co_await stream.write_some(std::span(message).subspan(sent), deadline);
        note(count, world);
        if (!count) co_return false;
        if (*count < message.size() - sent) ++world.seen.partial_writes;
        sent += *count;
    }
    co_return true;
}

Task<bool> receive_message(host::ByteStream& stream, Deadline deadline, World& world) {
    std::array<std::byte, message_bytes> message{};
    std::size_t received = 0;
    while (received < message.size()) {
        auto count = co_await stream.read_some(std::span(message).subspan(received), deadline);
        note(count, world);
        if (count && *count == 0) ++world.seen.early_ends;
        if (!count || *count == 0) co_return false;
        if (*count < message.size() - received) ++world.seen.partial_reads;
        received += *count;
    }
    co_return true;
}

void note_failed_write(const host::Error& error, World& world) {
    ++(error.code == ErrorCode::no_space ? world.seen.full_disks : world.seen.write_errors);
}

// Notes how long the program waited for its disk.
template <typename Value>
Task<Result<Value>> timed(Host& host, World& world, Task<Result<Value>> operation) {
    const host::TimePoint began = host.clock().now();
    Result<Value> result = co_await std::move(operation);
    const host::Duration took = host.clock().now() - began;
    world.seen.longest_disk_wait = std::max(world.seen.longest_disk_wait, took);
    co_return result;
}

// Appends to the log and makes it durable, if this machine has one.
Task<bool> store(Host& host, File* log, World& world) {
    if (log == nullptr) co_return true;
    const std::vector<std::byte> record(700, std::byte{0x5a});
    auto size = co_await log->size();
    std::size_t stored = 0;
    while (stored < record.size()) {
        auto count = co_await timed(
            host, world, log->write_at(*size + stored, std::span(record).subspan(stored)));
        if (!count) {
            note_failed_write(count.error(), world);
            co_return false;
        }
        if (*count < record.size() - stored) ++world.seen.disk_partial_writes;
        stored += *count;
    }
    auto synced = co_await timed(host, world, log->sync());
    if (!synced) {
        ++world.seen.sync_errors;
        co_return false;
    }
    world.memory.synced_log_bytes = std::max(world.memory.synced_log_bytes, *size + record.size());
    co_return true;
}

Task<> answer(Host& host, std::unique_ptr<host::ByteStream> stream, File* log, World& world) {
    for (;;) {
        const bool received =
            co_await receive_message(*stream, host::deadline_after(host, 5s), world);
        if (!received) co_return;
        const bool stored = co_await store(host, log, world);
        if (!stored) host.fatal("the log cannot be written");
        co_await host.fault_point("observed.stored");
        const bool sent = co_await send_message(*stream, host::deadline_after(host, 5s), world);
        if (!sent) co_return;
    }
}

Task<> serve(Host& host, host::TaskGroup& group, File* log, World& world) {
    auto listener = host.network().listen({"0.0.0.0", port}, host::Transport::plain());
    EXPECT_TRUE(listener);
    for (;;) {
        auto stream = co_await (*listener)->accept(Deadline::never());
        if (!stream) continue;
        group.spawn(answer(host, std::move(*stream), log, world));
    }
}

Task<> call(Host& host, std::string machine, World& world) {
    for (;;) {
        co_await host::sleep_for(host, 20ms);
        auto addresses = co_await host.network().resolve(machine, host::deadline_after(host, 1s));
        if (!addresses) {
            ++world.seen.unresolved_names;
            continue;
        }
        auto stream = co_await host.network().connect(
            {addresses->front(), port}, host::Transport::plain(), host::deadline_after(host, 1s));
        if (!stream) {
            const ErrorCode code = stream.error().code;
            if (code == ErrorCode::connection_refused) ++world.seen.refused_connects;
            if (code == ErrorCode::deadline_exceeded) ++world.seen.unanswered_connects;
            continue;
        }
        for (;;) {
            co_await host::sleep_for(host, 20ms);
            const host::TimePoint began = host.clock().now();
            const Deadline deadline = host::deadline_after(host, 8s);
            const bool sent = co_await send_message(**stream, deadline, world);
            const bool answered = sent && co_await receive_message(**stream, deadline, world);
            if (!answered) {
                ++world.seen.lost_connections;
                break;
            }
            ++world.seen.round_trips;
            world.seen.longest_round_trip =
                std::max(world.seen.longest_round_trip, host.clock().now() - began);
        }
    }
}

// Notes standstills and what the wall clock says. True time is what the monotonic clock says: in
// this world all machines start at once.
Task<> tick(Host& host, World& world) {
    std::optional<host::Duration> last_error;
    for (;;) {
        const host::TimePoint before = host.clock().now();
        co_await host::sleep_for(host, 5ms);
        const host::TimePoint after = host.clock().now();
        world.seen.longest_standstill = std::max(world.seen.longest_standstill, after - before);
        const host::Duration error =
            host.clock().utc_now() - (kernel::start_of_time + after.since_epoch);
        world.seen.largest_clock_error =
            std::max(world.seen.largest_clock_error, std::chrono::abs(error));
        if (last_error && *last_error != error) ++world.seen.clock_jumps;
        last_error = error;
        const Result<int> computed = co_await host::compute(host, 10us, [] { return 1; });
        if (!computed) ++world.seen.refused_computations;
    }
}

// By memcmp: block after block is looked at, in a test that is compiled without optimisation.
bool is_filled_with(const std::vector<std::byte>& bytes, std::byte fill) {
    return !bytes.empty() && bytes.front() == fill &&
           std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

// A block that was written a while ago must be as it was written.
Task<> look_at_block(Host& host, File& file, std::size_t block, World& world) {
    const auto written = world.memory.blocks.find(block);
    if (written == world.memory.blocks.end()) co_return;
    const std::byte fill = written->second;
    std::vector<std::byte> bytes(block_bytes);
    auto count = co_await timed(host, world, host::read_up_to(file, block * block_bytes, bytes));
    if (!count) {
        ++world.seen.read_errors;
        co_return;
    }
    if (!is_filled_with(bytes, fill)) ++world.seen.damaged_blocks;
}

// Writes blocks without ever syncing them, and makes and moves files without syncing their folder.
Task<> scribble(Host& host, World& world) {
    auto file = co_await host.disk().open("scratch", OpenMode::create_or_open);
    if (!file) co_return;
    world.memory.names.insert("scratch");
    for (unsigned round = 1;; ++round) {
        co_await host::sleep_for(host, 7ms);
        const std::size_t block = round % block_count;
        const auto fill = static_cast<std::byte>(round);
        const std::vector<std::byte> bytes(block_bytes, fill);
        auto written =
            co_await timed(host, world, host::write_all_at(**file, block * block_bytes, bytes));
        if (!written) {
            note_failed_write(written.error(), world);
            continue;
        }
        world.memory.blocks[block] = fill;
        std::vector<std::byte> again(block_bytes);
        auto count = co_await timed(host, world, (*file)->read_at(block * block_bytes, again));
        if (count && *count < block_bytes) ++world.seen.disk_partial_reads;
        if (!count) ++world.seen.read_errors;
        co_await look_at_block(host, **file, (block + 1) % block_count, world);
        if (round % 8 != 0) continue;
        const std::string name = "note-" + std::to_string(world.memory.next_name++);
        auto made = co_await host.disk().open("draft", OpenMode::create_or_open);
        if (!made) continue;
        world.memory.names.insert("draft");
        made->reset();
        auto renamed = co_await host.disk().rename("draft", name);
        if (!renamed) continue;
        world.memory.names.erase("draft");
        world.memory.names.insert(name);
    }
}

// What is left of what the disk held when the program last ran.
Task<> look_around(Host& host, World& world) {
    const auto found = co_await host.disk().list("");
    if (found->empty() && world.memory.synced_log_bytes > 0) {
        ++world.seen.empty_disks;
        world.memory = {};
    }
    auto log = co_await host.disk().open("log", OpenMode::create_or_open);
    auto size = co_await (*log)->size();
    if (*size < world.memory.synced_log_bytes) ++world.seen.synced_bytes_missing;
    auto synced = co_await host.disk().sync_directory("");
    auto names = co_await host.disk().list("");
    for (auto name = world.memory.names.begin(); name != world.memory.names.end();) {
        if (std::ranges::find(*names, *name) == names->end()) {
            ++world.seen.names_lost;
            name = world.memory.names.erase(name);
        } else {
            ++name;
        }
    }
    auto file = co_await host.disk().open("scratch", OpenMode::create_or_open);
    if (!file) co_return;
    for (auto& [block, fill] : world.memory.blocks) {
        std::vector<std::byte> bytes(block_bytes);
        auto count =
            co_await timed(host, world, host::read_up_to(**file, block * block_bytes, bytes));
        if (!count) {
            ++world.seen.read_errors;
            continue;
        }
        if (is_filled_with(bytes, fill)) continue;
        const bool is_mixed = std::ranges::find(bytes, fill) != bytes.end();
        ++(is_mixed ? world.seen.torn_blocks : world.seen.unsynced_blocks_lost);
    }
    world.memory.blocks.clear();
}

Task<> run_database(Host& host, World& world) {
    ++world.seen.starts;
    co_await look_around(host, world);
    auto log = co_await host.disk().open("log", OpenMode::create_or_open);
    if (!log) host.fatal("no log");
    co_await host::with_task_group(host, [&](host::TaskGroup& group) {
        group.spawn(tick(host, world));
        group.spawn(scribble(host, world));
        return serve(host, group, log->get(), world);
    });
}

Task<> run_api(Host& host, World& world) {
    ++world.seen.starts;
    co_await host::with_task_group(host, [&](host::TaskGroup& group) {
        group.spawn(tick(host, world));
        group.spawn(call(host, "postgres-0", world));
        return serve(host, group, nullptr, world);
    });
}

Task<> run_client(Host& host, World& world) {
    ++world.seen.starts;
    co_await host::with_task_group(host, [&](host::TaskGroup& group) {
        group.spawn(call(host, "api-1", world));
        return call(host, "api-2", world);
    });
}

}  // namespace

SwarmOptions observed_options() {
    SwarmOptions options = calm();
    options.run.calm_start = 1s;
    options.run.safety = 20s;
    options.topology.api_nodes = 2;
    options.topology.client_machines = 1;
    return options;
}

ObservedRun run_observed(std::uint64_t seed_number, const SwarmOptions& options,
                         const SuppressedFaults& suppressed) {
    const kernel::Seed seed{seed_number};
    std::vector<MachineInfo> machines = machines_of(options.topology);
    for (MachineInfo& machine : machines) {
        if (machine.name == "postgres-0" || machine.name == "api-1") machine.zone = "zone-0";
        if (machine.name == "api-2") machine.zone = "zone-1";
    }
    std::vector<std::string> names;
    for (const MachineInfo& machine : machines)
        names.push_back(machine.name);
    ObservedRun run;
    World world;
    Dice dice(seed, options, suppressed, run.ledger);
    NetworkDice network_dice(dice, names);
    DiskDice disk_dice(dice);
    FaultPointDice fault_point_dice(dice, machines, Envelope::single_postgres());
    ComputationDice computation_dice(dice, machines, Envelope::single_postgres());
    kernel::Kernel kernel{seed};
    cluster::Cluster cluster(kernel, network_dice, disk_dice);
    fault_point_dice.attach(cluster.hooks());
    computation_dice.attach(cluster.hooks());
    for (const MachineInfo& machine : machines) {
        const auto number = cluster.add_machine(machine.name);
        const auto program = machine.role == Role::postgres ? run_database
                             : machine.role == Role::api    ? run_api
                                                            : run_client;
        cluster.add_process(number, std::string(name(machine.role)),
                            [program, &world](Host& host) { return program(host, world); });
    }
    cluster::FaultControl control(cluster, machines);
    // The programs of this world survive a damaged disk, and a lost one: they look, and go on.
    Envelope envelope = Envelope::single_postgres()
                            .with(FaultKind::disk_bit_rot, Role::postgres)
                            .with(FaultKind::disk_misdirected_write, Role::postgres)
                            .with(FaultKind::machine_lost, Role::postgres)
                            .with(FaultKind::zone_power_loss, Role::postgres)
                            .with(FaultKind::zone_power_loss, Role::api);
    for (const FaultKind shape :
         {FaultKind::network_partition_majorities_ring, FaultKind::network_partition_bridge,
          FaultKind::network_partition_primaries, FaultKind::network_partition_zone}) {
        for (const Role role : {Role::api, Role::postgres, Role::client})
            envelope = envelope.with(shape, role);
    }
    FaultRunner runner(kernel, control, dice, network_dice, disk_dice,
                       draw_plan(seed, options, machines, envelope));
    cluster.start_all();
    runner.start();
    EXPECT_EQ(kernel.run_until(host::TimePoint{options.run.safety}), kernel::RunEnd::time_reached);
    runner.stop_and_heal();
    EXPECT_EQ(kernel.run_until(kernel.now() + 3s), kernel::RunEnd::time_reached);
    const std::uint64_t round_trips = world.seen.round_trips;
    EXPECT_EQ(kernel.run_until(kernel.now() + 2s), kernel::RunEnd::time_reached);
    run.healed = world.seen.round_trips > round_trips;
    run.seen = world.seen;
    run.records = runner.records();
    run.trace = kernel.trace().digest().hex();
    return run;
}

}  // namespace atlas::sim::faults
