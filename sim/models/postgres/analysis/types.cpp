// Type names in statements, and the names of output columns.

#include <algorithm>
#include <array>

#include "sim/models/postgres/analysis/scope.hpp"

namespace atlas::sim::models::postgres {
namespace {

// Types of PostgreSQL that the model has not, told apart from misspelt ones.
constexpr std::array<std::string_view, 38> known_elsewhere{
    "bit",       "box",     "bpchar",   "char",    "cid",       "cidr",        "circle",
    "date",      "float4",  "float8",   "inet",    "int4range", "int8range",   "line",
    "lseg",      "macaddr", "macaddr8", "money",   "numeric",   "path",        "pg_lsn",
    "point",     "polygon", "regclass", "regproc", "regtype",   "smallserial", "serial",
    "bigserial", "serial4", "serial8",  "tid",     "time",      "timetz",      "tsvector",
    "varbit",    "xid",     "xml"};

Checked<ColumnType> with_modifier(TypeId type, const Node& modifiers, int place) {
    if (modifiers.empty()) return ColumnType{type};
    const auto [kind, body] = open_node(modifiers.front());
    const Node* number = kind == "A_Const" ? find(*body, "ival") : nullptr;
    if (modifiers.size() != 1 || number == nullptr)
        return not_covered(fmt::format("this modifier of type {}", display_name(type)));
    const auto value = static_cast<std::int32_t>(number->value("ival", 0));
    if (type == TypeId::varchar) {
        if (value < 1)
            return sql_error_at(place, "22023", "length for type varchar must be at least 1");
        if (value > 10'485'760)
            return sql_error_at(place, "22023", "length for type varchar cannot exceed 10485760");
        return ColumnType{type, value + 4};
    }
    if (type == TypeId::timestamp || type == TypeId::timestamptz)
        return ColumnType{type, std::min(value, 6)};
    return sql_error(
        "42601", fmt::format("type modifier is not allowed for type \"{}\"", internal_name(type)));
}

std::string name_of_call(const Node& body) {
    return strings(list(body, "funcname")).back();
}

}  // namespace

Checked<ColumnType> analyse_type(const Node& body) {
    std::vector<std::string> names = strings(list(body, "names"));
    if (flag(body, "setof")) return not_covered("SETOF", location(body));
    if (flag(body, "pct_type")) return not_covered("%TYPE", location(body));
    if (names.size() > 1 && names.front() == "pg_catalog") names.erase(names.begin());
    std::string full_name = names.front();
    for (std::size_t i = 1; i < names.size(); ++i)
        full_name += "." + names[i];
    const auto type = names.size() == 1 ? type_of_name(full_name) : std::nullopt;
    const bool usable =
        type && *type != TypeId::numeric && *type != TypeId::unknown && *type != TypeId::void_type;
    if (!usable) {
        if (type || std::ranges::find(known_elsewhere, full_name) != known_elsewhere.end())
            return not_covered(fmt::format("the type {}", full_name), location(body));
        return sql_error_at(location(body), "42704",
                            fmt::format("type \"{}\" does not exist", full_name));
    }
    SQL_TRY(const ColumnType scalar, with_modifier(*type, list(body, "typmods"), location(body)));
    if (list(body, "arrayBounds").empty()) return scalar;
    if (list(body, "arrayBounds").size() > 1)
        return not_covered("arrays of several dimensions", location(body));
    const TypeId over = array_of(scalar.id);
    if (over == TypeId::none)
        return not_covered(fmt::format("arrays of {}", display_name(scalar.id)), location(body));
    return ColumnType{over};
}

namespace {

// A name, and whether it beats the name of a cast or CASE around it.
struct FoundName {
    std::string name = "?column?";
    bool strong = false;
};

FoundName find_output_name(const Node& node) {
    const auto [kind, body] = open_node(node);
    if (kind == "ColumnRef") {
        const auto [last_kind, last] = open_node(list(*body, "fields").back());
        if (last_kind == "String") return {text(*last, "sval"), true};
    } else if (kind == "FuncCall") {
        return {name_of_call(*body), true};
    } else if (kind == "TypeCast") {
        FoundName inner = find_output_name(*find(*body, "arg"));
        if (inner.strong) return inner;
        return {strings(list(*find(*body, "typeName"), "names")).back()};
    } else if (kind == "CoalesceExpr") {
        return {"coalesce", true};
    } else if (kind == "MinMaxExpr") {
        return {text(*body, "op") == "IS_LEAST" ? "least" : "greatest", true};
    } else if (kind == "A_ArrayExpr") {
        return {"array", true};
    } else if (kind == "CaseExpr") {
        const Node* otherwise = find(*body, "defresult");
        if (otherwise != nullptr) {
            FoundName inner = find_output_name(*otherwise);
            if (inner.strong) return inner;
        }
        return {"case"};
    } else if (kind == "A_Expr" && text(*body, "kind") == "AEXPR_NULLIF") {
        return {"nullif", true};
    } else if (kind == "SQLValueFunction") {
        std::string name = text(*body, "op").substr(std::string_view("SVFOP_").size());
        for (char& c : name) {
            if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        }
        if (name.ends_with("_n")) name.resize(name.size() - 2);
        return {std::move(name), true};
    }
    return {};
}

}  // namespace

std::string output_name(const Node& node) {
    return find_output_name(node).name;
}

}  // namespace atlas::sim::models::postgres
