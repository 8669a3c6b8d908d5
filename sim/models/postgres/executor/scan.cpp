// Reading tables.
//
// Every read of a table by a query goes through visible_versions(): by an index with the values of
// its first keys, or all rows in turn. So this is where SERIALIZABLE hears what a transaction has
// read: the relation, or a range of an index, and each version. Conditions are checked later, on
// visible rows only. Changes of rows look into the indexes for conflicts by
// themselves (rows.cpp, modify.cpp), which are no reads.

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/functions/evaluate.hpp"
#include "sim/models/postgres/mvcc/visibility.hpp"
#include "sim/models/postgres/system_catalog/system_table.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

EvaluationContext Executor::context_of(const Row* row, const Row* second) {
    return {.environment = &functions_,
            .parameters = parameters_,
            .rows = {row, second},
            .outer = outer_,
            .support = support_};
}

// Only versions that the statement's snapshot sees: they stay where they are while it runs, however
// long it waits.
Checked<> Executor::visible_versions(const TableDefinition& table, const AccessPath& path,
                                     const EvaluationContext& context,
                                     std::vector<RowVersion*>& found) {
    Heap& heap = scanned_heap(table.oid);
    SerializableTransactions& watch = engine_.serializable();
    const auto consider = [&](RowVersion& version) -> Checked<> {
        const bool visible = is_visible(version, *snapshot_, transaction_);
        SQL_CHECK(watch.row_read(transaction_, table.oid, version, visible));
        if (visible) found.push_back(&version);
        return {};
    };
    if (path.index == nullptr) {
        SQL_CHECK(watch.relation_read(transaction_, table.oid));
        for (auto& [id, version] : heap.versions()) {
            SQL_CHECK(consider(version));
        }
        return {};
    }
    // Compared with NULL, nothing is true.
    KeyRange range;
    for (const ExpressionPtr& part : path.equal_to) {
        SQL_TRY(Value value, evaluate(*part, context));
        if (is_null(value)) return {};
        range.prefix.push_back(std::move(value));
    }
    for (const auto& [asked, bound] :
         {std::pair(&path.from, &range.from), std::pair(&path.to, &range.to)}) {
        if (!*asked) continue;
        SQL_TRY(Value value, evaluate(*(*asked)->value, context));
        if (is_null(value)) return {};
        *bound = {std::move(value), (*asked)->inclusive};
    }
    Index* index = heap.index(path.index->oid);
    ATLAS_CHECK(index != nullptr, "a statement is analysed again when an index is gone");
    SQL_CHECK(watch.range_read(transaction_, path.index->oid, range));
    const bool bounded = range.from || range.to;
    for (RowVersion* version : bounded ? index->find(range) : index->find(range.prefix)) {
        SQL_CHECK(consider(*version));
    }
    return {};
}

// Rows of pg_catalog are computed when the statement first asks, and stay so while it runs.
Heap& Executor::scanned_heap(Oid table) {
    if (!is_system_relation(table)) return engine_.heap(table);
    for (const auto& [known, rows] : computed_) {
        if (known == table) return *rows;
    }
    Heap& heap = *computed_.emplace_back(table, std::make_unique<Heap>(table)).second;
    const CatalogView catalog = view();
    std::uint64_t number = 0;
    for (Row& row : find_system_table(table)->rows({catalog, engine_}))
        heap.insert(++number, std::move(row)).made_by = frozen_transaction;
    return heap;
}

}  // namespace atlas::sim::models::postgres
