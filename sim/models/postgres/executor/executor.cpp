#include "sim/models/postgres/executor/executor.hpp"

#include "sim/models/postgres/executor/query_run.hpp"
#include "system/host/check.hpp"

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

Executor::~Executor() = default;

Task<Checked<StatementResult>> Executor::run(const Statement& statement) {
    if (transaction_.isolation == IsolationLevel::read_committed) {
        snapshot_ = engine_.transactions().take_snapshot();
    } else {
        ATLAS_CHECK(transaction_.snapshot != nullptr, "a query takes its snapshot first");
        snapshot_ = transaction_.snapshot;
    }
    Checked<StatementResult> result = StatementResult{};
    if (const auto* select_statement = std::get_if<SelectStatement>(&statement.body)) {
        result = co_await select(*select_statement);
    } else if (const auto* insert_statement = std::get_if<InsertStatement>(&statement.body)) {
        result = co_await modify(*insert_statement, "INSERT 0");
    } else if (const auto* update_statement = std::get_if<UpdateStatement>(&statement.body)) {
        result = co_await modify(*update_statement, "UPDATE");
    } else {
        result = co_await modify(std::get<DeleteStatement>(statement.body), "DELETE");
    }
    if (result && !reference_events_.empty()) {
        SQL_CO_CHECK(co_await keep_references());
    }
    co_return result;
}

// WITH and FROM belong to a query of the statement's own.
template <typename S>
Task<Checked<StatementResult>> Executor::modify(const S& statement, std::string_view tag) {
    std::optional<QueryRun> run;
    const QueryPtr query = [&] {
        if constexpr (std::is_same_v<S, InsertStatement>) {
            return statement.level;
        } else {
            return statement.query;
        }
    }();
    if (query != nullptr) {
        run.emplace(*this, *query, nullptr);
        run->restart(nullptr);
        support_ = &*run;
    }
    Modified done;
    if constexpr (std::is_same_v<S, InsertStatement>) {
        SQL_CO_TRY(done, co_await insert(statement, run ? &*run : nullptr));
    } else if constexpr (std::is_same_v<S, UpdateStatement>) {
        SQL_CO_TRY(done, co_await update(statement, *run));
    } else {
        SQL_CO_TRY(done, co_await remove(statement, *run));
    }
    if (run && !query->common_tables.empty()) SQL_CO_CHECK(co_await finish_modifying(*run));
    support_ = nullptr;
    StatementResult result;
    result.rows.reserve(done.returned.size());
    for (const Row& row : done.returned)
        result.rows.push_back(as_text(statement.returning, row));
    result.notices = std::move(notices_);
    result.command_tag = fmt::format("{} {}", tag, done.count);
    co_return result;
}

Task<Checked<std::vector<Row>>> Executor::run_modifying(const ModifyStatement& statement,
                                                        QueryRun& owner) {
    QuerySupport* const support = support_;
    const EvaluationContext* const outer = outer_;
    const auto run_with = [&](const Query& query) {
        auto run = std::make_unique<QueryRun>(*this, query, &owner);
        run->restart(&owner.context());
        support_ = run.get();
        outer_ = &owner.context();
        return run;
    };
    Modified done;
    if (const auto* inserted = std::get_if<InsertStatement>(&statement.body)) {
        const auto run = run_with(*inserted->level);
        SQL_CO_TRY(done, co_await insert(*inserted, run.get()));
    } else if (const auto* updated = std::get_if<UpdateStatement>(&statement.body)) {
        const auto run = run_with(*updated->query);
        SQL_CO_TRY(done, co_await update(*updated, *run));
    } else {
        const auto& removed = std::get<DeleteStatement>(statement.body);
        const auto run = run_with(*removed.query);
        SQL_CO_TRY(done, co_await remove(removed, *run));
    }
    support_ = support;
    outer_ = outer;
    co_return std::move(done.returned);
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
    if (const auto* view_statement = std::get_if<CreateViewStatement>(&statement.body)) {
        auto result = co_await create_view(*view_statement);
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
    if (const auto* sequence = std::get_if<CreateSequenceStatement>(&statement.body)) {
        auto result = co_await create_sequence(*sequence);
        co_return result;
    }
    if (const auto* sequence = std::get_if<AlterSequenceStatement>(&statement.body)) {
        auto result = co_await alter_sequence(*sequence);
        co_return result;
    }
    if (const auto* rename_statement = std::get_if<RenameStatement>(&statement.body)) {
        auto result = co_await rename(*rename_statement);
        co_return result;
    }
    if (const auto* maintenance = std::get_if<MaintenanceStatement>(&statement.body))
        co_return completed(maintenance->command);
    auto result = co_await lock_tables(std::get<LockTableStatement>(statement.body));
    co_return result;
}

}  // namespace atlas::sim::models::postgres
