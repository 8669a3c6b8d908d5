// The server's side of the protocol, byte by byte, with sessions that do what a test tells them:
// start-up in all its forms, what answers what and in which order, errors and what is skipped after
// them, terminations, limits, and the end of the server.

#include "sim/models/postgres/protocol/serve.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sim/cluster/calm.hpp"
#include "sim/models/postgres/protocol/raw_client_fixture.hpp"
#include "system/host/event.hpp"
#include "system/host/task_group.hpp"
#include "system/sql/protocol/backend.hpp"
#include "system/sql/protocol/frontend.hpp"

namespace atlas::sim::models::postgres::protocol {
namespace {

using namespace std::chrono_literals;
using host::Deadline;
using host::Host;
using host::Task;
using testing::ElementsAre;
namespace wire = sql::protocol;

std::vector<ColumnDescription> one_column() {
    return {{.name = "n", .type_oid = 23}};
}

StatementResult completed(std::string tag) {
    StatementResult result;
    result.command_tag = std::move(tag);
    return result;
}

StatementResult rows_of(int count) {
    StatementResult result = completed("SELECT");
    result.columns = one_column();
    for (int i = 1; i <= count; ++i)
        result.rows.push_back({std::to_string(i)});
    return result;
}

/// Does what a query's text says.
class ScriptedSession final : public Session {
  public:
    ScriptedSession(Host& host, int& open_sessions) : woken_(host), open_sessions_(open_sessions) {
        ++open_sessions_;
    }
    ~ScriptedSession() override { --open_sessions_; }

