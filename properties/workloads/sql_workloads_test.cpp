// The workloads that speak SQL, on a database of their own: they get on, and find nothing where
// nothing is wrong.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "properties/sabotage/rewritten_query.hpp"
#include "properties/workloads/job_queue_workload.hpp"
#include "properties/workloads/ownership_workload.hpp"
#include "sim/cluster/calm.hpp"
#include "sim/cluster/databases.hpp"
#include "sim/sql_client/driver.hpp"

namespace atlas::properties {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

/// For a virtual minute.
template <typename Workload>
void run(Workload& workload, Sabotage sabotage = Sabotage::none) {
    sim::kernel::Kernel kernel{sim::kernel::Seed{3}};
    sim::cluster::CalmNetwork network;
    sim::cluster::CalmDisk disk;
    std::unique_ptr<sim::cluster::Databases> databases;
    sim::cluster::Cluster cluster(kernel, network, disk);
    const auto machine = cluster.add_machine("postgres-0");
    const auto clients = cluster.add_machine("client-1");
    databases = std::make_unique<sim::cluster::Databases>(
        cluster, std::vector{machine}, std::nullopt, sim::cluster::DatabasesOptions{});
    SabotageLedger ledger;
    const auto program = [&](host::Host& host) -> host::Task<> {
        const auto body = [](host::Host& own, Workload& its, host::Endpoint server,
                             DriverDecoration decoration) -> host::Task<> {
            sim::sql_client::Driver inner(own);
            DecoratedDriver driver(inner, std::move(decoration));
            sql::ConnectionTarget target;
            target.endpoint = std::move(server);
            co_await its.run(own, driver, std::move(target), host::TimePoint{60s});
        };
        return body(host, workload, {cluster.network().address_of(machine), 5432},
                    decoration_of_sql_clients(sabotage, ledger));
    };
    const auto process = cluster.add_process(clients, "clients", program);
    databases->start();
    cluster.start(process);
    kernel.run_until(host::TimePoint{65s});
    EXPECT_FALSE(cluster.is_running(process)) << "it ends when its time is over";
    EXPECT_THAT(cluster.leftovers(), IsEmpty());
}

TEST(OwnershipWorkload, KeepsItsRuleByItself) {
    OwnershipWorkload workload;
    run(workload);
    EXPECT_GT(workload.committed(), 200U);
    EXPECT_THAT(workload.found(), IsEmpty());
}

TEST(OwnershipWorkload, FindsWriteSkew) {
    OwnershipWorkload workload;
    run(workload, Sabotage::serializable_downgraded);
    ASSERT_FALSE(workload.found().empty());
    EXPECT_THAT(workload.found().front(), HasSubstr("saw neither of the two on"));
}

TEST(JobQueueWorkload, DoesEachJobOnce) {
    JobQueueWorkload workload;
    run(workload);
    EXPECT_GT(workload.done(), 100U);
    EXPECT_THAT(workload.found(), IsEmpty());
}

TEST(JobQueueWorkload, FindsWorkersThatWait) {
    JobQueueWorkload workload;
    run(workload, Sabotage::skip_locked_removed);
    ASSERT_FALSE(workload.found().empty());
    EXPECT_THAT(workload.found().front(), HasSubstr("had waited for a job"));
}

}  // namespace
}  // namespace atlas::properties
