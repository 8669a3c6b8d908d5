#include "system/sql/followers.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>

#include "sim/cluster/calm.hpp"
#include "system/host/task_group.hpp"
#include "system/sql/fake_driver.hpp"
#include "system/sql/topology.hpp"

namespace atlas::sql {
namespace {

using host::Host;
using host::Task;
using namespace std::chrono_literals;

constexpr Statement select_users{"users_select", "SELECT 1"};

/// What a server says of itself.
struct Machine {
    bool is_there = true;
    bool leads = false;
    LogPosition position = {};
    FakeServer asked = {};

    Result<QueryResult> answer(const std::string& what) const {
        const std::string byte = fmt::format("0/{:X}", position.byte);
        const std::string log_file = fmt::format("{:08X}{:016X}", position.timeline, 1);
        QueryResult result;
        if (what == "execute server_run") result.rows = {{"10:00", log_file}};
        if (what == "execute read_fence") result.rows = {{byte, "1"}};
        if (what == "execute users_select") result.rows = {{byte}};
        if (what == "execute server_look") {
            result.rows = {{leads ? "f" : "t", leads ? log_file : std::to_string(position.timeline),
                            byte, byte}};
        }
        return result;
    }
};

/// The server of a port is the machine of that number.
class MachinesDriver final : public Driver {
  public:
    MachinesDriver(Host& host, std::array<Machine, 3>& machines)
        : host_(host), machines_(machines) {
        for (Machine& machine : machines_) {
            machine.asked.answer = [&machine](const std::string& what, const Parameters&) {
                return machine.answer(what);
            };
            machine.asked.fail = [&machine](const std::string&) -> std::optional<Error> {
                if (machine.is_there) return std::nullopt;
                return Error{.kind = ErrorKind::connection_lost};
            };
        }
    }

    Task<Result<std::unique_ptr<Connection>>> connect(host::Context context,
                                                      ConnectionTarget target) override {
        FakeDriver one(host_, machines_.at(target.endpoint.port).asked);
        co_return co_await one.connect(context, std::move(target));
    }

  private:
    Host& host_;
    std::array<Machine, 3>& machines_;
};

class FollowersTest : public testing::Test {
  protected:
    /// Machine 0 is who commits are sent to; each is looked at all along.
    void run(std::function<Task<>(Host&, Followers&)> body) {
        const auto outcome = sim::cluster::run_calmly([&](Host& host) -> Task<> {
            MachinesDriver driver(host, machines);
            Pool primary(host, driver, {.target = {.endpoint = {"10.0.0.1", 0}}, .size = 2});
            Topology topology(host, primary, driver,
                              {{"10.0.0.1", 0}, {"10.0.0.1", 1}, {"10.0.0.1", 2}});
            host::TaskGroup looks(host);
            looks.spawn(topology.followers.look_for_ever());
            co_await host::sleep_for(host, 3s);
            co_await body(host, topology.followers);
            co_await looks.stop();
            topology.followers.close();
            primary.close();
        });
        EXPECT_TRUE(outcome.finished);
    }

    static Task<std::optional<QueryResult>> read(Host& host, Followers& followers,
                                                 Session& session) {
        return followers.read({.deadline = host::deadline_after(host, 3s)}, session, select_users,
                              {});
    }

    std::size_t reads_of(std::size_t machine) const {
        return machines.at(machine).asked.count("execute users_select");
    }