    Task<Outcome<void>> simple_query(std::string text,
                                     std::function<void(StatementResult)> on_result) override {
        if (text == "rows") on_result(rows_of(2));
        if (text == "empty") on_result({});
        if (text == "set") {
            client_encoding_ = "LATIN1";
            ++settings_version_;
            on_result(completed("SET"));
        }
        if (text == "warn") {
            StatementResult result = completed("OK");
            result.notices = {{.severity = "WARNING", .sqlstate = "01000", .message = "w"}};
            on_result(std::move(result));
        }
        if (text == "wait") {
            cancelled_ = false;
            co_await woken_.wait();
            woken_.reset();
            if (cancelled_) co_return std::unexpected(error("57014", "cancelled"));
            if (termination_) co_return std::unexpected(*termination_);
        }
        if (text == "one, then fail") {
            on_result(rows_of(1));
            co_return std::unexpected(error("XX001", "failed"));
        }
        if (text == "fatal") {
            ServerMessage fatal = error("XX002", "gone");
            fatal.severity = "FATAL";
            co_return std::unexpected(fatal);
        }
        if (text == "begin") state_ = TransactionState::in_block;
        if (text == "large") {
            StatementResult result = rows_of(0);
            result.rows.assign(100, {std::string(100'000, 'x')});
            on_result(std::move(result));
        }
        co_return Outcome<void>{};
    }

    Task<Outcome<void>> parse(std::string statement, std::string text,
                              std::vector<std::uint32_t>) override {
        if (text == "bad") co_return std::unexpected(error("42601", "bad"));
        statements_[statement] = text;
        co_return Outcome<void>{};
    }
    Outcome<void> bind(std::string portal, std::string statement, TextRow parameters) override {
        if (!statements_.contains(statement)) return std::unexpected(error("26000", "unknown"));
        portals_[portal] = static_cast<int>(parameters.size());
        given_out_[portal] = 0;
        return {};
    }
    Outcome<StatementDescription> describe_statement(std::string_view) override {
        return StatementDescription{{23, 25}, one_column()};
    }
    Outcome<StatementDescription> describe_portal(std::string_view portal) override {
        if (portal == "command") return StatementDescription{};
        return StatementDescription{{}, one_column()};
    }
    /// As many rows as the portal has parameters.
    Task<Outcome<Execution>> execute(std::string portal, std::uint32_t row_limit) override {
        int& given = given_out_[portal];
        Execution execution;
        while (given < portals_[portal] &&
               (row_limit == 0 || execution.result.rows.size() < row_limit)) {
            execution.result.rows.push_back({std::to_string(++given)});
        }
        execution.suspended = given < portals_[portal];
        if (!execution.suspended) execution.result.command_tag = "SELECT";
        co_return execution;
    }
    void close_statement(std::string_view) override {}
    void close_portal(std::string_view) override {}
    Task<Outcome<std::vector<ServerMessage>>> sync(bool failed) override {
        synced_with_failure_ = failed;
        co_return Outcome<std::vector<ServerMessage>>{};
    }

    void fail() override {
        if (state_ == TransactionState::in_block) state_ = TransactionState::failed;
    }

    TransactionState transaction_state() const override { return state_; }
    std::uint32_t process_id() const override { return 7; }
    std::uint32_t cancel_secret() const override { return 42; }
    void cancel() override {
        cancelled_ = true;
        woken_.set();
    }
    std::optional<ServerMessage> termination() const override { return termination_; }
    void on_termination(std::function<void()> callback) override {
        on_termination_ = std::move(callback);
    }
    Task<> close() override { co_return; }
    std::vector<std::pair<std::string, std::string>> reported_parameters() const override {
        return {{"client_encoding", client_encoding_}};
    }
    std::uint64_t settings_version() const override { return settings_version_; }

    void terminate() {
        termination_ = error("57P01", "told to go");
        termination_->severity = "FATAL";
        woken_.set();
        if (on_termination_) on_termination_();
    }

  private:
    static ServerMessage error(std::string sqlstate, std::string message) {
        return {.sqlstate = std::move(sqlstate), .message = std::move(message)};
    }

    host::Event woken_;
    int& open_sessions_;
    bool cancelled_ = false;
    bool synced_with_failure_ = false;
    TransactionState state_ = TransactionState::idle;
    std::string client_encoding_ = "UTF8";
    std::uint64_t settings_version_ = 0;
    std::map<std::string, std::string> statements_;
    std::map<std::string, int> portals_;
    std::map<std::string, int> given_out_;
    std::optional<ServerMessage> termination_;
    std::function<void()> on_termination_;
};

wire::StartupMessage startup() {
    wire::StartupMessage message;
    message.parameters = {{"user", "u"}, {"database", "d"}};
    return message;
}

struct Fixture {
    explicit Fixture(Host& world) : host(world) {}

    Task<RawClient> connect() {
        auto stream =
            co_await host.network().connect(endpoint, host::Transport::plain(), Deadline::never());
        co_return RawClient(host, std::move(*stream));
    }
    Task<RawClient> open() {
        RawClient client = co_await connect();
        co_await client.send(startup());
        co_await client.read();
        co_return client;
    }

    Host& host;
    host::Endpoint endpoint{"127.0.0.1", 5432};
    int open_sessions = 0;
    ScriptedSession* last_session = nullptr;
    Backend::Parameters last_parameters;
    std::optional<std::pair<std::uint32_t, std::uint32_t>> cancel_request;
};

Task<> shut_sessions_down(Fixture& fixture) {
    if (fixture.open_sessions > 0) fixture.last_session->terminate();
    while (fixture.open_sessions > 0)
        co_await host::sleep_for(fixture.host, 1ms);
}

Backend backend_of(Fixture& fixture) {
    return {.open_session =
                [&fixture](std::string user, std::string,
                           Backend::Parameters parameters) -> Outcome<std::unique_ptr<Session>> {
                if (user == "nobody") {
                    return std::unexpected(ServerMessage{
                        .severity = "FATAL", .sqlstate = "28000", .message = "no such role"});
                }
                auto session =
                    std::make_unique<ScriptedSession>(fixture.host, fixture.open_sessions);
                fixture.last_session = session.get();
                fixture.last_parameters = std::move(parameters);
                return session;
            },
            .request_cancel =
                [&fixture](std::uint32_t process_id, std::uint32_t secret) {
                    fixture.cancel_request.emplace(process_id, secret);
                    if (fixture.open_sessions > 0) fixture.last_session->cancel();
                },
            .shutdown = [&fixture] { return shut_sessions_down(fixture); }};
}

using Body = Task<> (*)(Fixture&);

Task<> with_server(Fixture& fixture, Body body, ServeLimits limits, host::TaskGroup& tasks) {
    auto listener = fixture.host.network().listen(fixture.endpoint, host::Transport::plain());
    tasks.spawn(serve(fixture.host, std::move(*listener), backend_of(fixture), limits));
    co_await body(fixture);
    dynamic_cast<kernel::SimulatedHost&>(fixture.host).request_shutdown();
}

Task<> run_program(Host& host, Body body, ServeLimits limits) {
    Fixture fixture(host);
    const auto with_tasks = [&](host::TaskGroup& tasks) {
        return with_server(fixture, body, limits, tasks);
    };
    co_await host::with_task_group(host, with_tasks);
    EXPECT_EQ(fixture.open_sessions, 0);
}

void run(Body body, ServeLimits limits = {}) {
    const cluster::CalmRun result =
        cluster::run_calmly([&](Host& host) { return run_program(host, body, limits); });
    EXPECT_TRUE(result.finished);
    EXPECT_THAT(result.leftovers, testing::IsEmpty());
}

TEST(Serve, GreetsASession) {
    run([](Fixture& fixture) -> Task<> {
        RawClient client = co_await fixture.connect();
        wire::StartupMessage message = startup();
        message.parameters.emplace_back("options", "-c lock_timeout=1s --statement-timeout=2\\ s");
        message.parameters.emplace_back("application_name", "test");
        co_await client.send(message);
        const auto greeting = co_await client.read();
        EXPECT_THAT(greeting,
                    ElementsAre("authenticated", "client_encoding=UTF8", "key", "ready I"));
        using testing::Pair;
        EXPECT_THAT(fixture.last_parameters,
                    ElementsAre(Pair("lock_timeout", "1s"), Pair("statement_timeout", "2 s"),
                                Pair("application_name", "test")));
        co_await client.send(wire::Terminate{});
        const auto end = co_await client.read();
        EXPECT_THAT(end, ElementsAre("closed"));
        EXPECT_EQ(fixture.open_sessions, 0);
    });
}

TEST(Serve, RefusesEncryptionOnceEach) {
    run([](Fixture& fixture) -> Task<> {
        RawClient client = co_await fixture.connect();
        co_await client.send(wire::GssEncryptionRequest{});
        auto answer = co_await client.read_bytes(1);
        EXPECT_EQ(answer, "N");
        co_await client.send(wire::SslRequest{});
        answer = co_await client.read_bytes(1);
        EXPECT_EQ(answer, "N");
        co_await client.send(wire::SslRequest{});
        const auto end = co_await client.read();
        EXPECT_THAT(end, ElementsAre("fatal 0A000", "closed"));
        RawClient next = co_await fixture.connect();
        co_await next.send(wire::SslRequest{});
        co_await next.read_bytes(1);
        co_await next.send(startup());
        const auto greeting = co_await next.read();
        EXPECT_EQ(greeting.back(), "ready I");
    });
}

TEST(Serve, RefusesBadStartUps) {
    run([](Fixture& fixture) -> Task<> {
        wire::StartupMessage old = startup();
        old.major_version = 2;
        wire::StartupMessage unknown;
        unknown.parameters = {{"user", "nobody"}};
        wire::StartupMessage nameless;
        nameless.parameters = {{"database", "d"}};
        wire::StartupMessage replication = startup();
        replication.parameters.emplace_back("replication", "true");
        wire::StartupMessage options = startup();
        options.parameters.emplace_back("options", "-Z");
        const std::vector<std::pair<wire::StartupMessage, std::string>> cases = {
            {old, "fatal 0A000"},         {unknown, "fatal 28000"}, {nameless, "fatal 28000"},
            {replication, "fatal 0A000"}, {options, "fatal 42601"},
        };
        for (const auto& [message, answer] : cases) {
            RawClient client = co_await fixture.connect();
            co_await client.send(message);
            const auto end = co_await client.read();
            EXPECT_THAT(end, ElementsAre(answer, "closed"));
        }
        RawClient nonsense = co_await fixture.connect();
        co_await nonsense.send_bytes("GET / HTTP/1.1\r\n\r\n");
        const auto end = co_await nonsense.read();
        EXPECT_THAT(end, ElementsAre("closed"));
    });
}

TEST(Serve, NegotiatesAMinorVersionItDoesNotSpeak) {
    run([](Fixture& fixture) -> Task<> {
        RawClient client = co_await fixture.connect();
        wire::StartupMessage message = startup();
        message.minor_version = 2;
        message.parameters.emplace_back("_pq_.wonder", "1");
        co_await client.send(message);
        const auto greeting = co_await client.read();
        EXPECT_EQ(greeting.front(), "negotiate");
        EXPECT_EQ(greeting.back(), "ready I");
        EXPECT_THAT(fixture.last_parameters, testing::IsEmpty());
    });
}

TEST(Serve, AClientThatDoesNotStartIsDropped) {
    run([](Fixture& fixture) -> Task<> {
        RawClient client = co_await fixture.connect();
        co_await host::sleep_for(fixture.host, 55s);
        co_await client.send_bytes(std::string(3, '\0'));
        const auto end = co_await client.read();
        EXPECT_THAT(end, ElementsAre("closed"));
    });
}

TEST(Serve, AnswersSimpleQueries) {
    run([](Fixture& fixture) -> Task<> {
        RawClient client = co_await fixture.open();
        co_await client.send(wire::Query{"rows"});
        auto answer = co_await client.read();
        EXPECT_THAT(answer, ElementsAre("columns", "row 1", "row 2", "SELECT", "ready I"));
        co_await client.send(wire::Query{"empty"});
        answer = co_await client.read();
        EXPECT_THAT(answer, ElementsAre("empty", "ready I"));
        co_await client.send(wire::Query{"warn"});
        answer = co_await client.read();
        EXPECT_THAT(answer, ElementsAre("notice", "OK", "ready I"));
        co_await client.send(wire::Query{"one, then fail"});
        answer = co_await client.read();
        EXPECT_THAT(answer, ElementsAre("columns", "row 1", "SELECT", "error XX001", "ready I"));
        co_await client.send(wire::Query{"set"});
        answer = co_await client.read();
        EXPECT_THAT(answer, ElementsAre("SET", "client_encoding=LATIN1", "ready I"));
        co_await client.send(wire::Query{"begin"});
        answer = co_await client.read();
        EXPECT_THAT(answer, ElementsAre("ready T"));
        co_await client.send(wire::Query{"fatal"});
        answer = co_await client.read();
        EXPECT_THAT(answer, ElementsAre("fatal XX002", "closed"));
    });
}

TEST(Serve, AnswersExtendedQueries) {
    run([](Fixture& fixture) -> Task<> {
        RawClient client = co_await fixture.open();
        wire::Bind bind{"p", "s"};
        bind.parameters = {"a", std::nullopt, "c"};
        co_await client.send(wire::Parse{"s", "text"}, wire::Describe{wire::Named::statement, "s"},
                             bind, wire::Describe{wire::Named::portal, "p"}, wire::Execute{"p", 2},
                             wire::Execute{"p", 2}, wire::Close{wire::Named::portal, "p"},
                             wire::Describe{wire::Named::portal, "command"}, wire::Sync{});
        const auto answer = co_await client.read();
        EXPECT_THAT(answer, ElementsAre("parsed", "parameters", "columns", "bound", "columns",
                                        "row 1", "row 2", "suspended", "row 3", "SELECT", "closed",
                                        "no data", "ready I"));
    });
}

TEST(Serve, FlushSendsWhatThereIs) {
    run([](Fixture& fixture) -> Task<> {
        RawClient client = co_await fixture.open();
        co_await client.send(wire::Parse{"s", "text"});
        auto answer = co_await client.read();
        EXPECT_THAT(answer, ElementsAre("silent"));
        co_await client.send(wire::Flush{});
        answer = co_await client.read();
        EXPECT_THAT(answer, ElementsAre("parsed", "silent"));
    });
}

TEST(Serve, AfterAnErrorAllIsSkippedUpToSync) {
    run([](Fixture& fixture) -> Task<> {
        RawClient client = co_await fixture.open();
        co_await client.send(wire::Parse{"s", "bad"}, wire::Parse{"t", "good"}, wire::Query{"rows"},
                             wire::Bind{"", "nowhere"}, wire::Sync{}, wire::Parse{"t", "good"},
                             wire::Sync{});
        auto answer = co_await client.read();
        EXPECT_THAT(answer, ElementsAre("error 42601", "ready I"));
        answer = co_await client.read();
        EXPECT_THAT(answer, ElementsAre("parsed", "ready I"));
        wire::Bind binary{"", "t"};
        binary.result_formats = {1};
        co_await client.send(binary, wire::Execute{"", 0}, wire::Sync{});
        answer = co_await client.read();
        EXPECT_THAT(answer, ElementsAre("error 0A000", "ready I"));
        co_await client.send_bytes(std::string("B\0\0\0\5x", 6));
        co_await client.send(wire::Sync{});
        answer = co_await client.read();
        EXPECT_THAT(answer, ElementsAre("error 08P01", "ready I"));
        co_await client.send_bytes(std::string("Q\0\0\0\5x", 6));
        answer = co_await client.read();
        EXPECT_THAT(answer, ElementsAre("error 08P01", "ready I"));
        co_await client.send(wire::OtherFrontendMessage{'F', "x"});
        answer = co_await client.read();
        EXPECT_THAT(answer, ElementsAre("error 0A000", "ready I"));
        // In a block these errors fail it, as those of statements do.
        co_await client.send(wire::Query{"begin"});
        answer = co_await client.read();
        co_await client.send(wire::OtherFrontendMessage{'F', "x"});
        answer = co_await client.read();
        EXPECT_THAT(answer, ElementsAre("error 0A000", "ready E"));
        co_await client.send(wire::OtherFrontendMessage{'d', "late"}, wire::Query{"empty"});
        answer = co_await client.read();
        EXPECT_THAT(answer, ElementsAre("empty", "ready E"));
    });
}

TEST(Serve, AnErrorIsNotHeldBackUntilSync) {
    run([](Fixture& fixture) -> Task<> {
        RawClient client = co_await fixture.open();
        client.set_patience(100ms);
        co_await client.send(wire::Parse{"s", "bad"});
        auto answer = co_await client.read();
        EXPECT_THAT(answer, ElementsAre("error 42601", "silent"));
        co_await client.send(wire::Sync{});
        answer = co_await client.read();
        EXPECT_THAT(answer, ElementsAre("ready I"));
    });
}

TEST(Serve, WhatIsNotTheProtocolEndsTheSession) {
    run(
        [](Fixture& fixture) -> Task<> {
            const std::vector<std::pair<std::string, std::string>> cases = {
                {"?", "fatal 08P01"},
                {std::string("Q\0\0\0\3", 5), "fatal 08P01"},
                {std::string("S\0\1\0\0", 5), "fatal 08P01"},
                {std::string("Q\0\1\0\0", 5), "fatal 54000"},
                {std::string("p\0\0\0\5x", 6), "fatal 08P01"},
            };
            for (const auto& [bytes, answer] : cases) {
                RawClient client = co_await fixture.open();
                co_await client.send_bytes(bytes);
                const auto end = co_await client.read();
                EXPECT_THAT(end, ElementsAre(answer, "closed"));
            }
        },
        {.message_bytes = 50'000});
}

TEST(Serve, PassesCancelRequestsOn) {
    run([](Fixture& fixture) -> Task<> {
        RawClient client = co_await fixture.open();
        co_await client.send(wire::Query{"wait"});
        RawClient other = co_await fixture.connect();
        co_await other.send(wire::CancelRequest{7, 42});
        const auto end = co_await other.read();
        EXPECT_THAT(end, ElementsAre("closed"));
        EXPECT_TRUE(fixture.cancel_request == std::pair(7u, 42u));
        const auto answer = co_await client.read();
        EXPECT_THAT(answer, ElementsAre("error 57014", "ready I"));
    });
}

TEST(Serve, TellsAnIdleClientThatItsSessionIsTerminated) {
    run([](Fixture& fixture) -> Task<> {
        RawClient client = co_await fixture.open();
        fixture.last_session->terminate();
        const auto end = co_await client.read();
        EXPECT_THAT(end, ElementsAre("fatal 57P01", "closed"));
        RawClient busy = co_await fixture.open();
        co_await busy.send(wire::Query{"wait"});
        co_await host::sleep_for(fixture.host, 1s);
        fixture.last_session->terminate();
        const auto busy_end = co_await busy.read();
        EXPECT_THAT(busy_end, ElementsAre("fatal 57P01", "closed"));
    });
}

TEST(Serve, AClientThatDoesNotReadCannotKeepItsTerminatedSession) {
    run([](Fixture& fixture) -> Task<> {
        RawClient client = co_await fixture.open();
        co_await client.send(wire::Query{"large"});
        co_await host::sleep_for(fixture.host, 1s);
        EXPECT_EQ(fixture.open_sessions, 1);
        fixture.last_session->terminate();
        co_await host::sleep_for(fixture.host, 1s);
        EXPECT_EQ(fixture.open_sessions, 0);
    });
}

TEST(Serve, ALostClientEndsItsSession) {
    run([](Fixture& fixture) -> Task<> {
        RawClient client = co_await fixture.open();
        EXPECT_EQ(fixture.open_sessions, 1);
        client.close();
        co_await host::sleep_for(fixture.host, 1s);
        EXPECT_EQ(fixture.open_sessions, 0);
    });
}

TEST(Serve, LimitsItsConnections) {
    run(
        [](Fixture& fixture) -> Task<> {
            RawClient one = co_await fixture.open();
            RawClient two = co_await fixture.connect();
            RawClient three = co_await fixture.connect();
            co_await two.send(startup());
            const auto told = co_await two.read();
            EXPECT_THAT(told, ElementsAre("fatal 53300", "closed"));
            one.close();
            co_await host::sleep_for(fixture.host, 1s);
            RawClient four = co_await fixture.connect();
            co_await four.send(wire::CancelRequest{1, 1});
            co_await four.read();
            EXPECT_TRUE(fixture.cancel_request.has_value());
        },
        {.connections = 1});
}

TEST(Serve, ShutsDownWithIdleStartingAndBusyClients) {
    run([](Fixture& fixture) -> Task<> {
        RawClient starting = co_await fixture.connect();
        RawClient busy = co_await fixture.open();
        co_await busy.send(wire::Query{"wait"});
        co_await host::sleep_for(fixture.host, 1s);
        dynamic_cast<kernel::SimulatedHost&>(fixture.host).request_shutdown();
        const auto busy_end = co_await busy.read();
        EXPECT_THAT(busy_end, ElementsAre("fatal 57P01", "closed"));
        const auto starting_end = co_await starting.read();
        EXPECT_THAT(starting_end, ElementsAre("closed"));
        auto refused = co_await fixture.host.network().connect(
            fixture.endpoint, host::Transport::plain(), Deadline::never());
        EXPECT_FALSE(refused.has_value());
    });
}

}  // namespace
}  // namespace atlas::sim::models::postgres::protocol
