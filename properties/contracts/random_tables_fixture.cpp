#include "properties/contracts/random_tables_fixture.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace atlas::properties {
namespace {

// Each as likely at every size.
int pick(int count) {
    return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, count));
}

bool one_in(int count) {
    return pick(count) == 0;
}

std::string one_of(const std::vector<std::string>& choices) {
    return choices.at(static_cast<std::size_t>(pick(static_cast<int>(choices.size()))));
}

bool is_number(const std::string& type) {
    return type == "int" || type == "bigint" || type.starts_with("numeric");
}

// Few values, so that rows meet: some of them equal, though they do not look it.
std::string literal(const std::string& type) {
    const int number = 1 + pick(4);
    if (type == "text") return one_of({"'a'", "'b'", "'B'", "'c'"});
    if (type == "bool") return number % 2 == 0 ? "true" : "false";
    if (!type.starts_with("numeric")) return std::to_string(number);
    return std::to_string(number) + one_of({"", ".0", ".00"});
}

std::string literal_or_null(const std::string& type) {
    return one_in(8) ? "NULL" : literal(type);
}

// --- Definitions ---

void add_definition(RandomTables& made, std::string statement) {
    made.definitions.push_back(std::move(statement));
}

std::string described_column(const RandomColumn& column) {
    std::string text = fmt::format("{} {}", column.name, column.type);
    if (one_in(5)) text += " NOT NULL";
    if (one_in(4)) text += " DEFAULT " + literal(column.type);
    return text;
}

void create_table(RandomTables& made, RandomTable& table) {
    std::vector<std::string> columns;
    for (const RandomColumn& column : table.columns)
        columns.push_back(described_column(column));
    table.has_identity = one_in(4);
    if (table.has_identity) {
        const std::string when = one_of({"ALWAYS", "BY DEFAULT"});
        columns.push_back("i int GENERATED " + when + " AS IDENTITY");
    }
    add_definition(made, fmt::format("CREATE TABLE {} ({})", table.name, fmt::join(columns, ", ")));
}

void add_key(RandomTables& made, RandomTable& table, const std::string& kind,
             const std::string& columns) {
    add_definition(made, fmt::format("ALTER TABLE {} ADD {} {}", table.name, kind, columns));
    table.arbiters.push_back(columns);
}

void add_unique_index(RandomTables& made, RandomTable& table, const std::string& keys) {
    add_definition(made, fmt::format("CREATE UNIQUE INDEX ON {} {}", table.name, keys));
    table.arbiters.push_back(keys);
}

// Of the column, over which others of the table's are computed too.
std::string computed_key(const RandomColumn& column, const std::string& number) {
    if (column.type == "text") return fmt::format("(lower({}))", column.name);
    if (column.type == "bool") return fmt::format("((NOT {}), {})", column.name, number);
    return fmt::format("(({} + {}))", column.name, number);
}

void add_second_key(RandomTables& made, RandomTable& table) {
    const RandomColumn& column = table.columns[1];
    const std::string& number = table.columns.back().name;
    switch (pick(7)) {
        case 0:
            return add_key(made, table, "UNIQUE", fmt::format("({})", column.name));
        case 1:
            table.leading.push_back(column.name);
            return add_key(made, table, "UNIQUE", fmt::format("({}, {})", column.name, number));
        case 2:
        case 3: {
            const std::string which =
                one_of({number + " > 2", number + " <> 3", column.name + " IS NOT NULL"});
            return add_unique_index(made, table, fmt::format("({}) WHERE {}", column.name, which));
        }
        case 4:
            return add_unique_index(made, table, computed_key(column, number));
        case 5:
            table.leading.push_back(number);
            return add_definition(
                made, fmt::format("CREATE INDEX ON {} ({}, {})", table.name, number, column.name));
        default:
            return;
    }
}

