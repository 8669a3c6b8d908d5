// pg_namespace and pg_am: the same in every database of the model.

#include "sim/models/postgres/system_catalog/system_table.hpp"

namespace atlas::sim::models::postgres {
namespace {

Row named(std::int64_t oid, std::string name, Value third) {
    return {oid, std::move(name), std::move(third), Null{}};
}

std::vector<Row> schemas(const CatalogView&) {
    constexpr std::int64_t pg_toast_schema = 99;
    constexpr std::int64_t information_schema = 13207;
    constexpr std::int64_t database_owner_role = 6171;
    return {named(pg_toast_schema, "pg_toast", superuser_role),
            named(pg_catalog_schema, "pg_catalog", superuser_role),
            named(public_schema, "public", database_owner_role),
            named(information_schema, "information_schema", superuser_role)};
}

std::vector<Row> access_methods(const CatalogView&) {
    const auto method = [](std::int64_t oid, std::string name, std::string type) {
        return Row{oid, std::move(name), Null{}, std::move(type)};
    };
    return {method(heap_method, "heap", "t"), method(btree_method, "btree", "i"),
            method(405, "hash", "i"),         method(783, "gist", "i"),
            method(2742, "gin", "i"),         method(4000, "spgist", "i"),
            method(3580, "brin", "i")};
}

}  // namespace

SystemTable pg_namespace() {
    return {define_system_table(2615, "pg_namespace",
                                {{"oid", TypeId::oid},
                                 {"nspname", TypeId::name},
                                 {"nspowner", TypeId::oid},
                                 {"nspacl"}}),
            schemas};
}

SystemTable pg_am() {
    return {define_system_table(2601, "pg_am",
                                {{"oid", TypeId::oid},
                                 {"amname", TypeId::name},
                                 {"amhandler"},
                                 {"amtype", TypeId::single_char}}),
            access_methods};
}

}  // namespace atlas::sim::models::postgres
