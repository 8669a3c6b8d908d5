// What commits at SERIALIZABLE is serializable: of any random schedule, there is an order in which
// the transactions that committed, run one after the other on a fresh server, get the same answers
// and leave the same rows. All orders are tried.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/cluster/calm.hpp"
#include "sim/models/postgres/server.hpp"
#include "sim/models/postgres/testing/client.hpp"
#include "system/host/task_group.hpp"

namespace atlas::sim::models::postgres {
namespace {

using host::Task;
using testing::Client;

constexpr const char* prepare =
    "CREATE TABLE t (id int PRIMARY KEY, g int, v int); CREATE INDEX by_group ON t (g); "
    "INSERT INTO t VALUES (1, 1, 1), (2, 1, 2), (3, 2, 3), (4, 2, 4)";
constexpr const char* look = "SELECT * FROM t ORDER BY id";

struct Run {
    /// What each statement of a transaction answered; empty if it did not commit.
    std::vector<std::vector<std::string>> answers;
    std::string rows;
    bool ended = true;
};

using Transactions = std::vector<std::vector<std::string>>;

struct Actor {
    explicit Actor(Server& server) : client(server) {}
    Client client;
    std::size_t next = 0;
    bool busy = false;
    bool failed = false;
    std::vector<std::string> answers;
};

Task<> run_next(Actor& actor, std::string statement) {
    actor.busy = true;
    std::string answer = co_await actor.client.query(std::move(statement));
    if (actor.client.last_error()) {
        actor.failed = true;
        co_await actor.client.query("ROLLBACK");
    }
    actor.answers.push_back(std::move(answer));
    actor.busy = false;
}

Task<> run_interleaved(host::Host& host, const Transactions& transactions,
                       std::vector<int> schedule, Run& run) {
    ServerSettings settings;
    settings.deadlock_timeout = std::chrono::milliseconds(100);
    auto server = co_await Server::open(host, settings, "postgres");
    if (!server) co_return;
    std::vector<std::unique_ptr<Actor>> actors;
    Client observer(**server);
    co_await observer.query(prepare);
    for (std::size_t i = 0; i < transactions.size(); ++i)
        actors.push_back(std::make_unique<Actor>(**server));
    host::TaskGroup tasks(host);
    const auto is_done = [&](std::size_t i) {
        return actors[i]->failed || actors[i]->next == transactions[i].size();
    };
    // When the schedule is at its end, everybody goes on in turn.
    for (std::size_t turn = 0; turn < schedule.size() + 200; ++turn) {
        const std::size_t i = turn < schedule.size()
                                  ? static_cast<std::size_t>(schedule[turn]) % actors.size()
                                  : turn % actors.size();
        Actor& actor = *actors[i];
        if (is_done(i)) continue;
        if (!actor.busy) tasks.spawn(run_next(actor, transactions[i][actor.next++]));
        co_await host::sleep_for(host, std::chrono::milliseconds(20));
    }
    for (std::size_t i = 0; i < actors.size(); ++i)
        run.ended &= is_done(i) && !actors[i]->busy;
    for (const auto& actor : actors)
        run.answers.push_back(actor->failed ? std::vector<std::string>() : actor->answers);
    run.rows = co_await observer.query(look);
    co_await tasks.stop();
    actors.clear();
    observer.disconnect();
    co_await (*server)->shutdown();
}

Run interleaved(const Transactions& transactions, const std::vector<int>& schedule) {
    Run run;
    cluster::run_calmly(
        [&](host::Host& host) { return run_interleaved(host, transactions, schedule, run); });
    return run;
}

Task<> run_in_order(host::Host& host, const Transactions& transactions,
                    std::vector<std::size_t> order, Run& run) {
    auto server = co_await Server::open(host, {}, "postgres");
    if (!server) co_return;
    {
        Client client(**server);
        co_await client.query(prepare);
        run.answers.resize(transactions.size());
        for (const std::size_t i : order) {
            for (const std::string& statement : transactions[i])
                run.answers[i].push_back(co_await client.query(statement));
        }
        run.rows = co_await client.query(look);
    }
    co_await (*server)->shutdown();
}

bool has_an_order(const Transactions& transactions, const Run& run) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < transactions.size(); ++i) {
        if (!run.answers[i].empty()) order.push_back(i);
    }
    do {
        Run serial;
        cluster::run_calmly(
            [&](host::Host& host) { return run_in_order(host, transactions, order, serial); });
        const bool same = serial.rows == run.rows && std::ranges::all_of(order, [&](std::size_t i) {
                              return serial.answers[i] == run.answers[i];
                          });
        if (same) return true;
    } while (std::ranges::next_permutation(order).found);
    return false;
}

