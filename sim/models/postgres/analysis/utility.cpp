// Transactions, settings and LOCK TABLE.

#include "sim/models/postgres/analysis/statement_analyser.hpp"

namespace atlas::sim::models::postgres {
namespace {

// A value of SET, or of a transaction mode, as text.
Checked<std::string> setting_text(const Node& node) {
    const auto [kind, body] = open_node(node);
    if (kind != "A_Const") return not_covered(fmt::format("{} as a setting's value", kind));
    if (const Node* string = find(*body, "sval")) return text(*string, "sval");
    if (const Node* number = find(*body, "ival"))
        return fmt::format("{}", number->value("ival", std::int64_t{0}));
    if (const Node* decimal = find(*body, "fval")) return text(*decimal, "fval");
    return not_covered("this setting's value");
}

using Modes = std::vector<std::pair<std::string, std::string>>;

Checked<Modes> transaction_modes(const Node& nodes) {
    Modes modes;
    for (const Node& node : nodes) {
        const Node& option = *open_node(node).body;
        const std::string name = text(option, "defname");
        SQL_TRY(std::string value, setting_text(*find(option, "arg")));
        if (name != "transaction_isolation") value = value == "0" ? "off" : "on";
        modes.emplace_back(name, std::move(value));
    }
    return modes;
}

}  // namespace

Checked<TransactionStatement> StatementAnalyser::transaction(const Node& body) {
    const std::string kind = text(body, "kind");
    TransactionStatement statement{.command = TransactionCommand::begin};
    statement.savepoint = text(body, "savepoint_name");
    statement.gid = text(body, "gid");
    statement.chain = flag(body, "chain");
    if (kind == "TRANS_STMT_BEGIN" || kind == "TRANS_STMT_START") {
        if (kind == "TRANS_STMT_START") statement.command = TransactionCommand::start;
        SQL_TRY(statement.modes, transaction_modes(list(body, "options")));
    } else if (kind == "TRANS_STMT_COMMIT") {
        statement.command = TransactionCommand::commit;
    } else if (kind == "TRANS_STMT_ROLLBACK") {
        statement.command = TransactionCommand::rollback;
    } else if (kind == "TRANS_STMT_SAVEPOINT") {
        statement.command = TransactionCommand::savepoint;
    } else if (kind == "TRANS_STMT_RELEASE") {
        statement.command = TransactionCommand::release;
    } else if (kind == "TRANS_STMT_ROLLBACK_TO") {
        statement.command = TransactionCommand::rollback_to;
    } else if (kind == "TRANS_STMT_PREPARE") {
        statement.command = TransactionCommand::prepare;
    } else if (kind == "TRANS_STMT_COMMIT_PREPARED") {
        statement.command = TransactionCommand::commit_prepared;
    } else if (kind == "TRANS_STMT_ROLLBACK_PREPARED") {
        statement.command = TransactionCommand::rollback_prepared;
    } else {
        return not_covered(kind);
    }
    if (statement.chain) return not_covered("AND CHAIN");
    return statement;
}

Checked<SetStatement> StatementAnalyser::set(const Node& body) {
    const std::string kind = text(body, "kind");
    SetStatement statement{.local = flag(body, "is_local"), .name = text(body, "name")};
    if (kind == "VAR_SET_MULTI") {
        if (statement.name == "TRANSACTION SNAPSHOT")
            return not_covered("SET TRANSACTION SNAPSHOT");
        statement.kind = statement.name == "TRANSACTION" ? SetStatement::Kind::transaction
                                                         : SetStatement::Kind::session_default;
        SQL_TRY(statement.modes, transaction_modes(list(body, "args")));
    } else if (kind == "VAR_SET_VALUE") {
        for (const Node& argument : list(body, "args")) {
            SQL_TRY(const std::string part, setting_text(argument));
            if (!statement.value.empty()) statement.value += ", ";
            statement.value += part;
        }
    } else if (kind == "VAR_SET_DEFAULT") {
        statement.kind = SetStatement::Kind::set_default;
    } else if (kind == "VAR_RESET") {
        statement.kind = SetStatement::Kind::reset;
    } else if (kind == "VAR_RESET_ALL") {
        statement.kind = SetStatement::Kind::reset_all;
    } else {
        return not_covered(fmt::format("SET of the kind {}", kind));
    }
    return statement;
}

Checked<LockTableStatement> StatementAnalyser::lock_table(const Node& body) {
    LockTableStatement statement;
    statement.mode = static_cast<TableLockMode>(body.value("mode", 8));
    statement.no_wait = flag(body, "nowait");
    for (const Node& node : list(body, "relations")) {
        SQL_TRY(const TablePtr found, table(*open_node(node).body, false));
        statement.tables.push_back(found->name);
    }
    return statement;
}

}  // namespace atlas::sim::models::postgres
