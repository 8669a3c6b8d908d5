#include "system/store/migrations.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "sim/kernel/isolated_host.hpp"
#include "system/sql/fake_driver.hpp"

namespace atlas::store {
namespace {

TEST(Migrations, AreNumberedWithoutGaps) {
    const std::vector<Migration> migrations = built_in_migrations();
    ASSERT_FALSE(migrations.empty());
    for (std::size_t i = 0; i < migrations.size(); ++i) {
        EXPECT_EQ(migrations[i].version, static_cast<int>(i + 1));
        EXPECT_FALSE(split_statements(migrations[i].text).empty()) << migrations[i].name;
    }
}

bool makes_an_index(const std::string& statement) {
    return statement.starts_with("CREATE INDEX") || statement.starts_with("CREATE UNIQUE INDEX");
}

TEST(Migrations, MakeAnIndexBeforeTheyDropOne) {
    for (const Migration& migration : built_in_migrations()) {
        bool has_dropped = false;
        for (const std::string& statement : split_statements(migration.text)) {
            EXPECT_FALSE(has_dropped && makes_an_index(statement)) << migration.name;
            has_dropped |= statement.starts_with("DROP INDEX");
        }
    }
}

TEST(Migrations, AreSplitAtSemicolonsThatEndALine) {
    EXPECT_EQ(split_statements("-- a; comment;\nCREATE TABLE a (\n    b text -- c\n);\n\nDROP x;"),
              (std::vector<std::string>{"CREATE TABLE a (\n    b text -- c\n)", "DROP x"}));
}

TEST(MigrationsDeathTest, AStatementWithoutItsEndFailsACheck) {
    EXPECT_DEATH(split_statements("DROP x;\nDROP y"), "semicolon");
}

using namespace std::chrono_literals;

/// Runs migrate() against a database that has had some migrations; what was asked, what was logged.
struct Outcome {
    std::vector<std::string> asked;
    std::vector<host::LogRecord> logged;
};

host::Task<> migrate_once(sql::Database& database, std::vector<Migration> migrations) {
    const host::Context context{.deadline = host::deadline_after(database.host, 30s)};
    const sql::Result<void> done = co_await migrate(database, context, std::move(migrations));
    EXPECT_TRUE(done);
}

Outcome run(std::vector<Migration> migrations, std::vector<std::string> applied) {
    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::kernel::IsolatedHost process{kernel, "machine", "test"};
    Outcome outcome;
    process.hooks().on_log = [&](const sim::kernel::Process&, const host::LogRecord& record) {
        outcome.logged.push_back(record);
    };
    sql::FakeServer server;
    server.answer = [&](const std::string& asked, const sql::Parameters&) {
        sql::QueryResult result;
        if (asked != "execute schema_migrations_select") return result;
        for (const std::string& version : applied)
            result.rows.push_back({version});
        return result;
    };
    sql::FakeDriver driver(process.host(), server);
    sql::Pool pool(process.host(), driver, {});
    sql::Database database{process.host(), pool, {}, process.host().random("retry")};
    process.tasks().spawn(migrate_once(database, std::move(migrations)));
    kernel.run_until(host::TimePoint{1h});
    EXPECT_EQ(process.tasks().size(), 0u);
    outcome.asked = server.asked;
    return outcome;
}

/// Milliseconds that the statement before it gave it.
int limit_before(const Outcome& outcome, std::vector<std::string>::const_iterator statement) {
    if (statement == outcome.asked.begin()) return 0;
    const std::string& limit = *std::prev(statement);
    if (!limit.starts_with("query SET LOCAL statement_timeout")) return 0;
    return std::stoi(limit.substr(limit.rfind(' ') + 1));
}

TEST(Migrations, HaveAllTheTimeThatIsLeft) {
    const Outcome outcome = run({{1, "one", "CREATE TABLE a ();"}}, {});
    const auto claim = std::ranges::find(outcome.asked, "prepare schema_migrations_insert");
    ASSERT_NE(claim, outcome.asked.end());
    EXPECT_GT(limit_before(outcome, claim), 29'900);
    EXPECT_LT(limit_before(outcome, claim), 30'000);
}

TEST(Migrations, AreLookedForInLessTime) {
    const Outcome outcome = run({{1, "one", "CREATE TABLE a ();"}}, {});
    const auto look = std::ranges::find_if(outcome.asked, [](const std::string& asked) {
        return asked.starts_with("query CREATE TABLE IF NOT EXISTS schema_migrations");
    });
    ASSERT_NE(look, outcome.asked.end());
    EXPECT_GT(limit_before(outcome, look), 2'900);
    EXPECT_LE(limit_before(outcome, look), 3'000);
}

TEST(Migrations, OfANewerBuildAreNoticed) {
    EXPECT_TRUE(run({{1, "one", "CREATE TABLE a ();"}}, {"1"}).logged.empty());
    const Outcome outcome = run({{1, "one", "CREATE TABLE a ();"}}, {"1", "2", "3"});
    ASSERT_EQ(outcome.logged.size(), 1u);
    EXPECT_EQ(std::get<std::string>(outcome.logged[0].fields.at(0).value), "2, 3");
}

/// A primary with followers; it is looked at twice.
sql::Result<void> run_on_primary(const std::vector<std::string>& at_first,
                                 const std::vector<std::string>& then, bool is_confirmed) {
    sim::kernel::Kernel kernel{sim::kernel::Seed{1}};
    sim::kernel::IsolatedHost process{kernel, "machine", "test"};
    int looks = 0;
    sql::FakeServer server;
    server.answer = [&](const std::string& asked, const sql::Parameters&) {
        sql::QueryResult result;
        if (asked == "execute server_run") result.rows = {{"10:00", "000000010000000000000001"}};
        if (asked == "execute read_fence") result.rows = {{"0/100", "1"}};
        if (asked != "execute schema_migrations_select") return result;
        for (const std::string& version : ++looks == 1 ? at_first : then)
            result.rows.push_back({version});
        return result;
    };
    server.fail = [&](const std::string& asked) -> std::optional<sql::Error> {
        if (is_confirmed || asked != "execute read_fence") return std::nullopt;
        return sql::Error{.kind = sql::ErrorKind::deadline_exceeded};
    };
    sql::FakeDriver driver(process.host(), server);
    sql::Pool pool(process.host(), driver, {});
    sql::Topology topology(process.host(), pool, driver, {});
    sql::Database database{process.host(), pool, {}, process.host().random("retry")};
    database.topology = &topology;
    sql::Result<void> outcome;
    const auto migrate_there = [&]() -> host::Task<> {
        const host::Context context{.deadline = host::deadline_after(process.host(), 30s)};
        outcome = co_await migrate(database, context, {{1, "one", "CREATE TABLE a (b int);\n"}});
    };
    process.tasks().spawn(migrate_there());
    kernel.run_until(host::TimePoint{1h});
    EXPECT_EQ(process.tasks().size(), 0u);
    return outcome;
}

TEST(Migrations, AreNotBelievedOfAPrimaryThatNobodyConfirms) {
    EXPECT_TRUE(run_on_primary({"1"}, {"1"}, true));
    EXPECT_FALSE(run_on_primary({"1"}, {"1"}, false)) << "it may have been replaced";
    EXPECT_FALSE(run_on_primary({"1"}, {}, true)) << "the new one has not had it";
    EXPECT_TRUE(run_on_primary({}, {"1"}, true));
}

}  // namespace
}  // namespace atlas::store
