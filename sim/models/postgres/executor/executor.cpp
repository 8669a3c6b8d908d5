#include "sim/models/postgres/executor/executor.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

StatementResult completed(std::string tag) {
    StatementResult result;
    result.command_tag = std::move(tag);
    return result;
}

Executor::Executor(Environment environment)
    : engine_(environment.engine),
      transaction_(environment.transaction),
      locks_(environment.locks),
      limits_(environment.limits),
      functions_(environment.functions),
      parameters_(environment.parameters) {}

Task<Checked<StatementResult>> Executor::run(const Statement& statement) {
    if (transaction_.isolation == IsolationLevel::read_committed) {
        snapshot_ = engine_.transactions().take_snapshot();
    } else {
        if (transaction_.snapshot == nullptr)
            transaction_.snapshot = engine_.transactions().take_snapshot();
        snapshot_ = transaction_.snapshot;
    }
    if (const auto* select_statement = std::get_if<SelectStatement>(&statement.body)) {
        auto result = co_await select(*select_statement);
        co_return result;
    }
    if (const auto* insert_statement = std::get_if<InsertStatement>(&statement.body)) {
        auto result = co_await insert(*insert_statement);
        co_return result;
    }
    if (const auto* update_statement = std::get_if<UpdateStatement>(&statement.body)) {
        auto result = co_await update(*update_statement);
        co_return result;
    }
    auto result = co_await remove(std::get<DeleteStatement>(statement.body));
    co_return result;
}

Task<Checked<StatementResult>> Executor::define(const Statement& statement) {
    if (const auto* create = std::get_if<CreateTableStatement>(&statement.body)) {
        auto result = co_await create_table(*create);
        co_return result;
    }
    if (const auto* index = std::get_if<CreateIndexStatement>(&statement.body)) {
        auto result = co_await create_index(*index);
        co_return result;
    }
    if (const auto* drop_statement = std::get_if<DropStatement>(&statement.body)) {
        auto result = co_await drop(*drop_statement);
        co_return result;
    }
    if (const auto* alter_statement = std::get_if<AlterTableStatement>(&statement.body)) {
        auto result = co_await alter_table(*alter_statement);
        co_return result;
    }
    if (const auto* truncate_statement = std::get_if<TruncateStatement>(&statement.body)) {
        auto result = co_await truncate(*truncate_statement);
        co_return result;
    }
    auto result = co_await lock_tables(std::get<LockTableStatement>(statement.body));
    co_return result;
}

}  // namespace atlas::sim::models::postgres
