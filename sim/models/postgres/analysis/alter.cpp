// Changes of columns, renames, and the statements that keep tables in order.

#include "sim/models/postgres/analysis/refusal.hpp"
#include "sim/models/postgres/analysis/statement_analyser.hpp"
#include "sim/models/postgres/system_catalog/deparse.hpp"

namespace atlas::sim::models::postgres {
namespace {

std::unexpected<Failure> no_such_column(const TableDefinition& table, std::string_view column) {
    return sql_error("42703", fmt::format("column \"{}\" of relation \"{}\" does not exist", column,
                                          table.name));
}

}  // namespace

Checked<> StatementAnalyser::alter_column_action(const Node& body, const TableDefinition& table,
                                                 std::vector<AlterTableAction>& actions) {
    const std::string kind = text(body, "subtype");
    const std::string name = text(body, "name");
    const auto place = table.find_column(name);
    if (kind == "AT_DropColumn") {
        AlterTableAction& action = actions.emplace_back();
        action.drop_column = name;
        action.if_exists = flag(body, "missing_ok");
        action.cascade = text(body, "behavior") == "DROP_CASCADE";
        return {};
    }
    if (kind == "AT_ColumnDefault") {
        if (!place) return no_such_column(table, name);
        AlterTableAction& action = actions.emplace_back();
        action.set_default.emplace(name, std::nullopt);
        if (const Node* value = find(body, "def")) {
            // PostgreSQL understands it when it runs the command, and knows no more where it stood.
            Checked<StoredExpression> given = default_value(*value, table.columns[*place]);
            if (!given) {
                given.error()->position.reset();
                return std::unexpected(std::move(given).error());
            }
            action.set_default->second = *std::move(given);
        }
        return {};
    }
    if (kind == "AT_AlterColumnType") {
        SQL_TRY(actions.emplace_back().set_type, type_change(body, table));
        return {};
    }
    if (kind == "AT_AddIdentity") {
        if (!place) return no_such_column(table, name);
        SQL_TRY(actions.emplace_back().add_identity,
                identity(*open_node(*find(body, "def")).body, table.columns[*place]));
        return {};
    }
    if (kind == "AT_SetIdentity") {
        ColumnSequence changed{.column = name};
        Node options = Node::array();
        for (const Node& node : list(*open_node(*find(body, "def")).body, "items")) {
            const Node& option = *open_node(node).body;
            if (text(option, "defname") == "generated") {
                const Node& letter = *open_node(*find(option, "arg")).body;
                changed.identity =
                    letter.value("ival", 0) == 'a' ? Identity::always : Identity::by_default;
            } else {
                options.push_back(node);
            }
        }
        SQL_TRY(changed.request, sequence_request(options));
        actions.emplace_back().set_identity = std::move(changed);
        return {};
    }
    if (kind == "AT_DropIdentity") {
        AlterTableAction& action = actions.emplace_back();
        action.drop_identity = name;
        action.if_exists = flag(body, "missing_ok");
        return {};
    }
    return not_covered(fmt::format("ALTER TABLE with {}", kind));
}

Checked<TypeChange> StatementAnalyser::type_change(const Node& body, const TableDefinition& table) {
    TypeChange change{.column = text(body, "name"), .type = {}, .value = {}};
    const Node& definition = *open_node(*find(body, "def")).body;
    SQL_CHECK(
        only_members(definition, {"typeName", "raw_default", "location"}, "ALTER COLUMN TYPE"));
    if (const Node* given = find(definition, "raw_default")) {
        const Scope scope{.relations = {{&table, table.name}}, .clause = "transform expressions"};
        SQL_TRY(change.value, expressions_.analyse(*given, scope));
        change.has_using = true;
    }
    const auto place = table.find_column(change.column);
    if (!place) return no_such_column(table, change.column);
    // The rest PostgreSQL does when it runs the command, and knows no more where anything stood.
    Checked<ColumnType> type = analyse_type(*find(definition, "typeName"), &catalog_);
    if (!type) {
        type.error()->position.reset();
        return std::unexpected(std::move(type).error());
    }
    change.type = *type;
    if (!change.has_using) {
        change.value = std::make_shared<const Expression>(Expression{
            .kind = ExpressionKind::column, .type = table.columns[*place].type, .index = *place});
    }
    Checked<ExpressionPtr> converted =
        coerce(std::move(change.value), change.type, CoercionContext::assignment,
               expressions_.parameters());
    if (!converted) {
        converted.error()->position.reset();
        return std::unexpected(std::move(converted).error());
    }
    change.value = *std::move(converted);
    if (change.value != nullptr) return change;
    const std::string shown = display_name(change.type);
    auto error = sql_error(
        "42804", change.has_using
                     ? fmt::format("result of USING clause for column \"{}\" cannot be cast "
                                   "automatically to type {}",
                                   change.column, display_name(change.type.id))
                     : fmt::format("column \"{}\" cannot be cast automatically to type {}",
                                   change.column, display_name(change.type.id)));
    error.error()->hint = change.has_using
                              ? "You might need to add an explicit cast."
                              : fmt::format("You might need to specify \"USING {}::{}\".",
                                            quote_identifier(change.column), shown);
    return error;
}

Checked<RenameStatement> StatementAnalyser::rename(const Node& body) {
    SQL_CHECK(only_members(
        body,
        {"renameType", "relationType", "relation", "subname", "newname", "behavior", "missing_ok"},
        "RENAME"));
    const std::string kind = text(body, "renameType");
    RenameStatement rename{.relation = {}, .to = text(body, "newname")};
    if (kind == "OBJECT_COLUMN" && text(body, "relationType") == "OBJECT_TABLE") {
        rename.kind = RenamedKind::column;
    } else if (kind == "OBJECT_TABCONSTRAINT") {
        rename.kind = RenamedKind::constraint;
    } else if (kind == "OBJECT_INDEX") {
        rename.kind = RenamedKind::index;
    } else if (kind == "OBJECT_SEQUENCE") {
        rename.kind = RenamedKind::sequence;
    } else if (kind != "OBJECT_TABLE") {
        return not_covered(fmt::format("RENAME of {}", kind));
    }
    const Node& range_variable = *find(body, "relation");
    SQL_CHECK(check_relation_name(range_variable, true));
    rename.relation = text(range_variable, "relname");
    rename.from = text(body, "subname");
    rename.if_exists = flag(body, "missing_ok");
    TablePtr found = catalog_.find_table(rename.relation);
    if (found == nullptr) found = catalog_.find_index(rename.relation).first;
    if (found != nullptr) lock(*found, TableLockMode::access_exclusive);
    return rename;
}

Checked<MaintenanceStatement> StatementAnalyser::maintenance(const Node& body) {
    MaintenanceStatement statement{.command = flag(body, "is_vacuumcmd") ? "VACUUM" : "ANALYZE",
                                   .tables = {}};
    for (const Node& node : list(body, "rels")) {
        const Node& relation = *open_node(node).body;
        SQL_TRY(const TablePtr found, table(*find(relation, "relation"), false));
        for (const std::string& column : strings(list(relation, "va_cols"))) {
            if (!found->find_column(column)) return no_such_column(*found, column);
        }
        statement.tables.push_back(found->name);
    }
    return statement;
}

}  // namespace atlas::sim::models::postgres