void add_check(RandomTables& made, const RandomTable& table) {
    const std::string& number = table.columns.back().name;
    const std::string& other = table.columns[1].name;
    const std::string condition = one_of(
        {number + " < 9", number + " <> 5", fmt::format("{} > 1 OR {} IS NULL", number, other)});
    add_definition(made, fmt::format("ALTER TABLE {} ADD CHECK ({})", table.name, condition));
}

// The columns that another table may refer to, "(a)" or "(a, b)"; empty if there are none.
std::string add_first_key(RandomTables& made, RandomTable& table) {
    switch (pick(6)) {
        case 0:
            return "";
        case 1:
            table.leading.emplace_back("a");
            add_key(made, table, "PRIMARY KEY", "(a, b)");
            return "(a, b)";
        case 2:
            add_key(made, table, "UNIQUE", "(a)");
            return "(a)";
        default:
            add_key(made, table, "PRIMARY KEY", "(a)");
            return "(a)";
    }
}

std::string random_action() {
    return one_of({"NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"});
}

void add_foreign_key(RandomTables& made, const std::string& table, const std::string& columns,
                     const std::string& referenced) {
    const std::string on_delete = random_action();
    const std::string on_update = random_action();
    add_definition(made, fmt::format("ALTER TABLE {} ADD FOREIGN KEY {} REFERENCES t {} ON DELETE "
                                     "{} ON UPDATE {}",
                                     table, columns, referenced, on_delete, on_update));
}

// A type whose values can be compared with those of the other.
std::string type_beside(const std::string& type) {
    if (type == "int") return one_of({"int", "int", "bigint"});
    if (type == "bigint" || type == "numeric") return one_of({type, type, "int"});
    return type;
}

std::string columns_of(const RandomTable& table) {
    std::vector<std::string> names;
    for (const RandomColumn& column : table.columns)
        names.push_back(column.name);
    return fmt::format("{}", fmt::join(names, ", "));
}

void add_rows(RandomTables& made, const RandomTable& table) {
    for (int row = 2 + pick(3); row > 0; --row) {
        std::vector<std::string> values;
        for (const RandomColumn& column : table.columns)
            values.push_back(literal_or_null(column.type));
        add_definition(made, fmt::format("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING",
                                         table.name, columns_of(table), fmt::join(values, ", ")));
    }
}

void add_referring_table(RandomTables& made, const std::string& referenced) {
    const std::vector<RandomColumn>& there = made.tables.front().columns;
    RandomTable table;
    table.name = "u";
    table.columns.push_back({"x", "int"});
    table.columns.push_back({"p", type_beside(there[0].type)});
    if (referenced == "(a, b)") table.columns.push_back({"q", type_beside(there[1].type)});
    table.columns.push_back({"y", "int"});
    create_table(made, table);
    if (pick(3) > 0) add_key(made, table, "PRIMARY KEY", "(x)");
    add_second_key(made, table);
    if (one_in(3)) add_check(made, table);
    if (!referenced.empty())
        add_foreign_key(made, "u", referenced == "(a, b)" ? "(p, q)" : "(p)", referenced);
    add_rows(made, table);
    made.tables.push_back(std::move(table));
}

// --- Statements ---

const RandomTable& any_table(const RandomTables& tables) {
    return tables.tables[static_cast<std::size_t>(pick(static_cast<int>(tables.tables.size())))];
}

const RandomColumn& any_column(const RandomTable& table) {
    return table.columns[static_cast<std::size_t>(pick(static_cast<int>(table.columns.size())))];
}

std::string number_of(const RandomTable& table) {
    return fmt::format("{}.{}", table.name, table.columns.back().name);
}

// Such that no index decides in which order several rows are found.
std::string comparison(const RandomTable& table, const std::string& column,
                       const std::string& operation, const std::string& value) {
    const std::string text = fmt::format("{}.{} {} {}", table.name, column, operation, value);
    const bool by_index = std::ranges::find(table.leading, column) != table.leading.end();
    return by_index ? "(" + text + ") IS TRUE" : text;
}

