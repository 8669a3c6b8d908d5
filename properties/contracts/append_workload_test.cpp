// What each isolation level lets through, no more and no less: sessions that read and append to the
// same few lists, on all four pairs of client and server, judged by the checker of isolation.

#include <algorithm>
#include <string>
#include <vector>

#include "properties/checkers/isolation/history_builder.hpp"
#include "properties/checkers/isolation/serializability.hpp"
#include "properties/contracts/sql_port_fixture.hpp"
#include "system/host/random.hpp"

namespace atlas::properties {
namespace {

using host::RandomSource;
using host::Task;
using isolation::AccessKind;
using isolation::Anomaly;
using isolation::Level;
using isolation::Outcome;
using isolation::TransactionHistory;
using isolation::WrittenAccess;

struct Workload {
    SqlCase& sql;
    std::string begin;
    isolation::HistoryBuilder history = {};
    std::size_t lines = 0;
    int last_value = 0;
};

// Ascending by key, so that no two wait for each other in a circle.
std::vector<WrittenAccess> drawn_accesses(Workload& workload, RandomSource& random) {
    std::vector<std::int64_t> keys;
    for (std::int64_t left = random.between(2, 4); left > 0; --left)
        keys.push_back(random.between(1, 3));
    std::ranges::sort(keys);
    std::vector<WrittenAccess> accesses;
    for (const std::int64_t key : keys) {
        WrittenAccess access{.kind = AccessKind::read, .key = std::to_string(key)};
        if (random.chance(1, 2)) {
            access.kind = AccessKind::append;
            access.value = std::to_string(++workload.last_value);
        }
        accesses.push_back(std::move(access));
    }
    return accesses;
}

// "{1,2}"
std::vector<std::string> elements_of(const std::string& array) {
    std::vector<std::string> elements;
    std::string element;
    for (const char each : array.substr(1)) {
        if (each != ',' && each != '}') {
            element += each;
        } else if (!element.empty()) {
            elements.push_back(std::exchange(element, {}));
        }
    }
    return elements;
}

Task<bool> make_access(Workload& workload, SqlCase::Connection& connection, WrittenAccess& access) {
    const bool is_read = access.kind == AccessKind::read;
    const std::string statement = is_read ? "SELECT elements FROM lists WHERE key = " + access.key
                                          : "UPDATE lists SET elements = elements || " +
                                                *access.value + " WHERE key = " + access.key;
    auto result = co_await connection->query(workload.sql.patient(), statement);
    if (!result && result.error().sqlstate == "40001") co_return false;
    const sql::QueryResult answer = expect_success(std::move(result), statement);
    if (is_read) access.list = elements_of(answer.rows.at(0).at(0).value());
    co_return true;
}

Task<> run_transaction(Workload& workload, SqlCase::Connection& connection, std::uint64_t process,
                       RandomSource& random) {
    std::vector<WrittenAccess> accesses = drawn_accesses(workload, random);
    EXPECT_TRUE(workload.history.invoke(++workload.lines, process, accesses));
    const std::vector<WrittenAccess> asked = accesses;
    co_await workload.sql.run(connection, workload.begin);
    bool goes_on = true;
    for (std::size_t i = 0; goes_on && i < accesses.size(); ++i) {
        co_await host::sleep_for(workload.sql.host(),
                                 std::chrono::microseconds(random.between(0, 3000)));
        goes_on = co_await make_access(workload, connection, accesses[i]);
    }
    if (goes_on) {
        const auto committed = co_await connection->query(workload.sql.patient(), "COMMIT");
        goes_on = committed.has_value();
        if (!goes_on) EXPECT_EQ(committed.error().sqlstate, "40001");
    } else {
        co_await workload.sql.run(connection, "ROLLBACK");
    }
    EXPECT_TRUE(workload.history.complete(++workload.lines, process,
                                          goes_on ? Outcome::committed : Outcome::aborted,
                                          goes_on ? accesses : asked));
}

Task<> run_session(Workload& workload, std::uint64_t process) {
    auto connection = co_await workload.sql.connect();
    RandomSource random(process);
    for (int i = 0; i < 60; ++i)
        co_await run_transaction(workload, connection, process, random);
}

Task<> run_workload(Workload& workload) {
    auto connection = co_await workload.sql.connect();
    co_await workload.sql.run(connection,
                              "CREATE TABLE lists (key int PRIMARY KEY, elements int[] NOT NULL)");
    co_await workload.sql.run(connection,
                              "INSERT INTO lists VALUES (1, '{}'), (2, '{}'), (3, '{}')");
    host::TaskGroup sessions(workload.sql.host());
    for (std::uint64_t process = 1; process <= 5; ++process)
        sessions.spawn(run_session(workload, process));
    co_await sessions.join();
}

class AppendWorkload : public SqlPort {
  protected:
    TransactionHistory history_at(const std::string& level) {
        TransactionHistory history;
        run([&](SqlCase& sql) -> Task<> {
            Workload workload{.sql = sql, .begin = "BEGIN ISOLATION LEVEL " + level};
            co_await run_workload(workload);
            auto finished = workload.history.finish(isolation::DataModel::list_append);
            EXPECT_TRUE(finished);
            if (finished) history = *std::move(finished);
        });
        return history;
    }
};

void expect_has(const TransactionHistory& history, Level level) {
    const auto report = check_serializable(history, level);
    EXPECT_EQ(report.judgement.verdict, Verdict::valid) << report.judgement.prose;
}

void expect_shows(const TransactionHistory& history, Anomaly anomaly) {
    const auto report = check_serializable(history, Level::strict_serializable);
    EXPECT_NE(std::ranges::find(report.anomalies, anomaly), report.anomalies.end())
        << "no " << name(anomaly) << " in " << report.transactions << " transactions";
}

TEST_P(AppendWorkload, ReadCommittedLosesUpdatesAndShowsNothingUncommitted) {
    const TransactionHistory history = history_at("READ COMMITTED");
    expect_has(history, Level::read_committed);
    expect_shows(history, Anomaly::lost_update);
    expect_shows(history, Anomaly::g_single);
}

TEST_P(AppendWorkload, RepeatableReadIsASnapshotAndLetsWritesSkew) {
    const TransactionHistory history = history_at("REPEATABLE READ");
    expect_has(history, Level::snapshot_isolation);
    expect_shows(history, Anomaly::g2_item);
}

TEST_P(AppendWorkload, SerializableIsSerializable) {
    expect_has(history_at("SERIALIZABLE"), Level::serializable);
}

ATLAS_ON_EACH_SQL_PAIR(AppendWorkload);

}  // namespace
}  // namespace atlas::properties
