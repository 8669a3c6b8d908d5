#include "sim/models/postgres/analysis/analyse.hpp"

#include <nlohmann/json.hpp>
#include <span>

#include "sim/models/postgres/analysis/refusal.hpp"
#include "sim/models/postgres/analysis/statement_analyser.hpp"
#include "sim/models/postgres/plan/plan.hpp"
#include "sim/models/postgres/plan/unplannable.hpp"
#include "sim/models/postgres/system_catalog/system_table.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {
namespace {

template <typename T>
Checked<Statement> as_statement(Checked<T> body) {
    if (!body) return std::unexpected(std::move(body).error());
    return Statement{.body = *std::move(body)};
}

// Everything about a statement that follows from its body.
void complete(Statement& statement) {
    if (auto* select = std::get_if<SelectStatement>(&statement.body)) {
        statement.columns = describe_columns(select->query->targets);
    } else if (auto* insert = std::get_if<InsertStatement>(&statement.body)) {
        if (!insert->returning.empty()) statement.columns = describe_columns(insert->returning);
        statement.read_only_violation = "INSERT";
    } else if (auto* update = std::get_if<UpdateStatement>(&statement.body)) {
        if (!update->returning.empty()) statement.columns = describe_columns(update->returning);
        statement.read_only_violation = "UPDATE";
    } else if (auto* remove = std::get_if<DeleteStatement>(&statement.body)) {
        if (!remove->returning.empty()) statement.columns = describe_columns(remove->returning);
        statement.read_only_violation = "DELETE";
    } else if (std::holds_alternative<TruncateStatement>(statement.body)) {
        statement.read_only_violation = "TRUNCATE TABLE";
    } else if (std::holds_alternative<CreateTableStatement>(statement.body)) {
        statement.read_only_violation = "CREATE TABLE";
    } else if (std::holds_alternative<CreateIndexStatement>(statement.body)) {
        statement.read_only_violation = "CREATE INDEX";
    } else if (std::holds_alternative<CreateViewStatement>(statement.body)) {
        statement.read_only_violation = "CREATE VIEW";
    } else if (auto* drop = std::get_if<DropStatement>(&statement.body)) {
        statement.read_only_violation = drop->kind == RelationKind::index   ? "DROP INDEX"
                                        : drop->kind == RelationKind::table ? "DROP TABLE"
                                        : drop->kind == RelationKind::view  ? "DROP VIEW"
                                                                            : "DROP SEQUENCE";
    } else if (std::holds_alternative<AlterTableStatement>(statement.body)) {
        statement.read_only_violation = "ALTER TABLE";
    } else if (auto* rename = std::get_if<RenameStatement>(&statement.body)) {
        statement.read_only_violation = rename->kind == RenamedKind::index      ? "ALTER INDEX"
                                        : rename->kind == RenamedKind::sequence ? "ALTER SEQUENCE"
                                                                                : "ALTER TABLE";
    } else if (std::holds_alternative<CreateSequenceStatement>(statement.body)) {
        statement.read_only_violation = "CREATE SEQUENCE";
    } else if (std::holds_alternative<AlterSequenceStatement>(statement.body)) {
        statement.read_only_violation = "ALTER SEQUENCE";
    } else if (auto* show = std::get_if<ShowStatement>(&statement.body)) {
        const auto column = [](std::string name) {
            return ColumnDescription{.name = std::move(name),
                                     .type_oid = static_cast<std::uint32_t>(TypeId::text)};
        };
        statement.columns.emplace();
        if (show->name == "all") {
            for (const char* name : {"name", "setting", "description"})
                statement.columns->push_back(column(name));
        } else {
            statement.columns->push_back(column(show->name));
        }
    }
}

// A statement with a constant that cannot be computed fails when it is to run, whatever rows there
// are. Nothing is left of it but that computation.
Checked<> keep_what_fails(Statement& statement) {
    ExpressionPtr failing = unplannable_part(statement.body);
    if (failing == nullptr) return {};
    Query query;
    query.targets.push_back({.name = "?column?", .expression = std::move(failing)});
    SQL_TRY(query.plan, plan_from(query, {}, nullptr));
    statement.body = SelectStatement{std::make_shared<const Query>(std::move(query))};
    // It does not come so far as to be refused as a change.
    statement.read_only_violation = {};
    return {};
}

// So that nothing has to be waited for when the values are taken.
void lock_sequences(Statement& statement, std::span<const Oid> named, const CatalogView& catalog) {
    const bool computes = std::holds_alternative<SelectStatement>(statement.body) ||
                          std::holds_alternative<InsertStatement>(statement.body) ||
                          std::holds_alternative<UpdateStatement>(statement.body) ||
                          std::holds_alternative<DeleteStatement>(statement.body);
    if (!computes) return;
    for (const Oid oid : named) {
        const TablePtr sequence = catalog.find_table(oid);
        if (sequence != nullptr && sequence->sequence)
            statement.locks.push_back({oid, sequence->name, TableLockMode::row_exclusive});
    }
}

// They can be read, and that is all.
Checked<> check_system_relations(const Statement& statement) {
    for (const TableLockRequest& request : statement.locks) {
        if (is_system_relation(request.table) && request.mode != TableLockMode::access_share)
            return not_covered(fmt::format("locking or changing rows of {}", request.name));
    }
    return {};
}

}  // namespace