std::string condition(const RandomTable& table) {
    const RandomColumn& column = pick(2) == 0 ? table.columns.front() : any_column(table);
    // By no index, as the model has it: what a SERIALIZABLE transaction reads follows from that.
    if (one_in(10)) return fmt::format("({}.{} IS NULL) IS TRUE", table.name, column.name);
    if (table.has_identity && one_in(4)) return fmt::format("{}.i = {}", table.name, 1 + pick(5));
    const std::string& number = table.columns.back().name;
    if (one_in(4)) {
        const std::string operation = one_of({"<", ">=", "<>"});
        return comparison(table, number, operation, literal("int"));
    }
    const std::string equal = comparison(table, column.name, "=", literal(column.type));
    if (pick(4) > 0) return equal;
    return equal + " AND " + comparison(table, number, ">", literal("int"));
}

// All columns, and how they look, so that only rows that look the same are in any order.
std::string order_by_all(const RandomTable& table) {
    std::string order = " ORDER BY " + columns_of(table);
    for (const RandomColumn& column : table.columns) {
        if (column.type == "numeric") order += fmt::format(", {}::text", column.name);
    }
    return order;
}

std::string returning(const RandomTable& table) {
    return one_in(3) ? " RETURNING " + columns_of(table) : "";
}

std::string assignment(const RandomTable& table) {
    const std::string& number = table.columns.back().name;
    const std::string more = fmt::format("{0} = {1} + 1", number, number_of(table));
    if (pick(2) == 0) return more;
    const RandomColumn& column = any_column(table);
    if (is_number(column.type) && one_in(3))
        return fmt::format("{0} = {1}.{0} + 1", column.name, table.name);
    if (one_in(8)) return column.name + " = DEFAULT";
    return fmt::format("{} = {}", column.name, literal_or_null(column.type));
}

std::string random_update(const RandomTables& tables) {
    const RandomTable& table = any_table(tables);
    const std::string change = assignment(table);
    const std::string which = condition(table);
    return fmt::format("UPDATE {} SET {} WHERE {}", table.name, change, which) + returning(table);
}

std::string random_delete(const RandomTables& tables) {
    const RandomTable& table = any_table(tables);
    const std::string which = condition(table);
    return fmt::format("DELETE FROM {} WHERE {}", table.name, which) + returning(table);
}

std::string random_conflict_action(const RandomTable& table) {
    if (pick(3) == 0) return "";
    if (table.arbiters.empty() || one_in(3)) return " ON CONFLICT DO NOTHING";
    const std::string target = " ON CONFLICT " + one_of(table.arbiters);
    if (one_in(3)) return target + " DO NOTHING";
    const RandomColumn& column = any_column(table);
    const std::string change =
        one_in(3) ? fmt::format("{0} = excluded.{0}", column.name)
                  : fmt::format("{} = {} + 2", table.columns.back().name, number_of(table));
    const std::string which =
        one_in(4) ? fmt::format(" WHERE {} < {}", number_of(table), literal("int")) : "";
    return target + " DO UPDATE SET " + change + which;
}

std::string random_row(const RandomTable& table) {
    std::vector<std::string> values;
    for (const RandomColumn& column : table.columns)
        values.push_back(one_in(12) ? "DEFAULT" : literal_or_null(column.type));
    return fmt::format("({})", fmt::join(values, ", "));
}

std::string random_insert(const RandomTables& tables) {
    const RandomTable& table = any_table(tables);
    std::string rows = random_row(table);
    for (int more = one_in(3) ? 1 + pick(2) : 0; more > 0; --more)
        rows += ", " + random_row(table);
    const std::string on_conflict = random_conflict_action(table);
    return fmt::format("INSERT INTO {} ({}) VALUES {}{}", table.name, columns_of(table), rows,
                       on_conflict) +
           returning(table);
}

