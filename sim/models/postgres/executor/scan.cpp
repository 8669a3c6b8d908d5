// Reading tables.
//
// Every read of a table by a query goes through visible_versions(): by an index with the values of
// its first keys, or all rows in turn. So this is where SERIALIZABLE hears what a transaction has
// read: the relation, or a range of an index, and each version. Conditions are checked later, on
// visible rows only. Changes of rows look into the indexes for conflicts by
// themselves (rows.cpp, modify.cpp), which are no reads.

#include <algorithm>
#include <set>

#include "sim/models/postgres/executor/executor.hpp"
#include "sim/models/postgres/functions/evaluate.hpp"
#include "sim/models/postgres/mvcc/visibility.hpp"
#include "sim/models/postgres/system_catalog/system_table.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {

namespace {

bool has_same_keys(const Heap& heap, const RowVersion& version, const RowVersion& newer) {
    return std::ranges::all_of(heap.indexes(), [&](const auto& entry) {
        const Checked<std::optional<Row>> before = entry.second.key_of(version.values);
        const Checked<std::optional<Row>> after = entry.second.key_of(newer.values);
        if (!before || !after || before->has_value() != after->has_value()) return false;
        return !*before || compare(**before, **after) == std::strong_ordering::equal;
    });
}

// Versions that were made of that one without a new entry in any index (heap-only tuples).
std::set<std::uint64_t> heap_only_versions(const Heap& heap, const RowVersion& version) {
    std::set<std::uint64_t> made;
    const RowVersion* last = &version;
    while (last->newer != nullptr && has_same_keys(heap, *last, *last->newer)) {
        last = last->newer;
        made.insert(last->id);
    }
    return made;
}

}  // namespace

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
    // An entry leads to one version after another, up to the one that is seen.
    std::set<std::uint64_t> behind;
    for (RowVersion* version : bounded ? index->find(range) : index->find(range.prefix)) {
        if (behind.contains(version->id)) continue;
        SQL_CHECK(consider(*version));
        const bool seen = !found.empty() && found.back() == version;
        if (seen && transaction_.serializable != nullptr)
            behind.merge(heap_only_versions(heap, *version));
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
