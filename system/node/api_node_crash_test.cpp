// An API node that dies at any moment: no object of it outlives it, none is used after its end, and
// its next incarnation serves. (What a sanitizer build adds is that nothing is touched too late.)

#include <gtest/gtest.h>

#include "sim/cluster/calm.hpp"
#include "system/client/client.hpp"
#include "system/host/task_group.hpp"
#include "system/node/api_node.hpp"
#include "system/sql/fake_driver.hpp"

namespace atlas::node {
namespace {

using host::Host;
using host::Task;
using namespace std::chrono_literals;

sql::Result<sql::QueryResult> answer(const std::string& asked, const sql::Parameters& parameters) {
    sql::QueryResult result;
    if (asked == "execute users_change_version") {
        result.rows.push_back({parameters.at(0), "a@b.c", parameters.at(4), "2",
                               "2026-11-22 10:59:45+00", "2026-11-22 10:59:45+00"});
    }
    if (asked.ends_with("_insert")) result.command_tag = "INSERT 0 1";
    return result;
}

Task<> run_node(Host& host) {
    sql::FakeServer server;
    server.answer = answer;
    sql::FakeDriver driver(host, server);
    const host::Result<void> served = co_await run_api_node(
        host, driver, {.listen = {"0.0.0.0", 8080}, .argon2 = {.memory_kib = 8, .iterations = 1}});
    EXPECT_TRUE(served);
}

struct Tally {
    int succeeded = 0;
    int failed = 0;
};

Task<> call_for_ever(Host& host, host::Endpoint endpoint, int number, Tally& tally) {
    client::Client client(host, {.endpoints = {endpoint}, .timeout = 300ms});
    for (int i = 0;; ++i) {
        const std::string email = "u" + std::to_string(number) + "." + std::to_string(i) + "@b.c";
        const auto created = co_await client.create_user({}, {email, "A", "12345678"});
        const auto renamed =
            co_await client.patch_user({}, "01a2031b-489b-75f7-974f-3849e5b90194", {{}, "B"}, 1);
        for (const auto& outcome : {created, renamed}) {
            ++(outcome ? tally.succeeded : tally.failed);
            if (outcome) continue;
            EXPECT_NE(outcome.error().kind, client::FailureKind::contract_violated)
                << outcome.error().detail;
        }
        co_await host::sleep_for(host, created && renamed ? 1ms : 20ms);
    }
}

/// One world in which the node dies at that moment and comes back 200 ms later.
void kill_at(host::Duration moment, std::uint64_t seed) {
    sim::kernel::Kernel kernel{sim::kernel::Seed{seed}};
    sim::cluster::CalmNetwork network;
    sim::cluster::CalmDisk disk;
    sim::cluster::Cluster cluster(kernel, network, disk);
    const auto server = cluster.add_machine("api-1");
    const auto client = cluster.add_machine("client-1");
    const host::Endpoint endpoint{cluster.network().address_of(server), 8080};
    const auto node = cluster.add_process(server, "atlas-server", run_node);
    Tally before;
    Tally* tally = &before;
    cluster.add_process(client, "clients", [&](Host& host) -> Task<> {
        const auto body = [](Host& own, host::Endpoint to, Tally*& count) -> Task<> {
            host::TaskGroup group(own);
            for (int i = 0; i < 4; ++i)
                group.spawn(call_for_ever(own, to, i, *count));
            co_await group.join();
        };
        return body(host, endpoint, tally);
    });
    cluster.start_all();
    kernel.run_until(host::TimePoint{moment});
    const int served = before.succeeded;
    cluster.kill(node);
    kernel.run_until(host::TimePoint{moment + 200ms});
    EXPECT_LE(before.succeeded, served + 8) << "a dead node answers nobody";
    cluster.start(node);
    kernel.run_until(host::TimePoint{moment + 500ms});
    EXPECT_GT(before.succeeded, served + 8) << "the next incarnation serves";
}

TEST(ApiNodeCrash, AtAnyMoment) {
    // From before it listens, through migration, into traffic; steps that hit every kind of wait.
    for (std::uint64_t i = 0; i < 80; ++i)
        kill_at(i * 237us + i * i * 1us, i);
}

}  // namespace
}  // namespace atlas::node
