// psql's commands that list what is in a database, on the model and on PostgreSQL 15: what they
// print must be the same.

#include <gtest/gtest.h>

#include "properties/contracts/model_on_loopback_fixture.hpp"

namespace atlas::properties {
namespace {

using host::Host;
using host::Task;

Task<ProgramOutput> run_psql(Host& host, host::Endpoint endpoint, std::string database,
                             std::string command) {
    return run_beside(
        host, {"/usr/lib/postgresql/15/bin/psql", "-X", "-h", endpoint.address, "-p",
               std::to_string(endpoint.port), "-U", "atlas", "-c", std::move(command), database});
}

TEST(PsqlCommands, ListWhatThereIs_against_postgres) {
    with_both([](Host& host, host::Endpoint model, host::Endpoint postgres,
                 std::string database) -> Task<> {
        for (const std::string command :
             {"\\d",
              "\\dt",
              "CREATE TABLE users (id serial PRIMARY KEY, name text UNIQUE, age int CHECK (age > "
              "0))",
              "CREATE TABLE posts (id bigint GENERATED ALWAYS AS IDENTITY, writer int REFERENCES "
              "users)",
              "CREATE TABLE \"Odd name\" (a int)",
              "CREATE INDEX ON posts (writer, lower('x'))",
              "CREATE SEQUENCE numbers",
              "ALTER TABLE users RENAME TO people",
              "\\d",
              "\\dt",
              "\\di",
              "\\ds",
              "\\dv",
              "\\dti",
              "\\dt public.p*",
              "\\dt public.*p?o*",
              "\\di people*",
              "\\dt nothing",
              "\\d nothing",
              "\\dt \"Odd name\"",
              "\\dt public.*",
              "\\dn",
              "SELECT relname, relkind, relnatts, relchecks, relhasindex, relhastriggers FROM "
              "pg_class WHERE relnamespace = 2200 ORDER BY relname",
              "SELECT c.relname, i.indisunique, i.indisprimary, indnatts FROM pg_index i JOIN "
              "pg_class c ON c.oid = indexrelid WHERE relnamespace = 2200 ORDER BY 1",
              "SELECT relname ~ '^p[a-eo]+', relname !~ 'le$|ey', relname ~ '(s|q)(_|$)' FROM "
              "pg_class WHERE relnamespace = 2200 ORDER BY relname",
              "SELECT 'x' ~ '('",
              "SELECT 'x' ~ 'a)'",
              "SELECT 'x' ~ '*'",
              "SELECT 'x' ~ '[a'",
              "SELECT relkind::text || 'x', relkind = 'r' FROM pg_class WHERE relname = 'people'",
              "SELECT nosuch FROM pg_class",
              "SELECT c.nosuch FROM pg_class c",
              "INSERT INTO posts (writer) VALUES (5)"}) {
            const auto expected = co_await run_psql(host, postgres, database, command);
            const auto answered = co_await run_psql(host, model, "atlas", command);
            EXPECT_EQ(answered.text, expected.text) << command;
            EXPECT_EQ(answered.exit_code, expected.exit_code) << command;
        }
    });
}

// Of what the model has no values for nothing is made up.
TEST(PsqlCommands, ColumnsWithoutValuesAreRefused_against_postgres) {
    with_both([](Host& host, host::Endpoint model, host::Endpoint, std::string) -> Task<> {
        for (const std::string query :
             {"SELECT * FROM pg_class", "SELECT c.* FROM pg_class c", "SELECT relacl FROM pg_class",
              "SELECT c.relpages FROM pg_class c", "CREATE TABLE t (c \"char\")",
              "SELECT relkind::int FROM pg_class", "DELETE FROM pg_class", "SELECT 'a' ~ 'a{2}'",
              "SELECT 'a' ~ '\\d'"}) {
            const auto answered = co_await run_psql(host, model, "atlas", query);
            EXPECT_TRUE(answered.text.contains("the PostgreSQL model does not cover"))
                << query << ": " << answered.text;
        }
    });
}

}  // namespace
}  // namespace atlas::properties
