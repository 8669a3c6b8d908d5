// Random expressions over the model's types, operators and functions, with values at their edges:
// the same text or the same SQLSTATE on the model and on PostgreSQL 15. Some are constants, which
// PostgreSQL computes when it plans; others have columns in them, of a table with rows or of one
// without, where what is left of them must be computed for each row or not at all. What the model
// does not cover it says so of (0A000).

#include <fmt/format.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>

#include "properties/contracts/sql_script_fixture.hpp"

namespace atlas::properties {
namespace {

struct TypeLeaves {
    std::string_view type;
    std::vector<std::string_view> leaves;
};

const std::vector<TypeLeaves>& leaves() {
    static const std::vector<TypeLeaves> all{
        {"int", {"0", "1", "-1", "7", "2147483647", "(-2147483648)", "NULL::int", "'12'::int"}},
        {"bigint", {"0::bigint", "9223372036854775807", "(-3)::bigint", "NULL::bigint"}},
        {"smallint", {"1::smallint", "32767::smallint", "(-32768)::smallint"}},
        {"numeric",
         {"1.5", "-0.00", "0.1", "1e-10", "12345678901234567890.123", "3.00", "-2.5",
          "NULL::numeric", "99.995::numeric(5,2)", "1e20"}},
        {"text",
         {"''", "'a'::text", "'Ab c'::text", "'é€'::text", "'  x '::text", "NULL::text",
          "'a,b,,c'::text", "'%'::text", "'1.50'::text", "'2020-02-29'::text"}},
        {"varchar", {"'abc'::varchar(2)", "'x'::varchar"}},
        {"char(4)", {"'ab'::char(4)", "''::char(4)", "'abcd'::char(4)"}},
        {"boolean", {"true", "false", "NULL::boolean"}},
        {"date",
         {"'2020-02-29'::date", "'1999-12-31'::date", "'infinity'::date", "NULL::date",
          "'0001-01-01'::date"}},
        {"timestamp",
         {"'2020-02-29 12:34:56.789'::timestamp", "'1999-12-31 23:59:59.999999'::timestamp",
          "'2021-01-03'::timestamp"}},
        {"interval",
         {"'1 month'::interval", "'-1 day 02:00'::interval", "'00:00:00.5'::interval",
          "'1-2'::interval", "'1 2:03:04'::interval", "'P1Y2M3DT4H5M6S'::interval",
          "'1.5 months ago'::interval", "'1 2'::interval", "interval '1 2:03' hour",
          "'0.1234565 s'::interval", "NULL::interval"}},
        {"jsonb",
         {"'{}'::jsonb", "'[]'::jsonb", "'{\"a\": 1, \"b\": [1, \"x\", null]}'::jsonb",
          "'[1.0, \"a\", true]'::jsonb", "'\"a\"'::jsonb", "'null'::jsonb", "'1.00'::jsonb",
          "NULL::jsonb"}},
        {"int[]", {"'{}'::int[]", "'{1,2,NULL}'::int[]", "'{7}'::int[]", "NULL::int[]"}},
        {"text[]", {"'{}'::text[]", "'{a,NULL,\"b c\"}'::text[]"}},
        {"uuid", {"'00000000-0000-0000-0000-00000000000a'::uuid"}},
    };
    return all;
}

struct Form {
    std::string_view result;
    /// {0}, {1}, {2} are the operands.
    std::string_view shape;
    std::vector<std::string_view> operands;
};

const std::vector<Form>& forms() {
    static const std::vector<Form> all = [] {
        std::vector<Form> made;
        for (const std::string_view type : {"int", "bigint", "smallint", "numeric"}) {
            for (const std::string_view shape :
                 {"({0} + {1})", "({0} - {1})", "({0} * {1})", "({0} / {1})", "({0} % {1})",
                  "mod({0}, {1})", "greatest({0}, {1})", "nullif({0}, {1})", "coalesce({0}, {1})"})
                made.push_back({type, shape, {type, type}});
            for (const std::string_view shape : {"abs({0})", "(- {0})"})
                made.push_back({type, shape, {type}});
            made.push_back({"numeric", "({0} + {1})", {type, "numeric"}});
            made.push_back({"numeric", "({0} / {1})", {"numeric", type}});
        }
        for (const std::string_view type :
             {"int", "numeric", "text", "char(4)", "date", "timestamp", "jsonb", "boolean",
              "interval", "int[]", "uuid"}) {
            for (const std::string_view shape :
                 {"({0} = {1})", "({0} < {1})", "({0} >= {1})", "({0} <> {1})",
                  "({0} IS DISTINCT FROM {1})", "({0} IN ({1}, {0}))", "({0} BETWEEN {1} AND {1})"})
                made.push_back({"boolean", shape, {type, type}});
            made.push_back({"text", "({0})::text", {type}});
            made.push_back({type, "CASE WHEN {1} THEN {0} ELSE {0} END", {type, "boolean"}});
            made.push_back({type, "coalesce({0}, {1})", {type, type}});
            made.push_back({"boolean", "({0} IS NULL)", {type}});
        }
        const std::vector<Form> others{
            {"numeric", "round({0}, 3)", {"numeric"}},
            {"numeric", "round({0}, -2)", {"numeric"}},
            {"numeric", "round({0})", {"numeric"}},
            {"numeric", "trunc({0}, 1)", {"numeric"}},
            {"numeric", "ceil({0})", {"numeric"}},
            {"numeric", "floor({0})", {"numeric"}},
            {"numeric", "sign({0})", {"numeric"}},
            {"numeric", "div({0}, {1})", {"numeric", "numeric"}},
            {"numeric", "({0})::numeric(6,2)", {"numeric"}},
            {"int", "({0})::int", {"numeric"}},
            {"bigint", "({0})::bigint", {"numeric"}},
            {"int", "({0})::int", {"text"}},
            {"int", "({0})::int", {"bigint"}},
            {"smallint", "({0})::smallint", {"int"}},
            {"numeric", "({0})::numeric", {"text"}},
            {"text", "({0} || {1})", {"text", "text"}},
            {"text", "({0} || {1})", {"text", "int"}},
            {"text", "({0} || {1})", {"char(4)", "text"}},
            {"text", "upper({0})", {"text"}},
            {"text", "reverse({0})", {"text"}},
            {"text", "left({0}, {1})", {"text", "int"}},
            {"text", "right({0}, {1})", {"text", "int"}},
            {"text", "substr({0}, {1})", {"text", "int"}},
            {"text", "split_part({0}, ',', {1})", {"text", "int"}},
            {"text", "lpad({0}, 5, {1})", {"text", "text"}},
            {"text", "rpad({0}, 3)", {"text"}},
            {"text", "repeat({0}, 3)", {"text"}},
            {"text", "translate({0}, 'a€', 'x')", {"text"}},
            {"text", "replace({0}, {1}, 'z')", {"text", "text"}},
            {"text", "btrim({0})", {"text"}},
            {"text", "quote_literal({0})", {"text"}},
            {"text", "({0})::text", {"varchar"}},
            {"int", "length({0})", {"text"}},
            {"int", "length({0})", {"char(4)"}},
            {"int", "octet_length({0})", {"text"}},
            {"int", "ascii({0})", {"text"}},
            {"int", "strpos({0}, {1})", {"text", "text"}},
            {"boolean", "({0} LIKE {1})", {"text", "text"}},
            {"boolean", "starts_with({0}, {1})", {"text", "text"}},
            {"boolean", "({0} AND {1})", {"boolean", "boolean"}},
            {"boolean", "({0} OR {1})", {"boolean", "boolean"}},
            {"boolean", "(NOT {0})", {"boolean"}},
            {"boolean", "({0} < {1})", {"date", "timestamp"}},
            {"date", "({0} + {1})", {"date", "int"}},
            {"date", "({0} - {1})", {"date", "smallint"}},
            {"int", "({0} - {1})", {"date", "date"}},
            {"timestamp", "({0} + {1})", {"date", "interval"}},
            {"timestamp", "({0} - {1})", {"timestamp", "interval"}},
            {"date", "({0})::date", {"timestamp"}},
            {"timestamp", "({0})::timestamp", {"date"}},
            {"timestamp", "date_trunc('month', {0})", {"timestamp"}},
            {"timestamp", "date_trunc('week', {0})", {"timestamp"}},
            {"numeric", "extract(epoch FROM {0})", {"timestamp"}},
            {"numeric", "extract(week FROM {0})", {"timestamp"}},
            {"numeric", "extract(doy FROM {0})", {"timestamp"}},
            {"interval", "({0} + {1})", {"interval", "interval"}},
            {"jsonb", "({0} -> {1})", {"jsonb", "text"}},
            {"jsonb", "({0} -> {1})", {"jsonb", "int"}},
            {"text", "({0} ->> {1})", {"jsonb", "int"}},
            {"text", "({0} ->> 'b')", {"jsonb"}},
            {"jsonb", "({0} || {1})", {"jsonb", "jsonb"}},
            {"jsonb", "({0} - {1})", {"jsonb", "text"}},
            {"jsonb", "({0} - {1})", {"jsonb", "int"}},
            {"boolean", "({0} @> {1})", {"jsonb", "jsonb"}},
            {"boolean", "({0} ? {1})", {"jsonb", "text"}},
            {"boolean", "({0} ?| {1})", {"jsonb", "text[]"}},
            {"text", "jsonb_typeof({0})", {"jsonb"}},
            {"int", "jsonb_array_length({0})", {"jsonb"}},
            {"jsonb", "to_jsonb({0})", {"int"}},
            {"jsonb", "to_jsonb({0})", {"numeric"}},
            {"jsonb", "to_jsonb({0})", {"char(4)"}},
            {"jsonb", "to_jsonb({0})", {"timestamp"}},
            {"jsonb", "to_jsonb({0})", {"int[]"}},
            {"jsonb", "jsonb_build_array({0}, {1})", {"boolean", "text[]"}},
            {"jsonb", "jsonb_build_object({0}, {1})", {"text", "jsonb"}},
            {"jsonb", "jsonb_build_object('b', {0}, {1}, 1)", {"date", "numeric"}},
            {"jsonb", "jsonb_set({0}, ARRAY['a'], {1})", {"jsonb", "jsonb"}},
            {"jsonb", "jsonb_set({0}, ARRAY['b', '-1'], {1}, false)", {"jsonb", "jsonb"}},
            {"jsonb", "jsonb_set({0}, {1}, '7')", {"jsonb", "text[]"}},
            {"boolean", "({0} @> {1})", {"int[]", "int[]"}},
            {"boolean", "({0} && {1})", {"int[]", "int[]"}},
            {"int[]", "({0} || {1})", {"int[]", "int[]"}},
            {"int[]", "({0} || {1})", {"int[]", "int"}},
            {"int[]", "array_append({0}, {1})", {"int[]", "int"}},
            {"int[]", "array_remove({0}, {1})", {"int[]", "int"}},
            {"int", "array_length({0}, 1)", {"int[]"}},
            {"int", "cardinality({0})", {"text[]"}},
            {"int", "array_position({0}, {1})", {"int[]", "int"}},
            {"boolean", "({0} = ANY ({1}))", {"int", "int[]"}},
            {"boolean", "({0} <> ALL ({1}))", {"text", "text[]"}},
        };
        made.insert(made.end(), others.begin(), others.end());
        return made;
    }();
    return all;
}

// Columns c0, c1, ... of the types in leaves(), in their order.
std::string column(std::size_t place) {
    return fmt::format("c{}", place);
}

std::string literal(std::size_t place) {
    return std::string(*rc::gen::elementOf(leaves()[place].leaves));
}

std::string leaf(std::string_view type, bool has_columns) {
    const auto known = std::ranges::find(leaves(), type, &TypeLeaves::type);
    if (known == leaves().end()) return "NULL";
    const auto place = static_cast<std::size_t>(known - leaves().begin());
    return has_columns && *rc::gen::arbitrary<bool>() ? column(place) : literal(place);
}

std::string expression(std::string_view type, int depth, bool has_columns) {
    // Now and then of a type that does not fit.
    if (*rc::gen::inRange(0, 40) == 0) type = (*rc::gen::elementOf(leaves())).type;
    std::vector<Form> fitting;
    for (const Form& form : forms()) {
        if (form.result == type) fitting.push_back(form);
    }
    if (depth == 0 || fitting.empty() || *rc::gen::inRange(0, 4) == 0)
        return leaf(type, has_columns);
    const Form form = fitting[*rc::gen::inRange<std::size_t>(0, fitting.size())];
    std::array<std::string, 2> operands;
    for (std::size_t i = 0; i < form.operands.size(); ++i)
        operands[i] = expression(form.operands[i], depth - 1, has_columns);
    return fmt::format(fmt::runtime(form.shape), operands[0], operands[1]);
}

// As many lines as tables_script() has.
constexpr std::size_t table_lines = 4;

// `rows` has two of them, `nothing` none.
std::string tables_script() {
    std::string columns;
    std::array<std::string, 2> rows;
    for (std::size_t i = 0; i < leaves().size(); ++i) {
        const std::string comma = i == 0 ? "" : ", ";
        columns += fmt::format("{}{} {}", comma, column(i), leaves()[i].type);
        for (std::string& row : rows)
            row += comma + literal(i);
    }
    return fmt::format(
        "1: CREATE TABLE rows ({0})\n1: CREATE TABLE nothing ({0})\n"
        "1: INSERT INTO rows VALUES ({1})\n1: INSERT INTO rows VALUES ({2})\n",
        columns, rows[0], rows[1]);
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::size_t begin = 0;
    while (begin < text.size()) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

// A line of an error is its SQLSTATE: which of several mistakes is found first is PostgreSQL's own.
std::string outcome(const std::string& line) {
    const std::size_t tag = line.rfind("SELECT ");
    return tag != line.npos && tag + 8 == line.size() ? line : line.substr(0, 8);
}

bool is_not_covered(const std::string& line) {
    return line.contains("the PostgreSQL model does not cover");
}

// Both are asked for all of them at once: to make a database takes longer than they do.
void expect_same_outcomes(const std::string& before, std::size_t lines_before,
                          const std::vector<std::string>& statements) {
    std::string script = before;
    for (const std::string& statement : statements)
        script += "1: " + statement + "\n";
    const auto real = lines_of(transcript_of({SqlClient::libpq, SqlServer::postgres}, script));
    const auto model = lines_of(transcript_of({SqlClient::libpq, SqlServer::model}, script));
    RC_ASSERT(real.size() == lines_before + statements.size());
    RC_ASSERT(model.size() == real.size());
    for (std::size_t i = 0; i < lines_before; ++i)
        RC_ASSERT(model[i] == real[i]);
    for (std::size_t i = 0; i < statements.size(); ++i) {
        const std::string& of_model = model[lines_before + i];
        const std::string& of_postgres = real[lines_before + i];
        RC_LOG() << statements[i] << "\n  PostgreSQL: " << of_postgres << "\n  model: " << of_model
                 << "\n";
        if (!is_not_covered(of_model)) RC_ASSERT(outcome(of_model) == outcome(of_postgres));
    }
}

RC_GTEST_PROP(SqlExpressions, are_computed_as_postgres_computes_them, ()) {
    std::vector<std::string> statements;
    for (int i = 0; i < 20; ++i) {
        const std::string type((*rc::gen::elementOf(leaves())).type);
        statements.push_back("SELECT " + expression(type, 3, false));
    }
    expect_same_outcomes("", 0, statements);
}

RC_GTEST_PROP(SqlExpressions, over_columns_are_computed_as_postgres_computes_them, ()) {
    const std::string tables = tables_script();
    std::vector<std::string> statements;
    for (int i = 0; i < 20; ++i) {
        const std::string type((*rc::gen::elementOf(leaves())).type);
        const std::string computed = expression(type, 3, true);
        const std::string table = *rc::gen::element<std::string>("rows", "nothing");
        statements.push_back(
            *rc::gen::arbitrary<bool>()
                ? fmt::format("SELECT {} FROM {}", computed, table)
                : fmt::format("SELECT 1 FROM {} WHERE ({}) IS NULL", table, computed));
    }
    expect_same_outcomes(tables, table_lines, statements);
}

}  // namespace
}  // namespace atlas::properties