// Its own rows again, each with another value in one column or more.
std::string copied_row(const RandomTable& table) {
    std::vector<std::string> values;
    for (const RandomColumn& column : table.columns) {
        if (one_in(3)) {
            values.push_back(literal(column.type));
        } else if (is_number(column.type) && pick(2) == 0) {
            values.push_back(column.name + " + 2");
        } else {
            values.push_back(column.name);
        }
    }
    return fmt::format("{}", fmt::join(values, ", "));
}

std::string random_copy(const RandomTables& tables) {
    const RandomTable& table = any_table(tables);
    const std::string values = copied_row(table);
    const std::string which = condition(table);
    const std::string on_conflict = random_conflict_action(table);
    return fmt::format("INSERT INTO {0} ({1}) SELECT {2} FROM {0} WHERE {3}{4}{5}", table.name,
                       columns_of(table), values, which, order_by_all(table), on_conflict);
}

std::string random_locking_clause(const std::string& of = "") {
    const std::string strength = one_of({"UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE"});
    const std::string policy = one_of({"", "", " NOWAIT", " SKIP LOCKED"});
    return fmt::format(" FOR {}{}{}", strength, of, policy);
}

std::string random_select(const RandomTables& tables) {
    const RandomTable& table = any_table(tables);
    const std::string which = condition(table);
    std::string text =
        fmt::format("SELECT {} FROM {} WHERE {}", columns_of(table), table.name, which) +
        order_by_all(table);
    if (one_in(6)) text += " LIMIT 1";
    if (pick(4) > 0) text += random_locking_clause();
    return text;
}

std::string random_aggregate(const RandomTables& tables) {
    const RandomTable& table = any_table(tables);
    const std::string& other = table.columns[1].name;
    const std::string& number = table.columns.back().name;
    if (one_in(2)) {
        return fmt::format("SELECT count(*), count(DISTINCT {}), sum({}), max({}) FROM {}", other,
                           number, number, table.name);
    }
    return fmt::format("SELECT count(*), sum({}) FROM {} GROUP BY {} ORDER BY 1, 2", number,
                       table.name, other);
}

std::string random_join(const RandomTables& tables) {
    const RandomTable& table = any_table(tables);
    const std::string which = condition(table);
    const std::string join = one_of({"JOIN", "JOIN", "LEFT JOIN"});
    const std::string text = fmt::format(
        "SELECT t.a, t.c, u.x, u.y FROM t {} u ON u.p = t.a WHERE {} ORDER BY 1, 2, 3, 4, "
        "t.a::text",
        join, which);
    if (one_in(3)) return text;
    const std::string of = join == "JOIN" ? one_of({"", " OF t", " OF u"}) : " OF t";
    return text + random_locking_clause(of);
}

// Changes that look at the other table. A join may change one row alone: of several, the plan
// decides which comes first.
std::string random_change_beside(const RandomTables& tables) {
    const std::string which = condition(tables.tables.front());
    const std::string value = literal("int");
    const std::vector<std::string>& arbiters = tables.tables.back().arbiters;
    const bool one_row = std::ranges::find(arbiters, "(x)") != arbiters.end();
    switch (one_row ? pick(5) : 2 + pick(3)) {
        case 0:
            return "UPDATE u SET y = u.y + 1 FROM t WHERE t.a = u.p AND u.x = " + value;
        case 1:
            return "DELETE FROM u USING t WHERE t.a = u.p AND u.x = " + value;
        case 2:
            return "UPDATE t SET c = (SELECT count(*) FROM u WHERE u.p = t.a) WHERE " + which;
        case 3:
            return fmt::format(
                "SELECT count(*), sum(c) FROM t WHERE {} EXISTS (SELECT 1 FROM u WHERE u.p = "
                "t.a AND u.y >= {})",
                one_of({"", "NOT"}), value);
        default:
            return fmt::format(
                "INSERT INTO u (x, p, y) SELECT {}, t.a, t.c FROM t WHERE {} ORDER "
                "BY 2, 3, t.a::text ON CONFLICT DO NOTHING",
                value, which);
    }
}