rc::Gen<std::string> generated_statement() {
    const auto id = rc::gen::inRange(1, 7);
    const auto group = rc::gen::inRange(1, 4);
    const auto with_id = [id](const char* text) {
        return rc::gen::map(id, [text](int n) { return fmt::format(fmt::runtime(text), n); });
    };
    const auto with_group = [group](const char* text) {
        return rc::gen::map(group, [text](int n) { return fmt::format(fmt::runtime(text), n); });
    };
    const auto insert = [](const char* end) {
        return rc::gen::map(rc::gen::pair(rc::gen::inRange(3, 7), rc::gen::inRange(1, 4)),
                            [end](std::pair<int, int> row) {
                                return fmt::format("INSERT INTO t VALUES ({}, {}, 9){}", row.first,
                                                   row.second, end);
                            });
    };
    const auto regroup = rc::gen::map(rc::gen::pair(id, group), [](std::pair<int, int> row) {
        return fmt::format("UPDATE t SET g = {} WHERE id = {}", row.second, row.first);
    });
    const auto taken_back = rc::gen::map(id, [](int n) {
        return fmt::format(
            "SAVEPOINT s; SELECT sum(v) FROM t WHERE g = 2; "
            "UPDATE t SET v = 0 WHERE id = {}; ROLLBACK TO s",
            n);
    });
    return rc::gen::oneOf(
        with_id("SELECT v FROM t WHERE id = {}"), with_group("SELECT sum(v) FROM t WHERE g = {}"),
        with_id("SELECT count(*), sum(v) FROM t WHERE v > {}"),
        with_id("SELECT v FROM t WHERE id = {} FOR UPDATE"),
        with_id("UPDATE t SET v = v + 10 WHERE id = {}"),
        with_id("UPDATE t SET v = 7 WHERE id = {}"),
        with_group("UPDATE t SET v = v * 2 WHERE g = {}"), regroup, insert(""),
        insert(" ON CONFLICT (id) DO NOTHING"), with_id("DELETE FROM t WHERE id = {}"),
        with_group("DELETE FROM t WHERE g = {}"), taken_back);
}

rc::Gen<std::vector<std::string>> generated_transaction() {
    return rc::gen::map(
        rc::gen::pair(rc::gen::inRange(0, 6),
                      rc::gen::mapcat(rc::gen::inRange<std::size_t>(1, 4),
                                      [](std::size_t count) {
                                          return rc::gen::container<std::vector<std::string>>(
                                              count, generated_statement());
                                      })),
        [](std::pair<int, std::vector<std::string>> given) {
            std::vector<std::string> statements = std::move(given.second);
            // Now and then one that says that it only reads, and does.
            const bool reads = given.first == 0;
            if (reads) {
                std::erase_if(statements, [](const std::string& statement) {
                    return !statement.starts_with("SELECT") || statement.ends_with("UPDATE");
                });
            }
            statements.insert(
                statements.begin(),
                std::string("BEGIN ISOLATION LEVEL SERIALIZABLE") + (reads ? " READ ONLY" : ""));
            statements.emplace_back("COMMIT");
            return statements;
        });
}

RC_GTEST_PROP(Serializable, what_commits_has_an_order, ()) {
    // An anomaly needs much to come together: many scenarios a test.
    for (int scenario = 0; scenario < 10; ++scenario) {
        const auto count = *rc::gen::inRange<std::size_t>(2, 5);
        const Transactions transactions =
            *rc::gen::container<Transactions>(count, generated_transaction());
        const auto schedule =
            *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, static_cast<int>(count)));
        const Run run = interleaved(transactions, schedule);
        RC_ASSERT(run.ended);
        RC_ASSERT(has_an_order(transactions, run));
    }
}

}  // namespace
}  // namespace atlas::sim::models::postgres
