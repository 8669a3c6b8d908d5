#include "sim/models/postgres/system_catalog/system_table.hpp"

#include <fmt/format.h>

#include <array>
#include <span>

namespace atlas::sim::models::postgres {

namespace {

std::span<const SystemTable> relations() {
    static const std::array all{pg_namespace(),
                                pg_am(),
                                pg_roles(),
                                pg_class(),
                                pg_index(),
                                pg_attribute(),
                                pg_attrdef(),
                                pg_constraint(),
                                pg_sequence(),
                                pg_depend(),
                                pg_type(),
                                pg_collation(),
                                pg_inherits(),
                                pg_policy(),
                                pg_publication(),
                                pg_publication_namespace(),
                                pg_publication_rel(),
                                pg_statistic_ext(),
                                pg_trigger(),
                                pg_prepared_xacts(),
                                pg_replication_slots(),
                                pg_stat_replication(),
                                pg_stat_wal_receiver()};
    return all;
}

std::span<const SystemTable> functions() {
    static const std::array all{pg_control_checkpoint(), pg_control_system()};
    return all;
}

TablePtr find_in(std::span<const SystemTable> tables, std::string_view name) {
    for (const SystemTable& table : tables) {
        if (table.definition->name == name) return table.definition;
    }
    return nullptr;
}

}  // namespace

TablePtr find_system_relation(std::string_view name) {
    return find_in(relations(), name);
}

TablePtr find_system_function(std::string_view name) {
    return find_in(functions(), name);
}

const SystemTable* find_system_table(Oid oid) {
    for (const std::span<const SystemTable> tables : {relations(), functions()}) {
        for (const SystemTable& table : tables) {
            if (table.definition->oid == oid) return &table;
        }
    }
    return nullptr;
}

bool is_system_relation(Oid oid) {
    return oid < first_user_oid && find_system_table(oid) != nullptr;
}

std::vector<Row> no_rows(const SystemState&) {
    return {};
}

TablePtr define_system_table(Oid oid, std::string_view name,
                             std::initializer_list<SystemColumn> columns) {
    TableDefinition table;
    table.oid = oid;
    table.name = name;
    for (const SystemColumn& column : columns) {
        const bool lacking = column.type == TypeId::none;
        table.columns.push_back({.name = std::string(column.name),
                                 .type = {lacking ? TypeId::text : column.type},
                                 .dropped = lacking});
    }
    return std::make_shared<const TableDefinition>(std::move(table));
}

}  // namespace atlas::sim::models::postgres
