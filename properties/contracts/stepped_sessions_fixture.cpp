#include "properties/contracts/stepped_sessions_fixture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace atlas::properties {

using host::Task;

Task<bool> SteppedSessions::connect(int number) {
    if (sessions_.contains(number)) co_return false;
    Session made;
    made.connection = co_await connect_();
    const auto process = co_await sql_.run(made.connection, "SELECT pg_backend_pid()");
    made.process = std::string(*process.rows[0][0]);
    sessions_.emplace(number, std::move(made));
    co_return true;
}

Task<SqlCase::Connection*> SteppedSessions::observer() {
    if (observer_ == nullptr) observer_ = co_await connect_();
    co_return &observer_;
}

bool SteppedSessions::is_running(int number) const {
    const auto found = sessions_.find(number);
    return found != sessions_.end() && found->second.running.has_value();
}

void SteppedSessions::start(int number, std::string statement) {
    Session& session = sessions_.at(number);
    session.running = sql_.start(session.connection, std::move(statement));
}

Task<bool> SteppedSessions::is_blocked(const Session& session) {
    const auto blockers =
        co_await sql_.run(observer_, fmt::format("SELECT pg_blocking_pids({})", session.process));
    co_return *blockers.rows[0][0] != "{}";
}

Task<bool> SteppedSessions::some_move() {
    bool moving = false;
    for (const auto& [number, session] : sessions_) {
        if (!session.running || session.running->has_ended()) continue;
        const bool blocked = co_await is_blocked(session);
        moving |= !blocked;
    }
    co_return moving;
}

// Who waits was seen to wait twice: between two waits of a statement there is a moment of none.
Task<SteppedSessions::Outcomes> SteppedSessions::settle() {
    co_await observer();
    for (int calm = 0; calm < 2;) {
        co_await host::sleep_for(sql_.host(), std::chrono::milliseconds(1));
        const bool moving = co_await some_move();
        calm = moving ? 0 : calm + 1;
        const bool all_ended = std::ranges::all_of(sessions_, [](const auto& entry) {
            return !entry.second.running || entry.second.running->has_ended();
        });
        if (all_ended) break;
    }
    Outcomes came;
    for (auto& [number, session] : sessions_) {
        if (!session.running) continue;
        auto& outcome = came[number];
        if (!session.running->has_ended()) continue;
        outcome = co_await session.running->outcome();
        session.running.reset();
    }
    co_return came;
}

Task<> SteppedSessions::end_all() {
    std::set<int> ended;
    while (ended.size() < sessions_.size()) {
        const auto idle = std::ranges::find_if(sessions_, [&](const auto& entry) {
            return !entry.second.running && !ended.contains(entry.first);
        });
        if (idle != sessions_.end()) {
            co_await sql_.run(idle->second.connection, "ROLLBACK");
            ended.insert(idle->first);
        } else {
            Session& stuck = std::ranges::find_if(sessions_, [](const auto& entry) {
                                 return entry.second.running.has_value();
                             })->second;
            co_await stuck.connection->request_cancel(sql_.patient());
            co_await stuck.running->outcome();
            stuck.running.reset();
        }
        co_await settle();
    }
}

std::string rows_of(const sql::QueryResult& result) {
    std::string rows;
    for (const auto& row : result.rows) {
        std::string shown;
        for (const sql::Value& value : row)
            shown += (shown.empty() ? "" : ",") + std::string(value.value_or("~"));
        rows += "(" + shown + ")";
    }
    return rows;
}

}  // namespace atlas::properties
