#include "sim/models/postgres/types/type.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/models/postgres/types/timestamp.hpp"
#include "system/host/check.hpp"

namespace atlas::sim::models::postgres {
namespace {

struct TypeFacts {
    TypeId id;
    std::string_view internal_name;
    std::string_view display_name;
    std::int16_t size;
    TypeCategory category;
    bool preferred;
    TypeId element;
};

using enum TypeId;
constexpr std::array<TypeFacts, 38> facts{{
    {boolean, "bool", "boolean", 1, TypeCategory::boolean, true, none},
    {bytea, "bytea", "bytea", -1, TypeCategory::user_defined, false, none},
    {single_char, "char", "\"char\"", 1, TypeCategory::internal, false, none},
    {name, "name", "name", 64, TypeCategory::string, false, none},
    {int8, "int8", "bigint", 8, TypeCategory::numeric, false, none},
    {int2, "int2", "smallint", 2, TypeCategory::numeric, false, none},
    {int2vector, "int2vector", "int2vector", -1, TypeCategory::array, false, int2},
    {int4, "int4", "integer", 4, TypeCategory::numeric, false, none},
    {text, "text", "text", -1, TypeCategory::string, true, none},
    {oid, "oid", "oid", 4, TypeCategory::numeric, true, none},
    {xid, "xid", "xid", 4, TypeCategory::user_defined, false, none},
    {pg_lsn, "pg_lsn", "pg_lsn", 8, TypeCategory::user_defined, false, none},
    {json, "json", "json", -1, TypeCategory::user_defined, false, none},
    {node_tree, "pg_node_tree", "pg_node_tree", -1, TypeCategory::internal, false, none},
    {unknown, "unknown", "unknown", -2, TypeCategory::unknown, false, none},
    {bpchar, "bpchar", "character", -1, TypeCategory::string, false, none},
    {date, "date", "date", 4, TypeCategory::date_time, false, none},
    {regclass, "regclass", "regclass", 4, TypeCategory::numeric, true, none},
    {regtype, "regtype", "regtype", 4, TypeCategory::numeric, true, none},
    {regnamespace, "regnamespace", "regnamespace", 4, TypeCategory::numeric, true, none},
    {varchar, "varchar", "character varying", -1, TypeCategory::string, false, none},
    {timestamp, "timestamp", "timestamp without time zone", 8, TypeCategory::date_time, false,
     none},
    {timestamptz, "timestamptz", "timestamp with time zone", 8, TypeCategory::date_time, true,
     none},
    {interval, "interval", "interval", 16, TypeCategory::timespan, true, none},
    {numeric, "numeric", "numeric", -1, TypeCategory::numeric, false, none},
    {void_type, "void", "void", 4, TypeCategory::pseudo, false, none},
    {uuid, "uuid", "uuid", 16, TypeCategory::user_defined, false, none},
    {jsonb, "jsonb", "jsonb", -1, TypeCategory::user_defined, false, none},
    {bool_array, "_bool", "boolean[]", -1, TypeCategory::array, false, boolean},
    {char_array, "_char", "\"char\"[]", -1, TypeCategory::array, false, single_char},
    {name_array, "_name", "name[]", -1, TypeCategory::array, false, name},
    {int2_array, "_int2", "smallint[]", -1, TypeCategory::array, false, int2},
    {oid_array, "_oid", "oid[]", -1, TypeCategory::array, false, oid},
    {int8_array, "_int8", "bigint[]", -1, TypeCategory::array, false, int8},
    {int4_array, "_int4", "integer[]", -1, TypeCategory::array, false, int4},
    {text_array, "_text", "text[]", -1, TypeCategory::array, false, text},
    {uuid_array, "_uuid", "uuid[]", -1, TypeCategory::array, false, uuid},
    {none, "-", "-", 0, TypeCategory::pseudo, false, none},
}};

const TypeFacts& facts_of(TypeId type) {
    const auto found = std::ranges::find(facts, type, &TypeFacts::id);
    ATLAS_CHECK(found != facts.end(), "every type of the model is in its table of types");
    return *found;
}

}  // namespace

std::optional<TypeId> type_of_oid(std::uint32_t oid_number) {
    const auto found = std::ranges::find(facts, TypeId{oid_number}, &TypeFacts::id);
    if (found == facts.end() || found->id == none) return std::nullopt;
    return found->id;
}

std::optional<TypeId> type_of_name(std::string_view type_name) {
    const auto found = std::ranges::find(facts, type_name, &TypeFacts::internal_name);
    if (found == facts.end() || found->id == none) return std::nullopt;
    return found->id;
}

std::string_view display_name(TypeId type) {
    return facts_of(type).display_name;
}

namespace {

// "interval day to second(3)": the outermost fields of the modifier, and its digits.
std::string interval_name(std::int32_t modifier) {
    constexpr std::array<std::pair<int, std::string_view>, 6> fields{{
        {interval_year, "year"},
        {interval_month, "month"},
        {interval_day, "day"},
        {interval_hour, "hour"},
        {interval_minute, "minute"},
        {interval_second, "second"},
    }};
    std::string first;
    std::string_view last;
    for (const auto& [field, field_name] : fields) {
        if ((interval_range(modifier) & field) == 0) continue;
        if (first.empty()) {
            first = field_name;
        } else {
            last = field_name;
        }
    }
    std::string shown = "interval";
    if (interval_range(modifier) != interval_full_range) {
        shown += " " + first;
        if (!last.empty()) shown += fmt::format(" to {}", last);
    }
    if (interval_precision(modifier) != interval_full_precision)
        shown += fmt::format("({})", interval_precision(modifier));
    return shown;
}

}  // namespace

std::string display_name(ColumnType type) {
    if (type.modifier < 0) return std::string(display_name(type.id));
    if (type.id == varchar) return fmt::format("character varying({})", type.modifier - 4);
    if (type.id == bpchar) return fmt::format("character({})", type.modifier - 4);
    if (type.id == numeric) {
        return fmt::format("numeric({},{})", (type.modifier - 4) >> 16,
                           (((type.modifier - 4) & 0x7FF) ^ 1024) - 1024);
    }
    if (type.id == timestamp) return fmt::format("timestamp({}) without time zone", type.modifier);
    if (type.id == timestamptz) return fmt::format("timestamp({}) with time zone", type.modifier);
    if (type.id == interval) return interval_name(type.modifier);
    return std::string(display_name(type.id));
}

std::string_view internal_name(TypeId type) {
    return facts_of(type).internal_name;
}

std::int16_t type_size(TypeId type) {
    return facts_of(type).size;
}

TypeCategory category(TypeId type) {
    return facts_of(type).category;
}

bool is_preferred(TypeId type) {
    return facts_of(type).preferred;
}

TypeId element_type(TypeId array) {
    return facts_of(array).element;
}

TypeId array_of(TypeId element) {
    const auto found = std::ranges::find_if(facts, [&](const TypeFacts& type) {
        return type.element == element && type.id != int2vector;
    });
    return found == facts.end() || element == none ? none : found->id;
}

}  // namespace atlas::sim::models::postgres
