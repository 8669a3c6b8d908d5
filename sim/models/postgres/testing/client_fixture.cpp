#include "sim/models/postgres/testing/client.hpp"

#include "system/host/check.hpp"

namespace atlas::sim::models::postgres::testing {

using host::Task;

Client::Client(Server& server, std::vector<std::pair<std::string, std::string>> parameters) {
    auto opened = Session::open(server, "atlas", "atlas", std::move(parameters));
    ATLAS_CHECK(opened.has_value(), "the test's server takes its session");
    session_ = *std::move(opened);
}

std::string Client::describe(const StatementResult& result) const {
    std::string line;
    for (const ServerMessage& notice : result.notices)
        line += notice.severity + ": " + notice.message + "; ";
    for (const TextRow& row : result.rows) {
        std::string shown = "(";
        for (const auto& value : row)
            shown += (shown.size() > 1 ? "," : "") + value.value_or("~");
        line += shown + ")";
    }
    if (!result.rows.empty()) line += " ";
    return line + result.command_tag;
}

std::string Client::describe(const ServerMessage& error) {
    last_error_ = error;
    return error.sqlstate + " " + error.message;
}

Task<std::string> Client::query(std::string text) {
    last_error_.reset();
    std::string lines;
    const auto add = [&lines](const std::string& line) {
        lines += (lines.empty() ? "" : "\n") + line;
    };
    Outcome<void> outcome = co_await session_->simple_query(
        std::move(text), [&](StatementResult result) { add(describe(result)); });
    if (!outcome) add(describe(outcome.error()));
    co_return lines;
}

Task<std::string> Client::query(std::string text, TextRow parameters) {
    last_error_.reset();
    std::string line;
    Outcome<void> parsed = co_await session_->parse("", std::move(text), {});
    bool failed = !parsed;
    if (failed) line = describe(parsed.error());
    if (!failed) {
        Outcome<void> bound = session_->bind("", "", std::move(parameters));
        failed = !bound;
        if (failed) line = describe(bound.error());
    }
    if (!failed) {
        Outcome<Session::Execution> executed = co_await session_->execute("", 0);
        failed = !executed;
        line = failed ? describe(executed.error()) : describe(executed->result);
    }
    auto synced = co_await session_->sync(failed);
    if (!failed && !synced) line = describe(synced.error());
    co_return line;
}

}  // namespace atlas::sim::models::postgres::testing
