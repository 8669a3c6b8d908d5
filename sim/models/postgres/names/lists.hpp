#pragma once
// What PostgreSQL 15 knows by name without an extension: to tell what this model lacks (0A000) from
// what nobody has (PostgreSQL's own error). The lists are the *.inc beside this file; write_lists
// makes them anew from a PostgreSQL 15. Names outside pg_catalog are listed with their schema
// ("information_schema.tables").

#include <cstdint>
#include <span>
#include <string_view>

namespace atlas::sim::models::postgres::names {

struct Type {
    std::string_view name;
    std::uint32_t oid;
    char category;
    bool preferred;
    char kind;                 ///< pg_type.typtype: 'b' base, 'c' row, 'p' pseudo, ...
    std::string_view element;  ///< Of an array; empty for other types.
    bool collatable;
};

struct Cast {
    std::string_view from;
    std::string_view to;
    char context;  ///< 'i' implicit, 'a' assignment, 'e' explicit.
    char method;   ///< 'b' the same bytes, 'f' a function, 'i' by way of text.
};

struct Function {
    std::string_view name;
    char kind;  ///< 'f' function, 'a' aggregate, 'o' one that needs WITHIN GROUP, 'w' window.
    int defaults;
    std::string_view variadic;   ///< The elements' type; empty if it is not variadic.
    std::string_view arguments;  ///< Types, a space between two.
};

struct Operator {
    std::string_view name;
    std::string_view left;  ///< Empty for a prefix operator.
    std::string_view right;
};

struct SystemRelation {
    std::string_view name;
    char kind;  ///< pg_class.relkind: 'r' table, 'v' view, 'i' index.
};

struct OperatorClass {
    std::string_view method;
    std::string_view name;
    std::string_view type;
};

std::span<const Type> all_types();

/// Null where there is none.
const Type* find_type(std::string_view name);
const Type* find_type(std::uint32_t oid);
const Type* find_array_over(std::string_view element);
const Cast* find_cast(std::string_view from, std::string_view to);
const SystemRelation* find_relation(std::string_view name);

/// All of one name; empty where there is none.
std::span<const Function> functions_named(std::string_view name);
std::span<const Operator> operators_named(std::string_view name);
/// All of one access method.
std::span<const OperatorClass> operator_classes_of(std::string_view method);

/// Whatever the case of its letters.
bool is_setting(std::string_view name);
bool is_collation(std::string_view name);
bool is_encoding(std::string_view name);
/// Names, and the offsets that PostgreSQL takes in a name's stead ("+5:30", "EST5EDT").
bool is_time_zone(std::string_view name);
/// "pst", in lower case.
bool is_time_zone_abbreviation(std::string_view name);
/// "public" is the only one that is not the server's own.
bool is_schema(std::string_view name);

}  // namespace atlas::sim::models::postgres::names
