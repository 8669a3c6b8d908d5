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

// Pseudo-types are types everywhere but in the definition of a column.
Checked<> check_column_type(const Node& type, std::string_view column) {
    const std::vector<std::string> given = strings(list(type, "names"));
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

// As an output column would be called; each name once.
std::string unused_key_name(const Node& expression, const IndexDefinition& index) {
    const std::string output = output_name(expression);
    const std::string base = output == "?column?" ? "expr" : output;
    std::string name = base;
    for (int pass = 1; std::ranges::any_of(
             index.keys,
             [&](const IndexKey& key) { return (key.column ? key.text : key.name) == name; });
         ++pass)
        name = base + std::to_string(pass);
    return name;
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

// There are no pages to leave room in.
Checked<> check_storage_options(const Node& options) {
    constexpr std::int64_t least = 10;
    constexpr std::int64_t most = 100;
    for (const Node& node : options) {
        const Node& option = *open_node(node).body;
        const Node* value = find(option, "arg");
        const bool is_fill_factor = text(option, "defname") == "fillfactor" &&
                                    find(option, "defnamespace") == nullptr && value != nullptr &&
                                    open_node(*value).kind == "Integer";
        if (!is_fill_factor || options.size() > 1)
            return not_covered("storage parameters other than fillfactor", location(option));
        const std::int64_t factor = open_node(*value).body->value("ival", std::int64_t{0});
        if (factor >= least && factor <= most) continue;
        auto error = sql_error(
            "22023", fmt::format("value {} out of bounds for option \"fillfactor\"", factor));
        error.error()->detail = "Valid values are between \"10\" and \"100\".";
        return error;
    }
    return {};
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
                                                     std::vector<const Node*>& constraints,
                                                     std::vector<ColumnSequence>& sequences) {
    Column column{.name = text(body, "colname"), .type = {}};
    const Node& type = *find(body, "typeName");
    SQL_TRY(const std::optional<ColumnSequence> of_serial, serial(type, column));
    if (of_serial) {
        sequences.push_back(*of_serial);
    } else {
        SQL_CHECK(check_column_type(type, column.name));
        SQL_TRY(column.type, analyse_type(type, &catalog_));
        if (is_catalog_type(column.type.id)) {
            return not_covered(fmt::format("columns of type {}", display_name(column.type.id)),
                               location(type));
        }
    }
    if (const Node* collation = find(body, "collClause"))
        return refused_collation(*collation, column.type.id);
    SQL_CHECK(only_members(body, {"colname", "typeName", "constraints", "is_local"}, "a column"));
    bool null_given = of_serial.has_value();
    bool has_default = of_serial.has_value();
    for (const Node& node : list(body, "constraints")) {
        const Node& constraint = *open_node(node).body;
        const std::string kind = text(constraint, "contype");
        if (kind == "CONSTR_NOTNULL" || kind == "CONSTR_NULL") {
            const bool not_null = kind == "CONSTR_NOTNULL";
            if (null_given && not_null != column.not_null) {
                return sql_error_at(of_serial ? no_location : location(constraint), "42601",
                                    fmt::format("conflicting NULL/NOT NULL declarations for "
                                                "column \"{}\" of table \"{}\"",
                                                column.name, table.name));
            }
            null_given = true;
            column.not_null = not_null;
        } else if (kind == "CONSTR_DEFAULT") {
            if (has_default) {
                return sql_error_at(of_serial ? no_location : location(constraint), "42601",
                                    fmt::format("multiple default values specified for column "
                                                "\"{}\" of table \"{}\"",
                                                column.name, table.name));
            }
            has_default = true;
            SQL_TRY(column.default_value, default_value(*find(constraint, "raw_expr"), column));
        } else if (kind == "CONSTR_IDENTITY") {
            if (column.identity != Identity::none) {
                return sql_error_at(location(constraint), "42601",
                                    fmt::format("multiple identity specifications for column "
                                                "\"{}\" of table \"{}\"",
                                                column.name, table.name));
            }
            if (null_given && !column.not_null) {
                return sql_error_at(location(constraint), "42601",
                                    fmt::format("conflicting NULL/NOT NULL declarations for "
                                                "column \"{}\" of table \"{}\"",
                                                column.name, table.name));
            }
            SQL_TRY(ColumnSequence sequence, identity(constraint, column));
            column.identity = sequence.identity;
            column.not_null = true;
            null_given = true;
            sequences.push_back(std::move(sequence));
        } else {
            constraints.push_back(&constraint);
        }
        if (column.identity != Identity::none && has_default) {
            return sql_error_at(location(constraint), "42601",
                                fmt::format("both default and identity specified for column "
                                            "\"{}\" of table \"{}\"",
                                            column.name, table.name));
        }
    }
    return column;
}

Checked<StoredExpression> StatementAnalyser::default_value(const Node& value,
                                                           const Column& column) {
    SQL_TRY(ExpressionPtr expression, expressions_.analyse(value, Scope{.clause = "DEFAULT"}));
    const TypeId from = expression->type.id;
    SQL_TRY(expression, coerce(std::move(expression), column.type, CoercionContext::assignment,
                               expressions_.parameters()));
    if (expression == nullptr) {
        auto error = sql_error(
            "42804", fmt::format("column \"{}\" is of type {} but default expression is "
                                 "of type {}",
                                 column.name, display_name(column.type.id), display_name(from)));
        error.error()->hint = "You will need to rewrite or cast the expression.";
        return error;
    }
    return StoredExpression{stored_text(value, catalog_), std::move(expression)};
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
                                              ConstraintRequests requests,
                                              std::string_view column) {
    std::vector<IndexDefinition>& indexes = requests.indexes;
    const std::string kind = text(body, "contype");
    if (kind == "CONSTR_CHECK") {
        SQL_TRY(CheckConstraint check, check_constraint(body, table));
        table.checks.push_back(std::move(check));
        return {};
    }
    if (kind == "CONSTR_FOREIGN") {
        SQL_TRY(ForeignKeyRequest request, foreign_key(body, column));
        requests.foreign_keys.push_back(std::move(request));
        return {};
    }
    if (kind != "CONSTR_PRIMARY" && kind != "CONSTR_UNIQUE") {
        return not_covered(
            kind == "CONSTR_IDENTITY" ? "identity columns" : fmt::format("the constraint {}", kind),
            location(body));
    }
    SQL_TRY(IndexDefinition index, index_constraint(body, table, column));
    const bool has_primary =
        std::ranges::any_of(table.indexes, [](const auto& other) { return other->primary; });
    if (index.primary && (has_primary || std::ranges::any_of(indexes, &IndexDefinition::primary))) {
        // One that the table had before was found later, away from the text.
        return sql_error_at(
            has_primary ? no_location : location(body), "42P16",
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
    SQL_CHECK(only_members(body, {"relation", "tableElts", "oncommit", "if_not_exists", "options"},
                           "CREATE TABLE"));
    SQL_CHECK(check_storage_options(list(body, "options")));
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
        SQL_TRY(Column column, column_definition(*element, table, of_column, create.sequences));
        for (const Node* constraint : of_column)
            constraints.emplace_back(constraint, column.name);
        if (table.find_column(column.name)) {
            return sql_error("42701",
                             fmt::format("column \"{}\" specified more than once", column.name));
        }
        table.columns.push_back(std::move(column));
    }
    for (const auto& [constraint, column] : constraints) {
        SQL_CHECK(
            table_constraint(*constraint, table, {create.indexes, create.foreign_keys}, column));
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
            index.keys.push_back({.column = {},
                                  .expression = std::move(key),
                                  .text = key_text(expression),
                                  .name = unused_key_name(expression, index)});
        }
        const TypeId type = index.keys.back().expression.expression->type.id;
        SQL_CHECK(check_index_key(element, type));
        IndexKey& key = index.keys.back();
        key.descending = text(element, "ordering") == "SORTBY_DESC";
        const std::string nulls = text(element, "nulls_ordering");
        key.nulls_first =
            nulls == "SORTBY_NULLS_FIRST" || (key.descending && nulls != "SORTBY_NULLS_LAST");
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
    if (kind != "OBJECT_TABLE" && kind != "OBJECT_INDEX" && kind != "OBJECT_SEQUENCE" &&
        kind != "OBJECT_VIEW")
        return not_covered(fmt::format("DROP of {}", kind));
    DropStatement drop{.kind = kind == "OBJECT_TABLE"   ? RelationKind::table
                               : kind == "OBJECT_INDEX" ? RelationKind::index
                               : kind == "OBJECT_VIEW"  ? RelationKind::view
                                                        : RelationKind::sequence,
                       .names = {}};
    drop.if_exists = flag(body, "missing_ok");
    drop.cascade = text(body, "behavior") == "DROP_CASCADE";
    for (const Node& object : list(body, "objects")) {
        const std::vector<std::string> given = strings(list(*open_node(object).body, "items"));
        const bool index = drop.kind == RelationKind::index;
        SQL_CHECK(check_dropped_name(given, index, drop.if_exists));
        const std::string& name = drop.names.emplace_back(given.back());
        const TablePtr owner = index ? catalog_.find_index(name).first : catalog_.find_table(name);
        if (owner != nullptr) lock(*owner, TableLockMode::access_exclusive);
    }
    return drop;
}

Checked<TruncateStatement> StatementAnalyser::truncate(const Node& body) {
    SQL_CHECK(only_members(body, {"relations", "behavior", "restart_seqs"}, "TRUNCATE"));
    TruncateStatement statement;
    statement.cascade = text(body, "behavior") == "DROP_CASCADE";
    statement.restart_identity = flag(body, "restart_seqs");
    for (const Node& node : list(body, "relations")) {
        SQL_TRY(const TablePtr found, table(*open_node(node).body, false));
        statement.tables.push_back(found->name);
        lock(*found, TableLockMode::access_exclusive);
    }
    return statement;
}

Checked<> StatementAnalyser::add_constraint_action(const Node& constraint,
                                                   const TableDefinition& table,
                                                   std::string_view column,
                                                   std::vector<AlterTableAction>& actions) {
    TableDefinition copy = table;
    std::vector<IndexDefinition> indexes;
    std::vector<ForeignKeyRequest> foreign_keys;
    const std::size_t checks = copy.checks.size();
    SQL_CHECK(table_constraint(constraint, copy, {indexes, foreign_keys}, column));
    AlterTableAction& action = actions.emplace_back();
    if (copy.checks.size() > checks) action.add_check = copy.checks.back();
    if (!indexes.empty()) action.add_index = std::move(indexes.front());
    if (!foreign_keys.empty()) action.add_foreign_key = std::move(foreign_keys.front());
    return {};
}

Checked<> StatementAnalyser::alter_table_actions(const Node& body, const TableDefinition& table,
                                                 std::vector<AlterTableAction>& actions) {
    const std::string kind = text(body, "subtype");
    if (kind == "AT_AddColumn") {
        std::vector<const Node*> constraints;
        AlterTableAction action;
        std::vector<ColumnSequence> sequences;
        SQL_TRY(action.add_column, column_definition(*open_node(*find(body, "def")).body, table,
                                                     constraints, sequences));
        if (!sequences.empty()) return not_covered("ADD COLUMN with a sequence");
        action.if_not_exists = flag(body, "missing_ok");
        if (!constraints.empty() && action.if_not_exists)
            return not_covered("ADD COLUMN IF NOT EXISTS with such a constraint");
        if (action.add_column->default_value)
            action.add_column_default = action.add_column->default_value->expression;
        const std::string column = action.add_column->name;
        TableDefinition with_column = table;
        with_column.columns.push_back(*action.add_column);
        actions.push_back(std::move(action));
        for (const Node* constraint : constraints) {
            SQL_CHECK(add_constraint_action(*constraint, with_column, column, actions));
        }
        return {};
    }
    if (kind == "AT_AddConstraint")
        return add_constraint_action(*open_node(*find(body, "def")).body, table, "", actions);
    if (kind == "AT_DropConstraint") {
        AlterTableAction& action = actions.emplace_back();
        action.drop_constraint = text(body, "name");
        action.if_exists = flag(body, "missing_ok");
        action.cascade = text(body, "behavior") == "DROP_CASCADE";
        return {};
    }
    if (kind == "AT_SetNotNull" || kind == "AT_DropNotNull") {
        actions.emplace_back().set_not_null = {text(body, "name"), kind == "AT_SetNotNull"};
        return {};
    }
    return alter_column_action(body, table, actions);
}

// PostgreSQL's passes over the actions, as far as they matter to a change of a column's type: what
// is dropped is dropped before it, the rest comes after. Without one they go as they are written.
int pass_of(const Node& command) {
    const std::string kind = text(command, "subtype");
    if (kind == "AT_AlterColumnType") return 1;
    const bool drops = kind == "AT_DropColumn" || kind == "AT_DropConstraint" ||
                       kind == "AT_DropNotNull" || kind == "AT_DropIdentity" ||
                       (kind == "AT_ColumnDefault" && find(command, "def") == nullptr);
    return drops ? 0 : 2;
}

std::vector<const Node*> in_passes(const Node& commands) {
    std::vector<const Node*> given;
    for (const Node& command : commands)
        given.push_back(open_node(command).body);
    const auto changes_type = [](const Node* command) { return pass_of(*command) == 1; };
    if (std::ranges::none_of(given, changes_type)) return given;
    std::vector<const Node*> ordered;
    for (int pass = 0; pass < 3; ++pass) {
        std::ranges::copy_if(given, std::back_inserter(ordered),
                             [&](const Node* command) { return pass_of(*command) == pass; });
    }
    return ordered;
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
    // What comes after a change of a column's type sees the new one.
    TableDefinition changed = *on;
    for (const Node* const command : in_passes(list(body, "cmds"))) {
        const bool changes_type = text(*command, "subtype") == "AT_AlterColumnType";
        SQL_CHECK(alter_table_actions(*command, changes_type ? *on : changed, alter.actions));
        if (!changes_type) continue;
        const TypeChange& change = *alter.actions.back().set_type;
        Column& column = changed.columns[*changed.find_column(change.column)];
        if (column.type != on->columns[*on->find_column(change.column)].type) {
            return sql_error(
                "0A000", fmt::format("cannot alter type of column \"{}\" twice", change.column));
        }
        column.type = change.type;
    }
    // A foreign key alone lets others go on reading.
    const bool only_references = std::ranges::all_of(
        alter.actions,
        [](const AlterTableAction& action) { return action.add_foreign_key.has_value(); });
    if (only_references) alter.lock = TableLockMode::share_row_exclusive;
    lock(*on, alter.lock);
    return alter;
}

}  // namespace atlas::sim::models::postgres