// Queries that change rows in WITH, read in full before anything is done with them.
std::string random_change_in_with(const RandomTables& tables) {
    const RandomTable& table = any_table(tables);
    const std::string which = condition(table);
    const std::string columns = columns_of(table);
    const std::string change = assignment(table);
    switch (pick(3)) {
        case 0:
            return fmt::format(
                       "WITH gone AS (DELETE FROM {} WHERE {} RETURNING {}) SELECT * FROM "
                       "gone",
                       table.name, which, columns) +
                   order_by_all(table);
        case 1:
            return fmt::format(
                "WITH changed AS (UPDATE {} SET {} WHERE {} RETURNING {}) SELECT "
                "count(*) FROM changed",
                table.name, change, which, columns);
        default:
            return fmt::format(
                       "WITH gone AS (DELETE FROM {0} WHERE {1} RETURNING {2}) INSERT INTO "
                       "{0} ({2}) SELECT {3} FROM gone",
                       table.name, which, columns, copied_row(table)) +
                   order_by_all(table);
    }
}

std::string random_block(const RandomTables&) {
    return one_of({"SAVEPOINT s", "SAVEPOINT s", "ROLLBACK TO s", "ROLLBACK TO s", "RELEASE s",
                   "COMMIT", "COMMIT", "COMMIT", "COMMIT", "ROLLBACK", "ROLLBACK", "BEGIN", "BEGIN",
                   "BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ",
                   "BEGIN ISOLATION LEVEL REPEATABLE READ"});
}

std::string random_table_lock(const RandomTables& tables) {
    const RandomTable& table = any_table(tables);
    const std::string mode = one_of({"ROW SHARE", "ROW EXCLUSIVE", "SHARE", "EXCLUSIVE"});
    return fmt::format("LOCK TABLE {} IN {} MODE", table.name, mode);
}

using Writer = std::string (*)(const RandomTables&);
struct Weighted {
    int weight;
    Writer writer;
};
// The last ones want both tables.
constexpr std::array statements{
    Weighted{8, random_update}, Weighted{4, random_delete},         Weighted{9, random_insert},
    Weighted{2, random_copy},   Weighted{6, random_select},         Weighted{1, random_aggregate},
    Weighted{11, random_block}, Weighted{2, random_change_in_with}, Weighted{1, random_table_lock},
    Weighted{3, random_join},   Weighted{4, random_change_beside}};
constexpr std::size_t of_one_table = statements.size() - 2;

}  // namespace

RandomTables random_tables() {
    RandomTables made;
    RandomTable first;
    first.name = "t";
    first.columns.push_back({"a", one_of({"int", "int", "bigint", "text", "numeric"})});
    first.columns.push_back({"b", one_of({"int", "bigint", "text", "text", "numeric", "bool"})});
    const bool refers_to_itself = one_in(6);
    if (refers_to_itself) first.columns.push_back({"e", first.columns.front().type});
    first.columns.push_back({"c", one_of({"int", "bigint", "numeric(4, 1)"})});
    create_table(made, first);
    const std::string referenced = add_first_key(made, first);
    add_second_key(made, first);
    if (one_in(3)) add_second_key(made, first);
    if (one_in(3)) add_check(made, first);
    if (refers_to_itself && referenced == "(a)") add_foreign_key(made, "t", "(e)", referenced);
    add_rows(made, first);
    made.tables.push_back(std::move(first));
    if (pick(4) > 0) add_referring_table(made, referenced);
    return made;
}

std::string random_statement(const RandomTables& tables) {
    const std::size_t usable = tables.tables.size() > 1 ? statements.size() : of_one_table;
    int all = 0;
    for (std::size_t i = 0; i < usable; ++i)
        all += statements[i].weight;
    int drawn = pick(all);
    std::size_t at = 0;
    while (drawn >= statements[at].weight)
        drawn -= statements[at++].weight;
    return statements[at].writer(tables);
}

}  // namespace atlas::properties
