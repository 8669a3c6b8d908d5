// A server on the network from its start to its end: what those are told who come when it does not
// let anybody in.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/cluster/calm.hpp"
#include "sim/cluster/programs.hpp"
#include "sim/sql_client/driver.hpp"

namespace atlas::sim::models::postgres::protocol {
namespace {

using host::Host;
using host::Task;
using host::TimePoint;
using namespace std::chrono_literals;

/// What a client is told that comes again and again, without what it has been told just before.
using Answers = std::vector<std::string>;

void note(Answers& answers, std::string answer) {
    if (answers.empty() || answers.back() != answer) answers.push_back(std::move(answer));
}

Task<> keep_asking(Host& host, sql::ConnectionTarget target, Answers& answers) {
    sql_client::Driver driver(host);
    while (true) {
        auto opened = co_await driver.connect({.deadline = host::deadline_after(host, 1s)}, target);
        if (opened) {
            note(answers, "welcome");
        } else if (opened.error().kind == sql::ErrorKind::server) {
            EXPECT_TRUE(opened.error().fatal);
            note(answers, opened.error().sqlstate + " " + opened.error().message);
        } else {
            note(answers, "nobody listens");
        }
        co_await host::sleep_for(host, 10us);
    }
}

Task<> write_rows(Host& host, sql::ConnectionTarget target) {
    sql_client::Driver driver(host);
    const host::Context context{.deadline = host::deadline_after(host, 10s)};
    auto opened = co_await driver.connect(context, std::move(target));
    co_await (*opened)->query(context, "CREATE TABLE t (n int)");
    for (int i = 0; i < 20; ++i) {
        auto written = co_await (*opened)->query(context, "INSERT INTO t VALUES (1)");
        EXPECT_TRUE(written.has_value());
    }
}

class ServeServer : public testing::Test {
  protected:
    ServeServer() {
        target.endpoint = {cluster.network().address_of(machine), cluster::postgres_port};
        cluster.start(server);
        kernel.run_until(TimePoint{1s});
        cluster.start(
            add_client("writer", [this](Host& host) { return write_rows(host, target); }));
        kernel.run_until(TimePoint{5s});
    }

    cluster::ProcessNumber add_client(std::string name, cluster::Program program) {
        return cluster.add_process(client_machine, std::move(name), std::move(program));
    }
    void ask_from_now_on() {
        cluster.start(add_client(
            "client", [this](Host& host) { return keep_asking(host, target, answers); }));
    }

    kernel::Kernel kernel{kernel::Seed{1}};
    cluster::CalmNetwork network;
    cluster::CalmDisk disk;
    cluster::Cluster cluster{kernel, network, disk};
    network::MachineNumber machine = cluster.add_machine("postgres-0");
    network::MachineNumber client_machine = cluster.add_machine("client-0");
    cluster::PostgresView view;
    cluster::ProcessNumber server =
        cluster.add_process(machine, "postgres", cluster::postgres_program({}, view));
    sql::ConnectionTarget target;
    Answers answers;
};

TEST_F(ServeServer, WhoComesWhileItReplaysItsLogIsToldSo) {
    cluster.power_off(machine);
    ask_from_now_on();
    kernel.run_until(TimePoint{6s});
    EXPECT_EQ(view.server, nullptr);
    cluster.power_on(machine);
    kernel.run_until(TimePoint{10s});
    EXPECT_NE(view.server, nullptr);
    EXPECT_THAT(answers,
                testing::ElementsAre("nobody listens",
                                     "57P03 the database system is not yet accepting connections",
                                     "welcome"));
}

TEST_F(ServeServer, WhoComesWhileItShutsDownIsToldSo) {
    ask_from_now_on();
    kernel.run_until(TimePoint{6s});
    cluster.request_shutdown(server);
    kernel.run_until(TimePoint{10s});
    EXPECT_EQ(view.server, nullptr);
    EXPECT_THAT(answers,
                testing::ElementsAre("welcome", "57P03 the database system is shutting down",
                                     "nobody listens"));
}

}  // namespace
}  // namespace atlas::sim::models::postgres::protocol
