#include "properties/contracts/sql_script_fixture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

namespace atlas::properties {
namespace {

using host::Task;

struct Line {
    int session;
    std::string statement;
};

std::vector<Line> parse_script(const std::string& script) {
    std::vector<Line> lines;
    std::size_t begin = 0;
    while (begin < script.size()) {
        const std::size_t end = std::min(script.find('\n', begin), script.size());
        const std::string line = script.substr(begin, end - begin);
        begin = end + 1;
        const std::size_t digit = line.find_first_not_of(' ');
        if (digit == line.npos) continue;
        if (line.substr(digit + 1, 2) != ": ")
            throw std::runtime_error("not a line of a script: " + line);
        lines.push_back({line[digit] - '0', line.substr(digit + 3)});
    }
    return lines;
}

std::string described(const sql::QueryResult& result) {
    std::string text;
    for (const auto& row : result.rows) {
        text += '(';
        for (std::size_t i = 0; i < row.size(); ++i)
            text += (i > 0 ? "," : "") + row[i].value_or("~");
        text += ") ";
    }
    return text + result.command_tag;
}

// The ids of processes and transactions in the details of deadlocks are each server's own.
std::string described(const sql::Error& error) {
    std::string text = fmt::format("{} {}", error.sqlstate, error.message);
    if (!error.detail.empty() && error.sqlstate != "40P01") text += " | " + error.detail;
    if (!error.constraint.empty()) text += " | " + error.constraint;
    if (error.position != 0) text += fmt::format(" | at {}", error.position);
    return text;
}

struct Session {
    SqlCase::Connection connection;
    std::string process;
    std::optional<Started> running;
};

Task<> settle(std::map<int, Session>& sessions, std::string& transcript) {
    for (auto& [number, session] : sessions) {
        if (!session.running || !session.running->has_ended()) continue;
        const auto outcome = co_await session.running->outcome();
        session.running.reset();
        transcript += fmt::format("{}: {}\n", number,
                                  outcome ? described(*outcome) : described(outcome.error()));
    }
}

/// Whether all that run wait for somebody else, as the server says.
Task<bool> all_wait(SqlCase& sql, SqlCase::Connection& observer,
                    const std::map<int, Session>& sessions) {
    bool all = true;
    for (const auto& [number, session] : sessions) {
        if (!session.running || session.running->has_ended()) continue;
        const auto blockers =
            co_await sql.run(observer, fmt::format("SELECT pg_blocking_pids({})", session.process));
        all = all && *blockers.rows[0][0] != "{}";
    }
    co_return all;
}

// A statement that ends at once is not waited for longer than it takes. One that waits is believed
// to wait when nothing has ended for a while (longer than the deadlock timeout) and the server says
// so; or when nothing has ended for very long: it waits for something else than a lock.
Task<> let_run(SqlCase& sql, SqlCase::Connection& observer,
               const std::map<int, Session>& sessions) {
    const auto running = [&] {
        return std::ranges::count_if(sessions, [](const auto& entry) {
            return entry.second.running && !entry.second.running->has_ended();
        });
    };
    for (int i = 0; i < 5 && running() > 0; ++i)
        co_await host::sleep_for(sql.host(), std::chrono::milliseconds(2));
    constexpr int very_long = 20;
    int unchanged = 0;
    for (auto left = running(); left > 0 && unchanged < very_long;) {
        co_await host::sleep_for(sql.host(), std::chrono::milliseconds(250));
        unchanged = std::exchange(left, running()) == left ? unchanged + 1 : 0;
        if (unchanged == 0 || left == 0) continue;
        if (observer == nullptr) observer = co_await sql.connect();
        const bool waits = co_await all_wait(sql, observer, sessions);
        if (waits) break;
    }
}

Task<> run_script(SqlCase& sql, std::vector<Line> lines, std::string& transcript) {
    std::map<int, Session> sessions;
    SqlCase::Connection observer;
    for (const Line& line : lines) {
        Session& session = sessions[line.session];
        if (session.running) throw std::runtime_error("a session that waits: " + line.statement);
        if (session.connection == nullptr) {
            session.connection = co_await sql.connect();
            const auto process = co_await sql.run(session.connection, "SELECT pg_backend_pid()");
            session.process = process.rows[0][0].value();
        }
        session.running.emplace(sql.start(session.connection, line.statement));
        co_await let_run(sql, observer, sessions);
        co_await settle(sessions, transcript);
        if (session.running) transcript += fmt::format("{}: waits\n", line.session);
    }
    for (auto& [number, session] : sessions) {
        if (session.running) transcript += fmt::format("{}: still waits\n", number);
    }
}

}  // namespace

std::string transcript_of(SqlPair pair, const std::string& script) {
    std::string transcript;
    const std::vector<Line> lines = parse_script(script);
    run_sql_case(pair, [&](SqlCase& sql) { return run_script(sql, lines, transcript); });
    return transcript;
}

void SqlScripts::expect_same(const std::string& script) {
    const std::string real = transcript_of({GetParam(), SqlServer::postgres}, script);
    const std::string model = transcript_of({GetParam(), SqlServer::model}, script);
    EXPECT_EQ(model, real) << script;
    EXPECT_FALSE(real.empty());
}

}  // namespace atlas::properties
