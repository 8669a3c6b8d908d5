// The model's wire protocol against PostgreSQL's own: the same bytes go to both, on real sockets,
// and the messages that come back must be the same. And psql, which knows nothing of either.

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "adapters/asio_host.hpp"
#include "properties/contracts/both_worlds.hpp"
#include "properties/contracts/model_on_loopback_fixture.hpp"
#include "sim/models/postgres/protocol/raw_client_fixture.hpp"
#include "system/sql/protocol/frontend.hpp"

namespace atlas::properties {
namespace {

using namespace std::chrono_literals;
using host::Host;
using host::Task;
using sim::models::postgres::protocol::RawClient;
namespace wire = sql::protocol;

/// What goes to a server at once. Its answer is read before the next one goes.
using Step = std::string;

template <typename... Messages>
Step step(const Messages&... messages) {
    std::string bytes;
    (encode(bytes, messages), ...);
    return bytes;
}

struct Script {
    const char* name;
    std::vector<Step> steps;
};

wire::Bind bind_to(std::string_view portal, std::string_view statement,
                   std::vector<std::optional<std::string_view>> values) {
    wire::Bind bind;
    bind.portal = portal;
    bind.statement = statement;
    bind.parameters = std::move(values);
    return bind;
}

constexpr std::string_view json_texts[] = {
    "", "   ", "[1, 2, tru, 3]", "1 2", "{1:2}", "[1,]", "]", "-", "01", "1.x", "1e", "$%",
    "true false", "nope nope", R"({"a": 1,})", R"({"a": 1)", R"({"a" 2})", R"({"a": 2 3})",
    // Long lines, and several.
    R"(["a line that goes on beyond what is shown of it", oops])",
    R"(["a line that goes on beyond what is shown of it", "ä" oops, 3])",
    "[\"a line that goes on beyond what is shown of it\",\n1 oops]",
    R"(["ääääääääääääääääääääääääääääääääääääääää", oops])",
    R"([["ääääääääääääääääääää", 1, 2, 3], oops])", "[\n\n1 2 ]", "[1,\r2\n,,",
    "{\"a\": 1,\r\n \"b\": x\r\n}",
    // Strings.
    R"("\ud800")", R"("\ud800x")", R"("\ud800\n")", R"(["\udc00"])", R"("\ud800\ud800")",
    R"([1, "\ud800\u0041"])", R"(["a\u0000b"])", R"("\u00zz")", R"("\u00ä")", R"("\u00)", R"("\q")",
    R"("\ä")", R"("\)", R"("abc)", "\"a\nb\"", "[\"a\", \"a\tb\"]",
    // Numbers.
    "[1e5, 2E-3, 1.50e1]", "1e200000"};

std::vector<Step> json_steps() {
    std::vector<Step> steps;
    for (const std::string_view text : json_texts) {
        for (const std::string_view type : {"json", "jsonb"})
            steps.push_back(step(wire::Query{fmt::format("SELECT '{}'::{}", text, type)}));
    }
    steps.push_back(step(wire::Query{"SELECT (v || 'x')::jsonb FROM (VALUES ('[1')) AS t (v)"}));
    return steps;
}

std::vector<Script> scripts() {
    using wire::Close, wire::Describe, wire::Execute, wire::Named, wire::Parse, wire::Query,
        wire::Sync;
    const Step table =
        step(Query{"CREATE TABLE t (id int PRIMARY KEY, v text NOT NULL, w timestamptz)"});
    const Step rows = step(Query{"INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, 'three')"});
    const std::string malformed_bind("B\0\0\0\5x", 6);
    wire::Bind binary = bind_to("", "s", {"1"});
    binary.parameter_formats = {0, 0};
    return {
        {"simple queries",
         {table, rows, step(Query{"SELECT * FROM t ORDER BY id"}), step(Query{""}),
          step(Query{" ; "}),
          step(Query{"SELECT id FROM t WHERE id = 2; SELECT v FROM t WHERE id = 3"}),
          step(Query{"INSERT INTO t VALUES (4, 'four'); SELECT nothing; SELECT 3"}),
          step(Query{"SELECT count(*) FROM t"}), step(Query{"SELECT 1 AS one, 'x', NULL"})}},
        {"transactions",
         {table, step(Query{"BEGIN"}), step(Query{"BEGIN"}), rows, step(Query{"SELECT oops"}),
          step(Query{"SELECT 1"}), step(Query{"COMMIT"}), step(Query{"COMMIT"}),
          step(Query{"ROLLBACK"}), step(Query{"SELECT * FROM t"})}},
        {"an extended query",
         {table, rows,
          step(Parse{"s", "SELECT id, v FROM t WHERE id >= $1 ORDER BY id"},
               Describe{Named::statement, "s"}, bind_to("", "s", {"2"}),
               Describe{Named::portal, ""}, Execute{"", 0}, Sync{}),
          step(bind_to("", "s", {"1"}), Execute{"", 2}, Execute{"", 2}, Sync{}),
          step(Close{Named::statement, "s"}, Close{Named::statement, "never"},
               Close{Named::portal, "never"}, Sync{}),
          step(bind_to("", "s", {"1"}), Sync{})}},
        {"statements without rows",
         {table,
          step(Parse{"add", "INSERT INTO t (id, v) VALUES ($1, $2)"},
               Describe{Named::statement, "add"}, bind_to("", "add", {"1", "one"}),
               Describe{Named::portal, ""}, Execute{"", 0}, Sync{}),
          step(bind_to("", "add", {"1", "again"}), Execute{"", 0}, Sync{}),
          step(bind_to("", "add", {"2", std::nullopt}), Execute{"", 0}, Sync{}),
          step(Parse{"", ""}, Describe{Named::statement, ""}, bind_to("", "", {}),
               Describe{Named::portal, ""}, Execute{"", 0}, Sync{})}},
        {"errors in extended queries",
         {table, step(Parse{"", "SELECT * FROM nowhere"}, Parse{"", "SELECT 1"}, Sync{}),
          step(Describe{Named::statement, "unknown"}, Sync{}),
          step(Describe{Named::portal, "unknown"}, Sync{}), step(Execute{"unknown", 0}, Sync{}),
          step(bind_to("", "unknown", {}), Sync{}), step(Parse{"s", "SELECT id FROM t"}, Sync{}),
          step(Parse{"s", "SELECT id FROM t"}, Sync{}), step(bind_to("", "s", {"1"}), Sync{}),
          step(Parse{"two", "SELECT 1; SELECT 2"}, Sync{}), step(binary, Sync{}),
          step(Parse{"", "SELECT id FROM t WHERE v = $1 AND id = $1"}, Sync{})}},
        {"portals in a transaction",
         {table, rows, step(Query{"BEGIN"}),
          step(Parse{"s", "SELECT id FROM t ORDER BY id"}, bind_to("p", "s", {}), Execute{"p", 1},
               Sync{}),
          step(Execute{"p", 1}, Sync{}), step(bind_to("p", "s", {}), Sync{}),
          step(Query{"ROLLBACK"}), step(Execute{"p", 1}, Sync{})}},
        {"an implicit transaction ends at Sync",
         {table,
          step(Parse{"", "INSERT INTO t VALUES (1, 'one')"}, bind_to("", "", {}), Execute{"", 0},
               Parse{"", "INSERT INTO t VALUES (1, 'two')"}, bind_to("", "", {}), Execute{"", 0},
               Sync{}),
          step(Query{"SELECT * FROM t"})}},
        {"errors outside of statements",
         {table, step(Query{"BEGIN"}), rows, malformed_bind + step(Sync{}), step(Query{"SELECT 1"}),
          step(Query{"ROLLBACK"}), step(Query{"BEGIN"}), std::string("Q\0\0\0\5x", 6),
          step(Query{"COMMIT"}), step(Query{"BEGIN"}), step(Query{"SELECT '\xff'"}),
          step(Query{"ROLLBACK"}), step(Parse{"\xff", "SELECT 1"}, Sync{}),
          step(Describe{Named::statement, "\xff"}, Sync{}),
          step(Describe{Named::portal, "\xff"}, Sync{}), step(Execute{"\xff", 0}, Sync{}),
          step(Parse{"", "INSERT INTO t VALUES (9, 'nine')"}, bind_to("", "", {}), Execute{"", 0}) +
              malformed_bind + step(Sync{}),
          step(Query{"SELECT * FROM t"})}},
        {"portals that end where the limit is",
         {table, rows,
          step(Parse{"s", "SELECT id FROM t ORDER BY id"}, bind_to("", "s", {}), Execute{"", 3},
               Execute{"", 3}, Execute{"", 0}, Sync{}),
          step(Parse{"", "INSERT INTO t VALUES (8, 'a'), (9, 'b') RETURNING id"},
               bind_to("", "", {}), Execute{"", 2}, Execute{"", 2}, Sync{}),
          step(Parse{"", "DELETE FROM t WHERE id > 7"}, bind_to("", "", {}), Execute{"", 2},
               Sync{})}},
        {"describing in a failed transaction",
         {table, step(Parse{"rows", "SELECT id FROM t"}, Parse{"none", "DELETE FROM t"}, Sync{}),
          step(Query{"BEGIN"}), step(Query{"SELECT oops"}),
          step(Describe{Named::statement, "rows"}, Sync{}),
          step(Describe{Named::statement, "none"}, Sync{}), step(Query{"ROLLBACK"})}},
        {"the implicit block of several statements",
         {table, step(Query{"LOCK TABLE t; SELECT 1"}), step(Query{"LOCK TABLE t"}),
          step(Query{"SET LOCAL statement_timeout = 5000; SHOW statement_timeout"}),
          step(Query{"SHOW statement_timeout"}), step(Query{"SET LOCAL statement_timeout = 5000"}),
          step(Query{"SET TRANSACTION READ ONLY; SELECT 1"}),
          step(Query{"SET TRANSACTION READ ONLY"}), step(Query{"SELECT 1; DISCARD ALL"}),
          step(Query{"DISCARD ALL; SELECT 1"}), step(Query{"DISCARD ALL"}),
          step(Query{"SAVEPOINT a; SELECT 1"}),
          step(Parse{"lock", "LOCK TABLE t"}, Parse{"one", "SELECT 1"}, bind_to("", "one", {}),
               Execute{"", 0}, bind_to("", "lock", {}), Execute{"", 0}, Sync{}),
          step(bind_to("", "lock", {}), Execute{"", 0}, Sync{})}},
        {"parameters that change without SET",
         {step(Query{"SELECT set_config('application_name', 'one', false)"}),
          step(Query{"BEGIN; SET application_name = 'two'"}), step(Query{"SELECT oops"}),
          step(Query{"ROLLBACK"}),
          step(Query{"BEGIN; SAVEPOINT a; SET application_name = 'three'"}),
          step(Query{"ROLLBACK TO a"}), step(Query{"COMMIT"}),
          step(Query{"BEGIN; SET LOCAL application_name = 'four'"}), step(Query{"COMMIT"}),
          step(Query{"SHOW session_authorization"})}},
        {"what JSON was at when it failed", json_steps()},
        {"what was at fault among parameters",
         {step(Parse{"s", "SELECT $1::int, $2::jsonb"}, Sync{}),
          step(bind_to("", "s", {"1", "[2, x"}), Sync{}),
          step(bind_to("p", "s", {"one", "[2, x"}), Sync{}),
          step(bind_to("", "s", {"", ""}), Sync{}), step(bind_to("p", "s", {"1\xff", "1"}), Sync{}),
          step(bind_to("", "s", {"1", "1"}), Sync{})}},
        {"which query of a foreign key failed",
         {step(Query{"CREATE TABLE p (id int PRIMARY KEY); INSERT INTO p VALUES (1), (2), (3), "
                     "(4)"}),
          step(Query{"CREATE TABLE \"Odd \"\"c\" (id int, \"P id\" int REFERENCES p ON UPDATE "
                     "CASCADE CHECK (\"P id\" < 100), v varchar(5))"}),
          step(Query{"INSERT INTO \"Odd \"\"c\" VALUES (1, 1)"}),
          step(Query{"UPDATE p SET id = 200 WHERE id = 1"}),
          step(Query{"DELETE FROM p WHERE id = 1"}),
          step(Query{"CREATE TABLE n (id int, p int NOT NULL REFERENCES p ON DELETE SET NULL); "
                     "INSERT INTO n VALUES (1, 2)"}),
          step(Query{"DELETE FROM p WHERE id = 2"}),
          step(Query{"CREATE TABLE d (p int DEFAULT 55 REFERENCES p ON DELETE SET DEFAULT CHECK (p "
                     "<> 55)); INSERT INTO d VALUES (3)"}),
          step(Query{"DELETE FROM p WHERE id = 3"}),
          step(Query{"CREATE TABLE vp (k varchar(5), b bigint, PRIMARY KEY (k, b)); CREATE TABLE "
                     "vc (k varchar(5), b int, FOREIGN KEY (k, b) REFERENCES vp ON UPDATE CASCADE "
                     "ON DELETE SET NULL (b), CHECK (b < 50), CHECK (b IS NOT NULL))"}),
          step(Query{"INSERT INTO vp VALUES ('a', 1); INSERT INTO vc VALUES ('a', 1)"}),
          step(Query{"UPDATE vp SET b = 60"}), step(Query{"UPDATE vp SET b = 99999999999"}),
          step(Query{"DELETE FROM vp"}),
          step(Query{"CREATE TABLE cp (k char(4) PRIMARY KEY); CREATE TABLE cc (k text REFERENCES "
                     "cp ON UPDATE CASCADE, CHECK (k <> 'z')); INSERT INTO cp VALUES ('a'); "
                     "INSERT INTO cc VALUES ('a')"}),
          step(Query{"UPDATE cp SET k = 'z'"})}},
        {"malformed messages",
         {step(Query{"SELECT 1"}), std::string("Q\0\0\0\5x", 6), malformed_bind + step(Sync{}),
          std::string("D\0\0\0\6X\0", 7) + step(Sync{}), step(Query{"SELECT 1"})}},
        {"an unknown message type", {"?"}},
    };
}

/// Parameters and keys differ between any two servers; the answers after them must not.
Task<std::vector<std::string>> play(Host& host, host::Endpoint endpoint, std::string database,
                                    const Script& script) {
    auto stream = co_await host.network().connect(endpoint, host::Transport::plain(),
                                                  host::deadline_after(host, 10s));
    if (!stream) throw std::runtime_error(host::describe(stream.error()));
    RawClient client(host, std::move(*stream), sim::models::postgres::protocol::transcribe);
    co_await client.send(wire::SslRequest{});
    std::vector<std::string> transcript;
    transcript.push_back(co_await client.read_bytes(1));
    wire::StartupMessage startup;
    startup.parameters = {{"user", "atlas"}, {"database", database}};
    co_await client.send(startup);
    const auto greeting = co_await client.read();
    transcript.push_back(greeting.front());
    transcript.push_back(greeting.back());
    for (const Step& bytes : script.steps) {
        transcript.emplace_back("--");
        co_await client.send_bytes(bytes);
        const auto answer = co_await client.read();
        transcript.insert(transcript.end(), answer.begin(), answer.end());
    }
    co_return transcript;
}

// One text, so that a difference shows as the lines that differ.
std::string lines_of(const std::vector<std::string>& transcript) {
    std::string lines;
    for (const std::string& line : transcript)
        lines += line + "\n";
    return lines;
}

const Script* current_script = nullptr;

class PostgresWire : public testing::TestWithParam<std::size_t> {};

TEST_P(PostgresWire, IsSpokenAlikeByTheModel) {
    const std::vector<Script> all = scripts();
    current_script = &all.at(GetParam());
    with_both([](Host& host, host::Endpoint model_endpoint, host::Endpoint postgres_endpoint,
                 std::string database) -> Task<> {
        const auto expected = co_await play(host, postgres_endpoint, database, *current_script);
        const auto answered = co_await play(host, model_endpoint, "atlas", *current_script);
        EXPECT_EQ(lines_of(answered), lines_of(expected)) << current_script->name;
    });
}

std::string script_name(const testing::TestParamInfo<std::size_t>& info) {
    std::string name = scripts().at(info.param).name;
    std::replace(name.begin(), name.end(), ' ', '_');
    return name + "_against_postgres";
}

INSTANTIATE_TEST_SUITE_P(Scripts, PostgresWire, testing::Range<std::size_t>(0, scripts().size()),
                         script_name);

Task<ProgramOutput> run_psql(Host& host, host::Endpoint endpoint, std::string database,
                             std::string command) {
    return run_beside(host, {"psql", "-X",
                             "host=" + endpoint.address + " port=" + std::to_string(endpoint.port) +
                                 " user=atlas dbname=" + database,
                             "-c", std::move(command)});
}

TEST(Psql, ShowsTheSameOfModelAndServer_against_postgres) {
    with_both([](Host& host, host::Endpoint model_endpoint, host::Endpoint postgres_endpoint,
                 std::string database) -> Task<> {
        for (const std::string command :
             {"CREATE TABLE people (id int PRIMARY KEY, name text, born timestamptz)",
              "INSERT INTO people VALUES (1, 'Ada', '1815-12-10 00:00:00+00'), (2, NULL, NULL)",
              "SELECT id, name, born FROM people ORDER BY id DESC",
              "INSERT INTO people VALUES (1, 'again', NULL)", "SELECT zzz FROM people",
              "UPDATE people SET name = 'Grace' WHERE id = 2 RETURNING *", "SELEC",
              "BEGIN; DELETE FROM people; ROLLBACK", "SELECT count(*) FROM people"}) {
            const auto expected = co_await run_psql(host, postgres_endpoint, database, command);
            const auto answered = co_await run_psql(host, model_endpoint, "atlas", command);
            EXPECT_EQ(answered.text, expected.text) << command;
            EXPECT_EQ(answered.exit_code, expected.exit_code) << command;
        }
    });
}

}  // namespace
}  // namespace atlas::properties
