// Finding rows, and computing over them.

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/functions/evaluate.hpp"
#include "sim/models/postgres/mvcc/visibility.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

EvaluationContext Executor::context_of(const Row* row, const Row* second) {
    return {.environment = &functions_, .parameters = parameters_, .rows = {row, second}};
}

Checked<bool> Executor::passes(const ExpressionPtr& condition, const Row& row) {
    if (condition == nullptr) return true;
    return evaluate_condition(*condition, context_of(&row));
}

Checked<std::vector<RowVersion*>> Executor::scan(const TableScan& scan) {
    Heap& heap = engine_.heap(scan.table->oid);
    std::vector<RowVersion*> found;
    const auto consider = [&](RowVersion& version) -> Checked<> {
        if (!is_visible(version, *snapshot_, transaction_)) return {};
        SQL_TRY(const bool wanted, passes(scan.condition, version.values));
        if (wanted) found.push_back(&version);
        return {};
    };
    if (scan.path.index == nullptr) {
        for (auto& [id, version] : heap.versions()) {
            SQL_CHECK(consider(version));
        }
        return found;
    }
    Row key;
    for (const ExpressionPtr& part : scan.path.equal_to) {
        SQL_TRY(Value value, evaluate(*part, context_of(nullptr)));
        // Equal to NULL is true of nothing.
        if (is_null(value)) return found;
        key.push_back(std::move(value));
    }
    Index* index = heap.index(scan.path.index->oid);
    ATLAS_CHECK(index != nullptr, "a statement is analysed again when an index is gone");
    for (RowVersion* version : index->find(key)) {
        SQL_CHECK(consider(*version));
    }
    return found;
}

Checked<Row> Executor::project(const std::vector<Target>& targets,
                               const EvaluationContext& context) {
    Row row;
    row.reserve(targets.size());
    for (const Target& target : targets) {
        SQL_TRY(Value value, evaluate(*target.expression, context));
        row.push_back(std::move(value));
    }
    return row;
}

}  // namespace atlas::sim::models::postgres
