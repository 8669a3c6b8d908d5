#include "properties/workloads/sql_session.hpp"

#include <utility>

namespace atlas::properties {

using host::Task;
using namespace std::chrono_literals;

namespace {

/// For a connection, and for each statement.
constexpr host::Duration patience = 3s;
constexpr host::Duration pause_between_tries = 200ms;

constexpr const char* duplicate_table = "42P07";

}  // namespace

SqlSession::SqlSession(host::Host& host, sql::Driver& driver, sql::ConnectionTarget target)
    : host_(host), driver_(driver), target_(std::move(target)) {}

Task<sql::Result<sql::QueryResult>> SqlSession::run(std::string text) {
    if (connection_ == nullptr || !connection_->is_usable()) {
        connection_.reset();
        auto opened =
            co_await driver_.connect({.deadline = host::deadline_after(host_, patience)}, target_);
        if (!opened) co_return std::unexpected(std::move(opened).error());
        connection_ = *std::move(opened);
    }
    co_return co_await connection_->query({.deadline = host::deadline_after(host_, patience)},
                                          std::move(text));
}

Task<> SqlSession::insist_on(std::string text) {
    while (true) {
        const auto done = co_await run(text);
        if (done || done.error().sqlstate == duplicate_table) co_return;
        co_await host::sleep_for(host_, pause_between_tries);
    }
}

Task<> SqlSession::roll_back() {
    if (connection_ == nullptr || !connection_->is_usable()) co_return;
    const auto done = co_await run("ROLLBACK");
    if (!done) connection_.reset();
}

}  // namespace atlas::properties
