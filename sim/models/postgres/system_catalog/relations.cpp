// pg_class and pg_index: tables, sequences and indexes. The relations of pg_catalog itself are not
// among the rows.

#include <algorithm>

#include "sim/models/postgres/system_catalog/stored_node.hpp"
#include "sim/models/postgres/system_catalog/system_table.hpp"

namespace atlas::sim::models::postgres {
namespace {

using enum TypeId;

/// What differs between one row of pg_class and the next.
struct RelationFacts {
    Oid oid = 0;
    std::string name;
    std::int64_t method = 0;
    char kind = 'r';
    std::int64_t columns = 0;
    std::int64_t checks = 0;
    bool has_index = false;
    bool has_triggers = false;
};

Row row_of(const RelationFacts& relation) {
    constexpr std::int64_t none_of_these = 0;
    const bool is_table = relation.kind == 'r';
    return {std::int64_t{relation.oid},
            relation.name,
            public_schema,
            Null{},         // reltype
            none_of_these,  // reloftype
            atlas_role,
            relation.method,
            Null{},         // relfilenode
            none_of_these,  // reltablespace
            Null{},         // relpages
            Null{},         // reltuples
            Null{},         // relallvisible
            none_of_these,  // reltoastrelid
            relation.has_index,
            false,  // relisshared
            std::string("p"),
            std::string(1, relation.kind),
            relation.columns,
            relation.checks,
            relation.kind == 'v',  // relhasrules
            relation.has_triggers,
            false,  // relhassubclass
            false,  // relrowsecurity
            false,  // relforcerowsecurity
            true,   // relispopulated
            std::string(is_table ? "d" : "n"),
            false,          // relispartition
            none_of_these,  // relrewrite
            Null{},         // relfrozenxid
            Null{},         // relminmxid
            Null{},         // relacl
            Null{},         // reloptions
            Null{}};        // relpartbound
}

RelationFacts facts_of(const TableDefinition& table, const CatalogView& catalog) {
    constexpr std::int64_t columns_of_a_sequence = 3;
    if (table.sequence)
        return {
            .oid = table.oid, .name = table.name, .kind = 'S', .columns = columns_of_a_sequence};
    if (table.view) {
        return {.oid = table.oid,
                .name = table.name,
                .kind = 'v',
                .columns = static_cast<std::int64_t>(table.columns.size())};
    }
    // Foreign keys are triggers, on both of their tables.
    const bool has_triggers =
        !table.foreign_keys.empty() || !catalog.references_to(table.oid).empty();
    return {.oid = table.oid,
            .name = table.name,
            .method = heap_method,
            .columns = static_cast<std::int64_t>(table.columns.size()),
            .checks = static_cast<std::int64_t>(table.checks.size()),
            .has_index = !table.indexes.empty(),
            .has_triggers = has_triggers};
}

std::vector<Row> relations(const SystemState& state) {
    const CatalogView& catalog = state.catalog;
    std::vector<Row> rows;
    for (const TablePtr& table : catalog.all_tables()) {
        rows.push_back(row_of(facts_of(*table, catalog)));
        for (const auto& index : table->indexes) {
            rows.push_back(row_of({.oid = index->oid,
                                   .name = index->name,
                                   .method = btree_method,
                                   .kind = 'i',
                                   .columns = static_cast<std::int64_t>(index->keys.size())}));
        }
    }
    return rows;
}

std::vector<Row> indexes(const SystemState& state) {
    const CatalogView& catalog = state.catalog;
    std::vector<Row> rows;
    for (const TablePtr& table : catalog.all_tables()) {
        for (const auto& index : table->indexes) {
            const auto keys = static_cast<std::int64_t>(index->keys.size());
            Value predicate = Null{};
            if (index->predicate) predicate = to_text({StoredNode::Kind::predicate, index->oid});
            rows.push_back({std::int64_t{index->oid},
                            std::int64_t{table->oid},
                            keys,
                            keys,
                            index->unique,
                            false,  // indnullsnotdistinct
                            index->primary,
                            false,  // indisexclusion
                            true,   // indimmediate
                            false,  // indisclustered
                            true,   // indisvalid
                            false,  // indcheckxmin
                            true,   // indisready
                            true,   // indislive
                            false,  // indisreplident
                            Null{},
                            Null{},
                            Null{},
                            Null{},
                            Null{},
                            predicate});
        }
    }
    return rows;
}

}  // namespace

SystemTable pg_class() {
    return {define_system_table(pg_class_oid, "pg_class",
                                {{"oid", oid},
                                 {"relname", name},
                                 {"relnamespace", oid},
                                 {"reltype"},
                                 {"reloftype", oid},
                                 {"relowner", oid},
                                 {"relam", oid},
                                 {"relfilenode"},
                                 {"reltablespace", oid},
                                 {"relpages"},
                                 {"reltuples"},
                                 {"relallvisible"},
                                 {"reltoastrelid", oid},
                                 {"relhasindex", boolean},
                                 {"relisshared", boolean},
                                 {"relpersistence", single_char},
                                 {"relkind", single_char},
                                 {"relnatts", int2},
                                 {"relchecks", int2},
                                 {"relhasrules", boolean},
                                 {"relhastriggers", boolean},
                                 {"relhassubclass", boolean},
                                 {"relrowsecurity", boolean},
                                 {"relforcerowsecurity", boolean},
                                 {"relispopulated", boolean},
                                 {"relreplident", single_char},
                                 {"relispartition", boolean},
                                 {"relrewrite", oid},
                                 {"relfrozenxid"},
                                 {"relminmxid"},
                                 {"relacl"},
                                 {"reloptions", text_array},
                                 {"relpartbound", node_tree}}),
            relations};
}

SystemTable pg_index() {
    return {define_system_table(2610, "pg_index",
                                {{"indexrelid", oid},
                                 {"indrelid", oid},
                                 {"indnatts", int2},
                                 {"indnkeyatts", int2},
                                 {"indisunique", boolean},
                                 {"indnullsnotdistinct", boolean},
                                 {"indisprimary", boolean},
                                 {"indisexclusion", boolean},
                                 {"indimmediate", boolean},
                                 {"indisclustered", boolean},
                                 {"indisvalid", boolean},
                                 {"indcheckxmin", boolean},
                                 {"indisready", boolean},
                                 {"indislive", boolean},
                                 {"indisreplident", boolean},
                                 {"indkey"},
                                 {"indcollation"},
                                 {"indclass"},
                                 {"indoption"},
                                 {"indexprs"},
                                 {"indpred", node_tree}}),
            indexes};
}

}  // namespace atlas::sim::models::postgres
