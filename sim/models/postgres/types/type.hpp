#pragma once
// The data types that the model has: PostgreSQL's OIDs, names, sizes and categories (pg_type).

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace atlas::sim::models::postgres {

/// The numbers are pg_type's OIDs.
enum class TypeId : std::uint32_t {
    none = 0,
    boolean = 16,
    bytea = 17,
    single_char = 18,  ///< "char", of the system catalogs.
    name = 19,
    int8 = 20,
    int2 = 21,
    int2vector = 22,  ///< Of the system catalogs; kept as an array of int2.
    int4 = 23,
    text = 25,
    oid = 26,
    xid = 28,
    json = 114,
    /// An expression of the catalog: where it is kept, for pg_get_expr (stored_node.hpp).
    node_tree = 194,
    unknown = 705,
    bpchar = 1042,
    varchar = 1043,
    date = 1082,
    timestamp = 1114,
    timestamptz = 1184,
    interval = 1186,
    numeric = 1700,
    regclass = 2205,
    regtype = 2206,
    void_type = 2278,
    uuid = 2950,
    pg_lsn = 3220,
    jsonb = 3802,
    regnamespace = 4089,
    bool_array = 1000,
    char_array = 1002,
    name_array = 1003,
    int2_array = 1005,
    oid_array = 1028,
    int8_array = 1016,
    int4_array = 1007,
    text_array = 1009,
    uuid_array = 2951,
};

/// pg_type.typcategory, as far as type resolution asks for it.
enum class TypeCategory : char {
    boolean = 'B',
    numeric = 'N',
    string = 'S',
    date_time = 'D',
    timespan = 'T',
    user_defined = 'U',
    array = 'A',
    pseudo = 'P',
    unknown = 'X',
    internal = 'Z',
};

/// A type and its modifier: varchar(n) and char(n) have n + 4, timestamp(p) has p, numeric(p, s)
/// has p * 65536 + s + 4; -1 is none.
struct ColumnType {
    TypeId id = TypeId::none;
    std::int32_t modifier = -1;

    friend bool operator==(const ColumnType&, const ColumnType&) = default;
};

std::optional<TypeId> type_of_oid(std::uint32_t oid);

/// By any of its names, as the grammar leaves them: "int4", "text", "timestamptz".
std::optional<TypeId> type_of_name(std::string_view name);

/// format_type's name, as error messages show it: "integer", "timestamp with time zone".
std::string_view display_name(TypeId type);
std::string display_name(ColumnType type);

/// pg_type.typname: "int4", "timestamptz". Names a result column made by a cast.
std::string_view internal_name(TypeId type);

/// pg_type.typlen: -1 for variable length.
std::int16_t type_size(TypeId type);
TypeCategory category(TypeId type);
bool is_preferred(TypeId type);

/// The type of an array's elements; none for other types.
TypeId element_type(TypeId array);
/// The array type over an element type; none where the model has none.
TypeId array_of(TypeId element);

inline constexpr std::array array_types{TypeId::bool_array, TypeId::int4_array, TypeId::int8_array,
                                        TypeId::text_array, TypeId::uuid_array, TypeId::int2_array,
                                        TypeId::oid_array,  TypeId::name_array, TypeId::char_array};

inline bool is_integer(TypeId type) {
    return type == TypeId::int2 || type == TypeId::int4 || type == TypeId::int8;
}
/// OIDs that are written as the names of what they are of.
inline bool is_named_oid(TypeId type) {
    return type == TypeId::regclass || type == TypeId::regtype || type == TypeId::regnamespace;
}
/// Of the system catalogs alone: no column of a user's table has it.
inline bool is_catalog_type(TypeId type) {
    return is_named_oid(type) || type == TypeId::single_char || type == TypeId::char_array ||
           type == TypeId::node_tree || type == TypeId::int2vector;
}
inline bool is_string(TypeId type) {
    return type == TypeId::text || type == TypeId::varchar || type == TypeId::name;
}

}  // namespace atlas::sim::models::postgres
