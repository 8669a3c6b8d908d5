// pg_namespace, pg_am and pg_roles: the same in every database of the model.

#include <array>

#include "sim/models/postgres/system_catalog/system_table.hpp"

namespace atlas::sim::models::postgres {
namespace {

using enum TypeId;

std::vector<Row> access_methods(const SystemState&) {
    const auto method = [](std::int64_t number, std::string method_name, std::string type) {
        return Row{number, std::move(method_name), Null{}, std::move(type)};
    };
    return {method(heap_method, "heap", "t"), method(btree_method, "btree", "i"),
            method(405, "hash", "i"),         method(783, "gist", "i"),
            method(2742, "gin", "i"),         method(4000, "spgist", "i"),
            method(3580, "brin", "i")};
}

}  // namespace

std::vector<Row> all_schemas() {
    const auto schema = [](std::int64_t number, std::string schema_name, std::int64_t owner) {
        return Row{number, std::move(schema_name), owner, Null{}};
    };
    constexpr std::int64_t pg_toast_schema = 99;
    constexpr std::int64_t information_schema = 13207;
    constexpr std::int64_t database_owner_role = 6171;
    return {schema(pg_toast_schema, "pg_toast", superuser_role),
            schema(pg_catalog_schema, "pg_catalog", superuser_role),
            schema(public_schema, "public", database_owner_role),
            schema(information_schema, "information_schema", superuser_role)};
}

std::vector<Row> all_roles() {
    const auto role = [](std::int64_t number, std::string role_name) {
        return Row{std::move(role_name), number};
    };
    return {role(superuser_role, "postgres"),    role(3373, "pg_monitor"),
            role(3374, "pg_read_all_settings"),  role(3375, "pg_read_all_stats"),
            role(3377, "pg_stat_scan_tables"),   role(4200, "pg_signal_backend"),
            role(4544, "pg_checkpoint"),         role(4569, "pg_read_server_files"),
            role(4570, "pg_write_server_files"), role(4571, "pg_execute_server_program"),
            role(6171, "pg_database_owner"),     role(6181, "pg_read_all_data"),
            role(6182, "pg_write_all_data"),     role(atlas_role, "atlas")};
}

SystemTable pg_namespace() {
    return {define_system_table(2615, "pg_namespace",
                                {{"oid", oid}, {"nspname", name}, {"nspowner", oid}, {"nspacl"}}),
            [](const SystemState&) { return all_schemas(); }};
}

SystemTable pg_am() {
    return {define_system_table(
                2601, "pg_am",
                {{"oid", oid}, {"amname", name}, {"amhandler"}, {"amtype", single_char}}),
            access_methods};
}

// The oid is the last of PostgreSQL's columns.
SystemTable pg_roles() {
    return {define_system_table(12000, "pg_roles",
                                {{"rolname", name},
                                 {"oid", oid},
                                 {"rolsuper"},
                                 {"rolinherit"},
                                 {"rolcreaterole"},
                                 {"rolcreatedb"},
                                 {"rolcanlogin"},
                                 {"rolreplication"},
                                 {"rolconnlimit"},
                                 {"rolpassword"},
                                 {"rolvaliduntil"},
                                 {"rolbypassrls"},
                                 {"rolconfig"}}),
            [](const SystemState&) { return all_roles(); }};
}

}  // namespace atlas::sim::models::postgres
