// What the simulator itself costs: virtual sleeps, and messages over a simulated connection. Hash
// and causes are on, as in every run.

#include <benchmark/benchmark.h>

#include <array>

#include "sim/cluster/calm.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/kernel/isolated_host.hpp"
#include "sim/kernel/kernel.hpp"
#include "system/host/task_group.hpp"

namespace atlas {
namespace {

using host::Deadline;
using host::Host;
using host::Task;
using host::TimePoint;
using namespace std::chrono_literals;

Task<> sleep_often(Host& host, int times, int salt) {
    for (int i = 0; i < times; ++i) {
        co_await host::sleep_for(host, std::chrono::microseconds{10 + (i * 7 + salt) % 13});
    }
}

void virtual_sleeps(benchmark::State& state) {
    constexpr int tasks = 100;
    constexpr int times = 2000;
    std::int64_t sleeps = 0;
    for (auto _ : state) {
        sim::kernel::Kernel kernel{sim::kernel::Seed{42}};
        sim::kernel::IsolatedHost process(kernel, "machine", "sleeper");
        for (int i = 0; i < tasks; ++i) {
            process.tasks().spawn(sleep_often(process.host(), times, i));
        }
        kernel.run_until(TimePoint::max());
        sleeps += tasks * times;
    }
    state.SetItemsProcessed(sleeps);
}
BENCHMARK(virtual_sleeps)->Unit(benchmark::kMillisecond);

constexpr std::size_t message_bytes = 100;

Task<> echo(std::unique_ptr<host::ByteStream> stream) {
    std::array<std::byte, message_bytes> buffer;
    for (;;) {
        host::Result<void> read = co_await host::read_exactly(*stream, buffer, Deadline::never());
        if (!read) co_return;
        host::Result<void> written = co_await host::write_all(*stream, buffer, Deadline::never());
        if (!written) co_return;
    }
}

Task<> accept_one(Host& host) {
    auto listener = host.network().listen({"0.0.0.0", 7000}, host::Transport::plain());
    auto stream = co_await (*listener)->accept(Deadline::never());
    if (stream) co_await echo(std::move(*stream));
}

Task<> ping(Host& host, int times) {
    auto stream = co_await host.network().connect({"10.0.0.1", 7000}, host::Transport::plain(),
                                                  Deadline::never());
    std::array<std::byte, message_bytes> buffer{};
    for (int i = 0; i < times; ++i) {
        host::Result<void> written = co_await host::write_all(**stream, buffer, Deadline::never());
        host::Result<void> read = co_await host::read_exactly(**stream, buffer, Deadline::never());
        if (!written || !read) co_return;
    }
}

/// Counts each direction: one ping and its echo are two messages.
void connection_messages(benchmark::State& state) {
    constexpr int times = 50'000;
    std::int64_t messages = 0;
    for (auto _ : state) {
        sim::kernel::Kernel kernel{sim::kernel::Seed{42}};
        sim::cluster::CalmNetwork network;
        sim::cluster::CalmDisk disk;
        sim::cluster::Cluster cluster(kernel, network, disk);
        const auto server_machine = cluster.add_machine("server");
        const auto client_machine = cluster.add_machine("client");
        cluster.start(cluster.add_process(server_machine, "echo", accept_one));
        kernel.run_until(TimePoint{1ms});
        cluster.start(cluster.add_process(client_machine, "ping",
                                          [](Host& host) { return ping(host, times); }));
        kernel.run_until(TimePoint{1h});
        messages += 2 * times;
    }
    state.SetItemsProcessed(messages);
}
BENCHMARK(connection_messages)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace atlas
