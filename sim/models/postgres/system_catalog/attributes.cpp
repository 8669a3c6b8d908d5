// pg_attribute and pg_attrdef: the columns of tables, sequences and indexes, and their defaults.

#include <array>

#include "sim/models/postgres/names/lists.hpp"
#include "sim/models/postgres/system_catalog/stored_node.hpp"
#include "sim/models/postgres/system_catalog/system_table.hpp"

namespace atlas::sim::models::postgres {
namespace {

using enum TypeId;

struct AttributeFacts {
    Oid relation = 0;
    std::string name;
    std::int64_t type = 0;
    std::int64_t modifier = -1;
    std::int64_t number = 0;
    std::int64_t size = 0;
    bool not_null = false;
    bool has_default = false;
    bool dropped = false;
    std::string identity = {};
    std::int64_t statistics_target = -1;
};

// NULL is what a column without a default has as well, and an identity is none.
bool has_default(const Column& column) {
    if (!column.default_value || column.identity != Identity::none) return false;
    const Expression& value = *column.default_value->expression;
    return value.kind != ExpressionKind::constant || !is_null(value.constant);
}

std::string storage_of(std::int64_t type, std::int64_t size) {
    if (size >= 0 || type == 0) return "p";
    return type == static_cast<std::int64_t>(numeric) ? "m" : "x";
}

Row row_of(const AttributeFacts& attribute) {
    const names::Type* const type = names::find_type(static_cast<std::uint32_t>(attribute.type));
    const bool is_array = type != nullptr && !type->element.empty();
    return {std::int64_t{attribute.relation},
            attribute.name,
            attribute.type,
            attribute.statistics_target,
            attribute.size,
            attribute.number,
            std::int64_t{is_array ? 1 : 0},
            std::int64_t{-1},  // attcacheoff
            attribute.modifier,
            Null{},  // attbyval
            Null{},  // attalign
            storage_of(attribute.type, attribute.size),
            std::string(),  // attcompression
            attribute.not_null,
            attribute.has_default,
            Null{},  // atthasmissing
            attribute.identity,
            std::string(),  // attgenerated
            attribute.dropped,
            true,             // attislocal
            std::int64_t{0},  // attinhcount
            collation_of(attribute.type),
            Null{},   // attacl
            Null{},   // attoptions
            Null{},   // attfdwoptions
            Null{}};  // attmissingval
}

// Those that every table has, and every sequence.
void add_system_columns(Oid relation, std::vector<Row>& rows) {
    struct SystemColumnFacts {
        std::string_view name;
        std::int64_t type;
        std::int64_t size;
    };
    constexpr std::array<SystemColumnFacts, 6> columns{{{"tableoid", 26, 4},
                                                        {"cmax", 29, 4},
                                                        {"xmax", 28, 4},
                                                        {"cmin", 29, 4},
                                                        {"xmin", 28, 4},
                                                        {"ctid", 27, 6}}};
    std::int64_t number = -static_cast<std::int64_t>(columns.size());
    for (const auto& [column_name, type, size] : columns) {
        rows.push_back(row_of({.relation = relation,
                               .name = std::string(column_name),
                               .type = type,
                               .number = number++,
                               .size = size,
                               .not_null = true,
                               .statistics_target = 0}));
    }
}

void add_columns(const TableDefinition& table, std::vector<Row>& rows) {
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const Column& column = table.columns[i];
        const bool has_identity = column.identity != Identity::none;
        rows.push_back(
            row_of({.relation = table.oid,
                    .name = column.name,
                    .type = column.dropped ? 0 : static_cast<std::int64_t>(column.type.id),
                    .modifier = column.type.modifier,
                    .number = static_cast<std::int64_t>(i + 1),
                    .size = type_size(column.type.id),
                    .not_null = column.not_null,
                    .has_default = has_default(column),
                    .dropped = column.dropped,
                    .identity = column.identity == Identity::always ? "a"
                                : has_identity                      ? "d"
                                                                    : "",
                    .statistics_target = column.dropped ? 0 : -1}));
    }
}

void add_sequence_columns(const TableDefinition& sequence, std::vector<Row>& rows) {
    constexpr std::array<std::pair<std::string_view, TypeId>, 3> columns{
        {{"last_value", int8}, {"log_cnt", int8}, {"is_called", boolean}}};
    std::int64_t number = 0;
    for (const auto& [column_name, type] : columns) {
        rows.push_back(row_of({.relation = sequence.oid,
                               .name = std::string(column_name),
                               .type = static_cast<std::int64_t>(type),
                               .number = ++number,
                               .size = type_size(type),
                               .not_null = true}));
    }
}

void add_keys(const TableDefinition& table, const IndexDefinition& index, std::vector<Row>& rows) {
    // An index over names keeps them as long as they are.
    constexpr std::int64_t cstring = 2275;
    std::int64_t number = 0;
    for (const IndexKey& key : index.keys) {
        const ColumnType type =
            key.column ? table.columns[*key.column].type : key.expression.expression->type;
        rows.push_back(
            row_of({.relation = index.oid,
                    .name = key.column ? table.columns[*key.column].name : key.name,
                    .type = type.id == TypeId::name ? cstring : static_cast<std::int64_t>(type.id),
                    .modifier = type.modifier,
                    .number = ++number,
                    .size = type.id == TypeId::name ? -2 : type_size(type.id)}));
    }
}

std::vector<Row> attributes(const SystemState& state) {
    std::vector<Row> rows;
    for (const TablePtr& table : state.catalog.all_tables()) {
        if (!table->view) add_system_columns(table->oid, rows);
        if (table->sequence) {
            add_sequence_columns(*table, rows);
        } else {
            add_columns(*table, rows);
        }
        for (const auto& index : table->indexes)
            add_keys(*table, *index, rows);
    }
    return rows;
}

std::vector<Row> defaults(const SystemState& state) {
    std::vector<Row> rows;
    for (const TablePtr& table : state.catalog.all_tables()) {
        for (std::size_t i = 0; i < table->columns.size(); ++i) {
            const Column& column = table->columns[i];
            if (!has_default(column)) continue;
            rows.push_back({Null{}, std::int64_t{table->oid}, static_cast<std::int64_t>(i + 1),
                            to_text({StoredNode::Kind::default_value, table->oid, i})});
        }
    }
    return rows;
}

}  // namespace

SystemTable pg_attribute() {
    return {define_system_table(1249, "pg_attribute",
                                {{"attrelid", oid},
                                 {"attname", name},
                                 {"atttypid", oid},
                                 {"attstattarget", int4},
                                 {"attlen", int2},
                                 {"attnum", int2},
                                 {"attndims", int4},
                                 {"attcacheoff", int4},
                                 {"atttypmod", int4},
                                 {"attbyval"},
                                 {"attalign"},
                                 {"attstorage", single_char},
                                 {"attcompression", single_char},
                                 {"attnotnull", boolean},
                                 {"atthasdef", boolean},
                                 {"atthasmissing"},
                                 {"attidentity", single_char},
                                 {"attgenerated", single_char},
                                 {"attisdropped", boolean},
                                 {"attislocal", boolean},
                                 {"attinhcount", int4},
                                 {"attcollation", oid},
                                 {"attacl"},
                                 {"attoptions"},
                                 {"attfdwoptions"},
                                 {"attmissingval"}}),
            attributes};
}

SystemTable pg_attrdef() {
    return {define_system_table(2604, "pg_attrdef",
                                {{"oid"}, {"adrelid", oid}, {"adnum", int2}, {"adbin", node_tree}}),
            defaults};
}

}  // namespace atlas::sim::models::postgres