Checked<StatementPtr> analyse(const RawStatement& raw, const CatalogView& catalog,
                              const ParameterDeclaration& parameters) {
    ParameterTypes types(parameters.types, !parameters.allowed);
    StatementAnalyser analyser(catalog, types);
    SQL_TRY(Statement statement, analyser.analyse(*raw.node));
    SQL_TRY(statement.parameter_types, types.finish());
    statement.locks = analyser.take_definition_locks();
    statement.read_only_violation = analyser.query_violation();
    complete(statement);
    SQL_CHECK(keep_what_fails(statement));
    SQL_CHECK(check_system_relations(statement));
    lock_sequences(statement, analyser.named_relations(), catalog);
    return std::make_shared<const Statement>(std::move(statement));
}

Checked<ExpressionPtr> analyse_stored(std::string_view parsed, const TableDefinition& table,
                                      ColumnType result) {
    const Node node = Node::parse(parsed, nullptr, false);
    ATLAS_CHECK(!node.is_discarded(), "the catalog keeps what the parser wrote");
    ParameterTypes none({}, true);
    ExpressionAnalyser analyser(none, nullptr);
    const Scope scope{.relations = {{&table, table.name}}};
    if (result.id == TypeId::none) return analyser.analyse_output(node, scope);
    SQL_TRY(ExpressionPtr expression, analyser.analyse(node, scope));
    return analyser.coerce_or_fail(std::move(expression), result, CoercionContext::assignment);
}

