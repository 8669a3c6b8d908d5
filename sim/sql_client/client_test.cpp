// The small client against servers that do what no PostgreSQL does: replies cut at every byte,
// replies out of order, random bytes. What it makes of a real server is the business of
// properties/contracts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sim/cluster/calm.hpp"
#include "sim/sql_client/driver.hpp"
#include "sim/sql_client/reply.hpp"
#include "system/host/task_group.hpp"
#include "system/sql/protocol/backend.hpp"

namespace atlas::sim::sql_client {
namespace {

using namespace std::chrono_literals;
using host::Deadline;
using host::Host;
using host::Task;
using sql::ErrorKind;
namespace wire = sql::protocol;

template <typename... Messages>
std::string bytes_of(const Messages&... messages) {
    std::string bytes;
    (encode(bytes, messages), ...);
    return bytes;
}

std::string greeting() {
    return bytes_of(wire::Authentication{}, wire::ParameterStatus{"server_version", "15"},
                    wire::BackendKeyData{1, 2}, wire::ReadyForQuery{});
}

std::string answer_with_a_row() {
    wire::RowDescription columns;
    columns.fields = {{.name = "n", .type_oid = 23}};
    wire::DataRow row;
    row.values = {"42"};
    return bytes_of(columns, row, wire::CommandComplete{"SELECT 1"}, wire::ReadyForQuery{});
}

wire::ErrorResponse error_response(std::string_view severity, std::string_view sqlstate) {
    wire::ErrorResponse error;
    error.diagnostics.add(wire::Diagnostic::severity, severity);
    error.diagnostics.add(wire::Diagnostic::sqlstate, sqlstate);
    return error;
}

/// What the scripted server sends after the start-up packet, and after the first request.
struct Script {
    std::string at_start = greeting();
    std::string at_request = {};
    bool hangs_up = true;
};

Task<> read_something(Host& host, host::ByteStream& stream) {
    std::byte buffer[4096];
    co_await stream.read_some(buffer, host::deadline_after(host, 1h));
}

Task<> write(host::ByteStream& stream, const std::string& bytes) {
    co_await host::write_all(stream, std::as_bytes(std::span(bytes)), Deadline::never());
}

Task<> serve_script(Host& host, std::unique_ptr<host::Listener> listener, const Script& script) {
    auto stream = co_await listener->accept(Deadline::never());
    co_await read_something(host, **stream);
    co_await write(**stream, script.at_start);
    if (!script.at_request.empty()) {
        co_await read_something(host, **stream);
        co_await write(**stream, script.at_request);
    }
    if (script.hangs_up) {
        (*stream)->shutdown_send();
    }
    co_await host::sleep_for(host, 1h);
}

struct Observed {
    std::optional<sql::Error> connect_error = {};
    sql::Result<sql::QueryResult> outcome = {};
    bool is_usable = false;
    sql::TransactionStatus status = sql::TransactionStatus::idle;
};

Task<> ask(Host& host, const Script& script, Observed& observed, host::TaskGroup& tasks) {
    const host::Endpoint endpoint{"127.0.0.1", 5432};
    auto listener = host.network().listen(endpoint, host::Transport::plain());
    tasks.spawn(serve_script(host, std::move(*listener), script));
    Driver driver(host);
    sql::ConnectionTarget target;
    target.endpoint = endpoint;
    const host::Context context{.deadline = host::deadline_after(host, 10s)};
    auto connection = co_await driver.connect(context, target);
    if (connection) {
        observed.outcome = co_await (*connection)->query(context, "SELECT 42");
        observed.is_usable = (*connection)->is_usable();
        observed.status = (*connection)->transaction_status();
    } else {
        observed.connect_error = connection.error();
    }
    tasks.cancel();
}

Task<> ask_in_group(Host& host, const Script& script, Observed& observed) {
    const auto body = [&](host::TaskGroup& tasks) { return ask(host, script, observed, tasks); };
    co_await host::with_task_group(host, body);
}

Observed observe(const Script& script) {
    Observed observed;
    const auto run =
        cluster::run_calmly([&](Host& host) { return ask_in_group(host, script, observed); });
    EXPECT_TRUE(run.finished);
    EXPECT_THAT(run.leftovers, testing::IsEmpty());
    return observed;
}

TEST(SqlClient, ReadsAReply) {
    const Observed observed = observe({.at_request = answer_with_a_row()});
    ASSERT_TRUE(observed.outcome.has_value());
    EXPECT_EQ(observed.outcome->rows, (std::vector<std::vector<sql::Value>>{{"42"}}));
    EXPECT_TRUE(observed.is_usable);
}

// The server dies at each byte of its reply: never a success, always indefinite.
TEST(SqlClient, AReplyCutAnywhereIsIndefinite) {
    const std::string reply = answer_with_a_row();
    for (std::size_t size = 1; size < reply.size(); ++size) {
        const Observed observed = observe({.at_request = reply.substr(0, size)});
        ASSERT_FALSE(observed.outcome.has_value()) << size;
        EXPECT_EQ(observed.outcome.error().kind, ErrorKind::connection_lost) << size;
        EXPECT_EQ(observed.outcome.error().certainty(), host::Certainty::indefinite);
        EXPECT_FALSE(observed.is_usable);
    }
}

TEST(SqlClient, AStartUpCutAnywhereIsNoConnection) {
    const std::string all = greeting();
    for (std::size_t size = 0; size < all.size(); ++size) {
        const Observed observed = observe({.at_start = all.substr(0, size)});
        ASSERT_TRUE(observed.connect_error.has_value()) << size;
        EXPECT_EQ(observed.connect_error->kind, ErrorKind::cannot_connect) << size;
    }
}

TEST(SqlClient, ASilentServerMeetsTheDeadline) {
    Observed observed = observe({.at_start = "", .hangs_up = false});
    ASSERT_TRUE(observed.connect_error.has_value());
    EXPECT_EQ(observed.connect_error->kind, ErrorKind::deadline_exceeded);
    observed = observe({.at_request = answer_with_a_row().substr(0, 20), .hangs_up = false});
    ASSERT_FALSE(observed.outcome.has_value());
    EXPECT_EQ(observed.outcome.error().kind, ErrorKind::deadline_exceeded);
    EXPECT_FALSE(observed.is_usable);
}

TEST(SqlClient, AServerThatAsksForAPasswordIsNoConnection) {
    const Observed observed =
        observe({.at_start = bytes_of(wire::Authentication{3, ""}), .hangs_up = false});
    ASSERT_TRUE(observed.connect_error.has_value());
    EXPECT_EQ(observed.connect_error->kind, ErrorKind::cannot_connect);
}

// The session was ended while nothing was asked of it: its last words are the answer.
TEST(SqlClient, AFarewellThatCameBeforeTheRequestIsRead) {
    const Observed observed =
        observe({.at_start = greeting() + bytes_of(error_response("FATAL", "57P01"))});
    ASSERT_FALSE(observed.outcome.has_value());
    EXPECT_EQ(observed.outcome.error().kind, ErrorKind::server);
    EXPECT_EQ(observed.outcome.error().sqlstate, "57P01");
    EXPECT_TRUE(observed.outcome.error().fatal);
    EXPECT_FALSE(observed.is_usable);
}

TEST(SqlClient, AFatalErrorAfterAnErrorIsTheOutcome) {
    const Observed observed = observe({.at_request = bytes_of(error_response("ERROR", "40001"),
                                                              error_response("FATAL", "57P01"))});
    ASSERT_FALSE(observed.outcome.has_value());
    EXPECT_TRUE(observed.outcome.error().fatal);
}

TEST(SqlClient, ARefusedStatementLeavesTheTransactionStatus) {
    const Observed observed = observe(
        {.at_request = bytes_of(error_response("ERROR", "23505"), wire::ReadyForQuery{'E'})});
    ASSERT_FALSE(observed.outcome.has_value());
    EXPECT_EQ(observed.outcome.error().sqlstate, "23505");
    EXPECT_TRUE(observed.is_usable);
    EXPECT_EQ(observed.status, sql::TransactionStatus::failed);
}

TEST(SqlClient, WhatIsNoReplyIsAViolation) {
    wire::RowDescription columns;
    columns.fields = {{.name = "n"}};
    wire::DataRow wide;
    wide.values = {"1", "2"};
    for (const std::string& bytes : {
             bytes_of(wire::ReadyForQuery{}),                     // nothing was answered
             bytes_of(wide),                                      // a row without columns
             bytes_of(columns, wide),                             // of another width
             bytes_of(columns, columns),                          // two descriptions
             bytes_of(wire::Authentication{}),                    // in mid-session
             bytes_of(wire::OtherBackendMessage{'G', "\0\0\0"}),  // COPY
             std::string("?rubbish"),
             std::string("Z\0\0\0\5X", 6),
         }) {
        const Observed observed = observe({.at_request = bytes});
        ASSERT_FALSE(observed.outcome.has_value());
        EXPECT_EQ(observed.outcome.error().kind, ErrorKind::protocol);
        EXPECT_FALSE(observed.is_usable);
    }
}

RC_GTEST_PROP(SqlClient, RandomBytesNeverPassForAResult, (std::string bytes)) {
    Script script;
    script.at_request = bytes + "x";
    const Observed observed = observe(script);
    RC_ASSERT(!observed.outcome.has_value());
    RC_ASSERT(!observed.is_usable);
}

TEST(Reply, OfSeveralStatementsTheLastCounts) {
    Reply reply;
    wire::RowDescription columns;
    columns.fields = {{.name = "n"}};
    wire::DataRow row;
    row.values = {std::nullopt};
    const std::vector<wire::BackendMessage> messages = {columns,
                                                        row,
                                                        row,
                                                        wire::CommandComplete{"SELECT 2"},
                                                        wire::NoticeResponse{},
                                                        wire::CommandComplete{"UPDATE 7"}};
    for (const wire::BackendMessage& message : messages) {
        ASSERT_EQ(reply.take(message), Reply::Progress::more);
    }
    ASSERT_EQ(reply.take(wire::ReadyForQuery{'T'}), Reply::Progress::complete);
    EXPECT_EQ(reply.transaction_status(), sql::TransactionStatus::in_transaction);
    const auto outcome = std::move(reply).outcome();
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(outcome->command_tag, "UPDATE 7");
    EXPECT_TRUE(outcome->columns.empty());
    EXPECT_TRUE(outcome->rows.empty());
}

/// What a batch of a query, a PREPARE and its execution comes to after these messages.
sql::BatchResult batch_after(const std::vector<wire::BackendMessage>& messages) {
    Reply reply;
    for (const wire::BackendMessage& message : messages)
        EXPECT_NE(reply.take(message), Reply::Progress::violated);
    return std::move(reply).outcome_of(
        {sql::QueryStep{"BEGIN"}, sql::PrepareStep{"s", "SELECT 1"}, sql::ExecuteStep{"s", {}}});
}

TEST(Reply, OfABatchIsAResultForEachStep) {
    const wire::CommandComplete begun{"BEGIN"};
    const wire::CommandComplete selected{"SELECT 0"};
    const auto all =
        batch_after({wire::ParseComplete{}, wire::BindComplete{}, begun, wire::ParseComplete{},
                     wire::BindComplete{}, selected, wire::ReadyForQuery{'T'}});
    ASSERT_TRUE(all.has_value());
    ASSERT_EQ(all->size(), 3u);
    EXPECT_EQ((*all)[0].command_tag, "BEGIN");
    EXPECT_EQ((*all)[1].command_tag, "");
    EXPECT_EQ((*all)[2].command_tag, "SELECT 0");
    const wire::ErrorResponse error = error_response("ERROR", "42P01");
    const auto failed = batch_after(
        {wire::ParseComplete{}, wire::BindComplete{}, begun, error, wire::ReadyForQuery{'E'}});
    ASSERT_FALSE(failed.has_value());
    EXPECT_EQ(failed.error().cause.sqlstate, "42P01");
    EXPECT_EQ(failed.error().before.size(), 1u);
}

TEST(Reply, OfABatchWithFewerResultsIsAViolation) {
    const auto cut = batch_after({wire::ParseComplete{}, wire::BindComplete{},
                                  wire::CommandComplete{"BEGIN"}, wire::ReadyForQuery{'T'}});
    ASSERT_FALSE(cut.has_value());
    EXPECT_EQ(cut.error().cause.kind, ErrorKind::protocol);
    EXPECT_EQ(cut.error().cause.certainty(), host::Certainty::indefinite);
}

TEST(Reply, ACommitThatMayNotBeReplicatedIsIndefinite) {
    Reply reply;
    wire::NoticeResponse notice;
    notice.diagnostics.add(wire::Diagnostic::severity, "WARNING");
    notice.diagnostics.add(wire::Diagnostic::sqlstate, "01000");
    notice.diagnostics.add(wire::Diagnostic::message,
                           "canceling wait for synchronous replication due to user request");
    EXPECT_EQ(reply.take(notice), Reply::Progress::fatal);
    const auto outcome = std::move(reply).outcome();
    ASSERT_FALSE(outcome.has_value());
    EXPECT_EQ(outcome.error().certainty(), host::Certainty::indefinite);
    EXPECT_EQ(outcome.error().sqlstate, "01000");
}

}  // namespace
}  // namespace atlas::sim::sql_client
