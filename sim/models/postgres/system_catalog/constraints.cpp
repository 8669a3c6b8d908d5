// pg_constraint: CHECK, PRIMARY KEY, UNIQUE and FOREIGN KEY.

#include <algorithm>

#include "sim/models/postgres/system_catalog/stored_node.hpp"
#include "sim/models/postgres/system_catalog/system_table.hpp"

namespace atlas::sim::models::postgres {
namespace {

using enum TypeId;

struct ConstraintFacts {
    Oid oid = 0;
    std::string name;
    char kind = 'c';
    Oid table = 0;
    Oid index = 0;
    Oid referenced = 0;
    std::string on_update = " ";
    std::string on_delete = " ";
    std::string match = " ";
    std::vector<std::size_t> key = {};
    std::vector<std::size_t> referenced_key = {};
    std::vector<std::size_t> set_on_delete = {};
    Value condition = Null{};
};

Value numbers(const std::vector<std::size_t>& places) {
    if (places.empty()) return Null{};
    auto array = std::make_shared<Array>();
    for (const std::size_t place : places)
        array->elements.emplace_back(static_cast<std::int64_t>(place + 1));
    return array;
}

Row row_of(ConstraintFacts constraint) {
    return {std::int64_t{constraint.oid},
            std::move(constraint.name),
            public_schema,
            std::string(1, constraint.kind),
            false,  // condeferrable
            false,  // condeferred
            true,   // convalidated
            std::int64_t{constraint.table},
            std::int64_t{0},  // contypid
            std::int64_t{constraint.index},
            std::int64_t{0},  // conparentid
            std::int64_t{constraint.referenced},
            std::move(constraint.on_update),
            std::move(constraint.on_delete),
            std::move(constraint.match),
            true,                    // conislocal
            std::int64_t{0},         // coninhcount
            constraint.kind != 'c',  // connoinherit
            numbers(constraint.key),
            numbers(constraint.referenced_key),
            Null{},  // conpfeqop
            Null{},  // conppeqop
            Null{},  // conffeqop
            numbers(constraint.set_on_delete),
            Null{},  // conexclop
            std::move(constraint.condition)};
}

std::string letter_of(ReferentialAction action) {
    switch (action) {
        case ReferentialAction::no_action:
            return "a";
        case ReferentialAction::restrict:
            return "r";
        case ReferentialAction::cascade:
            return "c";
        case ReferentialAction::set_null:
            return "n";
        case ReferentialAction::set_default:
            return "d";
    }
    return {};
}

// In the order in which they come.
std::vector<std::size_t> columns_of(const Expression& condition) {
    std::vector<std::size_t> places;
    visit_expression(condition, [&](const Expression& part) {
        if (part.kind == ExpressionKind::column &&
            std::ranges::find(places, part.index) == places.end())
            places.push_back(part.index);
    });
    return places;
}

std::vector<std::size_t> columns_of(const IndexDefinition& index) {
    std::vector<std::size_t> places;
    for (const IndexKey& key : index.keys)
        places.push_back(*key.column);
    return places;
}

std::vector<Row> constraints(const SystemState& state) {
    std::vector<Row> rows;
    for (const TablePtr& table : state.catalog.all_tables()) {
        for (const CheckConstraint& check : table->checks) {
            rows.push_back(row_of({.oid = check.oid,
                                   .name = check.name,
                                   .kind = 'c',
                                   .table = table->oid,
                                   .key = columns_of(*check.condition.expression),
                                   .condition = to_text({StoredNode::Kind::check, check.oid})}));
        }
        for (const auto& index : table->indexes) {
            if (!index->constraint) continue;
            rows.push_back(row_of({.oid = index->oid,
                                   .name = index->name,
                                   .kind = index->primary ? 'p' : 'u',
                                   .table = table->oid,
                                   .index = index->oid,
                                   .key = columns_of(*index)}));
        }
        for (const ForeignKey& key : table->foreign_keys) {
            rows.push_back(row_of({.oid = key.oid,
                                   .name = key.name,
                                   .kind = 'f',
                                   .table = table->oid,
                                   .index = key.index,
                                   .referenced = key.table,
                                   .on_update = letter_of(key.on_update),
                                   .on_delete = letter_of(key.on_delete),
                                   .match = "s",
                                   .key = key.columns,
                                   .referenced_key = key.referenced,
                                   .set_on_delete = key.set_on_delete}));
        }
    }
    return rows;
}

}  // namespace

SystemTable pg_constraint() {
    return {define_system_table(2606, "pg_constraint",
                                {{"oid", oid},
                                 {"conname", name},
                                 {"connamespace", oid},
                                 {"contype", single_char},
                                 {"condeferrable", boolean},
                                 {"condeferred", boolean},
                                 {"convalidated", boolean},
                                 {"conrelid", oid},
                                 {"contypid", oid},
                                 {"conindid", oid},
                                 {"conparentid", oid},
                                 {"confrelid", oid},
                                 {"confupdtype", single_char},
                                 {"confdeltype", single_char},
                                 {"confmatchtype", single_char},
                                 {"conislocal", boolean},
                                 {"coninhcount", int4},
                                 {"connoinherit", boolean},
                                 {"conkey", int2_array},
                                 {"confkey", int2_array},
                                 {"conpfeqop"},
                                 {"conppeqop"},
                                 {"conffeqop"},
                                 {"confdelsetcols", int2_array},
                                 {"conexclop"},
                                 {"conbin", node_tree}}),
            constraints};
}

}  // namespace atlas::sim::models::postgres
