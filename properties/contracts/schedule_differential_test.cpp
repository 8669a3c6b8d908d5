// Random schedules of several sessions, stepped on the model and on PostgreSQL 15: who waits, who
// goes on, what each is answered, and what is left, must be the same. Who waits is asked of the
// servers themselves (pg_blocking_pids). Sessions that wait for each other in a circle stay there:
// deadlock_timeout is out of reach, so that no clock decides.

#include <fmt/format.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "properties/contracts/random_tables_fixture.hpp"
#include "properties/contracts/sql_port_fixture.hpp"
#include "properties/contracts/stepped_sessions_fixture.hpp"

namespace atlas::properties {
namespace {

using host::Task;

struct Step {
    int session;
    std::string statement;
};
using Steps = std::vector<Step>;

/// All that is needed to play it again by hand.
struct Schedule {
    std::vector<std::string> definitions;
    std::vector<std::string> tables;
    Steps steps;
};

// In any order, unless the statement says one.
std::string describe_rows(sql::QueryResult result, std::string_view statement) {
    if (!statement.contains("ORDER BY")) std::ranges::sort(result.rows);
    return rows_of(result);
}

std::string describe_outcome(const sql::Result<sql::QueryResult>& outcome,
                             std::string_view statement) {
    if (!outcome) return outcome.error().sqlstate + " " + outcome.error().message;
    return describe_rows(*outcome, statement) + outcome->command_tag;
}

Task<SqlCase::Connection> connect(SqlCase& sql) {
    sql::ConnectionTarget target = sql.target();
    target.user = "postgres";
    auto connection = co_await sql.try_connect(std::move(target));
    SqlCase::Connection made = expect_success(std::move(connection), "connect");
    co_await sql.run(made, "SET deadlock_timeout = '600s'");
    co_return made;
}

// `statements`: what each session was given last.
std::string describe_outcomes(const SteppedSessions::Outcomes& came,
                              const std::map<int, std::string>& statements) {
    std::string transcript;
    for (const auto& [number, outcome] : came) {
        transcript += outcome ? fmt::format("  {}: {}\n", number,
                                            describe_outcome(*outcome, statements.at(number)))
                              : fmt::format("  {} waits\n", number);
    }
    return transcript;
}

Task<std::string> define(SqlCase& sql, SqlCase::Connection& observer, const Schedule& schedule) {
    std::string transcript;
    for (const std::string& definition : schedule.definitions) {
        const auto defined = co_await observer->query(sql.patient(), definition);
        transcript += definition + "\n";
        if (!defined) transcript += "  " + describe_outcome(defined, definition) + "\n";
    }
    co_return transcript;
}

// What is in the tables, which are gone then.
Task<std::string> take_away(SqlCase& sql, SqlCase::Connection& observer, const Schedule& schedule) {
    std::string transcript;
    for (const std::string& table : schedule.tables) {
        const std::string query = "SELECT * FROM " + table;
        const auto rows = co_await observer->query(sql.patient(), query);
        transcript += table + ": " + describe_outcome(rows, query) + "\n";
    }
    co_await sql.run(observer,
                     fmt::format("DROP TABLE IF EXISTS {}", fmt::join(schedule.tables, ", ")));
    co_return transcript;
}

// What has been done, and the end of each transaction: what is in store for it there shows, too.
Steps steps_to_the_end(const Schedule& schedule) {
    Steps steps = schedule.steps;
    for (const int session : {1, 2, 3}) {
        if (std::ranges::find(schedule.steps, session, &Step::session) != schedule.steps.end())
            steps.push_back({session, "COMMIT"});
    }
    return steps;
}

Task<std::string> play(SqlCase& sql, SteppedSessions& sessions, const Schedule& schedule) {
    SqlCase::Connection& observer = *co_await sessions.observer();
    std::string transcript = co_await define(sql, observer, schedule);
    std::map<int, std::string> statements;
    for (const Step& step : steps_to_the_end(schedule)) {
        co_await sessions.connect(step.session);
        if (sessions.is_running(step.session)) continue;
        statements[step.session] = step.statement;
        sessions.start(step.session, step.statement);
        const auto came = co_await sessions.settle();
        transcript += fmt::format("{}: {}\n{}", step.session, step.statement,
                                  describe_outcomes(came, statements));
    }
    bool some_wait = false;
    for (const int number : {1, 2, 3}) {
        if (!sessions.is_running(number)) continue;
        transcript += fmt::format("{} is left waiting\n", number);
        some_wait = true;
    }
    co_await sessions.end_all();
    const std::string left = co_await take_away(sql, observer, schedule);
    // Those that wait at the end go on when the others are gone, and nothing says which comes
    // first.
    if (!some_wait) transcript += left;
    co_return transcript;
}

// Many by the same sessions: connecting takes longer than a schedule.
Task<> play_all(SqlCase& sql, const std::vector<Schedule>& schedules,
                std::vector<std::string>& transcripts) {
    SteppedSessions sessions(sql, [&sql] { return connect(sql); });
    for (const Schedule& schedule : schedules) {
        auto transcript = co_await play(sql, sessions, schedule);
        transcripts.push_back(std::move(transcript));
    }
}

std::vector<std::string> played_on(SqlServer server, const std::vector<Schedule>& schedules,
                                   std::uint64_t seed = 1) {
    std::vector<std::string> transcripts;
    const SqlCaseBody body = [&](SqlCase& sql) { return play_all(sql, schedules, transcripts); };
    run_sql_case({SqlClient::small, server}, body, seed);
    return transcripts;
}

// From first to last, each as likely: rc::gen::inRange alone keeps to the lower end where the size
// is small, and the size of a schedule is its length.
rc::Gen<int> any_of(int first, int last) {
    return rc::gen::resize(rc::kNominalSize, rc::gen::inRange(first, last + 1));
}

rc::Gen<std::string> generated_statement() {
    const auto numbered = [](const char* text) {
        return rc::gen::map(any_of(1, 4),
                            [text](int number) { return fmt::format(fmt::runtime(text), number); });
    };
    const auto locking = rc::gen::map(
        rc::gen::tuple(
            any_of(1, 3),
            rc::gen::element<std::string>("UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE"),
            rc::gen::element<std::string>("", "", " NOWAIT", " SKIP LOCKED")),
        [](const std::tuple<int, std::string, std::string>& choice) {
            return fmt::format("SELECT id, v FROM t WHERE id = {} FOR {}{}", std::get<0>(choice),
                               std::get<1>(choice), std::get<2>(choice));
        });
    const auto locking_all =
        rc::gen::map(rc::gen::pair(rc::gen::element<std::string>("UPDATE", "SHARE", "KEY SHARE"),
                                   rc::gen::element<std::string>("", " NOWAIT", " SKIP LOCKED")),
                     [](const std::pair<std::string, std::string>& choice) {
                         return fmt::format("SELECT id, v FROM t WHERE v > 5 ORDER BY id FOR {}{}",
                                            choice.first, choice.second);
                     });
    const auto insert = rc::gen::map(
        rc::gen::tuple(any_of(1, 5), any_of(0, 4),
                       rc::gen::element<std::string>(
                           "", "", " ON CONFLICT DO NOTHING", " ON CONFLICT (id) DO NOTHING",
                           " ON CONFLICT (id) DO UPDATE SET v = t.v + 100",
                           " ON CONFLICT (e) DO UPDATE SET v = t.v + 1000 WHERE t.v < 50")),
        [](const std::tuple<int, int, std::string>& choice) {
            return fmt::format("INSERT INTO t VALUES ({}, '{}', 5){}", std::get<0>(choice),
                               static_cast<char>('a' + std::get<1>(choice)), std::get<2>(choice));
        });
    const auto locking_table = rc::gen::map(
        rc::gen::pair(rc::gen::element<std::string>(
                          "ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE",
                          "SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE"),
                      rc::gen::element<std::string>("", " NOWAIT")),
        [](const std::pair<std::string, std::string>& choice) {
            return fmt::format("LOCK TABLE t IN {} MODE{}", choice.first, choice.second);
        });
    return rc::gen::weightedOneOf<std::string>({
        {3, numbered("UPDATE t SET v = v + 1 WHERE id = {} RETURNING v")},
        {1, rc::gen::just<std::string>("UPDATE t SET v = v + 1 WHERE v < 25")},
        {1, rc::gen::just<std::string>("UPDATE t SET v = v - 20 WHERE v >= 20 RETURNING id, v")},
        {1, numbered("UPDATE t SET id = id + 3 WHERE id = {}")},
        {1, numbered("UPDATE t SET e = 'd' WHERE id = {}")},
        {2, numbered("DELETE FROM t WHERE id = {}")},
        {1, rc::gen::just<std::string>("DELETE FROM t WHERE v < 20")},
        {1, rc::gen::just<std::string>("SELECT id, e, v FROM t ORDER BY id")},
        {4, locking},
        {2, locking_all},
        {4, insert},
        {2, rc::gen::just<std::string>("SAVEPOINT s")},
        {2, rc::gen::just<std::string>("ROLLBACK TO s")},
        {1, rc::gen::just<std::string>("RELEASE s")},
        {3, rc::gen::just<std::string>("COMMIT")},
        {2, rc::gen::just<std::string>("ROLLBACK")},
        {4, rc::gen::element<std::string>("BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ")},
        {2, locking_table},
        {1, rc::gen::element<std::string>("SELECT pg_advisory_xact_lock(1)",
                                          "SELECT pg_try_advisory_xact_lock(1)",
                                          "SELECT pg_advisory_xact_lock_shared(1)")},
    });
}

// Reads that lock nothing, and writes that seldom meet.
rc::Gen<std::string> generated_serializable_statement() {
    const auto numbered = [](const char* text) {
        return rc::gen::map(any_of(1, 5),
                            [text](int number) { return fmt::format(fmt::runtime(text), number); });
    };
    return rc::gen::weightedOneOf<std::string>({
        {6, numbered("SELECT v FROM t WHERE id = {}")},
        {1, rc::gen::just<std::string>("SELECT sum(v) FROM t")},
        {1, numbered("SELECT id FROM t WHERE id > {} ORDER BY id")},
        {1, numbered("SELECT id FROM t WHERE e = 'e{}'")},
        {5, numbered("UPDATE t SET v = v + 1 WHERE id = {}")},
        {1, numbered("UPDATE t SET e = e || '!' WHERE id = {}")},
        {1, numbered("DELETE FROM t WHERE id = {}")},
        {1, numbered("INSERT INTO t VALUES ({}, 'n', 1) ON CONFLICT DO NOTHING")},
        {1, numbered("SELECT v FROM t WHERE id = {} FOR UPDATE")},
        {4, rc::gen::just<std::string>("COMMIT")},
        {1, rc::gen::just<std::string>("ROLLBACK")},
        {4, rc::gen::element<std::string>("BEGIN ISOLATION LEVEL SERIALIZABLE",
                                          "BEGIN ISOLATION LEVEL SERIALIZABLE",
                                          "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY")},
    });
}

Steps generated_steps(const std::vector<std::string>& begins,
                      const rc::Gen<std::string>& statements) {
    const auto rest =
        *rc::gen::resize(40, rc::gen::container<std::vector<std::pair<int, std::string>>>(
                                 rc::gen::pair(any_of(1, 3), statements)));
    Steps steps;
    for (const int session : {1, 2, 3}) {
        steps.push_back({session, *rc::gen::elementOf(begins)});
    }
    for (const auto& [session, statement] : rest)
        steps.push_back({session, statement});
    return steps;
}

rc::Gen<Schedule> over_one_table(const std::vector<std::string>& begins,
                                 const rc::Gen<std::string>& statements) {
    return rc::gen::exec([=] {
        return Schedule{.definitions = {"CREATE TABLE t (id int PRIMARY KEY, e text UNIQUE, v int)",
                                        "INSERT INTO t VALUES (1, 'a', 10), (2, 'b', 20), (3, 'c', "
                                        "30)"},
                        .tables = {"t"},
                        .steps = generated_steps(begins, statements)};
    });
}

rc::Gen<Schedule> over_random_tables(const std::vector<std::string>& begins) {
    return rc::gen::exec([=] {
        const RandomTables tables = random_tables();
        const auto statements = rc::gen::exec([&] { return random_statement(tables); });
        Schedule schedule{.definitions = tables.definitions,
                          .tables = {},
                          .steps = generated_steps(begins, statements)};
        for (const RandomTable& table : tables.tables)
            schedule.tables.push_back(table.name);
        return schedule;
    });
}

// The statement, and below it, indented, what came of it in each session.
std::string_view step_from(std::string_view story, std::size_t begin) {
    std::size_t end = std::min(story.find('\n', begin), story.size());
    while (end < story.size() && story.substr(end + 1).starts_with("  "))
        end = std::min(story.find('\n', end + 1), story.size());
    return story.substr(begin, end - begin);
}

// Where the step begins that ends in that place, or goes on.
std::size_t step_before(std::string_view story, std::size_t place) {
    std::size_t begin = place == 0 ? 0 : place - 1;
    while (begin > 0 && (story[begin - 1] != '\n' || story.substr(begin).starts_with("  ")))
        --begin;
    return begin;
}

// Where the step begins in which they part.
std::size_t parting(const std::string& of_model, const std::string& of_postgres) {
    const auto [in_model, in_postgres] = std::ranges::mismatch(of_model, of_postgres);
    return step_before(of_postgres, static_cast<std::size_t>(in_postgres - of_postgres.begin()));
}

constexpr const char* unserializable = "40001 could not serialize access due to read/write";

std::set<std::string> unserializable_lines(std::string_view step) {
    std::set<std::string> found;
    std::istringstream lines{std::string(step)};
    for (std::string line; std::getline(lines, line);) {
        if (line.contains(unserializable)) found.insert(line);
    }
    return found;
}

// Transactions that the second story does not end.
bool ends_others(std::string_view story, std::string_view than) {
    const auto known = unserializable_lines(than);
    return std::ranges::any_of(unserializable_lines(story),
                               [&](const std::string& line) { return !known.contains(line); });
}

// Where PostgreSQL ends a transaction for an anomaly that might be and the model does not, their
// stories part: it watches pages of an index where the model watches ranges of keys. It may show
// first in another session, which need not wait any more. One conflict more may also be why
// PostgreSQL ends another transaction than the model, and spares the model's: which then is told of
// later. It may not end fewer.
bool are_alike(const std::string& of_model, const std::string& of_postgres) {
    if (of_model == of_postgres) return true;
    const std::size_t begin = parting(of_model, of_postgres);
    const std::string_view model_step = step_from(of_model, begin);
    const std::string_view postgres_step = step_from(of_postgres, begin);
    if (ends_others(postgres_step, model_step)) return true;
    return ends_others(model_step, postgres_step) &&
           ends_others(std::string_view(of_postgres).substr(begin),
                       std::string_view(of_model).substr(begin));
}

TEST(ComparisonOfSchedules, PartsOnlyWherePostgresAloneEndsATransaction) {
    const std::string ended = "  1: 40001 could not serialize access due to read/write ...\n";
    EXPECT_TRUE(are_alike("1: COMMIT\n  1: COMMIT\n", "1: COMMIT\n" + ended));
    EXPECT_TRUE(are_alike("1: COMMIT\n  1: COMMIT\n", "1: COMMIT\n  2: UPDATE 1\n" + ended));
    EXPECT_TRUE(are_alike("1: COMMIT\n  1: COMMIT\n", "1: COMMIT\n" + ended + "2: BEGIN\n"));
    EXPECT_FALSE(are_alike("1: COMMIT\n" + ended, "1: COMMIT\n  1: COMMIT\n"));
    EXPECT_FALSE(are_alike("1: COMMIT\n" + ended + "  2: (11)UPDATE 1\n",
                           "1: COMMIT\n" + ended + "  2: (12)UPDATE 1\n"));
    EXPECT_FALSE(are_alike("1: COMMIT\n  1: COMMIT\n  2: UPDATE 1\n2: COMMIT\n",
                           "1: COMMIT\n  1: COMMIT\n2: COMMIT\n" + ended));
}

TEST(ComparisonOfSchedules, PartsWherePostgresEndsAnotherTransactionThanTheModel) {
    const std::string ended = "40001 could not serialize access due to read/write ...\n";
    const std::string model = "3: SELECT 1\n  3: " + ended + "1: COMMIT\n  1: COMMIT\n";
    EXPECT_TRUE(are_alike(model, "3: SELECT 1\n  3: (1)SELECT 1\n1: COMMIT\n  1: " + ended));
    EXPECT_FALSE(are_alike(model, "3: SELECT 1\n  3: (1)SELECT 1\n1: COMMIT\n  1: COMMIT\n"));
    EXPECT_FALSE(are_alike(model, "3: SELECT 1\n  3: (1)SELECT 1\n3: COMMIT\n  3: " + ended));
}

struct Played {
    std::string on_model;
    std::string on_postgres;
};

std::vector<Played> play_on_both(const std::vector<Schedule>& schedules) {
    const auto on_model = played_on(SqlServer::model, schedules);
    const auto on_postgres = played_on(SqlServer::postgres, schedules);
    std::vector<Played> both;
    for (std::size_t i = 0; i < schedules.size(); ++i)
        both.push_back({on_model.at(i), on_postgres.at(i)});
    return both;
}

// The story that the model tells in one of the orders in which those that one step lets go on may
// do so; if it is PostgreSQL's in none of them, that of the first.
Played play_in_any_order(const Schedule& schedule) {
    constexpr std::uint64_t orders = 16;
    const std::string on_postgres = played_on(SqlServer::postgres, {schedule})[0];
    Played first;
    for (std::uint64_t seed = 1; seed <= orders; ++seed) {
        const Played played{played_on(SqlServer::model, {schedule}, seed)[0], on_postgres};
        if (are_alike(played.on_model, played.on_postgres)) return played;
        if (seed == 1) first = played;
    }
    return first;
}

// Two that wait behind an update of one row race for its new version in PostgreSQL, and the one
// that came first wins but for a moment in which the machine is busy. Of two that one step lets go
// on, the later may see there what the earlier has committed in the meantime, or they may lock each
// other out. A difference is one that comes every time, at the same step and in the same words:
// whatever races later does not hide it.
bool differ(const Schedule& schedule) {
    std::set<std::string> told;
    for (int tries = 0; tries < 5; ++tries) {
        const Played played = play_in_any_order(schedule);
        if (are_alike(played.on_model, played.on_postgres)) return false;
        const std::size_t step = parting(played.on_model, played.on_postgres);
        told.insert(played.on_postgres.substr(0, step) +
                    std::string(step_from(played.on_postgres, step)));
        if (told.size() > 1) return false;
    }
    return true;
}

// Without what it differs without, many at once first: each try takes PostgreSQL a new database.
// RapidCheck would play the whole batch for each. What could not go may go without what went later.
template <typename Part>
void drop_what_is_not_needed(Schedule& schedule, std::vector<Part> Schedule::* parts) {
    std::size_t length = (schedule.*parts).size();
    while (length > 0) {
        const std::size_t before = (schedule.*parts).size();
        for (std::size_t end = (schedule.*parts).size(); end >= length; end -= length) {
            Schedule fewer = schedule;
            const auto after = (fewer.*parts).begin() + static_cast<std::ptrdiff_t>(end);
            (fewer.*parts).erase(after - static_cast<std::ptrdiff_t>(length), after);
            if (differ(fewer)) schedule = std::move(fewer);
        }
        const bool again = length == 1 && (schedule.*parts).size() < before;
        if (!again) length /= 2;
    }
}

// If it comes once more.
void report_difference(Schedule found) {
    drop_what_is_not_needed(found, &Schedule::steps);
    drop_what_is_not_needed(found, &Schedule::definitions);
    const Played played = play_in_any_order(found);
    if (are_alike(played.on_model, played.on_postgres)) return;
    ADD_FAILURE() << "model:\n" << played.on_model << "\npostgres:\n" << played.on_postgres;
}

// How many ended a transaction that would have made an anomaly, on the model.
int expect_alike(const rc::Gen<Schedule>& generated) {
    if (testing::Test::HasFailure()) return 0;  // reported, and as small as it gets
    constexpr int at_once = 20;
    const auto schedules =
        *rc::gen::noShrink(rc::gen::container<std::vector<Schedule>>(at_once, generated));
    const std::vector<Played> played = play_on_both(schedules);
    int ended = 0;
    for (std::size_t i = 0; i < schedules.size(); ++i) {
        ended += played[i].on_model.contains(unserializable) ? 1 : 0;
        if (are_alike(played[i].on_model, played[i].on_postgres) || !differ(schedules[i])) continue;
        report_difference(schedules[i]);
        if (testing::Test::HasFailure()) break;
    }
    RC_ASSERT(!testing::Test::HasFailure());
    return ended;
}

const std::vector<std::string>& begins_of_each_level() {
    static const std::vector<std::string> begins{"BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ",
                                                 "BEGIN ISOLATION LEVEL SERIALIZABLE"};
    return begins;
}

RC_GTEST_PROP(Schedules, are_alike_on_model_and_server_against_postgres, ()) {
    expect_alike(over_one_table(begins_of_each_level(), generated_statement()));
}

RC_GTEST_PROP(Schedules, over_random_tables_are_alike_on_model_and_server_against_postgres, ()) {
    expect_alike(over_random_tables(begins_of_each_level()));
}

TEST(Schedules, serializable_ones_are_alike_on_model_and_server_against_postgres) {
    int ended = 0;
    EXPECT_TRUE(rc::check([&] {
        ended += expect_alike(over_one_table({"BEGIN ISOLATION LEVEL SERIALIZABLE"},
                                             generated_serializable_statement()));
    }));
    EXPECT_GT(ended, 0);
}

}  // namespace
}  // namespace atlas::properties
