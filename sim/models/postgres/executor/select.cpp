// SELECT: scan, sort, lock, limit, project; or aggregate all rows into one.

#include <algorithm>
#include <numeric>

#include "sim/models/postgres/executor/aggregate.hpp"
#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/functions/evaluate.hpp"
#include "sim/models/postgres/types/text_format.hpp"

namespace atlas::sim::models::postgres {

using host::Task;

Task<Checked<StatementResult>> Executor::select(const SelectStatement& statement) {
    SQL_CO_TRY(const std::vector<Row> rows, co_await select_rows(statement));
    StatementResult result;
    result.rows.reserve(rows.size());
    for (const Row& row : rows) {
        TextRow& text = result.rows.emplace_back();
        text.reserve(row.size());
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (is_null(row[i])) {
                text.emplace_back(std::nullopt);
            } else {
                text.emplace_back(format_value(statement.targets[i].expression->type.id, row[i]));
            }
        }
    }
    result.notices = std::move(notices_);
    result.command_tag = fmt::format("SELECT {}", rows.size());
    co_return result;
}

Task<Checked<std::vector<Row>>> Executor::select_rows(const SelectStatement& statement) {
    if (!statement.from) {
        auto rows = co_await select_without_table(statement);
        co_return rows;
    }
    SQL_CO_TRY(const std::optional<std::int64_t> limit, row_count(statement.limit, true));
    SQL_CO_TRY(const std::optional<std::int64_t> skipped, row_count(statement.offset, false));
    SQL_CO_TRY(std::vector<RowVersion*> versions, scan(*statement.from));
    if (statement.aggregates_rows) {
        if (skipped.value_or(0) > 0 || limit == 0) co_return std::vector<Row>{};
        co_return aggregate_rows(statement, versions);
    }
    SQL_CO_CHECK(sort(statement, versions));
    std::vector<Row> rows;
    std::int64_t to_skip = skipped.value_or(0);
    for (RowVersion* version : versions) {
        if (limit && std::cmp_greater_equal(rows.size(), *limit)) break;
        // Rows that OFFSET passes over are locked as well.
        if (statement.locking) {
            SQL_CO_TRY(version, co_await lock_selected(statement, *version));
            if (version == nullptr) continue;
        }
        if (to_skip > 0) {
            --to_skip;
            continue;
        }
        SQL_CO_TRY(Row row, project(statement.targets, context_of(&version->values)));
        rows.push_back(std::move(row));
    }
    co_return rows;
}

Task<Checked<std::vector<Row>>> Executor::select_without_table(const SelectStatement& statement) {
    SQL_CO_TRY(const std::optional<std::int64_t> limit, row_count(statement.limit, true));
    SQL_CO_TRY(const std::optional<std::int64_t> skipped, row_count(statement.offset, false));
    std::vector<Row> rows;
    SQL_CO_TRY(const bool wanted, passes(statement.condition, {}));
    if (statement.aggregates_rows) {
        // As over a table with one row of no columns.
        RowVersion only;
        std::vector<RowVersion*> versions;
        if (wanted) versions.push_back(&only);
        SQL_CO_TRY(rows, aggregate_rows(statement, versions));
        co_return rows;
    }
    if (!wanted || skipped.value_or(0) > 0 || limit == 0) co_return rows;
    Row row;
    for (const Target& target : statement.targets) {
        const Expression& expression = *target.expression;
        if (expression.function != nullptr && expression.function->waits) {
            SQL_CO_TRY(Value value, co_await waiting_call(expression));
            row.push_back(std::move(value));
        } else {
            SQL_CO_TRY(Value value, evaluate(expression, context_of(nullptr)));
            row.push_back(std::move(value));
        }
    }
    rows.push_back(std::move(row));
    co_return rows;
}

Checked<std::vector<Row>> Executor::aggregate_rows(const SelectStatement& statement,
                                                   const std::vector<RowVersion*>& versions) {
    Row results;
    for (const AggregateCall& call : statement.aggregates) {
        AggregateState state(call);
        for (const RowVersion* version : versions) {
            SQL_CHECK(state.add(context_of(&version->values)));
        }
        SQL_TRY(Value value, state.finish());
        results.push_back(std::move(value));
    }
    EvaluationContext context = context_of(nullptr);
    context.aggregates = results;
    SQL_TRY(Row row, project(statement.targets, context));
    std::vector<Row> rows;
    rows.push_back(std::move(row));
    return rows;
}

Checked<> Executor::sort(const SelectStatement& statement, std::vector<RowVersion*>& versions) {
    if (statement.order_by.empty()) return {};
    struct Keyed {
        Row keys;
        std::size_t place;
    };
    std::vector<Keyed> keyed;
    for (std::size_t i = 0; i < versions.size(); ++i) {
        Keyed& entry = keyed.emplace_back(Keyed{.keys = {}, .place = i});
        for (const SortKey& key : statement.order_by) {
            SQL_TRY(Value value, evaluate(*key.expression, context_of(&versions[i]->values)));
            entry.keys.push_back(std::move(value));
        }
    }
    const auto goes_before = [&](const Keyed& left, const Keyed& right) {
        for (std::size_t i = 0; i < statement.order_by.size(); ++i) {
            const SortKey& key = statement.order_by[i];
            const bool left_null = is_null(left.keys[i]);
            if (left_null != is_null(right.keys[i])) return left_null == key.nulls_first;
            const std::strong_ordering order = compare(left.keys[i], right.keys[i]);
            if (order != std::strong_ordering::equal) return key.descending ? order > 0 : order < 0;
        }
        return left.place < right.place;
    };
    std::ranges::sort(keyed, goes_before);
    std::vector<RowVersion*> sorted;
    for (const Keyed& entry : keyed)
        sorted.push_back(versions[entry.place]);
    versions = std::move(sorted);
    return {};
}

Checked<std::optional<std::int64_t>> Executor::row_count(const ExpressionPtr& expression,
                                                         bool is_limit) {
    if (expression == nullptr) return std::nullopt;
    SQL_TRY(const Value value, evaluate(*expression, context_of(nullptr)));
    if (is_null(value)) return std::nullopt;
    const std::int64_t count = std::get<std::int64_t>(value);
    if (count < 0) {
        return is_limit ? sql_error("2201W", "LIMIT must not be negative")
                        : sql_error("2201X", "OFFSET must not be negative");
    }
    return count;
}

Task<Checked<RowVersion*>> Executor::lock_selected(const SelectStatement& statement,
                                                   RowVersion& version) {
    const RowLocking& locking = *statement.locking;
    SQL_CO_TRY(RowVersion * latest,
               co_await claim_latest(*statement.from, version, locking.strength, locking.policy));
    if (latest != nullptr) remember_lock(*latest, locking.strength);
    co_return latest;
}

}  // namespace atlas::sim::models::postgres
