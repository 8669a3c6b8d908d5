// The twenty cases of Hermitage (Martin Kleppmann): which anomalies each isolation level lets
// through, as schedules on a table of two rows. Each runs on the model and on PostgreSQL 15, and
// must give the transcript written here on both; and, at the two other levels, the same on both.

#include <fmt/format.h>

#include <set>

#include "properties/contracts/sql_script_fixture.hpp"
#include "properties/contracts/stepped_sessions_fixture.hpp"

namespace atlas::properties {
namespace {

using host::Task;

constexpr const char* read_committed = "READ COMMITTED";
constexpr const char* repeatable_read = "REPEATABLE READ";
constexpr const char* serializable = "SERIALIZABLE";

/// Steps as "SESSION: STATEMENT", each followed by what comes of it: of the step itself, or that it
/// waits, and of what waited before and goes on. Every session begins its transaction with its
/// first step, and "0" stands for one that is in none.
struct Case {
    const char* name;
    const char* level;
    std::vector<std::pair<const char*, const char*>> steps;
};

std::vector<Case> cases() {
    return {
        {"G0: writes do not interleave",
         read_committed,
         {{"1: UPDATE test SET value = 11 WHERE id = 1", "1: UPDATE 1"},
          {"2: UPDATE test SET value = 12 WHERE id = 1", "2: waits"},
          {"1: UPDATE test SET value = 21 WHERE id = 2", "1: UPDATE 1"},
          {"1: COMMIT", "1: COMMIT\n2: UPDATE 1"},
          {"0: SELECT * FROM test ORDER BY id", "0: (1,11)(2,21)"},
          {"2: UPDATE test SET value = 22 WHERE id = 2", "2: UPDATE 1"},
          {"2: COMMIT", "2: COMMIT"},
          {"0: SELECT * FROM test ORDER BY id", "0: (1,12)(2,22)"}}},
        {"G1a: nobody reads what is rolled back",
         read_committed,
         {{"1: UPDATE test SET value = 101 WHERE id = 1", "1: UPDATE 1"},
          {"2: SELECT * FROM test ORDER BY id", "2: (1,10)(2,20)"},
          {"1: ROLLBACK", "1: ROLLBACK"},
          {"2: SELECT * FROM test ORDER BY id", "2: (1,10)(2,20)"},
          {"2: COMMIT", "2: COMMIT"}}},
        {"G1b: nobody reads what is not yet the last word",
         read_committed,
         {{"1: UPDATE test SET value = 101 WHERE id = 1", "1: UPDATE 1"},
          {"2: SELECT * FROM test ORDER BY id", "2: (1,10)(2,20)"},
          {"1: UPDATE test SET value = 11 WHERE id = 1", "1: UPDATE 1"},
          {"1: COMMIT", "1: COMMIT"},
          {"2: SELECT * FROM test ORDER BY id", "2: (1,11)(2,20)"},
          {"2: COMMIT", "2: COMMIT"}}},
        {"G1c: information does not flow in a circle",
         read_committed,
         {{"1: UPDATE test SET value = 11 WHERE id = 1", "1: UPDATE 1"},
          {"2: UPDATE test SET value = 22 WHERE id = 2", "2: UPDATE 1"},
          {"1: SELECT * FROM test WHERE id = 2", "1: (2,20)"},
          {"2: SELECT * FROM test WHERE id = 1", "2: (1,10)"},
          {"1: COMMIT", "1: COMMIT"},
          {"2: COMMIT", "2: COMMIT"}}},
        {"OTV: a transaction does not vanish once it has been seen",
         read_committed,
         {{"1: UPDATE test SET value = 11 WHERE id = 1", "1: UPDATE 1"},
          {"1: UPDATE test SET value = 19 WHERE id = 2", "1: UPDATE 1"},
          {"2: UPDATE test SET value = 12 WHERE id = 1", "2: waits"},
          {"1: COMMIT", "1: COMMIT\n2: UPDATE 1"},
          {"3: SELECT * FROM test WHERE id = 1", "3: (1,11)"},
          {"2: UPDATE test SET value = 18 WHERE id = 2", "2: UPDATE 1"},
          {"3: SELECT * FROM test WHERE id = 2", "3: (2,19)"},
          {"2: COMMIT", "2: COMMIT"},
          {"3: SELECT * FROM test WHERE id = 2", "3: (2,18)"},
          {"3: SELECT * FROM test WHERE id = 1", "3: (1,12)"},
          {"3: COMMIT", "3: COMMIT"}}},
        {"PMP: what matches a predicate changes between two reads",
         read_committed,
         {{"1: SELECT * FROM test WHERE value = 30", "1: "},
          {"2: INSERT INTO test VALUES (3, 30)", "2: INSERT 0 1"},
          {"2: COMMIT", "2: COMMIT"},
          {"1: SELECT * FROM test WHERE value % 3 = 0", "1: (3,30)"},
          {"1: COMMIT", "1: COMMIT"}}},
        {"PMP: what matches a predicate stays",
         repeatable_read,
         {{"1: SELECT * FROM test WHERE value = 30", "1: "},
          {"2: INSERT INTO test VALUES (3, 30)", "2: INSERT 0 1"},
          {"2: COMMIT", "2: COMMIT"},
          {"1: SELECT * FROM test WHERE value % 3 = 0", "1: "},
          {"1: COMMIT", "1: COMMIT"}}},
        {"PMP: a write by predicate misses a row that has come to match",
         read_committed,
         {{"1: UPDATE test SET value = value + 10", "1: UPDATE 2"},
          {"2: DELETE FROM test WHERE value = 20", "2: waits"},
          {"1: COMMIT", "1: COMMIT\n2: DELETE 0"},
          {"2: SELECT * FROM test WHERE value = 20", "2: (1,20)"},
          {"2: COMMIT", "2: COMMIT"}}},
        {"PMP: a write by predicate fails",
         repeatable_read,
         {{"1: UPDATE test SET value = value + 10", "1: UPDATE 2"},
          {"2: DELETE FROM test WHERE value = 20", "2: waits"},
          {"1: COMMIT", "1: COMMIT\n2: 40001 could not serialize access due to concurrent update"},
          {"2: ROLLBACK", "2: ROLLBACK"}}},
        {"P4: an update is lost",
         read_committed,
         {{"1: SELECT * FROM test WHERE id = 1", "1: (1,10)"},
          {"2: SELECT * FROM test WHERE id = 1", "2: (1,10)"},
          {"1: UPDATE test SET value = 11 WHERE id = 1", "1: UPDATE 1"},
          {"2: UPDATE test SET value = 11 WHERE id = 1", "2: waits"},
          {"1: COMMIT", "1: COMMIT\n2: UPDATE 1"},
          {"2: COMMIT", "2: COMMIT"}}},
        {"P4: no update is lost",
         repeatable_read,
         {{"1: SELECT * FROM test WHERE id = 1", "1: (1,10)"},
          {"2: SELECT * FROM test WHERE id = 1", "2: (1,10)"},
          {"1: UPDATE test SET value = 11 WHERE id = 1", "1: UPDATE 1"},
          {"2: UPDATE test SET value = 11 WHERE id = 1", "2: waits"},
          {"1: COMMIT", "1: COMMIT\n2: 40001 could not serialize access due to concurrent update"},
          {"2: ROLLBACK", "2: ROLLBACK"}}},
        {"G-single: a read is skewed",
         read_committed,
         {{"1: SELECT * FROM test WHERE id = 1", "1: (1,10)"},
          {"2: SELECT * FROM test WHERE id = 1", "2: (1,10)"},
          {"2: SELECT * FROM test WHERE id = 2", "2: (2,20)"},
          {"2: UPDATE test SET value = 12 WHERE id = 1", "2: UPDATE 1"},
          {"2: UPDATE test SET value = 18 WHERE id = 2", "2: UPDATE 1"},
          {"2: COMMIT", "2: COMMIT"},
          {"1: SELECT * FROM test WHERE id = 2", "1: (2,18)"},
          {"1: COMMIT", "1: COMMIT"}}},
        {"G-single: no read is skewed",
         repeatable_read,
         {{"1: SELECT * FROM test WHERE id = 1", "1: (1,10)"},
          {"2: SELECT * FROM test WHERE id = 1", "2: (1,10)"},
          {"2: SELECT * FROM test WHERE id = 2", "2: (2,20)"},
          {"2: UPDATE test SET value = 12 WHERE id = 1", "2: UPDATE 1"},
          {"2: UPDATE test SET value = 18 WHERE id = 2", "2: UPDATE 1"},
          {"2: COMMIT", "2: COMMIT"},
          {"1: SELECT * FROM test WHERE id = 2", "1: (2,20)"},
          {"1: COMMIT", "1: COMMIT"}}},
        {"G-single: nor one by predicate",
         repeatable_read,
         {{"1: SELECT * FROM test WHERE value % 5 = 0 ORDER BY id", "1: (1,10)(2,20)"},
          {"2: UPDATE test SET value = 12 WHERE value = 10", "2: UPDATE 1"},
          {"2: COMMIT", "2: COMMIT"},
          {"1: SELECT * FROM test WHERE value % 3 = 0", "1: "},
          {"1: COMMIT", "1: COMMIT"}}},
        {"G-single: a write by predicate fails",
         repeatable_read,
         {{"1: SELECT * FROM test WHERE id = 1", "1: (1,10)"},
          {"2: SELECT * FROM test ORDER BY id", "2: (1,10)(2,20)"},
          {"2: UPDATE test SET value = 12 WHERE id = 1", "2: UPDATE 1"},
          {"2: UPDATE test SET value = 18 WHERE id = 2", "2: UPDATE 1"},
          {"2: COMMIT", "2: COMMIT"},
          {"1: DELETE FROM test WHERE value = 20",
           "1: 40001 could not serialize access due to concurrent update"},
          {"1: ROLLBACK", "1: ROLLBACK"}}},
        {"G2-item: writes are skewed",
         repeatable_read,
         {{"1: SELECT * FROM test WHERE id IN (1, 2) ORDER BY id", "1: (1,10)(2,20)"},
          {"2: SELECT * FROM test WHERE id IN (1, 2) ORDER BY id", "2: (1,10)(2,20)"},
          {"1: UPDATE test SET value = 11 WHERE id = 1", "1: UPDATE 1"},
          {"2: UPDATE test SET value = 21 WHERE id = 2", "2: UPDATE 1"},
          {"1: COMMIT", "1: COMMIT"},
          {"2: COMMIT", "2: COMMIT"}}},
        {"G2-item: no writes are skewed",
         serializable,
         {{"1: SELECT * FROM test WHERE id IN (1, 2) ORDER BY id", "1: (1,10)(2,20)"},
          {"2: SELECT * FROM test WHERE id IN (1, 2) ORDER BY id", "2: (1,10)(2,20)"},
          {"1: UPDATE test SET value = 11 WHERE id = 1", "1: UPDATE 1"},
          {"2: UPDATE test SET value = 21 WHERE id = 2", "2: UPDATE 1"},
          {"1: COMMIT", "1: COMMIT"},
          {"2: COMMIT",
           "2: 40001 could not serialize access due to read/write dependencies among "
           "transactions"}}},
        {"G2: two add what the other would have counted",
         repeatable_read,
         {{"1: SELECT * FROM test WHERE value % 3 = 0", "1: "},
          {"2: SELECT * FROM test WHERE value % 3 = 0", "2: "},
          {"1: INSERT INTO test VALUES (3, 30)", "1: INSERT 0 1"},
          {"2: INSERT INTO test VALUES (4, 42)", "2: INSERT 0 1"},
          {"1: COMMIT", "1: COMMIT"},
          {"2: COMMIT", "2: COMMIT"},
          {"0: SELECT * FROM test WHERE value % 3 = 0 ORDER BY id", "0: (3,30)(4,42)"}}},
        {"G2: one of them fails",
         serializable,
         {{"1: SELECT * FROM test WHERE value % 3 = 0", "1: "},
          {"2: SELECT * FROM test WHERE value % 3 = 0", "2: "},
          {"1: INSERT INTO test VALUES (3, 30)", "1: INSERT 0 1"},
          {"2: INSERT INTO test VALUES (4, 42)", "2: INSERT 0 1"},
          {"1: COMMIT", "1: COMMIT"},
          {"2: COMMIT",
           "2: 40001 could not serialize access due to read/write dependencies among "
           "transactions"}}},
        {"G2: two edges and a reader (Fekete)",
         serializable,
         {{"1: SELECT * FROM test ORDER BY id", "1: (1,10)(2,20)"},
          {"2: UPDATE test SET value = value + 5 WHERE id = 2", "2: UPDATE 1"},
          {"2: COMMIT", "2: COMMIT"},
          {"3: SELECT * FROM test ORDER BY id", "3: (1,10)(2,25)"},
          {"3: COMMIT", "3: COMMIT"},
          {"1: UPDATE test SET value = 0 WHERE id = 1",
           "1: 40001 could not serialize access due to read/write dependencies among "
           "transactions"},
          {"1: ROLLBACK", "1: ROLLBACK"}}},
    };
}

std::string describe_outcome(const sql::Result<sql::QueryResult>& outcome) {
    if (!outcome) return outcome.error().sqlstate + " " + outcome.error().message;
    return outcome->command_tag.starts_with("SELECT") ? rows_of(*outcome) : outcome->command_tag;
}

class Schedule {
  public:
    Schedule(SqlCase& sql, const char* level)
        : sql_(sql), level_(level), sessions_(sql, [&sql] { return sql.connect(); }) {}

