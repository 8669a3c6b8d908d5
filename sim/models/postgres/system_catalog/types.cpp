// pg_type and pg_collation: PostgreSQL's own, from the lists of names. Row types of tables are not
// among them, nor the collations of the C library.

#include "sim/models/postgres/names/lists.hpp"
#include "sim/models/postgres/system_catalog/system_table.hpp"

namespace atlas::sim::models::postgres {
namespace {

using enum TypeId;

constexpr std::int64_t default_collation = 100;
constexpr std::int64_t c_collation = 950;
constexpr std::int64_t posix_collation = 951;

std::vector<Row> types(const SystemState&) {
    std::vector<Row> rows;
    for (const names::Type& type : names::all_types()) {
        const bool in_another_schema = type.name.contains('.');
        if (in_another_schema) continue;
        const names::Type* const array = names::find_array_over(type.name);
        rows.push_back({std::int64_t{type.oid}, std::string(type.name), pg_catalog_schema,
                        superuser_role, std::string(1, type.kind), std::string(1, type.category),
                        type.preferred, true, std::int64_t{array == nullptr ? 0 : array->oid},
                        collation_of(type.oid)});
    }
    return rows;
}

std::vector<Row> collations(const SystemState&) {
    const auto collation = [](std::int64_t number, std::string collation_name) {
        return Row{number, std::move(collation_name), pg_catalog_schema, superuser_role, true};
    };
    return {collation(default_collation, "default"), collation(c_collation, "C"),
            collation(posix_collation, "POSIX")};
}

}  // namespace

std::int64_t collation_of(std::int64_t type) {
    const names::Type* const listed = names::find_type(static_cast<std::uint32_t>(type));
    if (listed == nullptr || !listed->collatable) return 0;
    const bool is_name = listed->name == "name" || listed->element == "name";
    return is_name ? c_collation : default_collation;
}

SystemTable pg_type() {
    return {define_system_table(1247, "pg_type",
                                {{"oid", oid},
                                 {"typname", name},
                                 {"typnamespace", oid},
                                 {"typowner", oid},
                                 {"typtype", single_char},
                                 {"typcategory", single_char},
                                 {"typispreferred", boolean},
                                 {"typisdefined", boolean},
                                 {"typarray", oid},
                                 {"typcollation", oid},
                                 {"typlen"},
                                 {"typbyval"},
                                 {"typdelim"},
                                 {"typrelid"},
                                 {"typsubscript"},
                                 {"typelem"},
                                 {"typinput"},
                                 {"typoutput"},
                                 {"typreceive"},
                                 {"typsend"},
                                 {"typmodin"},
                                 {"typmodout"},
                                 {"typanalyze"},
                                 {"typalign"},
                                 {"typstorage"},
                                 {"typnotnull"},
                                 {"typbasetype"},
                                 {"typtypmod"},
                                 {"typndims"},
                                 {"typdefaultbin"},
                                 {"typdefault"},
                                 {"typacl"}}),
            types};
}

SystemTable pg_collation() {
    return {define_system_table(3456, "pg_collation",
                                {{"oid", oid},
                                 {"collname", name},
                                 {"collnamespace", oid},
                                 {"collowner", oid},
                                 {"collisdeterministic", boolean},
                                 {"collprovider"},
                                 {"collencoding"},
                                 {"collcollate"},
                                 {"collctype"},
                                 {"colliculocale"},
                                 {"collversion"}}),
            collations};
}

}  // namespace atlas::sim::models::postgres
