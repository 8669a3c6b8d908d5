// Statements that define tables and indexes. Names that PostgreSQL would choose stay empty here:
// the executor chooses them, when it holds the locks.

#include <algorithm>
#include <array>

#include "sim/models/postgres/analysis/refusal.hpp"
#include "sim/models/postgres/analysis/statement_analyser.hpp"
#include "sim/models/postgres/names/lists.hpp"

namespace atlas::sim::models::postgres {
namespace {

Checked<> check_immutable(const Expression& expression, std::string_view message) {
    bool immutable = true;
    visit_expression(expression, [&](const Expression& part) {
        if (part.function != nullptr)
            immutable &= part.function->volatility == Volatility::immutable;
    });
    if (!immutable) return sql_error("42P17", std::string(message));
    return {};
}

bool has_order(TypeId type) {
    return type == TypeId::varchar || find_operator("<", type, type) != nullptr;
}

std::unexpected<Failure> no_operator_class(TypeId type) {
    if (type == TypeId::jsonb) return not_covered("indexes over jsonb");
    auto error = sql_error("42704", fmt::format("data type {} has no default operator class for "
                                                "access method \"btree\"",
                                                display_name(type)));
    error.error()->hint =
        "You must specify an operator class for the index or define a default operator class for "
        "the data type.";
    return error;
}

// serial is a type in the definition of a column alone, and a pseudo-type everywhere but there.
Checked<> check_column_type(const Node& type, std::string_view column) {
    constexpr std::array<std::string_view, 6> serials{"bigserial", "serial",  "serial2",
                                                      "serial4",   "serial8", "smallserial"};
    const std::vector<std::string> given = strings(list(type, "names"));
    if (given.size() == 1 && std::ranges::binary_search(serials, given.front()))
        return not_covered(fmt::format("the type {}", given.front()), location(type));
    const names::Type* const listed = names::find_type(given.back());
    const bool in_catalog = given.size() == 1 || given.front() == "pg_catalog";
    if (in_catalog && listed != nullptr && listed->kind == 'p') {
        return sql_error("42P16",
                         fmt::format("column \"{}\" has pseudo-type {}", column, given.back()));
    }
    return {};
}

// As it shows in error details: the column, or the expression as ruleutils would print it.
std::string key_text(const Node& node) {
    const auto [kind, body] = open_node(node);
    if (kind == "ColumnRef") return text(*open_node(list(*body, "fields").back()).body, "sval");
    if (kind == "FuncCall") {
        std::string shown = strings(list(*body, "funcname")).back() + "(";
        for (const Node& argument : list(*body, "args")) {
            if (!shown.ends_with('(')) shown += ", ";
            shown += key_text(argument);
        }
        return shown + ")";
    }
    return "expression";
}

ExpressionPtr column_expression(const TableDefinition& table, std::size_t column) {
    return std::make_shared<const Expression>(Expression{
        .kind = ExpressionKind::column, .type = table.columns[column].type, .index = column});
}

IndexKey column_key(const TableDefinition& table, std::size_t column) {
    const std::string& name = table.columns[column].name;
    const Node parsed{{"ColumnRef", {{"fields", Node::array({{{"String", {{"sval", name}}}}})}}}};
    return {.column = column,
            .expression = {parsed.dump(), column_expression(table, column)},
            .text = name};
}

}  // namespace

Checked<StoredExpression> StatementAnalyser::stored(const Node& node, const Scope& scope,
                                                    ColumnType result) {
    Checked<ExpressionPtr> analysed = expressions_.analyse(node, scope);
    if (!analysed) return std::unexpected(std::move(analysed).error());
    ExpressionPtr expression = *std::move(analysed);
    if (result.id != TypeId::none) {
        SQL_TRY(expression, expressions_.coerce_or_fail(std::move(expression), result,
                                                        CoercionContext::assignment));
    }
    return StoredExpression{node.dump(), std::move(expression)};
}

Checked<Column> StatementAnalyser::column_definition(const Node& body, const TableDefinition& table,
                                                     std::vector<const Node*>& constraints) {
    Column column{.name = text(body, "colname"), .type = {}};
    SQL_CHECK(check_column_type(*find(body, "typeName"), column.name));
    SQL_TRY(column.type, analyse_type(*find(body, "typeName"), &catalog_));
    if (const Node* collation = find(body, "collClause"))
        return refused_collation(*collation, column.type.id);
    SQL_CHECK(only_members(body, {"colname", "typeName", "constraints", "is_local"}, "a column"));
    bool null_given = false;
    for (const Node& node : list(body, "constraints")) {
        const Node& constraint = *open_node(node).body;
        const std::string kind = text(constraint, "contype");
        if (kind == "CONSTR_NOTNULL" || kind == "CONSTR_NULL") {
            const bool not_null = kind == "CONSTR_NOTNULL";
            if (null_given && not_null != column.not_null) {
                return sql_error_at(location(constraint), "42601",
                                    fmt::format("conflicting NULL/NOT NULL declarations for "
                                                "column \"{}\" of table \"{}\"",
                                                column.name, table.name));
            }
            null_given = true;
            column.not_null = not_null;
        } else if (kind == "CONSTR_DEFAULT") {
            if (column.default_value) {
                return sql_error_at(location(constraint), "42601",
                                    fmt::format("multiple default values specified for column "
                                                "\"{}\" of table \"{}\"",
                                                column.name, table.name));
            }
            const Node& value = *find(constraint, "raw_expr");
            SQL_TRY(ExpressionPtr expression,
                    expressions_.analyse(value, Scope{.clause = "DEFAULT"}));
            const TypeId from = expression->type.id;
            SQL_TRY(expression, coerce(std::move(expression), column.type,
                                       CoercionContext::assignment, expressions_.parameters()));
            if (expression == nullptr) {
                auto error = sql_error(
                    "42804",
                    fmt::format("column \"{}\" is of type {} but default expression is "
                                "of type {}",
                                column.name, display_name(column.type.id), display_name(from)));
                error.error()->hint = "You will need to rewrite or cast the expression.";
                return error;
            }
            column.default_value = StoredExpression{value.dump(), std::move(expression)};
        } else {
            constraints.push_back(&constraint);
        }
    }
    return column;
}

Checked<CheckConstraint> StatementAnalyser::check_constraint(const Node& body,
                                                             const TableDefinition& table) {
    SQL_CHECK(only_members(body, {"contype", "conname", "raw_expr", "initially_valid"},
                           "a CHECK constraint"));
    const Node& condition = *find(body, "raw_expr");
    Scope scope{.relations = {{&table, table.name}}, .clause = "CHECK"};
    CheckConstraint check{.name = text(body, "conname"), .condition = {}};
    SQL_TRY(ExpressionPtr expression, expressions_.analyse_condition(condition, scope));
    check.condition = {condition.dump(), std::move(expression)};
    return check;
}

Checked<IndexDefinition> StatementAnalyser::index_constraint(const Node& body,
                                                             TableDefinition& table,
                                                             std::string_view column) {
    SQL_CHECK(only_members(body, {"contype", "conname", "keys"}, "a UNIQUE constraint"));
    const bool primary = text(body, "contype") == "CONSTR_PRIMARY";
    IndexDefinition index{.name = text(body, "conname"),
                          .keys = {},
                          .unique = true,
                          .primary = primary,
                          .constraint = true};
    std::vector<std::string> names = strings(list(body, "keys"));
    if (names.empty()) names.emplace_back(column);
    for (const std::string& name : names) {
        const auto found = table.find_column(name);
        if (!found) {
            return sql_error_at(location(body), "42703",
                                fmt::format("column \"{}\" named in key does not exist", name));
        }
        if (!has_order(table.columns[*found].type.id))
            return no_operator_class(table.columns[*found].type.id);
        if (std::ranges::find(index.keys, found, &IndexKey::column) != index.keys.end()) {
            return sql_error_at(location(body), "42701",
                                fmt::format("column \"{}\" appears twice in {} constraint", name,
                                            primary ? "primary key" : "unique"));
        }
        index.keys.push_back(column_key(table, *found));
        if (primary) table.columns[*found].not_null = true;
    }
    return index;
}

Checked<> StatementAnalyser::table_constraint(const Node& body, TableDefinition& table,
                                              std::vector<IndexDefinition>& indexes,
                                              std::string_view column) {
    const std::string kind = text(body, "contype");
    if (kind == "CONSTR_CHECK") {
        SQL_TRY(CheckConstraint check, check_constraint(body, table));
        table.checks.push_back(std::move(check));
        return {};
    }
    if (kind != "CONSTR_PRIMARY" && kind != "CONSTR_UNIQUE") {
        return not_covered(kind == "CONSTR_FOREIGN"    ? "FOREIGN KEY constraints"
                           : kind == "CONSTR_IDENTITY" ? "identity columns"
                                                       : fmt::format("the constraint {}", kind),
                           location(body));
    }
    SQL_TRY(IndexDefinition index, index_constraint(body, table, column));
    const bool second_primary =
        index.primary &&
        (std::ranges::any_of(indexes, &IndexDefinition::primary) ||
         std::ranges::any_of(table.indexes, [](const auto& other) { return other->primary; }));
    if (second_primary) {
        return sql_error_at(
            location(body), "42P16",
            fmt::format("multiple primary keys for table \"{}\" are not allowed", table.name));
    }
    indexes.push_back(std::move(index));
    return {};
}

Checked<CreateTableStatement> StatementAnalyser::create_table(const Node& body) {
    const Node& range_variable = *find(body, "relation");
    if (const std::string schema = text(range_variable, "schemaname");
        !schema.empty() && schema != "public") {
        SQL_CHECK(check_schema(schema));
        return not_covered(fmt::format("tables in the schema {}", schema));
    }
    SQL_CHECK(check_tablespace(body, "tablespacename"));
    SQL_CHECK(check_access_method(body, ""));
    SQL_CHECK(
        only_members(body, {"relation", "tableElts", "oncommit", "if_not_exists"}, "CREATE TABLE"));
    if (text(range_variable, "relpersistence") != "p")
        return not_covered("temporary and unlogged tables");
    CreateTableStatement create{.definition = {}, .indexes = {}};
    create.if_not_exists = flag(body, "if_not_exists");
    TableDefinition& table = create.definition;
    table.name = text(range_variable, "relname");
    // All columns first: constraints may name any of them.
    std::vector<std::pair<const Node*, std::string>> constraints;
    for (const Node& node : list(body, "tableElts")) {
        const auto [kind, element] = open_node(node);
        if (kind == "Constraint") {
            constraints.emplace_back(element, "");
            continue;
        }
        if (kind != "ColumnDef") return not_covered(fmt::format("{} in CREATE TABLE", kind));
        std::vector<const Node*> of_column;
        SQL_TRY(Column column, column_definition(*element, table, of_column));
        for (const Node* constraint : of_column)
            constraints.emplace_back(constraint, column.name);
        if (table.find_column(column.name)) {
            return sql_error("42701",
                             fmt::format("column \"{}\" specified more than once", column.name));
        }
        table.columns.push_back(std::move(column));
    }
    for (const auto& [constraint, column] : constraints) {
        SQL_CHECK(table_constraint(*constraint, table, create.indexes, column));
    }
    // The primary key's index is made first.
    const auto primary = std::ranges::find_if(create.indexes, &IndexDefinition::primary);
    if (primary != create.indexes.end())
        std::rotate(create.indexes.begin(), primary, std::next(primary));
    return create;
}

Checked<CreateIndexStatement> StatementAnalyser::create_index(const Node& body) {
    const Node& range_variable = *find(body, "relation");
    SQL_TRY(const TablePtr on, table(range_variable, false));
    SQL_CHECK(check_tablespace(body, "tableSpace"));
    SQL_CHECK(check_access_method(body, "btree"));
    SQL_CHECK(only_members(body,
                           {"idxname", "relation", "accessMethod", "indexParams", "whereClause",
                            "unique", "if_not_exists"},
                           "CREATE INDEX"));
    lock(*on, TableLockMode::share_row_exclusive);
    CreateIndexStatement create{.table = on->name, .definition = {}};
    create.if_not_exists = flag(body, "if_not_exists");
    IndexDefinition& index = create.definition;
    index.name = text(body, "idxname");
    index.unique = flag(body, "unique");
    const Scope scope{.relations = {{on.get(), on->name}}, .clause = "index expressions"};
    for (const Node& node : list(body, "indexParams")) {
        const Node& element = *open_node(node).body;
        if (const std::string name = text(element, "name"); !name.empty()) {
            const auto column = on->find_column(name);
            if (!column)
                return sql_error("42703", fmt::format("column \"{}\" does not exist", name));
            index.keys.push_back(column_key(*on, *column));
        } else {
            const Node& expression = *find(element, "expr");
            SQL_TRY(StoredExpression key, stored(expression, scope, {}));
            SQL_CHECK(check_immutable(*key.expression,
                                      "functions in index expression must be marked IMMUTABLE"));
            index.keys.push_back(
                {.column = {}, .expression = std::move(key), .text = key_text(expression)});
        }
        const TypeId type = index.keys.back().expression.expression->type.id;
        SQL_CHECK(check_index_key(element, type));
        // Order within an index shows nowhere: rows come sorted by the sort, not by the index.
        SQL_CHECK(
            only_members(element, {"name", "expr", "ordering", "nulls_ordering"}, "an index key"));
        if (!has_order(type)) return no_operator_class(type);
    }
    if (const Node* where = find(body, "whereClause")) {
        Scope predicate_scope = scope;
        predicate_scope.clause = "WHERE";
        SQL_TRY(ExpressionPtr predicate, expressions_.analyse_condition(*where, predicate_scope));
        SQL_CHECK(
            check_immutable(*predicate, "functions in index predicate must be marked IMMUTABLE"));
        index.predicate = StoredExpression{where->dump(), std::move(predicate)};
    }
    return create;
}

Checked<DropStatement> StatementAnalyser::drop(const Node& body) {
    SQL_CHECK(only_members(body, {"objects", "removeType", "behavior", "missing_ok"}, "DROP"));
    const std::string kind = text(body, "removeType");
    if (kind != "OBJECT_TABLE" && kind != "OBJECT_INDEX")
        return not_covered(fmt::format("DROP of {}", kind));
    DropStatement drop{.index = kind == "OBJECT_INDEX", .names = {}};
    drop.if_exists = flag(body, "missing_ok");
    for (const Node& object : list(body, "objects")) {
        const std::vector<std::string> given = strings(list(*open_node(object).body, "items"));
        SQL_CHECK(check_dropped_name(given, drop.index, drop.if_exists));
        const std::string& name = drop.names.emplace_back(given.back());
        const TablePtr owner =
            drop.index ? catalog_.find_index(name).first : catalog_.find_table(name);
        if (owner != nullptr) lock(*owner, TableLockMode::access_exclusive);
    }
    return drop;
}

Checked<TruncateStatement> StatementAnalyser::truncate(const Node& body) {
    SQL_CHECK(only_members(body, {"relations", "behavior"}, "TRUNCATE"));
    TruncateStatement statement;
    for (const Node& node : list(body, "relations")) {
        SQL_TRY(const TablePtr found, table(*open_node(node).body, false));
        statement.tables.push_back(found->name);
        lock(*found, TableLockMode::access_exclusive);
    }
    return statement;
}

Checked<AlterTableAction> StatementAnalyser::alter_table_action(const Node& body,
                                                                const TableDefinition& table) {
    const std::string kind = text(body, "subtype");
    AlterTableAction action;
    if (kind == "AT_AddColumn") {
        std::vector<const Node*> constraints;
        SQL_TRY(action.add_column,
                column_definition(*open_node(*find(body, "def")).body, table, constraints));
        action.if_not_exists = flag(body, "missing_ok");
        if (!constraints.empty()) return not_covered("ADD COLUMN with such a constraint");
        if (action.add_column->default_value)
            action.add_column_default = action.add_column->default_value->expression;
        return action;
    }
    if (kind == "AT_AddConstraint") {
        const Node& constraint = *open_node(*find(body, "def")).body;
        TableDefinition copy = table;
        std::vector<IndexDefinition> indexes;
        const std::size_t checks = copy.checks.size();
        SQL_CHECK(table_constraint(constraint, copy, indexes, ""));
        if (copy.checks.size() > checks) action.add_check = copy.checks.back();
        if (!indexes.empty()) action.add_index = std::move(indexes.front());
        return action;
    }
    if (kind == "AT_DropConstraint" && !flag(body, "missing_ok")) {
        action.drop_constraint = text(body, "name");
        return action;
    }
    if (kind == "AT_SetNotNull" || kind == "AT_DropNotNull") {
        action.set_not_null = {text(body, "name"), kind == "AT_SetNotNull"};
        return action;
    }
    return not_covered(fmt::format("ALTER TABLE with {}", kind));
}

Checked<AlterTableStatement> StatementAnalyser::alter_table(const Node& body) {
    SQL_CHECK(only_members(body, {"relation", "cmds", "objtype", "missing_ok"}, "ALTER"));
    if (text(body, "objtype") != "OBJECT_TABLE") return not_covered("ALTER of other than a table");
    const Node& range_variable = *find(body, "relation");
    AlterTableStatement alter{.table = {}, .actions = {}};
    alter.if_exists = flag(body, "missing_ok");
    alter.table = text(range_variable, "relname");
    const std::string schema = text(range_variable, "schemaname");
    if (alter.if_exists && !schema.empty() && schema != "public")
        return not_covered(fmt::format("ALTER TABLE IF EXISTS in the schema {}", schema));
    const TablePtr existing = catalog_.find_table(alter.table);
    if (existing == nullptr && alter.if_exists) return alter;
    SQL_TRY(const TablePtr on, table(range_variable, false));
    lock(*on, TableLockMode::access_exclusive);
    for (const Node& command : list(body, "cmds")) {
        SQL_TRY(AlterTableAction action, alter_table_action(*open_node(command).body, *on));
        alter.actions.push_back(std::move(action));
    }
    return alter;
}

}  // namespace atlas::sim::models::postgres