    /// What the step gives, and those that waited before.
    Task<std::string> run(std::string step) {
        const int number = step[0] - '0';
        const bool is_new = co_await sessions_.connect(number);
        if (is_new && number > 0) {
            co_await sql_.run(sessions_.connection(number),
                              fmt::format("BEGIN ISOLATION LEVEL {}", level_));
        }
        sessions_.start(number, step.substr(3));
        auto came = co_await sessions_.settle();
        const auto own = came.extract(number).mapped();
        std::string transcript =
            fmt::format("{}: {}", number, own ? describe_outcome(*own) : "waits");
        for (const auto& [other, outcome] : came) {
            if (outcome) transcript += fmt::format("\n{}: {}", other, describe_outcome(*outcome));
        }
        co_return transcript;
    }

  private:
    SqlCase& sql_;
    const char* level_;
    SteppedSessions sessions_;
};

Task<> run_all(SqlCase& sql) {
    auto connection = co_await sql.connect();
    for (const Case& each : cases()) {
        co_await sql.run(connection, "CREATE TABLE test (id int PRIMARY KEY, value int)");
        co_await sql.run(connection, "INSERT INTO test VALUES (1, 10), (2, 20)");
        {
            Schedule schedule(sql, each.level);
            for (const auto& [step, expected] : each.steps) {
                const std::string got = co_await schedule.run(step);
                EXPECT_EQ(got, expected) << each.name << " at " << each.level << ", " << step;
            }
        }
        co_await sql.run(connection, "DROP TABLE test");
    }
}

class Hermitage : public SqlPort {};

TEST_P(Hermitage, LetsThroughWhatTheLevelAllowsAndNoMore) {
    run(run_all);
}

ATLAS_ON_EACH_SQL_PAIR(Hermitage);

/// As a script: who waits at one level waits at all of them, until the other has ended.
std::string script_of(const Case& each, std::string_view level) {
    std::string script =
        "0: CREATE TABLE test (id int PRIMARY KEY, value int)\n"
        "0: INSERT INTO test VALUES (1, 10), (2, 20)\n";
    std::set<char> begun;
    for (const auto& [step, expected] : each.steps) {
        if (step[0] != '0' && begun.insert(step[0]).second)
            script += fmt::format("{}: BEGIN ISOLATION LEVEL {}\n", step[0], level);
        script += fmt::format("{}\n", step);
    }
    for (const char session : begun)
        script += fmt::format("{}: ROLLBACK\n", session);
    return script + "0: DROP TABLE test\n";
}

class HermitageAtOtherLevels : public SqlScripts {};

TEST_P(HermitageAtOtherLevels, GivesTheSameOnModelAndServer_against_postgres) {
    for (const char* const level : {read_committed, repeatable_read, serializable}) {
        std::string script;
        for (const Case& each : cases()) {
            if (each.level != level) script += script_of(each, level);
        }
        expect_same(script);
    }
}

ATLAS_ON_EACH_SQL_CLIENT(HermitageAtOtherLevels);

}  // namespace
}  // namespace atlas::properties
