// Queries on the model and on PostgreSQL, side by side: the same rows, columns, SQLSTATEs, messages
// and positions.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "properties/contracts/random_queries_fixture.hpp"
#include "properties/contracts/sql_port_fixture.hpp"

namespace atlas::properties {
namespace {

using host::Task;

struct Answer {
    std::vector<sql::Column> columns;
    std::vector<std::vector<sql::Value>> rows;
    std::string error;
};

Task<> ask_all(SqlCase& sql, const std::vector<std::string>& statements,
               std::vector<Answer>& answers) {
    auto connection = co_await sql.connect();
    for (const std::string& statement : statements) {
        auto result = co_await connection->query(sql.patient(), statement);
        Answer& answer = answers.emplace_back();
        if (result) {
            answer.columns = std::move(result->columns);
            answer.rows = std::move(result->rows);
        } else {
            answer.error = fmt::format("{} {} at {}", result.error().sqlstate,
                                       result.error().message, result.error().position);
        }
    }
}

std::string describe(const Answer& answer) {
    if (!answer.error.empty()) return answer.error;
    std::string text;
    for (const sql::Column& column : answer.columns)
        text += fmt::format("{}:{} ", column.name, column.type_oid);
    for (const auto& row : answer.rows) {
        text += "(";
        for (const sql::Value& value : row)
            text += value.value_or("~") + ",";
        text += ")";
    }
    return text;
}

void sort_unless(bool ordered, Answer& answer) {
    if (!ordered) std::ranges::sort(answer.rows);
}

// The differences, in words; empty if there are none.
std::string differences(const std::vector<std::string>& setup,
                        const std::vector<RandomQuery>& queries) {
    std::vector<std::string> statements = setup;
    for (const RandomQuery& query : queries)
        statements.push_back(query.text);
    std::vector<Answer> of_model;
    std::vector<Answer> of_postgres;
    run_sql_case({SqlClient::small, SqlServer::model},
                 [&](SqlCase& sql) { return ask_all(sql, statements, of_model); });
    run_sql_case({SqlClient::libpq, SqlServer::postgres},
                 [&](SqlCase& sql) { return ask_all(sql, statements, of_postgres); });
    if (of_model.size() != statements.size()) return "the model did not answer";
    std::string found;
    for (std::size_t i = 0; i < statements.size() && i < of_postgres.size(); ++i) {
        const bool ordered = i >= setup.size() && queries[i - setup.size()].ordered;
        sort_unless(ordered, of_model[i]);
        sort_unless(ordered, of_postgres[i]);
        const std::string model = describe(of_model[i]);
        const std::string postgres = describe(of_postgres[i]);
        if (model == postgres) continue;
        found +=
            fmt::format("{}\n  PostgreSQL: {}\n  the model:  {}\n", statements[i], postgres, model);
    }
    return found;
}

TEST(SqlQueriesSideBySide, random_ones_against_postgres) {
    const bool held = rc::check("random queries have the same answers", [] {
        const std::vector<std::string> schema = random_schema();
        std::vector<RandomQuery> queries;
        const int count = *rc::gen::inRange(1, 40);
        for (int i = 0; i < count; ++i)
            queries.push_back(random_query());
        const std::string found = differences(schema, queries);
        if (!found.empty()) {
            std::string rows;
            for (const std::string& statement : schema)
                rows += statement + ";\n";
            RC_FAIL(rows + found);
        }
    });
    EXPECT_TRUE(held);
}

}  // namespace
}  // namespace atlas::properties
