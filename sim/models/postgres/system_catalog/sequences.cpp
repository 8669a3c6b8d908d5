// pg_sequence, and pg_depend as far as sequences go: which columns they go away with.

#include "sim/models/postgres/system_catalog/system_table.hpp"

namespace atlas::sim::models::postgres {
namespace {

using enum TypeId;

std::vector<Row> sequences(const SystemState& state) {
    std::vector<Row> rows;
    for (const TablePtr& table : state.catalog.all_tables()) {
        if (!table->sequence) continue;
        const SequenceDefinition& sequence = *table->sequence;
        rows.push_back({std::int64_t{table->oid}, static_cast<std::int64_t>(sequence.type),
                        sequence.start, sequence.increment, sequence.maximum, sequence.minimum,
                        sequence.cache, sequence.cycle});
    }
    return rows;
}

std::vector<Row> owned_sequences(const SystemState& state) {
    constexpr std::int64_t whole = 0;
    std::vector<Row> rows;
    for (const TablePtr& table : state.catalog.all_tables()) {
        if (!table->sequence || !table->sequence->owner) continue;
        const SequenceOwner& owner = *table->sequence->owner;
        rows.push_back({pg_class_oid, std::int64_t{table->oid}, whole, pg_class_oid,
                        std::int64_t{owner.table}, static_cast<std::int64_t>(owner.column + 1),
                        std::string(owner.identity ? "i" : "a")});
    }
    return rows;
}

}  // namespace

SystemTable pg_sequence() {
    return {define_system_table(2224, "pg_sequence",
                                {{"seqrelid", oid},
                                 {"seqtypid", oid},
                                 {"seqstart", int8},
                                 {"seqincrement", int8},
                                 {"seqmax", int8},
                                 {"seqmin", int8},
                                 {"seqcache", int8},
                                 {"seqcycle", boolean}}),
            sequences};
}

SystemTable pg_depend() {
    return {define_system_table(2608, "pg_depend",
                                {{"classid", oid},
                                 {"objid", oid},
                                 {"objsubid", int4},
                                 {"refclassid", oid},
                                 {"refobjid", oid},
                                 {"refobjsubid", int4},
                                 {"deptype", single_char}}),
            owned_sequences};
}

}  // namespace atlas::sim::models::postgres