    std::array<Machine, 3> machines{Machine{.leads = true, .position = {1, 1000}},
                                    Machine{.position = {1, 1000}}, Machine{.position = {1, 1000}}};
};

TEST_F(FollowersTest, KeepTheNewestTimelineWhileItsServerIsSilent) {
    machines[1] = {.leads = true, .position = {2, 1100}};
    run([this](Host& host, Followers& followers) -> Task<> {
        EXPECT_EQ(followers.newest_timeline(), 2U);
        machines[1].is_there = false;
        co_await host::sleep_for(host, 30s);
        EXPECT_EQ(followers.view()[1].role, ServerRole::unreachable);
        EXPECT_EQ(followers.newest_timeline(), 2U);
    });
}

TEST_F(FollowersTest, ForgetATimelineThatWasLostWithItsOnlyServer) {
    machines[1] = {.leads = true, .position = {3, 1100}};
    run([this](Host& host, Followers& followers) -> Task<> {
        machines[1].is_there = false;
        machines[2] = {.leads = true, .position = {2, 1000}, .asked = machines[2].asked};
        co_await host::sleep_for(host, 2min);
        EXPECT_EQ(followers.newest_timeline(), 2U);
    });
}

// It follows the old primary, and would have all that there is if that one were to be believed.
TEST_F(FollowersTest, DoNotReadEventuallyBehindAPrimaryThatWasReplaced) {
    run([this](Host& host, Followers& followers) -> Task<> {
        Session session{.consistency = Consistency::eventual};
        const auto before = co_await read(host, followers, session);
        EXPECT_TRUE(before);
        machines[2].leads = true;
        machines[2].position = {2, 1001};
        co_await host::sleep_for(host, 2s);
        machines[2].is_there = false;
        machines[0].position = machines[1].position = {1, 1100};
        co_await host::sleep_for(host, 20s);
        const auto after = co_await read(host, followers, session);
        EXPECT_FALSE(after);
    });
}

TEST_F(FollowersTest, TakeTurnsInEventualReads) {
    run([this](Host& host, Followers& followers) -> Task<> {
        for (int i = 0; i < 10; ++i) {
            Session session{.consistency = Consistency::eventual};
            const auto rows = co_await read(host, followers, session);
            EXPECT_TRUE(rows);
            EXPECT_EQ(session.seen, LogPosition{});
        }
        EXPECT_EQ(reads_of(0), 0U);
        EXPECT_GT(reads_of(1), 0U);
        EXPECT_GT(reads_of(2), 0U);
        EXPECT_EQ(followers.reads(), 10U);
    });
}

TEST_F(FollowersTest, DoNotReadEventuallyWhatIsTooOld) {
    machines[1].position.byte = 900;
    run([this](Host& host, Followers& followers) -> Task<> {
        machines[0].position.byte = 2000;
        machines[2].is_there = false;
        co_await host::sleep_for(host, 5s);
        Session session{.consistency = Consistency::eventual};
        const auto behind = co_await read(host, followers, session);
        EXPECT_FALSE(behind) << "nobody knows since when";
        machines[1].position.byte = 2000;
        co_await host::sleep_for(host, 2s);
        const auto up_to_date = co_await read(host, followers, session);
        EXPECT_TRUE(up_to_date);
        machines[0].is_there = false;
        co_await host::sleep_for(host, 15s);
        const auto old = co_await read(host, followers, session);
        EXPECT_FALSE(old) << "it may be cut off";
    });
}

// Neither has what the session has seen. The one of the old timeline never will.
TEST_F(FollowersTest, ReadInASessionWhereThereIsMoreToCome) {
    machines[0].position = {2, 1500};
    machines[1].position = {1, 1200};
    machines[2].position = {2, 1100};
    run([this](Host& host, Followers& followers) -> Task<> {
        machines[2].position.byte = 1500;
        Session session{.consistency = Consistency::session, .seen = {2, 1400}};
        const auto rows = co_await read(host, followers, session);
        EXPECT_TRUE(rows);
        EXPECT_EQ(reads_of(2), 1U);
        EXPECT_EQ(session.seen, (LogPosition{2, 1500}));
    });
}

TEST_F(FollowersTest, ReadNothingInASessionThatHasSeenMore) {
    run([this](Host& host, Followers& followers) -> Task<> {
        for (const LogPosition seen : {LogPosition{1, 1001}, LogPosition{2, 1000}, beyond_all}) {
            Session session{.consistency = Consistency::session, .seen = seen};
            const auto rows = co_await read(host, followers, session);
            EXPECT_FALSE(rows);
            EXPECT_EQ(session.seen, seen);
        }
        EXPECT_EQ(reads_of(1) + reads_of(2), 0U);
    });
}

// What is there but is not confirmed could be undone by a failover.
TEST_F(FollowersTest, TellNothingInASessionThatThePrimaryDoesNotConfirm) {
    machines[1].position = machines[2].position = {1, 1010};
    run([](Host& host, Followers& followers) -> Task<> {
        Session session{.consistency = Consistency::session, .seen = {1, 500}};
        const auto rows = co_await read(host, followers, session);
        EXPECT_FALSE(rows);
        EXPECT_EQ(session.seen, (LogPosition{1, 500}));
    });
}

}  // namespace
}  // namespace atlas::sql
