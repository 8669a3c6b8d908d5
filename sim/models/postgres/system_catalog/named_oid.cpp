#include "sim/models/postgres/system_catalog/named_oid.hpp"

#include <fmt/format.h>

#include <array>

#include "sim/models/postgres/names/lists.hpp"
#include "sim/models/postgres/system_catalog/deparse.hpp"
#include "sim/models/postgres/system_catalog/system_table.hpp"

namespace atlas::sim::models::postgres {
namespace {

std::string schema_name(std::int64_t oid) {
    for (const Row& row : all_schemas()) {
        if (std::get<std::int64_t>(row[0]) == oid) return std::get<std::string>(row[1]);
    }
    return {};
}

}  // namespace

std::string named_oid(TypeId type, std::int64_t oid, const CatalogView& catalog) {
    if (oid == 0) return "-";
    std::string name;
    if (type == TypeId::regclass) name = relation_name(static_cast<Oid>(oid), catalog);
    if (type == TypeId::regnamespace) name = schema_name(oid);
    if (type == TypeId::regtype && names::find_type(static_cast<std::uint32_t>(oid)) != nullptr)
        return format_type(oid, {});
    return name.empty() ? std::to_string(oid) : quote_identifier(name);
}

std::string role_name(std::int64_t role) {
    for (const Row& row : all_roles()) {
        if (std::get<std::int64_t>(row[1]) == role) return std::get<std::string>(row[0]);
    }
    return fmt::format("unknown (OID={})", role);
}

// What the model has not may have names that only PostgreSQL's format_type knows: those that the
// grammar spells otherwise than pg_type.
std::string format_type(std::int64_t oid, std::optional<std::int32_t> modifier) {
    if (oid == 0) return "-";
    if (const auto own = type_of_oid(static_cast<std::uint32_t>(oid))) {
        if (*own == TypeId::bpchar && modifier == -1) return "bpchar";
        return display_name(ColumnType{*own, modifier.value_or(-1)});
    }
    const names::Type* const listed = names::find_type(static_cast<std::uint32_t>(oid));
    if (listed == nullptr) return "???";
    constexpr std::array<std::pair<std::string_view, std::string_view>, 5> spelled{{
        {"varbit", "bit varying"},
        {"float4", "real"},
        {"float8", "double precision"},
        {"time", "time without time zone"},
        {"timetz", "time with time zone"},
    }};
    std::string_view name = listed->name;
    const bool is_array = !listed->element.empty();
    if (is_array) name = listed->element;
    std::string shown(name);
    if (const auto own = is_array ? type_of_name(name) : std::nullopt)
        shown = std::string(display_name(*own));
    for (const auto& [internal, display] : spelled) {
        if (name == internal) shown = std::string(display);
    }
    if (shown == name) shown = quote_identifier(name);
    return is_array ? shown + "[]" : shown;
}

}  // namespace atlas::sim::models::postgres