Checked<Statement> StatementAnalyser::analyse(const Node& statement) {
    const auto [kind, body] = open_node(statement);
    if (kind == "SelectStmt") {
        SQL_TRY(Query analysed, query(*body, nullptr));
        return Statement{.body =
                             SelectStatement{std::make_shared<const Query>(std::move(analysed))}};
    }
    if (kind == "InsertStmt") return as_statement(insert(*body));
    if (kind == "UpdateStmt") return as_statement(update(*body));
    if (kind == "DeleteStmt") return as_statement(remove(*body));
    if (kind == "TransactionStmt") return as_statement(transaction(*body));
    if (kind == "VariableSetStmt") return as_statement(set(*body));
    if (kind == "VariableShowStmt") return Statement{.body = ShowStatement{text(*body, "name")}};
    if (kind == "CreateStmt") return as_statement(create_table(*body));
    if (kind == "IndexStmt") return as_statement(create_index(*body));
    if (kind == "ViewStmt") return as_statement(create_view(*body));
    if (kind == "DropStmt") return as_statement(drop(*body));
    if (kind == "AlterTableStmt") return as_statement(alter_table(*body));
    if (kind == "CreateSeqStmt") return as_statement(create_sequence(*body));
    if (kind == "AlterSeqStmt") return as_statement(alter_sequence(*body));
    if (kind == "RenameStmt") return as_statement(rename(*body));
    if (kind == "VacuumStmt") return as_statement(maintenance(*body));
    if (kind == "TruncateStmt") return as_statement(truncate(*body));
    if (kind == "LockStmt") return as_statement(lock_table(*body));
    if (kind == "DeallocateStmt")
        return Statement{.body = DeallocateStatement{text(*body, "name")}};
    if (kind == "ListenStmt") {
        return Statement{
            .body = ListenStatement{{ListenAction::Kind::listen, text(*body, "conditionname")}}};
    }
    if (kind == "UnlistenStmt") {
        const std::string channel = text(*body, "conditionname");
        const auto kind_of_action =
            channel.empty() ? ListenAction::Kind::unlisten_all : ListenAction::Kind::unlisten;
        return Statement{.body = ListenStatement{{kind_of_action, channel}}};
    }
    if (kind == "NotifyStmt") {
        return Statement{.body =
                             NotifyStatement{text(*body, "conditionname"), text(*body, "payload")}};
    }
    if (kind == "DiscardStmt") {
        if (text(*body, "target") != "DISCARD_ALL") return not_covered("DISCARD of one kind");
        return Statement{.body = DiscardAllStatement{}};
    }
    if (kind == "AlterSystemStmt") {
        SQL_TRY(SetStatement alteration, set(*find(*body, "setstmt")));
        return Statement{.body = AlterSystemStatement{std::move(alteration)}};
    }
    if (kind == "CheckPointStmt") return Statement{.body = CheckpointStatement{}};
    return not_covered(fmt::format("the statement {}", kind));
}

Checked<TablePtr> StatementAnalyser::table(const Node& range_variable, bool with_position) {
    SQL_TRY(TablePtr found, table_or_view(range_variable, with_position));
    if (found->view)
        return not_covered("this statement over a view",
                           with_position ? location(range_variable) : no_location);
    return found;
}

Checked<TablePtr> StatementAnalyser::table_or_view(const Node& range_variable, bool with_position) {
    const std::string schema = text(range_variable, "schemaname");
    if (with_position && (schema.empty() || schema == "pg_catalog")) {
        if (TablePtr view = find_system_relation(text(range_variable, "relname"))) return view;
    }
    SQL_CHECK(check_relation_name(range_variable, !with_position));
    const std::string name = text(range_variable, "relname");
    if (TablePtr found = catalog_.find_table(name)) {
        if (!found->sequence) return found;
        return not_covered("a sequence as a table", location(range_variable));
    }
    const int place = with_position ? location(range_variable) : no_location;
    if (catalog_.find_index(name).first != nullptr) {
        return sql_error_at(place, "42809", fmt::format("cannot open relation \"{}\"", name));
    }
    return sql_error_at(place, "42P01", fmt::format("relation \"{}\" does not exist", name));
}

Scope StatementAnalyser::scope_of(const TableDefinition& table, const Node& range_variable,
                                  std::string_view clause) {
    std::string alias = table.name;
    if (const Node* given = find(range_variable, "alias")) alias = text(*given, "aliasname");
    return {.relations = {{&table, std::move(alias)}}, .clause = clause};
}

ExpressionPtr StatementAnalyser::default_of(const Column& column) {
    if (column.default_value) {
        expressions_.note_relations(*column.default_value->expression);
        return column.default_value->expression;
    }
    return std::make_shared<const Expression>(
        Expression{.kind = ExpressionKind::constant, .type = column.type});
}

std::vector<ColumnDescription> describe_columns(const std::vector<Target>& targets) {
    std::vector<ColumnDescription> columns;
    for (const Target& target : targets) {
        const ColumnType type = target.expression->type;
        columns.push_back({.name = target.name,
                           .table_oid = target.table_oid,
                           .column_number = target.column_number,
                           .type_oid = static_cast<std::uint32_t>(type.id),
                           .type_size = type_size(type.id),
                           .type_modifier = type.modifier});
    }
    return columns;
}

}  // namespace atlas::sim::models::postgres
